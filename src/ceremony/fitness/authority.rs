//! The checks that need an authority: the clock against its log, the program and the module that it names, its
//! token, its media.

use super::{Examined, own_binary};
use crate::authority::Config;
use crate::digest::Digest;
use crate::error::Error;
use crate::files::medium;
use crate::host::Check;
use crate::text;
use crate::token::KeyRole;
use crate::token::module::Seen;
use jiff::ToSpan;
use std::path::Path;

/// An authority that nobody used for so long, in days, or a clock that was set ahead.
const LONG_AGO: i64 = 400;

pub(super) fn no_authority(name: &'static str) -> Check {
    Check::unknown(name, "no authority is named (-C DIR)")
}

pub(super) fn log_clock(examined: &Examined<'_>) -> Check {
    const NAME: &str = "clock-log";
    if examined.folder.is_none() {
        return no_authority(NAME);
    }
    let now = examined.now;
    let Some(last) = examined.state.and_then(|state| state.last_time) else {
        return Check::pass(NAME, "the log has no entry yet");
    };
    let long_ago = now.checked_sub((LONG_AGO * 24).hours()).is_ok_and(|limit| last < limit);
    if now < last {
        return Check::fail(
            NAME,
            format!("{now} is before the last entry, {last}"),
            "Set the clock from a watch (date -u -s …)",
        );
    }
    if long_ago {
        return Check::warn(
            NAME,
            format!("the last entry is of {last}"),
            "Compare the clock with a watch: is it set ahead?",
        );
    }
    Check::pass(NAME, format!("after the last entry, {last}"))
}

fn compared(name: &'static str, setting: &str, pinned: Option<Digest>, seen: Digest, what: &str) -> Check {
    match pinned {
        None => Check::unknown(name, format!("no {setting} in authority.toml; it is {seen}")),
        Some(pinned) if pinned == seen => Check::pass(name, format!("{seen}, as in authority.toml")),
        Some(pinned) => {
            let remedy = format!("Take {what} from the supplies stick; there: sha256sum -c SHA256SUMS");
            Check::fail(name, format!("it is {seen}, wanted {pinned}"), remedy)
        }
    }
}

pub(super) fn binary(config: Option<&Config>) -> Check {
    const NAME: &str = "binary";
    match (own_binary(), config) {
        (Err(error), _) => Check::unknown(NAME, error.to_string()),
        (Ok(seen), None) => Check::unknown(NAME, format!("no authority is named (-C DIR); it is {seen}")),
        (Ok(seen), Some(config)) => {
            compared(NAME, "binary_sha256", config.preflight.binary_sha256, seen, "the program")
        }
    }
}

pub(super) fn module(examined: &Examined<'_>) -> Check {
    const NAME: &str = "module";
    match (&examined.tokens, examined.config) {
        (Some(Ok(tokens)), Some(config)) => {
            compared(NAME, "module_sha256", config.preflight.module_sha256, tokens.module().1, "the module")
        }
        (Some(Err(error)), _) => Check::fail(NAME, error.to_string(), remedy_of(error)),
        _ => no_authority(NAME),
    }
}

fn remedy_of(error: &Error) -> String {
    error.hints().first().cloned().unwrap_or_else(|| "See the error of any ceremony".to_owned())
}

/// The root's token, and the audit key's where that is another.
pub(super) fn token(examined: &mut Examined<'_>) -> Check {
    const NAME: &str = "token";
    let (Some(Ok(tokens)), Some(config)) = (&mut examined.tokens, examined.config) else {
        return match examined.tokens {
            Some(_) => Check::unknown(NAME, "its module could not be loaded"),
            None => no_authority(NAME),
        };
    };
    let roles = [KeyRole::Root, KeyRole::Audit];
    let needed = if config.audit.is_some() { &roles[..] } else { &roles[..1] };
    let mut lines = Vec::new();
    for role in needed {
        let recorded = examined.state.and_then(|state| state.tokens.get(role.name()));
        let line = match recorded {
            Some(token) => match tokens.find(*role, &token.serial) {
                Ok(seen) => flags(&seen),
                Err(error) => Check::fail(NAME, error.to_string(), remedy_of(&error)),
            },
            None => match tokens.list(*role) {
                Ok(seen) => unrecorded(&seen),
                Err(error) => Check::fail(NAME, error.to_string(), remedy_of(&error)),
            },
        };
        lines.push(line);
    }
    let Some(worst) = lines.iter().max_by_key(|line| line.result).cloned() else { return no_authority(NAME) };
    let seen = lines.into_iter().map(|line| line.seen).collect::<Vec<_>>().join("; ");
    Check { seen, ..worst }
}

