//! The command line: one file per command. Commands decide what to ask of the library and what to show;
//! only [`terminal`] prints.

mod adopt;
mod answers;
mod args;
mod ceremonies;
mod ceremony;
mod checkpoint;
mod cluster;
mod configuration;
mod countersign;
mod custody;
mod decommission;
mod fence;
mod given;
mod hsm;
mod inspect;
mod key_backup;
mod kit;
mod log;
mod manifest;
mod medium;
mod mesh_crl;
mod paper;
mod parent;
mod preflight;
mod previous;
mod profiles;
mod proofs;
mod publish;
mod record;
mod rehearse;
mod request;
mod restore;
mod revocation;
mod rollover;
mod room;
mod root_rollover;
mod signed_paper;
mod status;
mod succession;
pub mod terminal;
mod uses;
mod verify;
mod words;

use crate::error::{Error, Kind};
use crate::host;
use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;
use terminal::Terminal;

/// Runs the program; every way out has an exit code of [`Kind`].
pub fn main() -> ExitCode {
    // A panic is a defect: say so, and let destructors log out of the token.
    std::panic::set_hook(Box::new(|info| terminal::report_panic(&info.to_string())));
    let outcome = std::panic::catch_unwind(|| {
        let args = match Args::try_parse() {
            Ok(args) => args,
            Err(error) => return terminal::usage(&error),
        };
        if fence::is_offline(&args.command) {
            host::contain();
            terminal::crash::watch();
        }
        let mut terminal = Terminal::new(args.json);
        match dispatch(&args, &mut terminal) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                terminal.error(&error);
                ExitCode::from(error.kind().exit_code())
            }
        }
    });
    terminal::crash::ends();
    outcome.unwrap_or_else(|_| ExitCode::from(Kind::Bug.exit_code()))
}

fn dispatch(args: &Args, terminal: &mut Terminal) -> Result<(), Error> {
    match &args.command {
        Command::New(a) => configuration::new(a, terminal),
        Command::Config(a) => configuration::config(args, a, terminal),
        Command::Kit(a) => kit::kit(args, a, terminal),
        Command::Medium(a) => medium::medium(args, a, terminal),
        Command::Ceremony(a) => ceremony::ceremony(args, a, terminal),
        Command::Root(a) => ceremonies::root(args, a, terminal),
        Command::Sign(a) => ceremonies::sign(args, a, terminal),
        Command::Export(a) => ceremonies::export(args, a, terminal),
        Command::Publish(a) => publish::publish(args, a, terminal),
        Command::Retire(a) => ceremonies::retire(args, a, terminal),
        Command::Revoke(a) => revocation::revoke(args, a, terminal),
        Command::Crl(a) => revocation::crl(args, a, terminal),
        Command::Preflight(a) => preflight::preflight(args, a, terminal),
        Command::Custody(a) => custody::custody(args, a, terminal),
        Command::Restore(a) => restore::restore(args, a, terminal),
        Command::KeyBackup(a) => key_backup::key_backup(args, a, terminal),
        Command::Decommission(a) => decommission::decommission(args, a, terminal),
        Command::Checkpoint(a) => checkpoint::checkpoint(args, a, terminal),
        Command::Hsm(a) => hsm::hsm(args, a, terminal),
        Command::Status(a) => status::status(args, a, terminal),
        Command::Request(a) => request::request(args, a, terminal),
        Command::Open(a) => cluster::open(args, a, terminal),
        Command::Manifest(a) => manifest::manifest(args, a, terminal),
        Command::Rollover(a) => rollover::rollover(args, a, terminal),
        Command::MeshCrl(a) => mesh_crl::mesh_crl(args, a, terminal),
        Command::Verify(a) => verify::verify(args, a, terminal),
        Command::Log(a) => log::log(args, a, terminal),
        Command::Inspect(a) => inspect::inspect(args, a, terminal),
        Command::Words(a) => words::words(a, terminal),
        Command::Completions(a) => configuration::completions(a, terminal),
        Command::Man(a) => configuration::man(a, terminal),
    }
}
