//! Each broken set of files gets its finding, and no Secret; the good set gets none.

use super::*;
use crate::bundle::fixture::{Issuer, World, cluster_name, now};
use crate::error::Kind;
use crate::key::KeySpec;
use crate::x509::build::Usage;
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

/// The four files, owned so that a test can spoil one.
struct Set {
    ca_cert: String,
    ca_key: SecretString,
    cert_chain: String,
    root_cert: String,
}

impl Set {
    fn of(world: &World) -> Self {
        let ca_cert = pem::encode("CERTIFICATE", &world.certificate);
        Self {
            cert_chain: format!("{ca_cert}{}", world.root.pem()),
            ca_cert,
            ca_key: world.cluster_key.to_pkcs8_pem().unwrap(),
            root_cert: world.root.pem(),
        }
    }

    fn files(&self) -> CaFiles<'_> {
        CaFiles {
            form: Form::Four,
            ca_cert: Some(self.ca_cert.as_bytes()),
            ca_key: Some(self.ca_key.expose_secret().as_bytes()),
            cert_chain: Some(self.cert_chain.as_bytes()),
            root_cert: Some(self.root_cert.as_bytes()),
            crl: None,
        }
    }

    fn findings(&self) -> Vec<String> {
        self.findings_at(now())
    }

    fn findings_at(&self, time: Timestamp) -> Vec<String> {
        let asked = Asked::of(Layout::Istio.consumers(), time);
        check(&self.files(), &asked).unwrap().found.into_iter().map(|found| found.finding.id).collect()
    }

    /// Both say no: the rule by its id, and whoever would write the Secret.
    #[track_caller]
    fn breaks(&self, rule: &str) {
        assert!(self.findings().iter().any(|id| id == rule), "{:?}", self.findings());
        assert_eq!(arrange(Layout::Istio, &self.files(), now()).err().unwrap().kind(), Kind::Verify);
    }
}

#[test]
fn good_files_have_no_finding_and_stand_where_each_layout_has_them() {
    let world = World::new();
    let set = Set::of(&world);
    assert_eq!(set.findings(), [""; 0]);
    let keys = |layout| arrange(layout, &set.files(), now()).unwrap().data;
    let istio = keys(Layout::Istio);
    assert_eq!(
        istio.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"]
    );
    assert_eq!(istio[1].1.as_slice(), set.ca_key.expose_secret().as_bytes());
    let tls = keys(Layout::Tls);
    assert_eq!(tls.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["ca.crt", "tls.crt", "tls.key"]);
    assert_eq!(tls[0].1.as_slice(), set.root_cert.as_bytes());
    assert_eq!(tls[1].1.as_slice(), set.cert_chain.as_bytes());
    // The root need not stand in the chain, and two different roots are what a rollover has.
    assert_eq!(Set { cert_chain: set.ca_cert.clone(), ..Set::of(&world) }.findings(), [""; 0]);
    let both = format!("{}{}", world.root.pem(), Issuer::root("Other").pem());
    assert_eq!(Set { root_cert: both, ..Set::of(&world) }.findings(), [""; 0]);
}

#[test]
fn pem_that_istiod_refuses_is_refused_here() {
    let world = World::new();
    let good = Set::of(&world);
    let trimmed = |s: &str| s.trim_end().to_owned();
    // In four files it is a warning; tls.crt is joined with others.
    let trimmed_chain = Set { cert_chain: trimmed(&good.cert_chain), ..Set::of(&world) };
    assert_eq!(trimmed_chain.findings(), ["consumer.pem.final-newline"]);
    let arranged = |layout| arrange(layout, &trimmed_chain.files(), now());
    assert_eq!(arranged(Layout::Istio).ok().unwrap().notes.len(), 1);
    // What is to be mended lies in the directory, under the names that it has there.
    let hint = arranged(Layout::Tls).err().unwrap().hints()[0].clone();
    assert!(hint.contains("consumer.pem.tls-newline") && hint.contains("printf '\\n' >> cert-chain.pem"), "{hint}");
    let glued = format!("{}{}", trimmed(&good.ca_cert), world.root.pem());
    Set { cert_chain: glued, ..Set::of(&world) }.breaks("consumer.pem.unreadable");
    Set { cert_chain: "\n".into(), ..Set::of(&world) }.breaks("consumer.chain.empty");
    Set { root_cert: "\n".into(), ..Set::of(&world) }.breaks("consumer.pem.unreadable");
    let both = Set { ca_cert: good.cert_chain.clone(), ..Set::of(&world) };
    assert_eq!(both.findings(), ["consumer.certificate.several"]);
}

