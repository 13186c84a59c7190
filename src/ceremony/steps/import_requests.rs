//! `import-requests`: what lies on the inbound stick, and the keys that are made here. Nothing on the stick
//! is trusted; what was read once is what is used.

mod accept;
mod foresee;
mod offline;

pub use foresee::{foresee, is_settled};

use crate::authority::{Config, State};
use crate::ceremony::inbound::{self, Form, Read};
use crate::ceremony::media;
use crate::ceremony::people::{Assignment, Stop, Unassigned};
use crate::ceremony::room::{Bench, Pending, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::medium::{self, Role};
use crate::finding::{Finding, Severity};
use crate::log::record::{RequestRefused, ValueRecorded};
use crate::name::{check_label, check_trust_domain};
use crate::policy;
use crate::request::key::rsa::Moduli;
use crate::request::{self, KeyPolicy, file, package};
use crate::screen::Screen;
use crate::text;
use crate::x509::{self, Spki};
use accept::{Candidate, Origin, accept};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "import-requests",
    says: "Read and check the requests",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root],
    gives: &[Fact::Requests, Fact::Plannable],
    takes: &[],
    settings: &[],
    lasts: Lasts::Process,
    ways: Ways::RETRY,
    medium: Some(Role::Requests),
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    bench.pending.clear();
    bench.resumed.clear();
    let offline = offline::wanted(&room.config, room.journal.state(), &room.wishes.clusters)?;
    let alone = offline.is_empty() && room.journal.state().undelivered.is_empty();
    let found = media::until_right(room, &step.id, |room, _| {
        let found = read_stick(room, bench)?;
        if found.is_empty() && alone { Err(nothing_to_sign(room).into()) } else { Ok(found) }
    })?;
    for cluster in room.journal.state().undelivered.clone() {
        room.people.answered_before(None, &format!("offline:{cluster}"));
        bench.resumed.push(cluster);
    }
    let moduli = moduli(room.journal.state(), &found);
    let of = found.len();
    for (done, read) in found.into_iter().enumerate() {
        if of > 1 {
            room.people.working(done, of, "checking requests");
        }
        if let Some(sha256) = is_signed(room.journal.state(), &read) {
            let key = format!("sha256:{sha256}");
            room.people.show(&Screen::new().text(format!(
                "{} was signed by the session that was interrupted; its bundle is made now.",
                read.file
            )))?;
            room.people.answered_before(None, &key);
            continue;
        }
        if let Some((sha256, cluster)) = was_signed(room.journal.state(), &read).filter(|_| room.wishes.if_needed) {
            let said = format!("{} was signed before, for {cluster}: nothing is done about it.", read.file);
            room.people.answered_before(None, &format!("sha256:{sha256}"));
            room.people.show(&Screen::new().text(said))?;
            continue;
        }
        if let Some(pending) = import(room, bench, &moduli, step, read)? {
            bench.pending.push(pending);
        }
    }
    room.people.working(of, of, "");
    for cluster in offline {
        let pending = offline::make(room, bench, &moduli, step, &cluster)?;
        bench.pending.push(pending);
    }
    if bench.pending.is_empty() && bench.resumed.is_empty() {
        return Err(Stop::Declined("every request was struck".to_owned()));
    }
    // A full medium is found while nothing is signed yet.
    if let Some(dir) = room.wishes.exports.clone() {
        let bundles = bench.pending.len() + bench.resumed.len();
        bench.media.exports = media::until_right(room, &step.id, |room, _| {
            let medium = medium::fit_for(&dir, Role::Exports, &room.config.name)?;
            media::check_room_for(&dir, bundles)?;
            Ok(medium)
        })?;
    }
    Ok(())
}

