//! Entries about the past are held against the roots of the log like everything that it signed itself.

use anchorite::audit::{self, Options, RootPin};
use anchorite::digest::{Base64, Digest, Hex};
use anchorite::error::Error;
use anchorite::key::KeySpec;
use anchorite::log::record::{
    ConfigAdopted, Genesis, HistoryImported, KeyAdopted, PastCertificate, PastLog, Restore, ScriptAdopted,
    SessionOpened,
};
use anchorite::log::{Header, Record, note};
use anchorite::name::{Attribute, DistinguishedName};
use anchorite::store::{self, Log};
use anchorite::x509::SignatureAlgorithm;
use anchorite::x509::build::{self, CertificateTemplate, Usage, assemble};
use anchorite::x509::keygen::LocalKey;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

fn now() -> Timestamp {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

/// A certificate by `issuer` over `subject`, with this serial number.
fn certificate(name: &str, serial: u8, subject: &LocalKey, issuer: &LocalKey) -> Vec<u8> {
    let named = |name: &str| build::name_der(&DistinguishedName::default().with(Attribute::CommonName, name)).unwrap();
    let algorithm = SignatureAlgorithm::of(issuer.spki().spec());
    let template = CertificateTemplate {
        serial: Hex(vec![serial; 8]),
        signature: algorithm,
        issuer: named("Old Root"),
        not_before: now() - SignedDuration::from_hours(24),
        not_after: now() + SignedDuration::from_hours(24 * 3650),
        subject: named(name),
        spki: subject.spki().clone(),
        subject_key_id: subject.spki().key_identifier(),
        authority_key_id: Some(issuer.spki().key_identifier()),
        usage: Usage::plain_ca(None),
    };
    let tbs = build::certificate_tbs(&template).unwrap();
    assemble(&tbs, algorithm, &issuer.sign(&tbs).unwrap()).unwrap()
}

fn adopted(role: &str, key: &LocalKey, certificate: Vec<u8>) -> KeyAdopted {
    KeyAdopted {
        id: Hex(key.spki().sha256().0.get(..16).unwrap().to_vec()),
        role: role.into(),
        generation: 1,
        token_serial: "01".into(),
        spki: Base64(key.spki().der().to_vec()),
        certificate: Base64(certificate),
        attributes: [].into(),
        findings: Vec::new(),
        reason: None,
    }
}

fn imported(serial: u8, der: Option<Vec<u8>>, end: SignedDuration) -> HistoryImported {
    let certificate = PastCertificate {
        serial: Hex(vec![serial; 8]),
        what: "imported".into(),
        subject: String::new(),
        not_after: now() + end,
        issuer_generation: 1,
        cluster: None,
        generation: None,
        unknown: false,
        revoked: None,
        der: der.map(Base64),
    };
    HistoryImported { of: "adoption".into(), certificates: vec![certificate], ..HistoryImported::default() }
}

/// The audit of a log with these entries after its beginning.
fn verified(records: Vec<Record>) -> Result<audit::Report, Error> {
    let dir = tempfile::tempdir().unwrap();
    let id = Hex((0..16).collect());
    let mut log = Log::create(dir.path(), id.clone()).unwrap();
    let digest = Digest::of(b"x");
    let header = Header {
        log: id.to_string(),
        session: "0000000000000001".into(),
        time: now(),
        time_source: "given".into(),
        actors: vec!["administrator".into()],
    };
    let mut all: Vec<Record> = vec![
        Genesis { name: "Old".into(), kind: "test".into(), origin: note::origin("Old", &id), version: "0.1.0".into() }
            .into(),
        ConfigAdopted { sha256: digest, text: "x".into() }.into(),
        ScriptAdopted { name: "adopt".into(), sha256: digest, text: "x".into() }.into(),
        SessionOpened {
            ceremony: "adopt".into(),
            script_sha256: digest,
            version: "0.1.0".into(),
            binary_sha256: digest,
            module: "m".into(),
            module_sha256: digest,
            local_sha256: None,
            unattended: true,
            answers_sha256: None,
            resumes: None,
        }
        .into(),
    ];
    all.extend(records);
    log.append(&header, &all).unwrap();
    let material = store::material(dir.path()).unwrap();
    audit::verify(material, &Options { root: RootPin::None, at_rest: false }, &|| Duration::ZERO)
}

const TEN_YEARS: SignedDuration = SignedDuration::from_hours(24 * 3650);

#[test]
fn an_adopted_root_that_verifies_is_an_anchor_and_its_past_is_marked() {
    let (root, audit) =
        (LocalKey::generate(KeySpec::EcdsaP256).unwrap(), LocalKey::generate(KeySpec::EcdsaP256).unwrap());
    let own = certificate("Old Root", 1, &root, &root);
    let child = certificate("Child", 2, &audit, &root);
    let report =
        verified(vec![adopted("root", &root, own.clone()).into(), imported(2, Some(child), TEN_YEARS).into()]).unwrap();
    assert_eq!(report.roots, [Digest::of(&own)]);
    let uncovered = report.uncovered.unwrap();
    assert_eq!((uncovered.of, uncovered.entry), ("adoption", 4));
}

#[test]
fn each_forged_entry_about_the_past_is_refused_with_its_rule() {
    let key = || LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let (root, other, audit) = (key(), key(), key());
    let own = || certificate("Old Root", 1, &root, &root);
    let adopt = || Record::from(adopted("root", &root, own()));
    let with = |records: Vec<Record>| verified(records).unwrap_err().to_string();
    let mut restore = Restore {
        log: Hex(vec![9; 16]),
        size: 10,
        root: Digest::of(b""),
        cited: 12,
        reason: "lost".into(),
        checkpoint: None,
        before: vec![PastLog { log: Hex(vec![8; 16]), cited: 3 }],
    };
    let restored = |restore: &Restore| Record::from(restore.clone());
    assert!(verified(vec![restored(&restore), adopt()]).is_ok());
    let twice = with(vec![restored(&restore), restored(&restore)]);
    restore.cited = 9;
    let short = with(vec![restored(&restore)]);
    restore.log = Hex((0..16).collect());
    let itself = with(vec![restored(&restore)]);
    for (said, rule) in [
        // Signed by another key than its own.
        (with(vec![adopted("root", &root, certificate("Old Root", 1, &root, &other)).into()]), "history.key"),
        // Another key than its certificate's.
        (with(vec![adopted("root", &other, own()).into()]), "key.certificate"),
        (with(vec![adopted("witness", &root, own()).into()]), "key.role"),
        (with(vec![adopt(), adopt()]), "key.id"),
        (with(vec![adopted("audit", &audit, certificate("Audit", 3, &audit, &root)).into()]), "history.key"),
        (with(vec![adopt(), adopted("audit", &audit, certificate("Audit", 3, &audit, &other)).into()]), "history.key"),
        (
            with(vec![adopt(), imported(2, Some(certificate("C", 2, &audit, &other)), TEN_YEARS).into()]),
            "history.signature",
        ),
        (with(vec![imported(2, Some(certificate("C", 2, &audit, &root)), TEN_YEARS).into()]), "history.signature"),
        (
            with(vec![adopt(), imported(4, Some(certificate("C", 2, &audit, &root)), TEN_YEARS).into()]),
            "history.certificate",
        ),
        (
            with(vec![adopt(), imported(2, Some(certificate("C", 2, &audit, &root)), SignedDuration::ZERO).into()]),
            "history.certificate",
        ),
        (with(vec![adopt(), imported(1, None, TEN_YEARS).into()]), "serial.unique"),
        (
            with(vec![adopt(), HistoryImported { of: "rumour".into(), ..HistoryImported::default() }.into()]),
            "history.of",
        ),
        (twice, "restore.once"),
        (short, "restore.cited"),
        (itself, "restore.log"),
    ] {
        assert!(said.contains(rule), "{rule}: {said}");
    }
}
