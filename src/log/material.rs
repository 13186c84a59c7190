//! Everything of a log that an audit reads, handed in so that the audit opens nothing itself.

use crate::error::Error;
use std::io::Read;

/// A log's files. They are listed before the entries are read, so a log that grows meanwhile is consistent.
pub struct Material<'a> {
    /// The bytes of `entries.jsonl`.
    pub entries: Box<dyn Read + 'a>,
    /// The newest checkpoint, as it stands.
    pub newest: Option<Vec<u8>>,
    /// The sizes that `checkpoints/` names, rising.
    pub sizes: Vec<u64>,
    /// Reads the checkpoint of one of these sizes.
    pub checkpoint: Box<dyn FnMut(u64) -> Result<Vec<u8>, Error> + 'a>,
    /// Audit certificates by generation, PEM as it stands.
    pub audit_certificates: Vec<(u32, Vec<u8>)>,
}
