//! Rehearsals: the same script, in a place of their own, marked everywhere, and nothing of the real authority
//! touched.

use crate::seat::{Seat, approves, approves_from, introduces};
use crate::support::*;
use anchorite::ceremony::script::BUILT_IN;
use anchorite::digest::Digest;
use serde_json::Value;
use std::fs;

/// `ceremony rehearse` of a script into `trial`.
fn rehearse<'a>(script: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["-C", AUTHORITY, "ceremony", "rehearse", script, "--into", "trial"], more].concat()
}

/// A production authority that was configured, with a cluster, and not founded.
fn configured() -> World {
    let world = World::new();
    let cluster = format!("[clusters.west]\ntrust_domain = \"west.example\"\nrecipients = [\"{RECIPIENT}\"]\n");
    world.configure(&(configuration("production", "ecdsa-p256") + &cluster));
    world
}

/// Goes to the first step of a rehearsal.
fn begins(seat: &mut Seat) -> String {
    seat.answers("Everybody, press Enter to begin: ", "")
}

/// Its root is certified by somebody who is not there.
const OUTSIDE: &str = "root-certified";
/// Its log is countersigned by somebody who is not there.
const ELSEWHERE: &str = "checkpoint-countersigned";
/// The script for which a token must have been lost.
const LOST: &str = "key-restore";
/// Ceremonies that take over what exists: nothing of it can be made for a trial.
const TAKE_OVER: [&str; 2] = ["adopt", "restore"];

#[test]
fn a_ceremony_that_takes_over_what_exists_is_not_rehearsed_on_something_else() {
    let world = configured();
    for script in TAKE_OVER {
        let text = format!(
            "
            error: this ceremony takes over what exists: there is nothing of it to throw
                   away: saw {script}
            hint:  rehearse it with a token that was made for it, in a directory of kind =
                   \"rehearsal\"
            exit 2
        "
        );
        world.refused(&rehearse(script, &["--unattended"]), &text);
    }
}

#[test]
fn what_a_parent_issued_is_not_rehearsed_without_a_parent() {
    let world = configured();
    let text = "error: a rehearsal has no parent that could certify its root: saw root-certified
         hint:  try it with a CA of yours, in a directory of kind = \"rehearsal\": anchorite
                root create --csr
         exit 2
";
    let refused = world.run(&rehearse(OUTSIDE, &["--unattended"])).error();
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(folded(&refused), folded(text));
}

#[test]
fn what_somebody_elsewhere_countersigned_is_not_rehearsed_without_them() {
    let world = configured();
    let text = "
        error: a rehearsal has nobody elsewhere who could countersign its log: saw
               checkpoint-countersigned
        hint:  try it in a directory of kind = \"rehearsal\": anchorite checkpoint key,
               then export
        exit 2
    ";
    world.refused(&rehearse(ELSEWHERE, &["--unattended"]), text);
}

#[test]
fn keys_that_are_made_anew_are_not_rehearsed_without_a_lost_token() {
    let world = configured();
    let text = "
        error: a rehearsal has no lost token and no wrapped keys: saw key-restore
        hint:  try it in a directory of kind = \"rehearsal\": anchorite root create,
               key-backup, key-backup restore
        exit 2
    ";
    world.refused(&rehearse(LOST, &["--unattended"]), text);
}

#[test]
fn every_script_that_ships_runs_in_a_rehearsal_that_nobody_attends() {
    let world = configured();
    let real = world.everything();
    let alone = |script: &str| !TAKE_OVER.contains(&script) && ![OUTSIDE, ELSEWHERE, LOST].contains(&script);
    for (script, text) in BUILT_IN.iter().filter(|(script, _)| alone(script)) {
        let place = format!("trial-{script}");
        // The authority has no custody; what deals shares is rehearsed without it.
        let custody = text.contains("-custody\"");
        let authority: &[&str] = if custody { &[] } else { &["-C", AUTHORITY] };
        let command =
            [authority, &["--json", "ceremony", "rehearse", script, "--into", &place, "--unattended"]].concat();
        let report: Value = serde_json::from_str(&world.run(&command).ok().stdout).unwrap();
        assert_eq!(report["script_sha256"], Digest::of(text.as_bytes()).hex(), "{script}: the paper of the day");
        assert_eq!(report["directory"], place);
        let steps = report["steps"].as_array().unwrap();
        assert_eq!(steps.last().unwrap()["step"], "close", "{script}: {report}");
        assert_eq!(steps.len(), text.matches("[[step]]").count(), "{script}: {report}");
    }
    // Nothing of it is outside of its place, and the token of the environment is not used.
    let mut now = world.everything();
    now.retain(|path, _| !path.to_string_lossy().starts_with("trial-"));
    assert_eq!(now, real);
    assert_eq!(fs::read_dir(world.path("token/tokens")).unwrap().count(), 0);
}

