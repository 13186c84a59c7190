//! Arguments of `key-backup` and `decommission`: copies of the root key, and its end.

use super::{Attend, OwnScript};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct KeyBackup {
    #[command(subcommand)]
    pub command: Option<KeyBackupCommand>,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Subcommand)]
pub enum KeyBackupCommand {
    /// Make the keys anew in a blank token, out of their wrapped backup and the custodians' shares.
    #[command(before_help = "Example:\n  anchorite -C mesh-root key-backup restore")]
    Restore(KeyRestore),
}

#[derive(Debug, clap::Args)]
pub struct KeyRestore {
    #[command(flatten)]
    pub place: KeyPlace,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

/// The token that the keys are made in.
#[derive(Debug, clap::Args)]
pub struct KeyPlace {
    /// The slot of the blank token, where more than one is there.
    #[arg(long, value_name = "N")]
    pub slot: Option<u64>,
    /// A token that an interrupted restore initialised: it opens to the same shares.
    #[arg(long, value_name = "SERIAL", conflicts_with = "slot")]
    pub token_serial: Option<String>,
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
