//! `export-bundles`: one sealed, signed bundle for each cluster, made from the log, written to the exports
//! medium and read back. The key of a cluster that was made in this session travels inside; in a later one
//! its sealed form does.

use crate::authority::State;
use crate::authority::state::Certificate;
use crate::bundle::{self, Bundle, Contents, Key};
use crate::ceremony::media::{self, Wrong};
use crate::ceremony::people::{Again, Offer, Stop};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::publish;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::files::deliver::{self, Directory, Item};
use crate::files::medium::{self, Role};
use crate::log::record::{BundleExported, Record, ValueRecorded};
use crate::log::{entry, proof};
use crate::policy;
use crate::x509::pem;
use crate::x509::read;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "export-bundles",
    says: "Seal the bundles and write them to the exports medium",
    asks: false,
    needs: &[Fact::Unlocked, Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: Some(Role::Exports),
    run,
};

/// So many bundles are logged and written together.
const AT_ONCE: usize = 64;

/// The way on beside plugging in the stick that was there before.
const THIS: Offer = Offer { word: "this", says: "use this one" };

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let clusters = clusters(room, bench)?;
    if clusters.is_empty() {
        return Ok(());
    }
    let dir = room.wishes.exports.clone().ok_or_else(media::no_exports)?;
    media::until_right(room, &step.id, |room, again| {
        exports(room, bench, step, &dir, again)?;
        Ok(deliver::remove_temporaries(&dir)?)
    })?;
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let result = export_all(room, bench, &mut keys, step, &clusters, &dir);
    bench.keys = Some(keys);
    result
}

/// The clusters of this session; else those that were named; else those whose newest certificate has no
/// bundle.
fn clusters(room: &Room<'_>, bench: &Bench) -> Result<Vec<String>, Error> {
    let issued = bench.issued.iter().filter_map(|issued| issued.intent.cluster.as_ref());
    let mut of_session: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in issued.chain(&bench.resumed) {
        if seen.insert(name) {
            of_session.push(name.clone());
        }
    }
    if !of_session.is_empty() {
        return Ok(of_session);
    }
    let state = room.journal.state();
    for name in &room.wishes.clusters {
        policy::exportable(state, name, room.wishes.generation, room.journal.now())?;
    }
    if !room.wishes.clusters.is_empty() {
        return Ok(room.wishes.clusters.clone());
    }
    Ok(state.undelivered.iter().cloned().collect())
}

/// The exports medium is here, and is the one that was here before unless people say that they mean another.
fn exports(room: &mut Room<'_>, bench: &mut Bench, step: &Step, dir: &Path, again: Again) -> Result<(), Wrong> {
    let authority = room.config.name.clone();
    match &bench.media.exports {
        Some(before) if again == Again::Same => medium::the_same(dir, before).map_err(|error| {
            let another = medium::of_authority(dir, Role::Exports, &authority).is_ok();
            Wrong { error, offer: another.then_some(THIS) }
        }),
        Some(before) => {
            let now = medium::of_authority(dir, Role::Exports, &authority)?;
            let value = format!("{} instead of {}", now.called(), before.called());
            let record = ValueRecorded { step: step.id.clone(), name: "exports medium".to_owned(), value };
            room.journal.append(vec![record.into()])?;
            bench.media.exports = Some(now);
            Ok(())
        }
        None => {
            let id = Hex(room.entropy.bytes(8, &[])?);
            let now = room.journal.now();
            bench.media.exports = Some(medium::expect_or_prepare(dir, Role::Exports, &authority, id, now)?);
            Ok(())
        }
    }
}

