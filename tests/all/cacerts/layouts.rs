//! `manifest --layout`: each consumer's own rules hold before anything is written.

use super::pki::{CA, INTERMEDIATE, P256, Pki};
use crate::seat::Seat;
use crate::support::{World, configuration};

fn keys_of(yaml: &str) -> Vec<&str> {
    yaml.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": ")).map(|(key, _)| key).collect()
}

fn manifest(pki: &Pki, dir: &str, layout: &str) -> crate::support::Output {
    pki.world.run(&["manifest", dir, "--layout", layout])
}

#[test]
fn each_layout_has_its_consumers_names() {
    let pki = Pki::new();
    pki.special("spire", &INTERMEDIATE.replace("pathlen:0", "pathlen:1"), &[]);
    let of = |dir: &str, layout: &str| manifest(&pki, dir, layout).ok().stdout;
    let linkerd = of("good", "linkerd");
    assert_eq!(keys_of(&linkerd), ["ca.crt", "tls.crt", "tls.key", "name", "namespace"]);
    assert!(linkerd.contains("name: linkerd-identity-issuer\n  namespace: linkerd\ntype: kubernetes.io/tls\n"));
    let spire = of("spire", "spire");
    assert_eq!(keys_of(&spire), ["bundle.crt", "tls.crt", "tls.key", "name", "namespace"]);
    let manager = of("good", "cert-manager");
    assert!(manager.contains("type: kubernetes.io/tls"), "{manager}");
    let istio = of("good", "istio");
    assert!(istio.contains("name: cacerts\n  namespace: istio-system\n"), "{istio}");
    let named = pki.world.run(&["manifest", "good", "--name", "mine", "--namespace", "elsewhere"]).ok().stdout;
    assert!(named.contains("name: mine\n  namespace: elsewhere\n"), "{named}");
}

#[test]
fn vault_gets_a_chain_and_no_key_on_a_terminal_too() {
    let pki = Pki::new();
    let chain = manifest(&pki, "good", "vault").ok();
    assert_eq!(chain.stdout, format!("{}{}", pki.pem("good"), pki.pem("root")));
    // Its key is Vault's own.
    std::fs::remove_file(pki.world.path("good/ca-key.pem")).unwrap();
    assert_eq!(manifest(&pki, "good", "vault").ok().stdout, chain.stdout);
    assert_eq!(manifest(&pki, "good", "tls").code, Some(30));
    pki.world.refused(
        &["manifest", "good", "--layout", "vault", "--name", "x"],
        "
        error: the layout vault is no Secret: it has no name: saw x
        hint:  leave --name and --namespace out
        exit 2
    ",
    );
}