/// What a recorded token says of itself.
fn flags(seen: &Seen) -> Check {
    const NAME: &str = "token";
    let who = format!("{} (serial {})", seen.identity.label, seen.identity.serial);
    match &seen.pin {
        pin if pin.locked => {
            Check::fail(NAME, format!("{who}: its PIN is locked"), "The security officer sets a new PIN")
        }
        pin if pin.final_try => {
            Check::fail(NAME, format!("{who}: one PIN try is left"), "Be sure of the PIN; --final-try spends it")
        }
        pin if !pin.set => Check::fail(NAME, format!("{who}: it has no user PIN"), "Set one with its vendor's tool"),
        pin if pin.count_low => Check::warn(NAME, format!("{who}: a wrong PIN was tried"), "Find out who tried it"),
        pin if pin.to_be_changed => {
            Check::warn(NAME, format!("{who}: its PIN is to be changed"), "Change it with its vendor's tool")
        }
        _ if seen.write_protected => Check::fail(NAME, format!("{who}: write-protected"), "Take the protection off"),
        _ => Check::pass(NAME, who),
    }
}

/// Before genesis: any token will do, and none will not.
fn unrecorded(seen: &[Seen]) -> Check {
    const NAME: &str = "token";
    let blank = seen.iter().filter(|token| !token.initialized).count();
    let ready = seen.len() - blank;
    match (blank, ready) {
        (0, 0) => Check::fail(NAME, "the module sees no token", "Put the token in"),
        (0, ready) => Check::warn(
            NAME,
            format!("no blank token, {} already initialised", text::count(ready, "token")),
            "A genesis wants a blank one, or --token-serial",
        ),
        (blank, 0) => Check::pass(NAME, text::count(blank, "blank token")),
        (blank, ready) => Check::pass(NAME, format!("{}, {ready} initialised", text::count(blank, "blank token"))),
    }
}

pub(super) fn media(examined: &Examined<'_>) -> Check {
    const NAME: &str = "media";
    let Some(config) = examined.config else { return no_authority(NAME) };
    if examined.media.is_empty() {
        return Check::unknown(NAME, "local.toml names no media");
    }
    // Not the whole path: systems mount sticks below the name of who is logged in, and the log holds no names.
    let name = |dir: &Path| dir.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (mut here, mut wrong, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for (role, dir) in &examined.media {
        if !dir.is_dir() {
            absent.push(format!("no {role} at {}", name(dir)));
            continue;
        }
        match medium::expect(dir, *role) {
            Ok(Some(medium)) if medium.authority.as_ref().is_some_and(|name| *name != config.name) => {
                wrong.push(format!("{}: {medium}", name(dir)));
            }
            Ok(_) => here.push(role.name()),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    match (wrong.as_slice(), absent.as_slice()) {
        ([], []) => Check::pass(NAME, here.join(", ")),
        ([], absent) => Check::warn(NAME, absent.join("; "), "Put it in when the script asks for it"),
        (wrong, _) => Check::fail(NAME, wrong.join("; "), "Take it out; each stick has its role on its label"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Verdict;
    use crate::token::PinState;

    fn token(pin: PinState) -> Seen {
        Seen { pin, ..Seen::ready() }
    }

    #[test]
    fn a_token_is_judged_by_what_it_says_of_its_pin() {
        let set = PinState { set: true, ..PinState::default() };
        for (pin, result, seen) in [
            (set, Verdict::Pass, "root (serial 01)"),
            (PinState { locked: true, ..set }, Verdict::Fail, "root (serial 01): its PIN is locked"),
            (
                PinState { final_try: true, count_low: true, ..set },
                Verdict::Fail,
                "root (serial 01): one PIN try is left",
            ),
            (PinState { count_low: true, ..set }, Verdict::Warn, "root (serial 01): a wrong PIN was tried"),
            (PinState { to_be_changed: true, ..set }, Verdict::Warn, "root (serial 01): its PIN is to be changed"),
            (PinState::default(), Verdict::Fail, "root (serial 01): it has no user PIN"),
        ] {
            let check = flags(&token(pin));
            assert_eq!((check.result, check.seen.as_str()), (result, seen));
        }
        let protected = Seen { write_protected: true, ..token(set) };
        assert_eq!(flags(&protected).result, Verdict::Fail);
    }

    #[test]
    fn before_genesis_a_blank_token_is_wanted() {
        let blank = Seen { initialized: false, ..token(PinState::default()) };
        let ready = token(PinState { set: true, ..PinState::default() });
        assert_eq!(unrecorded(&[]).result, Verdict::Fail);
        assert_eq!(unrecorded(std::slice::from_ref(&ready)).result, Verdict::Warn);
        assert_eq!(unrecorded(&[blank, ready]).seen, "1 blank token, 1 initialised");
    }
}
