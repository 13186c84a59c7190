//! A root that was made elsewhere, as people name it on the command line: its certificate and what they kept of its
//! past. Read and judged before anybody types a PIN; what the token says of its key comes later.

use crate::authority::past::Past;
pub use crate::authority::past::lost::Lost;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::finding::{Finding, Severity};
use crate::x509::read::Certificate;

/// A root to be taken over.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// Its certificate.
    pub certificate: Certificate,
    /// The CKA_ID of its key, where people named it.
    pub key_id: Option<Hex>,
    /// What it issued.
    pub past: Past,
    /// The highest CRL number that people know of.
    pub crl_number: Option<u64>,
}

impl Adoption {
    /// The fingerprint that people compare.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.certificate.der)
    }
}

/// Stops where something cannot be overruled, naming all of it.
///
/// # Errors
/// [`Kind::Refused`].
pub fn check_findings(what: &str, findings: &[Finding]) -> Result<(), Error> {
    let refused: Vec<&Finding> = findings.iter().filter(|f| f.severity == Severity::Refuse).collect();
    let error = match refused.as_slice() {
        [] => return Ok(()),
        [one] => Error::new(Kind::Refused, format!("{what} is refused by the rule {}", one.id))
            .saw(&one.observed)
            .wanted(&one.expected)
            .hint(&one.hint),
        several => {
            let error = Error::new(Kind::Refused, format!("{what} is refused by {} rules", several.len()));
            several.iter().fold(error, |error, f| {
                error.hint(format!("{}: saw {}, wanted {}", f.id, f.observed, f.expected)).hint(&f.hint)
            })
        }
    };
    Err(error.truth("Nothing was adopted.").truth("Nothing was signed."))
}
