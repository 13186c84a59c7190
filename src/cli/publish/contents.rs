//! What is published beside the log: every file is made of the entries that a checkpoint covers, of nothing else and
//! of no clock, so that the same log gives the same bytes. The one exception is the file of names that people hand in.

use super::Names;
use super::disclosed::Disclosed;
use super::texts;
use crate::audit::Report;
use crate::authority::State;
use crate::ceremony::record::course::{Course, Gatherer};
use crate::ceremony::record::names::{Named, Participants};
use crate::ceremony::record::{self, Which, page, published};
use crate::ceremony::{audit_files, paper, public_files};
use crate::consumer::card;
use crate::digest::{Digest, Passing};
use crate::error::{Error, Kind};
use crate::log::{Entry, Material, Record};
use crate::store;
use crate::text::Sink;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Checks the log with nothing but Python and openssl.
const CHECK_LOG: &[u8] = include_bytes!("../../../softhsm-test/check-log.py");
/// Runs the stock tools one after the other, and says what each proves.
const STOCK_TOOLS: &[u8] = include_bytes!("../../../softhsm-test/verify-with-stock-tools.sh");

/// Makes a text, and hands it on piece by piece.
pub type Make<'a> = dyn FnMut(&mut Sink<'_>) -> Result<(), Error> + 'a;

/// A file of a publication.
pub struct File {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How many they are.
    pub length: u64,
    /// The bytes; `None` for a record, which is made again when it is written.
    pub bytes: Option<Vec<u8>>,
}

impl File {
    fn of(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { sha256: Digest::of(&bytes), length, bytes: Some(bytes) }
    }

    fn made(make: &mut Make<'_>) -> Result<Self, Error> {
        let (mut passing, mut length) = (Passing::default(), 0_u64);
        make(&mut |piece| {
            passing.take(piece.as_bytes());
            length = length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            Ok(())
        })?;
        Ok(Self { sha256: passing.digest(), length, bytes: None })
    }
}

/// Everything but the log itself and the list of digests.
pub struct Contents {
    /// By path, `/` between directories.
    pub files: BTreeMap<String, File>,
    /// Audit certificates by generation, PEM.
    pub audit: Vec<(u32, String)>,
    /// What becomes public with the log.
    pub disclosed: Disclosed,
    /// The log's state after what is published of it.
    state: State,
    named: BTreeMap<String, Vec<Named>>,
}

/// Makes the files of a log that was verified. Of records only what tells them is kept: there is one of each ceremony.
///
/// # Errors
/// [`Kind::Medium`]: the log cannot be read. [`Kind::Usage`]: names that are not of this log. [`Kind::Verify`].
pub fn gather(log: &Path, report: &Report, names: &Names) -> Result<Contents, Error> {
    let mut state = State::default();
    let mut disclosed = Disclosed::default();
    let mut scripts: BTreeMap<Digest, (String, String)> = BTreeMap::new();
    let (mut files, mut seen) = (BTreeMap::new(), BTreeSet::new());
    let named: BTreeMap<String, Vec<Named>> =
        names.iter().map(|(session, (_, people))| (session.clone(), people.clone())).collect();
    let mut material = store::material(log)?;
    read(log, report.size, &mut |found| {
        match found {
            Found::Entry(entry) => {
                disclosed.entry(entry);
                state.apply(entry)?;
                if let Record::ScriptAdopted(script) = &entry.record {
                    scripts.insert(script.sha256, (script.name.clone(), script.text.clone()));
                }
            }
            Found::Ceremony(course) => {
                each_record(log, course, &state, &named, &mut material, &mut |name, make| {
                    files.insert(name.to_owned(), File::made(make)?);
                    Ok(())
                })?;
                seen.extend(course.sessions.iter().cloned());
            }
        }
        Ok(())
    })?;
    if let Some(stranger) = names.keys().find(|session| !seen.contains(*session)) {
        return Err(Error::new(Kind::Usage, "a file of names is of no ceremony of this log")
            .saw(format!("session {stranger}"))
            .hint("the names of this log's ceremonies are in records/ of its authority")
            .truth("Nothing was published."));
    }
    let mut add = |name: String, bytes: Vec<u8>| drop(files.insert(name, File::of(bytes)));
    for (session, (bytes, _)) in names {
        add(format!("records/{}", Participants::file(session)), bytes.clone());
    }
    // The log's own last time: a card or a list that depended on today would differ tomorrow.
    let last = state.last_time.ok_or_else(|| Error::new(Kind::Bug, "a log with entries has no time"))?;
    public_files(&state, last)?.into_iter().chain(cards(&state)?).for_each(|(name, bytes)| add(name, bytes));
    for (sha256, (_, text)) in &scripts {
        add(format!("scripts/{sha256}.toml"), text.clone().into_bytes());
    }
    add("check-log.py".to_owned(), CHECK_LOG.to_vec());
    add("verify-with-stock-tools.sh".to_owned(), STOCK_TOOLS.to_vec());
    add("pgp-words.txt".to_owned(), texts::word_list().into_bytes());
    add("README.md".to_owned(), texts::readme(&state, report, &scripts, !names.is_empty()).into_bytes());
    disclosed.names = names.values().map(|(_, people)| people.len()).sum();
    let audit = audit_files(&state);
    Ok(Contents { files, audit, disclosed, state, named })
}

