//! Two clusters' workloads talk through two real Envoys by strict mTLS, below two intermediates of one root;
//! and what must break that, does.

pub mod proxy;
mod rollovers;
mod walk;

use crate::cross::old_root_and_cross;
use crate::present::{authority, certified, from_pypi};
use crate::support::World;
use crate::workload::{Workload, certify_ca, foreign_root};
use proxy::{Answer, Peer, Proxy};
use std::path::Path;

pub const WEST: &str = "spiffe://west.local/ns/shop/sa/cart";
pub const EAST: &str = "spiffe://east.local/ns/bank/sa/till";
/// An intermediate's usual extensions.
const LAST: &str = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n";

/// Two workloads, each behind its Envoy, each expecting the other by its SPIFFE ID.
pub struct Mesh {
    pub west: Proxy,
    pub east: Proxy,
    _sockets: tempfile::TempDir,
}

impl Mesh {
    pub fn start(envoy: &Path, west: &Workload, east: &Workload) -> Self {
        // A socket's path has 107 bytes at most.
        let sockets = tempfile::Builder::new().prefix("mesh-").tempdir().unwrap();
        let (at_west, at_east) = (sockets.path().join("west"), sockets.path().join("east"));
        let side = |dir, own, peer_dir, id| Proxy::start(envoy, dir, own, &Peer { dir: peer_dir, id });
        let started = (side(&at_west, west, &at_east, EAST), side(&at_east, east, &at_west, WEST));
        Self { west: started.0, east: started.1, _sockets: sockets }
    }

    /// East refuses west's certificate, both as a server and as a client, for this reason in Envoy's words.
    #[track_caller]
    pub fn west_is_refused(&self, counter: &str, reason: &str) {
        let said = [&self.west, &self.east].map(Proxy::call);
        for Answer { code, body } in &said {
            assert_eq!(*code, 503, "{body}");
        }
        for side in ["listener.inbound", "cluster.peer"] {
            assert_eq!(self.east.counter(&format!("{side}.ssl.{counter}")), 1, "{side}: {said:?}");
            assert_eq!(self.east.counter(&format!("{side}.ssl.handshake")), 0, "{side}: {said:?}");
        }
        let [_, as_client] = said;
        assert!(as_client.body.contains(&reason.replace(' ', "_")), "{}", as_client.body);
    }

    #[track_caller]
    pub fn together(&self) {
        for (side, caller, called) in [(&self.west, WEST, EAST), (&self.east, EAST, WEST)] {
            let answer = side.call();
            assert_eq!(answer.code, 200, "{answer:?}");
            assert_eq!(answer.body, format!("{called} was called by {caller}"));
        }
    }
}

/// An authority with two clusters, certified and opened.
fn two_clusters() -> World {
    let world = authority("ecdsa-p256");
    certified(&world, &["west", "east"]);
    world
}

fn workloads(world: &World, west: &str, east: &str) -> (Workload, Workload) {
    (Workload::under(world, west, WEST), Workload::under(world, east, EAST))
}

#[test]
fn workloads_of_two_clusters_under_one_root_talk_by_strict_mtls_in_both_directions() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = two_clusters();
    let (west, east) = workloads(&world, "clusters/west", "clusters/east");
    let mesh = Mesh::start(&envoy, &west, &east);
    mesh.together();
    for side in [&mesh.west, &mesh.east] {
        assert_eq!(side.counter("listener.inbound.ssl.handshake"), 1);
        assert_eq!(side.counter("cluster.peer.ssl.handshake"), 1);
        assert_eq!(side.counter("listener.inbound.ssl.no_certificate"), 0);
    }
}

#[test]
fn a_workload_of_another_root_with_the_same_names_is_rejected() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let (world, other) = (two_clusters(), two_clusters());
    let (west, east) = workloads(&world, "clusters/west", "clusters/east");
    let (west_of_other, _) = workloads(&other, "clusters/west", "clusters/east");
    // With its own trust it would refuse east first: only its certificate is the other root's.
    let west = Workload { trust: west.trust, ..west_of_other };
    let mesh = Mesh::start(&envoy, &west, &east);
    mesh.west_is_refused("fail_verify_error", "at depth 2: self signed certificate in certificate chain");
}

