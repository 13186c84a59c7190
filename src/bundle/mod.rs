//! What goes back to one cluster: made, sealed, checked and opened. Pure: bytes in, bytes out.
//!
//! A bundle is a directory of five files: a signed [`envelope`] over a checkpoint and over `payload.age`,
//! which only the cluster's identity opens ([`seal`], [`recipient`]) and which holds a [`manifest`] and the
//! files that it lists ([`payload`]). [`make()`] writes one, [`verify_outer`] checks the outside, [`open()`]
//! checks everything, the pin of the root ([`RootPin`]) and the receipt of the bundle before included. The
//! envelope's signature covers the ciphertext and, by digest, the manifest: age alone does not authenticate
//! its sender. Never here: placing files (only [`load`] reads some), clocks, randomness but age's own.

pub mod envelope;
mod evidence;
mod make;
pub mod manifest;
pub mod names;
mod open;
pub mod payload;
pub mod recipient;
pub mod seal;
mod trust;
pub mod verify;

pub use envelope::Envelope;
pub use make::{Bundle, Contents, Key, Sign, make};
pub use manifest::{Manifest, Receipt};
pub use open::{Local, Opened, Opening, Place, Unseal, open};
pub use trust::RootPin;
pub use verify::{Outer, is_bundle_id, load, verify_outer};

/// Largest payload in clear, in bytes; the ciphertext may be a little more.
pub const MAX_PAYLOAD: usize = 16 << 20;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod reseal;
#[cfg(test)]
mod tests;
