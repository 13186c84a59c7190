//! What can be typed. Help begins with examples.

use clap::{Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use std::path::PathBuf;

/// Version, commit (where it was built from a checkout) and target.
pub const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("ANCHORITE_COMMIT"), ", ", env!("ANCHORITE_TARGET"), ")");

/// An offline root CA for service meshes.
#[derive(Debug, Parser)]
#[command(
    name = "anchorite",
    version = VERSION,
    max_term_width = 80,
    before_help = "Examples, in the order of a first day:\n  \
    anchorite new mesh-root                          edit authority.toml, then:\n  \
    anchorite -C mesh-root root create               make the root in the token\n  \
    anchorite request cluster1                       (on the cluster's side)\n  \
    anchorite -C mesh-root sign --from IN --to OUT   review, approve, sign, seal\n  \
    anchorite open BUNDLE --into cluster1            (on the cluster's side)\n  \
    anchorite manifest cluster1 | kubectl create -f -",
    about = "An offline root CA: the key stays in a PKCS#11 token, every signature is shown, approved and logged first",
    after_help = "Exit codes: 0 done · 2 usage, configuration, no terminal · 10 refused by policy · \
    11 declined · 12 clock · 20 token · 21 PIN rejected · 22 PIN at its final try · \
    30 medium, file, lock · 40 does not verify · 50 signed, but a later step failed · 70 defect"
)]
pub struct Args {
    /// The authority's directory.
    #[arg(short = 'C', long = "authority", global = true, value_name = "DIR")]
    pub authority: Option<PathBuf>,
    /// One JSON object on stdout instead of text (commands that read).
    #[arg(long, global = true)]
    pub json: bool,
    /// Replaces the clock (RFC 3339): cluster side, and unattended authorities.
    #[arg(long, global = true, value_name = "TIME")]
    pub now: Option<Timestamp>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented authority.toml to edit and review.
    #[command(before_help = "Example:\n  anchorite new mesh-root --name \"Example Mesh Root\"")]
    New(New),
    /// Validate the configuration; print its digest and words.
    #[command(before_help = "Example:\n  anchorite -C mesh-root config check")]
    Config(Config),
    /// Give a stick its role, or say which it has.
    #[command(
        before_help = "Examples:\n  anchorite medium prepare --role exports /media/out\n  anchorite medium show /media/out"
    )]
    Medium(Medium),
    /// List the ceremonies, or check a script.
    #[command(before_help = "Examples:\n  anchorite ceremony list\n  anchorite ceremony check my-signing.toml")]
    Ceremony(Ceremony),
    /// Make the root (the root-genesis ceremony), or show its card.
    #[command(before_help = "Examples:\n  anchorite -C mesh-root root create\n  anchorite -C mesh-root root show")]
    Root(Root),
    /// Review and sign requests, and write a sealed bundle for each cluster.
    #[command(before_help = "Example:\n  anchorite -C mesh-root sign --from /media/in --to /media/out")]
    Sign(Sign),
    /// Make a cluster's bundle again, from the log.
    #[command(before_help = "Example:\n  anchorite -C mesh-root export cluster1 --to /media/out")]
    Export(Export),
    /// Token profiles, and what a token can do.
    #[command(
        before_help = "Examples:\n  anchorite hsm profiles\n  anchorite hsm probe --profile softhsm2 --serial 84b1c0f1d3a2c6e7"
    )]
    Hsm(Hsm),
    /// What was issued, to whom, until when, and what is due.
    #[command(before_help = "Example:\n  anchorite -C mesh-root status")]
    Status,
    /// Make an intermediate key and a request (cluster side).
    #[command(before_help = "Example:\n  anchorite request cluster1")]
    Request(Request),
    /// Verify and decrypt a bundle into a directory (cluster side).
    #[command(before_help = "Example:\n  anchorite open /media/out/5f0c… --into cluster1 --root-fingerprint 3b1e…")]
    Open(Open),
    /// Print the Kubernetes Secret (cluster side).
    #[command(before_help = "Example:\n  anchorite manifest cluster1 | kubectl create -f -")]
    Manifest(Manifest),
    /// Verify a bundle without opening it, or a log.
    #[command(before_help = "Example:\n  anchorite verify /media/out/5f0c… --root root-cert.pem")]
    Verify(Verify),
    /// Show, verify or prove the log.
    #[command(
        before_help = "Examples:\n  anchorite log verify mesh-root --root root-cert.pem\n  anchorite log show mesh-root\n  anchorite log prove mesh-root 41"
    )]
    Log(Log),
    /// Look at a request, certificate, CRL, bundle, checkpoint or the rules.
    #[command(before_help = "Examples:\n  anchorite inspect request cluster1.csr\n  anchorite inspect rules")]
    Inspect(Inspect),
    /// A file's SHA-256 as words; with --enrol, the words of a plain CSR.
    #[command(
        before_help = "Examples:\n  anchorite words request.json\n  anchorite words cluster2.csr --enrol cluster2 --recipient age1…"
    )]
    Words(Words),
    /// Print a completion script for a shell.
    #[command(before_help = "Example:\n  anchorite completions bash > anchorite.bash")]
    Completions(Completions),
    /// Write the manual pages into a directory.
    #[command(before_help = "Example:\n  anchorite man man1")]
    Man(Man),
}

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
        /// Where the medium is mounted.
        dir: PathBuf,
    },
    /// Say which medium this is.
    Show {
        /// Where the medium is mounted.
        dir: PathBuf,
    },
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
    /// Check that a script can work.
    Check {
        /// A script, or the name of one that ships.
        script: String,
    },
}

