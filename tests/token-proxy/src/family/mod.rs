//! Families of tokens that SoftHSM is not one of: `ANCHORITE_PROXY_TRAITS` names what this one is like, parted by `;`.
//!
//! | trait | what the token is like |
//! | --- | --- |
//! | `always-authenticate` | its keys ask for the PIN at each signature, and say so |
//! | `says-nothing` | with that: its keys ask, and say that they do not |
//! | `pinpad` | the PIN is typed on it: a file `pinpad` says what, a line each time, the last one for good |
//! | `pin-locks=N` | the N-th wrong PIN locks it, and its flags say how near that is; a file `tries` counts |
//! | `logged-in` | the first login of a process is answered with CKR_USER_ALREADY_LOGGED_IN |
//! | `max-sessions=N` | no more than so many sessions are open at once |
//! | `says-max-sessions=N` | the same, and it says so |
//! | `no-session-objects` | it makes nothing that ends with the session |
//! | `hash=host`, `hash=token` | it has only mechanisms that want a hash made, or that make it |
//! | `ec-point-raw` | it gives a point of a curve without its OCTET STRING |
//! | `serial=TEXT` | every token says this serial number; none where the text is empty |
//! | `mute=LABEL` | the token with this label does not say who it is |
//! | `renamed` | labels come as `NAME (UserPIN)`, as OpenSC gives them |
//! | `cant-lock` | it takes no locking by the operating system |
//! | `clock` | it says that it has a clock, which gives no time |
//! | `not-local` | it says of no key that it was made in it |
//! | `general-error` | it answers a lasting key's template that says who may copy it with CKR_GENERAL_ERROR |
//! | `logout-on-close` | its login ends with any session that is closed |
//! | `wraps-longer` | asked how long a wrapped key will be, it says more than it will be |
//! | `hands-out` | it wraps a key that is not extractable, or for a wrapper that nobody trusts |
//! | `copies-whole` | a copy is as the first one is, whatever was asked |
//! | `init-string=TEXT` | it starts only with a string that has this in it |
//! | `empty-so` | its security officer's PIN is empty |
//! | `factory-so=PIN` | a blank one opens with this security officer's PIN, which must be changed first |
//!
//! The files are beside the journal. A token that is pulled out (`pull` among the faults) is gone while there is a file
//! `unplugged`; then it is in another slot, and the sessions of before are not known.

pub mod login;
pub mod objects;
pub mod slots;

use crate::{misused, setting};
use std::path::PathBuf;
use std::sync::OnceLock;

/// What a family is like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    pub always_authenticate: bool,
    pub says_nothing: bool,
    pub pinpad: bool,
    pub pin_locks: Option<u64>,
    pub logged_in: bool,
    pub max_sessions: Option<u64>,
    pub says_max_sessions: bool,
    pub no_session_objects: bool,
    pub hash: Option<Hash>,
    pub ec_point_raw: bool,
    pub cant_lock: bool,
    pub serial: Option<String>,
    pub renamed: bool,
    pub mute: Option<String>,
    pub clock: bool,
    pub not_local: bool,
    pub general_error: bool,
    pub logout_on_close: bool,
    pub wraps_longer: bool,
    pub hands_out: bool,
    pub copies_whole: bool,
    pub init_string: Option<String>,
    pub empty_so: bool,
    pub factory_so: Option<String>,
}

/// Where a token lets be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    Host,
    Token,
}

/// The family that was asked for.
pub fn family() -> &'static Family {
    static FAMILY: OnceLock<Family> = OnceLock::new();
    FAMILY.get_or_init(|| {
        let traits = std::env::var("ANCHORITE_PROXY_TRAITS").unwrap_or_default();
        parse(&traits).unwrap_or_else(|word| misused(&format!("there is no trait {word:?}")))
    })
}

fn parse(traits: &str) -> Result<Family, String> {
    let mut family = Family::default();
    for text in traits.split(';').map(str::trim).filter(|text| !text.is_empty()) {
        let (word, value) = text.split_once('=').map_or((text, None), |(word, value)| (word, Some(value)));
        let number = || value.and_then(|value| value.parse().ok()).ok_or_else(|| text.to_owned());
        match word {
            "always-authenticate" => family.always_authenticate = true,
            "says-nothing" => family.says_nothing = true,
            "pinpad" => family.pinpad = true,
            "pin-locks" => family.pin_locks = Some(number()?),
            "logged-in" => family.logged_in = true,
            "max-sessions" => family.max_sessions = Some(number()?),
            "says-max-sessions" => (family.max_sessions, family.says_max_sessions) = (Some(number()?), true),
            "no-session-objects" => family.no_session_objects = true,
            "hash" if value == Some("host") => family.hash = Some(Hash::Host),
            "hash" if value == Some("token") => family.hash = Some(Hash::Token),
            "ec-point-raw" => family.ec_point_raw = true,
            "cant-lock" => family.cant_lock = true,
            "serial" => family.serial = Some(value.unwrap_or_default().to_owned()),
            "mute" => family.mute = Some(value.ok_or_else(|| text.to_owned())?.to_owned()),
            "renamed" => family.renamed = true,
            "clock" => family.clock = true,
            "not-local" => family.not_local = true,
            "general-error" => family.general_error = true,
            "logout-on-close" => family.logout_on_close = true,
            "wraps-longer" => family.wraps_longer = true,
            "hands-out" => family.hands_out = true,
            "copies-whole" => family.copies_whole = true,
            "init-string" => family.init_string = Some(value.ok_or_else(|| text.to_owned())?.to_owned()),
            "empty-so" => family.empty_so = true,
            "factory-so" => family.factory_so = Some(value.ok_or_else(|| text.to_owned())?.to_owned()),
            _ => return Err(text.to_owned()),
        }
    }
    Ok(family)
}

/// A file that test and token share.
fn shared(name: &str) -> PathBuf {
    PathBuf::from(setting("ANCHORITE_PROXY_JOURNAL")).with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_what_its_traits_say_and_a_mistake_is_none() {
        let family = parse("pinpad; max-sessions=2;hash=token").unwrap();
        assert!(family.pinpad && !family.says_max_sessions);
        assert_eq!((family.max_sessions, family.hash), (Some(2), Some(Hash::Token)));
        for wrong in ["pin-pad", "max-sessions", "max-sessions=x", "hash=both"] {
            assert_eq!(parse(wrong), Err(wrong.to_owned()));
        }
    }
}
