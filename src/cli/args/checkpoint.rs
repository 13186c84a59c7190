//! Arguments of `checkpoint`.

use super::{Attend, OwnScript};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Checkpoint {
    #[command(subcommand)]
    pub command: CheckpointCommand,
}

#[derive(Debug, Subcommand)]
pub enum CheckpointCommand {
    /// Print the newest checkpoint and the proof that it extends what was countersigned before.
    #[command(before_help = "Example:\n  anchorite -C mesh-root checkpoint export > /media/out/to-countersign")]
    Export {
        /// An authority, its log/, or an entries.jsonl; left out, -C.
        what: Option<PathBuf>,
        /// The size that the countersigner saw last; left out, what the log knows of it.
        #[arg(long, value_name = "SIZE")]
        old: Option<u64>,
    },
    /// Make a countersigner's key (at another site).
    #[command(before_help = "Example:\n  anchorite checkpoint key witness.example/w1 --into countersigner")]
    Key {
        /// What notes call you: like a URL without its scheme, no spaces, no +.
        name: String,
        /// The directory to make: key, and what was seen of each log.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
    /// Check a checkpoint against what was seen before, and countersign it (at another site).
    #[command(before_help = "Examples:\n  the first time, with the root from its card or from a cluster:\n  \
        anchorite checkpoint countersign to-countersign --state countersigner \\\n    \
        --signer audit-cert.pem --root root-cert.pem > countersigned\n  \
        then:\n  anchorite checkpoint countersign to-countersign --state countersigner \\\n    \
        > countersigned")]
    Countersign {
        /// What `checkpoint export` printed.
        request: PathBuf,
        /// The directory that `checkpoint key` made.
        #[arg(long, value_name = "DIR")]
        state: PathBuf,
        /// The log's audit certificate: the first time, and after the audit key changed.
        #[arg(long, value_name = "FILE", requires = "root")]
        signer: Option<PathBuf>,
        /// The root that the audit certificate leads to, which came another way.
        #[arg(long, value_name = "FILE", requires = "signer")]
        root: Option<PathBuf>,
    },
    /// Write into the log what came back countersigned (a ceremony).
    #[command(before_help = "Example:\n  anchorite -C mesh-root checkpoint take /media/in/countersigned")]
    Take(Take),
}

#[derive(Debug, clap::Args)]
pub struct Take {
    /// Countersigned checkpoints: signed notes.
    #[arg(required = true, value_name = "NOTE")]
    pub notes: Vec<PathBuf>,
    /// Done already is done: where the log has these countersignatures, exit 0 and say so.
    #[arg(long)]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