fn export_all(
    room: &mut Room<'_>,
    bench: &mut Bench,
    keys: &mut Keyring,
    step: &Step,
    clusters: &[String],
    dir: &Path,
) -> Result<(), Stop> {
    if !covered(room, clusters)? {
        room.journal.checkpoint(keys)?;
    }
    let of = clusters.len();
    let mut done = 0;
    for clusters in clusters.chunks(AT_ONCE) {
        let (mut bundles, mut exported) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
        for name in clusters {
            room.people.working(done, of, "sealing");
            let key = bench.pending.iter().find(|p| p.accepted.cluster.name == *name).and_then(|p| p.key.as_ref());
            let key = key.map(|key| key.to_pkcs8_pem()).transpose()?.map(Key::Clear);
            let (bundle, record) = seal(room, keys, name, key)?;
            bundles.push(bundle);
            exported.push(Record::from(record));
            done += 1;
        }
        // Logged first: no two bundles of a cluster ever bear one number. Where a crash or the medium keeps one of
        // them from its stick, the session does not complete and the next one makes another.
        room.journal.append(exported)?;
        let files: Vec<Vec<Item<'_>>> = bundles.iter().map(items).collect();
        let directories: Vec<Directory<'_>> =
            bundles.iter().zip(&files).map(|(bundle, files)| (bundle.id.as_str(), files.as_slice())).collect();
        media::until_right(room, &step.id, |room, again| {
            exports(room, bench, step, dir, again)?;
            Ok(deliver::write_directories_again(dir, &directories)?)
        })?;
        let written = bundles.iter().zip(clusters);
        bench.written.extend(written.map(|(bundle, name)| format!("{}  for {name}", dir.join(&bundle.id).display())));
    }
    room.people.working(of, of, "");
    Ok(())
}

fn items(bundle: &Bundle) -> Vec<Item<'_>> {
    bundle.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice(), 0o644)).collect()
}

/// True where the newest checkpoint has the outcome of every certificate that is to be exported: the signing step
/// put them there, and what was logged since needs no proof in a bundle.
fn covered(room: &Room<'_>, clusters: &[String]) -> Result<bool, Error> {
    let size = room.journal.reading()?.checkpoint().map_or(0, |checkpoint| checkpoint.size);
    let state = room.journal.state();
    let outcome = |name: &String| match room.wishes.generation {
        Some(_) => None,
        None => state.newest_intermediate(name)?.outcome,
    };
    let restored = state.history.restored.is_none_or(|seq| seq < size);
    Ok(restored && clusters.iter().all(|name| outcome(name).is_some_and(|seq| seq < size)))
}

fn seal(
    room: &mut Room<'_>,
    keys: &mut Keyring,
    name: &str,
    key: Option<Key>,
) -> Result<(Bundle, BundleExported), Error> {
    let bundle_id = Hex(room.random(keys, 16)?).to_string();
    let nonce = Hex(room.random(keys, 32)?).to_string();
    let state = room.journal.state();
    let missing = |what: &str| Error::new(Kind::Bug, format!("the log lacks {what} of {name}"));
    let cluster = state.clusters.get(name).ok_or_else(|| missing("the enrolment"))?;
    // What a session signed is the newest; an older one is made again only by name.
    let certificate = match room.wishes.generation {
        Some(_) => policy::exportable(state, name, room.wishes.generation, room.journal.now())?,
        None => state.newest_intermediate(name).ok_or_else(|| missing("the certificate"))?,
    };
    let generation = certificate.generation.ok_or_else(|| missing("the generation"))?;
    let requested = cluster.requests.get(&generation).ok_or_else(|| missing("the request"))?;
    let der = certificate.der.clone().ok_or_else(|| missing("the certificate"))?;
    let outcome = certificate.outcome.ok_or_else(|| missing("the outcome"))?;
    let key = match key {
        Some(key) => Some(key),
        None => sealed_key(room, &der)?,
    };
    let ca_cert_pem = pem::encode("CERTIFICATE", &der);
    let sequence = cluster.bundles.last().map_or(0, |b| b.sequence) + 1;
    let created = room.journal.now();
    let roots = publish::pems(&publish::current_roots(state, created));
    let log = room.journal.reading()?;
    let checkpoint = log.checkpoint_note().ok_or_else(|| missing("a checkpoint"))?.to_owned();
    let inclusion = log.inclusion(outcome)?;
    // Proofs lead to the checkpoint in the bundle; the log may have grown since, by other bundles.
    let new = log.checkpoint().map_or(0, |newest| newest.size);
    let mut proofs = Vec::new();
    // One of a log that was lost has no place in this tree.
    for bundle in cluster.bundles.iter().filter(|bundle| bundle.tree_size > 0) {
        let hashes = log.consistency(bundle.tree_size)?;
        proofs.push(proof::ConsistencyProof { old: bundle.tree_size, new, hashes });
    }
    let restore = match state.history.restored {
        Some(seq) => {
            let proof = proof::inclusion_proof(seq, &log.inclusion(seq)?, &checkpoint);
            Some((log.entry_line(seq)?, proof))
        }
        None => None,
    };
    let contents = Contents {
        bundle_id,
        nonce,
        created,
        cluster: name.to_owned(),
        environment: requested.environment.clone(),
        trust_domain: requested.trust_domain.clone(),
        generation,
        sequence,
        previous_bundle: cluster.bundles.last().map(|b| b.id.clone()).filter(|id| !id.is_empty()),
        csr_sha256: requested.csr_sha256,
        // Of this request, not of the enrolment: an identity serves one request.
        recipients: requested.recipients.clone(),
        profile: requested.profile.clone(),
        log: log.log_id().to_string(),
        cert_chain_pem: chain_pem(state, created, certificate, &der)?,
        ca_cert_pem,
        root_cert_pem: roots,
        root_crl_pem: publish::current_crls(state, created),
        cross_pem: crosses_pem(state, created),
        entry_line: log.entry_line(outcome)?,
        inclusion_proof: proof::inclusion_proof(outcome, &inclusion, &checkpoint),
        consistency_proof: proof::consistency_proofs(&proofs),
        restore,
        key,
        signer_pem: signer_pem(state, created).ok_or_else(|| missing("the audit key's certificate, valid now,"))?,
        checkpoint,
    };
    let bundle = bundle::make(&contents, &mut |message| keys.sign_statement(message))?;
    let exported = BundleExported {
        bundle_id: bundle.id.clone(),
        cluster: name.to_owned(),
        generation,
        sequence,
        envelope_sha256: bundle.envelope_sha256,
        manifest_sha256: bundle.manifest_sha256,
        payload_sha256: bundle.payload_sha256,
        tree_size: bundle.tree_size,
    };
    Ok((bundle, exported))
}

