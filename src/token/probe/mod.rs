//! What a token can and cannot do for a root CA, found out with objects that end with the session, and compared
//! with its profile.
//!
//! Nothing in the token changes; without a PIN only what a token tells everybody is found. What a token did not
//! answer is not known: nothing here guesses.

mod compare;
mod draft;
mod trial;
mod verdict;

pub use verdict::{Verdict, kinds};

use crate::digest::Digest;
use crate::error::Error;
use crate::key::KeySpec;
use crate::token::module::{Module, Selection, slot_of};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::unlock::Login;
use crate::token::{Identity, Token, fault, guard, mechanism};
use crate::x509::SignatureAlgorithm;
use cryptoki::slot::Slot;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Sessions that are tried at once; more than any machine at a ceremony has processors for.
pub const SESSIONS_TRIED: usize = 16;

/// Time since some fixed moment.
pub type Stopwatch<'a> = &'a dyn Fn() -> Duration;

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Probe {
    /// What it means for a root CA.
    pub verdict: Verdict,
    /// The profile that it was compared with.
    pub profile: String,
    /// The module's path.
    pub module: String,
    /// SHA-256 of the module.
    pub module_sha256: Digest,
    /// Who the token says it is.
    pub identity: Identity,
    /// Tokens behind this module with this serial number, itself included.
    pub same_serial: usize,
    /// What it says of its PIN and of itself; `None` where it tells nothing (opencryptoki 3.8.1).
    pub says: Option<Says>,
    /// Its mechanisms, by PKCS#11 name, as far as the binding knows them.
    pub mechanisms: Vec<String>,
    /// The kinds of keys that these allow, by the token's word.
    pub listed: Vec<KeySpec>,
    /// What was found after a login; `None` without a PIN.
    pub proved: Option<Proved>,
    /// Where the token and its profile differ, a sentence each.
    pub differences: Vec<String>,
}

/// What a token says of its PIN and of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Says {
    /// A user PIN exists.
    pub pin_set: bool,
    /// At least one wrong try since the last login.
    pub pin_count_low: bool,
    /// The next wrong try locks it.
    pub pin_final_try: bool,
    /// It is locked.
    pub pin_locked: bool,
    /// It must be changed before use.
    pub pin_to_be_changed: bool,
    /// The least and the greatest length of a PIN, where it says them.
    pub pin_lengths: Option<(usize, usize)>,
    /// The PIN is typed on the token's own keys.
    pub pinpad: bool,
    /// Nothing can be written to it.
    pub write_protected: bool,
    /// It has a random generator.
    pub random: bool,
    /// The most sessions that it allows, where it says so.
    pub max_sessions: Option<u64>,
}

/// What was found after a login.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proved {
    /// Each kind of key: made in a session, judged, used, attacked, verified outside the token.
    pub algorithms: Vec<Tried>,
    /// Private data objects can be made and read; not known where nothing ends with the session.
    pub guard: Option<bool>,
    /// Its random generator answers.
    pub random: bool,
    /// Sessions that could be open at once, up to [`SESSIONS_TRIED`].
    pub sessions: usize,
    /// Sessions that signed at once with one key, and with which; `None` where that could not be tried.
    pub together: Option<Together>,
}

/// Sessions that signed at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Together {
    /// How many.
    pub sessions: usize,
    /// The kind of key.
    pub algorithm: KeySpec,
    /// Signatures a second, all sessions together, on this machine.
    pub per_second: f64,
}

/// One kind of key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tried {
    /// The kind.
    pub algorithm: KeySpec,
    /// True where the key was made in the token, and destroyed again.
    pub on_token: bool,
    /// Why it does not work; `None` where it does.
    pub fault: Option<String>,
    /// How far it got, where it does not work.
    pub failed: Option<Failed>,
    /// Template attributes that the token rejected.
    pub dropped: Vec<String>,
    /// Every attribute as read back, by PKCS#11 name; empty where no key was made.
    pub attributes: BTreeMap<String, String>,
    /// Whether the token hashes what is signed; else this program does.
    pub token_hashes: Option<bool>,
    /// Whether the key asks for the PIN at each signature, where the token says so.
    pub asks_each_time: Option<bool>,
    /// How long making it took, in seconds.
    pub seconds_to_make: Option<f64>,
    /// Signatures a second in one session, on this machine.
    pub per_second: Option<f64>,
    /// How a key gets out of the token; `None` where that was not tried.
    pub escapes: Option<Escapes>,
}

