//! Where a token and its profile differ. Pure.

use super::{Proved, SESSIONS_TRIED};
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

/// Every attribute that was left out for some kind of key, once.
pub(super) fn rejects(proved: &Proved) -> Vec<String> {
    let mut all: Vec<String> = proved.algorithms.iter().flat_map(|tried| tried.dropped.clone()).collect();
    all.sort();
    all.dedup();
    all
}
