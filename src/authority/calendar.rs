//! What is due and when, from the log and the configuration: the dates behind `status`, `--check` and `--ics`.
//!
//! Pure. Each thing that is due has two dates: when people must have begun, which leaves them weeks, and by when it
//! must be done, after which something breaks. Nothing here reads a file or asks a clock. Sources: the issuer's own
//! end (RFC 5280 section 6.1), nextUpdate (section 5.1.2.5), and that leaves live on after the last one was issued.

pub mod ics;

use super::state::{Certificate, State, Status};
use super::{
    Config,
    config::{BackupMode, KeyOrigin},
};
use crate::text;
use crate::x509::read;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// An intermediate's successor is begun this long before it must be there: a request, a telephone call, a ceremony
/// and a maintenance window take weeks.
pub const RENEWAL_LEAD: SignedDuration = days(60);
/// A drill is arranged this long before it is due.
const DRILL_LEAD: SignedDuration = days(30);

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// Stable over runs and generations: `crl.1`, `intermediate.cluster1`, `root`, `drill`.
    pub id: String,
    /// When it must be begun.
    pub begin: Timestamp,
    /// By when it must be done.
    pub by: Timestamp,
    /// Whole days from now to `by`; negative when it is past.
    pub days: i64,
    /// True when `begin` is past.
    pub urgent: bool,
    /// What, a phrase.
    pub what: String,
    /// What breaks, and when; a sentence without a stop.
    pub why: String,
    /// The command, or what people do.
    pub how: String,
}

/// What makes a [`Due`], but for the time.
#[derive(Debug, Clone)]
pub struct Task {
    /// As [`Due::id`].
    pub id: String,
    /// As [`Due::begin`].
    pub begin: Timestamp,
    /// As [`Due::by`].
    pub by: Timestamp,
    /// As [`Due::what`].
    pub what: String,
    /// As [`Due::why`].
    pub why: String,
    /// As [`Due::how`].
    pub how: String,
}

impl Task {
    /// The task as it stands at a time.
    pub fn at(self, now: Timestamp) -> Due {
        let Task { id, begin, by, what, why, how } = self;
        let days = by.duration_since(now).as_hours().div_euclid(24);
        Due { id, begin, by, days, urgent: begin <= now, what, why, how }
    }
}

/// Tasks as they stand at a time: those that must be begun first, by when they must be done.
pub fn in_order(tasks: Vec<Task>, now: Timestamp) -> Vec<Due> {
    let mut due: Vec<Due> = tasks.into_iter().map(|task| task.at(now)).collect();
    due.sort_by(|a, b| (a.begin.max(now), a.by, &a.id).cmp(&(b.begin.max(now), b.by, &b.id)));
    due
}

/// So many days.
pub const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// A lead that fits a validity: what lives for less than three times as long is begun after two thirds of its days,
/// or it would be due on the day it was made.
pub fn lead(wanted: SignedDuration, validity: SignedDuration) -> SignedDuration {
    wanted.min(SignedDuration::from_secs(validity.as_secs() / 3))
}

/// What is due in an authority.
pub fn due(state: &State, config: &Config, now: Timestamp) -> Vec<Due> {
    // Nothing is issued any more: what is still valid ends by itself.
    if state.is_ending() {
        return Vec::new();
    }
    let mut tasks = Vec::new();
    tasks.extend(crls(state, config, now));
    tasks.extend(clusters(state, config));
    tasks.extend(root(state, config));
    tasks.extend(audit(state));
    tasks.extend(custody(state, config));
    tasks.extend(backup(state, config));
    tasks.extend(drill(state, config));
    tasks.extend(countersigning(state, config));
    in_order(tasks, now)
}

/// The next CRL of each root that still has something to say: the newest one, and those with certificates in use.
fn crls(state: &State, config: &Config, now: Timestamp) -> Vec<Task> {
    let roots = state.roots();
    let newest = roots.keys().next_back().copied();
    let left = state.left_crls();
    let mut tasks = Vec::new();
    for (generation, crl) in &state.crls {
        let root_ends = roots.get(generation).map_or(crl.next_update, |root| root.not_after);
        let alive = state.living_roots().any(|key| key.generation == *generation);
        // No CRL outlives its issuer: the last one is the last.
        if crl.next_update >= root_ends || !alive || !(newest == Some(*generation) || in_use(state, *generation, now)) {
            continue;
        }
        let of = if roots.len() > 1 { format!(" of root generation {generation}") } else { String::new() };
        let unpublished = state.unpublished(*generation).len();
        if unpublished > 0 {
            let since = state.last_time.unwrap_or(crl.next_update);
            tasks.push(Task {
                id: format!("crl.{generation}"),
                begin: since,
                by: since,
                what: format!("issue the CRL after number {}{of}: a revocation waits", crl.number),
                why: format!("{} on none, so nobody learns of it", text::count(unpublished, "revoked certificate")),
                how: "anchorite crl".to_owned(),
            });
            continue;
        }
        if left.contains(&crl.number) {
            let since = state.last_time.unwrap_or(crl.next_update);
            tasks.push(Task {
                id: format!("crl.{generation}"),
                begin: since,
                by: since,
                what: format!("publish CRL number {}{of}", crl.number),
                why: "it is signed; the ceremony ended before public/ had it".to_owned(),
                how: "anchorite crl --if-needed".to_owned(),
            });
            continue;
        }
        let validity = match read::crl(&crl.der) {
            Ok(read) => crl.next_update.duration_since(read.view.this_update),
            Err(_) => days(i64::from(config.crl.validity_days)),
        };
        tasks.push(Task {
            id: format!("crl.{generation}"),
            begin: crl.next_update - lead(days(i64::from(config.status.crl_days)), validity),
            by: crl.next_update,
            what: format!("issue the CRL after number {}{of}", crl.number),
            why: "from then on whoever checks revocation refuses every certificate of this root".to_owned(),
            how: "anchorite crl".to_owned(),
        });
    }
    tasks
}

