//! Strings that would repaint, reorder or imitate: none of them reaches a terminal, wherever it comes from.

use super::requests::with_file;
use crate::support::{SIGN, World};

#[test]
fn terminal_escapes_in_a_subject_reach_no_terminal() {
    let world = World::ready();
    let subject = "/CN=cluster2\u{1b}[2J\u{1b}[31mAPPROVED\u{202e}";
    world
        .tool(
            "openssl",
            &[
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-utf8",
                "-keyout",
                "key.pem",
                "-subj",
                subject,
                "-out",
                "requests/cluster2.csr",
            ],
        )
        .ok();
    let sha256 = world.sha256("requests/cluster2.csr");
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    let shown = world.run(&["inspect", "request", "requests/cluster2.csr"]);
    let signed = world.run(&SIGN);
    for text in [&shown.stdout, &shown.stderr, &signed.stdout, &signed.stderr] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
    assert!(shown.stdout.contains("cluster2\\u{1b}[2J\\u{1b}[31mAPPROVED\\u{202e}"), "{}", shown.stdout);
    // Another rule than proof of possession refuses it: the reader hides nothing of such a name.
    assert_eq!(shown.code, signed.code, "{signed:?}");
}

#[test]
fn terminal_escapes_in_a_file_name_reach_no_terminal() {
    let world = with_file("a\u{1b}[2J.csr", "no");
    let output = world.run(&SIGN);
    assert!(!output.stderr.contains('\u{1b}'));
    crate::support::assert_text(
        &output.error(),
        r#"
        error: a\u{1b}[2J.csr is refused by the rule request.pem.label: saw no PEM
               block, wanted -----BEGIN CERTIFICATE REQUEST-----
        hint:  is it the right file? ask for the certificate request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 30
    "#,
    );
}
