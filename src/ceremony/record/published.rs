//! Records for a publication: each ceremony as it stood under its own checkpoint, so that the record of one does not
//! change because another was held. Names are in it only where their file is handed in.

use super::account::{Account, Verified};
use super::course::Course;
use super::fill::{self, Beside};
use super::listed::Again;
use super::names::{Named, Names};
use super::{checkpoint, unnamed};
use crate::authority::State;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::Material;
use std::collections::BTreeMap;

/// The record of a ceremony in a log that was verified, whose entries are all under a checkpoint; `state` is that of
/// the log at its end or later, `names` are those of each session whose file is to be public. `again` reads the log's
/// entries again.
///
/// # Errors
/// [`Kind::Usage`]: a file of names does not open what the log holds. [`Kind::Verify`]: the ceremony has no entries.
pub fn published(
    course: &Course,
    state: &State,
    names: &BTreeMap<String, Vec<Named>>,
    material: &mut Material<'_>,
    again: Again,
) -> Result<Account, Error> {
    let has_names = course.sessions.iter().any(|session| names.contains_key(session));
    let names = if has_names { Names::Found(names.clone()) } else { Names::LeftOut };
    let checkpoint = checkpoint(material, course)?;
    let end = course.entries.last().map_or(0, |at| at.seq.saturating_add(1));
    let covered = checkpoint.as_ref().map_or(end, |checkpoint| checkpoint.size);
    let was = vec![
        format!(
            "Each of the log's first {covered} entries carries the hash of the one before it, and follows the rules."
        ),
        format!(
            "The checkpoint of {covered} entries and those before it are signed by the audit key, and of these entries."
        ),
        "Every signature in them: of certificates and CRLs; no certificate without an approval.".to_owned(),
    ];
    let mut was_not = vec![
        "That this log is of your root: compare the root's SHA-256 with the root card, or pin it (--root).".to_owned(),
    ];
    was_not.extend(state.uncovered());
    was_not.extend(unnamed(course, &names));
    let before = |outcome: Option<u64>| outcome.is_none_or(|outcome| outcome < end);
    let roots = state.roots().into_values().filter(|root| before(root.outcome));
    let roots = roots.filter_map(|root| root.der.as_deref()).map(Digest::of).collect();
    let verified = Verified { authenticated: false, roots, entries: covered, was, was_not };
    let account = fill::account(course, Beside { names, checkpoint, verified }, again)?;
    match account.participants.iter().find(|person| person.names == "refused") {
        None => Ok(account),
        Some(person) => Err(Error::new(Kind::Usage, "a file of names does not open what the log holds")
            .saw(format!("{}, entry {}", person.role, person.entry))
            .wanted("the name and the salt of that commitment")
            .hint("it is of another authority, or was changed: look at records/ of this one")
            .truth("Nothing was published.")),
    }
}
