//! What a token can do, found out with objects that end with the session, and compared with its profile.
//!
//! Nothing in the token changes; without a PIN only what a token tells everybody is found.

use crate::digest::Digest;
use crate::error::Error;
use crate::key::KeySpec;
use crate::token::hsm_profile::{GuardSupport, HsmProfile, Verified, VerifiedBy};
use crate::token::module::{Module, Selection, slot_of};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::unlock::Login;
use crate::token::{Identity, KeyRole, Stage, Token, fault, guard, mechanism};
use crate::x509::SignatureAlgorithm;
use cryptoki::mechanism::MechanismType;
use serde::Serialize;

/// Sessions that are tried at once; more than any machine at a ceremony has processors for.
const SESSIONS_TRIED: usize = 16;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The profile that it was compared with.
    pub profile: String,
    /// The module's path.
    pub module: String,
    /// SHA-256 of the module.
    pub module_sha256: Digest,
    /// Who the token says it is.
    pub identity: Identity,
    /// Its mechanisms, by PKCS#11 name, as far as the binding knows them.
    pub mechanisms: Vec<String>,
    /// What was found after a login; `None` without a PIN.
    pub proved: Option<Proved>,
    /// Where the token and its profile differ, a sentence each.
    pub differences: Vec<String>,
}

/// What was found after a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// Each kind of key: made in a session, judged, used, verified outside the token.
    pub algorithms: Vec<Tried>,
    /// Private data objects can be made and read.
    pub guard: bool,
    /// Its random generator answers.
    pub random: bool,
    /// Sessions that could be open at once, up to 16.
    pub sessions: usize,
}

/// One kind of key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The kind.
    pub algorithm: KeySpec,
    /// Why it does not work; `None` where it does.
    pub fault: Option<String>,
    /// Template attributes that the token rejected.
    pub dropped: Vec<String>,
}

/// Exercises a token.
///
/// # Errors
/// Those of [`Module::select`] and [`Module::unlock`]; what a token cannot do is no error.
pub fn probe(module: &Module, selection: &Selection, login: Option<Login>) -> Result<Probe, Error> {
    let seen = module.select(selection)?;
    let context = &module.library.0;
    let mechanisms = context
        .get_mechanism_list(slot_of(&seen)?)
        .map_err(|answer| fault::refused("the token does not list its mechanisms", &answer))?;
    let proved = match login {
        Some(login) => Some(exercise(&mut module.unlock(selection, login)?)),
        None => None,
    };
    let mut names: Vec<String> = mechanisms.iter().map(|known| mechanism::name(*known)).collect();
    names.sort();
    let differences = differences(module.profile(), &names, proved.as_ref());
    Ok(Probe {
        profile: module.profile().name.clone(),
        module: module.path().display().to_string(),
        module_sha256: module.sha256(),
        identity: seen.identity,
        mechanisms: names,
        proved,
        differences,
    })
}

fn exercise(token: &mut Pkcs11Token) -> Proved {
    let algorithms = KeySpec::ALL
        .iter()
        .copied()
        .map(|algorithm| {
            let fault = token.prove(algorithm, KeyRole::Root, Stage::Fixed).err().map(|error| error.to_string());
            let dropped = token.accepted.get(&algorithm).cloned().unwrap_or_default();
            Tried { algorithm, fault, dropped }
        })
        .collect();
    let open: Vec<_> = (0..SESSIONS_TRIED).map_while(|_| token.context().open_ro_session(token.slot).ok()).collect();
    let sessions = open.len();
    drop(open);
    Proved { algorithms, guard: guard::possible(token), random: token.random(32).is_ok(), sessions }
}