/// Reads the whole stick with requests, or none where none was named; a stick that is pulled meanwhile is read
/// again from its beginning.
fn read_stick(room: &Room<'_>, bench: &mut Bench) -> Result<Vec<Read>, Error> {
    let Some(dir) = &room.wishes.requests else { return Ok(Vec::new()) };
    let medium = medium::expect(dir, Role::Requests)?;
    let keys = KeyPolicy { keys: room.config.intermediates.keys.clone() };
    let found = inbound::read_all(dir, &keys, &|digest| certified(room.journal.state(), digest))?;
    // A mount that went away in the middle looks like a stick with less on it.
    if medium::expect(dir, Role::Requests)?.map(|now| now.id) != medium.as_ref().map(|before| before.id.clone()) {
        return Err(Error::new(Kind::Medium, format!("another medium is in {} than a moment ago", text::path(dir)))
            .hint("plug in the one with requests and leave it in until they are read"));
    }
    bench.media.requests = medium;
    Ok(found)
}

/// The RSA moduli of the log and of all that lies on the stick.
fn moduli(state: &State, found: &[Read]) -> Moduli {
    let mut moduli = policy::shared::certified(state);
    for read in found {
        if let Some(spki) = read.content.as_ref().ok().and_then(|(_, request)| request.spki.as_ref()) {
            moduli.add(&read.file, spki);
        }
    }
    moduli
}

/// The digest of the very request that an interrupted session imported, signed and made no bundle for.
fn is_signed(state: &State, read: &Read) -> Option<Digest> {
    was_signed(state, read).filter(|(_, cluster)| state.undelivered.contains(*cluster)).map(|(sha256, _)| sha256)
}

/// The digest of a request that some session imported and signed, and its cluster.
fn was_signed<'s>(state: &'s State, read: &Read) -> Option<(Digest, &'s str)> {
    let (_, request) = read.content.as_ref().ok()?;
    let sha256 = read.sha256?;
    let cluster = state.request_known(&sha256)?;
    let holder = state.key_holder(&request.spki.as_ref()?.sha256());
    (holder == Some(cluster)).then_some((sha256, cluster))
}

/// A key that this authority certified, by the digest of its SubjectPublicKeyInfo.
fn certified(state: &State, digest: &Digest) -> Option<Spki> {
    let holder = state.key_holder(digest)?;
    let of_holder = state.certificates.of_cluster(holder);
    let keys = of_holder.filter_map(|c| x509::read::certificate(c.der.as_deref()?).ok().map(|c| c.view.spki));
    keys.into_iter().find(|spki| spki.sha256() == *digest)
}

fn nothing_to_sign(room: &Room<'_>) -> Error {
    match &room.wishes.requests {
        Some(dir) => Error::new(Kind::Medium, "there is no request on the medium")
            .saw(text::path(dir))
            .wanted("a directory with request.json and request.sig, or a .csr or .pem file")
            .hint("copy NAME/request.json and NAME/request.sig of `anchorite request NAME` to it"),
        None => Error::new(Kind::Usage, "no medium with requests was named")
            .hint("name it: anchorite sign --from DIR, or in local.toml: [media] requests = \"DIR\""),
    }
    .truth("Nothing was signed.")
}

