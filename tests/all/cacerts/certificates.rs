//! What the certificates say, and who stumbles over it.

use super::files::agrees;
use super::pki::{CA, INTERMEDIATE, P256, Pki};

/// The extensions of an intermediate with something added.
fn with(more: &str) -> String {
    format!("{INTERMEDIATE}{more}\n")
}

#[test]
fn every_kind_of_key_that_meshes_use_is_fine() {
    let pki = Pki::new();
    let kinds: [(&str, &[&str]); 5] = [
        ("rsa3072", &["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
        ("p384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("p521", &["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        ("ed25519", &["ED25519"]),
        ("p256", P256),
    ];
    for (name, kind) in kinds {
        pki.key(name, kind);
        pki.cluster(name);
        pki.says(name, "yyyy", &[]);
    }
    agrees(&pki, &kinds.map(|(name, _)| name));
}

#[test]
fn weak_and_odd_keys_are_read_and_said() {
    let pki = Pki::new();
    pki.key("rsa1024", &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    pki.cluster("rsa1024");
    pki.says("rsa1024", "yyny", &["consumer.certificate.weak-key", "consumer.key.untried"]);
    agrees(&pki, &["rsa1024"]);
    // A size that the strict readers of this program refuse; nothing is wrong with it.
    pki.key("rsa2560", &["RSA", "-pkeyopt", "rsa_keygen_bits:2560"]);
    pki.cluster("rsa2560");
    pki.says("rsa2560", "yyyy", &["consumer.key.untried"]);
}

#[test]
fn sha1_on_the_intermediate_stops_istiod_and_on_the_root_nobody() {
    let pki = Pki::new();
    pki.special("sha1", INTERMEDIATE, &["-sha1"]);
    pki.says("sha1", "nynn", &["consumer.certificate.sha1"]);
    pki.root("sha1-root", "/CN=Old Root", P256, CA, &["-sha1"]);
    pki.issue("under", "/CN=Intermediate", "sha1-root", INTERMEDIATE, &[]);
    pki.arrange("under", &["sha1-root"]);
    pki.says("under", "yyyy", &[]);
    agrees(&pki, &["sha1", "under"]);
}

#[test]
fn signatures_that_go_does_not_know_are_refused_and_pss_is_fine() {
    let pki = Pki::new();
    pki.special("sha224", INTERMEDIATE, &["-sha224"]);
    pki.says("sha224", "nynn", &["consumer.certificate.unknown-signature", "consumer.chain.unverified"]);
    pki.root("rsa-root", "/CN=RSA Root", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], CA, &[]);
    for (name, salt) in [("pss", "rsa_pss_saltlen:32"), ("salted", "rsa_pss_saltlen:20")] {
        let padding = ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", salt];
        pki.issue(name, "/CN=Intermediate", "rsa-root", INTERMEDIATE, &padding);
        pki.arrange(name, &["rsa-root"]);
    }
    pki.says("pss", "yyyy", &["consumer.chain.unverified"]);
    pki.says("salted", "nnnn", &["consumer.certificate.pss-parameters", "consumer.chain.unverified"]);
    agrees(&pki, &["sha224", "pss", "salted"]);
}

#[test]
fn a_negative_serial_number_is_refused() {
    let pki = Pki::new();
    pki.special("negative", INTERMEDIATE, &["-set_serial", "-5"]);
    // Go before 1.23 still parses it: what is said is of the Go that istiod is built with today.
    pki.says("negative", "nyyn", &["consumer.certificate.negative-serial"]);
}

#[test]
fn an_end_entity_certificate_used_as_ca_is_refused_by_everybody() {
    let pki = Pki::new();
    pki.special("leaf", "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n", &[]);
    let said = pki.inspect(&["leaf"]);
    assert_eq!(said.answers(0), "nnnn");
    assert!(said.ids().contains(&"consumer.certificate.not-a-ca"), "{:#}", said.report);
    pki.special("plain", "subjectKeyIdentifier=hash\n", &[]);
    pki.says("plain", "nnnn", &["consumer.certificate.not-a-ca"]);
    agrees(&pki, &["leaf", "plain"]);
}

#[test]
fn without_key_cert_sign_istiod_starts_and_envoy_rejects() {
    let pki = Pki::new();
    let extensions = INTERMEDIATE.replace("keyCertSign,cRLSign", "digitalSignature,cRLSign");
    pki.special("unsigned", &extensions, &[]);
    pki.says("unsigned", "ynyn", &["consumer.certificate.no-cert-sign"]);
    // No keyUsage at all allows every use.
    pki.special("unlimited", "basicConstraints=critical,CA:TRUE,pathlen:0\nsubjectKeyIdentifier=hash\n", &[]);
    pki.says("unlimited", "yyyy", &[]);
    agrees(&pki, &["unsigned", "unlimited"]);
}

#[test]
fn extended_key_usages_are_none_or_both() {
    let pki = Pki::new();
    pki.special("both", &with("extendedKeyUsage=serverAuth,clientAuth"), &[]);
    pki.says("both", "yyyy", &[]);
    pki.special("any", &with("extendedKeyUsage=anyExtendedKeyUsage"), &[]);
    pki.says("any", "ynny", &["consumer.certificate.extended-key-usage"]);
    pki.special("server", &with("extendedKeyUsage=serverAuth"), &[]);
    let lone = ["consumer.certificate.extended-key-usage", "consumer.certificate.not-for-clients"];
    pki.says("server", "ynnn", &lone);
    pki.special("client", &with("extendedKeyUsage=clientAuth"), &[]);
    let said = pki.inspect(&["client"]);
    assert!(said.ids().contains(&"consumer.certificate.not-for-servers"), "{:#}", said.report);
    assert_eq!(said.answers(0), "nnnn");
    agrees(&pki, &["both", "any", "client", "server"]);
}

#[test]
fn uri_constraints_stop_ztunnel_and_others_stop_who_they_name() {
    let pki = Pki::new();
    pki.special("uri", &with("nameConstraints=critical,permitted;URI:cluster.local"), &[]);
    let uri = ["consumer.certificate.uri-constraint"];
    pki.says("uri", "yyny", &uri);
    // Sidecars only: it works, and says so.
    let said = pki.inspect(&["uri", "--sidecar-only"]);
    assert_eq!((said.code, said.report["verdict"].as_str()), (Some(0), Some("works")));
    pki.special("elsewhere", &with("nameConstraints=critical,permitted;URI:example.org"), &[]);
    let said = pki.inspect(&["elsewhere"]);
    assert!(said.ids().contains(&"consumer.certificate.uri-mismatch"), "{:#}", said.report);
    assert_eq!(said.answers(0), "ynnn");
    let said = pki.inspect(&["elsewhere", "--trust-domain", "example.org"]);
    assert_eq!(said.answers(0), "yyny");
    pki.special("svc", &with("nameConstraints=critical,permitted;DNS:svc"), &[]);
    pki.says("svc", "yyyy", &[]);
    pki.special("dns", &with("nameConstraints=critical,permitted;DNS:example.org"), &[]);
    pki.says("dns", "nyyy", &["consumer.certificate.dns-constraint"]);
    agrees(&pki, &["uri", "elsewhere", "svc"]);
}

#[test]
fn critical_policies_stop_ztunnel_and_unknown_critical_extensions_everybody() {
    let pki = Pki::new();
    pki.special("policies", &with("certificatePolicies=critical,1.2.3.4"), &[]);
    pki.says("policies", "yyny", &["consumer.certificate.critical-policies"]);
    pki.special("plain", &with("certificatePolicies=1.2.3.4"), &[]);
    pki.says("plain", "yyyy", &[]);
    pki.special("unknown", &with("1.2.3.4.5=critical,DER:0500"), &[]);
    pki.says("unknown", "nnnn", &["consumer.certificate.unknown-critical"]);
    pki.special("broken", &with("2.5.29.30=DER:0401"), &[]);
    let said = pki.inspect(&["broken"]);
    assert!(said.ids().contains(&"consumer.certificate.broken-extension"), "{:#}", said.report);
    agrees(&pki, &["policies", "plain", "unknown", "broken"]);
}

#[test]
fn dates_are_judged_at_the_time_that_is_given() {
    let pki = Pki::new();
    pki.special("short", INTERMEDIATE, &["-days", "2"]);
    let at = |time: &str| pki.inspect(&["short", "--now", time]);
    let now = jiff::Timestamp::now();
    let after = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
    assert_eq!(at(&after(0)).ids(), [""; 0]);
    // Less than a day is left, and workloads' certificates live for one.
    assert_eq!(at(&after(30)).ids(), ["consumer.certificate.near-end"]);
    assert_eq!(pki.inspect(&["short", "--leaf-ttl", "72"]).ids(), ["consumer.certificate.near-end"]);
    let late = at(&after(60));
    assert_eq!(late.answers(0), "nnnn");
    assert_eq!(late.ids(), ["consumer.certificate.expired"]);
    let early = at(&after(-24));
    assert_eq!(early.answers(0), "nnnn");
    assert!(early.ids().contains(&"consumer.certificate.not-yet-valid"));
    // An intermediate whose root ends first.
    pki.root("brief", "/CN=Brief Root", P256, CA, &["-days", "10"]);
    pki.issue("long", "/CN=Intermediate", "brief", INTERMEDIATE, &[]);
    pki.arrange("long", &["brief"]);
    pki.says("long", "yyyy", &["consumer.certificate.outlives-issuer"]);
    let over = pki.inspect(&["long", "--now", &after(24 * 20)]);
    assert_eq!(over.answers(0), "nnyn", "ztunnel does not look at a root's dates");
    assert!(over.ids().contains(&"consumer.root.expired"));
}
