//! Benchmarks of the log: verifying, opening, appending, proofs.
//!
//! `cargo bench --bench log -- --generate DIRECTORY ENTRIES` writes a valid log instead, for measuring whole
//! processes (`softhsm-test/bench.sh`): of each thousand entries one act signs a certificate under a checkpoint.
//! `-- --grow LOG ENTRIES` makes the log of an authority so long, for measuring what signs in it.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

// Tests use more of it.
#[path = "../tests/all/large_log.rs"]
mod large_log;
#[allow(dead_code)]
#[path = "../tests/all/log_fixture.rs"]
mod log_fixture;

use anchorite::audit::{self, Options, RootPin};
use anchorite::clock;
use anchorite::log::merkle::{self, Tree};
use anchorite::store::{self, Log};
use criterion::{Criterion, Throughput};
use large_log::{generate, grow};
use std::hint::black_box;
use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--generate" || a == "--grow") {
        let (directory, entries) = (Path::new(&arguments[at + 1]), arguments[at + 2].parse().unwrap());
        match arguments[at].as_str() {
            "--grow" => grow(directory, entries).unwrap(),
            _ => drop(generate(directory, entries).unwrap()),
        }
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    benchmarks(&mut criterion);
    criterion.final_summary();
}

fn benchmarks(criterion: &mut Criterion) {
    let directory = tempfile::TempDir::new().unwrap();
    let mut fixture = generate(directory.path(), 20_000).unwrap();
    let pin = RootPin::Certificates(vec![fixture.root_certificate.clone()]);
    let options = Options { root: pin, at_rest: true };

    let mut group = criterion.benchmark_group("log of 20,000 entries");
    group.sample_size(10).throughput(Throughput::Elements(20_000));
    group.bench_function("verify", |b| {
        b.iter(|| audit::verify(store::material(directory.path()).unwrap(), &options, &clock::monotonic).unwrap());
    });
    group.bench_function("read", |b| b.iter(|| store::read(directory.path(), &mut |_| Ok(())).unwrap().size()));
    group.finish();

    let mut group = criterion.benchmark_group("append and fsync");
    fixture.open("sign").unwrap();
    for records in [1, 100] {
        group.bench_function(format!("{records} entries"), |b| b.iter(|| fixture.filler(records).unwrap()));
    }
    group.bench_function("checkpoint", |b| {
        b.iter(|| {
            fixture.filler(1).unwrap();
            fixture.checkpoint().unwrap()
        });
    });
    group.finish();
    drop(fixture);
    Log::open(&directory.path().join("log"), &mut |_| Ok(())).unwrap();

    let mut tree = Tree::default();
    for n in 0..1_000_000u64 {
        tree.push(merkle::leaf_hash(&n.to_be_bytes()));
    }
    let (size, root) = (tree.size(), tree.root());
    let proof = tree.inclusion(123_456, size).unwrap();
    let leaf = tree.leaves()[123_456];
    let mut group = criterion.benchmark_group("proofs in a tree of 1,000,000 entries");
    group.bench_function("make inclusion", |b| b.iter(|| tree.inclusion(black_box(123_456), size)));
    group.bench_function("make consistency", |b| b.iter(|| tree.consistency(black_box(123_456), size)));
    group.bench_function("check inclusion", |b| {
        b.iter(|| merkle::verify_inclusion(black_box(&leaf), 123_456, size, &proof, &root));
    });
    group.finish();
}
