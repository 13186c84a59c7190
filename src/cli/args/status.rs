//! Arguments of `status`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Status {
    /// Public files instead of an authority: a directory that `open` filled, the JSON of a Secret, PEM files, or -
    /// for that JSON on stdin; one for each cluster.
    #[arg(value_name = "DIR|FILE|-")]
    pub what: Vec<PathBuf>,
    /// Say nothing and exit 0 where nothing has to be begun; else name it on stderr and exit 10.
    #[arg(long)]
    pub check: bool,
    /// With --check: what has to be begun within so many days counts.
    #[arg(long, value_name = "DAYS", default_value_t = 0, requires = "check",
          value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub within: u32,
    /// Write a calendar of what is due (RFC 5545): a file, or - for stdout.
    #[arg(long, value_name = "FILE|-")]
    pub ics: Option<PathBuf>,
    /// The lifetime of workloads' certificates, in hours, for public files; an authority's is in authority.toml.
    #[arg(long, value_name = "HOURS", default_value_t = 24, requires = "what",
          value_parser = clap::value_parser!(u32).range(1..=87_600))]
    pub leaf_ttl: u32,
}
