//! The step `preflight` of a script: what it logs, and what stops a ceremony.

use super::{OTHER, program, with_preflight};
use crate::seat::Seat;
use crate::support::{AUTHORITY, CREATE, ENTRIES, PARTICIPANTS, World, configuration};
use anchorite::authority::config::CHECKS;
use serde_json::Value;

/// The shipped genesis, with a preflight after the comparison of the script.
fn script(world: &World) {
    let shipped = include_str!("../../../ceremony/root-genesis.toml");
    let participants = "[[step]]\nid = \"participants\"\n";
    assert!(shipped.contains(participants));
    let preflight = "[[step]]\nid = \"preflight\"\ndo = \"preflight\"\n\n";
    world.write("genesis.toml", shipped.replace(participants, &format!("{preflight}{participants}")));
}

/// `root create` with that script.
fn create(world: &World) -> crate::support::Output {
    script(world);
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!(
        "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
    );
    world.write("answers-root.toml", answers);
    world.run(&[&CREATE[..], &["--script", "genesis.toml"]].concat())
}

#[test]
fn what_was_seen_of_the_machine_is_in_the_log() {
    let world = with_preflight(&format!("binary_sha256 = \"{OTHER}\"\n"));
    create(&world).ok();
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let entry = entries.into_iter().find(|entry| entry["type"] == "preflight").expect("a preflight in the log");
    let checks = entry["data"]["checks"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, CHECKS);
    let of = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap();
    // It failed, and where nobody attends that stops nothing: the record says it.
    assert_eq!(of("binary")["result"], "fail");
    assert_eq!(of("fence-network")["result"], "pass");
    world.run(&["log", "verify", AUTHORITY]).ok();
}

#[test]
fn what_must_pass_stops_an_unattended_ceremony_before_anything_is_changed() {
    let world = with_preflight(&format!("binary_sha256 = \"{OTHER}\"\nmust_pass = [\"binary\"]\n"));
    script(&world);
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!(
        "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
    );
    world.write("answers-root.toml", answers);
    world.refused(
        &[&CREATE[..], &["--script", "genesis.toml"]].concat(),
        "error: this machine is not fit for a ceremony: saw binary
         hint: the lines above say what was seen and what to do
         Nothing was signed.
         exit 10",
    );
}

#[test]
fn people_see_a_failure_and_choose() {
    let world = World::new();
    world
        .configure(&format!("{}[preflight]\nbinary_sha256 = \"{OTHER}\"\n", configuration("production", "ecdsa-p256")));
    script(&world);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create", "--script", "genesis.toml"]);
    let shown = seat.asked("What now? retry, skip, pause, abandon: ");
    let screen = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // A page may end within it.
    for told in [format!("FAIL binary: it is {}, wanted", program()), format!("{OTHER} → Take the program")] {
        assert!(screen.contains(&told), "{told}\n{shown}");
    }
    assert!(screen.contains("error: this machine is not fit for a ceremony: saw "), "{shown}");
    seat.types("skip");
    seat.answers("Why is it left out? ", "the digest on paper is of the release");
    seat.asked("Name of the administrator: ");
    seat.types("Ada");
}
