//! What a profile's types cannot say: lengths in order, names that exist, mechanisms for each kind of key.

use super::HsmProfile;
use crate::error::{Error, Kind};
use crate::token::pin_shape::PinShape;
use crate::token::{mechanism, template};
use crate::x509::SignatureAlgorithm;

impl HsmProfile {
    /// # Errors
    /// [`Kind::Usage`] names the first value that cannot be.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.name.is_empty() || !self.name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')) {
            return wrong("a profile's name is lower-case letters, digits and hyphens", &self.name);
        }
        if self.sessions == 0 {
            return wrong("a token signs with at least one session", "sessions = 0");
        }
        if self.verified.source.trim().is_empty() {
            return wrong(
                "a profile says how it is known: versions and date, or the document",
                "verified.source is empty",
            );
        }
        self.check_pin("user_pin", &self.user_pin)?;
        self.check_pin("so_pin", &self.so_pin)?;
        self.check_mechanisms()?;
        if let Some(attribute) = self.rejects.iter().find(|name| !template::OPTIONAL.contains(&name.as_str())) {
            return Err(Error::new(Kind::Usage, "an attribute that no key can do without")
                .saw(attribute)
                .wanted(template::OPTIONAL.join(", ")));
        }
        // A label that begins with nothing begins every label: the certificates of strangers would be logged.
        let labels =
            self.attestation.iter().flat_map(|attestation| attestation.labels.iter().chain(&attestation.of_keys));
        if labels.into_iter().any(|label| label.trim().is_empty()) {
            return wrong("a certificate of the device has a label", "an empty one in [attestation]");
        }
        self.texts().find(|text| text.trim().is_empty() || text.chars().any(char::is_control)).map_or(Ok(()), |text| {
            wrong("a text of a profile is one printable line", &format!("\"{}\"", crate::text::escape(text)))
        })
    }

    fn check_pin(&self, name: &str, pin: &PinShape) -> Result<(), Error> {
        if pin.min > pin.max {
            let saw = format!("{name}: {} > {}", pin.min, pin.max);
            return wrong("a PIN's least length is above its greatest", &saw);
        }
        if pin.tries.is_some() && pin.locks != Some(true) {
            return wrong("a PIN that does not lock has no number of tries", name);
        }
        if pin.tries == Some(0) {
            return wrong("a PIN has at least one try", &format!("{name}: tries = 0"));
        }
        Ok(())
    }

    /// Every mechanism is one that this program uses, and every kind of key can be made and can sign.
    fn check_mechanisms(&self) -> Result<(), Error> {
        if let Some(name) = self.mechanisms.iter().find(|name| !mechanism::is_used(name)) {
            return Err(Error::new(Kind::Usage, "no mechanism of this name is used here")
                .saw(name)
                .hint("the names are those of PKCS#11, for example CKM_ECDSA_SHA384"));
        }
        let has = |mechanism| self.mechanisms.contains(&mechanism::name(mechanism));
        for spec in &self.algorithms {
            let makes = mechanism::generation(*spec);
            let ways = mechanism::ways(SignatureAlgorithm::of(*spec));
            if !has(makes) || !ways.iter().any(|way| has(way.mechanism)) {
                let ways: Vec<String> = ways.iter().map(|way| mechanism::name(way.mechanism)).collect();
                return Err(Error::new(Kind::Usage, "a kind of key without the mechanisms for it")
                    .saw(spec.name())
                    .wanted(format!("{} and {}", mechanism::name(makes), ways.join(" or "))));
            }
        }
        Ok(())
    }

    /// Every sentence that people read.
    fn texts(&self) -> impl Iterator<Item = &String> {
        let quorum = self.quorum.iter().flat_map(|quorum| quorum.says.iter().chain(&quorum.bring));
        let attestation =
            self.attestation.iter().flat_map(|a| a.says.iter().chain(&a.labels).chain(&a.of_keys).chain(&a.tool));
        let named = [&self.title, &self.vendor, &self.install, &self.verified.source];
        let rest = self.clone_how.iter().chain(&self.remarks).chain(&self.network);
        named.into_iter().chain(&self.unlocking).chain(rest).chain(quorum).chain(attestation)
    }
}

fn wrong(what: &str, saw: &str) -> Result<(), Error> {
    Err(Error::new(Kind::Usage, what).saw(saw))
}
