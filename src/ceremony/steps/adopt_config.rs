//! `adopt-config`: a changed `authority.toml` is shown line by line, confirmed and logged whole. What
//! genesis fixed cannot change.

use crate::authority::Config;
use crate::ceremony::people::{Compared, Stop};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{ScriptKind, Step};
use crate::ceremony::session::Folder;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::log::record::ConfigAdopted;
use crate::screen::Screen;
use crate::words;
use similar::TextDiff;

/// Unchanged lines shown before and after a change.
const AROUND: usize = 3;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "adopt-config",
    says: "Compare the configuration",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    // As it is now: people may have mended it since this step failed.
    let text = Folder::read_text(&room.folder.config())?;
    room.config_file = (text.clone(), Config::digest(&text));
    let (old, adopted) = room.config_adopted.clone();
    let (new, digest) = room.config_file.clone();
    if digest == adopted {
        room.people.answered_before(Some(&step.id), &format!("sha256:{digest}"));
        let same = format!("authority.toml is the one that was adopted: sha256 {}…", digest.short());
        room.people.show(&Screen::new().text(same))?;
        return Ok(());
    }
    let config = Config::parse(&new)?;
    let rollover = room.script.kind == ScriptKind::Rollover;
    check_fixed(&room.config, &config, rollover)?;
    let mut screen = Screen::new()
        .heading("authority.toml has changed since it was adopted", room.banner().kind)
        .field("digest", digest.hex())
        .field("words 1-4", words::words(digest.0.get(..4).unwrap_or_default()).join(" "));
    for line in difference(&old, &new) {
        screen = screen.verbatim(format!("  {line}"));
    }
    room.people.show(&screen)?;
    loop {
        match room.people.adopt(&step.id, digest)? {
            Compared::Beforehand if room.config.unattended && room.people.unattended().is_some() => break,
            Compared::Typed(typed) => match words::compare(&typed, &digest.0, 0, 4) {
                Ok(()) => break,
                Err(error) => room.people.help(&error)?,
            },
            _ => return Err(Stop::Declined("the changed configuration is not adopted".to_owned())),
        }
    }
    room.journal.append(vec![ConfigAdopted { sha256: digest, text: new.clone() }.into()])?;
    room.config = config;
    room.config_adopted = (new, digest);
    Ok(())
}

/// What genesis fixed; the kind of the root key is fixed until a rollover, which makes another;
/// an experimental one has no successor and is none.
fn check_fixed(old: &Config, new: &Config, rollover: bool) -> Result<(), Error> {
    let fixed = |what: &str, was: String, is: String| -> Result<(), Error> {
        if was == is {
            return Ok(());
        }
        Err(Error::new(Kind::Usage, format!("authority.toml: {what} was fixed at genesis"))
            .saw(is)
            .wanted(was)
            .truth("Nothing was signed."))
    };
    fixed("name", old.name.clone(), new.name.clone())?;
    fixed("kind", old.kind.name().to_owned(), new.kind.name().to_owned())?;
    if !rollover || old.root.key.is_experimental() || new.root.key.is_experimental() {
        fixed("[root] key", old.root.key.to_string(), new.root.key.to_string())?;
    }
    let subject = |c: &Config| c.root.subject.name(None, "").to_string();
    fixed("[root] subject", subject(old), subject(new))?;
    fixed("[token] profile", old.token.profile.clone(), new.token.profile.clone())?;
    // A key does not move to another token because the configuration says so: it would be missed at every
    // unlocking to come.
    let audit = |c: &Config| match &c.audit {
        Some(audit) => audit.token.profile.clone(),
        None => "none: the audit key is on the root's token".to_owned(),
    };
    fixed("[audit.token] profile", audit(old), audit(new))?;
    // Whoever relied on there being no copy, or one, decided with genesis.
    fixed("[key_backup] mode", old.key_backup.mode.name().to_owned(), new.key_backup.mode.name().to_owned())
}

/// The lines that went (`-`) and came (`+`), in order, with the lines around them: a value that moved from one
/// table to another is a change too.
fn difference(old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let groups = diff.grouped_ops(AROUND);
    let mut lines = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        if number > 0 {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            lines.push(format!("{} {}", change.tag(), change.value().trim_end()).trim_end().to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_moved_to_another_table_is_a_difference() {
        let old = "[clusters.a]\nvalidity_days = 30\n[clusters.b]\nvalidity_days = 365\n";
        let new = "[clusters.a]\nvalidity_days = 365\n[clusters.b]\nvalidity_days = 30\n";
        let shown = difference(old, new);
        for wanted in ["- validity_days = 365", "+ validity_days = 365"] {
            assert!(shown.iter().any(|line| line == wanted), "{wanted}: {shown:?}");
        }
    }

    #[test]
    fn the_difference_names_what_went_and_what_came() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), ["  a", "- b", "+ x", "  c"]);
        assert_eq!(difference("a\n", "a\nb\n"), ["  a", "+ b"]);
        assert_eq!(difference("a\n", "a\n"), Vec::<String>::new());
    }
}
