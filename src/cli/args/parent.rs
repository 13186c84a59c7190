//! Arguments of `root certified`.

use super::{Attend, OwnScript};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Certified {
    /// PEM: the root's certificate by the parent, then the parent's own, its root last.
    #[arg(value_name = "CHAIN")]
    pub chain: PathBuf,
    /// Done already is done: where the log has these certificates, exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
