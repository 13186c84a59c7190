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
    /// Root certificates, DER, that came another way.
    Certificates(Vec<Vec<u8>>),
    /// The receipt of the bundle before.
    Receipt,
}

impl RootPin {
    /// The fingerprints that are pinned, the one to keep first: what is said now stands beside what a receipt has
    /// pinned, so that a new root's card is taken to a receiver that knows the old one.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the receipt is the pin and there is none.
    pub fn fingerprints(&self, receipt: Option<&Receipt>) -> Result<Vec<Digest>, Error> {
        let mut pinned = self.said();
        if let Some(receipt) = receipt {
            pinned.extend(std::iter::once(receipt.root_fingerprint).chain(receipt.other_roots.iter().copied()));
        }
        if pinned.is_empty() {
            return Err(Error::new(Kind::Usage, "the root is not pinned")
                .wanted("the root's fingerprint, the first time")
                .hint("read it from the root card: --root-fingerprint …, or --root FILE that came another way")
                .hint("a root from the same stick as the bundle proves nothing"));
        }
        Ok(pinned)
    }

    /// The fingerprints that were said now.
    pub(super) fn said(&self) -> Vec<Digest> {
        match self {
            RootPin::Fingerprint(digest) => vec![*digest],
            RootPin::Certificates(ders) => ders.iter().map(|der| Digest::of(der)).collect(),
            RootPin::Receipt => Vec::new(),
        }
    }
}

/// What a receiver knows roots by.
pub(super) struct Trust<'a> {
    /// Every fingerprint that is pinned: said now, or kept in the receipt.
    pub pins: &'a [Digest],
    /// Of them, those that were said now: what people typed must be met by the bundle, whatever else is known.
    pub said: &'a [Digest],
    /// Pinned certificates that the caller holds.
    pub elsewhere: &'a [Certificate],
    /// Certificates among which cross-certificates may be.
    pub crosses: &'a [Certificate],
}

/// Checks that every root that a bundle brings is pinned, or cross-signed by one that is.
///
/// # Errors
/// [`Kind::Verify`]: a root that is neither, one that is not self-signed, one that is there twice; or none of what
/// was said now.
pub(super) fn admit_roots(roots: &[Certificate], trust: &Trust<'_>) -> Result<(), Error> {
    let shown = |root: &Certificate| format!("{}, sha256 {}", show_name(&root.view.subject), Digest::of(&root.der));
    for (position, root) in roots.iter().enumerate() {
        x509::issued_by(root, root).map_err(|error| error.within("a root in root-cert.pem is not self-signed"))?;
        if roots.iter().take(position).any(|before| before.der == root.der) {
            return Err(Error::new(Kind::Verify, "root-cert.pem holds a root twice").saw(shown(root)));
        }
        if !trust.admits(root, roots, trust.pins) {
            let known = roots.iter().any(|other| trust.admits(other, roots, trust.pins));
            return Err(stranger(shown(root), trust.pins, known));
        }
    }
    match roots.iter().find(|root| trust.said.is_empty() || trust.admits(root, roots, trust.said)) {
        Some(_) => Ok(()),
        None => Err(stranger(roots.iter().map(shown).collect::<Vec<_>>().join("; "), trust.said, false)),
    }
}

impl Trust<'_> {
    /// True where a root is one of these, or one of these vouches for it.
    fn admits(&self, root: &Certificate, roots: &[Certificate], pins: &[Digest]) -> bool {
        let is_pinned = |root: &Certificate| pins.contains(&Digest::of(&root.der));
        let vouches = |by: &Certificate| self.crosses.iter().any(|cross| is_cross(cross, root, by));
        is_pinned(root) || roots.iter().chain(self.elsewhere).any(|by| is_pinned(by) && vouches(by))
    }
}

fn stranger(seen: String, pins: &[Digest], known: bool) -> Error {
    let error = Error::new(Kind::Verify, "a root that is neither the pinned one nor cross-signed by it")
        .saw(seen)
        .wanted(format!("sha256 {}", pins.iter().map(Digest::hex).collect::<Vec<_>>().join(", ")))
        .hint("compare with the root card: words and fingerprint; do not take either from this stick");
    match known {
        true => {
            error.hint("it stands beside the pinned one: with the new root's card, --root-fingerprint HEX pins it too")
        }
        false => error,
    }
}

/// True where `cross` is a certificate by the pinned root over another root's name and key.
fn is_cross(cross: &Certificate, root: &Certificate, pinned: &Certificate) -> bool {
    cross.view.spki == root.view.spki
        && cross.view.subject_der == root.view.subject_der
        && x509::issued_by(cross, pinned).is_ok()
}
