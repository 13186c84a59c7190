//! Clusters are retired, never renamed; names are unique.

use crate::support::*;
use serde_json::Value;

const LATER: &str = "2026-12-01T10:00:00Z";
const ANSWERS: &str =
    "[participants]\nadministrator = [\"Ada\"]\nwitness = [\"Wim\"]\n[retire]\nwest = { retire = \"moved to east\" }\n";
const RETIRE: [&str; 10] =
    ["-C", AUTHORITY, "--now", LATER, "retire", "west", "--pin-file", "pin", "--answers", "answers-retire.toml"];

fn retired() -> World {
    let world = World::ready();
    world.issued("west");
    world.write("answers-retire.toml", ANSWERS);
    world.run(&RETIRE).ok();
    world
}

#[test]
fn a_retired_cluster_is_logged_with_its_reason_and_status_is_silent_about_it() {
    let world = World::ready();
    world.issued("west");
    let due = world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    assert!(due.contains("renew the intermediate of west"), "{due}");
    assert!(!due.contains("--renew"), "it is not urgent yet: {due}");
    let urgent = world.run(&["-C", AUTHORITY, "--now", "2027-11-01T10:00:00Z", "status"]).ok().stdout;
    assert!(urgent.contains("how          on the cluster's side: anchorite request west --renew\n"), "{urgent}");
    world.write("answers-retire.toml", ANSWERS);
    let before = world.intents();
    let shown = world.run(&RETIRE).ok().stderr;
    for wanted in
        ["Cluster west (prod)", "still valid  serial ", "this cannot be undone", "west is retired; 1 certificate of it"]
    {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert_eq!(world.intents(), before, "the root key was used");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("cluster.retired   west: moved to east"), "{log}");
    let root = "authority/public/root-cert.pem";
    assert!(
        world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok().stdout.contains("authenticated")
    );

    let status = world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    assert!(!status.contains("renew the intermediate of west"), "{status}");
    assert!(status.contains("retired      west on 2026-12-01; 1 certificate still valid"), "{status}");
    assert!(status.contains("               moved to east\n"), "{status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
    let json = world.run(&["-C", AUTHORITY, "--now", LATER, "--json", "status"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["clusters"][0]["retired"]["reason"], "moved to east");
    assert_eq!(json["clusters"][0]["retired"]["still_valid"].as_array().unwrap().len(), 1);
}

#[test]
fn the_name_of_a_retired_cluster_is_not_used_again() {
    let world = retired();
    std::fs::rename(world.path("clusters/west"), world.path("clusters/west-before")).unwrap();
    let sha256 = world.request("west");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut sign = SIGN;
    sign[3] = "2026-12-02T10:00:00Z";
    world.stopped(
        &sign,
        "
        error: west is refused by the rule policy.cluster.retired: saw west was retired
               on 2026-12-01T10:00:00Z: moved to east, wanted a name that no retired
               cluster has
        hint:  names are unique: enrol it under a new name with a new key: anchorite
               request NEW-NAME
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn the_bundle_of_a_retired_cluster_can_still_be_made_by_name_and_by_name_only() {
    let world = retired();
    let bundles = world.bundles().len();
    world.write("answers-export.toml", PARTICIPANTS);
    let export = |names: &[&str]| {
        let first = ["-C", AUTHORITY, "--now", "2026-12-02T10:00:00Z", "export"];
        let last = ["--to", "medium", "--pin-file", "pin", "--answers", "answers-export.toml"];
        world.run(&[&first[..], names, &last[..]].concat()).ok()
    };
    export(&[]);
    assert_eq!(world.bundles().len(), bundles);
    export(&["west"]);
    assert_eq!(world.bundles().len(), bundles + 1);
}

#[test]
fn only_a_cluster_in_use_is_retired() {
    let world = retired();
    world.write("answers-retire.toml", ANSWERS);
    world.refused(
        &RETIRE,
        "
        error: this cluster is retired already: saw west, wanted a cluster that is in
               use
        hint:  it was retired on 2026-12-01T10:00:00Z: moved to east
        Nothing was changed.
        exit 2
    ",
    );
    let world = World::ready();
    world.issued("west");
    world.write("answers-retire.toml", ANSWERS.replace("west", "vest"));
    let mut other = RETIRE;
    other[5] = "vest";
    world.refused(
        &other,
        r#"
        error: no cluster of this name is enrolled: saw vest, wanted west
        hint:  did you mean "west"?
        Nothing was changed.
        exit 2
    "#,
    );
}

#[test]
fn a_retirement_needs_its_own_answer_and_a_reason() {
    let world = World::ready();
    world.issued("west");
    world.write("answers-retire.toml", ANSWERS.replace("moved to east", "  "));
    world.stopped(
        &RETIRE,
        r#"
        error: answers: [retire] west is not filled in: saw { retire = "  " }
        Nothing was signed.
        exit 2
    "#,
    );
    world.write("answers-retire.toml", ANSWERS.replace("{ retire = \"moved to east\" }", "\"yes\""));
    let mut later = RETIRE;
    later[3] = "2026-12-02T10:00:00Z";
    world.stopped(
        &later,
        r#"
        error: answers: [retire] west is out of form: saw yes, wanted { retire =
               "reason" }
        Nothing was signed.
        exit 2
    "#,
    );
    world.write("answers-retire.toml", PARTICIPANTS);
    later[3] = "2026-12-03T10:00:00Z";
    world.stopped(
        &later,
        "
        error: answers: [retire] has no answer for west
        hint:  add it under [retire]
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers-retire.toml", ANSWERS.replace("moved to east", &"a".repeat(301)));
    later[3] = "2026-12-04T10:00:00Z";
    world.stopped(
        &later,
        "
        error: the reason is too long: saw 301 characters, wanted at most 300
        Nothing was signed.
        exit 2
    ",
    );
}
