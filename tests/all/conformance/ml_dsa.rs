//! The experiment: a root with an ML-DSA-65 key, in a Kryoptic whose OpenSSL has it. `softhsm-test/ml-dsa.sh` brings the
//! module and the judges, and makes the build that takes such a key.

use super::kryoptic::KRYOPTIC;
use super::{Module, tell};
use crate::support::*;

const EXPERIMENT: Module =
    Module { title: "Kryoptic with OpenSSL 3.6 (experimental)", configure: experiment, ..KRYOPTIC };

/// The profile of any build with the kind of key that only this one knows, and intermediates that are for no mesh.
fn experiment(world: &World, text: &str) -> String {
    let known = include_str!("../../../hsm-profiles/kryoptic.toml");
    let known = known.replace("algorithms = [", "algorithms = [\"ml-dsa-65\", ");
    let with = "mechanisms = [\n    \"CKM_ML_DSA_KEY_PAIR_GEN\", \"CKM_ML_DSA\",";
    let profile = world.write("profile.toml", known.replace("mechanisms = [", with));
    text.replace("\"kryoptic\"", &format!("{:?}", profile.display().to_string()))
        .replace("profile = \"istio\"", "profile = \"subordinate\"")
}

#[test]
fn an_ml_dsa_65_root() {
    tell(&EXPERIMENT, "ml-dsa-65", None);
}

/// An experimental authority, founded with a request to a parent.
fn founded() -> Option<(World, Output)> {
    let mut world = World::without_token();
    let prepared = (EXPERIMENT.prepare)(&mut world)?;
    world.configure(&experiment(&world, &configuration("test", "ml-dsa-65").replace("softhsm2", "kryoptic")));
    let module = prepared.module?.display().to_string();
    world.write("authority/local.toml", format!("[token]\nmodule = {module:?}\n"));
    let reviewed = world.sha256("authority/authority.toml");
    let review = format!("[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", format!("{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n{review}"));
    let said = world.run(&[&CREATE[..], &["--csr"]].concat()).ok();
    Some((world, said))
}

#[test]
fn every_signature_of_an_ml_dsa_root_verifies_elsewhere_and_is_called_an_experiment() {
    let Some((world, said)) = founded() else { return };
    let label = "ML-DSA-65 (experimental)";
    let plans = said.stderr.matches("signed with  ML-DSA-65 (experimental)").count();
    assert_eq!((plans, said.stderr.matches(label).count()), (4, 6), "each plan, and the key twice: {}", said.stderr);
    let bundle = world.issued("cluster1").display().to_string();
    let root = "authority/public/root-cert.pem";
    let opened = world.run(&["--now", SIGNING, "open", &bundle, "--into", "clusters/cluster1", "--root", root]).ok();
    assert!(opened.stderr.contains("consumer.certificate.ml-dsa"), "{}", opened.stderr);
    let card = world.run(&["-C", AUTHORITY, "root", "show"]).ok().stdout;
    assert!(card.contains(label), "{card}");
    let records = std::fs::read_dir(world.path("authority/records")).unwrap().map(|entry| entry.unwrap().path());
    let records: Vec<_> = records.filter(|path| path.extension().is_some_and(|end| end == "html")).collect();
    assert_eq!(records.len(), 2);
    for record in records {
        let text = std::fs::read_to_string(&record).unwrap();
        assert!(text.contains(label), "{} has no label", record.display());
    }

    let public = |name: &str| format!("authority/public/{name}");
    let own = ["audit-cert.pem", "root.crl", "root-g1.csr"].map(public);
    let signed = [root, "clusters/cluster1/ca-cert.pem", &own[0], &own[1], &own[2]];
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/ml-dsa-judge.py");
    let said = world.tool("python3", &[&[judge, root][..], &signed[1..]].concat()).ok();
    assert_eq!(said.stdout, "5 signatures verify with dilithium-py\n");
    let strict = ["verify", "-x509_strict", "-check_ss_sig", "-no_check_time", "-CAfile", root, "-CRLfile", &own[1]];
    world.tool("openssl", &[&strict[..], &["-crl_check", signed[1], signed[2]]].concat()).ok();
    let request = world.tool("openssl", &["req", "-in", &own[2], "-verify", "-noout"]).ok();
    // On stderr before OpenSSL 3.6, on stdout since.
    let said = format!("{}{}", request.stdout, request.stderr);
    assert!(said.contains("verify OK"), "{said}");
    let stock = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/verify-with-stock-tools.sh");
    let said = world.tool("bash", &[stock, AUTHORITY, "--root", root, "--any-time"]).ok();
    assert!(said.stdout.contains("says was issued verifies"), "{}", said.stdout);
    println!("held: {} signatures by an ML-DSA-65 key verified by AWS-LC, OpenSSL and dilithium-py", signed.len());
}

