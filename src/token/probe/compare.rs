//! Where a token and its profile differ. Pure.

use super::{Failed, Proved, SESSIONS_TRIED, Tried};
use crate::token::hsm_profile::{GuardSupport, HsmProfile};

/// Every difference, a sentence each.
pub(super) fn differences(profile: &HsmProfile, mechanisms: &[String], proved: Option<&Proved>) -> Vec<String> {
    let mut out = Vec::new();
    for name in profile.mechanisms.iter().filter(|name| !mechanisms.contains(name)) {
        out.push(format!("the profile says {name}; the token does not list it"));
    }
    let Some(proved) = proved else { return out };
    for tried in &proved.algorithms {
        let said = profile.algorithms.contains(&tried.algorithm);
        match &tried.fault {
            // Nothing was tried: the profile says that a session holds no keys, and it holds none.
            Some(_) if !profile.session_objects && tried.failed == Some(Failed::Made) => {}
            Some(fault) if said => out.push(format!("the profile says {}; {fault}", tried.algorithm)),
            None if !said => out.push(format!("the profile does not say {}; it works", tried.algorithm)),
            _ => {}
        }
        if tried.asks_each_time == Some(true) && !profile.reauthenticate {
            let kind = tried.algorithm;
            out.push(format!("a key {kind} asks for the PIN at each signature; the profile does not say so"));
        }
    }
    for name in rejects(proved).iter().filter(|name| !profile.rejects.contains(name)) {
        out.push(format!("the token rejects {name}; the profile does not say so"));
    }
    if hands_out(proved) && !profile.hands_out {
        out.push("the token hands out keys that are not extractable; the profile does not say so".into());
    }
    if let Some(keeps) = proved.guard.filter(|keeps| *keeps != (profile.guard == GuardSupport::Replace)) {
        let (says, does) = if keeps { ("no guard", "can") } else { ("a guard", "cannot") };
        out.push(format!("the profile says {says}; the token {does} keep private data objects"));
    }
    if !proved.random {
        out.push("the token gives no random bytes".into());
    }
    if proved.sessions < profile.sessions.min(SESSIONS_TRIED) {
        out.push(format!("the profile says {} sessions; {} could be opened", profile.sessions, proved.sessions));
    }
    out
}

/// True where a key that is not extractable was wrapped all the same.
pub(super) fn hands_out(proved: &Proved) -> bool {
    let wrapped = |tried: &Tried| tried.escapes.as_ref().is_some_and(|escapes| escapes.wrapped_by.is_some());
    proved.algorithms.iter().any(wrapped)
}

/// Every attribute that was left out for some kind of key, once.
pub(super) fn rejects(proved: &Proved) -> Vec<String> {
    let mut all: Vec<String> = proved.algorithms.iter().flat_map(|tried| tried.dropped.clone()).collect();
    all.sort();
    all.dedup();
    all
}