/// The sealed form of a key that an earlier session made.
fn sealed_key(room: &Room<'_>, der: &[u8]) -> Result<Option<Key>, Error> {
    let spki: Digest = read::certificate(der)?.view.spki.sha256();
    let Some(seq) = room.journal.state().sealed.get(&spki) else { return Ok(None) };
    let line = room.journal.reading()?.entry_line(*seq)?;
    match entry::parse_line(&line)?.entry()?.record {
        Record::KeySealed(sealed) => Ok(Some(Key::Sealed(sealed.ciphertext.0))),
        _ => Err(Error::new(Kind::Bug, "the entry of a sealed key is another")),
    }
}

/// The intermediate, then the certificates by which other current roots and a parent vouch for its issuer, then its
/// issuer: a client takes the first certificate of a name, so what leads further up stands before the root.
fn chain_pem(state: &State, now: Timestamp, certificate: &Certificate, der: &[u8]) -> Result<String, Error> {
    let issuer = certificate.issuer_generation;
    let root = state.roots().get(&issuer).and_then(|root| root.der.as_deref());
    let root = root.ok_or_else(|| Error::new(Kind::Bug, "the log lacks the issuer's certificate"))?;
    let current: Vec<u32> = state.current_roots(now).into_iter().map(|(generation, _)| generation).collect();
    let vouching = |(subject, by, _): &(u32, u32, &[u8])| *subject == issuer && current.contains(by);
    let crosses = state.crosses().into_iter().filter(vouching).map(|(.., der)| der);
    let parents = state.parents.between(issuer, now).iter().map(Vec::as_slice);
    let chain: Vec<&[u8]> = std::iter::once(der).chain(crosses).chain(parents).chain([root]).collect();
    Ok(publish::pems(&chain))
}

/// Every cross certificate between current roots, PEM: whoever pinned one root admits the other by them.
fn crosses_pem(state: &State, now: Timestamp) -> String {
    let current: Vec<u32> = state.current_roots(now).into_iter().map(|(generation, _)| generation).collect();
    let both = |(subject, by, _): &(u32, u32, &[u8])| current.contains(subject) && current.contains(by);
    let crosses: Vec<&[u8]> = state.crosses().into_iter().filter(both).map(|(.., der)| der).collect();
    publish::pems(&crosses)
}

/// The certificates of the audit key in force by the roots that are current, oldest first.
fn signer_pem(state: &State, now: Timestamp) -> Option<String> {
    let all = state.audit_certificates(state.audit_in_force()?);
    let valid: Vec<&[u8]> = all.iter().filter(|c| c.not_after >= now).filter_map(|c| c.der.as_deref()).collect();
    (!valid.is_empty()).then(|| publish::pems(&valid))
}