/// What every ceremony takes.
#[derive(Debug, clap::Args)]
pub struct Attend {
    /// A script of your own instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Answers that stand for people (unattended authorities only).
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// The user PIN, one line, mode 0600 (unattended authorities only).
    #[arg(long, value_name = "FILE")]
    pub pin_file: Option<PathBuf>,
    /// The audit token's user PIN, where it is another token.
    #[arg(long, value_name = "FILE")]
    pub audit_pin_file: Option<PathBuf>,
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
        #[command(flatten)]
        attend: Attend,
        /// The security officer's PIN, one line, mode 0600 (unattended authorities only).
        #[arg(long, value_name = "FILE")]
        so_pin_file: Option<PathBuf>,
        /// The slot of the blank token, where more than one is here.
        #[arg(long, value_name = "N", conflicts_with = "token_serial")]
        slot: Option<u64>,
        /// Use an initialised token instead of a blank one.
        #[arg(long, value_name = "SERIAL")]
        token_serial: Option<String>,
        /// Done already is done: exit 0 and say so.
        #[arg(long)]
        if_needed: bool,
    },
    /// The root card: what people pin the root by.
    Show,
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
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The clusters; left out, every one whose newest certificate has no bundle.
    pub clusters: Vec<String>,
    /// The medium for bundles.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub attend: Attend,
}

#[derive(Debug, clap::Args)]
pub struct Hsm {
    #[command(subcommand)]
    pub command: HsmCommand,
}

#[derive(Debug, Subcommand)]
pub enum HsmCommand {
    /// The token profiles that ship, and how they are known.
    Profiles,
    /// Try what a token can do for a root CA, with session objects only.
    Probe {
        /// A profile's name or path.
        #[arg(long, default_value = "softhsm2")]
        profile: String,
        /// The PKCS#11 module; left out, the profile's search paths.
        #[arg(long, value_name = "FILE")]
        module: Option<PathBuf>,
        /// The token's serial number; left out, the only token here.
        #[arg(long)]
        serial: Option<String>,
        /// Log in and try keys too; asked at the terminal where no file is given.
        #[arg(long)]
        login: bool,
        /// The user PIN, one line, mode 0600: tokens of tests.
        #[arg(long, value_name = "FILE", requires = "login")]
        pin_file: Option<PathBuf>,
        /// Print a profile that one can save instead of a report.
        #[arg(long)]
        toml: bool,
    },
}

