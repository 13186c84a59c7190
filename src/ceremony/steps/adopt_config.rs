//! `adopt-config`: a changed `authority.toml` is shown line by line, confirmed and logged whole. What
//! genesis fixed cannot change.

use crate::authority::Config;
use crate::ceremony::people::{Compared, Stop};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact};
use crate::error::{Error, Kind};
use crate::log::record::ConfigAdopted;
use crate::screen::Screen;
use crate::words;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "adopt-config",
    says: "Compare the configuration",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root],
    gives: &[],
    takes: &[],
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let (old, adopted) = room.config_adopted.clone();
    let (new, digest) = room.config_file.clone();
    if digest == adopted {
        room.people.answered_before(Some(&step.id), &format!("sha256:{digest}"));
        return Ok(());
    }
    let config = Config::parse(&new)?;
    check_fixed(&room.config, &config)?;
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

/// What genesis fixed.
fn check_fixed(old: &Config, new: &Config) -> Result<(), Error> {
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
    fixed("[root] key", old.root.key.to_string(), new.root.key.to_string())?;
    let subject = |c: &Config| c.root.subject.name(None, "").to_string();
    fixed("[root] subject", subject(old), subject(new))?;
    fixed("[token] profile", old.token.profile.clone(), new.token.profile.clone())
}

/// Lines that are only in one of two texts, in order: the longest common subsequence stays.
fn difference(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(first..).unwrap_or_default(), new.get(first..).unwrap_or_default());
    let last = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = old.get(..old.len() - last).unwrap_or_default();
    let new = new.get(..new.len() - last).unwrap_or_default();
    let mut out: Vec<String> = old.iter().filter(|l| !new.contains(l)).map(|l| format!("- {l}")).collect();
    out.extend(new.iter().filter(|l| !old.contains(l)).map(|l| format!("+ {l}")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_names_what_went_and_what_came() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n"), ["- b", "+ x"]);
        assert_eq!(difference("a\n", "a\nb\n"), ["+ b"]);
    }
}
