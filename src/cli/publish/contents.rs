//! What is published beside the log: every file is made of the entries that a checkpoint covers, of nothing else and
//! of no clock, so that the same log gives the same bytes. The one exception is the file of names that people hand in.

use super::Names;
use super::disclosed::Disclosed;
use super::texts;
use crate::audit::Report;
use crate::authority::State;
use crate::ceremony::record::course::{Course, Gatherer};
use crate::ceremony::record::listed::Again;
use crate::ceremony::record::names::{Named, Participants};
use crate::ceremony::record::{self, Which, page, published};
use crate::ceremony::{audit_files, paper, public_files};
use crate::consumer::card;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::{Material, Record};
use crate::store;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Checks the log with nothing but Python and openssl.
const CHECK_LOG: &[u8] = include_bytes!("../../../softhsm-test/check-log.py");
/// Runs the stock tools one after the other, and says what each proves.
const STOCK_TOOLS: &[u8] = include_bytes!("../../../softhsm-test/verify-with-stock-tools.sh");

/// Everything but the log itself and the list of digests.
pub struct Contents {
    /// Path and bytes, `/` between directories, in order.
    pub files: Vec<(String, Vec<u8>)>,
    /// Audit certificates by generation, PEM.
    pub audit: Vec<(u32, String)>,
    /// What becomes public with the log.
    pub disclosed: Disclosed,
}

/// Makes the files of a log that was verified.
///
/// # Errors
/// [`Kind::Medium`]: the log cannot be read. [`Kind::Usage`]: names that are not of this log. [`Kind::Verify`].
pub fn gather(log: &Path, report: &Report, names: &Names) -> Result<Contents, Error> {
    let (mut state, mut gatherer) = (State::default(), Gatherer::new(Which::Each));
    let mut disclosed = Disclosed::default();
    let mut scripts: BTreeMap<Digest, (String, String)> = BTreeMap::new();
    let mut records = Records { named: named(names), files: Vec::new(), seen: BTreeSet::new() };
    let mut material = store::material(log)?;
    store::read_lines(log, &mut |line| {
        let entry = &line.entry;
        if entry.seq >= report.size {
            return Ok(());
        }
        gatherer.line(line);
        disclosed.entry(entry);
        state.apply(entry)?;
        match &entry.record {
            Record::ScriptAdopted(script) => {
                scripts.insert(script.sha256, (script.name.clone(), script.text.clone()));
            }
            Record::SessionOpened(_) => {
                for course in gatherer.take_settled() {
                    records.add(&course, &state, &mut material, record::again(log)?)?;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    for course in gatherer.finish_each() {
        records.add(&course, &state, &mut material, record::again(log)?)?;
    }
    if let Some(stranger) = names.keys().find(|session| !records.seen.contains(*session)) {
        return Err(Error::new(Kind::Usage, "a file of names is of no ceremony of this log")
            .saw(format!("session {stranger}"))
            .hint("the names of this log's ceremonies are in records/ of its authority")
            .truth("Nothing was published."));
    }
    let mut files = records.files;
    for (session, (bytes, _)) in names {
        files.push((format!("records/{}", Participants::file(session)), bytes.clone()));
    }
    // The log's own last time: a card or a list that depended on today would differ tomorrow.
    let last = state.last_time.ok_or_else(|| Error::new(Kind::Bug, "a log with entries has no time"))?;
    files.extend(public_files(&state, last)?);
    files.extend(cards(&state)?);
    for (sha256, (_, text)) in &scripts {
        files.push((format!("scripts/{sha256}.toml"), text.clone().into_bytes()));
    }
    files.push(("check-log.py".to_owned(), CHECK_LOG.to_vec()));
    files.push(("verify-with-stock-tools.sh".to_owned(), STOCK_TOOLS.to_vec()));
    files.push(("pgp-words.txt".to_owned(), texts::word_list().into_bytes()));
    let readme = texts::readme(&state, report, &scripts, !names.is_empty());
    files.push(("README.md".to_owned(), readme.into_bytes()));
    files.sort();
    disclosed.names = names.values().map(|(_, people)| people.len()).sum();
    Ok(Contents { files, audit: audit_files(&state), disclosed })
}

fn named(names: &Names) -> BTreeMap<String, Vec<Named>> {
    names.iter().map(|(session, (_, people))| (session.clone(), people.clone())).collect()
}

/// The records so far.
struct Records {
    named: BTreeMap<String, Vec<Named>>,
    files: Vec<(String, Vec<u8>)>,
    /// The sessions that they are of.
    seen: BTreeSet<String>,
}

impl Records {
    fn add(&mut self, course: &Course, state: &State, material: &mut Material<'_>, again: Again) -> Result<(), Error> {
        let account = published::published(course, state, &self.named, material, again)?;
        let id = &account.ceremony.id;
        // The id is the log's word, and here a file's name.
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(Error::new(Kind::Verify, "the id of a session is out of form").saw(id));
        }
        let (mut html, mut json) = (String::new(), String::new());
        page::write(&account, &mut |piece| {
            html.push_str(piece);
            Ok(())
        })?;
        account.write_json(&mut |piece| {
            json.push_str(piece);
            Ok(())
        })?;
        self.files.push((format!("records/record-{id}.html"), html.into_bytes()));
        self.files.push((format!("records/record-{id}.json"), json.into_bytes()));
        self.seen.extend(course.sessions.iter().cloned());
        Ok(())
    }
}

/// The card of the newest root as a page; of each root where there are several.
fn cards(state: &State) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let uncovered = state.uncovered();
    let page = |der: &[u8]| {
        let card = card::card(&state.name, &state.kind, &state.origin, der, uncovered.as_deref())?;
        Ok::<_, Error>(paper::card::page(&card).into_bytes())
    };
    let roots = state.roots();
    let ders: Vec<(u32, &Vec<u8>)> =
        roots.iter().filter_map(|(generation, root)| Some((*generation, root.der.as_ref()?))).collect();
    let mut cards = Vec::new();
    if let Some((_, newest)) = ders.last() {
        cards.push(("root-card.html".to_owned(), page(newest)?));
    }
    if ders.len() > 1 {
        for (generation, der) in &ders {
            cards.push((format!("root-card-g{generation}.html"), page(der)?));
        }
    }
    Ok(cards)
}
