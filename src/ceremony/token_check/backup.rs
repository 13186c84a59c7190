//! The key backup: the copy of the root's token where it is at hand, the file of wrapped keys by its digest; else a line
//! that says what was not looked at, and how it is.
//!
//! That a copy signs is shown by a drill, with an entry in the log: here its keys are known by their public halves.

use super::{Finding, Opens, Recorded, Standing, Whose, compare, inside, outside};
use crate::authority::Config;
use crate::authority::config::BackupMode;
use crate::authority::local::LocalCopy;
use crate::authority::state::{Backup, KeyRecord};
use crate::ceremony::tokens::{Side, Tokens};
use crate::ceremony::{backups, wrapped};
use crate::error::{Error, Kind};
use crate::token::{KeyRole, Seen};

/// In findings, for whose token it is.
const NAME: &str = "backup";

/// Compares the key backup with the log.
///
/// # Errors
/// Those of asking for a PIN. What differs, and a copy that is not here, is no error.
pub(super) fn examine(
    recorded: &Recorded,
    config: &Config,
    tokens: &mut dyn Tokens,
    opens: Opens<'_>,
) -> Result<Vec<Finding>, Error> {
    let all = recorded.state.backups.all();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let Some(copy) = tokens.backup().cloned() else {
        let how = "put it in, and name it in local.toml: [backup.token]";
        return Ok(all.iter().map(|backup| elsewhere(backup, "local.toml names no key backup").remedy(how)).collect());
    };
    if config.key_backup.mode == BackupMode::Wrapped {
        return Ok(all.iter().map(|backup| file(backup, &copy)).collect());
    }
    let found = tokens.turn_to(Side::Backup).and_then(|()| backups::look(tokens, &recorded.state, config));
    let seen = match found {
        Ok(seen) => seen,
        Err(error) => return Ok(vec![absent(&copy, &error)]),
    };
    let Some(backup) = all.iter().rev().find(|backup| backup.serial == seen.identity.serial) else {
        let said = format!("serial {}: the log has no key backup with this number", seen.identity.serial);
        return Ok(vec![of_token(Standing::Differs(Kind::Token), said)]);
    };
    let mut findings = examine_one(recorded, backup, &seen, tokens, opens)?;
    let others = all.iter().filter(|other| other.name != backup.name);
    findings.extend(others.map(|other| elsewhere(other, "one is looked at, at a time")));
    Ok(findings)
}

fn of_token(standing: Standing, said: String) -> Finding {
    Finding { token: NAME, ..Finding::new(KeyRole::Root, "token", standing, said) }
}

/// A backup that nobody looked at.
fn elsewhere(backup: &Backup, why: &str) -> Finding {
    of_token(Standing::Unknown, format!("{} was not looked at: {why}", backup.name))
}

/// A copy that is not where it is said to be. One that is locked away is no fault; a medium that is here and holds no
/// token is one.
fn absent(copy: &LocalCopy, error: &Error) -> Finding {
    let lost = error.kind() == Kind::Token && copy.directory.is_some();
    let standing = if lost { Standing::Differs(Kind::Token) } else { Standing::Unknown };
    let finding = of_token(standing, format!("was not looked at: {error}"));
    Finding { remedy: error.hints().first().cloned(), ..finding }
}

/// The file of wrapped keys, by the digest that the log has.
fn file(backup: &Backup, copy: &LocalCopy) -> Finding {
    let read = match &copy.wrapped {
        Some(place) => wrapped::read(place, backup),
        None => return elsewhere(backup, "local.toml does not say where its file is: [backup.token] wrapped"),
    };
    let finding = match read {
        Ok(_) => {
            Finding::new(KeyRole::Root, "file", Standing::Agrees, format!("{} is the file of the log", backup.name))
        }
        Err(error) => {
            let standing = match error.kind() {
                Kind::Medium => Standing::Unknown,
                kind => Standing::Differs(kind),
            };
            let finding = Finding::new(KeyRole::Root, "file", standing, format!("{}: {error}", backup.name));
            Finding { remedy: error.hints().first().cloned(), ..finding }
        }
    };
    Finding { token: NAME, ..finding }
}

fn examine_one(
    recorded: &Recorded,
    backup: &Backup,
    seen: &Seen,
    tokens: &mut dyn Tokens,
    opens: Opens<'_>,
) -> Result<Vec<Finding>, Error> {
    let role = KeyRole::Root;
    let serial = &seen.identity.serial;
    let here = format!("{}, serial {serial}, made {}", backup.name, backup.made);
    let mut all = vec![Finding::new(role, "token", Standing::Agrees, here), compare::pin(role, &seen.pin)];
    let holds = |key: &&KeyRecord| key.role == role.name() && backup.generations.contains_key(&key.generation);
    let keys: Vec<&KeyRecord> = recorded.state.keys.iter().filter(holds).collect();
    let login = match all.iter().any(|finding| matches!(finding.result, Standing::Differs(_))) {
        true => None,
        false => opens(Whose::Backup, seen)?,
    };
    match login {
        None => all.extend(outside(recorded, &keys, role, serial, tokens)),
        Some(login) => match tokens.unlock(role, serial, login.pin.as_ref(), login.final_try) {
            Ok(mut token) => all.extend(inside(recorded, &keys, role, token.as_mut(), None)?),
            Err(error) => {
                let said = format!("does not open: {error}");
                let finding = Finding::new(role, "pin", Standing::Differs(error.kind()), said);
                let changed = "was the PIN changed since it was made? Then make it anew: anchorite key-backup";
                all.push(finding.remedy(changed));
            }
        },
    }
    let newer = recorded.state.living_roots().filter(|key| !backup.generations.contains_key(&key.generation));
    all.extend(newer.map(|key| {
        let said = format!("root key {} is not in this copy, which was made before it", key.generation);
        Finding::new(role, "key", Standing::Changed, said).remedy("make it anew: anchorite key-backup")
    }));
    let clone = backup.means == "vendor";
    Ok(all.into_iter().map(|finding| Finding { token: NAME, ..as_clone(finding, clone) }).collect())
}

/// What a vendor's clone says of its keys may be otherwise: that they were not made in it, for one.
fn as_clone(finding: Finding, clone: bool) -> Finding {
    match finding.result {
        Standing::Differs(_) if clone && finding.check == "attributes" => {
            Finding { result: Standing::Changed, ..finding }
                .remedy("a vendor's clone may say of a key that it was not made in it; anything else is a question")
        }
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_vendors_clone_says_of_its_keys_is_a_question_and_of_a_copy_of_files_a_contradiction() {
        let differs =
            |check| Finding::new(KeyRole::Root, check, Standing::Differs(Kind::Verify), "CKA_LOCAL".to_owned());
        assert_eq!(as_clone(differs("attributes"), true).result, Standing::Changed);
        assert_eq!(as_clone(differs("attributes"), false).result, Standing::Differs(Kind::Verify));
        assert_eq!(as_clone(differs("key"), true).result, Standing::Differs(Kind::Verify));
    }
}
