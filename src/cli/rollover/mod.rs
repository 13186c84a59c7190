//! `rollover`: switching a running mesh to another root.

mod plan;

use super::args::{Args, Rollover, RolloverCommand};
use super::terminal::Terminal;
use crate::error::Error;

/// `anchorite rollover …`
pub fn rollover(args: &Args, a: &Rollover, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        RolloverCommand::Plan(a) => plan::plan(args, a, terminal),
    }
}
