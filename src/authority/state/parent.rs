//! Parents in the fold: what a root asked for, and what a parent outside certified.

use super::State;
use crate::authority::rules::expect;
use crate::error::Error;
use crate::log::record::RootCertified;
use crate::x509::read;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Requests of roots to a parent and what came of them, by the root's generation.
#[derive(Debug, Clone, Default)]
pub struct Parents {
    /// The newest request that was signed, DER.
    pub requests: BTreeMap<u32, Vec<u8>>,
    /// The newest path: the certificate that the parent issued, then the parent's own up to its root, DER.
    pub paths: BTreeMap<u32, Vec<Vec<u8>>>,
}

impl Parents {
    /// The certificates between a root's intermediates and the parent's own root, which is left out, while the root's
    /// certificate by the parent is valid: nobody is helped by what has ended.
    pub fn between(&self, generation: u32, now: Timestamp) -> &[Vec<u8>] {
        let path = self.paths.get(&generation).map(Vec::as_slice).unwrap_or_default();
        let valid = |der: &Vec<u8>| read::certificate(der).is_ok_and(|by_parent| by_parent.view.not_after >= now);
        match path {
            [between @ .., _] if between.first().is_some_and(valid) => between,
            _ => &[],
        }
    }
}

impl State {
    pub(super) fn certify_root(&mut self, certified: &RootCertified) -> Result<(), Error> {
        self.check_settled()?;
        let there = self.roots().contains_key(&certified.generation);
        expect(there, "root.certified", "a parent certifies a root of the log", &certified.generation.to_string())?;
        self.parents.paths.insert(certified.generation, certified.path().map(<[u8]>::to_vec).collect());
        Ok(())
    }
}
