//! The stages of one cluster's switch, made from the CA that signs now and the one that shall.
//!
//! Roots are only appended and keep their order: agents up to Istio 1.29 compare the roots that they have with
//! new ones by prefix. Stage 2 appends the new root once more: the changed bytes are what makes istiod and the
//! agents sign workload certificates again, and anchors are deduplicated.

use super::ca::{Ca, Files, Which, shown, with_newline};
use super::dates;
use super::record::{Change, FORMAT, Live, Record, Row, StageRow, digests};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::pem;
use crate::x509::read::Foreign;
use jiff::{SignedDuration, Timestamp};

/// What is asked for besides the two CAs.
pub struct Wanted<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// How long a workload's certificate lives.
    pub leaf_lifetime: SignedDuration,
    /// The mesh's SPIFFE trust domain.
    pub trust_domain: &'a str,
    /// ztunnel does not count.
    pub sidecar_only: bool,
    /// The keys will be left out.
    pub redacted: bool,
    /// The Secret to create or to replace.
    pub live: Live,
    /// The time.
    pub now: Timestamp,
}

/// A stage: what the cluster has while it is in it. Not `Debug`: it holds a key.
pub struct Stage {
    /// 0 to 3.
    pub number: u8,
    /// The files; stage 0 has no key.
    pub ca: Ca,
}

/// One cluster's switch. Not `Debug`: it holds keys.
pub struct Plan {
    /// What is written of it.
    pub record: Record,
    /// Its stages, in order.
    pub stages: Vec<Stage>,
    /// What people should know, though it stops nobody.
    pub notes: Vec<String>,
}

/// What a stage is called, and its directory.
pub fn names(change: Change, stage: u8) -> (&'static str, &'static str) {
    match (change, stage) {
        (_, 0) => ("prepare", "stage-0"),
        (Change::Renewal, _) => ("renew", "renewal"),
        (Change::Rollover, 1) => ("trust-both", "stage-1"),
        (Change::Rollover, 2) => ("switch", "stage-2"),
        (Change::Rollover, _) => ("retire", "stage-3"),
    }
}

/// Makes the stages. Whether they overlap is proved by [`proof`](super::proof).
///
/// # Errors
/// [`Kind::Verify`]: one of the two CAs does not work, or the two cannot be told apart. [`Kind::Refused`]: there
/// is nothing to change.
pub fn make(current: &Ca, next: &Ca, wanted: &Wanted<'_>) -> Result<Plan, Error> {
    let old = current.path(Which::Current, wanted.now)?;
    let new = next.path(Which::Next, wanted.now)?;
    current.key(Which::Current)?;
    next.key(Which::Next)?;
    if current.own.der == next.own.der {
        return Err(Error::new(Kind::Refused, "the next CA is the current one: there is nothing to change")
            .saw(shown(&next.own))
            .hint("open the new bundle first: anchorite open BUNDLE --into DIR, then --next DIR"));
    }
    tell_apart(&old, current, &new, next)?;
    let (old_root, new_root) = (root_of(&old)?, root_of(&new)?);
    let change = if old_root.der == new_root.der { Change::Renewal } else { Change::Rollover };
    let stages = match change {
        Change::Renewal => renewal(current, next)?,
        Change::Rollover => rollover(current, next, old_root, new_root)?,
    };
    let old_ends = old.iter().map(|certificate| certificate.not_after).min().unwrap_or(old_root.not_after);
    let mut notes = notes(change, &stages, current, old_root);
    notes.extend(late(&stages, old_ends, wanted));
    let row = |stage: &Stage| {
        let (name, directory) = names(change, stage.number);
        StageRow {
            stage: stage.number,
            name: name.to_owned(),
            directory: directory.to_owned(),
            signs: if stage.ca.own.der == current.own.der { "old" } else { "new" }.to_owned(),
            roots: stage.ca.roots.iter().map(|root| Digest::of(&root.der)).collect(),
            files: digests(&stage.ca.files),
            apply_by: dates::apply_by(stage.number, old_ends, wanted.leaf_lifetime),
        }
    };
    let record = Record {
        format: FORMAT.to_owned(),
        cluster: wanted.cluster.to_owned(),
        made: wanted.now,
        kind: change,
        leaf_lifetime_seconds: wanted.leaf_lifetime.as_secs(),
        trust_domain: wanted.trust_domain.to_owned(),
        sidecar_only: wanted.sidecar_only,
        redacted: wanted.redacted,
        secret: wanted.live.clone(),
        old: old.iter().map(|certificate| Row::of(certificate)).collect(),
        new: new.iter().map(|certificate| Row::of(certificate)).collect(),
        stages: stages.iter().map(row).collect(),
    };
    Ok(Plan { record, stages, notes })
}

fn root_of<'a>(path: &[&'a Foreign]) -> Result<&'a Foreign, Error> {
    path.last().copied().ok_or_else(|| Error::new(Kind::Bug, "a path without a root"))
}

/// One name, two keys: BoringSSL takes the first of the name that fits, so something must tell them apart.
fn tell_apart(old: &[&Foreign], current: &Ca, new: &[&Foreign], next: &Ca) -> Result<(), Error> {
    let before: Vec<&Foreign> = old.iter().copied().chain(&current.roots).collect();
    let after = new.iter().copied().chain(&next.roots);
    for one in after {
        let same = |other: &&&Foreign| other.subject_der == one.subject_der && other.key.der != one.key.der;
        let anonymous = |c: &Foreign| c.extensions.subject_key_id.is_none();
        if let Some(other) = before.iter().find(same).filter(|other| anonymous(other) || anonymous(one)) {
            return Err(Error::new(Kind::Verify, "an old and a new CA have one name, and nothing tells them apart")
                .saw(format!("{}; {}", shown(other), shown(one)))
                .wanted("another name, or a subjectKeyIdentifier in each")
                .hint(
                    "while both are trusted Envoy takes the first of the name and fails with BAD_SIGNATURE: give the \
                     new root a name of its own",
                ));
        }
    }
    Ok(())
}

