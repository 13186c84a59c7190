//! What `mesh-crl merge` refuses: each of these would break the mesh, or believe what is revoked.

use super::mesh::{Mesh, Says, number};
use crate::cacerts::pki::{CA, INTERMEDIATE, P256};

#[test]
fn a_ca_without_a_crl_is_named() {
    let mesh = Mesh::new();
    std::fs::remove_file(mesh.pki.world.path("east/ca-crl.pem")).unwrap();
    let words = [
        "with these CRLs a mesh would break, or believe what is revoked: saw 1 finding",
        "consumer.crl.missing: none of O=Istio, CN=Intermediate CA, L=east (east/cert-chain.pem)",
        "anchorite mesh-crl renew DIR",
    ];
    mesh.refuses(&["west", "east"], &words);
    // The root's is needed as much as the intermediates'.
    for cluster in ["west", "east"] {
        let own = mesh.crl(cluster, &number(9));
        mesh.pki.world.write(format!("{cluster}/ca-crl.pem"), own);
        std::fs::remove_file(mesh.pki.world.path(format!("{cluster}/root.crl"))).unwrap();
    }
    mesh.refuses(&["west", "east"], &["consumer.crl.missing: none of CN=Root CA (west/cert-chain.pem)"]);
}

#[test]
fn a_crl_older_than_the_last_is_refused() {
    let mesh = Mesh::new();
    mesh.crl_file("new.crl", "root", &number(9));
    mesh.crl_file("old.crl", "root", &number(8));
    mesh.merge(&["west", "east", "new.crl"]).ok();
    let words =
        ["consumer.crl.older: old.crl: the CRL of CN=Root CA has the number 8, wanted 9 or higher, as in all.pem"];
    mesh.refuses(&["west", "east", "old.crl"], &words);
}

#[test]
fn a_crl_of_another_issuer_is_refused() {
    let mesh = Mesh::new();
    mesh.pki.root("other", "/CN=Another Root", P256, CA, &[]);
    mesh.crl_file("other.crl", "other", &number(1));
    let words =
        ["consumer.crl.unknown-issuer: other.crl: a CRL of CN=Another Root", "give that CA's cert-chain.pem as well"];
    mesh.refuses(&["west", "east", "other.crl"], &words);
    // With its certificate it is a CA like others.
    mesh.merge(&["west", "east", "other.crl", "other.pem"]).ok();
    // And cannot be lost again: its workloads would be rejected.
    mesh.refuses(&["west", "east"], &["consumer.crl.unknown-issuer: all.pem: a CRL of CN=Another Root"]);
}

#[test]
fn a_crl_under_a_cas_name_by_another_key_is_refused() {
    let mesh = Mesh::new();
    mesh.pki.root("forged", "/CN=Root CA", P256, CA, &[]);
    mesh.crl_file("forged.crl", "forged", &number(99));
    let words = ["consumer.crl.signature: forged.crl: the CRL of CN=Root CA is not this CA's"];
    mesh.refuses(&["west", "east", "forged.crl"], &words);
    // A CA whose keyUsage does not allow it has signed nothing, whatever its key did.
    mesh.pki.special("silent", &INTERMEDIATE.replace(",cRLSign", ""), &[]);
    mesh.crl_file("silent/ca-crl.pem", "silent", &number(1));
    mesh.refuses(&["west", "east", "silent"], &["L=silent is not this CA's, wanted signed by it, with cRLSign"]);
}

#[test]
fn an_expired_crl_and_one_of_the_future_are_refused() {
    let mesh = Mesh::new();
    mesh.crl_file("expired.crl", "root", &Says { days: [-9, -1], ..number(8) });
    let words = [
        "consumer.crl.expired: the CRL of CN=Root CA:",
        "wanted current at",
        "its authority makes and publishes a newer",
    ];
    mesh.refuses(&["west", "east", "expired.crl"], &words);
    mesh.crl_file("early.crl", "root", &Says { days: [1, 9], ..number(8) });
    mesh.refuses(&["west", "east", "early.crl"], &["consumer.crl.expired: the CRL of CN=Root CA:"]);
}

#[test]
fn a_crl_that_lost_an_entry_is_refused_until_the_certificate_is_shown_to_have_expired() {
    let mesh = Mesh::new();
    mesh.pki.special("west-before", INTERMEDIATE, &["-days", "40"]);
    mesh.crl_file("eight.crl", "root", &Says { revoked: &["west-before"], ..number(8) });
    mesh.merge(&["west", "east", "eight.crl"]).ok();
    mesh.crl_file("nine.crl", "root", &number(9));
    let words = [
        "consumer.crl.entry-lost: nine.crl: serial ",
        "of CN=Root CA is no longer listed, wanted listed, as in all.pem",
    ];
    mesh.refuses(&["west", "east", "nine.crl"], &words);
    // Its certificate is given, and is still valid when the CRL is made: lost all the same.
    mesh.refuses(&["west", "east", "nine.crl", "west-before.pem"], &["consumer.crl.entry-lost"]);
    // A CRL made after its end need not list it.
    mesh.crl_file("ten.crl", "root", &Says { days: [50, 90], ..number(10) });
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 60)).to_string();
    let merge = ["--now", &later, "mesh-crl", "merge", "--into", "all.pem", "west", "east", "ten.crl"];
    assert_eq!(mesh.run(&merge).code, Some(40));
    mesh.run(&[&merge[..], &["west-before.pem"]].concat()).ok();
}

