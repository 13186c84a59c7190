//! Valid logs of any size, written by the library itself with software keys: for tests and benchmarks.

use anchorite::digest::{Base64, Digest, Hex};
use anchorite::error::Error;
use anchorite::key::KeySpec;
use anchorite::log::record::{
    AuditRotated, CertificateRevoked, ClusterEnrolled, ConfigAdopted, Genesis, KeyGenerated, KeyIntent, PlanApproved,
    PlanMade, Recovered, ScriptAdopted, SessionClosed, SessionOpened, SignIntent, SignOutcome, StepDone, ValueRecorded,
};
use anchorite::log::rotation::{Handover, statement};
use anchorite::log::{Header, Record, note};
use anchorite::name::{Attribute, DistinguishedName};
use anchorite::store::{Committed, Log, SignedCheckpoint};
use anchorite::x509::build::{self, CertificateTemplate, CrlTemplate, RevokedCertificate, Usage, assemble};
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::{Reason, SignatureAlgorithm, Spki, pem};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// An authority whose keys are in memory.
pub struct Fixture {
    pub log: Log,
    pub root: LocalKey,
    pub audit: LocalKey,
    pub origin: String,
    /// The root certificate, DER.
    pub root_certificate: Vec<u8>,
    /// What the audit certificate is for.
    pub audit_usage: Usage,
    session: String,
    now: Timestamp,
    serial: u8,
    generation: u32,
}

/// A plan whose intent can be committed.
struct Planned {
    intent: SignIntent,
    tbs: Vec<u8>,
}

const NAME: &str = "Fixture Root";

impl Fixture {
    /// Writes a whole genesis: keys, root and audit certificates, CRL 1, a closed session.
    pub fn genesis(directory: &Path, root: KeySpec) -> Result<Self, Error> {
        Self::of(directory, root, Hex((0..16).collect()))
    }

    /// The same for a log of this id.
    pub fn of(directory: &Path, root: KeySpec, log_id: Hex) -> Result<Self, Error> {
        let mut fixture = Self::begin(directory, root, log_id)?;
        fixture.found()?;
        Ok(fixture)
    }

    /// The keys of an authority that is not founded yet, and its empty log.
    pub fn begin(directory: &Path, root: KeySpec, log_id: Hex) -> Result<Self, Error> {
        Ok(Self {
            origin: note::origin(NAME, &log_id),
            log: Log::create(directory, log_id)?,
            root: LocalKey::generate(root)?,
            audit: LocalKey::generate(KeySpec::EcdsaP256)?,
            root_certificate: Vec::new(),
            session: "0000000000000001".to_owned(),
            now: Timestamp::from_second(1_795_253_400).unwrap(),
            audit_usage: Usage::Audit,
            serial: 0,
            generation: 0,
        })
    }

    /// Writes the genesis.
    pub fn found(&mut self) -> Result<(), Error> {
        let (config, script) = ("name = \"Fixture Root\"\n", "steps\n");
        self.append([
            Record::from(Genesis {
                name: NAME.into(),
                kind: "test".into(),
                origin: self.origin.clone(),
                version: "0.1.0".into(),
            }),
            ConfigAdopted { sha256: Digest::of(config.as_bytes()), text: config.into() }.into(),
            ScriptAdopted { name: "genesis".into(), sha256: Digest::of(script.as_bytes()), text: script.into() }.into(),
            opened("root-genesis"),
        ])?;
        self.append(key_records(1, "audit", 1, self.audit.spki()))?;
        self.append(key_records(2, "root", 1, self.root.spki()))?;
        let (root, audit, crl) = (self.plan_root()?, self.plan_audit()?, self.plan_crl(1, Vec::new())?);
        let issued = self.sign(vec![root, audit, crl])?;
        self.root_certificate.clone_from(&issued[0]);
        self.log.store_audit_certificate(1, &pem::encode("CERTIFICATE", &issued[1]))?;
        self.checkpoint()?;
        self.append([ClusterEnrolled {
            cluster: "alpha".into(),
            environment: "prod".into(),
            trust_domain: "cluster.local".into(),
            recipients: vec!["age1alpha".into()],
            profile: "istio".into(),
            key_origin: "cluster".into(),
            spki_sha256: Digest::of(b"key"),
            words_of: Digest::of(b"request"),
        }])?;
        self.close()?;
        self.checkpoint()?;
        Ok(())
    }

