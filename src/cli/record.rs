//! `ceremony record`: a ceremony's script filled in from the log, as a page or as JSON.

use super::args::{Args, Record};
use super::log::{explained, root_pin};
use super::room;
use super::terminal::Terminal;
use crate::ceremony::record::{self, Which, page};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::text;

/// `anchorite ceremony record`
pub fn record(args: &Args, a: &Record, terminal: &mut Terminal) -> Result<(), Error> {
    if a.output.is_none() && terminal.stdout_is_terminal() && !terminal.wants_json() {
        return Err(Error::new(Kind::Usage, "a record is a page of HTML, and stdout is a terminal")
            .wanted("a file or a pipe")
            .hint("write it to a file: anchorite ceremony record -o record.html"));
    }
    let target = a.log.clone().unwrap_or_else(|| room::folder(args).path().to_owned());
    let which = match a.session.as_str() {
        "latest" => Which::Latest,
        session => Which::Session(session.to_owned()),
    };
    let account = record::of_log(&target, which, root_pin(&a.pin)?, !a.without_names)
        .map_err(|error| explained(error, &target))?;
    if terminal.wants_json() {
        return terminal.long_document(&mut |out| account.write_json(out));
    }
    let Some(path) = &a.output else { return terminal.long_document(&mut |out| page::write(&account, out)) };
    // Names of people are in it, where the file of names was at hand.
    deliver::write_new_made(path, 0o600, &mut |out| page::write(&account, out))?;
    let shown = text::escape(&path.display().to_string());
    let verdict =
        if account.verified.authenticated { "consistent and authenticated" } else { "consistent, NOT authenticated" };
    terminal.done(
        &[format!("{shown}  ({}: {}; log {verdict})", account.ceremony.title, account.outcome)],
        &["print it from a browser, and have it signed by those who were there"],
    );
    Ok(())
}
