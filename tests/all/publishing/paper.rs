//! A log held against the paper that people signed.

use super::*;
use serde_json::Value;

/// Size, words, and the text of the code, as the end of each ceremony said.
fn papers(world: &World) -> Vec<(u64, String, String)> {
    let report: Value = serde_json::from_str(&world.run(&["log", "verify", AUTHORITY, "--json"]).ok().stdout).unwrap();
    let log = report["log"].as_str().unwrap().to_uppercase();
    let sizes = names_in(world, "authority/log/checkpoints").into_iter().map(|size| size.parse::<u64>().unwrap());
    let mut papers: Vec<_> = sizes
        .map(|size| {
            let note = String::from_utf8(world.read(format!("authority/log/checkpoints/{size}"))).unwrap();
            let root = data_encoding::BASE64.decode(note.lines().nth(2).unwrap().as_bytes()).unwrap();
            let words = anchorite::words::words(&root[..8]).join(" ");
            (size, words, format!("ANCHORITE {log} {size} {}", data_encoding::HEXUPPER.encode(&root)))
        })
        .collect();
    papers.sort();
    papers
}

#[test]
fn every_checkpoint_s_words_and_code_are_found_in_authority_publication_and_log() {
    let world = held();
    world.run(&PUBLISH).ok();
    let papers = papers(&world);
    let mut tried = 0;
    for (size, words, code) in &papers {
        let note = String::from_utf8(world.read(format!("out/log/checkpoints/{size}"))).unwrap();
        for what in [AUTHORITY, "out", "out/log/entries.jsonl"] {
            for paper in [["--checkpoint-words", words], ["--checkpoint-code", code], ["--checkpoint-code", &note]] {
                let run = [&["verify", what, "--json"][..], &paper].concat();
                let found: Value = serde_json::from_str(&world.run(&run).ok().stdout).unwrap();
                let paper = &found["paper"];
                assert_eq!(paper["size"], *size);
                let after = paper["signed_after"].as_u64().unwrap();
                assert_eq!(after, found["size"].as_u64().unwrap() - size);
                tried += 1;
            }
        }
    }
    tally::held("papers found in a log", tried);
    // As separate words, before or after the directory, in capitals; `log verify` is the same.
    let (size, words, _) = &papers[2];
    let capitals = words.to_uppercase();
    let apart: Vec<&str> = capitals.split(' ').collect();
    let shown = world.run(&[&["log", "verify", "out", "--checkpoint-words"][..], &apart].concat()).ok().stdout;
    assert!(shown.contains(&format!("tree size {size}: the same as on yours?")), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let before = [&["verify", "--checkpoint-words"][..], &apart, &["out"]].concat();
    let shown = world.run(&before).ok().stdout;
    assert!(shown.contains("This log contains what the paper signed: its first 44 entries, to entry 43 of"), "{shown}");
    assert!(shown.contains("signed too."), "{shown}");
}

/// The words that the end of a ceremony shows are those that a log is found by.
#[test]
fn the_words_that_the_last_screen_shows_are_the_paper_s() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    let shown = world.sign(&world.signing_answers(&[&sha256], &[])).ok().stderr;
    let at = shown.rfind("words 1-8").unwrap();
    let words: Vec<&str> = shown[at..].split_whitespace().skip(2).take(8).collect();
    let found = world.run(&[&["verify", AUTHORITY, "--checkpoint-words"][..], &words].concat()).ok().stdout;
    let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(found.contains("of intermediate-signing at") && found.contains("Nothing follows."), "{found}");
}

/// A log that was rewritten after the paper was signed, by somebody who holds every key, verifies and has other words.
#[test]
fn a_log_that_was_rewritten_afterwards_does_not_have_the_paper_s_words() {
    let world = held();
    let words = papers(&world).pop().unwrap().1;
    let other = held();
    let said = other.run(&["verify", AUTHORITY, "--checkpoint-words", &words]).error();
    let wanted = "error: no checkpoint of this log has the words of the paper: saw";
    assert!(said.starts_with(wanted) && said.contains("exit 40"), "{said}");
    assert!(said.contains("hint:  else the log was changed after people signed: keep both, as evidence"), "{said}");
}

#[test]
fn what_is_wrong_with_a_paper_is_said() {
    let world = held();
    let papers = papers(&world);
    let (_, words, code) = papers.last().unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    let verify = |paper: &[&str]| world.run(&[&["verify", AUTHORITY][..], paper].concat());
    let with = |words: &[&str]| verify(&[&["--checkpoint-words"][..], words].concat()).error();
    // One word of the list that is another one.
    let other = if words[4] == "zulu" { "waffle" } else { "zulu" };
    let mut read_wrongly = words.clone();
    read_wrongly[4] = other;
    let said = with(&read_wrongly);
    assert_text(
        &said,
        &format!(
            "error: no checkpoint of this log has the words of the paper: saw {}, wanted {}, of 75 entries
             hint: the other words are the same: read word 5 again
             exit 40",
            read_wrongly.join(" "),
            words.join(" ")
        ),
    );
    assert_text(
        &with(&words[..7]),
        "error: a paper has eight words of a checkpoint: saw 7 words, wanted 8 words, in their order
         exit 2",
    );
    let mut swapped = words.clone();
    swapped.swap(2, 3);
    assert_text(
        &with(&swapped),
        &format!(
            "error: --checkpoint-words: word 3 is not a word of this place: saw {}
             hint: it is of the list for the places beside it: words were swapped, or one left out
             exit 2",
            words[3]
        ),
    );
    let mut mistyped = words.clone();
    mistyped[0] = "aardvarg";
    assert_text(
        &with(&mistyped),
        "error: --checkpoint-words: word 1 is not a word of this place: saw aardvarg
         hint: the nearest is \"aardvark\"
         exit 2",
    );
    let with_code = |code: &str| verify(&["--checkpoint-code", code]).error();
    let parts: Vec<&str> = code.split(' ').collect();
    let larger = format!("{} {} 76 {}", parts[0], parts[1], parts[3]);
    assert_text(
        &with_code(&larger),
        "error: the code is of more entries than this log has: saw 76 entries, wanted 1 to 75
         hint: it is of a later ceremony, or this log was cut: get the newer log
         exit 40",
    );
    let smaller = format!("{} {} 74 {}", parts[0], parts[1], parts[3]);
    assert_text(
        &with_code(&smaller),
        "error: the log does not begin with what the code says: saw root … of 74 entries, wanted root …
         hint: the log was changed after the code was shown: keep both, as evidence
         exit 40",
    );
    let of_other = code.replacen(parts[1], &"AB".repeat(16), 1);
    assert_text(
        &with_code(&of_other),
        &format!("error: the code is of another log: saw {}, wanted … exit 40", "ab".repeat(16)),
    );
    assert_text(
        &with_code("ANCHORITE 7"),
        "error: not the text of a ceremony's code: saw ANCHORITE 7, wanted ANCHORITE LOG SIZE ROOT, as the code on the
         last screen says; or a checkpoint's text
         exit 2",
    );
    let bundle = world.bundles().remove(0).display().to_string();
    let said = world.run(&[&["verify", &bundle, "--checkpoint-words"][..], &words].concat()).error();
    assert_text(
        &said,
        "error: a paper is of a whole log, and this is a bundle
         hint: hold it against the publication, or the authority, that the bundle is of
         exit 2",
    );
}