#[test]
fn a_chain_that_starts_istiod_and_breaks_workloads_is_refused() {
    let world = World::new();
    let good = Set::of(&world);
    Set { cert_chain: good.root_cert.clone(), ..Set::of(&world) }.breaks("consumer.chain.first");
    let root_first = format!("{}{}", good.root_cert, good.ca_cert);
    let root_first = Set { cert_chain: root_first, ..Set::of(&world) };
    assert_eq!(root_first.findings(), ["consumer.chain.root-first"]);
    Set { root_cert: Issuer::root("Example Mesh Root CA").pem(), ..Set::of(&world) }.breaks("consumer.chain.path");
    let anchored = Set { root_cert: good.ca_cert.clone(), ..Set::of(&world) };
    assert_eq!(anchored.findings(), ["consumer.root.not-self-signed"]);
}

#[test]
fn a_key_that_istiod_cannot_use_or_of_another_certificate_is_refused() {
    let world = World::new();
    let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap().to_pkcs8_pem().unwrap();
    Set { ca_key: other, ..Set::of(&world) }.breaks("consumer.key.other");
    let encrypted = Set::of(&world).ca_key.expose_secret().replace("PRIVATE", "ENCRYPTED PRIVATE");
    Set { ca_key: SecretString::from(encrypted), ..Set::of(&world) }.breaks("consumer.key.unusable");
    let set = Set::of(&world);
    let without = CaFiles { ca_key: None, ..set.files() };
    assert_eq!(arrange(Layout::Istio, &without, now()).err().unwrap().kind(), Kind::Medium);
    // Vault keeps the key of its own request.
    let chain = arrange(Layout::Vault, &without, now()).ok().unwrap().data;
    assert_eq!(chain[0].1.as_slice(), set.cert_chain.as_bytes());
}

#[test]
fn an_end_entity_certificate_as_ca_is_refused() {
    let world = World::new();
    let until = now() + 24.hours();
    let leaf = world.root.issue(&cluster_name(), world.cluster_key.spki(), Usage::Audit, until, world.root.key_id());
    let ca_cert = pem::encode("CERTIFICATE", &leaf);
    let set = Set { cert_chain: format!("{ca_cert}{}", world.root.pem()), ca_cert, ..Set::of(&world) };
    set.breaks("consumer.certificate.not-a-ca");
    set.breaks("consumer.certificate.extended-key-usage");
}

#[test]
fn a_root_twice_and_a_certificate_of_tomorrow_are_warned_about_and_an_expired_one_is_refused() {
    let world = World::new();
    let twice = Set { root_cert: format!("{0}{0}", world.root.pem()), ..Set::of(&world) };
    assert_eq!(twice.findings(), ["consumer.root.twice"]);
    assert!(arrange(Layout::Istio, &twice.files(), now()).is_ok());
    let set = Set::of(&world);
    let early = set.findings_at(now() - 1.hour());
    assert_eq!(early, ["consumer.certificate.not-yet-valid"; 2], "the root is of the same minute");
    let late = set.findings_at(now() + (366 * 24).hours());
    assert_eq!(late, ["consumer.certificate.expired"]);
}

#[test]
fn no_finding_shows_a_key() {
    let world = World::new();
    let broken = Set::of(&world).ca_key.expose_secret().replacen("\n", "\n#S3CRET\n", 1);
    let set = Set { ca_key: SecretString::from(broken), ..Set::of(&world) };
    set.breaks("consumer.key.unusable");
    let found = check(&set.files(), &Asked::of(Layout::Istio.consumers(), now())).unwrap().found;
    assert!(!format!("{found:?}").contains("S3CRET"));
}

#[test]
fn every_rule_has_its_own_id() {
    let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    assert_eq!("istoi".parse::<Layout>().unwrap_err().hints(), ["did you mean \"istio\"?"]);
}

proptest! {
    #[test]
    fn no_file_panics_and_no_control_character_is_said(
        at in 0usize..900, byte: u8, cut in 0usize..900, text in "\\PC{0,80}|(?s).{0,80}",
    ) {
        let world = World::new();
        let mut der = world.certificate.clone();
        let place = at % der.len();
        der[place] = byte;
        der.truncate(der.len() - cut % 3);
        let set = Set { cert_chain: format!("{text}\n{}", pem::encode("CERTIFICATE", &der)), ..Set::of(&world) };
        let files = CaFiles { root_cert: Some(text.as_bytes()), crl: Some(&der), ..set.files() };
        for files in [set.files(), files, CaFiles { ca_cert: files.cert_chain, ca_key: Some(&der), ..set.files() }] {
            let found = check(&files, &Asked::of(&Consumer::ALL, now())).unwrap().found;
            let said = found.iter().flat_map(|f| [&f.finding.observed, &f.finding.expected, &f.finding.hint]);
            for text in said {
                prop_assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
            }
        }
    }
}
