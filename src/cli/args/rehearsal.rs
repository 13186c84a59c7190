//! Arguments of what is done before a ceremony: its rehearsal, its answers.

use std::path::PathBuf;

/// A rehearsal of a script.
#[derive(Debug, clap::Args)]
pub struct Rehearse {
    /// A script, or the name of one that ships.
    pub script: String,
    /// Where it is made: absent or empty, or a rehearsal of this script to go on with.
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// The cluster that it is about, where it is about one.
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<String>,
    /// Make everything that it needs, and stop before its first step.
    #[arg(long)]
    pub prepare: bool,
    /// Ask nobody and say yes to everything: does the script run?
    #[arg(long, conflicts_with = "prepare")]
    pub unattended: bool,
    /// Answers that stand for people, for a rehearsal that was prepared.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prepare", "unattended"])]
    pub answers: Option<PathBuf>,
}

/// The answers that a script asks for.
#[derive(Debug, clap::Args)]
pub struct AnswersOf {
    /// A script, or the name of one that ships.
    pub script: String,
    /// The medium with requests.
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// The cluster that it is about; may be repeated.
    #[arg(long = "cluster", value_name = "CLUSTER")]
    pub clusters: Vec<String>,
}
