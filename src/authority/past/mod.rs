//! The past of a root that was made elsewhere: what it issued and revoked, put together from the files that people
//! kept, as records of the log. Pure; nothing here can know what is missing from those files.

pub mod index;
pub mod lost;

use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::record::{HistoryImported, HistorySource, PastCertificate, PastCrl, PastRevocation};
use crate::text;
use crate::x509::Reason;
use crate::x509::read::{self, Certificate, Crl, show_name};
use crate::x509::verify;
use std::collections::BTreeMap;

/// The most certificates of a past: more than any root issues to meshes.
pub const MAX_CERTIFICATES: usize = 100_000;
/// About so many bytes of JSON go into one entry, whose line has at most a mebibyte.
const PORTION: usize = 512 * 1024;

/// What a root issued before its log.
#[derive(Debug, Clone)]
pub struct Past {
    root: Certificate,
    certificates: BTreeMap<Hex, PastCertificate>,
    sources: Vec<HistorySource>,
    crl: Option<Crl>,
}

impl Past {
    /// The past of a root of which nothing is known yet.
    pub fn of(root: Certificate) -> Self {
        Self { root, certificates: BTreeMap::new(), sources: Vec::new(), crl: None }
    }

    /// Names a file that was read.
    pub fn source(&mut self, name: &str, bytes: &[u8]) {
        self.sources.push(HistorySource { name: text::called(&text::escape(name)), sha256: Digest::of(bytes) });
    }

    /// Adds the lines of an `index.txt`; the root's own line says nothing new.
    ///
    /// # Errors
    /// [`Kind::Usage`]: a line that contradicts what is known, or is not understood.
    pub fn add_index(&mut self, name: &str, text: &str) -> Result<(), Error> {
        for line in index::parse(name, text)? {
            let whole = PastCertificate {
                serial: line.serial,
                what: "imported".to_owned(),
                subject: line.subject,
                not_after: line.not_after,
                issuer_generation: 1,
                cluster: None,
                generation: None,
                unknown: false,
                revoked: line.revoked,
                der: None,
            };
            self.join(whole).map_err(|error| error.within(format!("{name} line {}", line.number)))?;
        }
        Ok(())
    }

    /// Adds a certificate; the root itself is passed over.
    ///
    /// # Errors
    /// [`Kind::Usage`]: another issuer's, or one that contradicts what is known.
    pub fn add_certificate(&mut self, name: &str, der: &[u8]) -> Result<(), Error> {
        if der == self.root.der {
            return Ok(());
        }
        let within = |error: Error| error.into_kind(Kind::Usage).within(text::escape(name));
        let certificate = read::certificate(der).map_err(within)?;
        if verify::issued_by(&certificate, &self.root).is_err() {
            return Err(within(
                Error::new(Kind::Usage, "a certificate that this root did not issue")
                    .saw(format!(
                        "{}, by {}",
                        show_name(&certificate.view.subject),
                        show_name(&certificate.view.issuer)
                    ))
                    .wanted(format!("one by {}", show_name(&self.root.view.subject)))
                    .hint("give only what the root itself signed: what intermediates issued is theirs"),
            ));
        }
        self.join(PastCertificate {
            serial: certificate.view.serial.clone(),
            what: "imported".to_owned(),
            subject: show_name(&certificate.view.subject),
            not_after: certificate.view.not_after,
            issuer_generation: 1,
            cluster: None,
            generation: None,
            unknown: false,
            revoked: None,
            der: Some(Base64(der.to_vec())),
        })
        .map_err(within)
    }

    /// Takes the last CRL, which is what the world knows of revocations.
    ///
    /// # Errors
    /// [`Kind::Usage`]: another issuer's, or without a number.
    pub fn set_crl(&mut self, name: &str, der: &[u8]) -> Result<(), Error> {
        let within = |error: Error| error.into_kind(Kind::Usage).within(text::escape(name));
        let crl = read::crl(der).map_err(within)?;
        verify::crl_issued_by(&crl, &self.root).map_err(|_| {
            within(
                Error::new(Kind::Usage, "a CRL that this root did not issue")
                    .saw(show_name(&crl.view.issuer))
                    .wanted(format!("one by {}", show_name(&self.root.view.subject))),
            )
        })?;
        self.crl = Some(crl);
        Ok(())
    }

