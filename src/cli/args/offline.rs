//! Arguments of the offline machine's commands.

use super::{AnswersOf, Rehearse};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct New {
    /// The directory to make; absent or empty.
    pub dir: PathBuf,
    /// The authority's name.
    #[arg(long, default_value = "Example Mesh Root")]
    pub name: String,
}

#[derive(Debug, clap::Args)]
pub struct Config {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Validate authority.toml and print its digest.
    Check,
}

#[derive(Debug, clap::Args)]
pub struct Kit {
    /// Where the supplies medium is mounted; empty, or a kit that was interrupted.
    pub dir: PathBuf,
    /// A script of your own; may be repeated.
    #[arg(long = "script", value_name = "FILE")]
    pub scripts: Vec<PathBuf>,
    /// Packages of the offline machine's distribution, to be copied along.
    #[arg(long, value_name = "DIR")]
    pub packages: Option<PathBuf>,
    /// What people call the medium ("S1").
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Medium {
    #[command(subcommand)]
    pub command: MediumCommand,
}

#[derive(Debug, Subcommand)]
pub enum MediumCommand {
    /// Write the marker of a role.
    Prepare {
        /// supplies, requests, exports or authority.
        #[arg(long)]
        role: String,
        /// What people call it ("A", "safe in Berlin").
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        /// Write a page with its label, to be printed, cut out and tied to it.
        #[arg(long, value_name = "FILE")]
        label_sheet: Option<PathBuf>,
        /// Where the medium is mounted.
        dir: PathBuf,
    },
    /// Say which medium this is.
    Show {
        /// Where the medium is mounted.
        dir: PathBuf,
    },
    /// Bring copies of the authority up to date, or complete ones that were interrupted. Needs no token.
    Copy {
        /// Where authority media are mounted; left out, those of local.toml.
        dirs: Vec<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
pub struct Preflight {
    /// What was seen in the checks that passed, too.
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, clap::Args)]
pub struct Ceremony {
    #[command(subcommand)]
    pub command: CeremonyCommand,
}

#[derive(Debug, Subcommand)]
pub enum CeremonyCommand {
    /// The scripts that ship.
    List,
    /// Check that a script can work; every fault with line and column.
    Check {
        /// A script, or the name of one that ships.
        script: String,
    },
    /// Rehearse a ceremony: the same script against an authority and a token made for it, in a directory of its own.
    #[command(before_help = "Examples:\n  anchorite -C mesh-root ceremony rehearse root-genesis\n  \
        anchorite ceremony rehearse my-signing.toml --into /tmp/trial\n  \
        anchorite ceremony rehearse restore-drill --unattended")]
    Rehearse(Rehearse),
    /// Print an answers file to fill in: everything that a script will ask where nobody attends.
    #[command(before_help = "Example:\n  \
        anchorite -C mesh-root ceremony answers intermediate-signing \\\n    --from IN > answers.toml")]
    Answers(AnswersOf),
    /// Print a script as one HTML page, for A4 and Letter.
    #[command(before_help = "Examples:\n  anchorite ceremony script root-genesis > root-genesis.html\n  \
        anchorite -C mesh-root ceremony script my-signing.toml \\\n    --agenda requests > signing.html")]
    Script(PrintScript),
    /// Hold a ceremony, or go on with one that was paused.
    Run(Box<Run>),
    /// The script filled in, from the log: one page of HTML, or --json.
    Record(Record),
}

/// Which record.
#[derive(Debug, clap::Args)]
pub struct Record {
    /// A log, or a directory with one; left out, that of the authority.
    pub log: Option<PathBuf>,
    /// A session of the ceremony, or the beginning of its id.
    #[arg(long, value_name = "ID", default_value = "latest")]
    pub session: String,
    /// Leave names out, as for a publication.
    #[arg(long)]
    pub without_names: bool,
    /// Write the page here instead of to stdout.
    #[arg(short = 'o', long = "output", value_name = "FILE", conflicts_with = "json")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub pin: super::Pin,
}

#[derive(Debug, clap::Args)]
pub struct PrintScript {
    /// A script, or the name of one that ships.
    pub script: String,
    /// A directory with the requests that are expected: any other is a deviation.
    #[arg(long, value_name = "DIR")]
    pub agenda: Option<PathBuf>,
}

/// A ceremony by its script.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// A script, or the name of one that ships.
    pub script: String,
    /// The medium with requests.
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// The medium for bundles.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// The cluster that it is about; may be repeated.
    #[arg(long = "cluster", value_name = "CLUSTER")]
    pub clusters: Vec<String>,
    #[command(flatten)]
    pub why: super::Why,
    #[command(flatten)]
    pub seats: super::Seats,
    #[command(flatten)]
    pub genesis: Genesis,
    #[command(flatten)]
    pub attend: Attend,
}

/// What a genesis takes.
#[derive(Debug, clap::Args)]
pub struct Genesis {
    /// The security officer's PIN, one line, mode 0600 (unattended authorities only).
    #[arg(long, value_name = "FILE")]
    pub so_pin_file: Option<PathBuf>,
    /// The slot of the blank token, where more than one is here.
    #[arg(long, value_name = "N", conflicts_with = "token_serial")]
    pub slot: Option<u64>,
    /// Use an initialised token instead of a blank one.
    #[arg(long, value_name = "SERIAL")]
    pub token_serial: Option<String>,
    /// Done already is done: exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
}

/// A script of people's own.
#[derive(Debug, clap::Args)]
pub struct OwnScript {
    /// A script of your own instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub script: Option<String>,
}

/// What every ceremony takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Attend {
    /// Answers that stand for people (unattended authorities only).
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// The user PIN, one line, mode 0600 (unattended authorities only).
    #[arg(long, value_name = "FILE")]
    pub pin_file: Option<PathBuf>,
    /// The audit token's user PIN, where it is another token.
    #[arg(long, value_name = "FILE")]
    pub audit_pin_file: Option<PathBuf>,
    /// Custodians' shares as files, mode 0600 (unattended authorities only).
    #[arg(long, value_name = "DIR")]
    pub shares: Option<PathBuf>,
    /// Spend the token's last PIN try.
    #[arg(long)]
    pub final_try: bool,
}

