//! `status` of public files: no authority, no key.

use super::{running, words};
use crate::support::*;
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::fs::File;

/// `status` of public files at a time.
fn of(world: &World, now: &str, what: &[&str]) -> Output {
    world.run(&[&["--now", now, "status"], what].concat())
}

#[test]
fn a_cluster_s_own_directory_says_what_ends_when_without_its_key() {
    let world = running();
    for key in ["ca-key.pem", "identity.age"] {
        std::fs::remove_file(world.path(format!("clusters/west/{key}"))).unwrap();
    }
    let shown = of(&world, "2027-10-01T10:00:00Z", &["clusters/west"]).ok().stdout;
    let said = words(&shown);
    for wanted in [
        "west public files intermediate O=World, OU=TEST, CN=Intermediate CA, L=west, serialNumber=1 until 2027-11-21 \
         root O=World, OU=TEST, CN=World Mesh Root CA until 2036-11-18 \
         CRL O=World, OU=TEST, CN=World Mesh Root CA number 1, until 2027-05-20",
        "! 2027-04-20 2027-05-20 -134 get the next CRL of World Mesh Root CA",
        "! 2027-09-21 2027-11-20 49 renew the intermediate of west",
        "2035-11-19 2036-11-18 3335 replace the root World Mesh Root CA",
        "how ask its authority: the newest is public/root.crl, and in new bundles (anchorite export --all)",
        "how anchorite request west --renew",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn the_crls_of_the_mesh_are_told_apart_from_the_one_of_the_bundle_each_with_its_own_way() {
    let world = running();
    world.run(&["--now", "2026-12-01T10:00:00Z", "mesh-crl", "renew", "clusters/west"]).ok();
    let shown = of(&world, "2027-10-25T10:00:00Z", &["clusters/west"]).ok().stdout;
    let said = words(&shown);
    for wanted in [
        "number 1, until 2027-05-20, in ca-crl.pem begin by",
        "get the next CRL of World Mesh Root CA",
        "renew ca-crl.pem: the CRL of World Mesh Root CA",
        "renew ca-crl.pem: the CRL of Intermediate CA",
        "how ask its authority: the newest is public/root.crl; then anchorite mesh-crl merge, for every cluster",
        "how anchorite mesh-crl renew DIR; then anchorite mesh-crl merge, for every cluster",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
}

#[test]
fn cron_is_told_by_the_exit_code_from_a_directory_a_secret_or_a_pipe() {
    let world = running();
    let data: serde_json::Map<String, Value> = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"]
        .into_iter()
        .map(|name| (name.to_owned(), BASE64.encode(&world.read(format!("clusters/west/{name}"))).into()))
        .collect();
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "cacerts" }, "data": data });
    world.secret("secret.json", &secret.to_string());
    for what in ["clusters/west", "secret.json"] {
        let quiet = of(&world, "2027-04-20T09:24:58Z", &[what, "--check"]).ok();
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
        assert_eq!(of(&world, "2027-09-21T10:00:00Z", &[what, "--check"]).code, Some(10));
    }
    let mut piped = world.command(&["--now", "2027-09-21T10:00:00Z", "status", "-", "--check"]);
    piped.stdin(File::open(world.path("secret.json")).unwrap());
    let output = piped.output().unwrap();
    assert_eq!(output.status.code(), Some(10));
    let said = words(&String::from_utf8(output.stderr).unwrap());
    assert!(
        said.ends_with(
            "error: 1 thing has to be begun; first: renew the intermediate of west, by 2027-11-20 hint: begin with: \
         anchorite request west --renew"
        ),
        "{said}"
    );
    // Leaves that live for a month leave less time.
    let month = ["secret.json", "--check", "--leaf-ttl", "720"];
    assert_eq!(of(&world, "2027-08-23T09:54:58Z", &month).code, Some(0));
    assert_eq!(of(&world, "2027-08-23T09:54:59Z", &month).code, Some(10));
}

