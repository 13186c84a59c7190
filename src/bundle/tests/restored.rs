//! A bundle of a log that took the place of the one that was seen: accepted by its rule, or by the word of people, and
//! by nothing else. Each case changes one thing of a bundle that opens.

use super::super::fixture::{LOG, World, now};
use super::super::make::Contents;
use super::super::manifest::Receipt;
use super::super::*;
use super::{refusal, refused};
use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::log::note::{self, Checkpoint};
use crate::log::proof;
use crate::log::record::{PastLog, Restore};
use crate::x509::keygen::LocalKey;

const LOST: &str = "aabbccddeeff00112233445566778899";

/// What the cluster saw of the lost log: its bundle 4, of generation 2, at 9 entries.
fn seen(world: &World) -> Receipt {
    let opened = world.open(&world.bundle().files).unwrap();
    Receipt { log: LOST.into(), size: 9, root: Digest::of(b"seen"), sequence: 4, generation: Some(2), ..opened.receipt }
}

/// The entry of an honest restore: from a copy of 7 entries, of a log that is known to have had 12.
fn honest() -> Restore {
    Restore {
        log: Hex::parse(LOST).unwrap(),
        size: 7,
        root: Digest::of(b"copy"),
        cited: 12,
        reason: "both sticks burnt".into(),
        checkpoint: None,
        before: Vec::new(),
    }
}

/// A bundle of the new log, in which this entry is the newest: number 5, generation 2.
fn bundle(restore: Restore) -> (World, Contents) {
    let mut world = World::new();
    world.append(&restore.into());
    let mut contents = world.contents(5);
    contents.generation = 2;
    let index = world.tree.size() - 1;
    let line = world.lines.last().unwrap().clone();
    let hashes = world.tree.inclusion(index, world.tree.size()).unwrap();
    contents.restore = Some((line, proof::inclusion_proof(index, &hashes, &contents.checkpoint)));
    (world, contents)
}

fn opens(world: &World, contents: &Contents, accept: Option<&str>, older: bool) -> Result<Opened, Error> {
    // The receipt is of this world's root, whoever's log it was.
    let (receipt, local) = (seen(world), world.local());
    open(&Opening {
        files: &world.make(contents).files,
        unseal: Unseal::Identities(&world.identity),
        local: Some(&local),
        pin: RootPin::Receipt,
        receipt: Some(&receipt),
        accept_restore: accept,
        allow_older: older,
        now: now(),
    })
}

#[test]
fn a_log_that_accounts_for_what_was_seen_is_followed_from_then_on() {
    let (world, contents) = bundle(honest());
    let opened = opens(&world, &contents, None, false).unwrap();
    assert!(opened.notes.iter().any(|note| note.contains("the authority's log was restored")));
    assert_eq!((opened.receipt.log.as_str(), opened.receipt.sequence), (LOG, 5));
    // Exactly what was seen is enough; and a log that was lost before the one that was lost now is accounted for too.
    let (world, contents) = bundle(Restore { cited: 9, ..honest() });
    assert!(opens(&world, &contents, None, false).is_ok());
    let before = vec![PastLog { log: Hex::parse(LOST).unwrap(), cited: 9 }];
    let (world, contents) = bundle(Restore { log: Hex(vec![7; 16]), before, ..honest() });
    assert!(opens(&world, &contents, None, false).is_ok());
}

#[test]
fn a_restore_that_does_not_account_for_what_was_seen_is_refused() {
    let cases: [(Restore, &str); 5] = [
        (Restore { cited: 8, ..honest() }, "the log was restored from less than was seen here"),
        (Restore { log: Hex(vec![7; 16]), ..honest() }, "took the place of another one than was seen here"),
        (
            Restore {
                log: Hex(vec![7; 16]),
                before: vec![PastLog { log: Hex::parse(LOST).unwrap(), cited: 8 }],
                ..honest()
            },
            "the log was restored from less than was seen here",
        ),
        (Restore { size: 9, ..honest() }, "the log was restored from another history than was seen here"),
        (
            Restore { checkpoint: Some(checkpoint_of_lost(Digest::of(b"another"))), ..honest() },
            "the log was restored from another history than was seen here",
        ),
    ];
    for (restore, because) in cases {
        let (world, contents) = bundle(restore);
        refused(opens(&world, &contents, None, false), because);
        // People who have the new root card may say that this is the log.
        assert!(opens(&world, &contents, Some(LOG), false).is_ok(), "{because}");
        refused(opens(&world, &contents, Some(LOST), false), "is of another log than the one that is accepted");
    }
    // The same root at the same size is the history that was seen.
    let (world, contents) = bundle(Restore { checkpoint: Some(checkpoint_of_lost(Digest::of(b"seen"))), ..honest() });
    assert!(opens(&world, &contents, None, false).is_ok());
}

