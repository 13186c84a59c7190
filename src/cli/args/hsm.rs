//! Arguments of `hsm`.

use crate::key::KeySpec;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Hsm {
    #[command(subcommand)]
    pub command: HsmCommand,
}

#[derive(Debug, Subcommand)]
pub enum HsmCommand {
    /// The token profiles that ship, and how they are known; with a name, one in full.
    Profiles {
        /// A profile's name or path.
        name: Option<String>,
    },
    /// What a token can and cannot do for a root CA, tried with keys that end with the session.
    #[command(before_help = "Examples:\n  \
        anchorite hsm probe --profile softhsm2             what it says of itself\n  \
        anchorite hsm probe --profile softhsm2 --login     try each kind of key\n  \
        anchorite hsm probe --module /opt/v/p11.so --login --profile-out my.toml")]
    Probe(HsmProbe),
    /// Whether the authority's token is what its log says: keys, attributes, other keys, guard. Signs nothing.
    #[command(before_help = "Examples:\n  \
        anchorite -C mesh-root hsm check             what the token shows to everybody\n  \
        anchorite -C mesh-root hsm check --login     what it shows to its user, too")]
    Check(HsmCheck),
}

#[derive(Debug, clap::Args)]
pub struct HsmCheck {
    /// Log in too; asked at the terminal where no file is given.
    #[arg(long)]
    pub login: bool,
    /// The user PIN, one line, mode 0600: unattended authorities.
    #[arg(long, value_name = "FILE", requires = "login")]
    pub pin_file: Option<PathBuf>,
    /// Custodians' shares, one a file in this directory: unattended authorities.
    #[arg(long, value_name = "DIR", requires = "login")]
    pub shares: Option<PathBuf>,
    /// The user PIN of the audit key's own token: unattended authorities.
    #[arg(long, value_name = "FILE", requires = "login")]
    pub audit_pin_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct HsmProbe {
    /// A profile's name or path; left out, the one that knows the module, or none.
    #[arg(long)]
    pub profile: Option<String>,
    /// The PKCS#11 module; left out, the profile's search paths.
    #[arg(long, value_name = "FILE")]
    pub module: Option<PathBuf>,
    /// The token's serial number; left out, the only token here.
    #[arg(long)]
    pub serial: Option<String>,
    /// Log in and try keys too; asked at the terminal where no file is given.
    #[arg(long)]
    pub login: bool,
    /// The user PIN, one line, mode 0600: tokens of tests.
    #[arg(long, value_name = "FILE", requires = "login")]
    pub pin_file: Option<PathBuf>,
    /// Make one key of this kind in the token too, try it and destroy it: where sessions hold no keys.
    #[arg(long, value_name = "KIND", requires = "login")]
    pub on_token: Option<KeySpec>,
    /// The directory of the token's files, for a module that is told it when it starts (NSS).
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Where the module writes beside what its profile names; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub writes: Vec<PathBuf>,
    /// Write a profile of what was found, to complete and to name in authority.toml.
    #[arg(long, value_name = "FILE", requires = "login")]
    pub profile_out: Option<PathBuf>,
}
