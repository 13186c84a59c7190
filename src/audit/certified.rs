//! Whether the keys that signed the checkpoints lead to the pinned root: by certificates, or from one audit key to
//! the next by the statement that both signed.

use super::tree::{AuditKey, Verifier};
use super::{Options, at_file, fingerprint};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::pem;
use crate::x509::read::{self, Certificate};
use crate::x509::verify::{self, Purpose};
use std::collections::BTreeMap;

impl Verifier<'_> {
    /// Checks the audit certificates up to the root; true where that is the pinned one.
    ///
    /// A key that the pinned root certified vouches for the one that it handed the log to, and for the one that
    /// handed it the log: both signed for what was there.
    pub(super) fn authenticate(
        &self,
        files: &[(u32, Vec<u8>)],
        options: &Options,
        warnings: &mut Vec<String>,
    ) -> Result<bool, Error> {
        let pins = options.root.fingerprints();
        let trusted = self.trusted(pins.as_deref())?;
        for (generation, text) in files {
            let name = format!("audit/{generation}.pem");
            let bad = |error| at_file(error, &name, "audit.certificate");
            self.kept_certificate(*generation, text).map_err(bad)?;
        }
        let mut reached: BTreeMap<u32, Result<(), Error>> =
            self.keys.iter().filter_map(|key| Some((key.generation, self.certified(key, &trusted)?))).collect();
        for _ in &self.handed {
            for (from, to) in &self.handed {
                let vouched = |generation: &u32| reached.get(generation).is_some_and(Result::is_ok);
                if vouched(from) || vouched(to) {
                    reached.insert(*from, Ok(()));
                    reached.insert(*to, Ok(()));
                }
            }
        }
        let mut certified = 0;
        for key in self.keys.iter().filter(|key| key.used) {
            let rule = |error| at_file(error, &format!("audit key {}", key.generation), "audit.certificate");
            match reached.get(&key.generation) {
                None if pins.is_some() => {
                    return Err(rule(Error::new(Kind::Verify, "it is not certified by the pinned root")));
                }
                None => {
                    warnings.push(format!("audit key {} is not certified", key.generation));
                    continue;
                }
                Some(reached) => reached.clone().map_err(rule)?,
            }
            certified += 1;
            if !files.iter().any(|(generation, _)| *generation == key.generation) {
                warnings.push(format!("audit/{}.pem is missing", key.generation));
            }
        }
        Ok(pins.is_some() && certified > 0)
    }

    /// The roots of the log that are pinned; all of them where nothing is.
    fn trusted(&self, pins: Option<&[Digest]>) -> Result<Vec<Certificate>, Error> {
        let roots = || self.signing.roots.values();
        let Some(pins) = pins else { return Ok(roots().cloned().collect()) };
        let trusted: Vec<Certificate> = roots().filter(|root| pins.contains(&fingerprint(root))).cloned().collect();
        if !trusted.is_empty() {
            return Ok(trusted);
        }
        let shown = |digests: Vec<String>| digests.join(", ");
        let seen = shown(roots().map(|root| fingerprint(root).hex()).collect());
        let error = Error::new(Kind::Verify, "the log is not of the pinned root")
            .saw(if seen.is_empty() { "no root certificate".to_owned() } else { seen })
            .wanted(shown(pins.iter().map(Digest::hex).collect()));
        Err(at_file(error, "the log", "root.pin"))
    }

    /// Whether one of a key's certificates leads to a trusted root; `None` where it has no certificate.
    fn certified(&self, key: &AuditKey, trusted: &[Certificate]) -> Option<Result<(), Error>> {
        let path = |certificate: &Certificate| {
            let at = certificate.view.not_before;
            verify::chain(certificate, &self.signing.cross, trusted, at, Purpose::DocumentSigning).map(|_| ())
        };
        let paths = self.signing.audit.iter().filter(|c| c.view.spki == key.spki).map(path);
        paths.reduce(|best, next| if best.is_ok() { best } else { next })
    }

    /// Kept audit certificates are those that the log holds, for the key of their generation, written as we write
    /// PEM: one for each root that certified it.
    fn kept_certificate(&self, generation: u32, text: &[u8]) -> Result<(), Error> {
        let ders = pem::decode_all(text, "CERTIFICATE")?;
        let again: String = ders.iter().map(|der| pem::encode("CERTIFICATE", der)).collect();
        if ders.is_empty() || again.as_bytes() != text {
            return Err(Error::new(Kind::Verify, "not written as this program writes PEM"));
        }
        let key = self.keys.iter().find(|key| key.generation == generation);
        for der in ders {
            let certificate = read::certificate(&der)?;
            if key.is_none_or(|key| key.spki != certificate.view.spki) {
                return Err(Error::new(Kind::Verify, format!("not of audit key {generation}")));
            }
            if !self.signing.audit.iter().any(|logged| logged.der == der) {
                return Err(Error::new(Kind::Verify, "not a certificate that the log says was issued"));
            }
        }
        Ok(())
    }
}
