//! The real Envoy with merged CRLs: who talks to whom, and what stops it.

use super::mesh::{Mesh, Says, number};
use crate::envoy::{EAST, Mesh as Pair, WEST};
use crate::present::{authority, bundle_of, certified, from_pypi};
use crate::support::{AUTHORITY, PARTICIPANTS};
use crate::workload::Workload;

/// A workload of a cluster that holds its peers against a file of CRLs.
fn workload(mesh: &Mesh, cluster: &str, id: &str, crls: &str) -> Workload {
    let crls = Some(mesh.pki.world.path(crls));
    Workload { crls, ..Workload::as_istiod_does(&mesh.pki.world, cluster, id) }
}

/// Both sides have these files.
fn pair(mesh: &Mesh, envoy: &std::path::Path, west: &str, east: &str) -> Pair {
    Pair::start(envoy, &workload(mesh, "west", WEST, west), &workload(mesh, "east", EAST, east))
}

#[test]
fn with_the_merged_file_two_clusters_talk_and_without_one_cas_crl_they_do_not() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let mesh = Mesh::new();
    mesh.merge(&["west", "east"]).ok();
    pair(&mesh, &envoy, "all.pem", "all.pem").together();
    // What `open --with-crl` makes covers a cluster alone: east has none of west's intermediate.
    let reason = "unable to get certificate CRL";
    pair(&mesh, &envoy, "all.pem", "east/ca-crl.pem").west_is_refused("fail_verify_error", reason);
    // The root's is needed as much.
    let all = mesh.text("all.pem");
    let blocks: Vec<&str> = all.split_inclusive("-----END X509 CRL-----\n").collect();
    mesh.pki.world.write("rootless.pem", blocks[..2].concat());
    pair(&mesh, &envoy, "all.pem", "rootless.pem").west_is_refused("fail_verify_error", reason);
}

#[test]
fn an_expired_crl_stops_all_and_the_merge_refuses_to_write_it() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let mesh = Mesh::new();
    mesh.merge(&["west", "east"]).ok();
    let own: String = mesh.text("all.pem").split_inclusive("-----END X509 CRL-----\n").take(2).collect();
    for (days, reason) in [([-9, -1], "CRL has expired"), ([1, 9], "CRL is not yet valid")] {
        let root = mesh.crl("root", &Says { days, ..number(8) });
        mesh.pki.world.write("bad.pem", format!("{own}{root}"));
        mesh.pki.world.write("root.bad", root);
        mesh.refuses(&["west", "east", "root.bad"], &["consumer.crl.expired"]);
        pair(&mesh, &envoy, "all.pem", "bad.pem").west_is_refused("fail_verify_error", reason);
    }
}

#[test]
fn a_revoked_intermediate_is_refused_and_the_other_clusters_are_unaffected() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let mesh = Mesh::new();
    mesh.pki.cluster("north");
    let north = mesh.run(&["mesh-crl", "renew", "north"]);
    assert_eq!(north.code, Some(10), "the root's CRL is not there yet");
    mesh.crl_file("root.crl", "root", &Says { revoked: &["west"], ..number(8) });
    mesh.merge(&["west", "east", "north", "root.crl"]).ok();
    let (west, east) = (workload(&mesh, "west", WEST, "all.pem"), workload(&mesh, "east", EAST, "all.pem"));
    Pair::start(&envoy, &west, &east).west_is_refused("fail_verify_error", "certificate revoked");
    let north = workload(&mesh, "north", WEST, "all.pem");
    Pair::start(&envoy, &north, &east).together();
}

#[test]
fn an_indirect_crl_is_refused_by_envoy_as_the_rule_says() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let mesh = Mesh::new();
    mesh.merge(&["west", "east"]).ok();
    let own: String = mesh.text("all.pem").split_inclusive("-----END X509 CRL-----\n").take(2).collect();
    let root = mesh.crl("root", &Says { more: "issuingDistributionPoint=critical,@idp", ..number(8) });
    mesh.pki.world.write("indirect.pem", format!("{own}{root}"));
    let bad = pair(&mesh, &envoy, "all.pem", "indirect.pem");
    assert_eq!(bad.east.call().code, 503, "east does not believe west");
}

/// The whole way: bundles opened with CRLs, merged, an intermediate revoked by its authority, merged again.
#[test]
fn what_the_authority_revokes_is_refused_by_every_mesh_that_gets_the_merged_file() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = authority("ecdsa-p256");
    certified(&world, &["west", "east", "north"]);
    for cluster in ["west", "east", "north"] {
        let into = format!("clusters/{cluster}");
        world.run(&["open", &bundle_of(&world, cluster), "--into", &into, "--with-crl"]).ok();
    }
    let merge = || {
        let what = ["clusters/west", "clusters/east", "clusters/north", "authority/public"];
        world.run(&[&["--json", "mesh-crl", "merge", "--into", "all.pem"], &what[..]].concat()).ok().stdout
    };
    let talk = |from: &str| {
        let workload = |cluster: &str, id: &str| Workload {
            crls: Some(world.path("all.pem")),
            ..Workload::as_istiod_does(&world, &format!("clusters/{cluster}"), id)
        };
        Pair::start(&envoy, &workload(from, WEST), &workload("east", EAST))
    };
    merge();
    talk("west").together();
    let line = "[revoke]\n\"west@1\" = { revoke = \"keyCompromise\" }\n[review]\n\"crl:1\" = \"approve\"\n";
    world.write("answers-crl.toml", format!("{PARTICIPANTS}{line}"));
    let order = ["-C", AUTHORITY, "revoke", "west", "--reason", "keyCompromise"];
    world.run(&[&order[..], &["--pin-file", "pin", "--answers", "answers-crl.toml"]].concat()).ok();
    let report = merge();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["revoked"], serde_json::json!(["O=World, OU=TEST, CN=Intermediate CA, L=west, serialNumber=1"]));
    talk("west").west_is_refused("fail_verify_error", "certificate revoked");
    talk("north").together();
}
