//! Which roots a bundle may bring: the pinned one, and those that it cross-signed.
//!
//! A root from the same stick proves nothing: the first time it is pinned by a fingerprint from the root
//! card or by a certificate that came another way; later the receipt is the pin.

use super::manifest::Receipt;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::read::{Certificate, show_name};
use crate::x509::verify as x509;

/// What the caller holds to know the root by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootPin {
    /// SHA-256 of the root certificate, DER: from the root card.
    Fingerprint(Digest),
    /// The root certificate, DER, that came another way.
    Certificate(Vec<u8>),
    /// The receipt of the bundle before.
    Receipt,
}

impl RootPin {
    /// The fingerprint that is pinned.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the receipt is the pin and there is none.
    pub fn fingerprint(&self, receipt: Option<&Receipt>) -> Result<Digest, Error> {
        match (self, receipt) {
            (RootPin::Fingerprint(digest), _) => Ok(*digest),
            (RootPin::Certificate(der), _) => Ok(Digest::of(der)),
            (RootPin::Receipt, Some(receipt)) => Ok(receipt.root_fingerprint),
            (RootPin::Receipt, None) => Err(Error::new(Kind::Usage, "the root is not pinned")
                .wanted("the root's fingerprint, the first time")
                .hint("read it from the root card: --root-fingerprint …, or --root FILE that came another way")
                .hint("a root from the same stick as the bundle proves nothing")),
        }
    }
}

/// Checks that every root that a bundle brings is the pinned one or cross-signed by it.
///
/// `pinned_elsewhere` is the pinned certificate where the caller holds it; `chain` may hold cross-certificates.
///
/// # Errors
/// [`Kind::Verify`]: a root that is neither, one that is not self-signed, or one that is there twice.
pub(super) fn admit_roots(
    roots: &[Certificate],
    chain: &[Certificate],
    fingerprint: Digest,
    pinned_elsewhere: Option<&Certificate>,
) -> Result<(), Error> {
    let pinned = roots.iter().chain(pinned_elsewhere).find(|root| Digest::of(&root.der) == fingerprint);
    let shown = |root: &Certificate| format!("{}, sha256 {}", show_name(&root.view.subject), Digest::of(&root.der));
    for (position, root) in roots.iter().enumerate() {
        x509::issued_by(root, root).map_err(|error| error.within("a root in root-cert.pem is not self-signed"))?;
        if roots.iter().take(position).any(|before| before.der == root.der) {
            return Err(Error::new(Kind::Verify, "root-cert.pem holds a root twice").saw(shown(root)));
        }
        let crossed = pinned.is_some_and(|pinned| {
            Digest::of(&root.der) == fingerprint || chain.iter().any(|cross| is_cross(cross, root, pinned))
        });
        if !crossed {
            return Err(Error::new(Kind::Verify, "a root that is neither the pinned one nor cross-signed by it")
                .saw(shown(root))
                .wanted(format!("sha256 {fingerprint}"))
                .hint("compare with the root card: words and fingerprint; do not take either from this stick"));
        }
    }
    Ok(())
}

/// True where `cross` is a certificate by the pinned root over another root's name and key.
fn is_cross(cross: &Certificate, root: &Certificate, pinned: &Certificate) -> bool {
    cross.view.spki == root.view.spki
        && cross.view.subject_der == root.view.subject_der
        && x509::issued_by(cross, pinned).is_ok()
}
