//! An end that is interrupted goes on, and meanwhile nothing else can be done.

use super::*;

const AGAIN: &str = "2026-12-25T09:30:00Z";

fn again(world: &World) -> Output {
    world.run(&END.map(|word| if word.starts_with("2026") { AGAIN } else { word }))
}

/// An end that was announced, and stopped before anything was destroyed.
fn announced() -> World {
    let world = backed_up();
    world.write("answers-end.toml", answers(None));
    let said = world.run(&END).error();
    assert!(said.contains("[destroy] has no answer for backup B1, safe in Bonn"), "{said}");
    world
}

#[test]
fn what_was_announced_goes_on_and_nothing_else_is_done_meanwhile() {
    let world = announced();
    assert_eq!(objects(&world, "token/tokens").len(), 5);
    world.request("west");
    world.write("answers.toml", PARTICIPANTS);
    let said = world.run(&SIGN.map(|word| if word == SIGNING { AGAIN } else { word })).error();
    assert_text(
        &said,
        "
        error: this authority is ending: its root keys are destroyed, or about to be
        hint:  finish it with: anchorite decommission
        hint:  bundles that were exported stay valid; new ones would be signed by a key
               that is gone
        hint:  what can be read still can: anchorite status, log verify --at-rest,
               ceremony record
        Nothing was signed.
        exit 10
    ",
    );
    // It was decided: only what is not known yet is asked.
    world.write("answers-end.toml", format!("{PARTICIPANTS}[destroy]\n\"backup {NAME}\" = \"here\"\n"));
    let shown = again(&world).ok().stderr;
    assert!(shown.contains("It was decided and begun before: it goes on."), "{shown}");
    for place in ["token", "backup"] {
        assert_eq!(objects(&world, &format!("{place}/tokens")).len(), 1, "{place}");
    }
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert_eq!(log.matches("key.destroying    root").count(), 1, "{log}");
    assert!(log.contains("key.destroying    root generation 1: every mesh moved on"), "{log}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_crash_after_a_key_went_and_before_the_log_says_so_goes_on() {
    let world = announced();
    // The root key's two halves are those that the end removes first.
    let root: Vec<_> = root_objects(&world);
    assert_eq!(root.len(), 2);
    for object in root {
        std::fs::remove_file(object).unwrap();
    }
    world.write("answers-end.toml", format!("{PARTICIPANTS}[destroy]\n\"backup {NAME}\" = \"destroyed\"\n"));
    let shown = again(&world).ok().stderr;
    assert!(shown.contains("Destroyed, and not found again"), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("root generation 1 in the token, searched"), "{log}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

/// The files of the root key's two halves: made after the audit key's, before the guard, and never written again. The
/// public half is in clear, its CKA_ID too.
fn root_objects(world: &World) -> Vec<std::path::PathBuf> {
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let mut roots = entries.filter(|entry| entry["type"] == "key.generated" && entry["data"]["role"] == "root");
    let id = data_encoding::HEXLOWER.decode(roots.next().unwrap()["data"]["id"].as_str().unwrap().as_bytes()).unwrap();
    let mut found = objects(world, "token/tokens");
    found.sort_by_key(|object| std::fs::metadata(object).unwrap().modified().unwrap());
    let root = found[2..4].to_vec();
    let public = |object: &std::path::PathBuf| std::fs::read(object).unwrap().windows(id.len()).any(|part| part == id);
    assert_eq!(
        root.iter().filter(|object| public(object)).count(),
        1,
        "the root key's public half is not among {root:?}"
    );
    root
}

#[test]
fn an_older_copy_of_the_token_brings_no_key_back() {
    let world = backed_up();
    let copied = world.path("token-before");
    assert!(world.tool("cp", &["-a", "token/tokens", copied.to_str().unwrap()]).code == Some(0));
    world.write("answers-end.toml", answers(Some("here")));
    world.run(&END).ok();
    std::fs::remove_dir_all(world.path("token/tokens")).unwrap();
    std::fs::rename(copied, world.path("token/tokens")).unwrap();
    assert_eq!(objects(&world, "token/tokens").len(), 5);
    // Nothing is signed with it, and the same command destroys it again.
    world.write("answers-end.toml", PARTICIPANTS);
    let shown = again(&world).ok().stderr;
    assert!(shown.contains("The audit key is destroyed"), "{shown}");
    assert_eq!(objects(&world, "token/tokens").len(), 1);
    let root = "authority/public/root-cert.pem";
    world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok();
}