#[test]
fn a_chain_without_its_intermediate_is_rejected() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = two_clusters();
    let (west, east) = workloads(&world, "clusters/west", "clusters/east");
    let leaf = world.read(west.chain.with_file_name("cert.pem"));
    world.write(&west.chain, [leaf, world.read(&west.trust)].concat());
    let mesh = Mesh::start(&envoy, &west, &east);
    mesh.west_is_refused("fail_verify_error", "at depth 0: unable to get local issuer certificate");
}

#[test]
fn a_peer_with_another_spiffe_id_is_rejected() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = two_clusters();
    let (_, east) = workloads(&world, "clusters/west", "clusters/east");
    let thief = Workload::under(&world, "clusters/west", "spiffe://west.local/ns/shop/sa/thief");
    let mesh = Mesh::start(&envoy, &thief, &east);
    mesh.west_is_refused("fail_verify_san", "certificate SANs are [spiffe://west.local/ns/shop/sa/thief]");
}

/// Anchorite issues none of these, so openssl does, below a root of its own.
#[test]
fn an_intermediate_that_breaks_its_profile_is_rejected_and_nothing_else_is_wrong_with_it() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = World::new();
    foreign_root(&world, "root");
    certify_ca(&world, "root", "good", LAST);
    let (west, east) = workloads(&world, "good", "good");
    Mesh::start(&envoy, &west, &east).together();

    certify_ca(&world, "root", "unsigning", &LAST.replace("keyCertSign,", ""));
    certify_ca(&world, "root", "not-ca", &LAST.replace("CA:TRUE,pathlen:0", "CA:FALSE"));
    certify_ca(&world, "good", "too-deep", LAST);
    certify_ca(&world, "root", "any-usage", &format!("{LAST}extendedKeyUsage=anyExtendedKeyUsage\n"));
    for (ca, reason) in [
        ("unsigning", "at depth 0: unable to get local issuer certificate"),
        ("not-ca", "at depth 1: invalid CA certificate"),
        ("any-usage", "at depth 1: unsupported certificate purpose"),
        ("too-deep", "at depth 2: path length constraint exceeded"),
    ] {
        let (west, _) = workloads(&world, ca, "good");
        Mesh::start(&envoy, &west, &east).west_is_refused("fail_verify_error", reason);
    }
}

#[test]
fn an_intermediate_for_servers_only_cannot_vouch_for_a_client() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = World::new();
    foreign_root(&world, "root");
    certify_ca(&world, "root", "good", LAST);
    certify_ca(&world, "root", "server-only", &format!("{LAST}extendedKeyUsage=serverAuth\n"));
    let (west, east) = workloads(&world, "server-only", "good");
    let mesh = Mesh::start(&envoy, &west, &east);
    assert_eq!(mesh.west.call().code, 503);
    assert_eq!(mesh.east.counter("listener.inbound.ssl.fail_verify_error"), 1);
    assert_eq!(mesh.east.call().code, 200, "as a server it is believed");
}
/// What a switch of roots stands on: east has not heard of west's root yet. Envoy takes the first issuer of a
/// name that it finds in a chain and does not turn back, so the cross certificate stands before the root.
#[test]
fn a_cross_certificate_makes_an_old_root_believe_the_new_ones_workloads_if_it_stands_before_the_new_root() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = authority("ecdsa-p256");
    certified(&world, &["west"]);
    old_root_and_cross(&world);
    certify_ca(&world, "old", "east", LAST);
    let (west, east) = workloads(&world, "clusters/west", "east");
    let [leaf, intermediate, root, old, cross] = [
        west.chain.with_file_name("cert.pem"),
        world.path("clusters/west/ca-cert.pem"),
        west.trust.clone(),
        east.trust.clone(),
        world.path("old/cross.pem"),
    ]
    .map(|file| world.read(file));
    let west = Workload { trust: world.write("both.pem", [&root[..], &old].concat()), ..west };

    for above in [[&cross[..], &[]], [&cross, &root]] {
        world.write(&west.chain, [&leaf, &intermediate, above[0], above[1]].concat());
        Mesh::start(&envoy, &west, &east).together();
    }
    for above in [[&root[..], &[]], [&root, &cross]] {
        world.write(&west.chain, [&leaf, &intermediate, above[0], above[1]].concat());
        let mesh = Mesh::start(&envoy, &west, &east);
        mesh.west_is_refused("fail_verify_error", "at depth 2: self signed certificate in certificate chain");
    }
}