/// A checkpoint of the lost log at the size that was seen, with a root.
fn checkpoint_of_lost(root: Digest) -> String {
    let key = LocalKey::generate(crate::key::KeySpec::EcdsaP256).unwrap();
    let origin = note::origin("Example", &Hex::parse(LOST).unwrap());
    let checkpoint = Checkpoint { origin, size: 9, root };
    note::sign_checkpoint(&checkpoint, key.spki(), &key.sign(checkpoint.body().as_bytes()).unwrap())
}

#[test]
fn a_restore_that_is_not_in_the_log_is_refused() {
    type Change = fn(&World, &mut Contents);
    let cases: [(Change, &str); 6] = [
        (|_, contents| contents.restore = None, "comes from another log"),
        (
            |_, contents| {
                let (line, _) = contents.restore.as_mut().unwrap();
                *line = String::from_utf8(line.clone()).unwrap().replace("\"cited\":12", "\"cited\":99").into_bytes();
            },
            "restore.proof",
        ),
        (
            // The proof of another entry.
            |world, contents| {
                let size = world.tree.size();
                let proof = proof::inclusion_proof(1, &world.tree.inclusion(1, size).unwrap(), &contents.checkpoint);
                contents.restore.as_mut().unwrap().1 = proof;
            },
            "is for another entry",
        ),
        (
            // An entry that is there, and is no restore.
            |world, contents| {
                let size = world.tree.size();
                let proof = proof::inclusion_proof(1, &world.tree.inclusion(1, size).unwrap(), &contents.checkpoint);
                contents.restore = Some((world.lines[1].clone(), proof));
            },
            "does not say which log was restored",
        ),
        (
            // Under a checkpoint that is not the bundle's.
            |_, contents| {
                let (_, proof) = contents.restore.as_mut().unwrap();
                *proof = proof.replacen("\n6\n", "\n7\n", 1);
            },
            "under another checkpoint",
        ),
        (
            // Of a log that is neither.
            |_, contents| {
                let (line, _) = contents.restore.as_mut().unwrap();
                let text = String::from_utf8(line.clone()).unwrap();
                *line = text
                    .replace(
                        &format!("\"log\":\"{LOG}\",\"session\""),
                        "\"log\":\"00000000000000000000000000000000\",\"session\"",
                    )
                    .into_bytes();
            },
            "restore.json is of another log",
        ),
    ];
    for (change, because) in cases {
        let (world, mut contents) = bundle(honest());
        change(&world, &mut contents);
        let error = refusal(opens(&world, &contents, None, false));
        assert!(error.to_string().contains(because), "{because}: {error}");
    }
}

#[test]
fn what_was_seen_under_the_lost_log_is_a_floor_under_the_new_one() {
    let (world, mut contents) = bundle(honest());
    for sequence in 1..=4 {
        contents.sequence = sequence;
        refused(opens(&world, &contents, None, false), "a number that was seen under the lost log");
    }
    // The restored log may know only of an older certificate than the one that is there.
    let (world, mut contents) = bundle(honest());
    contents.generation = 1;
    refused(opens(&world, &contents, None, false), "holds an older certificate than the one that is there");
    refused(opens(&world, &contents, Some(LOG), false), "holds an older certificate than the one that is there");
    let opened = opens(&world, &contents, None, true).unwrap();
    assert_eq!(opened.receipt.generation, Some(2), "going back lowers no floor");
}