/// Judges one request; `None` when people struck it.
fn import(
    room: &mut Room<'_>,
    bench: &Bench,
    moduli: &Moduli,
    step: &Step,
    read: Read,
) -> Result<Option<Pending>, Stop> {
    let (file, sha256) = (read.file.clone(), read.sha256);
    let (form, request) = match read.verdict() {
        Ok(verified) => verified,
        Err(findings) => return refuse(room, step, &file, sha256, findings),
    };
    let sha256 = sha256.ok_or_else(|| Error::new(Kind::Bug, "a request that was read has no digest"))?;
    let (claim, words_of) = match &form {
        Form::Package(travelled) => (Assignment::of(&travelled.request), sha256),
        Form::Csr => {
            let (config, state) = (&room.config, room.journal.state());
            let lookup = |name: &str| known_cluster(config, state, name);
            let claim = loop {
                let claim = room.people.assign(&step.id, &Unassigned { file: &file, sha256, known: &lookup })?;
                match check_assignment(&claim) {
                    Ok(()) => break claim,
                    Err(error) => room.people.help(&error)?,
                }
            };
            let words_of = package::words_of_csr(&claim.cluster, &claim.environment, &sha256, &claim.recipients);
            (claim, words_of)
        }
    };
    if let Err(error) = claim.recipients.iter().try_for_each(|r| crate::bundle::recipient::parse(r).map(|_| ())) {
        let finding = file::broken(&file::PACKAGE_FORM, &error, "request.json as it was made");
        return refuse(room, step, &file, Some(sha256), vec![finding]);
    }
    let origin = match &form {
        Form::Package(travelled) => Origin::Package(travelled),
        Form::Csr => Origin::Csr(words_of),
    };
    let candidate = Candidate { step: &step.id, file: &file, sha256, request, claim, origin };
    match accept(room, bench, moduli, candidate)? {
        Ok(pending) => Ok(Some(pending)),
        Err(findings) => refuse(room, step, &file, Some(sha256), findings),
    }
}

/// What was typed for a plain CSR can be used: a slip of the hand does not end a ceremony.
fn check_assignment(claim: &Assignment) -> Result<(), Error> {
    check_label("a cluster name", &claim.cluster)?;
    check_label("an environment", &claim.environment)?;
    check_trust_domain(&claim.trust_domain)?;
    if claim.recipients.is_empty() {
        return Err(Error::new(Kind::Usage, "a bundle needs at least one recipient").wanted("age1…"));
    }
    claim.recipients.iter().try_for_each(|recipient| crate::bundle::recipient::parse(recipient).map(|_| ()))
}

/// What the configuration, else the log, fixes of a cluster, for people who assign a plain CSR.
fn known_cluster(config: &Config, state: &State, name: &str) -> Option<Assignment> {
    let enrolled = || state.clusters.get(name).map(|c| (&c.environment, &c.trust_domain, &c.recipients));
    let configured = config.clusters.get(name).map(|c| (&c.environment, &c.trust_domain, &c.recipients));
    configured.or_else(enrolled).map(|(environment, trust_domain, recipients)| Assignment {
        cluster: name.to_owned(),
        environment: environment.clone(),
        trust_domain: trust_domain.clone(),
        recipients: recipients.clone(),
    })
}

/// Shows a refusal, logs it, and asks whether the others go on without it.
fn refuse(
    room: &mut Room<'_>,
    step: &Step,
    file: &str,
    sha256: Option<Digest>,
    findings: Vec<Finding>,
) -> Result<Option<Pending>, Stop> {
    let refusals: Vec<&Finding> = findings.iter().filter(|f| f.severity == Severity::Refuse).collect();
    let mut screen = Screen::new()
        .heading(format!("{file} is refused"), text::count(refusals.len(), "reason"))
        .field("sha256", sha256.map_or_else(|| "(not read)".to_owned(), |sha256| sha256.hex()));
    for finding in &refusals {
        screen = screen
            .field("rule", &finding.id)
            .field("seen", &finding.observed)
            .field("wanted", &finding.expected)
            .field("source", &finding.source)
            .field("to do", &finding.hint);
    }
    room.people.show(&screen)?;
    let struck = room.people.strike(&step.id, file, sha256)?.filter(|reason| !reason.trim().is_empty());
    let record = RequestRefused { sha256, file: file.to_owned(), findings: findings.clone(), struck: struck.is_some() };
    let Some(reason) = struck else {
        room.journal.append(vec![record.into()])?;
        return Err(request::refusal(file, &findings)
            .hint("the others can be signed without it: strike it, or take it off the stick")
            .into());
    };
    // Beside the refusal, whose form older programs know: why people went on without it.
    let why = ValueRecorded { step: step.id.clone(), name: format!("reason to strike {file}"), value: reason };
    room.journal.append(vec![record.into(), why.into()])?;
    Ok(None)
}
