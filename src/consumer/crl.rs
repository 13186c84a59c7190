//! `ca-crl.pem`: CRLs as bytes of a file, and the one CRL that is made on the cluster's side: the
//! intermediate's own, signed by the key that Istio demands it of.
//!
//! What a mesh makes of CRLs is [`check`](super::check)'s; nothing here judges them. Never a root's CRL: that is
//! planned, approved and signed by the authority. Sources: RFC 5280 section 5, Istio 1.27.

use crate::error::{Error, Kind};
use crate::text;
use crate::x509::build::{self, CrlTemplate, RevokedCertificate};
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use crate::x509::read::{self, Crl, Foreign};
use crate::x509::verify::{self, Checked};
use crate::x509::{Reason, SignatureAlgorithm};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The name under which istiod looks for it.
pub const FILE: &str = "ca-crl.pem";
/// What a CRL is called in PEM.
pub const LABEL: &str = "X509 CRL";
/// The longest life of a CRL, in days: twelve months.
pub const MOST_DAYS: u16 = 365;
/// How far thisUpdate lies back: clocks of a mesh differ, and a CRL of the future rejects all mTLS.
const BACK: SignedDuration = SignedDuration::from_mins(5);

/// Reads the CRLs of a file: PEM blocks, text between them allowed, or one CRL in DER.
///
/// # Errors
/// [`Kind::Medium`]: no PEM of CRLs. [`Kind::Verify`]: a CRL that is out of form.
pub fn read_file(bytes: &[u8]) -> Result<Vec<Crl>, Error> {
    let blocks = match pem::is_der(bytes) {
        true => vec![bytes.to_vec()],
        false => pem::decode_all(&pem::without_text(bytes), LABEL)?,
    };
    blocks.iter().map(|der| read::crl(der)).collect()
}

/// The PEM file of these CRLs, in this order.
pub fn write_file<'a>(crls: impl IntoIterator<Item = &'a Crl>) -> Vec<u8> {
    crls.into_iter().map(|crl| pem::encode(LABEL, &crl.der)).collect::<String>().into_bytes()
}

/// True where a CA signed a CRL that bears its name: by its key, which its keyUsage allows.
pub fn is_by(crl: &Crl, authority: &Foreign) -> bool {
    crl.view.issuer_der == authority.subject_der
        && !authority.must_not("cRLSign")
        && verify::foreign(&authority.key, crl.algorithm.oid(), &crl.tbs, &crl.signature) == Checked::Good
}

/// One CRL of a file, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The CA, escaped.
    pub ca: String,
    /// cRLNumber.
    pub number: Option<u64>,
    /// When it ends, and with it all mTLS under this CA.
    pub next_update: Timestamp,
    /// How many certificates it lists.
    pub revoked: usize,
    /// The file it was taken from.
    pub from: String,
}

impl Row {
    /// What a CRL is, and where it came from.
    pub fn of(crl: &Crl, from: &str) -> Self {
        let view = &crl.view;
        Self {
            ca: read::show_name(&view.issuer),
            number: view.number,
            next_update: view.next_update,
            revoked: view.revoked.len(),
            from: text::escape(from),
        }
    }
}

/// What an intermediate's own CRL is made of.
pub struct Making<'a> {
    /// The intermediate.
    pub certificate: &'a Foreign,
    /// Its key.
    pub key: &'a LocalKey,
    /// The CRLs that are there already, anybody's; the intermediate's newest is followed.
    pub before: &'a [Crl],
    /// How long it is valid, at the most [`MOST_DAYS`]; it never outlives the intermediate.
    pub days: u16,
    /// The time.
    pub now: Timestamp,
}