/// How far a kind of key got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Failed {
    /// No key was made.
    Made,
    /// It is not what a signing key must be.
    Judged,
    /// It does not sign, or not rightly.
    Signed,
}

/// What whoever knows the PIN could do with a key that must never leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escapes {
    /// The token told the secret part.
    pub read_out: bool,
    /// The ways of wrapping that were tried with a key of the user's own.
    pub wraps_tried: Vec<String>,
    /// The one by which the token gave the key out.
    pub wrapped_by: Option<String>,
    /// It was made extractable.
    pub softened: bool,
}

impl Escapes {
    /// True where the key stayed in against everything that was tried.
    pub fn none(&self) -> bool {
        !self.read_out && self.wrapped_by.is_none() && !self.softened
    }
}

/// How far to go.
#[derive(Debug, Default)]
pub struct Lengths {
    /// Log in and try keys that end with the session.
    pub login: Option<Login>,
    /// Make one key of this kind in the token too, and destroy it again: for tokens whose sessions hold no keys.
    pub on_token: Option<KeySpec>,
}

/// Exercises a token.
///
/// # Errors
/// Those of [`Module::select`] and [`Module::unlock`]; what a token cannot do is no error. With `on_token`,
/// [`Kind::Token`](crate::error::Kind::Token): it holds objects of an authority, and was not changed; or it holds the
/// key that was to be destroyed again.
pub fn probe(
    module: &Module,
    selection: &Selection,
    lengths: Lengths,
    stopwatch: Stopwatch<'_>,
) -> Result<Probe, Error> {
    let seen = module.select(selection)?;
    let slot = slot_of(&seen)?;
    let context = &module.library.0;
    let have = context
        .get_mechanism_list(slot)
        .map_err(|answer| fault::refused("the token does not list its mechanisms", &answer))?;
    let serial = &seen.identity.serial;
    let same_serial = module.identities()?.iter().filter(|other| other.identity.serial == *serial).count();
    let proved = match lengths.login {
        Some(login) => Some(exercise(&mut module.unlock(selection, login)?, lengths.on_token, stopwatch)?),
        None => None,
    };
    let lists = |spec: &KeySpec| {
        have.contains(&mechanism::generation(*spec))
            && mechanism::choose(SignatureAlgorithm::of(*spec), &have, module.profile().hash).is_ok()
    };
    let listed: Vec<KeySpec> = KeySpec::ALL.iter().copied().filter(lists).collect();
    let mut names: Vec<String> = have.iter().map(|known| mechanism::name(*known)).collect();
    names.sort();
    let differences = compare::differences(module.profile(), &names, proved.as_ref());
    Ok(Probe {
        verdict: Verdict::of(&listed, proved.as_ref()),
        profile: module.profile().name.clone(),
        module: module.path().display().to_string(),
        module_sha256: module.sha256(),
        same_serial,
        says: says(module, slot),
        identity: seen.identity,
        mechanisms: names,
        listed,
        proved,
        differences,
    })
}

/// As it is after the login: a try that was wrong before shows.
fn says(module: &Module, slot: Slot) -> Option<Says> {
    let seen = module.look(slot).ok()?;
    Some(Says {
        pin_set: seen.pin.set,
        pin_count_low: seen.pin.count_low,
        pin_final_try: seen.pin.final_try,
        pin_locked: seen.pin.locked,
        pin_to_be_changed: seen.pin.to_be_changed,
        pin_lengths: seen.pin_lengths,
        pinpad: seen.pinpad,
        write_protected: seen.write_protected,
        random: seen.random,
        max_sessions: seen.max_sessions,
    })
}