#[test]
fn linkerd_takes_p256_only() {
    let pki = Pki::new();
    pki.key("p384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    pki.cluster("p384");
    pki.world.refused(
        &["manifest", "p384", "--layout", "linkerd"],
        "
        error: these files would break the mesh: saw 1 finding
        hint:  consumer.linkerd.issuer-key: ECDSA P-384, signed by ECDSA with SHA-256,
               wanted ECDSA P-256, signed with SHA-256: make a request with the profile
               linkerd and --key ecdsa-p256, under a P-256 or RSA root
        No Secret was written.
        exit 40
    ",
    );
    pki.root("p384-root", "/CN=Root 384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], CA, &[]);
    pki.issue("under", "/CN=Issuer", "p384-root", INTERMEDIATE, &["-sha256"]);
    pki.arrange("under", &["p384-root"]);
    let refused = manifest(&pki, "under", "linkerd");
    assert!(refused.stderr.contains("consumer.linkerd.anchor-key"), "{}", refused.stderr);
    // The same files are Istio's without a word.
    manifest(&pki, "under", "istio").ok();
}

#[test]
fn spire_needs_room_below_and_a_key_that_it_reads() {
    let pki = Pki::new();
    pki.world.refused(
        &["manifest", "good", "--layout", "spire"],
        "
        error: these files would break the mesh: saw 1 finding
        hint:  consumer.spire.path-length: pathlen 0, wanted 1 or more, or none: make a
               request with the profile spire
        No Secret was written.
        exit 40
    ",
    );
    pki.key("ed", &["ED25519"]);
    pki.special("ed", &INTERMEDIATE.replace("pathlen:0", "pathlen:1"), &[]);
    let refused = manifest(&pki, "ed", "spire");
    assert!(refused.stderr.contains("consumer.spire.key"), "{}", refused.stderr);
    let refused = manifest(&pki, "ed", "cert-manager");
    assert!(refused.stderr.contains("consumer.cert-manager.key"), "{}", refused.stderr);
}

#[test]
fn cert_manager_uses_one_root_and_says_so() {
    let pki = Pki::new();
    pki.root("next", "/CN=Next Root", P256, CA, &[]);
    pki.arrange("good", &["root", "next"]);
    let output = manifest(&pki, "good", "cert-manager").ok();
    assert!(output.stderr.contains("consumer.cert-manager.first-root"), "{}", output.stderr);
    assert!(!manifest(&pki, "good", "tls").ok().stderr.contains("first-root"));
}

#[test]
fn a_key_that_stops_only_ambient_stops_no_other_layout() {
    let pki = Pki::new();
    pki.special("policies", &format!("{INTERMEDIATE}certificatePolicies=critical,1.2.3\n"), &[]);
    assert_eq!(manifest(&pki, "policies", "istio").code, Some(40));
    manifest(&pki, "policies", "vault").ok();
}

/// A bundle of this profile, opened at a time; what was said.
fn opened(profile: &str, now: &str) -> String {
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p256").replace("\"istio\"", &format!("\"{profile}\"")));
    world.found().ok();
    let bundle = world.issued("cluster1");
    let root = "authority/public/root-cert.pem";
    let open = ["--now", now, "open", bundle.to_str().unwrap(), "--into", "clusters/cluster1", "--root", root];
    world.run(&open).ok().stderr
}

#[test]
fn opening_a_bundle_names_the_manifest_of_its_profile() {
    let said = opened("cert-manager", "2026-11-21T11:00:00Z");
    assert!(
        said.contains("anchorite manifest clusters/cluster1 --layout cert-manager | kubectl create -f -"),
        "{said}"
    );
    assert!(!said.contains("note:"), "{said}");
    let said = opened("vault", "2026-11-21T11:00:00Z");
    assert!(said.contains("--layout vault > chain.pem"), "{said}");
    assert!(said.contains("vault write pki/intermediate/set-signed certificate=@chain.pem"), "{said}");
}

#[test]
fn opening_a_bundle_late_says_what_its_consumer_will_say() {
    let said = opened("istio", "2027-11-21T09:00:00Z");
    assert!(said.contains("consumer.certificate.near-end"), "{said}");
    assert!(said.contains("anchorite manifest clusters/cluster1 | kubectl create -f -"), "{said}");
}

#[test]
fn a_repair_for_a_layout_names_the_files_of_the_directory_and_repairs() {
    let pki = Pki::new();
    pki.world.tool("openssl", &["ecparam", "-name", "prime256v1", "-genkey", "-out", "linkerd.key"]).ok();
    pki.cluster("linkerd");
    let refused = manifest(&pki, "linkerd", "linkerd");
    assert_eq!(refused.code, Some(40));
    let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let repair = "openssl pkey -in ca-key.pem -out key.pem && mv key.pem ca-key.pem";
    assert!(said.contains(repair), "{said}");
    pki.world.tool("sh", &["-c", &format!("cd linkerd && {repair}")]).ok();
    manifest(&pki, "linkerd", "linkerd").ok();
}

#[test]
fn a_terminal_gets_no_key_but_the_same_command_with_a_pipe() {
    let pki = Pki::new();
    pki.world.tool("cp", &["-r", "good", "my dir"]).ok();
    let (shown, code) = Seat::at(&pki.world, &["manifest", "my dir", "--layout", "tls", "--namespace", "mesh"]).ends();
    assert_eq!(code, 2, "{shown}");
    let said = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let again = "anchorite manifest 'my dir' --layout tls --namespace mesh | kubectl create -f -";
    assert!(said.contains(again) && !said.contains("tls.key:"), "{shown}");
}
