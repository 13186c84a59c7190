//! Arguments of `root rollover`.

use super::{Attend, OwnScript};

#[derive(Debug, clap::Args)]
pub struct RootRollover {
    /// Have the old root vouch for the new one and the new one for the old: cross certificates, both ways.
    #[arg(long, conflicts_with = "script")]
    pub cross: bool,
    /// The generation to make; needed where more than one root is current already.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub generation: Option<u32>,
    /// Done already is done: where that generation is there, exit 0 and say so.
    #[arg(long, requires = "generation")]
    pub if_needed: bool,
    #[command(flatten)]
    pub own: OwnScript,
    #[command(flatten)]
    pub attend: Attend,
}