    /// One certificate is known by its serial number, however many files tell of it.
    fn join(&mut self, new: PastCertificate) -> Result<(), Error> {
        if new.serial == self.root.view.serial {
            return Ok(());
        }
        if self.certificates.len() >= MAX_CERTIFICATES {
            return Err(Error::new(Kind::Usage, "too many certificates").wanted(format!("at most {MAX_CERTIFICATES}")));
        }
        let Some(known) = self.certificates.get_mut(&new.serial) else {
            self.certificates.insert(new.serial.clone(), new);
            return Ok(());
        };
        let two = |what: &str, seen: String, wanted: String| {
            Err(Error::new(Kind::Usage, format!("serial {} is told twice, with {what}", new.serial))
                .saw(seen)
                .wanted(wanted))
        };
        if known.not_after != new.not_after {
            return two("another end", new.not_after.to_string(), known.not_after.to_string());
        }
        match (&known.der, &new.der) {
            (Some(one), Some(other)) if one != other => {
                return two("another certificate", new.subject.clone(), known.subject.clone());
            }
            (None, Some(_)) => {
                known.der.clone_from(&new.der);
                known.subject.clone_from(&new.subject);
            }
            _ => {}
        }
        match (&known.revoked, new.revoked) {
            (Some(one), Some(other)) if *one != other => {
                two("another revocation", other.date.to_string(), one.date.to_string())
            }
            (None, revoked) => {
                known.revoked = revoked;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How many certificates are known, and how many of them are revoked.
    pub fn counts(&self) -> (usize, usize) {
        (self.certificates.len(), self.certificates.values().filter(|c| c.revoked.is_some()).count())
    }

    /// The number and the end of the last CRL.
    pub fn last_crl(&self) -> Option<(Option<u64>, jiff::Timestamp)> {
        self.crl.as_ref().map(|crl| (crl.view.number, crl.view.next_update))
    }

    /// Every certificate, by serial number.
    pub fn certificates(&self) -> impl Iterator<Item = &PastCertificate> {
        self.certificates.values()
    }

    /// Adds what the last CRL says, which was published and so decides; and holds all of it against the clock.
    ///
    /// # Errors
    /// [`Kind::Usage`]: an entry whose reason no CA is revoked for. [`Kind::Clock`]: a revocation or CRL of tomorrow.
    pub fn settle(&mut self, now: jiff::Timestamp) -> Result<(), Error> {
        self.heed_crl()?;
        let revoked = self.certificates.values().filter_map(|c| Some((&c.serial, c.revoked.as_ref()?.date)));
        let told = revoked.map(|(serial, date)| (format!("the revocation of serial {serial}"), date));
        let crl = self.crl.iter().map(|crl| ("the last CRL".to_owned(), crl.view.this_update));
        match told.chain(crl).find(|(_, date)| *date > now) {
            None => Ok(()),
            Some((what, date)) => Err(Error::new(Kind::Clock, format!("{what} is dated after now"))
                .saw(date.to_string())
                .wanted(format!("at the latest {now}"))
                .hint("is the clock right? (date -u)")),
        }
    }

    fn heed_crl(&mut self) -> Result<(), Error> {
        let Some(crl) = self.crl.clone() else { return Ok(()) };
        for (serial, date, reason) in &crl.view.revoked {
            if *serial == self.root.view.serial {
                return Err(Error::new(
                    Kind::Usage,
                    "the last CRL lists the root itself: nothing that it signs is accepted",
                )
                .saw(serial.colons())
                .hint("make a new root, and roll over to it"));
            }
            let reason = reason.as_deref().map_or(Ok(Reason::Unspecified), Reason::parse).map_err(|error| {
                error
                    .within(format!("the last CRL lists serial {serial}"))
                    .hint("a certificate on hold is revoked or released first, with the tool that put it there")
            })?;
            let root_ends = self.root.view.not_after;
            let known = self.certificates.entry(serial.clone()).or_insert_with(|| PastCertificate {
                serial: serial.clone(),
                what: "imported".to_owned(),
                subject: String::new(),
                // Nobody knows when it ends: it stays on every CRL.
                not_after: root_ends,
                issuer_generation: 1,
                cluster: None,
                generation: None,
                unknown: false,
                revoked: None,
                der: None,
            });
            let told = known.revoked.as_ref().and_then(|revoked| revoked.invalid_from);
            let invalid_from = crl.view.invalidity.get(serial).copied().or(told);
            known.revoked = Some(PastRevocation { date: *date, reason, invalid_from });
        }
        Ok(())
    }

    /// The past as records of the log. `used` is the highest CRL number that people know of.
    pub fn records(&self, used: Option<u64>) -> Vec<HistoryImported> {
        let number = self.crl.as_ref().and_then(|crl| crl.view.number).unwrap_or_default();
        let crl = PastCrl {
            generation: 1,
            used: used.unwrap_or_default().max(number),
            der: self.crl.as_ref().map(|crl| Base64(crl.der.clone())),
        };
        let first = HistoryImported { sources: self.sources.clone(), ..of("adoption") };
        portions(first, self.certificates.values().cloned(), vec![crl])
    }
}

fn of(origin: &str) -> HistoryImported {
    HistoryImported { of: origin.to_owned(), ..HistoryImported::default() }
}

/// Certificates in as many entries as they need, after what stands in the first; the CRLs that list them come last.
pub fn portions(
    first: HistoryImported,
    certificates: impl Iterator<Item = PastCertificate>,
    crls: Vec<PastCrl>,
) -> Vec<HistoryImported> {
    let mut records = vec![first];
    let mut size = 0;
    for certificate in certificates {
        // Base64 of its DER, its subject, and what stands around them.
        let length = certificate.der.as_ref().map_or(0, |der| der.0.len().saturating_mul(4) / 3);
        size += length + certificate.subject.len().saturating_mul(6) + 512;
        if size > PORTION {
            size = length;
            let next = records.first().map(|first| of(&first.of)).unwrap_or_default();
            records.push(next);
        }
        if let Some(record) = records.last_mut() {
            record.certificates.push(certificate);
        }
    }
    if let Some(last) = records.last_mut() {
        last.crls = crls;
    }
    records
}
