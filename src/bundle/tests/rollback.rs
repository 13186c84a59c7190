//! The log behind a bundle: the entry is in it, and it continues the one seen before.

use super::super::fixture::{LOG, World};
use super::super::manifest::Receipt;
use super::{get, refused, with_file};
use crate::digest::{Base64, Digest};
use crate::log::record::SignOutcome;

#[test]
fn an_entry_that_is_not_the_outcome_of_this_certificate_under_this_checkpoint_is_refused() {
    let world = World::new();
    refused(world.open(&with_file(&world, "entry.json", &world.lines[1])), "not the outcome of a signature");
    let mut line = world.lines[2].clone();
    line.push(b' ');
    refused(world.open(&with_file(&world, "entry.json", &line)), "inclusion.proof");
    let mut other = World::new();
    let der = Some(Base64(other.certificate.clone()));
    other.append(&SignOutcome { intent: 1, status: "ok".into(), der, reason: None }.into());
    refused(world.open(&with_file(&world, "entry.json", &other.lines[5])), "another certificate");
    // An honest line of a log that grew after the checkpoint.
    let mut grown = World::new();
    grown.grow(1);
    let note = grown.contents(1).checkpoint;
    let text = world.contents(1).inclusion_proof.replace(&world.contents(1).checkpoint, &note);
    refused(world.open(&with_file(&world, "inclusion.proof", text.as_bytes())), "another checkpoint");
    let proof = crate::log::proof::inclusion_proof(
        2,
        &world.tree.inclusion(1, 5).unwrap(),
        std::str::from_utf8(get(&world.bundle().files, "checkpoint")).unwrap(),
    );
    let mut contents = world.contents(1);
    contents.inclusion_proof = proof.replace(&world.contents(1).checkpoint, &contents.checkpoint);
    refused(world.open(&world.make(&contents).files), "inclusion.proof");
}

#[test]
fn a_later_bundle_must_prove_that_its_log_continues_the_one_seen_before() {
    let mut world = World::new();
    let first = world.bundle();
    let receipt = world.open(&first.files).unwrap().receipt;
    assert!(world.open_again(&first, &receipt, false).is_ok(), "opening the same bundle again changes nothing");
    world.grow(3);
    refused(world.open_again(&world.make(&world.contents(2)), &receipt, false), "does not prove");
    world.earlier = vec![5];
    let second = world.make(&world.contents(2));
    let next = world.open_again(&second, &receipt, false).unwrap().receipt;
    assert_eq!((next.size, next.sequence), (8, 2));
    let mut contents = world.contents(2);
    contents.previous_bundle = Some(first.id.clone());
    assert!(world.open_again(&world.make(&contents), &receipt, false).is_ok());
    contents.previous_bundle = Some("00".repeat(16));
    refused(world.open_again(&world.make(&contents), &receipt, false), "follows another than the one that is there");
    contents.sequence = 3;
    assert!(world.open_again(&world.make(&contents), &receipt, false).is_ok(), "one is missing between them");
    // A receipt of a tree that this log never had: the log was rewritten.
    let forked = Receipt { root: Digest::of(b"other"), ..receipt.clone() };
    refused(world.open_again(&second, &forked, false), "rewritten");
    let forked = Receipt { size: 8, sequence: 1, ..forked };
    refused(world.open_again(&second, &forked, false), "rewritten");
    let other_log = Receipt { log: "00".repeat(16), ..receipt.clone() };
    refused(world.open_again(&second, &other_log, false), "another log");
    let other_cluster = Receipt { cluster: "cluster2".into(), ..receipt.clone() };
    refused(world.open_again(&second, &other_cluster, false), "another cluster");
    let same_number = Receipt { sequence: 2, ..receipt.clone() };
    refused(world.open_again(&second, &same_number, false), "the same number");
    let other_root = Receipt { root_fingerprint: Digest::of(b"other"), ..receipt };
    refused(world.open_again(&second, &other_root, false), "neither the pinned one");
}

#[test]
fn an_older_bundle_is_refused_and_taken_on_demand_without_lowering_the_floor() {
    let mut world = World::new();
    let first = world.bundle();
    world.grow(1);
    world.earlier = vec![5];
    let newest = world.open(&world.make(&world.contents(2)).files).unwrap().receipt;
    refused(world.open_again(&first, &newest, false), "older than the one that is there");
    let taken = world.open_again(&first, &newest, true).unwrap();
    assert_eq!(taken.receipt, newest);
    assert_eq!(taken.notes.len(), 1);
    assert_eq!(taken.manifest.log, LOG);
    // Even then the log must be the one that was seen, as far as it can be shown.
    let late = world.make(&world.contents(1));
    assert!(world.open_again(&late, &newest, true).is_ok());
    let forked = Receipt { root: Digest::of(b"other"), ..newest };
    refused(world.open_again(&late, &forked, true), "rewritten");
}

#[test]
fn a_new_bundle_of_an_older_generation_is_refused_and_taken_on_demand_without_lowering_the_floor() {
    let mut world = World::new();
    let mut contents = world.contents(1);
    contents.generation = 2;
    let second = world.open(&world.make(&contents).files).unwrap().receipt;
    assert_eq!(second.generation, Some(2));
    // Made again later: its number is the newest of all.
    world.grow(1);
    world.earlier = vec![5];
    let first_again = world.make(&world.contents(2));
    refused(world.open_again(&first_again, &second, false), "an older certificate than the one that is there");
    let taken = world.open_again(&first_again, &second, true).unwrap();
    assert_eq!((taken.receipt.sequence, taken.receipt.generation), (2, Some(2)));
    assert_eq!(taken.notes, ["generation 1, and generation 2 was opened here before"]);
    // A receipt of before it was kept says nothing of generations.
    let silent = Receipt { generation: None, ..second };
    assert_eq!(world.open_again(&first_again, &silent, false).unwrap().receipt.generation, Some(1));
}
