//! A small authority in memory for tests: software keys, a log of a few lines, bundles of one cluster.

use super::manifest::Receipt;
use super::{Bundle, Contents, Key, Local, Opened, Opening, RootPin, Unseal, make, open, recipient};
use crate::digest::{Base64, Digest, Hex};
use crate::error::Error;
use crate::key::KeySpec;
use crate::log::entry::{Header, write_line};
use crate::log::merkle::{Tree, leaf_hash};
use crate::log::note::{self, Checkpoint};
use crate::log::proof::{self, ConsistencyProof};
use crate::log::record::{Record, SessionClosed, SignOutcome};
use crate::name::{Attribute, DistinguishedName};
use crate::x509::build::{self, CertificateTemplate, CrlTemplate, RevokedCertificate, Usage};
use crate::x509::keygen::LocalKey;
use crate::x509::{SignatureAlgorithm, Spki, pem};
use jiff::{Timestamp, ToSpan};
use secrecy::SecretString;

pub(crate) const LOG: &str = "000102030405060708090a0b0c0d0e0f";

pub(crate) fn now() -> Timestamp {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

/// A CA's key with its certificate.
pub(crate) struct Issuer {
    pub key: LocalKey,
    pub name: DistinguishedName,
    pub der: Vec<u8>,
}

fn years(n: i64) -> Timestamp {
    now() + (n * 365 * 24).hours()
}

fn usage(path_len: Option<u8>) -> Usage {
    Usage::Ca {
        path_len,
        dns_names: vec![],
        permitted_dns: vec![],
        excluded_dns: vec![],
        permitted_uris: vec![],
        crl_urls: vec![],
        ca_issuers_urls: vec![],
    }
}

impl Issuer {
    pub fn root(common_name: &str) -> Self {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let name = DistinguishedName::default()
            .with(Attribute::Organization, "Example")
            .with(Attribute::CommonName, common_name);
        let mut root = Self { key, name, der: vec![] };
        let spki = root.key.spki().clone();
        root.der = root.issue(&root.name.clone(), &spki, usage(None), years(10), None);
        root
    }

    pub fn issue(
        &self,
        subject: &DistinguishedName,
        spki: &Spki,
        usage: Usage,
        not_after: Timestamp,
        key_id: Option<Hex>,
    ) -> Vec<u8> {
        let algorithm = SignatureAlgorithm::of(self.key.spki().spec());
        let template = CertificateTemplate {
            serial: build::serial(Digest::of(spki.der()).0[..16].try_into().unwrap()),
            signature: algorithm,
            issuer: build::name_der(&self.name).unwrap(),
            not_before: now() - 5.minutes(),
            not_after,
            subject: build::name_der(subject).unwrap(),
            spki: spki.clone(),
            subject_key_id: spki.key_identifier(),
            authority_key_id: key_id,
            usage,
        };
        let tbs = build::certificate_tbs(&template).unwrap();
        build::assemble(&tbs, algorithm, &self.key.sign(&tbs).unwrap()).unwrap()
    }

    pub fn key_id(&self) -> Option<Hex> {
        Some(self.key.spki().key_identifier())
    }

    pub fn pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    pub fn crl(&self, number: u64, revoked: &[Hex]) -> String {
        let template = CrlTemplate {
            signature: SignatureAlgorithm::EcdsaSha256,
            issuer: build::name_der(&self.name).unwrap(),
            this_update: now(),
            next_update: now() + (90 * 24).hours(),
            authority_key_id: self.key.spki().key_identifier(),
            number,
            revoked: revoked
                .iter()
                .map(|serial| RevokedCertificate {
                    serial: serial.clone(),
                    date: now(),
                    reason: None,
                    invalid_from: None,
                })
                .collect(),
        };
        let tbs = build::crl_tbs(&template).unwrap();
        let der = build::assemble(&tbs, template.signature, &self.key.sign(&tbs).unwrap()).unwrap();
        pem::encode("X509 CRL", &der)
    }
}

/// An authority and one cluster of it.
pub(crate) struct World {
    pub root: Issuer,
    pub audit: LocalKey,
    pub audit_pem: String,
    pub cluster_key: LocalKey,
    pub identity: SecretString,
    pub recipient: String,
    pub certificate: Vec<u8>,
    pub lines: Vec<Vec<u8>>,
    pub tree: Tree,
    /// The outcome's position.
    pub outcome: u64,
    /// The tree sizes of the bundles before.
    pub earlier: Vec<u64>,
}

impl World {
    pub fn new() -> Self {
        let root = Issuer::root("Example Mesh Root CA");
        let audit = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let audit_name = DistinguishedName::default().with(Attribute::CommonName, "Example audit");
        let audit_der = root.issue(&audit_name, audit.spki(), Usage::Audit, years(9), root.key_id());
        let cluster_key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let certificate = root.issue(&cluster_name(), cluster_key.spki(), usage(Some(0)), years(1), root.key_id());
        let (identity, recipient) = recipient::generate_identity();
        let mut world = Self {
            root,
            audit,
            audit_pem: pem::encode("CERTIFICATE", &audit_der),
            cluster_key,
            identity,
            recipient,
            certificate,
            lines: vec![],
            tree: Tree::default(),
            outcome: 2,
            earlier: vec![],
        };
        world.grow(2);
        let der = Some(Base64(world.certificate.clone()));
        world.append(&SignOutcome { intent: 1, status: "ok".into(), der, reason: None }.into());
        world.grow(2);
        world
    }

    pub fn append(&mut self, record: &Record) {
        let header = Header {
            log: LOG.into(),
            session: "0011223344556677".into(),
            time: now(),
            time_source: "given".into(),
            actors: vec!["administrator".into()],
        };
        let prev = self.lines.last().map_or(Digest([0; 32]), |line| leaf_hash(line));
        let line = write_line(&header, self.tree.size(), &prev, record).unwrap();
        self.tree.push(leaf_hash(&line));
        self.lines.push(line);
    }

    pub fn grow(&mut self, entries: usize) {
        for _ in 0..entries {
            self.append(&SessionClosed { outcome: "complete".into(), reason: None }.into());
        }
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.audit.sign(message)
    }

    /// What a bundle of the tree as it stands holds.
    pub fn contents(&self, sequence: u64) -> Contents {
        let size = self.tree.size();
        let checkpoint =
            Checkpoint { origin: note::origin("Example", &Hex::parse(LOG).unwrap()), size, root: self.tree.root() };
        let signature = self.sign(checkpoint.body().as_bytes()).unwrap();
        let checkpoint = note::sign_checkpoint(&checkpoint, self.audit.spki(), &signature);
        let certificate = pem::encode("CERTIFICATE", &self.certificate);
        let proofs: Vec<_> = self
            .earlier
            .iter()
            .map(|&old| ConsistencyProof { old, new: size, hashes: self.tree.consistency(old, size).unwrap() })
            .collect();
        Contents {
            bundle_id: Digest::of(&sequence.to_be_bytes()).hex()[..32].to_owned(),
            nonce: "00".repeat(16),
            created: now(),
            cluster: "cluster1".into(),
            environment: "prod".into(),
            trust_domain: "cluster.local".into(),
            generation: 1,
            sequence,
            previous_bundle: None,
            csr_sha256: Digest::of(b"csr"),
            recipients: vec![self.recipient.clone()],
            profile: "istio".into(),
            log: LOG.into(),
            cert_chain_pem: format!("{certificate}{}", self.root.pem()),
            ca_cert_pem: certificate,
            root_cert_pem: self.root.pem(),
            root_crl_pem: self.root.crl(1, &[]),
            cross_pem: String::new(),
            entry_line: self.lines[usize::try_from(self.outcome).unwrap()].clone(),
            inclusion_proof: proof::inclusion_proof(
                self.outcome,
                &self.tree.inclusion(self.outcome, size).unwrap(),
                &checkpoint,
            ),
            consistency_proof: proof::consistency_proofs(&proofs),
            key: None,
            restore: None,
            signer_pem: self.audit_pem.clone(),
            checkpoint,
        }
    }

    pub fn make(&self, contents: &Contents) -> Bundle {
        make(contents, &mut |message| self.sign(message)).unwrap()
    }

    pub fn bundle(&self) -> Bundle {
        self.make(&self.contents(1))
    }

    pub fn local(&self) -> Local {
        Local {
            spki: self.cluster_key.spki().clone(),
            csr_sha256: Some(Digest::of(b"csr")),
            cluster: Some(["cluster1", "prod", "cluster.local"].map(String::from)),
        }
    }

    pub fn pin(&self) -> RootPin {
        RootPin::Fingerprint(Digest::of(&self.root.der))
    }

    /// Opens as the cluster does the first time.
    pub fn open(&self, files: &[(String, Vec<u8>)]) -> Result<Opened, Error> {
        self.open_with(files, |_| {})
    }

    /// Opens with something changed.
    pub fn open_with(
        &self,
        files: &[(String, Vec<u8>)],
        change: impl for<'a> FnOnce(&mut Opening<'a>),
    ) -> Result<Opened, Error> {
        let local = self.local();
        let mut opening = Opening {
            files,
            unseal: Unseal::Identities(&self.identity),
            local: Some(&local),
            pin: self.pin(),
            receipt: None,
            accept_restore: None,
            allow_older: false,
            now: now(),
        };
        change(&mut opening);
        open(&opening)
    }

    /// Opens with the receipt of an earlier bundle as the pin.
    pub fn open_again(&self, bundle: &Bundle, receipt: &Receipt, allow_older: bool) -> Result<Opened, Error> {
        let local = self.local();
        open(&Opening {
            files: &bundle.files,
            unseal: Unseal::Identities(&self.identity),
            local: Some(&local),
            pin: RootPin::Receipt,
            receipt: Some(receipt),
            accept_restore: None,
            allow_older,
            now: now(),
        })
    }
}

pub(crate) fn cluster_name() -> DistinguishedName {
    DistinguishedName::default()
        .with(Attribute::Organization, "Example")
        .with(Attribute::CommonName, "Intermediate CA")
        .with(Attribute::Locality, "cluster1")
}

/// A key that the authority made.
pub(crate) fn clear(key: &LocalKey) -> Key {
    Key::Clear(key.to_pkcs8_pem().unwrap())
}
