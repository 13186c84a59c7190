//! The end of an old root key after a rollover: the authority goes on with the newer one.

use super::*;

const RETIRE: [&str; 11] = [
    "-C",
    AUTHORITY,
    "--now",
    "2026-12-24T09:30:00Z",
    "root",
    "retire",
    "1",
    "--pin-file",
    "pin",
    "--answers",
    "answers-end.toml",
];

#[test]
fn an_old_root_key_ends_with_a_last_crl_and_the_newer_one_signs_on() {
    let (world, ..) = World::two_generations(false);
    let before = objects(&world, "token/tokens").len();
    world.write("answers-end.toml", answers(None) + "\"crl:2\" = \"approve\"\n");
    let done = world.run(&RETIRE).ok();
    let (said, shown) = (format!("{}{}", done.stdout, done.stderr), done.stderr);
    assert!(said.contains("next   publish public/root-g1.crl: no CRL of that root follows it"), "{said}");
    assert!(world.path("authority/public/root-g1.crl").is_file());
    assert!(shown.contains("the end of a root key") && shown.contains("Destroyed, and not found again"), "{shown}");
    assert!(!shown.contains("The audit key is destroyed"), "{shown}");
    assert_eq!(objects(&world, "token/tokens").len(), before - 2, "two halves of one key");
    let root = "authority/public/root-cert.pem";
    let verified = world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok().stdout;
    assert!(!verified.contains("ENDED"), "{verified}");
    world.issued_at("third", "2026-12-25T10:00:00Z", &[]);

    // A CRL is of the newer root alone from here on, and the old key does not end twice.
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:2\" = \"approve\"\n"));
    let crl = ["crl", "--pin-file", "pin", "--answers", "answers.toml"];
    world.run(&[&["-C", AUTHORITY, "--now", "2026-12-26T10:00:00Z"][..], &crl].concat()).ok();
    let status = world.run(&["-C", AUTHORITY, "--now", "2026-12-26T10:00:00Z", "status"]).ok().stdout;
    assert!(!status.contains("of root generation 1"), "{status}");
    world.write("answers-end.toml", format!("{PARTICIPANTS}[review]\n\"crl:2\" = \"approve\"\n"));
    let again = RETIRE.map(|word| if word.starts_with("2026") { "2026-12-27T10:00:00Z" } else { word });
    let shown = world.run(&again).ok().stderr;
    assert!(shown.contains("The root keys are destroyed already."), "{shown}");
}
