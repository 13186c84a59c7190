//! What a log took over: an adopted root is an anchor as one that was made under the log, and everything else that
//! was taken over was signed by one.

use super::report::Stopwatch;
use super::signing::{Broken, Signing};
use crate::error::{Error, Kind};
use crate::log::record::{HistoryImported, KeyAdopted};
use crate::x509::read::{self, Certificate};
use crate::x509::verify;

impl Signing {
    /// An adopted root is self-signed; an adopted audit key is certified by a root of the log.
    pub(super) fn adopt(&mut self, key: &KeyAdopted, watch: &mut Stopwatch<'_>) -> Result<(), Broken> {
        let certificate = read::certificate(&key.certificate.0).map_err(bad("history.key"))?;
        if key.role == "root" {
            watch.check(|| verify::issued_by(&certificate, &certificate)).map_err(bad("history.key"))?;
            self.roots.insert(key.generation, certificate);
            return Ok(());
        }
        if key.role != "audit" {
            // The fold names the rule about roles.
            return Ok(());
        }
        let by_one = self.roots.values().any(|root| watch.check(|| verify::issued_by(&certificate, root)).is_ok());
        if !by_one {
            return Err((
                "history.key",
                Error::new(Kind::Verify, "no root of this log certified the adopted audit key"),
            ));
        }
        self.audit.push(certificate);
        Ok(())
    }

    /// Certificates and CRLs that were taken over are by the root that they are said to be by.
    pub(super) fn import(&mut self, past: &HistoryImported, watch: &mut Stopwatch<'_>) -> Result<(), Broken> {
        for certificate in &past.certificates {
            let Some(der) = &certificate.der else { continue };
            let read = read::certificate(&der.0).map_err(bad("history.signature"))?;
            let root = self.root_of(certificate.issuer_generation)?;
            watch.check(|| verify::issued_by(&read, root)).map_err(bad("history.signature"))?;
            if certificate.what == "audit" {
                self.audit.push(read);
            }
        }
        for crl in &past.crls {
            let Some(der) = &crl.der else { continue };
            let read = read::crl(&der.0).map_err(bad("history.signature"))?;
            let root = self.root_of(crl.generation)?;
            watch.check(|| verify::crl_issued_by(&read, root)).map_err(bad("history.signature"))?;
        }
        Ok(())
    }

    fn root_of(&self, generation: u32) -> Result<&Certificate, Broken> {
        self.roots.get(&generation).ok_or_else(|| {
            let error = Error::new(Kind::Verify, "the issuer's certificate is not in the log before it");
            ("history.signature", error.saw(format!("root key generation {generation}")))
        })
    }
}

fn bad(rule: &'static str) -> impl Fn(Error) -> Broken {
    move |error| (rule, error.into_kind(Kind::Verify))
}
