//! `mesh-crl check`: what cron is told.

use super::mesh::{Mesh, Says, flat, number};
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

fn merged() -> Mesh {
    let mesh = Mesh::new();
    mesh.merge(&["west", "east"]).ok();
    for cluster in ["west", "east"] {
        mesh.pki.world.write(format!("{cluster}/ca-crl.pem"), mesh.text("all.pem"));
        // No key is read.
        std::fs::remove_file(mesh.pki.world.path(format!("{cluster}/ca-key.pem"))).unwrap();
    }
    mesh
}

#[test]
fn nothing_is_due_until_the_days_that_are_asked_for() {
    let mesh = merged();
    mesh.run(&["mesh-crl", "check", "west", "east", "all.pem"]).ok();
    // The root's CRL ends in thirty days.
    let due = mesh.run(&["mesh-crl", "check", "west", "--days", "31"]);
    assert_eq!(due.code, Some(10), "{}", due.refusal());
    assert!(due.stdout.contains("consumer.crl.near-end"), "{}", due.stdout);
    let said = flat(&due.error());
    assert!(said.contains("a CRL is due, wrong or missing: saw 1 finding, wanted none within 31 days"), "{said}");
    assert!(said.contains("begin with consumer.crl.near-end: an intermediate's: anchorite mesh-crl renew"), "{said}");
    for line in due.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let report = mesh.run(&["--json", "mesh-crl", "check", "all.pem", "--days", "31"]);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!((&report["good"], report["looked_at"][0]["crls"].as_array().unwrap().len()), (&Value::Bool(false), 3));
}

#[test]
fn what_is_wrong_or_missing_is_due_as_well() {
    let mesh = merged();
    let own = mesh.text("west/ca-crl.pem");
    let without_east = own.split_inclusive("-----END X509 CRL-----\n").skip(1).collect::<String>();
    mesh.pki.world.write("west/ca-crl.pem", without_east);
    mesh.run(&["mesh-crl", "check", "west"]).ok();
    let said = mesh.run(&["mesh-crl", "check", "west", "east"]);
    assert_eq!(said.code, Some(10));
    assert!(
        flat(&said.stdout).contains("west: no CRL of O=Istio, CN=Intermediate CA, L=east (east)"),
        "{}",
        said.stdout
    );
    mesh.crl_file("expired.crl", "root", &Says { days: [-9, -1], ..number(8) });
    let said = mesh.run(&["mesh-crl", "check", "expired.crl"]);
    assert_eq!(said.code, Some(10));
    assert!(said.stdout.contains("consumer.crl.expired") && said.stdout.contains("(expired)"), "{}", said.stdout);
    mesh.crl_file("west/ca-crl.pem", "root", &number(8));
    let said = mesh.run(&["mesh-crl", "check", "west"]);
    assert!(said.stdout.contains("consumer.crl.missing"), "{}", said.stdout);
}

#[test]
fn the_configmap_of_a_running_mesh_can_be_piped_in() {
    let mesh = merged();
    let mut command = mesh.pki.world.command(&["mesh-crl", "check", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(mesh.text("all.pem").as_bytes()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn where_there_is_no_crl_that_is_said() {
    let mesh = merged();
    let said = flat(&mesh.run(&["mesh-crl", "check", "good"]).refusal());
    assert!(said.contains("there is no CRL here: saw good/ca-crl.pem, wanted ca-crl.pem"), "{said}");
    assert!(said.contains("a mesh without ca-crl.pem checks no CRL, and nothing is due") && said.contains("exit 30"));
    std::fs::remove_file(mesh.pki.world.path("west/root-cert.pem")).unwrap();
    let said = flat(&mesh.run(&["mesh-crl", "check", "west"]).refusal());
    assert!(said.contains("there are no CA certificates beside the CRLs: saw west"), "{said}");
    assert!(said.contains("for the dates alone: anchorite mesh-crl check west/ca-crl.pem"), "{said}");
    mesh.pki.world.write("empty.pem", "\n");
    assert!(flat(&mesh.run(&["mesh-crl", "check", "empty.pem"]).refusal()).contains("there is no CRL here"));
}
