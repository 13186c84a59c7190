//! Arguments of the commands for anywhere: verify, look, words.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Pin {
    /// Pin the root by its certificate.
    #[arg(long, value_name = "FILE", conflicts_with = "root_fingerprint")]
    pub root: Option<PathBuf>,
    /// Pin the root by the SHA-256 on its card.
    #[arg(long, value_name = "HEX")]
    pub root_fingerprint: Option<String>,
}

/// What a paper says that people signed at the end of a ceremony.
#[derive(Debug, clap::Args)]
pub struct Paper {
    /// The eight words of a signed paper: that the log begins with what it signed.
    #[arg(long, value_name = "WORD", num_args = 1..=8, conflicts_with = "checkpoint_code")]
    pub checkpoint_words: Vec<String>,
    /// The same by the text of the code on the last screen of a ceremony, or on its record.
    #[arg(long, value_name = "TEXT", num_args = 1..=4)]
    pub checkpoint_code: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct Verify {
    /// A bundle's directory, an authority, a publication, a log, or a proof.
    pub what: PathBuf,
    #[command(flatten)]
    pub pin: Pin,
    /// A bundle: also what is inside, its proofs, and that it goes on from what was opened into this directory.
    #[arg(long, value_name = "DIR")]
    pub receipt: Option<PathBuf>,
    /// The age identity; left out, the one in --receipt.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    pub identity: Option<PathBuf>,
    /// A proof of `log prove`: the line of the log that it is for.
    #[arg(long, value_name = "FILE", requires = "signer", conflicts_with_all = ["receipt", "root_fingerprint"])]
    pub entry: Option<PathBuf>,
    /// A proof: the audit certificate whose key signed its checkpoint.
    #[arg(long, value_name = "FILE", requires = "entry")]
    pub signer: Option<PathBuf>,
    #[command(flatten)]
    pub paper: Paper,
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
        /// An authority, a publication, a log/, or an entries.jsonl; left out, -C.
        what: Option<PathBuf>,
        /// Every use of the root key instead: making it, signatures, copies and their proofs, its end.
        #[arg(long)]
        uses_of_root: bool,
    },
    /// Check the chain, the tree, every checkpoint and every signature.
    Verify {
        /// An authority, a publication, a log/, or an entries.jsonl; left out, -C.
        what: Option<PathBuf>,
        #[command(flatten)]
        pin: Pin,
        /// Nothing may be open or unsigned: for archives.
        #[arg(long)]
        at_rest: bool,
        #[command(flatten)]
        paper: Paper,
    },
    /// Write a C2SP tlog-proof that an entry is in the log.
    Prove {
        /// An authority, a publication, a log/, or an entries.jsonl.
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
    /// A cluster's CA files: would istiod start, and would the mesh work? Exit 0 or 10.
    #[command(
        before_help = "Examples:\n  anchorite inspect cacerts cluster1\n  kubectl -n istio-system get secret cacerts -o json |\n      anchorite inspect cacerts -\n  anchorite inspect cacerts cluster1 cluster2     do they trust each other?"
    )]
    Cacerts {
        /// A directory, the JSON of a Secret in a file, or - for that JSON on stdin; one for each cluster.
        #[arg(required = true, value_name = "DIR|FILE|-")]
        what: Vec<PathBuf>,
        /// The mesh has sidecars only: what stops ztunnel does not count.
        #[arg(long)]
        sidecar_only: bool,
        /// The lifetime of workloads' certificates (WORKLOAD_CERT_TTL), in hours.
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=87_600))]
        leaf_ttl: u32,
        /// The mesh's SPIFFE trust domain.
        #[arg(long, default_value = "cluster.local")]
        trust_domain: String,
    },
    /// A certificate; with --profile, held against RFC 5280 and what its consumer bears: exit 0 or 10.
    #[command(
        before_help = "Examples:\n  anchorite inspect certificate root-cert.pem --profile root\n  anchorite inspect certificate cert-chain.pem --profile istio \\\n    --issuer root-cert.pem\n  anchorite inspect certificate cross.pem --profile cross \\\n    --issuer old-root.pem new-root.pem"
    )]
    Certificate {
        /// A PEM file; with --profile its first certificate is judged, the others may be its issuers.
        file: PathBuf,
        /// istio, cert-manager, linkerd, spire, vault, subordinate, cross, root or audit.
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// PEM files with the issuer's certificate; for a cross certificate, also the new root's.
        #[arg(long, value_name = "FILE", num_args = 1.., requires = "profile")]
        issuer: Vec<PathBuf>,
        /// The mesh has sidecars only: a URI name constraint of an istio certificate is a warning.
        #[arg(long, requires = "profile")]
        sidecar_only: bool,
    },
    /// A certificate revocation list: what it says, and whether it counts.
    #[command(before_help = "Examples:\n  anchorite inspect crl root.crl --issuer root-cert.pem\n  \
        anchorite inspect crl new.crl --issuer root-cert.pem --last root.crl\n  \
        anchorite -C mesh-root inspect crl /media/out/root.crl     against the log")]
    Crl {
        /// A file, PEM or DER.
        file: PathBuf,
        /// The certificates of its issuers (PEM), to check its signature and its form.
        #[arg(long, value_name = "FILE")]
        issuer: Option<PathBuf>,
        /// The CRL before it, PEM or DER: its number must be lower, and nothing on it may be lost.
        #[arg(long, value_name = "FILE")]
        last: Option<PathBuf>,
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
    /// Any file; of a request.json, the whole sheet.
    #[arg(required_unless_present = "form")]
    pub file: Option<PathBuf>,
    /// Print the form on which a witness takes the words down.
    #[arg(long, conflicts_with_all = ["file", "enrol"])]
    pub form: bool,
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
