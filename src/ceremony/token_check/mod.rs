//! Whether a provisioned token is what the log says of it: who it is, its keys and each of their attributes, what else
//! is in it, what it remembers of the log.
//!
//! Reads and compares. Nothing is signed: one path leads to the root key, and it begins with an entry in the log. A
//! key is known by its public half, which the token keeps beside it; the next signature, which every ceremony
//! verifies, shows that the private half belongs to it.

mod backup;
mod compare;
mod recorded;

pub use recorded::Recorded;

use crate::authority::Config;
use crate::authority::state::KeyRecord;
use crate::ceremony::precondition;
use crate::ceremony::tokens::Tokens;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::token::hsm_profile::GuardSupport;
use crate::token::{KeyId, KeyRole, Login, Seen, Token};
use serde::{Serialize, Serializer};

/// How one fact of the token stands to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As the log says.
    Agrees,
    /// It could not be looked at.
    Unknown,
    /// Otherwise than at the last session, and no contradiction: people say whether that was meant.
    Changed,
    /// Not as the log says. [`Kind::Verify`] where both cannot be true; else the token is not fit for use.
    Differs(Kind),
}

impl Standing {
    /// The word on screens and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Standing::Agrees => "agrees",
            Standing::Unknown => "unknown",
            Standing::Changed => "changed",
            Standing::Differs(_) => "differs",
        }
    }
}

impl Serialize for Standing {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose token: `root`, `audit` or `backup`.
    pub token: &'static str,
    /// Which fact, a stable name: `token`, `identity`, `module`, `pin`, `key`, `attributes`, `retired`, `strangers`,
    /// `guard`.
    pub check: &'static str,
    /// How it stands.
    pub result: Standing,
    /// What was seen; not escaped.
    pub seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    fn new(role: KeyRole, check: &'static str, result: Standing, seen: String) -> Self {
        Self { token: role.name(), check, result, seen, remedy: None }
    }

    fn remedy(mut self, remedy: &str) -> Self {
        self.remedy = Some(remedy.to_owned());
        self
    }
}

/// A token that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The authority's own, for a role.
    Own(KeyRole),
    /// The copy of the root's.
    Backup,
}

/// How to log in to a token that was found and whose flags allow it; `None` where nobody does.
pub type Opens<'a> = &'a mut dyn FnMut(Whose, &Seen) -> Result<Option<Login>, Error>;

/// Compares every token of an authority, and the key backup that is at hand, with its log.
///
/// # Errors
/// [`Kind::Usage`]: the log names no token yet. Those of a login. What differs is no error: [`judge`] says.
pub fn examine(
    recorded: &Recorded,
    config: &Config,
    tokens: &mut dyn Tokens,
    opens: Opens<'_>,
) -> Result<Vec<Finding>, Error> {
    tokens.recall(&recorded.state.tokens);
    let mut all = vec![compare::module(&tokens.module(), recorded)];
    let mut roles = vec![KeyRole::Root];
    roles.extend(config.audit.is_some().then_some(KeyRole::Audit));
    for role in roles {
        let Some(token) = recorded.state.tokens.get(role.name()) else {
            return Err(Error::new(Kind::Usage, format!("the log names no token for the {} key yet", role.name()))
                .hint("its genesis makes it: anchorite root create"));
        };
        let keys = |key: &&KeyRecord| config.audit.is_none() || key.role == role.name();
        let keys: Vec<&KeyRecord> = recorded.state.keys.iter().filter(keys).collect();
        all.extend(examine_one(recorded, &keys, role, &token.serial, tokens, opens)?);
    }
    // The last: the authority's own tokens are spoken to no more.
    all.extend(backup::examine(recorded, config, tokens, opens)?);
    Ok(all)
}

fn examine_one(
    recorded: &Recorded,
    keys: &[&KeyRecord],
    role: KeyRole,
    serial: &str,
    tokens: &mut dyn Tokens,
    opens: Opens<'_>,
) -> Result<Vec<Finding>, Error> {
    let seen = match tokens.find(role, serial) {
        Ok(seen) => seen,
        Err(error) => {
            let absent = Finding::new(role, "token", Standing::Differs(error.kind()), error.to_string());
            let hint = error.hints().first().cloned();
            return Ok(vec![Finding { remedy: hint, ..absent }]);
        }
    };
    let here = format!("serial {serial}, label \"{}\"", seen.identity.label);
    let mut all = vec![
        Finding::new(role, "token", Standing::Agrees, here),
        compare::identity(role, &seen.identity, recorded.unlocked.get(role.name())),
        compare::pin(role, &seen.pin),
    ];
    let login = match all.iter().any(|finding| matches!(finding.result, Standing::Differs(_))) {
        // A token that is not itself, or whose PIN is in danger, is not opened for a look.
        true => None,
        false => opens(Whose::Own(role), &seen)?,
    };
    match login {
        Some(login) => {
            let keeps = (role == KeyRole::Root).then(|| tokens.profile(role).guard != GuardSupport::None);
            let mut token = tokens.unlock(role, serial, login.pin.as_ref(), login.final_try)?;
            all.extend(inside(recorded, keys, role, token.as_mut(), keeps)?);
        }
        None => all.extend(outside(recorded, keys, role, serial, tokens)),
    }
    Ok(all)
}