/// Makes the intermediate's own CRL: what its last one listed, which is usually nothing, under a higher number.
///
/// The number is the second of its making, so it rises even where the last file is lost.
///
/// # Errors
/// [`Kind::Verify`]: the key is another's, the intermediate may not sign CRLs, cannot be named by one, is expired,
/// or the CRL under its name is not its own or cannot be followed.
pub fn make_own(making: &Making<'_>) -> Result<Crl, Error> {
    let &Making { certificate, key, before, days, now } = making;
    let refuse = |what: &str| Error::new(Kind::Verify, what).saw(&certificate.subject);
    if key.spki().der() != certificate.key.der {
        return Err(refuse("the key is not the intermediate's").hint("its own CRL is made where its key is"));
    }
    if certificate.must_not("cRLSign") {
        return Err(refuse("the intermediate may not sign CRLs: its keyUsage lacks cRLSign")
            .hint("Istio's own Makefile leaves it out; have the intermediate issued again with it, or use no CRLs"));
    }
    let Some(authority_key_id) = certificate.extensions.subject_key_id.clone() else {
        return Err(refuse("the intermediate has no subjectKeyIdentifier, which its CRL would name"));
    };
    let last = last_own(certificate, before)?;
    let revoked = last.map_or_else(|| Ok(Vec::new()), kept)?;
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let after = last.and_then(|last| last.view.number).map_or(Some(1), |number| number.checked_add(1));
    let after = after.ok_or_else(|| refuse("the CRL number of ca-crl.pem is the highest there is"))?;
    let beyond = |_| Error::new(Kind::Bug, "a time out of range");
    let this_update = now.checked_sub(BACK).map_err(beyond)?.max(certificate.not_before);
    let life = SignedDuration::from_hours(24 * i64::from(days.min(MOST_DAYS)));
    let next_update = now.checked_add(life).map_err(beyond)?.min(certificate.not_after);
    if next_update <= now.max(this_update) {
        return Err(refuse("the intermediate has expired: no CRL of it would help")
            .wanted(format!("valid at {now}"))
            .hint("renew it: anchorite request NAME --renew"));
    }
    let template = CrlTemplate {
        signature: SignatureAlgorithm::of(key.spki().spec()),
        issuer: certificate.subject_der.clone(),
        this_update,
        next_update,
        authority_key_id,
        number: after.max(seconds),
        revoked,
    };
    let tbs = build::crl_tbs(&template)?;
    let crl = read::crl(&build::assemble(&tbs, template.signature, &key.sign(&tbs)?)?)?;
    match is_by(&crl, certificate) {
        true => Ok(crl),
        false => Err(Error::new(Kind::Bug, "the CRL that was made does not verify")),
    }
}

/// The CRLs of a cluster's file: the intermediate's own, made now, then every other CA's newest once, in the order
/// in which they were given. The others are carried as they are: [`check`](super::check) says what they are worth.
///
/// # Errors
/// As [`make_own`].
pub fn cluster_crls(making: &Making<'_>) -> Result<Vec<Crl>, Error> {
    let mut crls = vec![make_own(making)?];
    let same = |one: &Crl, other: &Crl| {
        one.view.issuer_der == other.view.issuer_der && one.view.authority_key_id == other.view.authority_key_id
    };
    for crl in making.before.iter().filter(|crl| crl.view.issuer_der != making.certificate.subject_der) {
        match crls.iter_mut().find(|there| same(there, crl)) {
            Some(there) if there.view.number < crl.view.number => *there = crl.clone(),
            Some(_) => {}
            None => crls.push(crl.clone()),
        }
    }
    Ok(crls)
}

/// The newest CRL under the intermediate's name, which its key must have signed: a number that somebody else set,
/// or entries that somebody else left out, are not followed.
fn last_own<'a>(certificate: &Foreign, before: &'a [Crl]) -> Result<Option<&'a Crl>, Error> {
    let named = before.iter().filter(|crl| crl.view.issuer_der == certificate.subject_der);
    let Some(last) = named.max_by_key(|crl| crl.view.number) else { return Ok(None) };
    if is_by(last, certificate) {
        return Ok(Some(last));
    }
    Err(Error::new(Kind::Verify, format!("{FILE} holds a CRL of the intermediate's name that its key did not sign"))
        .saw(&certificate.subject)
        .hint("take that CRL out of the file, and find out how it came there"))
}

/// What a CRL lists, to be listed again.
fn kept(crl: &Crl) -> Result<Vec<RevokedCertificate>, Error> {
    if !crl.view.is_whole() {
        return Err(Error::new(Kind::Verify, format!("the intermediate's CRL in {FILE} cannot be followed"))
            .saw("extensions that change what it lists")
            .wanted("authorityKeyIdentifier, cRLNumber and reasons, no others"));
    }
    let entries = crl.view.revoked.iter();
    Ok(entries
        .map(|(serial, date, reason)| RevokedCertificate {
            serial: serial.clone(),
            date: *date,
            reason: reason.as_deref().and_then(Reason::of_name).map(Reason::code).filter(|code| *code != 0),
            invalid_from: crl.view.invalidity.get(serial).copied(),
        })
        .collect())
}
