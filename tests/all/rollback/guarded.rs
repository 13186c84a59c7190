//! The guard in the token: an older copy of the authority, or another history of it, signs nothing.

use super::{copy, put_back};
use crate::support::*;
use std::fs;
use std::path::PathBuf;

const TOKENS: &str = "token/tokens";

/// Answers for a new request of a cluster, put on a stick that has no other.
fn ask(world: &World, cluster: &str) {
    fs::remove_dir_all(world.path("requests")).unwrap();
    let sha256 = world.request(cluster);
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
}

#[test]
fn an_older_copy_of_the_authority_signs_nothing() {
    let world = World::ready();
    copy(&world, AUTHORITY, "older");
    ask(&world, "cluster1");
    world.run(&SIGN).ok();
    put_back(&world, "older", AUTHORITY);
    ask(&world, "cluster2");
    world.refused(
        &SIGN,
        "
        error: this log is older than the token remembers: saw 44 entries, wanted at
               least 75 entries
        hint:  this is an older copy of the authority: insert the stick that was written
               last
        hint:  where no newer copy is left: anchorite -C NEW-DIRECTORY restore --from
               THIS-COPY
        Nothing was signed.
        exit 40
        ",
    );
    // A log by itself has no way to know: the evidence is in the token.
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_token_that_gives_another_guard_back_than_it_was_given_keeps_the_older_one() {
    let world = World::ready();
    ask(&world, "cluster1");
    world.behind_proxy();
    let copied = crate::crash::copy(&world);
    copied.run_with_faults("", &SIGN).ok();
    let calls = copied.calls();
    let made = calls.iter().position(|call| call.function == "C_CreateObject").unwrap();
    let told = |call: &&proxy::Call| call.function == "C_GetAttributeValue" && call.gave.is_some();
    let back = calls[made..].iter().find(told).unwrap();
    // What was read before it is the older guard, which is as long.
    let refused = world.run_with_faults(&format!("C_GetAttributeValue@{}=same", back.nth), &SIGN);
    let said = refused.error();
    assert!(said.starts_with("error: the token keeps another guard than it was given\n"), "{said}");
    assert!(said.contains("The older guard is still in the token.\n"), "{said}");
    world.run_with_faults("", &SIGN).ok();
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn another_history_of_the_authority_signs_nothing_even_when_it_is_longer() {
    let world = World::ready();
    copy(&world, AUTHORITY, "older");
    copy(&world, "token/tokens", "tokens-before");
    ask(&world, "cluster1");
    world.run(&SIGN).ok();
    copy(&world, AUTHORITY, "true");
    copy(&world, "token/tokens", "tokens-after");

    // A clone of the token, made before, signs two sessions of another history.
    put_back(&world, "older", AUTHORITY);
    put_back(&world, "tokens-before", TOKENS);
    for cluster in ["cluster2", "cluster3"] {
        ask(&world, cluster);
        world.run(&SIGN).ok();
    }
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();

    put_back(&world, "tokens-after", TOKENS);
    ask(&world, "cluster4");
    world.refused(
        &SIGN,
        "
        error: this log is not the one the token remembers: it was changed or forked:
               saw root …
               at 75 entries, wanted root
               …
        hint:  keep this copy as evidence, and go on with one that the token knows: try
               every stick
        hint:  two histories mean that a clone of the token has signed, or that the log
               was changed
        Nothing was signed.
        exit 40
        ",
    );
    // The true history goes on.
    put_back(&world, "true", AUTHORITY);
    world.run(&SIGN).ok();
}

/// The token's objects of class CKO_DATA, which are its guards: in SoftHSM's files the class stands first.
fn guards(world: &World) -> Vec<PathBuf> {
    let token = fs::read_dir(world.path(TOKENS)).unwrap().next().unwrap().unwrap().path();
    let objects = fs::read_dir(token).unwrap().map(|entry| entry.unwrap().path());
    let is_data = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        path.extension().is_some_and(|end| end == "object")
            && !path.ends_with("token.object")
            && bytes.get(8..32).is_some_and(|head| head == [[0; 8], [0, 0, 0, 0, 0, 0, 0, 2], [0; 8]].concat())
    };
    objects.filter(is_data).collect()
}

/// An authority that signed for `cluster1` after it was copied to `older`, and the guard of before.
fn moved_on() -> (World, PathBuf, Vec<u8>) {
    let world = World::ready();
    copy(&world, AUTHORITY, "older");
    copy(&world, TOKENS, "tokens-before");
    let [before] = guards(&world).try_into().unwrap();
    let bytes = fs::read(&before).unwrap();
    ask(&world, "cluster1");
    world.run(&SIGN).ok();
    ask(&world, "cluster2");
    (world, before, bytes)
}

/// `sign` is refused with these words, and nothing of the world changes.
#[track_caller]
fn refuses(world: &World, case: &str, said: &str) {
    let before = world.read(ENTRIES);
    let output = world.run(&SIGN);
    let text = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(matches!(output.code, Some(2 | 20 | 40)), "{case}: {text}");
    assert!(text.contains(said) && text.contains("hint:"), "{case}: {said}\n{text}");
    assert_eq!(world.read(ENTRIES), before, "{case}");
}

#[test]
fn whatever_part_of_the_log_is_put_back_is_refused_with_the_way_on() {
    let (world, ..) = moved_on();
    copy(&world, AUTHORITY, "true");
    let older = |file: &str| put_back(&world, &format!("older/{file}"), &format!("{AUTHORITY}/{file}"));
    let mut tried = 0;
    let mut case = |name: &str, change: &dyn Fn(), said: &str| {
        change();
        refuses(&world, name, said);
        put_back(&world, "true", AUTHORITY);
        tried += 1;
    };
    let remembers = "this log is older than the token remembers";
    case("the log alone", &|| older("log"), remembers);
    case("the whole directory", &|| put_back(&world, "older", AUTHORITY), remembers);
    let replaced = "the newest checkpoint was replaced by an older one, or removed";
    case("the checkpoint alone", &|| older("log/checkpoint"), replaced);
    case("no checkpoint", &|| fs::remove_file(world.path("authority/log/checkpoint")).unwrap(), replaced);
    case("the entries alone", &|| older("log/entries.jsonl"), "entries are missing at the end of the log");
    // Cut at each checkpoint that the log had since: as it stood then, and as a signed log verifies.
    let mut sizes: Vec<usize> = fs::read_dir(world.path("authority/log/checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    sizes.sort_unstable();
    let newest = sizes.pop().unwrap();
    let entries = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert_eq!(entries.lines().count(), newest);
    let founded = world.read("older/log/entries.jsonl").iter().filter(|byte| **byte == b'\n').count();
    for size in &sizes {
        let cut = || {
            let kept: String = entries.split_inclusive('\n').take(*size).collect();
            world.write(ENTRIES, kept);
            for later in sizes.iter().chain([&newest]).filter(|later| *later > size) {
                fs::remove_file(world.path(format!("authority/log/checkpoints/{later}"))).unwrap();
            }
            copy(&world, &format!("authority/log/checkpoints/{size}"), "authority/log/checkpoint");
        };
        // In the middle of a genesis it may look like one that was cut off, and the token is not even asked.
        let said = if *size < founded { "Nothing was signed." } else { remembers };
        case(&format!("cut at {size}"), &cut, said);
    }
    // What is true goes on.
    world.run(&SIGN).ok();
    tally::held("older states of a log and its files put back", tried);
}

#[test]
fn the_guard_counts_where_a_crash_left_two_and_where_they_disagree_nothing_is_signed() {
    let (world, older, bytes) = moved_on();
    let [newer] = guards(&world).try_into().unwrap();
    assert_ne!(older, newer);
    // A crash between the new one and the end of the old one.
    fs::write(&older, &bytes).unwrap();
    fs::write(older.with_extension("lock"), "").unwrap();
    assert_eq!(guards(&world).len(), 2);
    let kept = world.read(newer.strip_prefix(world.path("")).unwrap());
    copy(&world, AUTHORITY, "true");
    put_back(&world, "older", AUTHORITY);
    refuses(&world, "two guards, the older log", "this log is older than the token remembers");
    put_back(&world, "true", AUTHORITY);
    world.run(&SIGN).ok();
    assert_eq!(guards(&world).len(), 1, "the next one takes the place of both");

    // One that cannot be read, and one of another program under this program's name.
    let [now] = guards(&world).try_into().unwrap();
    let mut broken = fs::read(&now).unwrap();
    let whole = broken.clone();
    // CKA_VALUE, of bytes: its length, and in the middle of it.
    let head = [[0, 0, 0, 0, 0, 0, 0, 0x11], [0, 0, 0, 0, 0, 0, 0, 3]].concat();
    let at = broken.windows(16).position(|window| window == head).unwrap() + 24;
    broken[at + 40] ^= 0x55;
    fs::write(&now, &broken).unwrap();
    ask(&world, "cluster3");
    let output = world.run(&SIGN);
    assert_eq!(output.code, Some(20), "{}", output.stderr);
    assert!(output.stderr.contains("Nothing was signed."), "{}", output.stderr);
    fs::write(&now, whole).unwrap();
    world.run(&SIGN).ok();
    drop(kept);
    tally::held("guards doubled, broken or beside another", 3);
}

#[test]
fn two_guards_of_one_size_that_disagree_are_a_fork() {
    let (world, ..) = moved_on();
    copy(&world, TOKENS, "tokens-after");
    let [mine] = guards(&world).try_into().unwrap();
    // A clone signs as many entries of another history.
    copy(&world, AUTHORITY, "true");
    put_back(&world, "tokens-before", TOKENS);
    put_back(&world, "older", AUTHORITY);
    world.run(&SIGN).ok();
    let [theirs] = guards(&world).try_into().unwrap();
    let forked = fs::read(&theirs).unwrap();
    put_back(&world, "tokens-after", TOKENS);
    put_back(&world, "true", AUTHORITY);
    assert_eq!(guards(&world), [mine]);
    fs::write(&theirs, forked).unwrap();
    ask(&world, "cluster3");
    assert_text(
        &world.run(&SIGN).error(),
        "
        error: two guards of the same size disagree: the log was forked: saw size 75,
               roots …
               and …
        hint:  stop: two copies of this authority have signed; compare their logs and
               the signed paper
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_token_that_remembers_nothing_is_said_and_written_into_the_log() {
    let (world, ..) = moved_on();
    let [guard] = guards(&world).try_into().unwrap();
    fs::remove_file(&guard).unwrap();
    fs::remove_file(guard.with_extension("lock")).unwrap();
    put_back(&world, "older", AUTHORITY);
    let signed = world.run(&SIGN).ok().stderr;
    let shown = signed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("The token remembers no state of this log"), "{signed}");
    assert!(shown.contains("only the last page of the last ceremony's paper says"), "{signed}");
    assert!(signed.lines().all(|line| line.chars().count() <= 80), "{signed}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("deviation") && log.contains("it remembers none"), "{log}");
    assert_eq!(guards(&world).len(), 1);
    // From now on it remembers.
    ask(&world, "cluster3");
    let signed = world.run(&SIGN).ok().stderr;
    assert!(!signed.contains("remembers no state"), "{signed}");
}

#[test]
fn a_token_that_keeps_no_guard_by_its_profile_says_what_it_cannot_see() {
    let world = World::configured("test", "ecdsa-p256");
    let profile =
        include_str!("../../../hsm-profiles/softhsm2.toml").replace("guard = \"replace\"", "guard = \"none\"");
    world.write("authority/mine.toml", profile);
    let config = configuration("test", "ecdsa-p256")
        .replace("profile = \"softhsm2\"", &format!("profile = \"{}\"", world.path("authority/mine.toml").display()));
    world.configure(&config);
    world.found().ok();
    assert!(guards(&world).is_empty());
    copy(&world, AUTHORITY, "older");
    ask(&world, "cluster1");
    let signed = world.run(&SIGN).ok().stderr;
    let folded = signed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains("By its profile it keeps no such memory."), "{signed}");
    // It cannot see this: the receivers and the paper can.
    put_back(&world, "older", AUTHORITY);
    world.run(&SIGN).ok();
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("deviation"), "it is as the profile says: {log}");
}
