//! Arguments of `rollover observe`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct RolloverObserve {
    /// The stage that the cluster is in, 1 to 3.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub stage: u8,
    /// What `rollover plan` wrote: its directory, or its plan.json; repeated for each cluster of the mesh.
    #[arg(long, value_name = "OUT", required = true)]
    pub plan: Vec<PathBuf>,
    /// What the proxies hold, JSON: files, directories with a file for each proxy, or - [default: stdin].
    #[arg(value_name = "WHAT")]
    pub what: Vec<PathBuf>,
}
