//! Power cuts: whatever was not synced may be gone, and nothing that was acted on is.
//!
//! At each instant of a recorded run every unsynced file and directory may have lost what it has, together, apart, or
//! but for one ([`losses`]). Each different disk that this comes to is looked at: its log verifies, or ends in a torn
//! line; what the root key may have been asked for is in it, under a checkpoint; so is whatever the program had let out
//! of the log by then; and no certificate, CRL or bundle is there by half. Some of them (all, in the full size) are
//! gone on with, as after a kill.

use super::super::support::{ENTRIES, tally};
use super::disk::{Disk, Files, Left, Loss};
use super::evidence::{self, Acted, Evidence};
use super::recording::{self, Recording};
use super::trace::Call;
use super::{Ceremony, holds, instants};
use std::collections::{BTreeSet, HashSet};

/// Where the program's own files are; the module's are looked at apart.
pub const OURS: [&str; 3] = ["authority", "medium", "token/tokens.snapshots"];

/// The losses that are likeliest: of everything, of all bytes, of all names, of each alone.
pub fn plain_losses(disk: &Disk, below: &[&str]) -> Vec<Loss> {
    let (mut bytes, mut names) = (Loss::new(), Loss::new());
    for part in below {
        let (files, directories) = disk.dirty(part);
        bytes.extend(files.iter().map(|(node, _)| (*node, Left::Changes(0))));
        names.extend(directories.iter().map(|(node, _)| (*node, Left::Changes(0))));
    }
    let all: Loss = bytes.iter().chain(&names).map(|(node, left)| (*node, *left)).collect();
    let each = all.iter().map(|(node, left)| Loss::from([(*node, *left)]));
    let mut found: BTreeSet<Loss> = each.collect();
    found.extend([bytes, names, all]);
    found.remove(&Loss::new());
    found.into_iter().collect()
}

/// Each loss that is tried: of everything, of all bytes, of all names, of each alone and of all but each.
pub fn losses(disk: &Disk, below: &[&str]) -> Vec<Loss> {
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    for part in below {
        let (more_files, more_directories) = disk.dirty(part);
        files.extend(more_files);
        directories.extend(more_directories);
    }
    let bytes: Loss = files.iter().map(|(node, _)| (*node, Left::Changes(0))).collect();
    let names: Loss = directories.iter().map(|(node, _)| (*node, Left::Changes(0))).collect();
    let all: Loss = bytes.iter().chain(&names).map(|(node, left)| (*node, *left)).collect();
    let zeros: Loss = files.iter().map(|(node, _)| (*node, Left::Zeros)).collect();
    let mut found = BTreeSet::from([bytes.clone(), names, all.clone(), zeros]);
    for (node, changes) in files.iter().chain(&directories) {
        let is_file = files.iter().any(|(file, _)| file == node);
        let parts = (0..*changes).map(Left::Changes);
        let torn = is_file.then_some([Left::Zeros, Left::Torn]).into_iter().flatten();
        for left in parts.chain(torn) {
            // It alone; and with the bytes of every other file, or with everything else.
            for others in [Loss::new(), bytes.clone(), all.clone()] {
                let mut loss = others;
                loss.insert(*node, left);
                found.insert(loss);
            }
        }
        let mut but_one = all.clone();
        but_one.remove(node);
        found.insert(but_one);
    }
    found.remove(&Loss::new());
    found.into_iter().collect()
}

/// Every instant of a run, with every loss.
pub fn at_any_call(ceremony: &Ceremony, test: &str) {
    if !instants::can_trace(test) {
        return;
    }
    let recording = Recording::of(ceremony);
    let evidence = Evidence::of(&recording);
    let mut acted = Acted::default();
    let (mut tried, mut seen, mut different) = (0, HashSet::new(), Vec::new());
    let instants = recording.each(|disk, call, shown| {
        let now = disk.after(&Loss::new());
        acted.look(call, &now);
        evidence::token_is_durable(disk, call, shown);
        evidence::copy_is_durable(disk, call, shown);
        for loss in losses(disk, &OURS) {
            tried += 1;
            let found = disk.after(&loss);
            let at = format!("power cut at instant {shown}, with {loss:?}");
            if seen.insert((acted.count(), recording::digest(&found))) {
                evidence.holds(&found, &now, &acted, &at);
                different.push((at, found));
            }
        }
    });
    evidence::outlasts(&recording);
    // One in so many is gone on with.
    let share = if tally::full() { 1 } else { different.len().div_ceil(24) };
    let some: Vec<(String, Files)> = different.iter().step_by(share).cloned().collect();
    instants::each(&some, |(at, files)| {
        let world = recording::world_of(files);
        holds(&world, at);
        (ceremony.goes_on)(&world, at);
    });
    println!("{instants} instants, {} different disks, {} of them gone on with", different.len(), some.len());
    tally::held(&format!("power cuts in {}, each with another loss", ceremony.name), tried);
}

/// The entries of a log that are whole lines.
pub fn whole_lines(files: &Files) -> &[u8] {
    let bytes = files.get(ENTRIES).and_then(|(_, bytes)| bytes.as_ref()).map_or(&[][..], |bytes| bytes.as_slice());
    &bytes[..bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)]
}

/// True for a call that asks a key of the token for a signature.
pub fn asks_for_a_signature(call: &Call) -> bool {
    matches!(call, Call::Returned { function } if function == "C_SignInit")
}