#[test]
fn several_clusters_share_one_root_and_one_crl() {
    let world = running();
    let bundle = world.issued("east").display().to_string();
    super::open(&world, &bundle, "east");
    let json = of(&world, "2026-12-01T10:00:00Z", &["--json", "clusters/west", "clusters/east"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let ids: Vec<&str> =
        json["due"].as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap().split('.').next().unwrap()).collect();
    assert_eq!(ids, ["crl", "intermediate", "intermediate", "root"]);
    let names: Vec<&Value> = json["places"].as_array().unwrap().iter().map(|place| &place["name"]).collect();
    assert_eq!(names, ["west", "east"]);
    assert_eq!(json["places"][0]["crls"][0]["verified"], true);
    let ics = of(&world, "2026-12-01T10:00:00Z", &["clusters/west", "clusters/east", "--ics", "-"]).ok().stdout;
    assert!(ics.contains("X-WR-CALNAME:west\\, east\r\n"), "{ics}");
}

#[test]
fn the_authority_s_public_directory_and_single_files_are_looked_at() {
    let world = running();
    let public = of(&world, "2026-12-01T10:00:00Z", &["--json", "authority/public"]).ok().stdout;
    let public: Value = serde_json::from_str(&public).unwrap();
    let due: Vec<&Value> = public["due"].as_array().unwrap().iter().map(|due| &due["what"]).collect();
    assert_eq!(due, ["get the next CRL of World Mesh Root CA", "replace the root World Mesh Root CA"]);
    // Alone, a CRL is not known to be its issuer's.
    let alone = of(&world, "2026-12-01T10:00:00Z", &["authority/public/root.crl"]).ok().stdout;
    assert!(words(&alone).contains("number 1, until 2027-05-20; NOT verified: its issuer is not here"), "{alone}");
}

#[test]
fn a_date_is_believed_only_where_the_signature_holds() {
    let world = running();
    // Another authority of the same names: its CRL says other dates.
    let other = running();
    world.write("clusters/west/root.crl", other.read("clusters/west/root.crl"));
    world.refused(
        &["--now", SIGNING, "status", "clusters/west", "--check"],
        "
        error: clusters/west: root.crl: a CRL is not signed by the issuer that is beside
               it: saw O=World, OU=TEST, CN=World Mesh Root CA
        hint:  its dates say nothing: take the CRL of the newest bundle, or of the
               authority's public directory
        exit 40
    ",
    );
    world.write("clusters/west/root.crl", world.read("authority/public/root.crl"));
    world.write("clusters/west/root-cert.pem", other.read("clusters/west/root-cert.pem"));
    world.write("clusters/west/cert-chain.pem", world.read("clusters/west/ca-cert.pem"));
    world.refused(
        &["--now", SIGNING, "status", "clusters/west", "--check"],
        "
        error: clusters/west: ca-cert.pem: a certificate is not signed by the issuer
               that is beside it: saw O=World, OU=TEST, CN=Intermediate CA, L=west,
               serialNumber=1, wanted signed by O=World, OU=TEST, CN=World Mesh Root CA
        exit 40
    ",
    );
}

#[test]
fn what_is_no_place_with_public_files_is_named() {
    let world = running();
    std::fs::create_dir(world.path("empty")).unwrap();
    world.refused(
        &["--now", SIGNING, "status", "empty"],
        "
        error: there is no CA certificate and no CRL here: saw empty, wanted
               ca-cert.pem, root-cert.pem, root.crl; or a Secret with them
        hint:  an authority is named with -C DIR
        exit 30
    ",
    );
    world.refused(
        &["--now", SIGNING, "status", "authority"],
        "
        error: this is an authority, and its public files were asked about: saw
               authority
        hint:  the authority itself: anchorite -C authority status
        hint:  its public files: anchorite status authority/public
        exit 2
    ",
    );
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let broken = of(&world, SIGNING, &["broken.pem"]);
    assert_eq!(broken.code, Some(40));
    assert!(words(&broken.stderr).starts_with("error: broken.pem: broken.pem: "), "{}", broken.stderr);
    world.refused(
        &["-C", AUTHORITY, "status", "clusters/west"],
        "
        error: an authority and public files were asked about at once: saw authority,
               wanted one of them
        hint:  leave -C out: public files need no authority
        exit 2
    ",
    );
}