fn exercise(token: &mut Pkcs11Token, on_token: Option<KeySpec>, stopwatch: Stopwatch<'_>) -> Result<Proved, Error> {
    // First, since a token that is in use is left as it is.
    let allowed = on_token.map(|spec| trial::on_token(token, spec, stopwatch)).transpose()?;
    let trial = |spec: KeySpec| match &allowed {
        Some(tried) if tried.algorithm == spec => tried.clone(),
        _ => trial::in_session(token, spec, stopwatch),
    };
    let algorithms: Vec<Tried> = KeySpec::ALL.iter().copied().map(trial).collect();
    let open: Vec<_> = (0..SESSIONS_TRIED).map_while(|_| token.context().open_ro_session(token.slot).ok()).collect();
    let sessions = open.len();
    drop(open);
    let works = |spec: &KeySpec| algorithms.iter().any(|tried| tried.algorithm == *spec && tried.fault.is_none());
    let best = verdict::BEST.into_iter().find(works);
    let together = best.filter(|_| sessions > 0).and_then(|algorithm| {
        let (sessions, per_second) = trial::at_once(token, algorithm, sessions, stopwatch)?;
        Some(Together { sessions, algorithm, per_second })
    });
    // What no session holds was not tried.
    let holds = algorithms.iter().any(|tried| !tried.on_token && tried.failed != Some(Failed::Made));
    let guard = Some(guard::possible(token)).filter(|possible| *possible || holds);
    let random = token.random(32).is_ok();
    Ok(Proved { algorithms, guard, random, sessions, together })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::HsmProfile;

    pub(super) fn tried(algorithm: KeySpec, fault: Option<&str>) -> Tried {
        let worked = fault.is_none();
        let escapes = Escapes {
            read_out: false,
            wraps_tried: vec!["CKM_AES_KEY_WRAP".into()],
            wrapped_by: None,
            softened: false,
        };
        Tried {
            algorithm,
            on_token: false,
            fault: fault.map(str::to_owned),
            failed: fault.map(|_| Failed::Made),
            dropped: vec!["CKA_COPYABLE".into()],
            attributes: BTreeMap::new(),
            token_hashes: worked.then_some(true),
            asks_each_time: worked.then_some(false),
            seconds_to_make: worked.then_some(0.5),
            per_second: worked.then_some(12.0),
            escapes: worked.then_some(escapes),
        }
    }

    pub(super) fn proved(algorithms: Vec<Tried>) -> Proved {
        Proved { algorithms, guard: Some(false), random: true, sessions: 2, together: None }
    }

    pub(super) fn found() -> Probe {
        let algorithms = vec![tried(KeySpec::Rsa3072, None), tried(KeySpec::Ed25519, Some("no mechanism"))];
        let proved = proved(algorithms);
        let ready = crate::token::Seen::ready();
        let identity = Identity { manufacturer: "Maker \"&\" Sons".into(), ..ready.identity };
        Probe {
            verdict: Verdict::of(&[KeySpec::Rsa3072], Some(&proved)),
            profile: "softhsm2".into(),
            module: "/m.so".into(),
            module_sha256: Digest::of(b"m"),
            identity,
            same_serial: 1,
            says: Some(Says {
                pin_set: true,
                pin_count_low: false,
                pin_final_try: false,
                pin_locked: false,
                pin_to_be_changed: false,
                pin_lengths: Some((6, 16)),
                pinpad: false,
                write_protected: false,
                random: true,
                max_sessions: None,
            }),
            mechanisms: vec!["CKM_RSA_PKCS".into(), "CKM_RSA_PKCS_KEY_PAIR_GEN".into()],
            listed: vec![KeySpec::Rsa3072],
            proved: Some(proved),
            differences: Vec::new(),
        }
    }

    #[test]
    fn every_difference_from_the_profile_is_said() {
        let base = HsmProfile::embedded("softhsm2").unwrap();
        let probe = found();
        let said = compare::differences(&base, &probe.mechanisms, probe.proved.as_ref()).join("\n");
        for part in ["CKM_ECDSA;", "ed25519; no mechanism", "rejects CKA_COPYABLE", "says a guard", "2 could be opened"]
        {
            assert!(said.contains(part), "{part} in {said}");
        }
        let itself = HsmProfile::parse(&probe.to_profile(&base, "found").unwrap()).unwrap();
        assert_eq!(compare::differences(&itself, &probe.mechanisms, probe.proved.as_ref()), Vec::<String>::new());
    }
}
