//! `restore`: begins the log anew in a new directory, from an older copy and what was published since. All of it is
//! read and verified before a PIN is asked for; the ceremony does the rest.

use super::args::{Args, Restore};
use super::ceremonies;
use super::log;
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::audit::{Options, RootPin};
use crate::authority::State;
use crate::authority::past::lost::{Delivered, Lost};
use crate::bundle::manifest::{Manifest, Receipt};
use crate::bundle::verify::{load, verify_outer};
use crate::ceremony::room::Wishes;
use crate::ceremony::session::Folder;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::{deliver, intake, own};
use crate::log::Record;
use crate::log::record::{PastBundle, PastCluster, PastRequest};
use crate::store;
use crate::x509::{pem, read};
use serde::Serialize;
use std::path::Path;

/// A certificate, checkpoint or manifest, at the most, in bytes.
const MAX_SMALL: u64 = 1 << 20;
/// A CRL, at the most, in bytes.
const MAX_CRL: u64 = 64 << 20;

#[derive(Serialize)]
struct Restored {
    changed: bool,
    lost_log: Hex,
    entries_at_hand: u64,
    entries_known: u64,
    log: Option<Hex>,
    written: Vec<String>,
}

/// `anchorite restore`
pub fn restore(args: &Args, a: &Restore, terminal: &mut Terminal) -> Result<(), Error> {
    let truth = |error: Error| error.truth("Nothing was restored.").truth("Nothing was signed.");
    let (lost, config) = read_all(a).map_err(truth)?;
    let folder = room::folder(args);
    place(&folder, &a.from, &config).map_err(truth)?;
    let found = find(args)?;
    let script = ceremonies::script(&found, &a.own, "restore")?;
    if found.folder.has_log()? {
        let (state, _) = found.folder.read_state()?;
        let replaced = state.replaces().cloned();
        // One that failed after its signatures still has files to write.
        let is_done = state.is_founded() && state.completed;
        if is_done || replaced.is_some_and(|log| log != lost.log) {
            return Err(truth(
                Error::new(Kind::Usage, "another log is here already")
                    .saw(state.origin)
                    .wanted("a new directory")
                    .hint("a restored authority gets a directory of its own: -C NEW-DIRECTORY"),
            ));
        }
    }
    let token = lost.state.tokens.get("root").map(|token| token.serial.clone());
    let (lost_log, size, cited) = (lost.log.clone(), lost.size, lost.cited);
    let wishes =
        Wishes { token_serial: token, final_try: a.attend.final_try, lost: Some(Box::new(lost)), ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let known = state.history.logs.first().map_or(cited, |past| past.cited);
    if terminal.wants_json() {
        return terminal.json(&Restored {
            changed: true,
            lost_log,
            entries_at_hand: size,
            entries_known: known,
            log: state.log,
            written: held.written,
        });
    }
    terminal.done(
        &held.written,
        &[
            "anchorite export --all --to MEDIUM   bundles of the new log",
            "print the root card again: it has the new log's id",
            "mark every stick of the lost log, and keep it apart",
        ],
    );
    Ok(())
}

/// The new directory: empty, or one in which this restore began. The configuration in force goes on.
fn place(folder: &Folder, from: &Path, config: &str) -> Result<(), Error> {
    if !folder.has_log()? && !folder.config().exists() {
        let first = if folder.path().is_dir() { own::first_name(folder.path())? } else { None };
        if let Some(name) = first {
            return Err(Error::new(Kind::Medium, "the new directory is not empty")
                .saw(folder.path().join(name).display().to_string())
                .wanted("a directory that does not exist, or an empty one")
                .hint("name it: anchorite -C NEW-DIRECTORY restore --from COPY"));
        }
    } else if folder.config().exists() && Folder::read_text(&folder.config())? != config {
        return Err(Error::new(Kind::Usage, "authority.toml here is not the one in force in the copy")
            .saw(folder.config().display().to_string())
            .hint("a restored authority gets a directory of its own: -C NEW-DIRECTORY")
            .hint("to change the configuration, restore first; the next ceremony adopts the change"));
    }
    deliver::create_directory(folder.path())?;
    deliver::write_new(&folder.config(), config.as_bytes(), 0o644)?;
    let local = Folder::new(from).local();
    if local.exists() && !folder.local().exists() {
        deliver::write_new(&folder.local(), Folder::read_text(&local)?.as_bytes(), 0o644)?;
    }
    Ok(())
}

/// The copy, verified; what was published since; and the configuration in force.
fn read_all(a: &Restore) -> Result<(Lost, String), Error> {
    let report = log::report(&a.from, &Options { root: RootPin::None, at_rest: false })?;
    let mut state = State::default();
    let mut sealed = Vec::new();
    let reading = store::read(&a.from, &mut |entry| {
        if let Record::KeySealed(record) = &entry.record {
            sealed.push(record.clone());
        }
        state.apply(entry)
    })?;
    let covered = reading.checkpoint().map_or(0, |checkpoint| checkpoint.size);
    let config = state.config(covered).map(|config| config.text.clone());
    let config = config.ok_or_else(|| Error::new(Kind::Verify, "the copy has no configuration"))?;
    let mut lost = Lost::of(state, report.entries, reading.root(), sealed)?;
    for path in &a.checkpoints {
        let bytes = intake::read(path, MAX_SMALL)?;
        let note = String::from_utf8(bytes.clone())
            .map_err(|_| Error::new(Kind::Verify, "a checkpoint is not text").within(path.display().to_string()))?;
        lost.add_checkpoint(&note, &|size| reading.root_at(size)).map_err(|e| e.within(path.display().to_string()))?;
        lost.source(&path.display().to_string(), &bytes);
    }
    for path in &a.crls {
        let bytes = intake::read(path, MAX_CRL)?;
        let named = |error: Error| error.within(path.display().to_string());
        let der =
            if pem::is_der(&bytes) { bytes.clone() } else { pem::decode_one(&bytes, "X509 CRL").map_err(named)? };
        lost.add_crl(&der).map_err(named)?;
        lost.source(&path.display().to_string(), &bytes);
    }
    for dir in &a.bundles {
        let root_at = |size| reading.root_at(size);
        bundle(&mut lost, dir, &root_at).map_err(|error| error.within(dir.display().to_string()))?;
    }
    Ok((lost, config))
}

/// A sealed bundle shows its checkpoint; an opened one, what was inside.
fn bundle(lost: &mut Lost, dir: &Path, root_at: &dyn Fn(u64) -> Result<Digest, Error>) -> Result<(), Error> {
    if dir.join("envelope.json").exists() {
        let files = load(dir)?;
        verify_outer(&files, &[])?;
        let note = files.iter().find(|(name, _)| name == "checkpoint").map(|(_, bytes)| bytes.as_slice());
        let note = String::from_utf8_lossy(note.unwrap_or_default()).into_owned();
        return lost.add_checkpoint(&note, root_at);
    }
    let file = |name: &str| intake::read(&dir.join(name), MAX_SMALL);
    let manifest = Manifest::read(&file("manifest.json")?)?;
    let receipt = Receipt::read(&file("receipt.json")?)?;
    let pem_text = file("ca-cert.pem")?;
    manifest.files.get("ca-cert.pem").map_or(Ok(()), |digest| digest.check("ca-cert.pem", &pem_text))?;
    let certificate = read::certificate(&pem::decode_one(&pem_text, "CERTIFICATE")?)?;
    lost.source(&dir.join("ca-cert.pem").display().to_string(), &pem_text);
    lost.add_delivered(Delivered {
        cluster: PastCluster {
            name: manifest.cluster.clone(),
            environment: manifest.environment.clone(),
            trust_domain: manifest.trust_domain.clone(),
            recipients: manifest.recipients.clone(),
            profile: manifest.profile.clone(),
            key_origin: "cluster".to_owned(),
            since: certificate.view.not_before,
            generation: manifest.generation,
            bundle: Some(PastBundle {
                id: manifest.bundle_id.clone(),
                generation: manifest.generation,
                sequence: manifest.sequence.max(receipt.sequence),
            }),
            retired: None,
            requests: vec![PastRequest {
                generation: manifest.generation,
                csr_sha256: manifest.csr_sha256,
                environment: manifest.environment,
                trust_domain: manifest.trust_domain,
                recipients: manifest.recipients,
                profile: manifest.profile,
            }],
        },
        certificate,
        seen: (receipt.log.clone(), receipt.size),
    })
}