#[derive(Debug, clap::Args)]
pub struct Root {
    #[command(subcommand)]
    pub command: RootCommand,
}

#[derive(Debug, Subcommand)]
pub enum RootCommand {
    /// The root-genesis ceremony.
    Create {
        /// Also sign a request, public/root-g1.csr, for a parent that is to certify this root (see root certified).
        #[arg(long)]
        csr: bool,
        #[command(flatten)]
        own: OwnScript,
        #[command(flatten)]
        genesis: Genesis,
        #[command(flatten)]
        attend: Attend,
    },
    /// Make the next root beside the one that is there (the root-rollover ceremony).
    #[command(before_help = "Examples:\n  anchorite -C mesh-root root rollover\n  \
        anchorite -C mesh-root root rollover --cross       with cross certificates\n  \
        anchorite -C mesh-root root rollover --generation 3     where two are")]
    Rollover(super::RootRollover),
    /// Take over a root that was made elsewhere and whose key is in a token (the adopt ceremony).
    Adopt(super::Adopt),
    /// Take the certificate that a parent issued for the root (the root-certified ceremony).
    #[command(before_help = "Example:\n  anchorite -C mesh-root root certified from-parent.pem")]
    Certified(super::Certified),
    /// The root card: what people pin the root by.
    Show {
        /// The root's generation; left out, the newest.
        #[arg(long, value_name = "N")]
        generation: Option<u32>,
    },
    /// Destroy the key of an old generation that a newer one has replaced.
    #[command(before_help = "Example:\n  anchorite -C mesh-root root retire 1")]
    Retire(super::RetireRoot),
}

#[derive(Debug, clap::Args)]
pub struct Sign {
    /// The medium with requests.
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// The medium for bundles.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Make a new key here for this cluster (key_origin = "offline"); may be repeated.
    #[arg(long, value_name = "CLUSTER")]
    pub offline: Vec<String>,
    /// Done already is done: requests that were signed are passed over; where nothing is left, exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
    /// Have an older root sign, while meshes still move: the generation of one that is current.
    #[arg(long, value_name = "N")]
    pub issuer_generation: Option<u32>,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The clusters; left out, every one whose newest certificate has no bundle.
    pub clusters: Vec<String>,
    /// Every cluster that is in use: after a new CRL, each gets it with its bundle.
    #[arg(long, conflicts_with = "clusters")]
    pub all: bool,
    /// An older generation of the one cluster that is named, instead of its newest.
    #[arg(long, value_name = "N", requires = "clusters", conflicts_with = "if_needed")]
    pub generation: Option<u32>,
    /// The medium for bundles.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Only clusters whose newest certificate has no bundle yet; where none is left, exit 0 and say so.
    #[arg(long, conflicts_with = "all")]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The directory, of this log alone; what another publication of it left there is brought up to date.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Make these names public too: files participants-….json of records/; left out, nobody's name is in it.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub names: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Retire {
    /// The cluster.
    pub cluster: String,
    /// Done already is done: exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