fn differences(profile: &HsmProfile, mechanisms: &[String], proved: Option<&Proved>) -> Vec<String> {
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
    }
    for name in rejects(proved).iter().filter(|name| !profile.rejects.contains(name)) {
        out.push(format!("the token rejects {name}; the profile does not say so"));
    }
    if proved.guard != (profile.guard == GuardSupport::Replace) {
        let (says, does) = if proved.guard { ("no guard", "can") } else { ("a guard", "cannot") };
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
fn rejects(proved: &Proved) -> Vec<String> {
    let mut all: Vec<String> = proved.algorithms.iter().flat_map(|tried| tried.dropped.clone()).collect();
    all.sort();
    all.dedup();
    all
}

impl Probe {
    /// The profile as this token showed itself, to save and name in a configuration: what was not tried is
    /// taken from `base`.
    pub fn to_profile_toml(&self, base: &HsmProfile) -> String {
        let mut profile = base.clone();
        let identity = &self.identity;
        profile.verified = Verified {
            by: VerifiedBy::Hand,
            source: format!("{} {} {}, {}", identity.manufacturer, identity.model, identity.firmware, identity.library),
        };
        if let Some(proved) = &self.proved {
            let works = || proved.algorithms.iter().filter(|tried| tried.fault.is_none()).map(|tried| tried.algorithm);
            profile.algorithms = works().collect();
            let mut used: Vec<MechanismType> = Vec::new();
            for spec in works() {
                used.push(mechanism::generation(spec));
                used.extend(mechanism::ways(SignatureAlgorithm::of(spec)).into_iter().map(|way| way.mechanism));
            }
            profile.mechanisms =
                used.into_iter().map(mechanism::name).filter(|n| self.mechanisms.contains(n)).collect();
            profile.mechanisms.sort();
            profile.mechanisms.dedup();
            profile.rejects = rejects(proved);
            profile.guard = if proved.guard { GuardSupport::Replace } else { GuardSupport::None };
            if proved.sessions < SESSIONS_TRIED {
                profile.sessions = proved.sessions.max(1);
            }
        }
        profile.to_toml()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Probe {
        let tried = |algorithm, fault: Option<&str>| Tried {
            algorithm,
            fault: fault.map(str::to_owned),
            dropped: vec!["CKA_COPYABLE".into()],
        };
        let proved = Proved {
            algorithms: vec![tried(KeySpec::Rsa3072, None), tried(KeySpec::Ed25519, Some("no mechanism"))],
            guard: false,
            random: true,
            sessions: 2,
        };
        let identity = Identity {
            serial: "01".into(),
            label: "t".into(),
            manufacturer: "Maker \"&\" Sons".into(),
            model: "m".into(),
            firmware: "1.0".into(),
            library: "l".into(),
        };
        Probe {
            profile: "softhsm2".into(),
            module: "/m.so".into(),
            module_sha256: Digest::of(b"m"),
            identity,
            mechanisms: vec!["CKM_RSA_PKCS".into(), "CKM_RSA_PKCS_KEY_PAIR_GEN".into()],
            proved: Some(proved),
            differences: Vec::new(),
        }
    }

    #[test]
    fn a_probe_becomes_a_profile_that_reads_back_as_what_was_found() {
        let base = HsmProfile::embedded("softhsm2").unwrap();
        let profile = HsmProfile::parse(&found().to_profile_toml(&base)).unwrap();
        assert_eq!(profile.algorithms, [KeySpec::Rsa3072]);
        assert_eq!(profile.mechanisms, ["CKM_RSA_PKCS", "CKM_RSA_PKCS_KEY_PAIR_GEN"]);
        assert_eq!(profile.rejects, ["CKA_COPYABLE"]);
        assert_eq!((profile.guard, profile.sessions), (GuardSupport::None, 2));
        assert_eq!(profile.verified.by, VerifiedBy::Hand);
        assert!(profile.verified.source.starts_with("Maker \"&\" Sons"));
        assert_eq!(profile.files, base.files);
    }

    #[test]
    fn every_difference_from_the_profile_is_said() {
        let base = HsmProfile::embedded("softhsm2").unwrap();
        let probe = found();
        let said = differences(&base, &probe.mechanisms, probe.proved.as_ref()).join("\n");
        for part in ["CKM_ECDSA;", "ed25519; no mechanism", "rejects CKA_COPYABLE", "says a guard", "2 could be opened"]
        {
            assert!(said.contains(part), "{part} in {said}");
        }
        let itself = HsmProfile::parse(&probe.to_profile_toml(&base)).unwrap();
        assert_eq!(differences(&itself, &probe.mechanisms, probe.proved.as_ref()), Vec::<String>::new());
    }
}
