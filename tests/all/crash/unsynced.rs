//! Would the power cuts find a sync that is missing? Each kind of sync is taken out of a recorded run, and a power cut
//! must be found after which something does not hold. The run itself is what the program did; only the disk forgets.

use super::super::support::tally;
use super::cuts::{OURS, plain_losses};
use super::disk::Loss;
use super::evidence::{self, Acted, Evidence};
use super::export::AGAIN;
use super::genesis::GENESIS;
use super::recording::{self, Recording};
use super::signing::SIGNING_TWO;
use super::{Ceremony, instants};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// True where some power cut in the run leaves what must not be.
fn is_found(recording: &Recording, evidence: &Evidence) -> bool {
    let (mut acted, mut seen) = (Acted::default(), HashSet::new());
    let looked = catch_unwind(AssertUnwindSafe(|| {
        recording.each(|disk, call, shown| {
            let now = disk.after(&Loss::new());
            acted.look(call, &now);
            evidence::token_is_durable(disk, call, shown);
            evidence::copy_is_durable(disk, call, shown);
            for loss in plain_losses(disk, &OURS) {
                let found = disk.after(&loss);
                if seen.insert((acted.count(), recording::digest(&found))) {
                    evidence.holds(&found, &now, &acted, shown);
                }
            }
        });
        evidence::outlasts(recording);
    }));
    looked.is_err()
}

/// The files of a token that has its keys: what is lost of them is the newer guard, and the older one serves. What a
/// ceremony does then is tried by `crash::damage`.
const TOKEN: &str = "token/tokens/";

fn each_kind_is_missed(ceremony: &Ceremony, but: Option<&str>, test: &str) {
    if !instants::can_trace(test) {
        return;
    }
    let recording = Recording::of(ceremony);
    let evidence = Evidence::of(&recording);
    let mut kinds = recording.syncs();
    kinds.retain(|kind| but.is_none_or(|but| !kind.starts_with(but)));
    let unmissed: Vec<&String> = kinds.iter().filter(|kind| !is_found(&recording.without(kind), &evidence)).collect();
    assert_eq!(unmissed, Vec::<&String>::new(), "syncs that no power cut misses, of {kinds:?}");
    tally::held(&format!("kinds of syncs in {}, each taken out and missed", ceremony.name), kinds.len());
}

#[test]
fn each_sync_of_a_signing_session_is_missed_by_a_power_cut() {
    // In the small size, those of a genesis say the same of all but `issued/` and media.
    if !tally::full() {
        return;
    }
    each_kind_is_missed(&SIGNING_TWO, Some(TOKEN), "each_sync_of_a_signing_session_is_missed_by_a_power_cut");
}

#[test]
fn each_sync_of_a_genesis_is_missed_by_a_power_cut() {
    each_kind_is_missed(&GENESIS, None, "each_sync_of_a_genesis_is_missed_by_a_power_cut");
}

#[test]
fn each_sync_of_an_export_is_missed_by_a_power_cut() {
    if !tally::full() {
        return;
    }
    each_kind_is_missed(&AGAIN, Some(TOKEN), "each_sync_of_an_export_is_missed_by_a_power_cut");
}