    /// Opens the next session.
    pub fn open(&mut self, ceremony: &str) -> Result<(), Error> {
        self.session = format!("{:016x}", self.log.size());
        self.append([opened(ceremony)])
    }

    /// Closes the session; a checkpoint should follow.
    pub fn close(&mut self) -> Result<(), Error> {
        self.append([SessionClosed { outcome: "complete".into(), reason: None }])
    }

    /// Plans, approves, commits and signs an intermediate, and logs its outcome.
    pub fn intermediate(&mut self, key: &LocalKey) -> Result<Vec<u8>, Error> {
        let planned = self.plan_intermediate(key.spki())?;
        Ok(self.sign(vec![planned])?.remove(0))
    }

    /// Logs that people revoked a certificate, dated now.
    pub fn revoke(&mut self, serial: &Hex, reason: Reason) -> Result<RevokedCertificate, Error> {
        let date = self.now;
        self.append([CertificateRevoked { serial: serial.clone(), reason, date, invalid_from: None }])?;
        Ok(RevokedCertificate { serial: serial.clone(), date, reason: Some(reason.code()), invalid_from: None })
    }

    /// Signs and logs a CRL that lists this, whatever the log says must be listed.
    pub fn crl(&mut self, number: u64, revoked: Vec<RevokedCertificate>) -> Result<(), Error> {
        let planned = self.plan_crl(number, revoked)?;
        self.sign(vec![planned]).map(|_| ())
    }

    /// Commits an intermediate's intent and stops there, as a crash would.
    pub fn intent_only(&mut self, key: &LocalKey) -> Result<Committed, Error> {
        let planned = self.plan_intermediate(key.spki())?;
        self.commit(vec![planned.intent])
    }

    /// What both audit keys sign when this one hands the log to the next: about so many entries with this root.
    pub fn handover(&self, next: &LocalKey, size: u64, root: Digest) -> AuditRotated {
        let text = statement(&Handover { origin: &self.origin, size, root }, self.audit.spki(), next.spki());
        AuditRotated {
            generation: 2,
            old_spki: Base64(self.audit.spki().der().to_vec()),
            new_spki: Base64(next.spki().der().to_vec()),
            size,
            root,
            old_signature: Base64(self.audit.sign(text.as_bytes()).unwrap()),
            new_signature: Base64(next.sign(text.as_bytes()).unwrap()),
        }
    }

    /// Says, in a session that began over it, that nobody knows what became of an intent.
    pub fn recover(&mut self, intent: u64) -> Result<(), Error> {
        let found = vec!["an intent without outcome".to_owned()];
        let unknown = SignOutcome { intent, status: "unknown".into(), der: None, reason: Some("interrupted".into()) };
        self.append([Record::from(Recovered { session: Some("x".into()), found, torn_sha256: None }), unknown.into()])
    }

    /// Logs and certifies the next audit key, which waits to be handed the log.
    pub fn next_audit_key(&mut self) -> Result<LocalKey, Error> {
        let next = self.uncertified_audit_key()?;
        let template = self.template(next.spki(), "Fixture Audit 2", Usage::Audit)?;
        let planned = self.plan("audit", template)?;
        let der = self.sign(vec![planned])?.remove(0);
        self.log.store_audit_certificate(2, &pem::encode("CERTIFICATE", &der))?;
        self.checkpoint()?;
        Ok(next)
    }

    /// Logs another audit key.
    pub fn uncertified_audit_key(&mut self) -> Result<LocalKey, Error> {
        let next = LocalKey::generate(KeySpec::EcdsaP256)?;
        self.append(key_records(3, "audit", 2, next.spki()))?;
        Ok(next)
    }

    /// `count` entries such as a long ceremony writes, in acts of a hundred.
    pub fn filler(&mut self, count: usize) -> Result<(), Error> {
        fillers(count).chunks(100).try_for_each(|act| self.append(act.to_vec()))
    }

