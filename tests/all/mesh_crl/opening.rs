//! `open --with-crl` on bundles of a real authority, and what other judges say of the CRL that it makes.

use super::mesh::flat;
use crate::present::{ROOT, authority, bundle_of, certified, founded, from_pypi, have};
use crate::support::{World, configuration};
use crate::workload::Workload;
use serde_json::Value;

const ID: &str = "spiffe://cluster.local/ns/a/sa/b";
const DIR: &str = "clusters/west";

/// An authority whose cluster `west` was opened without CRLs.
fn opened() -> World {
    let world = authority("ecdsa-p256");
    certified(&world, &["west"]);
    assert!(!world.path("clusters/west/ca-crl.pem").exists(), "off by default");
    world
}

fn with_crl(world: &World, options: &[&str]) -> crate::support::Output {
    let bundle = bundle_of(world, "west");
    world.run(&[&["open", &bundle, "--into", DIR, "--root", ROOT, "--with-crl"], options].concat())
}

#[test]
fn the_file_holds_the_own_crl_and_the_roots_and_every_judge_accepts_it() {
    let world = opened();
    let said = with_crl(&world, &[]).ok();
    for line in said.stderr.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let text = flat(&said.stderr);
    assert!(text.contains("wrote clusters/west/ca-crl.pem"), "{text}");
    assert!(text.contains("All mTLS under O=World, OU=TEST, CN=World Mesh Root CA stops at"), "{text}");
    assert!(text.contains("Several clusters: anchorite mesh-crl merge, before any of their Secrets"), "{text}");
    assert_eq!(world.run(&["inspect", "cacerts", DIR]).code, Some(0));

    let all = String::from_utf8(world.read("clusters/west/ca-crl.pem")).unwrap();
    let own: String = all.split_inclusive("-----END X509 CRL-----\n").take(1).collect();
    world.write("own.pem", &own);
    let workload = Workload::under(&world, DIR, ID);
    let verify = ["verify", "-x509_strict", "-check_ss_sig", "-crl_check_all", "-CAfile", ROOT];
    let [chain, crls] = ["clusters/west/cert-chain.pem", "clusters/west/ca-crl.pem"];
    let given = ["-CRLfile", crls, "-untrusted", chain, workload.file()];
    world.tool("openssl", &[&verify[..], &given].concat()).ok();
    // Without the own one the judge is not satisfied: it was that which counted.
    let roots_only = ["-CRLfile", "authority/public/root.crl", "-untrusted", chain, workload.file()];
    assert_ne!(world.tool("openssl", &[&verify[..], &roots_only].concat()).code, Some(0));
    if have("certtool") {
        let ca = ["--verify-crl", "--load-ca-certificate", "clusters/west/ca-cert.pem", "--infile", "own.pem"];
        let said = world.tool("certtool", &ca).ok();
        let said = format!("{}{}", said.stdout, said.stderr);
        assert!(said.contains("Verified") && !said.contains("Not verified"), "{said}");
    }
    if have("crlutil") && have("certutil") {
        std::fs::create_dir(world.path("nss")).unwrap();
        world.tool("certutil", &["-N", "-d", "nss", "--empty-password"]).ok();
        for (name, trust, file) in [("root", "CT,,", ROOT), ("west", ",,", "clusters/west/ca-cert.pem")] {
            world.tool("certutil", &["-A", "-d", "nss", "-n", name, "-t", trust, "-i", file]).ok();
        }
        world.tool("openssl", &["crl", "-in", "own.pem", "-outform", "DER", "-out", "own.der"]).ok();
        world.tool("crlutil", &["-I", "-d", "nss", "-i", "own.der"]).ok();
    }
    if let Some(lint) = from_pypi("lint_crl") {
        let options = ["lint", "-t", "CRL", "-p", "PKIX", "-s", "WARNING", "own.pem"];
        let said = world.tool(lint.to_str().unwrap(), &options);
        assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    }
}

