//! What goes back to one cluster: made, sealed, checked and opened. Pure: bytes in, bytes out.
//!
//! A bundle is a directory of five files: a signed [`envelope`] over a checkpoint and over `payload.age`,
//! which only the cluster's identity opens ([`seal`], [`recipient`]) and which holds a [`manifest`] and the
//! files that it lists ([`payload`]). [`make`](make()) writes one, [`verify`] checks the outside,
//! [`open`](open()) checks everything. The envelope's signature covers the ciphertext and, by digest, the
//! manifest: age alone does not authenticate its sender. Never here: files, clocks, randomness of our own.

pub mod envelope;
pub mod manifest;
pub mod payload;
pub mod recipient;
pub mod seal;

/// Largest payload in clear, in bytes; the ciphertext may be a little more.
pub const MAX_PAYLOAD: usize = 16 << 20;