#[test]
fn an_ml_dsa_root_is_certified_by_a_parent_and_its_intermediates_verify_under_that_one() {
    let Some((world, _)) = founded() else { return };
    crate::parent::has_parent(&world);
    crate::parent::taken(&world);
    assert_eq!(world.read("authority/public/root-g1-by-parent.pem"), world.read("parent/given.pem"));
    world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", "authority/public/root-cert.pem"]).ok();
    let bundle = world.issued_at("west", "2026-11-21T13:00:00Z", &[]).display().to_string();
    let at = ["--now", "2026-11-21T14:00:00Z", "open", &bundle, "--into", "clusters/west", "--root"];
    world.run(&[&at[..], &["authority/public/root-cert.pem"]].concat()).ok();
    let path = ["verify", "-no_check_time", "-CAfile", "parent/root.pem", "-untrusted"];
    let under = ["authority/public/root-g1-by-parent.pem", "clusters/west/ca-cert.pem"];
    world.tool("openssl", &[&path[..], &under].concat()).ok();
}

#[test]
fn an_ml_dsa_root_has_no_successor_and_takes_no_mesh() {
    let Some((world, _)) = founded() else { return };
    let known = |world: &World| world.read("authority/log/entries.jsonl").len();
    let text = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    let refused = |changed: &str, wanted: &str| {
        world.configure(changed);
        let said = world.run(&["-C", AUTHORITY, "config", "check"]);
        assert_eq!(said.code, Some(2));
        assert_text(&said.error(), wanted);
        world.configure(&text);
    };
    refused(
        &text.replace("kind = \"test\"", "kind = \"production\"").replace("unattended = true", "unattended = false"),
        "
        error: authority.toml, line 10, column 1: [root] key: this kind of key is
               experimental: no production authority has it: saw ml-dsa-65, wanted
               rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519
        hint:  to try it: kind = \"test\"
        exit 2
    ",
    );
    refused(
        &text.replace("\"subordinate\"", "\"istio\""),
        "
        error: authority.toml, line 14, column 1: [intermediates] profile: istio cannot
               verify what this root signs: saw [root] key ml-dsa-65, wanted rsa-2048,
               rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519
        hint:  no mesh works under it yet; to try it: profile = \"subordinate\"
        exit 2
    ",
    );
    let request = world.run(&["request", "cluster1", "--key", "ml-dsa-65"]);
    assert_text(
        &request.error(),
        "
        error: an intermediate's key is never of this kind: saw ML-DSA-65
               (experimental), wanted RSA, ECDSA or Ed25519
        exit 2
    ",
    );
    let before = known(&world);
    let said = world.roll_over(false);
    assert!(said.stderr.contains("a root with an experimental key has no successor yet"), "{}", said.stderr);
    assert!(said.stderr.contains("No key was generated now"), "{}", said.stderr);
    assert!(known(&world) > before, "the session is in the log");
    world.run(&["log", "verify", AUTHORITY]).ok();
}
