//! Walks a mesh of two workloads through the stages of a rollover: each workload takes its new leaf and its new
//! roots when it likes, in every order that the barrier between stages allows, and at every point both call
//! each other by strict mTLS.

use super::proxy::{Peer, Proxy};
use crate::support::World;
use crate::workload::Workload;
use std::io::Write;
use std::path::Path;

/// A workload, and the directories of its cluster's CA at each stage of a walk.
pub struct Walker<'a> {
    pub id: &'a str,
    pub stages: Vec<String>,
}

impl<'a> Walker<'a> {
    /// Stage 0 is what is there now; 1 to 3 are what `rollover plan` wrote.
    pub fn from(id: &'a str, current: &str, out: &str) -> Self {
        let planned = (1..=3).map(|stage| format!("{out}/stage-{stage}"));
        Self { id, stages: [current.to_owned()].into_iter().chain(planned).collect() }
    }

    /// The same without a stage.
    pub fn without(mut self, stage: usize) -> Self {
        self.stages.remove(stage);
        self
    }
}

/// What came of a walk.
#[derive(Debug, Default)]
pub struct Tally {
    pub tried: usize,
    pub failed: usize,
    /// One that failed, in Envoy's words, and where that was: the first whose caller knew why.
    pub failure: String,
}

/// What a workload changes when its cluster goes to the next stage: one thing at a time.
#[derive(Debug, Clone, Copy)]
enum Move {
    Leaf,
    Roots,
}

/// Every step of two workloads from a stage to the next.
const STEPS: [(usize, Move); 4] = [(0, Move::Leaf), (0, Move::Roots), (1, Move::Leaf), (1, Move::Roots)];

/// Walks from stage to stage, through every order of the four steps between two of them; prints what was tried.
///
/// A workload's roots are its stage's `root-cert.pem`; its leaf is signed by its stage's key and shown with
/// `cert-chain.pem` and `root-cert.pem` behind it, which is what istiod answers to a request and its agent shows.
pub fn walk(envoy: &Path, world: &World, title: &str, walkers: &[Walker<'_>; 2]) -> Tally {
    let held = walkers.each_ref().map(|walker| {
        let stages = walker.stages.iter().map(|ca| Workload::as_istiod_does(world, ca, walker.id));
        stages.collect::<Vec<_>>()
    });
    let sockets = tempfile::Builder::new().prefix("walk-").tempdir().unwrap();
    let places = ["a", "b"].map(|name| sockets.path().join(name));
    let proxies = [0, 1].map(|side| {
        let peer = Peer { dir: &places[1 - side], id: walkers[1 - side].id };
        Proxy::start(envoy, &places[side], &held[side][0], &peer)
    });
    let mut bench = Bench { walkers, proxies, tally: Tally::default() };
    bench.call("at the beginning");
    for next in 1..held[0].len() {
        for order in orders() {
            for (side, moved) in STEPS {
                take(&bench.proxies[side], &held[side][next - 1], moved);
            }
            for (step, (side, moved)) in order.iter().enumerate() {
                take(&bench.proxies[*side], &held[*side][next], *moved);
                bench.call(&format!("on the way to {}, after {:?}", walkers[0].stages[next], &order[..=step]));
            }
        }
    }
    let handshakes: u64 = bench.proxies.iter().map(|proxy| proxy.counter("listener.inbound.ssl.handshake")).sum();
    let Tally { tried, failed, failure } = &bench.tally;
    assert_eq!(handshakes, (tried - failed) as u64, "each call that succeeded made a handshake of its own");
    say(&format!("{title}: {tried} handshakes tried, {failed} failed"));
    if *failed > 0 {
        say(&format!("  one of them, {failure}"));
    }
    bench.tally
}

/// To stderr itself: what the macros print, runners of tests keep to themselves while all goes well.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

fn take(proxy: &Proxy, held: &Workload, moved: Move) {
    match moved {
        Move::Leaf => proxy.take_leaf(held),
        Move::Roots => proxy.take_roots(held),
    }
}

struct Bench<'a> {
    walkers: &'a [Walker<'a>; 2],
    proxies: [Proxy; 2],
    tally: Tally,
}

impl Bench<'_> {
    /// Each workload calls the other, over a new connection.
    fn call(&mut self, at: &str) {
        for (side, proxy) in self.proxies.iter().enumerate() {
            let answer = proxy.call();
            let [caller, called] = [side, 1 - side].map(|side| self.walkers[side].id);
            self.tally.tried += 1;
            if answer.code == 200 {
                assert_eq!(answer.body, format!("{called} was called by {caller}"));
                continue;
            }
            // Where the called one refuses, the caller only sees the connection end.
            let knows = |words: &str| words.contains("TLS_error");
            if self.tally.failed == 0 || knows(&answer.body) && !knows(&self.tally.failure) {
                self.tally.failure = format!("{at}: {caller}: {}", answer.body);
            }
            self.tally.failed += 1;
        }
    }
}

/// The 24 orders of the four steps.
fn orders() -> Vec<Vec<(usize, Move)>> {
    fn extend(chosen: Vec<usize>, into: &mut Vec<Vec<usize>>) {
        if chosen.len() == STEPS.len() {
            into.push(chosen);
            return;
        }
        for step in (0..STEPS.len()).filter(|step| !chosen.contains(step)) {
            extend([&chosen[..], &[step]].concat(), into);
        }
    }
    let mut orders = Vec::new();
    extend(Vec::new(), &mut orders);
    orders.into_iter().map(|order| order.into_iter().map(|step| STEPS[step]).collect()).collect()
}