#[test]
fn a_rehearsal_is_marked_in_subject_log_label_media_and_paper() {
    let world = configured();
    world.run(&rehearse("intermediate-signing", &["--unattended"])).ok();
    let root = world
        .tool("openssl", &["x509", "-in", "trial/authority/public/root-cert.pem", "-noout", "-subject"])
        .ok()
        .stdout;
    assert!(root.contains("OU = REHEARSAL"), "{root}");
    let first = String::from_utf8(world.read("trial/authority/log/entries.jsonl")).unwrap();
    let first = first.lines().next().unwrap().to_owned();
    assert!(
        first.contains("\"kind\":\"rehearsal\"") && first.contains("anchorite/rehearsal-world-mesh-root/"),
        "{first}"
    );
    let medium = String::from_utf8(world.read("trial/exports/anchorite-medium.json")).unwrap();
    assert!(medium.contains("\"authority\": \"REHEARSAL World Mesh Root\""), "{medium}");
    let paper = String::from_utf8(world.read("trial/paper.html")).unwrap();
    assert!(paper.contains("REHEARSAL World Mesh Root"), "no name on the paper");
    assert!(
        paper.contains("west/request.json") || paper.contains("west"),
        "the expected requests are not on the paper"
    );
    let log = world.run(&["log", "show", "trial/authority"]).ok().stdout;
    assert!(log.contains("REHEARSAL World Mesh Ro"), "the token's label: {log}");
    world
        .run(&["log", "verify", "trial/authority", "--root", "trial/authority/public/root-cert.pem", "--at-rest"])
        .ok();
    // Its bundles are for whom the configuration says, and open under the rehearsal's root only.
    let request = String::from_utf8(world.read("trial/requests/west/request.json")).unwrap();
    assert!(request.contains(RECIPIENT) && request.contains("west.example"), "{request}");
}

#[test]
fn people_rehearse_a_signing_session_pause_and_go_on() {
    let world = configured();
    let mut seat = Seat::at(&world, &rehearse("intermediate-signing", &[]));
    let opening = begins(&mut seat);
    let pin = world.read("trial/pins/user");
    let pin = std::str::from_utf8(&pin).unwrap().trim();
    for wanted in [
        "REHEARSAL: Sign intermediates",
        "REHEARSAL World Mesh Root",
        &format!("user PIN     {pin}"),
        "Nothing here is real",
    ] {
        assert!(opening.contains(wanted), "{wanted}: {opening}");
    }
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", pin);
    seat.asked("Witness: sheet words ");
    seat.reads(" (or no): ");
    seat.types("q");
    seat.answers("Pause here? yes, or Enter to go on (q: the answer is \"q\"): ", "yes");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("to go on with the rehearsal: anchorite ceremony rehearse"), "{shown}");

    let mut seat = Seat::at(&world, &rehearse("intermediate-signing", &[]));
    begins(&mut seat);
    let resumed = seat.answers("Go on at step ", "yes");
    assert!(resumed.contains("done"), "{resumed}");
    seat.answers("User PIN of the root token: ", pin);
    let sheet = String::from_utf8(world.read("trial/sheets/west.txt")).unwrap();
    let plan = approves_from(&mut seat, &sheet);
    assert!(plan.contains("REHEARSAL World Mesh Root · REHEARSAL"), "{plan}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in [
        "REHEARSED: Sign intermediates",
        "no deviation and 1 interruption",
        "throw it away: rm -r trial",
        "its PINs and shares open nothing else",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let again = world.run(&rehearse("intermediate-signing", &[])).refusal();
    assert_text(
        &again,
        "
        error: a rehearsal that has ended is here: saw trial
        hint:  throw it away: rm -r trial
        hint:  or name another place: --into DIR
        exit 2
    ",
    );
}

#[test]
fn people_rehearse_a_genesis_from_the_paper_of_the_rehearsal() {
    let world = configured();
    let mut seat = Seat::at(&world, &rehearse("root-genesis", &[]));
    let opening = begins(&mut seat);
    assert!(opening.contains("paper        trial/paper.html"), "{opening}");
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "REHEARSAL World Mesh Root");
    for name in ["security officer's PIN", "user PIN"] {
        seat.answers(&format!("New {name}: "), "135792");
        seat.answers(&format!("New {name}, again: "), "135792");
    }
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(!world.path("authority/log").exists());
}