/// The keys that should be there: generated, and their end not announced.
fn expected<'k>(recorded: &Recorded, keys: &[&'k KeyRecord]) -> Vec<&'k KeyRecord> {
    keys.iter().copied().filter(|key| recorded.state.is_alive(key)).collect()
}

/// What a token shows to everybody.
fn outside(recorded: &Recorded, keys: &[&KeyRecord], role: KeyRole, serial: &str, tokens: &dyn Tokens) -> Vec<Finding> {
    let mut all = Vec::new();
    for key in expected(recorded, keys) {
        match tokens.public_half(role, serial, &KeyId(key.id.clone())) {
            Ok(None) => {
                let said = format!("the {} key {} shows no public half without a login", key.role, key.generation);
                all.push(Finding::new(role, "key", Standing::Unknown, said));
            }
            found => all.push(compare::key(role, key, found)),
        }
    }
    let said = "the attributes of its keys, other keys and the guard are behind the PIN (--login)".to_owned();
    all.push(Finding::new(role, "attributes", Standing::Unknown, said));
    all
}

/// What a token shows to its user. `keeps`: whether its family keeps what it remembers of the log; `None` where that is
/// not looked at.
fn inside(
    recorded: &Recorded,
    keys: &[&KeyRecord],
    role: KeyRole,
    token: &mut dyn Token,
    keeps: Option<bool>,
) -> Result<Vec<Finding>, Error> {
    let mut all = Vec::new();
    for key in expected(recorded, keys) {
        let found = token.find(&KeyId(key.id.clone()), None);
        let described = match &found {
            Ok(Some(there)) => token.inspect(there).ok(),
            _ => None,
        };
        all.push(compare::key(role, key, found.map(|found| found.map(|key| key.spki))));
        let then = recorded.attributes.get(&key.id);
        all.extend(described.map(|now| compare::attributes(role, key, then, &now.attributes)));
    }
    let holdings = token.holdings()?;
    for key in keys {
        let there = holdings.iter().any(|holding| holding.id.as_ref() == Some(&key.id));
        all.extend(compare::ended(role, key, recorded, there));
    }
    let state = &recorded.state;
    let known: Vec<Hex> = state.keys.iter().map(|key| key.id.clone()).collect();
    let own = state.log.as_ref().map(Hex::to_string).unwrap_or_default();
    let keys_only: Vec<_> = holdings.iter().filter(|holding| holding.what != "data object").cloned().collect();
    all.push(compare::strangers(role, &precondition::strangers_among(&keys_only, &known)));
    if let Some(keeps) = keeps {
        let others = compare::other_logs(&holdings, &own, state.replaces());
        let guard = match &state.log {
            Some(log) => token.guard(log),
            None => Ok(None),
        };
        all.push(compare::guard(recorded, keeps, guard, &others));
    }
    Ok(all)
}

/// The refusal for what differs; `Ok` where the tokens and the log agree. Of several kinds the one with the highest
/// exit code counts: a contradiction (40) says more than a token that is not fit (20).
///
/// # Errors
/// [`Kind::Verify`], [`Kind::Token`], [`Kind::PinFinal`].
pub fn judge(findings: &[Finding]) -> Result<(), Error> {
    let differ: Vec<(&Finding, Kind)> = findings
        .iter()
        .filter_map(|finding| match finding.result {
            Standing::Differs(kind) => Some((finding, kind)),
            _ => None,
        })
        .collect();
    let Some(kind) = differ.iter().map(|(_, kind)| *kind).max_by_key(|kind| kind.exit_code()) else { return Ok(()) };
    let mut names: Vec<&str> = differ.iter().map(|(finding, _)| finding.check).collect();
    names.dedup();
    let what = match kind {
        Kind::Verify => "the token and the log contradict each other",
        _ => "the token is not fit for a ceremony",
    };
    Err(Error::new(kind, what)
        .saw(names.join(", "))
        .hint("the lines above say what was seen and what to do")
        .truth("Nothing was signed, and nothing was changed."))
}
