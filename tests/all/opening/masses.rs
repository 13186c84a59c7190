//! Every byte of a bundle, outside and inside, flipped; every file cut at every length: tried in process, since there
//! are tens of thousands of them. What the program says of each kind is tried beside.

use super::reseal::{self, Files};
use super::{Cluster, Local, Opening, Unseal, fixture, open, payload};
use crate::crash::instants::each;
use crate::support::tally;
use std::sync::Mutex;

/// True where a cluster that has its request opens it.
fn opens(cluster: &Cluster, files: &Files) -> bool {
    let local = Local { csr_sha256: Some(cluster.csr_sha256), ..cluster.authority.local() };
    let opened = open(&Opening {
        files,
        unseal: Unseal::Identities(&cluster.authority.identity),
        local: Some(&local),
        pin: cluster.authority.pin(),
        receipt: None,
        accept_restore: None,
        allow_older: false,
        now: fixture::now(),
    });
    match opened {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.truths(), ["Nothing was written."]);
            false
        }
    }
}

/// Tries each; those that opened.
fn try_all<T: Sync + std::fmt::Debug>(cluster: &Cluster, all: &[T], change: impl Fn(&T) -> Files + Sync) {
    assert!(opens(cluster, &cluster.bundle().files), "without a change it opens");
    let opened = Mutex::new(Vec::new());
    each(all, |one| {
        if opens(cluster, &change(one)) {
            opened.lock().unwrap().push(format!("{one:?}"));
        }
    });
    assert_eq!(opened.into_inner().unwrap(), [""; 0], "these were opened");
}

#[test]
fn a_bundle_with_any_byte_flipped_or_any_file_cut_does_not_open() {
    let cluster = Cluster::new();
    let bundle = cluster.bundle();
    let (mut flips, mut cuts) = (Vec::new(), Vec::new());
    for (index, (_, bytes)) in bundle.files.iter().enumerate() {
        let masks: &[u8] = if tally::full() { &[1, 2, 4, 8, 16, 32, 64, 128] } else { &[1] };
        for at in 0..bytes.len() {
            flips.extend(masks.iter().map(|mask| (index, at, *mask)));
            cuts.push((index, at));
        }
    }
    try_all(&cluster, &flips, |(index, at, mask)| {
        let mut files = bundle.files.clone();
        files[*index].1[*at] ^= mask;
        files
    });
    tally::held("flips of a byte of a bundle", flips.len());
    let cuts: Vec<_> = cuts.into_iter().filter(|(_, at)| tally::full() || at % 7 == 0).collect();
    try_all(&cluster, &cuts, |(index, length)| {
        let mut files = bundle.files.clone();
        files[*index].1.truncate(*length);
        files
    });
    tally::held("lengths to which a file of a bundle was cut", cuts.len());
}

#[test]
fn a_payload_with_any_byte_flipped_inside_does_not_open_though_it_is_sealed_and_signed() {
    let cluster = Cluster::new();
    let bundle = cluster.bundle();
    let inside = reseal::payload_of(&cluster.authority, &bundle);
    let archive = payload::pack_tar(&inside).unwrap();
    // Headers and padding are where an archive lies: every byte of the first; of the rest, in CI size, a share.
    let all: Vec<usize> = (0..archive.len()).filter(|at| tally::full() || *at < 512 || at % 5 == 0).collect();
    try_all(&cluster, &all, |at| {
        let mut changed = archive.to_vec();
        changed[*at] ^= 1;
        reseal::reseal(&cluster.authority, &bundle, &changed, &inside[0].1)
    });
    tally::held("flips of a byte inside a sealed payload", all.len());
}