/// True where a root's generation has an intermediate, or a cross-certificate, that may be in use.
fn in_use(state: &State, generation: u32, now: Timestamp) -> bool {
    state.certificates.values().any(|c| {
        let issued = c.status != Status::Failed && c.issuer_generation == generation && c.not_after >= now;
        issued && matches!(c.what.as_str(), "intermediate" | "cross")
    })
}

/// The next intermediate of each cluster that is in use, and its bundle where there is none yet.
fn clusters(state: &State, config: &Config) -> Vec<Task> {
    let newest_root = state.certified("root").map_or(1, |key| key.generation);
    let mut tasks = Vec::new();
    for (name, cluster) in state.clusters.iter().filter(|(_, cluster)| cluster.retired.is_none()) {
        if let Some(certificate) = state.newest_intermediate(name) {
            if let Some(revocation) = state.revoked(&certificate.serial) {
                tasks.push(replacement(name, revocation.date));
                continue;
            }
            let offline = cluster.key_origin == "offline"
                || config.clusters.get(name).is_some_and(|c| c.key_origin == KeyOrigin::Offline);
            tasks.push(renewal(name, certificate, offline, newest_root, config));
        }
        if state.undelivered.contains(name) {
            let since = state.last_time.unwrap_or(Timestamp::UNIX_EPOCH);
            tasks.push(Task {
                id: format!("bundle.{name}"),
                begin: since,
                by: since,
                what: format!("export the bundle of {name}"),
                why: "its newest certificate is signed and in no bundle: the cluster waits".to_owned(),
                how: format!("anchorite export {name}"),
            });
        }
    }
    tasks
}

/// A revoked intermediate has no successor by renewal: its key says nothing any more.
fn replacement(name: &str, since: Timestamp) -> Task {
    Task {
        id: format!("intermediate.{name}"),
        begin: since,
        by: since,
        what: format!("certify a new key of {name}: its intermediate is revoked"),
        why: "the cluster has no intermediate that it may use; retire it if it needs none".to_owned(),
        how: format!("on the cluster's side: anchorite request {name}, in another directory; not --renew"),
    }
}

fn renewal(name: &str, certificate: &Certificate, offline: bool, newest_root: u32, config: &Config) -> Task {
    let ends = certificate.not_after;
    let leaf = config.intermediates.leaf().min(validity(certificate));
    let by = ends - leaf;
    let how = match offline {
        true => format!("anchorite sign --offline {name}"),
        false => format!("on the cluster's side: anchorite request {name} --renew"),
    };
    let rollover = certificate.issuer_generation < newest_root;
    let (under, how) = match rollover {
        true => (
            format!(", under root generation {newest_root}"),
            format!("{how}; the mesh changes its root: anchorite rollover plan"),
        ),
        false => (String::new(), how),
    };
    Task {
        id: format!("intermediate.{name}"),
        begin: by - lead(RENEWAL_LEAD, validity(certificate)),
        by,
        what: format!("renew the intermediate of {name}{under}"),
        why: outlived(ends, leaf),
        how,
    }
}

/// Why an intermediate's successor must be there before its own end.
pub fn outlived(ends: Timestamp, leaf: SignedDuration) -> String {
    let hours = leaf.as_hours();
    format!("it ends {ends}; workloads' certificates live {hours} hours, so what it issues later outlives it")
}

/// The successor of the newest root: once a new intermediate would be cut short by its end.
fn root(state: &State, config: &Config) -> Option<Task> {
    let root = state.certificate_of("root")?;
    let longest = days(i64::from(config.intermediates.max_validity_days));
    Some(Task {
        id: "root".to_owned(),
        begin: root.not_after - lead(longest, validity(root)),
        by: root.not_after,
        what: "replace the root".to_owned(),
        why: format!(
            "it ends {}; an intermediate that is made after the first date ends with it, before its {} days are over",
            root.not_after, config.intermediates.max_validity_days
        ),
        how: "anchorite root rollover; then, for each mesh: anchorite rollover plan".to_owned(),
    })
}

