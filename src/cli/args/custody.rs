//! Arguments of `custody`.

use super::{Attend, OwnScript};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Custody {
    #[command(subcommand)]
    pub command: CustodyCommand,
}

#[derive(Debug, Subcommand)]
pub enum CustodyCommand {
    /// Prove that one share is good, without a token.
    Check {
        /// A share that was decrypted to a file, mode 0600; left out, its words are typed.
        #[arg(long, value_name = "FILE")]
        share_file: Option<PathBuf>,
    },
    /// Print an empty sheet for each custodian, as HTML: words are written on it by hand.
    Sheets,
    /// Deal new shares and change the token's PINs (the custodian-change ceremony).
    Change(Change),
}

#[derive(Debug, clap::Args)]
pub struct Change {
    #[command(flatten)]
    pub own: OwnScript,
    /// The security officer's PIN of a token without custody, one line, mode 0600 (unattended authorities only).
    #[arg(long, value_name = "FILE")]
    pub so_pin_file: Option<PathBuf>,
    #[command(flatten)]
    pub attend: Attend,
}
