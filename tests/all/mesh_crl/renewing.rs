//! `mesh-crl renew`: the intermediate's own CRL, by its key.

use super::mesh::{Mesh, Says, flat, number};
use crate::cacerts::pki::INTERMEDIATE;
use serde_json::Value;

fn own(mesh: &Mesh) -> Value {
    let shown = mesh.run(&["--json", "inspect", "crl", "west/ca-crl.pem"]).ok().stdout;
    serde_json::from_str::<Value>(&shown).unwrap()[0].clone()
}

#[test]
fn the_own_crl_keeps_what_it_listed_and_its_number_rises() {
    let mesh = Mesh::new();
    let first = own(&mesh);
    assert_eq!(first["revoked"], serde_json::json!([]));
    let seconds = jiff::Timestamp::now().as_second().unsigned_abs();
    assert!(first["number"].as_u64().unwrap().abs_diff(seconds) < 600, "{first}");
    // A number that is ahead of the clock still rises; entries made elsewhere stay, with date and reason.
    let listed = mesh.crl("west", &Says { revoked: &["good"], ..number(4_000_000_000) });
    mesh.pki.world.write("west/ca-crl.pem", listed);
    mesh.run(&["mesh-crl", "renew", "west", "--crl-days", "30"]).ok();
    let second = own(&mesh);
    assert_eq!(second["number"], 4_000_000_001_u64);
    assert_eq!(second["revoked"].as_array().unwrap().len(), 1);
    let days = |row: &Value| {
        let at = |key: &str| row[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        at("next_update").duration_since(at("this_update")).as_hours() / 24
    };
    assert_eq!((days(&first), days(&second)), (365, 30));
    // Each list begins anew where no file is left, under a number that no earlier one had.
    std::fs::remove_file(mesh.pki.world.path("west/ca-crl.pem")).unwrap();
    mesh.run(&["mesh-crl", "renew", "west"]).ok();
    assert!(own(&mesh)["number"].as_u64() >= first["number"].as_u64());
}

#[test]
fn it_never_outlives_the_intermediate_and_an_expired_one_makes_none() {
    let mesh = Mesh::new();
    mesh.pki.special("west", INTERMEDIATE, &["-days", "40"]);
    mesh.run(&["mesh-crl", "renew", "west"]);
    std::fs::remove_file(mesh.pki.world.path("west/ca-crl.pem")).unwrap();
    mesh.run(&["mesh-crl", "renew", "west"]).ok();
    let until = own(&mesh)["next_update"].as_str().unwrap().to_owned();
    let shown = mesh.run(&["--json", "inspect", "certificate", "west/ca-cert.pem"]).ok().stdout;
    assert!(shown.contains(&until), "{until}: {shown}");
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 41)).to_string();
    let said = flat(&mesh.run(&["--now", &later, "mesh-crl", "renew", "west"]).error());
    assert!(said.contains("the intermediate has expired: no CRL of it would help"), "{said}");
    assert!(said.contains("anchorite request NAME --renew") && said.contains("exit 40"), "{said}");
}

#[test]
fn the_newest_of_the_others_stay_and_the_bundles_root_crl_is_among_them() {
    let mesh = Mesh::new();
    mesh.merge(&["west", "east"]).ok();
    mesh.pki.world.write("west/ca-crl.pem", mesh.text("all.pem"));
    mesh.crl_file("west/root.crl", "root", &number(9));
    let said = mesh.run(&["mesh-crl", "renew", "west"]).ok();
    let holds = mesh.holds("west/ca-crl.pem");
    let named: Vec<(&str, bool)> = holds.iter().map(|(name, number)| (name.as_str(), *number == 9)).collect();
    assert_eq!(named, [("west", false), ("east", false), ("Root CA", true)]);
    for line in format!("{}{}", said.stdout, said.stderr).lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(flat(&said.stdout).contains("L=west until"), "{}", said.stdout);
    assert!(said.stdout.contains("made now, by ca-key.pem"), "{}", said.stdout);
}

