//! A root that a parent outside certifies: the request, what comes back, and what workloads send from then on.

use crate::log_fixture::Fixture;
use crate::support::*;
use crate::workload::Workload;
use anchorite::audit::{self, Options, RootPin};
use anchorite::digest::Base64;
use anchorite::error::{Error, Kind};
use anchorite::key::KeySpec;
use anchorite::log::record::RootCertified;
use anchorite::store;
use anchorite::x509::keygen::LocalKey;
use std::time::Duration;
use tempfile::TempDir;

const LATER: &str = "2026-11-21T12:00:00Z";
const ROOT: &str = "authority/public/root-cert.pem";
const CNF: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n\
    policy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\norganizationName=optional\n\
    organizationalUnitName=optional\ncommonName=supplied\n[req]\ndistinguished_name=dn\n[dn]\n\
    [ca_root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n\
    [sub]\nbasicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign,cRLSign\n\
    authorityKeyIdentifier=keyid\n\
    [narrow]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
    authorityKeyIdentifier=keyid\n\
    [leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    authorityKeyIdentifier=keyid\n\
    [named]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
    nameConstraints=critical,permitted;DNS:example.org\nauthorityKeyIdentifier=keyid\n";

/// A founded authority with a request to a parent, and that parent in `parent/`.
pub fn asked() -> World {
    let world = World::configured("test", "ecdsa-p256");
    let reviewed = format!("sha256:{}", world.sha256("authority/authority.toml"));
    let answers = format!("{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n");
    world.write("answers-root.toml", format!("{answers}\"{reviewed}\" = \"approve\"\n"));
    let created = world.run(&[&CREATE[..], &["--csr"]].concat()).ok();
    assert!(created.stderr.contains("Request to a parent, to certify this root"), "{}", created.stderr);
    has_parent(&world);
    world
}

/// A parent in `parent/`.
pub fn has_parent(world: &World) {
    world.write("parent/openssl.cnf", CNF);
    world.write("parent/index.txt", "");
    world.write("parent/serial", "1000\n");
    let make = "cd parent && openssl ecparam -genkey -name prime256v1 -noout -out root.key && \
        openssl req -new -key root.key -config openssl.cnf -subj '/O=Parent/CN=Parent Root' -out root.csr && \
        openssl ca -batch -config openssl.cnf -selfsign -keyfile root.key -in root.csr -extensions ca_root -notext \
          -startdate 20260101000000Z -enddate 20560101000000Z -out root.pem";
    world.tool("sh", &["-c", make]).ok();
}

/// The parent certifies a request with these extensions until a day; `FILE.pem` has the whole path.
fn certifies(world: &World, csr: &str, extensions: &str, until: &str, file: &str) {
    let make = format!(
        "cd parent && openssl ca -batch -config openssl.cnf -keyfile root.key -cert root.pem -in {csr} \
           -extensions {extensions} -startdate 20261101000000Z -enddate {until} -notext -out one.pem && \
         cat one.pem root.pem > {file}.pem"
    );
    world.tool("sh", &["-c", &make]).ok();
}

const CSR: &str = "../authority/public/root-g1.csr";

fn parent_fingerprint(world: &World) -> String {
    let shown = "openssl x509 -in parent/root.pem -outform DER | sha256sum | cut -d' ' -f1";
    world.tool("sh", &["-c", shown]).ok().stdout.trim().to_owned()
}

/// The same once the parent certified the root, and that was taken.
pub fn taken(world: &World) {
    certifies(world, CSR, "sub", "20460101000000Z", "given");
    take(world, "given", &parent_fingerprint(world)[..8]).ok();
}

/// Runs `root certified` on a file of the parent's.
fn take(world: &World, file: &str, typed: &str) -> Output {
    let answers = format!("{PARTICIPANTS}[certificate]\nadministrator = \"{typed}\"\nwitness = \"{typed}\"\n");
    world.write("answers-parent.toml", answers);
    world.run(&certified(&format!("parent/{file}.pem")))
}

fn certified(file: &str) -> [&str; 11] {
    let answers = "answers-parent.toml";
    ["-C", AUTHORITY, "--now", LATER, "root", "certified", file, "--pin-file", "pin", "--answers", answers]
}

#[test]
fn workloads_are_accepted_under_the_parent_and_the_mesh_goes_on_trusting_its_own_root() {
    let world = asked();
    world.tool("openssl", &["req", "-verify", "-noout", "-in", "authority/public/root-g1.csr"]).ok();
    certifies(&world, CSR, "sub", "20460101000000Z", "given");
    let before = world.intents();
    let fingerprint = parent_fingerprint(&world);
    let taken = take(&world, "given", &fingerprint[..8]).ok();
    assert_eq!(world.intents(), before, "the root key was used");
    for said in ["The root, certified by a parent", "below it     path length 1", "Parent Root"] {
        assert!(taken.stderr.contains(said), "{said}\n{}", taken.stderr);
    }
    assert!(taken.stderr.lines().all(|line| line.chars().count() <= 80), "{}", taken.stderr);
    assert_eq!(world.read("authority/public/root-g1-by-parent.pem"), world.read("parent/given.pem"));

    let bundle = world.issued_at("west", "2026-11-21T13:00:00Z", &[]);
    let into = ["open", bundle.to_str().unwrap(), "--into", "clusters/west", "--root", ROOT];
    world.run(&[&["--now", "2026-11-21T14:00:00Z"][..], &into].concat()).ok();
    assert_eq!(world.read("clusters/west/root-cert.pem"), world.read(ROOT), "the mesh's trust anchor");
    // Intermediate, the root by the parent, the root: the parent's own root is for whoever trusts it.
    let chain = String::from_utf8(world.read("clusters/west/cert-chain.pem")).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3);
    let judged = ["--now", "2026-11-21T14:00:00Z", "inspect", "cacerts", "clusters/west"];
    world.run(&judged).ok();
    let workload = Workload::under(&world, "clusters/west", "spiffe://cluster.local/ns/a/sa/b");
    for root in ["parent/root.pem", ROOT] {
        let verify = ["verify", "-x509_strict", "-no_check_time", "-CAfile", root, "-untrusted"];
        let files = ["clusters/west/cert-chain.pem", workload.file()];
        world.tool("openssl", &[&verify[..], &files].concat()).ok();
    }
    let verified = world.run(&["log", "verify", AUTHORITY, "--root", ROOT, "--at-rest"]).ok();
    assert!(verified.stdout.contains("consistent and authenticated"), "{}", verified.stdout);
    let python = format!("{}/softhsm-test/check-log.py", env!("CARGO_MANIFEST_DIR"));
    world.tool("python3", &[python.as_str(), "authority/log"]).ok();
    let again = [&certified("parent/given.pem")[..], &["--if-needed"]].concat();
    assert!(world.run(&again).ok().stderr.contains("nothing was changed"));
}

#[test]
fn an_authority_that_is_there_asks_with_its_next_crl() {
    let world = World::ready();
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-crl.toml", answers);
    let crl = ["-C", AUTHORITY, "--now", LATER, "crl", "--csr", "--pin-file", "pin", "--answers", "answers-crl.toml"];
    world.run(&crl).ok();
    world.tool("openssl", &["req", "-verify", "-noout", "-in", "authority/public/root-g1.csr"]).ok();
}

#[test]
fn what_is_not_the_roots_or_cannot_stand_above_it_is_refused() {
    let world = asked();
    let fingerprint = parent_fingerprint(&world);
    let other = "cd parent && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout other.key -config openssl.cnf -subj /CN=other -out other.csr";
    world.tool("sh", &["-c", other]).ok();
    let cases = [
        ("other.csr", "sub", "20460101000000Z", "the first certificate is of another key than the root's: saw"),
        (CSR, "narrow", "20460101000000Z", "a path length leaves no room for intermediates below the root: saw"),
        (CSR, "leaf", "20460101000000Z", "the root may not sign certificates and CRLs"),
        (CSR, "named", "20460101000000Z", "narrows what the root may issue: saw"),
        (CSR, "sub", "20261110000000Z", "a certificate is not valid now"),
    ];
    for (csr, extensions, until, said) in cases {
        certifies(&world, csr, extensions, until, "given");
        refused(&world, "given", &fingerprint, said);
    }
    // Another subject over the same key; a file without the parent; a certificate of another issuer.
    let renamed = "cd parent && openssl x509 -in given.pem -noout -pubkey > root.pub && openssl x509 -new \
        -force_pubkey root.pub -subj /CN=else -CA root.pem -CAkey root.key -days 9 -extfile openssl.cnf \
        -extensions sub -out else.pem && cat else.pem root.pem > renamed.pem && cp else.pem alone.pem";
    world.tool("sh", &["-c", renamed]).ok();
    refused(&world, "renamed", &fingerprint, "names another subject than the root: saw");
    refused(&world, "alone", &fingerprint, "not a certificate of the root and its issuers: saw 1 certificate");
    certifies(&world, CSR, "sub", "20460101000000Z", "given");
    let twin = "cd parent && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout t.key \
        -config openssl.cnf -extensions ca_root -subj '/O=Parent/CN=Parent Root' -days 9000 -out twin.pem && \
        cat one.pem twin.pem > twins.pem";
    world.tool("sh", &["-c", twin]).ok();
    refused(&world, "twins", &fingerprint, "a certificate is not its issuer's");
    refused(&world, "given", "0123456789", "not the fingerprint of the parent's root in the file: saw 0123456789");
}

/// What the parent sent is not taken, with these words; no record of it is in the log.
#[track_caller]
fn refused(world: &World, file: &str, typed: &str, said: &str) {
    let error = take(world, file, typed).error();
    let folded = error.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains(said), "{said}\n{error}");
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    assert!(!log.contains("root.certified"));
}

/// A log, written whole and signed, that says a parent issued this certificate for a root of this generation.
fn claimed(generation: u32) -> Error {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    fixture.open("root-certified").unwrap();
    let der = Base64(fixture.intermediate(&LocalKey::generate(KeySpec::EcdsaP256).unwrap()).unwrap());
    fixture.append([RootCertified { generation, certificate: der.clone(), parents: vec![der] }]).unwrap();
    fixture.checkpoint().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let material = store::material(directory.path()).unwrap();
    audit::verify(material, &Options { root: RootPin::None, at_rest: true }, &|| Duration::ZERO).unwrap_err()
}

#[test]
fn a_log_that_holds_somebody_elses_certificate_for_the_root_does_not_verify() {
    for (generation, said) in [(1, "of another key than the root's"), (7, "a root that the log does not have")] {
        let error = claimed(generation);
        assert_eq!(error.kind(), Kind::Verify);
        let text = error.to_string();
        assert!(text.contains("rule root.parent") && text.contains(said), "{text}");
    }
}
