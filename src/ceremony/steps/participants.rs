//! `participants`: who is here, by role. The log gets salted commitments; names stay in `records/`.

use crate::authority::config::{self, Roles};
use crate::authority::{Config, State};
use crate::ceremony::people::Stop;
use crate::ceremony::record::names::{Named, Participants};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{Script, Step};
use crate::ceremony::steps::{confirm, split_custody};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::log::Record;
use crate::log::record::{Deviation, ValueRecorded};
use crate::screen::Screen;
use crate::text;
use crate::token::KeyRole;
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

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut records = emergency(room, step)?;
    let mut participants = Vec::new();
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for (role, count) in roles_here(room) {
        loop {
            let names = room.people.names(&step.id, &role, count)?;
            match check(&names, &role, count, &by_name, room.config.roles.may_overlap) {
                Ok(()) => {
                    for (index, name) in names.into_iter().enumerate() {
                        let salt = room.entropy.bytes(16, &[])?;
                        by_name.insert(name.to_lowercase(), role.clone());
                        let role = if count > 1 { format!("{role} {}", index + 1) } else { role.clone() };
                        participants.push(Named::new(role, name, salt));
                    }
                    break;
                }
                Err(error) => room.people.help(&error)?,
            }
        }
    }
    records.extend(
        participants
            .iter()
            .map(|p| ValueRecorded { step: step.id.clone(), name: p.role.clone(), value: p.commitment.hex() }.into()),
    );
    room.journal.append(records)?;
    let session = room.journal.session().to_owned();
    let file = Participants { session: session.clone(), participants };
    let json = serde_json::to_vec_pretty(&file)
        .map_err(|error| Error::new(Kind::Bug, "participants cannot be written as JSON").saw(error.to_string()))?;
    room.participants = Some((Participants::file(&session), json));
    Ok(())
}

/// What of an emergency is not as on paper: who stands in for whom, and which roles are left out, and why. Each is a
/// deviation that the configuration allowed beforehand.
fn emergency(room: &mut Room<'_>, step: &Step) -> Result<Vec<Record>, Stop> {
    let deviation = |expected: &str, happened: String, decided: String| -> Record {
        Deviation { step: step.id.clone(), expected: format!("the {expected}"), happened, decided }.into()
    };
    let mut records = Vec::new();
    for role in room.wishes.alternates.clone() {
        let who = room.config.emergency.alternate(&role)?.to_owned();
        room.people
            .show(&Screen::new().text(format!("In place of the {role}: {who}. Give the name of who has come.")))?;
        let decided = "as [emergency] alternates of authority.toml says".to_owned();
        records.push(deviation(&role, format!("in place of the {role} came {who}"), decided));
    }
    for role in room.wishes.waived.clone() {
        room.config.emergency.check_waivable(&role)?;
        room.people.show(&Screen::new().text(format!(
            "Without a {role}: [emergency] of authority.toml allows it. Where the paper or the screen asks the {role}, \
             the administrator answers, and the record says so."
        )))?;
        let why = loop {
            let question = format!("why is there no {role}? (the log keeps it)");
            let typed = room.people.answer(&step.id, &format!("without {role}"), "administrator", &question)?;
            match confirm::check_typed(&typed) {
                Ok(()) => break typed,
                Err(error) => room.people.help(&error)?,
            }
        };
        let happened = format!("no {role} took part: [emergency] waivable of authority.toml");
        records.push(deviation(&role, happened, why));
    }
    Ok(records)
}

/// The roles of this script, here and now: who takes part, custodians among them.
pub fn roles_here(room: &Room<'_>) -> Vec<(String, usize)> {
    // A changed configuration is adopted after this step; its custodians are the ones who come to be dealt shares.
    let file = Config::parse(&room.config_file.0).ok().filter(|_| split_custody::deals(&room.script));
    let custody = file.as_ref().unwrap_or(&room.config).custody.as_ref();
    roles(&room.script, &room.config.roles, custody, room.journal.state())
}

/// The roles of a script and how many people each has; the configuration may want more. Custodians are as many as
/// take part: all of them where shares are dealt, as many as open the token where it opens to them.
pub fn roles(
    script: &Script,
    configured: &Roles,
    custody: Option<&config::Custody>,
    state: &State,
) -> Vec<(String, usize)> {
    let custodians = match split_custody::deals(script) {
        true => custody.map(|custody| usize::from(custody.custodians)),
        false => state.custody.of(KeyRole::Root.name(), "user").map(|set| usize::from(set.threshold)),
    };
    let count = |role: &str, least: usize| match custodians {
        Some(count) if role == CUSTODIAN => count,
        _ => least.max(configured.least(role)),
    };
    let mut roles: Vec<(String, usize)> =
        script.roles.iter().map(|(role, least)| (role.clone(), count(role, *least))).collect();
    if let (Some(count), false) = (custodians, roles.iter().any(|(role, _)| role == CUSTODIAN)) {
        roles.push((CUSTODIAN.to_owned(), count));
    }
    roles
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
