//! Chains and roots, and several clusters at once.

use super::files::agrees;
use super::pki::{CA, INTERMEDIATE, P256, Pki};

#[test]
fn an_empty_chain_or_one_with_only_the_root_starts_istiod_and_nothing_works() {
    let pki = Pki::new();
    pki.copy("empty");
    pki.world.write("empty/cert-chain.pem", "");
    pki.says("empty", "ynnn", &["consumer.chain.empty"]);
    pki.copy("root-only");
    pki.world.write("root-only/cert-chain.pem", pki.pem("root"));
    pki.says("root-only", "ynnn", &["consumer.chain.first"]);
    agrees(&pki, &["empty", "root-only"]);
}

#[test]
fn a_chain_without_the_root_or_with_the_root_first_works() {
    let pki = Pki::new();
    pki.copy("bare");
    pki.world.write("bare/cert-chain.pem", pki.pem("good"));
    pki.says("bare", "yyyy", &[]);
    pki.copy("reversed");
    pki.world.write("reversed/cert-chain.pem", format!("{}{}", pki.pem("root"), pki.pem("good")));
    pki.says("reversed", "yyyy", &["consumer.chain.root-first"]);
    pki.copy("several");
    pki.world.write("several/ca-cert.pem", format!("{}{}", pki.pem("good"), pki.pem("root")));
    pki.says("several", "yyyy", &["consumer.certificate.several"]);
    agrees(&pki, &["bare", "reversed", "several"]);
}

/// A CA between the root and the cluster's intermediate.
fn three_levels(pki: &Pki, middle: &str) -> (String, String) {
    pki.issue("middle", "/CN=Management CA", "root", middle, &[]);
    pki.issue("cluster", "/CN=Cluster CA", "middle", INTERMEDIATE, &["-days", "365"]);
    let key = String::from_utf8(pki.world.read("cluster.key")).unwrap();
    (pki.pem("cluster"), key)
}

#[test]
fn the_ca_between_must_stand_in_the_chain_and_leave_room() {
    let pki = Pki::new();
    let (cert, key) = three_levels(&pki, &INTERMEDIATE.replace("pathlen:0", "pathlen:1"));
    let (middle, root) = (pki.pem("middle"), pki.pem("root"));
    pki.files("three", &cert, &key, &format!("{cert}{middle}{root}"), &root);
    pki.says("three", "yyyy", &[]);
    pki.files("gap", &cert, &key, &format!("{cert}{root}"), &root);
    pki.says("gap", "nnnn", &["consumer.chain.path"]);
    let (cert, key) = three_levels(&pki, INTERMEDIATE);
    let middle = pki.pem("middle");
    pki.files("narrow", &cert, &key, &format!("{cert}{middle}{root}"), &root);
    pki.says("narrow", "ynnn", &["consumer.chain.path-length"]);
    agrees(&pki, &["three", "gap", "narrow"]);
}

#[test]
fn what_no_rule_says_webpki_says_itself() {
    let pki = Pki::new();
    let mut chain = String::new();
    let mut above = "root".to_owned();
    for depth in 0..7 {
        let name = format!("level{depth}");
        let days = format!("{}", 700 - depth);
        let extensions = CA.replace("hash\n", "hash\nauthorityKeyIdentifier=keyid\n");
        pki.issue(&name, &format!("/CN=Level {depth}"), &above, &extensions, &["-days", &days]);
        chain.insert_str(0, &pki.pem(&name));
        above = name;
    }
    let key = String::from_utf8(pki.world.read("level6.key")).unwrap();
    pki.files("deep", &pki.pem("level6"), &key, &chain, &pki.pem("root"));
    pki.says("deep", "yyny", &["consumer.ztunnel.trial"]);
    agrees(&pki, &["deep"]);
}

#[test]
fn another_authoritys_root_and_a_forged_issuer_lead_nowhere() {
    let pki = Pki::new();
    pki.root("stranger", "/CN=Other Root", P256, CA, &[]);
    // The same name, another key: names fit, the signature does not.
    pki.root("forged", "/CN=Root CA", P256, CA, &[]);
    for other in ["stranger", "forged"] {
        pki.copy(&format!("under-{other}"));
        pki.world.write(format!("under-{other}/root-cert.pem"), pki.pem(other));
        let said = pki.inspect(&[&format!("under-{other}")]);
        assert_eq!(said.answers(0), "nnnn");
        assert!(said.ids().contains(&"consumer.chain.path"), "{:#}", said.report);
    }
    assert!(pki.inspect(&["under-forged"]).report.to_string().contains("another key of that name"));
    agrees(&pki, &["under-stranger", "under-forged"]);
}

#[test]
fn path_lengths_of_roots_stop_peers_written_in_go_or_the_next_root() {
    let pki = Pki::new();
    for (name, length, answers, ids) in
        [("zero", "0", "yyyn", &["consumer.root.path-length"]), ("one", "1", "yyyy", &["consumer.root.no-successor"])]
    {
        let extensions = CA.replace("CA:TRUE", &format!("CA:TRUE,pathlen:{length}"));
        pki.root(&format!("root-{name}"), &format!("/CN=Root {name}"), P256, &extensions, &[]);
        pki.issue(name, "/CN=Intermediate", &format!("root-{name}"), INTERMEDIATE, &[]);
        pki.arrange(name, &[&format!("root-{name}")]);
        pki.says(name, answers, ids);
    }
    agrees(&pki, &["zero", "one"]);
}