#[test]
fn what_cannot_be_made_is_refused_and_the_file_is_as_it_was() {
    let mesh = Mesh::new();
    mesh.pki.special("silent", &INTERMEDIATE.replace(",cRLSign", ""), &[]);
    mesh.pki.special(
        "nameless",
        &INTERMEDIATE.replace("subjectKeyIdentifier=hash\n", "subjectKeyIdentifier=none\n"),
        &[],
    );
    mesh.pki.cluster("swapped");
    let other = mesh.text("east/ca-key.pem");
    mesh.pki.world.secret("swapped/ca-key.pem", other.trim_end());
    mesh.pki.cluster("keyless");
    std::fs::remove_file(mesh.pki.world.path("keyless/ca-key.pem")).unwrap();
    mesh.pki.world.write("tls/tls.crt", mesh.text("west/ca-cert.pem"));
    mesh.pki.world.write("nothing/x", "");
    let refused = |dir: &str, words: &[&str], code: i32| {
        let path = mesh.pki.world.path(format!("{dir}/ca-crl.pem"));
        let before = std::fs::read(&path).ok();
        let output = mesh.run(&["mesh-crl", "renew", dir]);
        let said = flat(&output.refusal());
        assert_eq!(output.code, Some(code), "{said}");
        let untouched = format!("{dir}/ca-crl.pem is as it was.");
        for word in words.iter().copied().chain([untouched.as_str()]) {
            assert!(said.contains(word), "{word}:\n{said}");
        }
        assert_eq!(std::fs::read(path).ok(), before);
    };
    refused("silent", &["may not sign CRLs: its keyUsage lacks cRLSign", "Istio's own Makefile leaves it out"], 40);
    refused("nameless", &["the intermediate has no subjectKeyIdentifier"], 40);
    refused("swapped", &["the key is not the intermediate's: saw O=Istio, CN=Intermediate CA, L=swapped"], 40);
    refused("keyless", &["signed by its key: make it where that is, or use no CRLs"], 30);
    refused("tls", &["istiod ignores CRLs in the layout tls.crt, tls.key, ca.crt"], 30);
    refused("nothing", &["there is no intermediate here: saw nothing", "anchorite open BUNDLE --into DIR"], 30);
    // Under its name by another key: neither its number nor its entries are followed.
    mesh.pki.issue("impostor", "/O=Istio/CN=Intermediate CA/L=west", "root", INTERMEDIATE, &[]);
    mesh.crl_file("west/ca-crl.pem", "impostor", &number(4_000_000_000));
    refused("west", &["holds a CRL of the intermediate's name that its key did not sign"], 40);
    mesh.crl_file("west/ca-crl.pem", "west", &Says { more: "issuingDistributionPoint=critical,@idp", ..number(5) });
    refused("west", &["the intermediate's CRL in ca-crl.pem cannot be followed"], 40);
    mesh.pki.world.write("west/ca-crl.pem", "nothing\n");
    refused("west", &["west/ca-crl.pem: no PEM block in the file"], 40);
}

#[test]
fn a_file_that_is_not_good_yet_is_written_and_said_to_be_so() {
    let mesh = Mesh::new();
    mesh.pki.cluster("north");
    let output = mesh.run(&["mesh-crl", "renew", "north"]);
    let said = flat(&output.refusal());
    assert_eq!(output.code, Some(10), "{said}");
    assert!(said.contains("the intermediate's own CRL is new, and the file is not good: saw 1 finding"), "{said}");
    assert!(said.contains("consumer.crl.missing: none of CN=Root CA"), "{said}");
    assert!(said.contains("north/ca-crl.pem was written."), "{said}");
    let report = mesh.run(&["--json", "mesh-crl", "renew", "north"]).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["findings"][0]["id"], "consumer.crl.missing", "{report}");
    assert_eq!(mesh.holds("north/ca-crl.pem").len(), 1);
}

#[test]
fn every_kind_of_key_signs_a_crl_that_openssl_verifies() {
    let mesh = Mesh::new();
    let root = mesh.text("west/root.crl");
    for (name, kind) in [
        ("rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"][..]),
        ("p384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("ed25519", &["ED25519"]),
    ] {
        mesh.pki.key(name, kind);
        mesh.pki.cluster(name);
        mesh.pki.world.write(format!("{name}/root.crl"), &root);
        mesh.run(&["mesh-crl", "renew", name]).ok();
        let (file, ca) = (format!("{name}/ca-crl.pem"), format!("{name}/ca-cert.pem"));
        let said = mesh.pki.world.tool("openssl", &["crl", "-in", &file, "-noout", "-CAfile", &ca]).ok();
        assert!(format!("{}{}", said.stdout, said.stderr).contains("verify OK"), "{name}: {}", said.stderr);
    }
}
