//! Custody where nobody attends: shares in files, for pipelines and rehearsals.

use super::seats::with_custody;
use crate::present::have;
use crate::support::{AUTHORITY, CREATE, PARTICIPANTS, SIGN, World};
use std::path::PathBuf;

/// The arguments without PIN files, with the shares' directory instead.
pub fn with_shares(arguments: &[&str]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "--pin-file" | "--so-pin-file" => {
                words.next();
            }
            word => kept.push(word.to_owned()),
        }
    }
    kept.extend(["--shares".to_owned(), "shares".to_owned()]);
    kept
}

/// The participants of a ceremony with so many custodians.
pub fn participants(custodians: usize) -> String {
    let names: Vec<String> = (1..=custodians).map(|number| format!("\"Custodian {number}\"")).collect();
    format!("{PARTICIPANTS}custodian = [{}]\n", names.join(", "))
}

/// An unattended authority with custody, not yet founded, and the answers for it.
pub fn configured() -> World {
    let world = World::new();
    world.configure(&with_custody("test", 2, 3));
    let reviewed = world.sha256("authority/authority.toml");
    world.write(
        "answers-root.toml",
        format!(
            "{}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n",
            participants(3)
        ),
    );
    world
}

pub fn founded() -> World {
    let world = configured();
    world.run(&with_shares(&CREATE)).ok();
    world
}

/// The share files, in order.
pub fn share_files(world: &World) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(world.path("shares")).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn sign_answers(world: &World, request: &str) {
    let answers = world.signing_answers(&[request], &[]).replacen(PARTICIPANTS, &participants(2), 1);
    world.write("answers.toml", answers);
}

#[test]
fn a_root_whose_shares_are_in_files_signs_with_two_of_them() {
    let world = founded();
    let files = share_files(&world);
    assert_eq!(files.len(), 3);
    std::fs::remove_file(&files[0]).unwrap();
    let request = world.request("cluster1");
    sign_answers(&world, &request);
    world.run(&with_shares(&SIGN)).ok();
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("2, 3 for unlock"), "{log}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert!(status.contains("2 of 3 custodians, set "), "{status}");
}

#[test]
fn the_pin_that_share_py_gives_opens_the_token() {
    if !have("python3") {
        return;
    }
    let world = founded();
    let files: Vec<String> = share_files(&world)[1..].iter().map(|path| path.display().to_string()).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/share.py");
    let shown = world.tool("python3", &[script, &files[0], &files[1]]).ok().stdout;
    let pin = shown.lines().find_map(|line| line.strip_prefix("user ")).expect("a PIN");
    world.secret("pin", pin);
    world.run(&["hsm", "probe", "--profile", "softhsm2", "--login", "--pin-file", "pin"]).ok();
    for (path, (_, content)) in world.everything() {
        let named = path.starts_with("pin");
        assert!(named || !String::from_utf8_lossy(&content).contains(pin), "{}", path.display());
    }
}

#[test]
fn shares_that_are_missing_too_few_or_wrong_open_nothing() {
    let world = founded();
    let request = world.request("cluster1");
    sign_answers(&world, &request);
    let without: Vec<String> = with_shares(&SIGN)[..with_shares(&SIGN).len() - 2].to_vec();
    world.refused(
        &without,
        r#"
        error: the token opens to its custodians, and an unattended ceremony reads
               shares from files: wanted --shares DIR (the files mode 0600)
        Nothing was signed.
        exit 2
    "#,
    );
    let files = share_files(&world);
    // A row of another share: caught, and its words are not shown.
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let other = std::fs::read_to_string(&files[1]).unwrap();
    let row = |text: &str| text.lines().nth(4).unwrap().to_owned();
    std::fs::write(&files[0], text.replace(&row(&text), &row(&other))).unwrap();
    let refused = world.run(&with_shares(&SIGN));
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("holds no share of the set"), "{}", refused.stderr);
    assert!(!refused.stderr.contains(&row(&other)[2..]), "{}", refused.stderr);
    for file in &files[1..] {
        std::fs::remove_file(file).unwrap();
    }
    std::fs::write(&files[0], text).unwrap();
    let few = world.run(&with_shares(&SIGN));
    assert_eq!(few.code, Some(2), "{}", few.stderr);
    assert!(few.stderr.contains("too few shares of set"), "{}", few.stderr);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
