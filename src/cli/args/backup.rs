//! Arguments of `key-backup` and `decommission`: copies of the root key, and its end.

use super::{Attend, OwnScript};

#[derive(Debug, clap::Args)]
pub struct KeyBackup {
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