    /// Appends records under a header of this session.
    pub fn append<R: Into<Record>>(&mut self, records: impl IntoIterator<Item = R>) -> Result<(), Error> {
        let header = self.header();
        let records: Vec<Record> = records.into_iter().map(Into::into).collect();
        self.log.append(&header, &records).map(|_| ())
    }

    /// Signs a checkpoint of the log as it stands.
    pub fn checkpoint(&mut self) -> Result<SignedCheckpoint, Error> {
        let audit = &self.audit;
        self.log.checkpoint(&self.origin, audit.spki(), &mut |body| audit.sign(body))
    }

    /// A header of this session; each is a minute later.
    pub fn header(&mut self) -> Header {
        self.now = Timestamp::from_second(self.now.as_second() + 60).unwrap();
        Header {
            log: self.log.log_id().to_string(),
            session: self.session.clone(),
            time: self.now,
            time_source: "given".into(),
            actors: vec!["administrator".into(), "witness".into()],
        }
    }

    fn commit(&mut self, intents: Vec<SignIntent>) -> Result<Committed, Error> {
        let header = self.header();
        let audit = &self.audit;
        let intended = self.log.intend(&header, &intents)?;
        self.log.commit(&intended, &self.origin, audit.spki(), &mut |body| audit.sign(body))
    }

    /// Commits, signs with the root key and logs the outcomes, without a checkpoint over them.
    fn sign(&mut self, planned: Vec<Planned>) -> Result<Vec<Vec<u8>>, Error> {
        let committed = self.commit(planned.iter().map(|p| p.intent.clone()).collect())?;
        let algorithm = SignatureAlgorithm::of(self.root.spki().spec());
        let issued: Vec<Vec<u8>> = planned
            .iter()
            .map(|p| assemble(&p.tbs, algorithm, &self.root.sign(&p.tbs)?))
            .collect::<Result<_, Error>>()?;
        let outcomes = committed.range().zip(&issued).map(|(intent, der)| SignOutcome {
            intent,
            status: "ok".into(),
            der: Some(Base64(der.clone())),
            reason: None,
        });
        self.append(outcomes.collect::<Vec<_>>())?;
        Ok(issued)
    }

    fn plan_root(&mut self) -> Result<Planned, Error> {
        let (spki, template) = (self.root.spki().clone(), self.template(self.root.spki(), NAME, ca(None))?);
        let template =
            CertificateTemplate { issuer: template.subject.clone(), authority_key_id: None, spki, ..template };
        self.plan("root", template)
    }

    fn plan_audit(&mut self) -> Result<Planned, Error> {
        let template = self.template(self.audit.spki(), "Fixture Audit", self.audit_usage.clone())?;
        self.plan("audit", template)
    }

    fn plan_intermediate(&mut self, spki: &Spki) -> Result<Planned, Error> {
        let template = self.template(spki, "Fixture Intermediate", ca(Some(0)))?;
        self.generation += 1;
        let mut planned = self.plan("intermediate", template)?;
        planned.intent.cluster = Some("alpha".into());
        planned.intent.generation = Some(self.generation);
        Ok(planned)
    }

    fn plan_crl(&mut self, number: u64, revoked: Vec<RevokedCertificate>) -> Result<Planned, Error> {
        let next_update = later(self.now, 180);
        let tbs = build::crl_tbs(&CrlTemplate {
            signature: SignatureAlgorithm::of(self.root.spki().spec()),
            issuer: name(NAME)?,
            this_update: self.now,
            next_update,
            authority_key_id: self.root.spki().key_identifier(),
            number,
            revoked,
        })?;
        self.approve("crl", tbs, None, Some(number), next_update)
    }

    fn template(&self, spki: &Spki, subject: &str, usage: Usage) -> Result<CertificateTemplate, Error> {
        let days = if matches!(&usage, Usage::Ca { path_len: None, .. }) { 3650 } else { 3000 };
        Ok(CertificateTemplate {
            serial: Hex([&[0x40, 0, 0, 0, 0, 0, 0][..], &self.log.size().to_be_bytes(), &[self.serial]].concat()),
            signature: SignatureAlgorithm::of(self.root.spki().spec()),
            issuer: name(NAME)?,
            not_before: self.now,
            not_after: later(self.now, days),
            subject: name(subject)?,
            spki: spki.clone(),
            subject_key_id: spki.key_identifier(),
            authority_key_id: Some(self.root.spki().key_identifier()),
            usage,
        })
    }

