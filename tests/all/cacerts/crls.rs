//! ca-crl.pem, which Istio reads since 1.27.

use super::pki::{INTERMEDIATE, Pki};

/// A CRL of this CA that revokes the certificates named, valid for some days.
fn crl(pki: &Pki, by: &str, revoked: &[&str], days: &str) -> String {
    let db = format!("{by}-db");
    pki.world.write(format!("{db}/index.txt"), "");
    pki.world.write(format!("{db}/crlnumber"), "01\n");
    pki.world.write(
        format!("{db}/conf"),
        format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase={db}/index.txt\ncrlnumber={db}/crlnumber\ndefault_md=sha256\n\
             crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n"
        ),
    );
    let (conf, cert, key) = (format!("{db}/conf"), format!("{by}.pem"), format!("{by}.key"));
    let ca = ["ca", "-config", &conf, "-cert", &cert, "-keyfile", &key];
    for name in revoked {
        pki.openssl(&[&ca[..], &["-revoke", &format!("{name}.pem")]].concat());
    }
    let out = format!("{db}/crl.pem");
    pki.openssl(&[&ca[..], &["-gencrl", "-crldays", days, "-out", &out]].concat());
    String::from_utf8(pki.world.read(out)).unwrap()
}

#[test]
fn every_ca_of_the_chain_needs_its_crl() {
    let pki = Pki::new();
    let (root, own) = (crl(&pki, "root", &[], "30"), crl(&pki, "good", &[], "30"));
    let with = |name: &str, crls: &str| {
        pki.copy(name);
        pki.world.write(format!("{name}/ca-crl.pem"), crls);
    };
    with("whole", &format!("{root}{own}"));
    pki.says("whole", "yyyy", &["consumer.crl.others"]);
    with("root-only", &root);
    pki.says("root-only", "nnny", &["consumer.crl.missing", "consumer.crl.others"]);
    let text = pki.world.run(&["inspect", "cacerts", "root-only"]).stdout;
    assert!(text.contains("blocks key rotation"), "{text}");
    with("garbage", "nothing\n");
    pki.says("garbage", "nnny", &["consumer.crl.unreadable"]);
    let glued = format!("{}{own}", root.trim_end());
    with("glued", &glued);
    pki.says("glued", "nnny", &["consumer.crl.unreadable"]);
    // Nothing is to be converted where the CRL itself is what consumers do not take.
    let conf = String::from_utf8(pki.world.read("root-db/conf")).unwrap();
    pki.world.write("root-db/conf", conf.replace("sha256", "sha1"));
    let ca = ["ca", "-config", "root-db/conf", "-cert", "root.pem", "-keyfile", "root.key"];
    pki.openssl(&[&ca[..], &["-gencrl", "-crldays", "30", "-out", "sha1.crl"]].concat());
    with("sha1", &String::from_utf8(pki.world.read("sha1.crl")).unwrap());
    let said = pki.world.run(&["inspect", "cacerts", "sha1"]).stdout;
    assert!(said.contains("-md sha256") && !said.contains("-inform DER"), "{said}");
}

/// Evidence: Istio's issue 61073. Before its repair a Secret without the file, or with an empty one, changed nothing.
#[test]
fn an_emptied_file_is_no_broken_one() {
    let pki = Pki::new();
    pki.copy("off");
    pki.world.write("off/ca-crl.pem", "\n");
    pki.says("off", "yyyy", &["consumer.crl.cleared"]);
    let text = pki.world.run(&["inspect", "cacerts", "off"]).stdout;
    assert!(text.contains("from Istio 1.31.1 on"), "{text}");
    // The Secret says so too: a key with nothing in it.
    let yaml = pki.world.run(&["manifest", "off"]).ok().stdout;
    assert!(yaml.contains("  ca-crl.pem: Cg==\n"), "{yaml}");
}

#[test]
fn a_crl_that_ends_soon_or_is_not_whole_is_said() {
    let pki = Pki::new();
    let (root, own) = (crl(&pki, "root", &[], "13"), crl(&pki, "good", &[], "30"));
    pki.copy("soon");
    pki.world.write("soon/ca-crl.pem", format!("{root}{own}"));
    pki.says("soon", "yyyy", &["consumer.crl.near-end", "consumer.crl.others"]);
    let conf = String::from_utf8(pki.world.read("root-db/conf")).unwrap();
    pki.world.write("root-db/conf", format!("{conf}issuingDistributionPoint=critical,@idp\n[idp]\nindirectCRL=TRUE\n"));
    let ca = ["ca", "-config", "root-db/conf", "-cert", "root.pem", "-keyfile", "root.key"];
    pki.openssl(&[&ca[..], &["-gencrl", "-crldays", "30", "-out", "indirect.crl"]].concat());
    pki.copy("indirect");
    let indirect = String::from_utf8(pki.world.read("indirect.crl")).unwrap();
    pki.world.write("indirect/ca-crl.pem", format!("{indirect}{own}"));
    pki.says("indirect", "ynny", &["consumer.crl.not-whole", "consumer.crl.others"]);
}

