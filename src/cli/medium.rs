//! `medium`: gives a stick its role, says which it is, and brings the authority's copies up to date.

use super::args::{Args, Medium, MediumCommand};
use super::room::find;
use super::terminal::Terminal;
use crate::ceremony::copies;
use crate::ceremony::paper::label::labels;
use crate::clock::Clock;
use crate::digest::Hex;
use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::files::medium::{self, Marking, Role};
use crate::screen::Screen;
use crate::store::Log;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// `anchorite medium …`
pub fn medium(args: &Args, a: &Medium, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        MediumCommand::Prepare { role, label, label_sheet, dir } => {
            let made = prepare(args, role, label.as_deref(), dir)?;
            let mut written = vec![dir.join(medium::MARKER).display().to_string()];
            if let Some(sheet) = label_sheet {
                deliver::write_new(sheet, labels(std::slice::from_ref(&made)).as_bytes(), 0o644)?;
                written.push(sheet.display().to_string());
            }
            terminal.done(&written, &[&format!("write on its sticker: {} {}", made.role, made.called())]);
            Ok(())
        }
        MediumCommand::Show { dir } => show(dir, terminal),
        MediumCommand::Copy { dirs } => copy(args, dirs, terminal),
    }
}

fn prepare(args: &Args, role: &str, label: Option<&str>, dir: &Path) -> Result<medium::Medium, Error> {
    let role: Role = role.parse()?;
    let authority = match &args.authority {
        Some(_) => Some(find(args)?.config.0.name),
        None if role == Role::Authority => {
            return Err(Error::new(Kind::Usage, "an authority medium belongs to an authority")
                .hint(format!("name it: anchorite -C DIR medium prepare --role authority {}", dir.display()))
                .truth("Nothing was written."));
        }
        None => None,
    };
    let id = Hex(Entropy::new().bytes(8, &[])?);
    let marking = Marking { authority: authority.as_deref(), label, id, created: Clock::system().now() };
    medium::prepare(dir, role, marking)
}

/// A medium as `--json` shows it: its marker, and the id as people compare it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    medium: medium::Medium,
    short_id: String,
}

fn show(dir: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let medium = medium::recognise(dir)?;
    if terminal.wants_json() {
        let short_id = medium.short_id();
        return terminal.json(&Shown { medium, short_id });
    }
    let mut screen = Screen::new().field("role", medium.role.name()).field("id", medium.short_id());
    for (label, value) in [("label", &medium.label), ("authority", &medium.authority)] {
        screen = value.iter().fold(screen, |screen, value| screen.field(label, value));
    }
    terminal.result_screen(&screen.field("prepared", medium.created.to_string()))
}

#[derive(Serialize)]
struct Copied {
    medium: String,
    directory: String,
}

/// Without a token: a copy is what the log is, and who copies needs no key.
fn copy(args: &Args, dirs: &[PathBuf], terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let dirs = if dirs.is_empty() { &found.local.media.authority } else { dirs };
    if dirs.is_empty() {
        return Err(Error::new(Kind::Usage, "no authority medium was named")
            .hint("name it: anchorite medium copy DIR, or in local.toml: [media] authority = [\"DIR\"]"));
    }
    // Nobody writes the log while it is copied.
    let _log = match found.folder.has_log()? {
        true => Some(Log::open(&found.folder.log(), &mut |_| Ok(()))?),
        false => None,
    };
    let mut copied = Vec::new();
    for dir in dirs {
        let stick = copies::look(&found.folder, &found.config.0.name, dir)?;
        copies::write(&found.folder, &stick, &mut |done, of, what| terminal.progress(done, of, what))?;
        copied.push(Copied { medium: stick.medium.called(), directory: dir.display().to_string() });
    }
    if terminal.wants_json() {
        return terminal.json(&copied);
    }
    let written: Vec<String> = copied.iter().map(|c| format!("{}  in {}", c.medium, c.directory)).collect();
    terminal.done(&written, &["each copy was read back; it is safe to take the media out"]);
    Ok(())
}