#[test]
fn a_prepared_rehearsal_runs_by_a_template_that_was_filled_in() {
    let world = configured();
    world.run(&rehearse("intermediate-signing", &["--prepare"])).ok();
    let template = ["-C", "trial/authority", "ceremony", "answers", "intermediate-signing", "--from", "trial/requests"];
    let template = world.run(&template).ok().stdout;
    world.write("answers.toml", &template);
    let said = world.run(&rehearse("intermediate-signing", &["--answers", "answers.toml"])).error();
    assert!(said.starts_with("error: answers: [participants] administrator is not filled in"), "{said}");
    let names = template.replacen("[\"\"]", "[\"Ada\"]", 1).replacen("[\"\"]", "[\"Wim\"]", 1);
    world.write(
        "answers.toml",
        names.replace("words = \"\"", "words = \"same\"").replace("\" = \"\"", "\" = \"approve\""),
    );
    world.run(&rehearse("intermediate-signing", &["--answers", "answers.toml"])).ok();
}

#[test]
fn a_rehearsal_has_a_place_of_its_own_or_is_not_made() {
    let world = configured();
    let into = |place: &'static str| {
        ["-C", AUTHORITY, "ceremony", "rehearse", "root-genesis", "--into", place, "--unattended"]
    };
    let text = |what: &str, seen: &str| {
        format!(
            "
            error: {what}:
                   saw {seen}, wanted an absent or empty directory that is in no authority
            hint:  name one: --into DIR
            Nothing was touched.
            exit 30
        "
        )
    };
    world.refused(&into("authority"), &text("an authority is here: a rehearsal has a place of its own", "authority"));
    world.refused(
        &into("authority/trial"),
        &text("a rehearsal in the directory of an authority could be taken for it", "$WORLD/authority"),
    );
    world.refused(&into("requests/.."), &text("the place of a rehearsal is not free", "requests/.."));
    world.write("trial/mine", "mine");
    world.refused(&into("trial"), &text("the place of a rehearsal is not free", "trial"));
    world.refused(&into("pin"), &text("the place of a rehearsal is not free", "pin"));
    fs::remove_dir_all(world.path("trial")).unwrap();

    world.run(&rehearse("root-genesis", &["--prepare"])).ok();
    let said = world.run(&rehearse("export", &["--unattended"])).refusal();
    assert!(said.starts_with("error: a rehearsal of another script is here: saw root-genesis,"), "{said}");
    world.write("trial/rehearsal.json", "{}");
    world.refused(
        &rehearse("root-genesis", &["--unattended"]),
        "
        error: the marker of this rehearsal does not read: saw trial/rehearsal.json
        hint:  throw it away: rm -r trial
        exit 30
    ",
    );
    world.refused(
        &["-C", AUTHORITY, "ceremony", "rehearse", "root-genesis", "--answers", "pin"],
        "
        error: answers are for a rehearsal that was prepared: they name its files
        hint:  first: anchorite ceremony rehearse SCRIPT --prepare, and anchorite
               ceremony answers
        hint:  to say yes to everything: --unattended
        exit 2
    ",
    );
}

#[test]
fn without_an_authority_the_template_is_rehearsed() {
    let world = World::new();
    world.run(&["ceremony", "rehearse", "restore-drill", "--unattended"]).ok();
    let status = world.run(&["-C", "rehearsal-restore-drill/stick-2", "status"]).ok().stdout;
    assert!(status.starts_with("REHEARSAL Example Mesh Root · rehearsal"), "{status}");
    assert!(status.contains("last session restore-drill"), "{status}");
}

/// A production authority whose token opens to two of three custodians.
fn with_custody() -> World {
    let world = World::new();
    let custody = "[custody]\nthreshold = 2\ncustodians = 3\n";
    world.configure(&(configuration("production", "ecdsa-p256") + custody));
    world
}

#[test]
fn custodians_rehearse_with_shares_of_the_rehearsal() {
    let world = with_custody();
    world.run(&rehearse("intermediate-signing", &["--prepare"])).ok();
    assert_eq!(fs::read_dir(world.path("trial/shares")).unwrap().count(), 3);
    world.run(&rehearse("intermediate-signing", &["--unattended"])).ok();
    let log = String::from_utf8(world.read("trial/authority/log/entries.jsonl")).unwrap();
    assert!(log.contains("custody.share_used"), "no share was used");
}

#[test]
fn an_audit_key_on_a_token_of_its_own_is_rehearsed_on_one() {
    let world = World::new();
    world.configure(&(configuration("production", "ecdsa-p256") + "[audit.token]\nprofile = \"yubihsm2\"\n"));
    world.run(&rehearse("intermediate-signing", &["--unattended"])).ok();
    let log = String::from_utf8(world.read("trial/authority/log/entries.jsonl")).unwrap();
    assert!(log.contains("\"label\":\"REHEARSAL audit\""), "the audit token was not unlocked");
}