#[test]
fn a_root_that_is_no_ca_or_may_not_sign_stops_who_looks_at_it() {
    let pki = Pki::new();
    let no_ca = "subjectKeyIdentifier=hash\n".to_owned();
    let no_sign = CA.replace("keyCertSign,", "");
    for (name, extensions, answers, id) in
        [("no-ca", no_ca, "nyyn", "consumer.root.not-a-ca"), ("no-sign", no_sign, "nnyn", "consumer.root.no-cert-sign")]
    {
        pki.root(&format!("root-{name}"), &format!("/CN=Root {name}"), P256, &extensions, &[]);
        pki.issue(name, "/CN=Intermediate", &format!("root-{name}"), INTERMEDIATE, &[]);
        pki.arrange(name, &[&format!("root-{name}")]);
        pki.says(name, answers, &[id]);
    }
    agrees(&pki, &["no-ca", "no-sign"]);
}

#[test]
fn several_roots_are_fine_and_one_of_them_twice_is_said() {
    let pki = Pki::new();
    pki.root("next", "/CN=Next Root", P256, CA, &[]);
    pki.copy("two");
    pki.world.write("two/root-cert.pem", format!("{}{}", pki.pem("root"), pki.pem("next")));
    pki.says("two", "yyyy", &[]);
    pki.copy("twice");
    pki.world.write("twice/root-cert.pem", pki.pem("root").repeat(2));
    pki.says("twice", "yyyy", &["consumer.root.twice"]);
    pki.root("old", "/CN=Old Root", P256, CA, &["-days", "1"]);
    pki.copy("stale");
    pki.world.write("stale/root-cert.pem", format!("{}{}", pki.pem("root"), pki.pem("old")));
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72)).to_string();
    pki.says_of(&["stale", "--now", &later], "yyyy", &["consumer.root.stale"]);
    pki.copy("anchored");
    pki.world.write("anchored/root-cert.pem", pki.pem("good"));
    pki.says("anchored", "yyyy", &["consumer.root.not-self-signed"]);
    agrees(&pki, &["two", "twice", "anchored"]);
}

#[test]
fn cas_of_one_name_without_key_identifiers_stop_envoy() {
    let pki = Pki::new();
    let anonymous = CA.replace("subjectKeyIdentifier=hash\n", "subjectKeyIdentifier=none\n");
    pki.root("first", "/CN=Same Root", P256, &anonymous, &[]);
    pki.root("second", "/CN=Same Root", P256, &anonymous, &[]);
    let unlinked = INTERMEDIATE.replace("=keyid", "=none");
    pki.issue("same", "/CN=Intermediate", "first", &unlinked, &[]);
    pki.arrange("same", &["second", "first"]);
    let said = pki.inspect(&["same"]);
    assert_eq!(said.answers(0), "ynyy", "{:#}", said.report);
    assert!(said.ids().contains(&"consumer.root.same-name"));
    // An identifier by issuer and serial number, which openssl adds by itself, finds the right one.
    let linked = INTERMEDIATE.replace("authorityKeyIdentifier=keyid\n", "");
    pki.issue("linked", "/CN=Intermediate", "first", &linked, &[]);
    pki.arrange("linked", &["second", "first"]);
    pki.says("linked", "yyyy", &[]);
    // With identifiers each finds its own.
    pki.root("third", "/CN=Same Root", P256, CA, &[]);
    pki.root("fourth", "/CN=Same Root", P256, CA, &[]);
    pki.issue("named", "/CN=Intermediate", "third", INTERMEDIATE, &[]);
    pki.arrange("named", &["fourth", "third"]);
    pki.says("named", "yyyy", &[]);
    agrees(&pki, &["same", "named"]);
}

#[test]
fn clusters_under_different_roots_do_not_trust_each_other() {
    let pki = Pki::new();
    pki.cluster("sister");
    let together = pki.inspect(&["good", "sister"]);
    assert_eq!((together.code, together.ids()), (Some(0), vec![]));
    pki.root("elsewhere", "/CN=Other Root", P256, CA, &[]);
    pki.issue("foreign", "/CN=Foreign CA", "elsewhere", INTERMEDIATE, &[]);
    pki.arrange("foreign", &["elsewhere"]);
    let apart = pki.inspect(&["good", "foreign"]);
    assert_eq!(apart.code, Some(10));
    assert_eq!(apart.ids(), ["consumer.across.root"; 2], "each way");
    assert_eq!((apart.answers(0), apart.answers(1)), ("yyyy".into(), "yyyy".into()));
    // Both roots in both files: what a rollover has.
    pki.arrange("good", &["root", "elsewhere"]);
    pki.arrange("foreign", &["elsewhere", "root"]);
    assert_eq!(pki.inspect(&["good", "foreign"]).code, Some(0));
    let twin = pki.inspect(&["good", "good"]);
    assert_eq!((twin.code, twin.ids()), (Some(0), vec!["consumer.across.same-key"]));
}