#[test]
fn a_crl_with_an_entry_of_another_issuer_is_refused() {
    let mesh = Mesh::new();
    // East's certificate on west's list: it revokes nothing.
    mesh.crl_file("west/ca-crl.pem", "west", &Says { revoked: &["east"], ..number(4_000_000_000) });
    let words = [
        "consumer.crl.entry-of-another: west/ca-crl.pem: serial ",
        "is O=Istio, CN=Intermediate CA, L=east, issued by CN=Root CA",
        "revoke it at the CA that issued it",
    ];
    mesh.refuses(&["west", "east"], &words);
    mesh.crl_file("root.crl", "root", &Says { more: "issuingDistributionPoint=critical,@idp", ..number(8) });
    let words = ["consumer.crl.not-whole: the CRL of CN=Root CA is indirect, partial, a delta, or unknown"];
    mesh.crl_file("west/ca-crl.pem", "west", &number(4_000_000_000));
    mesh.refuses(&["west", "east", "root.crl"], &words);
}

#[test]
fn numbers_tell_which_crl_is_the_newer_one() {
    let mesh = Mesh::new();
    mesh.crl_file("seven.crl", "root", &Says { revoked: &["good"], ..number(7) });
    let words = ["consumer.crl.number: two CRLs of CN=Root CA have the number 7: seven.crl and west/ca-crl.pem"];
    mesh.refuses(&["west", "east", "seven.crl"], &words);
    let mesh = Mesh::new();
    for cluster in ["west", "east"] {
        std::fs::remove_file(mesh.pki.world.path(format!("{cluster}/root.crl"))).unwrap();
        mesh.crl_file(&format!("{cluster}/ca-crl.pem"), cluster, &number(1));
    }
    mesh.crl_file("none.crl", "root", &Says { number: None, ..number(0) });
    mesh.refuses(
        &["west", "east", "none.crl"],
        &["consumer.crl.number: none.crl: the CRL of CN=Root CA has no number"],
    );
}

#[test]
fn cas_of_one_name_that_nothing_tells_apart_are_refused() {
    let mesh = Mesh::new();
    let anonymous =
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=none\n";
    mesh.pki.root("twin", "/CN=Root CA", P256, anonymous, &[]);
    mesh.pki.issue("below", "/CN=Below", "twin", CA, &[]);
    mesh.pki.arrange("below", &["twin"]);
    mesh.refuses(&["west", "east", "below"], &["consumer.root.same-name: CN=Root CA"]);
}

#[test]
fn files_that_are_something_else_are_refused() {
    let mesh = Mesh::new();
    mesh.pki.world.write("empty/x", "");
    mesh.pki.world.write("garbage", "nothing\n");
    let refused = |what: &[&str], words: &[&str], code: i32| {
        let output = mesh.merge(&[&["west", "east"], what].concat());
        let said = super::mesh::flat(&output.refusal());
        assert_eq!(output.code, Some(code), "{said}");
        for word in words.iter().chain(&["Nothing was written."]) {
            assert!(said.contains(word), "{word}:\n{said}");
        }
    };
    refused(&["empty"], &["there are no CA certificates here: saw empty"], 30);
    refused(&["absent"], &["absent"], 30);
    refused(&["garbage"], &["garbage: no PEM block in the file", "CRLs (PEM or DER) or CA certificates (PEM)"], 40);
    refused(&["west.key"], &["west.key:", "PRIVATE KEY"], 40);
    mesh.pki.world.write("all.pem", "nothing\n");
    refused(&[], &["all.pem: no PEM block", "move it away to begin without it"], 40);
}

#[test]
fn a_file_of_thousands_of_crls_of_one_name_costs_no_more_than_a_few_signatures() {
    let mesh = Mesh::new();
    mesh.pki.root("forged", "/CN=Root CA", P256, CA, &[]);
    let der = |pem: &str| {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        data_encoding::BASE64.decode(body.as_bytes()).unwrap()
    };
    let crl = der(&mesh.crl("forged", &number(99)));
    let (start, last) = crl.split_last_chunk::<2>().unwrap();
    let spoiled = (0..5000_u16).map(|n| (n ^ u16::from_be_bytes(*last)).to_be_bytes());
    let blocks = spoiled.map(|end| {
        let body = data_encoding::BASE64.encode(&[start, &end].concat());
        format!("-----BEGIN X509 CRL-----\n{body}\n-----END X509 CRL-----\n")
    });
    mesh.pki.world.write("many.crl", blocks.collect::<String>());
    let started = std::time::Instant::now();
    mesh.refuses(&["west", "east", "many.crl"], &["more than 4096 signatures to try"]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
