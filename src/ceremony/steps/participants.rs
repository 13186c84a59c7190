//! `participants`: who is here, by role. The log gets salted commitments; names stay in `records/`.

use crate::authority::{Config, State};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{Script, Step};
use crate::ceremony::steps::split_custody;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::log::record::ValueRecorded;
use crate::text;
use crate::token::KeyRole;
use serde::Serialize;
use std::collections::BTreeMap;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "participants",
    says: "Who is here",
    asks: true,
    needs: &[],
    gives: &[Fact::Participants],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// The role of those who hold shares.
const CUSTODIAN: &str = "custodian";

/// `records/participants-<session>.json`: what opens the log's commitments.
#[derive(Serialize)]
struct Participants<'a> {
    session: &'a str,
    participants: Vec<Participant>,
}

#[derive(Serialize)]
struct Participant {
    role: String,
    name: String,
    salt: Hex,
    /// SHA-256 of salt ‖ name.
    commitment: Digest,
}

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut participants = Vec::new();
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    let file = Config::parse(&room.config_file.0).unwrap_or_else(|_| room.config.clone());
    for (role, count) in roles(&room.script, &room.config, &file, room.journal.state()) {
        loop {
            let names = room.people.names(&step.id, &role, count)?;
            match check(&names, &role, count, &by_name, room.config.roles.may_overlap) {
                Ok(()) => {
                    for (index, name) in names.into_iter().enumerate() {
                        let salt = room.entropy.bytes(16, &[])?;
                        let commitment = Digest::of_parts(&[&salt, name.as_bytes()]);
                        by_name.insert(name.to_lowercase(), role.clone());
                        let role = if count > 1 { format!("{role} {}", index + 1) } else { role.clone() };
                        participants.push(Participant { role, name, salt: Hex(salt), commitment });
                    }
                    break;
                }
                Err(error) => room.people.help(&error)?,
            }
        }
    }
    let records = participants
        .iter()
        .map(|p| ValueRecorded { step: step.id.clone(), name: p.role.clone(), value: p.commitment.hex() }.into());
    room.journal.append(records.collect())?;
    let session = room.journal.session().to_owned();
    let file = Participants { session: &session, participants };
    let json = serde_json::to_vec_pretty(&file)
        .map_err(|error| Error::new(Kind::Bug, "participants cannot be written as JSON").saw(error.to_string()))?;
    room.participants = Some((format!("participants-{session}.json"), json));
    Ok(())
}

/// The roles of the script and how many people each has; the configuration in force may want more. Custodians are
/// as many as take part: all of `authority.toml` where shares are dealt, since a change of it is adopted later on;
/// as many as open the token where it opens to them.
pub fn roles(script: &Script, config: &Config, file: &Config, state: &State) -> Vec<(String, usize)> {
    let custodians = custodians(script, file, state);
    let mut roles: Vec<(String, usize)> = script.roles.clone();
    for (role, count) in &mut roles {
        *count = match role.as_str() {
            CUSTODIAN => custodians.unwrap_or(*count),
            _ => config.roles.least(role).max(*count),
        };
    }
    if let (Some(count), false) = (custodians, roles.iter().any(|(role, _)| role == CUSTODIAN)) {
        roles.push((CUSTODIAN.to_owned(), count));
    }
    roles
}

fn custodians(script: &Script, file: &Config, state: &State) -> Option<usize> {
    if split_custody::deals(script) {
        return file.custody.as_ref().map(|custody| custody.custodians.into());
    }
    let set = state.custody.of(KeyRole::Root.name(), "user")?;
    Some(set.threshold.into())
}

fn check(
    names: &[String],
    role: &str,
    count: usize,
    taken: &BTreeMap<String, String>,
    may_overlap: bool,
) -> Result<(), Error> {
    let wrong = |what: &str| Error::new(Kind::Usage, format!("{role}: {what}"));
    if names.len() != count {
        return Err(wrong("not the number of people that the role has")
            .saw(text::count(names.len(), "name"))
            .wanted(count.to_string()));
    }
    let mut here: Vec<String> = Vec::new();
    for name in names {
        if name.trim().is_empty() || name.chars().count() > 100 || text::first_deceptive(name).is_some() {
            return Err(wrong("a name needs 1 to 100 printable characters").saw(name));
        }
        let folded = name.to_lowercase();
        if here.contains(&folded) {
            return Err(wrong("the same person twice").saw(name));
        }
        if let (Some(other), false) = (taken.get(&folded), may_overlap) {
            return Err(wrong(&format!("the same person is already the {other}"))
                .saw(name)
                .hint("[roles] may_overlap = true in authority.toml allows one person several roles"));
        }
        here.push(folded);
    }
    Ok(())
}

/// Writes the names once the session is durable.
///
/// # Errors
/// [`Kind::Medium`].
pub fn write_names(room: &mut Room<'_>) -> Result<(), Error> {
    if let Some((name, json)) = room.participants.take() {
        let dir = room.folder.records();
        deliver::create_directory(&dir)?;
        // The authority may live on a stick, and a FAT stick keeps no modes.
        deliver::write_new(&dir.join(name), &json, deliver::personal_mode(&dir)?)?;
    }
    Ok(())
}
