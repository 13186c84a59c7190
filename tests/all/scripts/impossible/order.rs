//! Steps in an order that cannot work: each finds what it needs, or the script is refused.

use super::{Row, genesis, signing};

pub const ROWS: &[Row] = &[
    signing(
        &[
            (r#"do = "review-plans""#, r#"do = "SIGN""#),
            (r#"do = "sign""#, r#"do = "review-plans""#),
            (r#"do = "SIGN""#, r#"do = "sign""#),
        ],
        &[
            r#"x.toml, line 34, column 1: step "review": sign needs approved plans, and no step before it gives that | given by: review-plans"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"compare\"\ndo = \"compare-script\"\n", "")],
        &[
            r#"x.toml, line 10, column 1: step "people": the first step compares the script with everybody's paper: saw participants, wanted do = "compare-script""#,
            r#"x.toml, line 25, column 1: step "unlock": unlock-token needs a script that was compared with everybody's paper, and no step before it gives that | given by: compare-script"#,
            r#"x.toml, line 37, column 1: step "unlock-again": unlock-token needs a script that was compared with everybody's paper, and no step before it gives that | given by: compare-script"#,
        ],
    ),
    signing(
        &[
            ("[[step]]\nid = \"compare\"\ndo = \"compare-script\"\n", ""),
            (
                "[[step]]\nid = \"people\"\ndo = \"participants\"\n",
                "[[step]]\nid = \"people\"\ndo = \"participants\"\n[[step]]\nid = \"compare\"\ndo = \"compare-script\"\n",
            ),
        ],
        &[
            r#"x.toml, line 10, column 1: step "people": the first step compares the script with everybody's paper: saw participants, wanted do = "compare-script""#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"people\"\ndo = \"participants\"\n", "")],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step participants"#,
            r#"x.toml, line 25, column 1: step "unlock": unlock-token needs participants, and no step before it gives that | given by: participants"#,
            r#"x.toml, line 34, column 1: step "lunch": break needs participants, and no step before it gives that | given by: participants"#,
            r#"x.toml, line 37, column 1: step "unlock-again": unlock-token needs participants, and no step before it gives that | given by: participants"#,
            r#"x.toml, line 54, column 1: step "agree": sign-off needs participants, and no step before it gives that | given by: participants"#,
        ],
    ),
    signing(
        &[(
            "[[step]]\nid = \"people\"\ndo = \"participants\"\n",
            "[[step]]\nid = \"people\"\ndo = \"participants\"\n[[step]]\nid = \"again\"\ndo = \"participants\"\n",
        )],
        &[r#"x.toml, line 16, column 1: step "again": participants is done once: step "people" does it first"#],
    ),
    signing(
        &[("[[step]]\nid = \"watch\"\ndo = \"confirm-clock\"\nby = \"witness\"\n", "")],
        &[
            r#"x.toml, line 30, column 1: step "review": review-plans needs a clock that was compared with a watch, and no step before it gives that | given by: confirm-clock"#,
            r#"x.toml, line 39, column 1: step "sign": sign needs a clock that was compared with a watch, and no step before it gives that | given by: confirm-clock"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"unlock\"\ndo = \"unlock-token\"\n", "")],
        &[
            r#"x.toml, line 28, column 1: step "requests": import-requests needs an unlocked token, and no step before it gives that | given by: unlock-token"#,
            r#"x.toml, line 31, column 1: step "review": review-plans needs an unlocked token, and no step before it gives that | given by: unlock-token"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"lunch\"\ndo = \"break\"\n", "")],
        &[
            r#"x.toml, line 37, column 1: step "unlock-again": the token is unlocked already: step "unlock" did it | a token is locked by "break" and by "close""#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"unlock-again\"\ndo = \"unlock-token\"\n", "")],
        &[
            r#"x.toml, line 40, column 1: step "sign": sign needs an unlocked token, and step "lunch" ended that | given by: unlock-token"#,
            r#"x.toml, line 43, column 1: step "export": export-bundles needs an unlocked token, and step "lunch" ended that | given by: unlock-token"#,
            r#"x.toml, line 57, column 1: step "end": close needs an unlocked token, and step "lunch" ended that | given by: unlock-token"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"review\"\ndo = \"review-plans\"\n", "")],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step review-plans"#,
            r#"x.toml, line 40, column 1: step "sign": sign needs approved plans, and no step before it gives that | given by: review-plans"#,
        ],
    ),
    signing(
        &[(
            "[[step]]\nid = \"review\"\ndo = \"review-plans\"\n",
            "[[step]]\nid = \"review\"\ndo = \"review-plans\"\n[[step]]\nid = \"again\"\ndo = \"review-plans\"\n",
        )],
        &[
            r#"x.toml, line 37, column 1: step "again": review-plans needs {plannable}, and step "review" ended that | given by: {planners}"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"requests\"\ndo = \"import-requests\"\n", "")],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step import-requests"#,
            r#"x.toml, line 31, column 1: step "review": review-plans needs {plannable}, and no step before it gives that | given by: {planners}"#,
        ],
    ),
    signing(
        &[
            ("[[step]]\nid = \"sign\"\ndo = \"sign\"\n", ""),
            (
                "[[step]]\nid = \"agree\"\ndo = \"sign-off\"\n",
                "[[step]]\nid = \"sign\"\ndo = \"sign\"\n[[step]]\nid = \"agree\"\ndo = \"sign-off\"\n",
            ),
        ],
        &[r#"x.toml, line 43, column 1: step "export": export-bundles comes before sign"#],
    ),
    signing(
        &[(
            "[[step]]\nid = \"sign\"\ndo = \"sign\"\n",
            "[[step]]\nid = \"sign\"\ndo = \"sign\"\n[[step]]\nid = \"again\"\ndo = \"sign\"\n",
        )],
        &[
            r#"x.toml, line 46, column 1: step "again": sign needs approved plans, and step "sign" ended that | given by: review-plans"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"export\"\ndo = \"export-bundles\"\n", "")],
        &[r#"x.toml: a script of the kind "signing" lacks the step export-bundles"#],
    ),
    signing(
        &[("[[step]]\nid = \"end\"\ndo = \"close\"\n", "")],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step close"#,
            r#"x.toml, line 40, column 1: step "unlock-again": the token that it unlocks is still unlocked after the last step | end the script with a step that does "close""#,
        ],
    ),
    signing(
        &[(
            "[[step]]\nid = \"end\"\ndo = \"close\"\n",
            "[[step]]\nid = \"end\"\ndo = \"close\"\n[[step]]\nid = \"more\"\ndo = \"publish\"\n",
        )],
        &[r#"x.toml, line 63, column 1: step "more": nothing follows the close, step "end""#],
    ),
    signing(
        &[(
            "[[step]]\nid = \"end\"\ndo = \"close\"\n",
            "[[step]]\nid = \"end\"\ndo = \"close\"\n[[step]]\nid = \"more\"\ndo = \"close\"\n",
        )],
        &[r#"x.toml, line 63, column 1: step "more": nothing follows the close, step "end""#],
    ),
    signing(
        &[(
            "[[step]]\nid = \"end\"\ndo = \"close\"\n",
            "[[step]]\nid = \"end\"\ndo = \"close\"\n[[step]]\nid = \"more\"\ndo = \"unlock-token\"\n",
        )],
        &[r#"x.toml, line 63, column 1: step "more": nothing follows the close, step "end""#],
    ),
    signing(
        &[
            ("[[step]]\nid = \"agree\"\ndo = \"sign-off\"\n", ""),
            (
                "[[step]]\nid = \"people\"\ndo = \"participants\"\n",
                "[[step]]\nid = \"agree\"\ndo = \"sign-off\"\n[[step]]\nid = \"people\"\ndo = \"participants\"\n",
            ),
        ],
        &[
            r#"x.toml, line 13, column 1: step "agree": sign-off needs participants, and no step before it gives that | given by: participants"#,
        ],
    ),
    signing(
        &[(r#"do = "import-requests""#, r#"do = "generate-root""#)],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step import-requests"#,
            r#"x.toml, line 31, column 1: step "requests": generate-root is no part of a ceremony of this kind: saw kind = "signing", wanted kind = "genesis""#,
        ],
    ),
    signing(
        &[(r#"do = "break""#, r#"do = "retire-cluster""#)],
        &[
            r#"x.toml, line 37, column 1: step "lunch": retire-cluster is no part of a ceremony of this kind: saw kind = "signing", wanted kind = "retirement""#,
            r#"x.toml, line 40, column 1: step "unlock-again": the token is unlocked already: step "unlock" did it | a token is locked by "break" and by "close""#,
        ],
    ),
    genesis(
        &[("[[step]]\nid = \"machine\"\ndo = \"preflight\"\n", "")],
        &[
            r#"x.toml, line 21, column 1: step "generate": generate-root needs a machine that was checked, and no step before it gives that | given by: preflight"#,
        ],
    ),
    genesis(
        &[
            ("[[step]]\nid = \"machine\"\ndo = \"preflight\"\n", ""),
            (
                "[[step]]\nid = \"generate\"\ndo = \"generate-root\"\n",
                "[[step]]\nid = \"generate\"\ndo = \"generate-root\"\n[[step]]\nid = \"machine\"\ndo = \"preflight\"\n",
            ),
        ],
        &[
            r#"x.toml, line 21, column 1: step "generate": generate-root needs a machine that was checked, and no step before it gives that | given by: preflight"#,
        ],
    ),
    genesis(
        &[("[[step]]\nid = \"generate\"\ndo = \"generate-root\"\n", "")],
        &[
            r#"x.toml: a script of the kind "genesis" lacks the step generate-root"#,
            r#"x.toml, line 24, column 1: step "review": review-plans needs {plannable}, and no step before it gives that | given by: {planners}"#,
        ],
    ),
    genesis(
        &[("[[step]]\nid = \"initialize\"\ndo = \"initialize-token\"\n", "")],
        &[
            r#"x.toml, line 18, column 1: step "unlock": unlock-token needs an initialised token, and no step before it gives that | given by: initialize-token, restore-key"#,
        ],
    ),
    genesis(
        &[(
            "[[step]]\nid = \"initialize\"\ndo = \"initialize-token\"\n",
            "[[step]]\nid = \"initialize\"\ndo = \"initialize-token\"\n[[step]]\nid = \"again\"\ndo = \"initialize-token\"\n",
        )],
        &[
            r#"x.toml, line 21, column 1: step "again": initialize-token is done once: step "initialize" does it first"#,
            r#"x.toml, line 21, column 1: step "again": initialize-token needs a token that is not initialised yet, and step "initialize" ended that"#,
        ],
    ),
    genesis(
        &[(
            "[[step]]\nid = \"generate\"\ndo = \"generate-root\"\n",
            "[[step]]\nid = \"generate\"\ndo = \"generate-root\"\n[[step]]\nid = \"again\"\ndo = \"generate-root\"\n",
        )],
        &[
            r#"x.toml, line 27, column 1: step "again": generate-root needs an authority without a root, and step "generate" ended that"#,
        ],
    ),
    genesis(
        &[
            ("[[step]]\nid = \"publish\"\ndo = \"publish\"\n", ""),
            (
                "[[step]]\nid = \"sign\"\ndo = \"sign\"\n",
                "[[step]]\nid = \"publish\"\ndo = \"publish\"\n[[step]]\nid = \"sign\"\ndo = \"sign\"\n",
            ),
        ],
        &[
            r#"x.toml, line 30, column 1: step "publish": publish needs an authority with a root, and no step before it gives that | given by: sign"#,
        ],
    ),
    genesis(
        &[(
            "[[step]]\nid = \"publish\"\ndo = \"publish\"\n",
            "[[step]]\nid = \"publish\"\ndo = \"publish\"\n[[step]]\nid = \"requests\"\ndo = \"import-requests\"\n",
        )],
        &[
            r#"x.toml, line 36, column 1: step "requests": import-requests is no part of a ceremony of this kind: saw kind = "genesis", wanted kind = "signing""#,
        ],
    ),
    genesis(
        &[(
            "[[step]]\nid = \"people\"\ndo = \"participants\"\n",
            "[[step]]\nid = \"people\"\ndo = \"participants\"\n[[step]]\nid = \"check\"\ndo = \"verify-log\"\n",
        )],
        &[
            r#"x.toml, line 12, column 1: step "check": verify-log needs an authority with a root, and no step before it gives that | given by: sign"#,
        ],
    ),
    genesis(
        &[(r#"kind = "genesis""#, r#"kind = "export""#)],
        &[
            r#"x.toml: a script of the kind "export" lacks the step export-bundles"#,
            r#"x.toml, line 18, column 1: step "initialize": initialize-token is no part of a ceremony of this kind: saw kind = "export", wanted kind = "genesis""#,
            r#"x.toml, line 24, column 1: step "generate": generate-root is no part of a ceremony of this kind: saw kind = "export", wanted kind = "genesis""#,
        ],
    ),
    genesis(
        &[(r#"kind = "genesis""#, r#"kind = "retirement""#)],
        &[
            r#"x.toml: a script of the kind "retirement" lacks the step retire-cluster"#,
            r#"x.toml, line 18, column 1: step "initialize": initialize-token is no part of a ceremony of this kind: saw kind = "retirement", wanted kind = "genesis""#,
            r#"x.toml, line 24, column 1: step "generate": generate-root is no part of a ceremony of this kind: saw kind = "retirement", wanted kind = "genesis""#,
        ],
    ),
    signing(
        &[(r#"kind = "signing""#, r#"kind = "export""#)],
        &[
            r#"x.toml, line 31, column 1: step "requests": import-requests is no part of a ceremony of this kind: saw kind = "export", wanted kind = "signing""#,
        ],
    ),
    signing(
        &[(
            "[[step]]\nid = \"table\"\ndo = \"materials\"\nminutes = 2\n",
            "[[step]]\nid = \"table\"\ndo = \"materials\"\nminutes = 2\n[[step]]\nid = \"again\"\ndo = \"materials\"\n",
        )],
        &[r#"x.toml, line 24, column 1: step "again": materials is done once: step "table" does it first"#],
    ),
    signing(
        &[
            ("[[step]]\nid = \"watch\"\ndo = \"confirm-clock\"\nby = \"witness\"\n", ""),
            (
                "[[step]]\nid = \"sign\"\ndo = \"sign\"\n",
                "[[step]]\nid = \"sign\"\ndo = \"sign\"\n[[step]]\nid = \"watch\"\ndo = \"confirm-clock\"\nby = \"witness\"\n",
            ),
        ],
        &[
            r#"x.toml, line 30, column 1: step "review": review-plans needs a clock that was compared with a watch, and no step before it gives that | given by: confirm-clock"#,
            r#"x.toml, line 39, column 1: step "sign": sign needs a clock that was compared with a watch, and no step before it gives that | given by: confirm-clock"#,
        ],
    ),
];
