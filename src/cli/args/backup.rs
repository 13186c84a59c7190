//! Arguments of `key-backup` and `decommission`: copies of the root key, and its end.

use super::{Attend, OwnScript};

#[derive(Debug, clap::Args)]
pub struct KeyBackup {
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct Decommission {
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct RetireRoot {
    /// The generation whose key is destroyed; a newer one must be in use.
    pub generation: u32,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
