//! What a script, its roles, steps and materials may be.

use super::{Row, signing};

pub const ROWS: &[Row] = &[
    // Roles.
    signing(
        &[(r#"by = "witness""#, r#"by = "cook""#)],
        &[
            r#"x.toml, line 16, column 1: step "watch": nobody in [roles] has the role that acts: saw cook, wanted administrator, witness"#,
        ],
    ),
    signing(
        &[(r#"by = "witness""#, r#"by = "custodian""#)],
        &[
            r#"x.toml, line 16, column 1: step "watch": nobody in [roles] has the role that acts: saw custodian, wanted administrator, witness"#,
        ],
    ),
    signing(&[("witness = 1\n", "")], &["x.toml: [roles] lacks the witness: wanted at least 1"]),
    signing(
        &[("administrator = 1\n", "administrator = 0\n")],
        &["x.toml: [roles] lacks the administrator: wanted at least 1"],
    ),
    signing(
        &[("witness = 1\n", "witness = 21\n")],
        &[
            r#"x.toml, line 5, column 11: "witness" is not what a script has there: saw 21, wanted a whole number from 0 to 20"#,
        ],
    ),
    signing(
        &[("witness = 1\n", "witness = \"one\"\n")],
        &[
            r#"x.toml, line 5, column 11: "witness" is not what a script has there: saw "one", wanted a whole number from 0 to 20"#,
        ],
    ),
    signing(
        &[("witness = 1\n", "Witness = 1\n")],
        &["x.toml, line 5, column 1: a role's name is lower-case letters and hyphens: saw Witness"],
    ),
    signing(
        &[("[roles]\nadministrator = 1\nwitness = 1\ncustodian = 0\n", "")],
        &[
            "x.toml: [roles] lacks the administrator: wanted at least 1",
            "x.toml: [roles] lacks the witness: wanted at least 1",
        ],
    ),
    // Steps and what they take.
    signing(
        &[(r#"id = "sign""#, r#"id = "review""#)],
        &[r#"x.toml, line 43, column 1: step "review": its id is used twice: line 34 has it first"#],
    ),
    signing(
        &[(r#"id = "sign""#, r#"id = "si gn""#)],
        &["x.toml, line 44, column 6: a step's id is letters, digits, hyphens and underscores: saw si gn"],
    ),
    signing(&[("id = \"sign\"\n", "")], &[r#"x.toml, line 43, column 1: a step lacks "id""#]),
    signing(&[("do = \"sign\"\n", "")], &[r#"x.toml, line 43, column 1: a step lacks "do""#]),
    signing(
        &[(r#"do = "export-bundles""#, r#"do = "export-bundle""#)],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step export-bundles"#,
            r#"x.toml, line 46, column 1: step "export": no such activity: saw export-bundle | did you mean "export-bundles"?"#,
        ],
    ),
    signing(
        &[(r#"do = "export-bundles""#, r#"do = "rm -rf /""#)],
        &[
            r#"x.toml: a script of the kind "signing" lacks the step export-bundles"#,
            r#"x.toml, line 46, column 1: step "export": no such activity: saw rm -rf /, wanted {activities}"#,
        ],
    ),
    signing(
        &[("minutes = 2", "minutes = 0")],
        &[
            r#"x.toml, line 23, column 11: "minutes" is not what a script has there: saw 0, wanted a whole number from 1 to 1440"#,
        ],
    ),
    signing(
        &[("minutes = 2", "minutes = 1441")],
        &[
            r#"x.toml, line 23, column 11: "minutes" is not what a script has there: saw 1441, wanted a whole number from 1 to 1440"#,
        ],
    ),
    signing(
        &[("minutes = 2", "minuts = 2")],
        &[
            r#"x.toml, line 23, column 1: unknown field in a step: saw minuts, wanted id, do, by, minutes, note, items, values, text | did you mean "minutes"?"#,
        ],
    ),
    signing(
        &[("items = [\"The seal is intact\"]\n", "")],
        &[r#"x.toml, line 24, column 1: step "seals": checklist needs items = ["…"]"#],
    ),
    signing(
        &[(r#"items = ["The seal is intact"]"#, "items = []")],
        &[
            r#"x.toml, line 27, column 9: "items" is not what a script has there: saw [], wanted a list of one text or more"#,
        ],
    ),
    signing(
        &[(r#"items = ["The seal is intact"]"#, r#"items = ["", 3]"#)],
        &[
            r#"x.toml, line 27, column 10: "items" is not what a script has there: saw "", wanted 1 to 2000 printable characters"#,
            r#"x.toml, line 27, column 14: "items" is not what a script has there: saw 3, wanted a text in quotation marks"#,
        ],
    ),
    signing(
        &[(r#"items = ["The seal is intact"]"#, r#"text = "The seal is intact""#)],
        &[
            r#"x.toml, line 24, column 1: step "seals": checklist needs items = ["…"]"#,
            r#"x.toml, line 24, column 1: step "seals": checklist takes no text"#,
        ],
    ),
    signing(
        &[("values = [{ name = \"bag number\" }]\n", "")],
        &[r#"x.toml, line 49, column 1: step "bag": record needs values = [{ name = "…" }]"#],
    ),
    signing(
        &[(r#"values = [{ name = "bag number" }]"#, r#"values = [{ name = "bag number" }, { name = "bag number" }]"#)],
        &["x.toml, line 52, column 36: a value is recorded twice: saw bag number"],
    ),
    signing(
        &[(r#"values = [{ name = "bag number" }]"#, r#"values = [{ nam = "bag number" }]"#)],
        &[
            r#"x.toml, line 52, column 11: a value { name = …, continues = … } lacks "name""#,
            r#"x.toml, line 52, column 13: unknown field in a value { name = …, continues = … }: saw nam, wanted name, continues | did you mean "name"?"#,
        ],
    ),
    signing(
        &[(
            r#"values = [{ name = "bag number" }]"#,
            r#"values = [{ name = "the number that stands on the bag below its seal" }]"#,
        )],
        &[
            "x.toml, line 52, column 11: a value's name is too long for a question: saw the number that stands on the bag below its seal, wanted at most 40 characters",
        ],
    ),
    signing(
        &[(r#"values = [{ name = "bag number" }]"#, r#"values = ["bag number"]"#)],
        &[r#"x.toml, line 52, column 11: "values" is not what a script has there: saw "bag number", wanted a table"#],
    ),
    signing(&[("text = \"Done.\"\n", "")], &[r#"x.toml, line 53, column 1: step "said": read-aloud needs text = "…""#]),
    signing(
        &[(r#"text = "Done.""#, "text = \"Done.\\u001b[2J\"")],
        &[
            "x.toml, line 56, column 8: \"text\" is not what a script has there: saw \"Done.\\u001b[2J\", wanted 1 to 2000 printable characters",
        ],
    ),
    signing(
        &[(r#"text = "Done.""#, "text = \"Done.\\u202e\"")],
        &[
            "x.toml, line 56, column 8: \"text\" is not what a script has there: saw \"Done.\\u202e\", wanted 1 to 2000 printable characters",
        ],
    ),
    signing(
        &[(r#"by = "witness""#, "by = \"witness\"\nnote = 3")],
        &[
            r#"x.toml, line 20, column 8: "note" is not what a script has there: saw 3, wanted a text in quotation marks"#,
        ],
    ),
    signing(
        &[(r#"do = "record""#, r#"do = "checklist""#)],
        &[
            r#"x.toml, line 49, column 1: step "bag": checklist needs items = ["…"]"#,
            r#"x.toml, line 49, column 1: step "bag": checklist takes no values"#,
        ],
    ),
    signing(
        &[(r#"do = "close""#, "do = \"close\"\ntext = \"Goodbye.\"")],
        &[r#"x.toml, line 60, column 1: step "end": close takes no text"#],
    ),
    signing(
        &[("do = \"sign\"\n", "do = \"sign\"\nitems = [\"Press the button\"]\n")],
        &[r#"x.toml, line 43, column 1: step "sign": sign takes no items"#],
    ),
    // Materials.
    signing(
        &[(r#"continues = "bag number""#, r#"continues = """#)],
        &[
            r#"x.toml, line 9, column 46: "continues" is not what a script has there: saw "", wanted 1 to 2000 printable characters"#,
        ],
    ),
    signing(
        &[(r#"item = "Token in its bag""#, r#"item = ["Token", "bag"]"#)],
        &[
            r#"x.toml, line 8, column 8: "item" is not what a script has there: saw ["Token", "bag"], wanted a text in quotation marks"#,
        ],
    ),
    signing(
        &[("[[step]]\nid = \"table\"\ndo = \"materials\"\nminutes = 2\n", "")],
        &[
            r#"x.toml, line 7, column 1: a value of this material is recorded by no step: saw Token in its bag | add a step that does "materials": it goes through them, and asks for their values"#,
        ],
    ),
    signing(
        &[(
            "[[materials]]\nitem = \"Token in its bag\"\nrecord = [{ name = \"bag number\", continues = \"bag number\" }]\n",
            "",
        )],
        &[r#"x.toml, line 17, column 1: step "table": materials needs [[materials]]"#],
    ),
    signing(&[("item = \"Token in its bag\"\n", "")], &[r#"x.toml, line 7, column 1: [[materials]] lacks "item""#]),
    signing(
        &[(r#"continues = "bag number""#, r#"continue = "bag number""#)],
        &[
            r#"x.toml, line 9, column 34: unknown field in a value { name = …, continues = … }: saw continue, wanted name, continues | did you mean "continues"?"#,
        ],
    ),
    // The file.
    signing(&[("title = \"Sign\"\n", "")], &[r#"x.toml, line 1, column 1: a script lacks "title""#]),
    signing(
        &[(r#"title = "Sign""#, r#"titel = "Sign""#)],
        &[
            r#"x.toml, line 1, column 1: unknown field in a script: saw titel, wanted title, purpose, kind, roles, materials, step | did you mean "title"?"#,
            r#"x.toml, line 1, column 1: a script lacks "title""#,
        ],
    ),
    signing(&[("kind = \"signing\"\n", "")], &["x.toml: a script has a kind: wanted kind = one of {kinds}"]),
    signing(
        &[(r#"kind = "signing""#, r#"kind = "signin""#)],
        &[
            r#"x.toml, line 2, column 8: no such kind of ceremony: saw signin, wanted {kinds} | did you mean "signing"?"#,
        ],
    ),
    signing(
        &[(r#"kind = "signing""#, r#"kind = ["signing"]"#)],
        &[r#"x.toml, line 2, column 8: "kind" is not what a script has there: saw ["signing"], wanted one of {kinds}"#],
    ),
    signing(
        &[(r#"kind = "signing""#, r#"kind = "signing"#)],
        &["x.toml, line 2, column 16: this is not TOML: invalid basic string, expected a quotation mark"],
    ),
    signing(
        &[(r#"kind = "signing""#, "kind = \"signing\"\nkind = \"export\"")],
        &["x.toml, line 3, column 1: this is not TOML: duplicate key"],
    ),
    signing(
        &[("[[step]]\nid = \"compare\"", "[step]\nid = \"compare\"")],
        &["x.toml, line 13, column 3: this is not TOML: duplicate key | there are several: write [[step]], not [step]"],
    ),
    signing(
        &[(r#"title = "Sign""#, "title = \"Sign\"\nstep = 3"), ("[[step]]", "[[stop]]")],
        &[
            "x.toml: a script has no [[step]]",
            r#"x.toml, line 2, column 8: "step" is not what a script has there: saw 3, wanted a list of tables"#,
            r#"x.toml, line 11, column 3: unknown field in a script: saw stop, wanted title, purpose, kind, roles, materials, step | did you mean "step"?"#,
        ],
    ),
];