    fn plan(&mut self, what: &str, template: CertificateTemplate) -> Result<Planned, Error> {
        let tbs = build::certificate_tbs(&template)?;
        self.approve(what, tbs, Some(template.serial), None, template.not_after)
    }

    /// Logs the plan and its approval.
    fn approve(
        &mut self,
        what: &str,
        tbs: Vec<u8>,
        serial: Option<Hex>,
        crl_number: Option<u64>,
        not_after: Timestamp,
    ) -> Result<Planned, Error> {
        let tbs64 = serde_json::to_string(&Base64(tbs.clone())).unwrap();
        let plan = format!("{{\"type\":\"anchorite/plan/v1\",\"what\":\"{what}\",\"tbs\":{tbs64}}}");
        let plan_sha256 = Digest::of(plan.as_bytes());
        let plan = serde_json::value::RawValue::from_string(plan).unwrap();
        self.append([
            Record::from(PlanMade { sha256: plan_sha256, plan }),
            PlanApproved { plan_sha256, by: "words".into(), reason: None }.into(),
        ])?;
        self.serial = self.serial.wrapping_add(1);
        let intent = SignIntent {
            plan_sha256,
            tbs_sha256: Digest::of(&tbs),
            what: what.into(),
            serial,
            crl_number,
            issuer_generation: 1,
            cluster: None,
            generation: None,
            not_after,
        };
        Ok(Planned { intent, tbs })
    }
}

/// What a long ceremony writes.
pub fn fillers(count: usize) -> Vec<Record> {
    let record = |n: usize| match n % 2 {
        0 => StepDone { step: format!("check-{n}"), activity: "confirm".into() }.into(),
        _ => ValueRecorded {
            step: format!("check-{n}"),
            name: "tamper-evident bag".into(),
            value: format!("AA {n:08} of the third shelf, seal unbroken"),
        }
        .into(),
    };
    (0..count).map(record).collect()
}

/// The beginning of a session.
pub fn opened(ceremony: &str) -> Record {
    SessionOpened {
        ceremony: ceremony.into(),
        script_sha256: Digest::of(b"script"),
        version: "0.1.0".into(),
        binary_sha256: Digest::of(b"binary"),
        module: "/usr/lib/softhsm/libsofthsm2.so".into(),
        module_sha256: Digest::of(b"module"),
        local_sha256: None,
        unattended: false,
        answers_sha256: None,
        resumes: None,
    }
    .into()
}

fn key_records(id: u8, role: &str, generation: u32, spki: &Spki) -> [Record; 2] {
    let id = Hex(vec![id; 16]);
    let intent = KeyIntent {
        id: id.clone(),
        role: role.into(),
        generation,
        spec: spki.spec(),
        token_serial: "0123456789abcdef".into(),
    };
    let generated = KeyGenerated {
        id,
        role: role.into(),
        generation,
        spki: Base64(spki.der().to_vec()),
        attributes: BTreeMap::from([("CKA_SENSITIVE".to_owned(), "true".to_owned())]),
        dropped: Vec::new(),
        mechanism: "CKM_EC_KEY_PAIR_GEN".into(),
    };
    [intent.into(), generated.into()]
}

/// What an intermediate is for.
pub fn ca(path_len: Option<u8>) -> Usage {
    Usage::Ca {
        path_len,
        dns_names: Vec::new(),
        permitted_dns: Vec::new(),
        excluded_dns: Vec::new(),
        permitted_uris: Vec::new(),
        crl_urls: Vec::new(),
        ca_issuers_urls: Vec::new(),
    }
}

fn name(common_name: &str) -> Result<Vec<u8>, Error> {
    build::name_der(&DistinguishedName::default().with(Attribute::CommonName, common_name))
}

fn later(time: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_second(time.as_second() + days * 86_400 - 1).unwrap()
}