/// istiod asks for the CRLs of the chain file, Envoy for those of the path: the root may stand in neither file.
#[test]
fn the_roots_crl_is_needed_where_the_root_is_not_in_the_chain() {
    let pki = Pki::new();
    pki.copy("short");
    pki.world.write("short/cert-chain.pem", pki.pem("good"));
    pki.world.write("short/ca-crl.pem", crl(&pki, "good", &[], "30"));
    pki.says("short", "ynny", &["consumer.crl.missing", "consumer.crl.others"]);
}

#[test]
fn an_expired_crl_rejects_all_and_a_forged_or_revoking_one_is_said() {
    let pki = Pki::new();
    let (root, own) = (crl(&pki, "root", &[], "2"), crl(&pki, "good", &[], "30"));
    pki.copy("old");
    pki.world.write("old/ca-crl.pem", format!("{root}{own}"));
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72)).to_string();
    pki.says_of(&["old", "--now", &later], "ynny", &["consumer.crl.expired", "consumer.crl.others"]);
    // Under the root's name by another key.
    pki.root("forged", "/CN=Root CA", super::pki::P256, super::pki::CA, &[]);
    pki.copy("forgery");
    pki.world.write("forgery/ca-crl.pem", format!("{}{own}", crl(&pki, "forged", &[], "30")));
    pki.says("forgery", "nnny", &["consumer.crl.signature", "consumer.crl.others"]);
    pki.copy("revoked");
    pki.world.write("revoked/ca-crl.pem", format!("{}{own}", crl(&pki, "root", &["good"], "30")));
    pki.says("revoked", "ynny", &["consumer.crl.revoked", "consumer.crl.others"]);
}

#[test]
fn the_crls_of_other_clusters_must_be_there_too() {
    let pki = Pki::new();
    pki.special("sister", INTERMEDIATE, &[]);
    let root = crl(&pki, "root", &[], "30");
    let (one, two) = (crl(&pki, "good", &[], "30"), crl(&pki, "sister", &[], "30"));
    pki.world.write("good/ca-crl.pem", format!("{root}{one}"));
    pki.world.write("sister/ca-crl.pem", format!("{root}{one}{two}"));
    let said = pki.inspect(&["good", "sister"]);
    assert_eq!(said.code, Some(10));
    let across: Vec<&str> = said.ids().into_iter().filter(|id| *id == "consumer.across.crl").collect();
    assert_eq!(across.len(), 1, "{:#}", said.report);
    pki.world.write("good/ca-crl.pem", format!("{root}{one}{two}"));
    assert_eq!(pki.inspect(&["good", "sister"]).code, Some(0));
}

#[test]
fn a_file_of_thousands_of_crls_and_cas_of_one_name_costs_no_more_than_a_few_signatures() {
    let pki = Pki::new();
    // Each pair of a CA and a CRL of its name would be tried: here a quarter of a million.
    let own = pki.world.read("good.pem");
    let many = |pem: &[u8], label: &str| -> String {
        let body: String = String::from_utf8_lossy(pem).lines().filter(|line| !line.starts_with("-----")).collect();
        let der = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
        let (last, start) = der.split_last_chunk::<2>().map(|(start, last)| (*last, start)).unwrap();
        let spoiled = (0..500_u16).map(|n| (n ^ u16::from_be_bytes(last)).to_be_bytes());
        let encoded = spoiled.map(|end| data_encoding::BASE64.encode(&[start, &end].concat()));
        encoded.map(|body| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")).collect()
    };
    pki.copy("many");
    let roots = many(&pki.world.read("root.pem"), "CERTIFICATE");
    pki.world.write("many/cert-chain.pem", format!("{}{roots}", String::from_utf8_lossy(&own)));
    // Of the root's name and by another key: no CA fits any of them.
    pki.root("forged", "/CN=Root CA", super::pki::P256, super::pki::CA, &[]);
    let forged = many(crl(&pki, "forged", &[], "30").as_bytes(), "X509 CRL");
    pki.world.write("many/ca-crl.pem", forged);
    let started = std::time::Instant::now();
    let said = pki.inspect(&["many"]);
    let seen = said.report.to_string();
    assert!(seen.contains("more than 256 signatures to try"), "{:?}", said.ids());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