/// The audit key's certificate, where it ends before the newest root does.
fn audit(state: &State) -> Option<Task> {
    let root = state.certificate_of("root")?;
    // Each root that is current certified it: the one that lasts longest counts.
    let certificates = state.audit_certificates(state.audit_in_force()?);
    let audit = certificates.into_iter().max_by_key(|certificate| certificate.not_after)?;
    (audit.not_after < root.not_after).then(|| Task {
        id: "audit".to_owned(),
        begin: audit.not_after - lead(RENEWAL_LEAD, validity(audit)),
        by: audit.not_after,
        what: "certify a new audit key".to_owned(),
        why: "checkpoints and bundles that are signed later verify under no certificate".to_owned(),
        how: "anchorite root rollover".to_owned(),
    })
}

/// Custodians as the configuration wants them, where the token opens to others.
fn custody(state: &State, config: &Config) -> Option<Task> {
    let wanted = config.custody.as_ref()?;
    let set = state.custody.of("root", "user")?;
    let same = set.threshold == wanted.threshold && set.commitments.len() == usize::from(wanted.custodians);
    let since = state.last_time.unwrap_or(set.at);
    (!same).then(|| Task {
        id: "custody".to_owned(),
        begin: since,
        by: since,
        what: format!("change the custodians to {} of {}", wanted.threshold, wanted.custodians),
        why: format!(
            "authority.toml was adopted with them, and the token opens to {} of {}",
            set.threshold,
            set.commitments.len()
        ),
        how: "anchorite custody change".to_owned(),
    })
}

/// The next proof that a copy of the root's token lives, where the configuration wants copies.
fn backup(state: &State, config: &Config) -> Option<Task> {
    let apart = days(i64::from(config.status.backup_days));
    if config.key_backup.mode == BackupMode::None || apart.is_zero() {
        return None;
    }
    let roots = state.living_certificates();
    let task = |begin, by, why: String| Task {
        id: "backup".to_owned(),
        begin,
        by,
        what: "prove that a copy of the root's token signs".to_owned(),
        why,
        how: "anchorite key-backup".to_owned(),
    };
    // A copy that was made before a rollover lacks the newer root's key.
    if let Some((generation, root)) = roots.iter().find(|(number, _)| state.backups.last_proved(**number).is_none()) {
        let made = begins(root)?;
        let why = match roots.len() {
            1 => "no copy was ever proved: losing the token now loses the root".to_owned(),
            _ => format!("no copy with root {generation} was ever proved: losing the token now loses that root"),
        };
        return Some(task(made, made, why));
    }
    let last = roots.keys().filter_map(|generation| state.backups.last_proved(*generation)).min()?;
    let why = format!("the last proof was on {}: a copy that nobody tried is none", date(last));
    Some(task(last + apart - lead(DRILL_LEAD, apart), last + apart, why))
}

/// The next restore drill: the one rehearsal that the authority's own log knows of.
fn drill(state: &State, config: &Config) -> Option<Task> {
    let apart = days(i64::from(config.status.drill_days));
    let since = state.drills.last().or_else(|| begins(state.certificate_of("root")?))?;
    let last = match state.drills.last() {
        Some(last) => format!("the last one was on {}", date(last)),
        None => "none was held yet".to_owned(),
    };
    (!apart.is_zero()).then(|| Task {
        id: "drill".to_owned(),
        begin: since + apart - lead(DRILL_LEAD, apart),
        by: since + apart,
        what: "rehearse: hold a restore drill".to_owned(),
        why: format!("{last}: whether a copy, the token and the people are enough, only a drill shows"),
        how: "anchorite ceremony run restore-drill, on a copy of the authority".to_owned(),
    })
}

/// The oldest closing checkpoint that nobody elsewhere has seen, where the configuration names who should.
fn countersigning(state: &State, config: &Config) -> Option<Task> {
    let within = days(i64::from(config.countersigners.within_days));
    let (size, since) = state.witnessed.waiting().first().filter(|_| !config.countersigners.keys.is_empty())?;
    let newest = state.witnessed.waiting().last().map_or(*size, |(size, _)| *size);
    let seen = state.witnessed.largest().map_or(0, |witnessed| witnessed.size);
    Some(Task {
        id: "countersign".to_owned(),
        begin: *since + within - lead(DRILL_LEAD, within),
        by: *since + within,
        what: format!("have the checkpoint of {newest} entries countersigned elsewhere"),
        why: match seen {
            0 => {
                "nobody elsewhere has countersigned this log: a log and a token put back together look whole".to_owned()
            }
            seen => format!("nobody elsewhere has countersigned more than its first {seen} entries"),
        },
        how: "anchorite checkpoint export; and with what comes back: anchorite checkpoint take FILE".to_owned(),
    })
}

/// The beginning of a certificate's validity, where it is issued.
fn begins(certificate: &Certificate) -> Option<Timestamp> {
    Some(read::certificate(certificate.der.as_deref()?).ok()?.view.not_before)
}

fn validity(certificate: &Certificate) -> SignedDuration {
    begins(certificate).map_or(RENEWAL_LEAD, |begins| certificate.not_after.duration_since(begins))
}

/// `2026-11-21`, in UTC.
pub fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests;