#[test]
fn opening_again_keeps_what_was_merged_and_without_the_option_the_file_stays() {
    let world = opened();
    let report = world.run(&["--json", "open", &bundle_of(&world, "west"), "--into", DIR, "--with-crl"]).ok().stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["crls"].as_array().unwrap().len(), 2, "{report}");
    let number = |world: &World| {
        let shown = world.run(&["--json", "inspect", "crl", "clusters/west/ca-crl.pem"]).ok().stdout;
        serde_json::from_str::<Value>(&shown).unwrap()[0]["number"].as_u64().unwrap()
    };
    let first = number(&world);
    with_crl(&world, &["--crl-days", "7"]).ok();
    assert!(number(&world) > first);
    // Seven days: whoever opens is told.
    let bundle = bundle_of(&world, "west");
    let said = flat(&world.run(&["open", &bundle, "--into", DIR]).ok().stderr);
    assert!(said.contains("note: consumer.crl.near-end: all mTLS under"), "{said}");
    assert!(!said.contains("ca-crl.pem next"), "{said}");
}

#[test]
fn the_secret_has_the_file_where_it_is_and_is_what_kubectl_makes() {
    let world = opened();
    let secret = || world.run(&["manifest", DIR]).ok();
    assert!(!secret().stdout.contains("ca-crl.pem"));
    with_crl(&world, &[]).ok();
    let made = secret();
    let said = flat(&made.stderr);
    assert!(said.contains("consumer.crl.others: 2 in ca-crl.pem, the earliest ends 20"), "{said}");
    if let Some(kubectl) = from_pypi("kubectl") {
        let mut arguments = vec!["create", "secret", "generic", "cacerts", "-n", "istio-system"];
        let files = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem", "ca-crl.pem"];
        let files = files.map(|name| format!("--from-file={DIR}/{name}"));
        arguments.extend(files.iter().map(String::as_str));
        arguments.extend(["--dry-run=client", "-o", "yaml"]);
        let theirs = world.tool(kubectl.to_str().unwrap(), &arguments).ok().stdout;
        assert_eq!(made.stdout, theirs.replace("  creationTimestamp: null\n", ""));
    }
    // The other layout of Istio ignores CRLs, and says so.
    let tls = world.run(&["manifest", DIR, "--layout", "tls"]).ok();
    assert!(!tls.stdout.contains("ca-crl.pem"));
    assert!(flat(&tls.stderr).contains("consumer.crl.ignored: ca-crl.pem beside tls.crt"), "{}", tls.stderr);
    // Others know none, and hear nothing of it.
    let theirs = world.run(&["manifest", DIR, "--layout", "cert-manager"]).ok();
    assert!(!theirs.stderr.contains("consumer.crl") && !theirs.stdout.contains("ca-crl.pem"), "{}", theirs.stderr);
    // A file that istiod would refuse makes no Secret.
    world.write("clusters/west/ca-crl.pem", world.read("authority/public/root.crl"));
    let refused = flat(&world.run(&["manifest", DIR]).refusal());
    assert!(
        refused.contains("these files would break the mesh") && refused.contains("consumer.crl.missing"),
        "{refused}"
    );
    assert!(refused.contains("No Secret was written."), "{refused}");
}

#[test]
fn where_nobody_would_read_the_file_or_the_key_is_elsewhere_it_is_refused() {
    let world = opened();
    std::fs::rename(world.path("clusters/west/ca-key.pem"), world.path("key")).unwrap();
    let identity = ["--identity", "clusters/west/identity.age"];
    let said = flat(&with_crl(&world, &identity).refusal());
    assert!(said.contains("the intermediate's own CRL is signed by its key, which is not here"), "{said}");
    assert!(said.contains("wanted clusters/west/ca-key.pem") && said.contains("Nothing was written."), "{said}");
    assert!(!world.path("clusters/west/ca-crl.pem").exists());
    let usage = world.run(&["open", "x", "--into", "y", "--crl-days", "9"]);
    assert_eq!(usage.code, Some(2), "{}", usage.refusal());
    assert_eq!(with_crl(&world, &["--crl-days", "366"]).code, Some(2));

    let issuer = configuration("test", "ecdsa-p256").replace("profile = \"istio\"", "profile = \"cert-manager\"");
    let world = founded(&issuer);
    certified(&world, &["west"]);
    let said = flat(&with_crl(&world, &[]).refusal());
    assert!(said.contains("only Istio reads ca-crl.pem: saw a certificate for cert-manager"), "{said}");
    assert!(said.contains("Nothing was written.") && said.contains("exit 2"), "{said}");
}
