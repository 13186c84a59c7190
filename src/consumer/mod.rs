//! What a mesh is given: the files of a cluster in the layout that its consumer reads, as a Kubernetes
//! Secret, and the checks that keep a broken Secret from being written, or say why one does not work.
//!
//! "Starts" is not "works": istiod starts with files that every workload then rejects. [`rules`] is the one
//! table of what istiod, Envoy, ztunnel and others accept; [`check()`] holds files against it; [`given`] reads
//! anybody's directory or Secret; [`layout`] arranges files; [`secret`] writes them; [`crl`] makes the one CRL that
//! is made on the cluster's side. Never here: applying anything, or talking to a cluster.

pub mod card;
pub mod check;
pub mod crl;
pub mod due;
pub mod given;
pub mod layout;
pub mod rule;
pub mod rules;
pub mod secret;

pub use check::{Asked, CaFiles, Checked, Form, Trial, check};
pub use given::Given;
pub use layout::{Arranged, Layout, arrange};
pub use rule::{Consumer, Found};
pub use rules::{CONSUMER_RULES, RULES};
pub use secret::manifest_yaml;

#[cfg(test)]
mod tests;