fn renewal(current: &Ca, next: &Ca) -> Result<Vec<Stage>, Error> {
    // The same bytes of the roots: istiod reloads the intermediate and workloads notice nothing.
    let files = Files { root_cert: current.files.root_cert.clone(), ..next.files.clone() };
    Ok(vec![before(current)?, Stage { number: 2, ca: Ca::read(files, Which::Next)? }])
}

fn rollover(current: &Ca, next: &Ca, old_root: &Foreign, new_root: &Foreign) -> Result<Vec<Stage>, Error> {
    let is_known = |root: &&Foreign| current.roots.iter().any(|known| known.der == root.der);
    let added: String = next.roots.iter().filter(|root| !is_known(root)).map(encode).collect();
    let both = [with_newline(current.files.root_cert.clone()), added.clone().into_bytes()].concat();
    // Where the mesh trusts the new root already, nothing was added; its bytes must change all the same.
    let again = if added.is_empty() { encode(new_root) } else { added };
    let both_again = [both.as_slice(), again.as_bytes()].concat();
    let only_new: String = match next.roots.iter().any(|root| root.der == old_root.der) {
        true => next.roots.iter().filter(|root| root.der != old_root.der).map(encode).collect(),
        false => String::from_utf8_lossy(&with_newline(next.files.root_cert.clone())).into_owned(),
    };
    let crossed = |certificate: &&Foreign| is_cross(certificate, new_root);
    let without: String = next.chain.iter().filter(|c| !is_cross(c, new_root)).map(encode).collect();
    let has_cross = next.chain.iter().any(|certificate| crossed(&certificate));
    let first = Files { root_cert: both, ..current.files.clone() };
    let second = Files { root_cert: both_again, cert_chain: crossed_chain(next, new_root), ..next.files.clone() };
    let cert_chain = if has_cross { without.into_bytes() } else { next.files.cert_chain.clone() };
    let third = Files { root_cert: only_new.into_bytes(), cert_chain, ..next.files.clone() };
    let mut stages = vec![before(current)?];
    for (number, files, which) in [(1, first, Which::Current), (2, second, Which::Next), (3, third, Which::Next)] {
        stages.push(Stage { number, ca: Ca::read(files, which)? });
    }
    Ok(stages)
}

/// What the cluster has now; its key is in stage 1.
fn before(current: &Ca) -> Result<Stage, Error> {
    let files = Files { ca_key: None, ..current.files.clone() };
    Ok(Stage { number: 0, ca: Ca::read(files, Which::Current)? })
}

/// The new root's name and key, certified by another root.
fn is_cross(certificate: &Foreign, new_root: &Foreign) -> bool {
    certificate.subject_der == new_root.subject_der
        && certificate.key.der == new_root.key.der
        && certificate.der != new_root.der
}

/// Cross certificates before the root that they are of: Envoy and OpenSSL take the first issuer of a name.
fn crossed_chain(next: &Ca, new_root: &Foreign) -> Vec<u8> {
    let place = |wanted: &dyn Fn(&Foreign) -> bool| next.chain.iter().position(wanted);
    let cross = next.chain.iter().rposition(|certificate| is_cross(certificate, new_root));
    match (place(&|certificate| certificate.der == new_root.der), cross) {
        (Some(root), Some(cross)) if root < cross => {
            let (roots, others): (Vec<_>, Vec<_>) = next.chain.iter().partition(|c| c.der == new_root.der);
            others.into_iter().chain(roots).map(encode).collect::<String>().into_bytes()
        }
        _ => next.files.cert_chain.clone(),
    }
}

fn encode(certificate: &Foreign) -> String {
    pem::encode("CERTIFICATE", &certificate.der)
}

fn notes(change: Change, stages: &[Stage], current: &Ca, old_root: &Foreign) -> Vec<String> {
    if change == Change::Renewal {
        return vec!["the root stays the same: no stages, one Secret".to_owned()];
    }
    let Some(last) = stages.last() else { return Vec::new() };
    let is_kept = |root: &Foreign| last.ca.roots.iter().any(|kept| kept.der == root.der);
    let gone = current.roots.iter().filter(|root| root.der != old_root.der && !is_kept(root));
    gone.map(|root| {
        format!("{} is trusted now as well, and not any more in stage 3: does another cluster need it?", shown(root))
    })
    .collect()
}

/// What has to be said where the old CA ends before the stages can be waited for.
fn late(stages: &[Stage], old_ends: Timestamp, wanted: &Wanted<'_>) -> Option<String> {
    let missed = |stage: &&Stage| {
        dates::apply_by(stage.number, old_ends, wanted.leaf_lifetime).is_some_and(|by| by < wanted.now)
    };
    let last = stages.iter().rfind(missed)?;
    Some(format!(
        "the old CA ends {old_ends}, and stage {} was due before now: proxies that observe finds ready can still make \
         it, ztunnel only by a restart; a shorter WORKLOAD_CERT_TTL of istiod gives time back",
        last.number
    ))
}
