//! `rollover`: switching a running mesh to another root.

mod check;
mod observe;
mod plan;

use super::args::{Args, Rollover, RolloverCommand};
use super::terminal::Terminal;
use crate::error::Error;

/// `anchorite rollover …`
pub fn rollover(args: &Args, a: &Rollover, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        RolloverCommand::Observe(a) => observe::observe(args, a, terminal),
        RolloverCommand::Plan(a) => plan::plan(args, a, terminal),
        RolloverCommand::Check(a) => check::check(args, a, terminal),
    }
}
