//! What a piece of a vendor's evidence says of a key, as far as anybody can tell who does not know the vendor: whether it
//! is a certificate, of which key, and which of the others signed it.
//!
//! That the last issuer is the vendor is for people to compare with what the vendor publishes. Pure.

use super::Spki;
use super::read::{self, Foreign};
use super::verify::{self, Checked};

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attested {
    /// A certificate of this very key, issued by another.
    Key,
    /// A certificate of this very key by itself: it shows nothing.
    Itself,
    /// A certificate of another key: the device's, or one above it.
    Device,
    /// No X.509 certificate: a vendor's own form, for the vendor's own tools.
    Bytes,
}

impl Attested {
    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Attested::Key => "key",
            Attested::Itself => "itself",
            Attested::Device => "device",
            Attested::Bytes => "bytes",
        }
    }
}

/// What bytes are, for a key.
pub fn judge(bytes: &[u8], key: &Spki) -> Attested {
    let Ok(certificate) = read::foreign(bytes) else { return Attested::Bytes };
    let same = certificate.key.spki.as_ref().map_or(certificate.key.der == key.der(), |spki| spki == key);
    match same {
        true if signs(&certificate, &certificate) => Attested::Itself,
        true => Attested::Key,
        false => Attested::Device,
    }
}

/// True where one certificate's key signed the other, by name and by signature.
pub fn signed(by: &[u8], bytes: &[u8]) -> bool {
    match (read::foreign(by), read::foreign(bytes)) {
        (Ok(by), Ok(certificate)) => signs(&by, &certificate),
        _ => false,
    }
}

fn signs(by: &Foreign, certificate: &Foreign) -> bool {
    by.subject_der == certificate.issuer_der
        && verify::foreign(&by.key, &certificate.algorithm_oid, &certificate.tbs, &certificate.signature)
            == Checked::Good
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::x509::keygen::LocalKey;

    #[test]
    fn what_is_no_certificate_is_kept_as_bytes_and_signs_nothing() {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap().spki().clone();
        assert_eq!(judge(b"{\"kcmsg\": \"...\"}", &key), Attested::Bytes);
        assert!(!signed(b"x", b"y"));
    }
}