#[derive(Debug, clap::Args)]
pub struct Request {
    /// The cluster's name; a directory of this name is made.
    pub name: String,
    /// Its environment.
    #[arg(long, default_value = "prod")]
    pub environment: String,
    /// Its SPIFFE trust domain.
    #[arg(long, default_value = "cluster.local")]
    pub trust_domain: String,
    /// The kind of key.
    #[arg(long, default_value = "ecdsa-p384")]
    pub key: String,
    /// Another age recipient besides the identity made here; may be repeated.
    #[arg(long, value_name = "AGE1")]
    pub recipient: Vec<String>,
    /// Make the directory here instead of in the current one.
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Open {
    /// The bundle's directory, or the medium it lies on.
    pub bundle: PathBuf,
    /// The directory to put the files into.
    #[arg(long, value_name = "DIR")]
    pub into: PathBuf,
    /// The age identity; left out, the one beside the key in --into.
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Pin the root by its certificate, which came another way.
    #[arg(long, value_name = "FILE", conflicts_with = "root_fingerprint")]
    pub root: Option<PathBuf>,
    /// Pin the root by the SHA-256 on its card.
    #[arg(long, value_name = "HEX")]
    pub root_fingerprint: Option<String>,
    /// Take a bundle older than what is there.
    #[arg(long)]
    pub allow_older: bool,
    /// The payload as a stock age decrypted it (hardware recipients).
    #[arg(long, value_name = "FILE")]
    pub decrypted: Option<PathBuf>,
}

/// The shape of a Kubernetes Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem.
    Istio,
    /// tls.crt, tls.key, ca.crt.
    Tls,
}

#[derive(Debug, clap::Args)]
pub struct Manifest {
    /// A directory that `open` filled.
    pub dir: PathBuf,
    /// The shape of the Secret.
    #[arg(long, value_enum, default_value = "istio")]
    pub layout: LayoutArg,
    /// Its namespace.
    #[arg(long, default_value = "istio-system")]
    pub namespace: String,
    /// Its name.
    #[arg(long, default_value = "cacerts")]
    pub name: String,
}

#[derive(Debug, clap::Args)]
pub struct Pin {
    /// Pin the root by its certificate.
    #[arg(long, value_name = "FILE", conflicts_with = "root_fingerprint")]
    pub root: Option<PathBuf>,
    /// Pin the root by the SHA-256 on its card.
    #[arg(long, value_name = "HEX")]
    pub root_fingerprint: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// A bundle's directory, an authority, or a log.
    pub what: PathBuf,
    #[command(flatten)]
    pub pin: Pin,
}

#[derive(Debug, clap::Args)]
pub struct Log {
    #[command(subcommand)]
    pub command: LogCommand,
}

#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// One line per entry.
    Show {
        /// An authority, its log/, or an entries.jsonl; left out, -C.
        what: Option<PathBuf>,
        /// Only entries in which the root key signed.
        #[arg(long)]
        uses_of_root: bool,
    },
    /// Check the chain, the tree, every checkpoint and every signature.
    Verify {
        /// An authority, its log/, or an entries.jsonl; left out, -C.
        what: Option<PathBuf>,
        #[command(flatten)]
        pin: Pin,
        /// Nothing may be open or unsigned: for archives.
        #[arg(long)]
        at_rest: bool,
    },
    /// Write a C2SP tlog-proof that an entry is in the log.
    Prove {
        /// An authority, its log/, or an entries.jsonl.
        what: PathBuf,
        /// The entry's number (seq).
        entry: u64,
    },
}

#[derive(Debug, clap::Args)]
pub struct Inspect {
    #[command(subcommand)]
    pub command: InspectCommand,
}

#[derive(Debug, Subcommand)]
pub enum InspectCommand {
    /// A request, judged by the default policy: exit 0, 10 or 30.
    Request {
        /// A CSR, or a request directory.
        file: PathBuf,
    },
    /// A certificate.
    Certificate {
        /// A PEM file.
        file: PathBuf,
    },
    /// A certificate revocation list.
    Crl {
        /// A PEM file.
        file: PathBuf,
    },
    /// A bundle's envelope.
    Bundle {
        /// A bundle's directory.
        dir: PathBuf,
    },
    /// A checkpoint.
    Checkpoint {
        /// A signed note.
        file: PathBuf,
    },
    /// Every rule, its weight and its source.
    Rules,
}

#[derive(Debug, clap::Args)]
pub struct Words {
    /// Any file.
    pub file: PathBuf,
    /// The words that a witness asks for when this plain CSR enrols a cluster.
    #[arg(long, value_name = "CLUSTER", requires = "recipient")]
    pub enrol: Option<String>,
    /// The cluster's environment, with --enrol.
    #[arg(long, default_value = "prod", requires = "enrol")]
    pub environment: String,
    /// An age recipient of its bundles, with --enrol; may be repeated.
    #[arg(long, value_name = "AGE1", requires = "enrol")]
    pub recipient: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct Completions {
    /// bash, zsh, fish, elvish or powershell.
    pub shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub struct Man {
    /// The directory for the pages.
    pub dir: PathBuf,
}