impl Contents {
    /// Makes the records of these names again, each when it is written; `size` entries of the log are published.
    ///
    /// # Errors
    /// Of `put`; [`Kind::Medium`]: the log cannot be read, or is another than it was.
    pub fn write_records(
        &self,
        log: &Path,
        size: u64,
        wanted: &BTreeSet<&String>,
        put: &mut dyn FnMut(&str, &mut Make<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if wanted.is_empty() {
            return Ok(());
        }
        let mut material = store::material(log)?;
        read(log, size, &mut |found| match found {
            Found::Ceremony(course) if names_of(course)?.iter().any(|name| wanted.contains(name)) => {
                each_record(log, course, &self.state, &self.named, &mut material, &mut |name, make| {
                    if wanted.contains(&name.to_owned()) { put(name, make) } else { Ok(()) }
                })
            }
            _ => Ok(()),
        })
    }
}

/// What is read of a log.
enum Found<'a> {
    Entry(&'a Entry),
    /// A ceremony of which no later entry can say more.
    Ceremony(&'a Course),
}

/// Reads so many entries of a log, and each ceremony in them once it is whole.
fn read(log: &Path, size: u64, take: &mut dyn FnMut(Found<'_>) -> Result<(), Error>) -> Result<(), Error> {
    let mut gatherer = Gatherer::new(Which::Each);
    store::read_lines(log, &mut |line| {
        if line.entry.seq >= size {
            return Ok(());
        }
        gatherer.line(line);
        take(Found::Entry(&line.entry))?;
        match &line.entry.record {
            Record::SessionOpened(_) => {
                gatherer.take_settled().iter().try_for_each(|course| take(Found::Ceremony(course)))
            }
            _ => Ok(()),
        }
    })?;
    gatherer.finish_each().iter().try_for_each(|course| take(Found::Ceremony(course)))
}

/// The names of a ceremony's two records.
fn names_of(course: &Course) -> Result<[String; 2], Error> {
    let id = course.sessions.first().map(String::as_str).unwrap_or_default();
    // The id is the log's word, and here a file's name.
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(Error::new(Kind::Verify, "the id of a session is out of form").saw(id));
    }
    Ok(["html", "json"].map(|form| format!("records/record-{id}.{form}")))
}

/// Hands on both records of a ceremony.
fn each_record(
    log: &Path,
    course: &Course,
    state: &State,
    named: &BTreeMap<String, Vec<Named>>,
    material: &mut Material<'_>,
    put: &mut dyn FnMut(&str, &mut Make<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let [html, json] = names_of(course)?;
    let account = published::published(course, state, named, material, record::again(log)?)?;
    put(&html, &mut |out| page::write(&account, out))?;
    put(&json, &mut |out| account.write_json(out))
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
