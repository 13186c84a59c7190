//! What a mesh is given: the files of a cluster in the layout that its consumer reads, as a Kubernetes
//! Secret, and the checks that keep a broken Secret from being written.
//!
//! "Starts" is not "works": istiod starts with files that every workload then rejects. [`check()`] holds
//! the files against what istiod, Envoy and ztunnel were measured to accept; [`layout`] arranges them;
//! [`secret`] writes them. Never here: applying anything, or talking to a cluster.

pub mod card;
pub mod check;
pub mod layout;
pub mod secret;

pub use check::{CaFiles, RULES, check};
pub use layout::{Data, Layout, arrange};
pub use secret::manifest_yaml;

#[cfg(test)]
mod tests;
