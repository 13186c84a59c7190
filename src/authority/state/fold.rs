//! The fold of the log, and the rules about the order of entries.
//!
//! [`State::apply`] takes entries one by one. The program that writes and the audit that verifies use the
//! same fold, so an entry that breaks a rule is refused on both sides.

use super::{Adopted, BundleRecord, Cluster, KeyRecord, OpenPlan, Requested, Retired, Session, State, TokenRecord};
use crate::authority::rules::{broken, expect};
use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::log::record::{KeyIntent, Recovered};
use crate::log::{Entry, Record};
use crate::x509::Spki;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the fold needs of a plan; the rest is for those who approve it.
#[derive(Deserialize)]
struct PlanProfile {
    profile: String,
    cluster: Option<PlanCluster>,
}

#[derive(Deserialize)]
struct PlanCluster {
    spki_sha256: Digest,
}

impl State {
    /// Folds the next entry.
    ///
    /// # Errors
    /// [`Kind::Verify`](crate::error::Kind::Verify) names the rule that the entry breaks; the state is then
    /// no longer to be used.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Error> {
        if entry.seq != self.size {
            return Err(broken("log.sequence", "entries are folded in order", &entry.seq.to_string()));
        }
        self.check_session(entry)?;
        match &entry.record {
            Record::Genesis(genesis) => {
                expect(self.size == 0, "log.genesis", "genesis is the first entry", "a second genesis")?;
                self.log = Some(Hex::parse(&entry.header.log)?);
                self.log_text = Some(entry.header.log.clone());
                self.name.clone_from(&genesis.name);
                self.kind.clone_from(&genesis.kind);
                self.origin.clone_from(&genesis.origin);
            }
            Record::ConfigAdopted(config) => {
                let found = Digest::of(config.text.as_bytes());
                expect(found == config.sha256, "config.digest", "the text has its digest", &found.hex())?;
                let adopted = Adopted { seq: entry.seq, sha256: config.sha256, text: config.text.clone() };
                self.configs.push(adopted);
            }
            Record::ScriptAdopted(script) => {
                let found = Digest::of(script.text.as_bytes());
                expect(found == script.sha256, "script.digest", "the text has its digest", &found.hex())?;
                self.scripts.insert(script.sha256);
                self.drills.adopted(script);
            }
            Record::SessionOpened(opened) => {
                self.witnessed.opened();
                self.since_completed.get_or_insert(entry.seq);
                self.session = Some(Session {
                    id: entry.header.session.clone(),
                    ceremony: opened.ceremony.clone(),
                    opened: entry.seq,
                    since: entry.header.time,
                    steps: Vec::new(),
                    unattended: opened.unattended,
                });
                self.begin_course(opened, &entry.header)?;
                self.plans.clear();
            }
            Record::SessionClosed(closed) => {
                let open = self.open_intents.keys().next().map(|seq| seq.to_string());
                expect(
                    open.is_none(),
                    "session.open-intent",
                    "no intent is open at the end",
                    &open.unwrap_or_default(),
                )?;
                let ceremony = self.session.take().map(|session| session.ceremony).unwrap_or_default();
                let script = self.course.as_ref().map(|course| course.script_sha256);
                self.drills.closed(script, &closed.outcome, entry.header.time);
                self.end_course(&closed.outcome);
                if closed.outcome == "complete" {
                    self.completed = true;
                    self.since_completed = None;
                    let newest = |name: &String| self.newest_intermediate(name).and_then(|c| c.generation);
                    let sealed = |name: &String| self.clusters.get(name)?.bundles.last().map(|b| b.generation);
                    let waits = self.undelivered.iter().filter(|name| newest(name) > sealed(name)).cloned().collect();
                    self.undelivered = waits;
                }
                self.last_session = Some((ceremony, entry.header.time));
                self.witnessed.closed(entry.seq.saturating_add(1), entry.header.time);
                self.sessions_closed += 1;
            }
            Record::StepDone(step) => {
                if let Some(session) = &mut self.session {
                    session.steps.push(step.step.clone());
                }
                if ["publish", "unlock-token"].contains(&step.activity.as_str()) {
                    self.published = entry.seq;
                }
                self.finish_step(&step.step, entry.header.time, false);
            }
            Record::StepSkipped(step) => self.finish_step(&step.step, entry.header.time, true),
            Record::ValueRecorded(value) => match self.values.get_mut(&value.name) {
                Some(known) => known.clone_from(&value.value),
                None => {
                    self.values.insert(value.name.clone(), value.value.clone());
                }
            },
            Record::TokenInitialized(t) => {
                self.custody.initialized(&t.role, t.custody.as_ref())?;
                self.tokens.insert(t.role.clone(), token(&t.serial, &t.label, &t.manufacturer, &t.model));
            }
            Record::TokenUnlocked(t) => {
                self.tokens.insert(t.role.clone(), token(&t.serial, &t.label, &t.manufacturer, &t.model));
            }
            Record::KeyAttested(piece) => self.attest(entry.seq, piece)?,
            Record::KeyIntent(intent) => self.apply_key_intent(intent)?,
            Record::KeyGenerated(generated) => {
                let spki = Spki::from_der(&generated.spki.0)?;
                let key = self.keys.iter_mut().find(|k| k.id == generated.id && k.spki.is_none());
                let key = key.ok_or_else(|| {
                    broken("key.intent", "a key is generated under an intent", &generated.id.to_string())
                })?;
                key.spki = Some(spki);
            }
            Record::KeyAdopted(adopted) => self.adopt_key(entry.seq, entry.header.time, adopted)?,
            Record::HistoryImported(past) => self.import_history(entry.seq, entry.header.time, past)?,
            Record::Restore(restore) => self.restore(entry.seq, restore)?,
            Record::KeySealed(sealed) => {
                self.sealed.insert(sealed.spki_sha256, entry.seq);
            }
            Record::AuditRotated(rotated) => self.rotate_audit(entry.seq, rotated)?,
            Record::ClusterEnrolled(cluster) => {
                let fresh = !self.clusters.contains_key(&cluster.cluster);
                expect(fresh, "cluster.unique", "a cluster's name is enrolled once", &cluster.cluster)?;
                let record = Cluster {
                    environment: cluster.environment.clone(),
                    trust_domain: cluster.trust_domain.clone(),
                    recipients: cluster.recipients.clone(),
                    profile: cluster.profile.clone(),
                    key_origin: cluster.key_origin.clone(),
                    since: entry.header.time,
                    generation: 0,
                    bundles: Vec::new(),
                    requests: BTreeMap::new(),
                    retired: None,
                };
                self.clusters.insert(cluster.cluster.clone(), record);
            }
            Record::ClusterRetired(retired) => {
                self.check_settled()?;
                let cluster = self.clusters.get_mut(&retired.cluster);
                let cluster = cluster.filter(|c| c.retired.is_none()).ok_or_else(|| {
                    broken("cluster.retired", "an enrolled cluster is retired once", &retired.cluster)
                })?;
                cluster.retired = Some(Retired { at: entry.header.time, reason: retired.reason.clone() });
                self.undelivered.remove(&retired.cluster);
            }
            Record::RequestImported(request) => {
                self.requests.insert(request.sha256, request.cluster.clone());
                let requested = Requested {
                    csr_sha256: Digest::of(&request.csr.0),
                    environment: request.environment.clone(),
                    trust_domain: request.trust_domain.clone(),
                    recipients: request.recipients.clone(),
                    // Known with its plan.
                    profile: String::new(),
                };
                self.imported.insert(request.cluster.clone(), Arc::new(requested));
            }
            Record::PlanMade(plan) => {
                self.check_settled()?;
                let found = Digest::of(plan.plan.get().as_bytes());
                expect(found == plan.sha256, "plan.digest", "a plan has its digest", &found.hex())?;
                let read: Option<PlanProfile> = serde_json::from_str(plan.plan.get()).ok();
                let spki_sha256 = read.as_ref().and_then(|plan| plan.cluster.as_ref()).map(|c| c.spki_sha256);
                let profile = read.map(|plan| plan.profile);
                self.plans.insert(plan.sha256, OpenPlan { approved: false, profile, spki_sha256 });
            }
            Record::PlanApproved(approved) => {
                let known = self.plans.get_mut(&approved.plan_sha256);
                let plan = known.ok_or_else(|| {
                    broken(
                        "plan.approved",
                        "a plan is made in the session that approves it",
                        &approved.plan_sha256.hex(),
                    )
                })?;
                plan.approved = true;
            }
            Record::PlanDeclined(declined) => {
                self.plans.remove(&declined.plan_sha256);
            }
            Record::PlanExpired(expired) => {
                self.plans.remove(&expired.plan_sha256);
            }
            Record::SignIntent(intent) => {
                self.check_settled()?;
                self.check_issuer_alive(intent)?;
                self.apply_intent(entry.seq, entry.header.time, intent)?;
            }
            Record::RootCertified(certified) => self.certify_root(certified)?,
            Record::CheckpointWitnessed(witnessed) => self.witness(entry.seq, witnessed)?,
            Record::SignOutcome(outcome) => self.apply_outcome(entry.seq, outcome)?,
            Record::CertificateRevoked(revoked) => {
                self.check_settled()?;
                self.revoke(entry.seq, entry.header.time, revoked)?;
            }
            Record::BundleExported(bundle) => {
                let cluster = self
                    .clusters
                    .get_mut(&bundle.cluster)
                    .ok_or_else(|| broken("bundle.cluster", "a bundle is for an enrolled cluster", &bundle.cluster))?;
                let last = cluster.bundles.last().map_or(0, |b| b.sequence);
                expect(
                    bundle.sequence > last,
                    "bundle.sequence",
                    "a cluster's bundles are numbered upwards",
                    &bundle.sequence.to_string(),
                )?;
                // There are thousands of clusters, and few bundles of each.
                cluster.bundles.reserve_exact(1);
                cluster.bundles.push(BundleRecord {
                    id: bundle.bundle_id.clone(),
                    generation: bundle.generation,
                    sequence: bundle.sequence,
                    tree_size: bundle.tree_size,
                    at: entry.header.time,
                });
            }
            Record::Recovered(Recovered { .. })
            | Record::RequestRefused(_)
            | Record::Preflight(_)
            | Record::Deviation(_)
            | Record::TokenQuorum(_)
            | Record::ClockSet(_) => {}
            Record::CustodySplit(split) => self.custody.split(entry.seq, entry.header.time, split)?,
            Record::CustodyShareUsed(used) => self.custody.used(used)?,
            Record::PinChanging(changing) => self.custody.changing(changing)?,
            Record::PinChanged(changed) => self.custody.changed(changed)?,
            Record::KeyBackupMade(made) => self.backups.made(entry.header.time, made)?,
            Record::KeyBackupProving(proving) => self.backups.intend(entry.seq, proving)?,
            Record::KeyBackupProved(proved) => self.backups.proved(entry.header.time, proved)?,
            Record::KeyLocked(locked) => {
                self.generated(&locked.id, "key.locked")?;
                self.backups.lock(locked)?;
            }
            Record::KeyRestored(restored) => {
                let backed = self.backups.named(&restored.backup).is_some_and(|backup| backup.wrapped.is_some());
                expect(backed, "key.restored", "a key is restored from a wrapped backup", &restored.backup)?;
                self.generated(&restored.id, "key.restored")?.token_serial.clone_from(&restored.token_serial);
                self.backups.restored(&restored.id);
            }
            Record::KeyDestroying(destroying) => self.apply_destroying(&entry.header, destroying)?,
            Record::KeyDestroyed(destroyed) => self.apply_destroyed(&entry.header, destroyed)?,
        }
        self.last_time = match &entry.record {
            // `seq` gives order: a clock that was once ahead does not hold up those who come later.
            Record::ClockSet(set) if set.back => Some(entry.header.time),
            _ => self.last_time.max(Some(entry.header.time)),
        };
        self.size += 1;
        Ok(())
    }

    /// Entries belong to the session that is open; only what begins a log or a session may stand outside one.
    fn check_session(&self, entry: &Entry) -> Result<(), Error> {
        if let Some(log) = &self.log_text {
            expect(*log == entry.header.log, "log.id", "one log has one id", &entry.header.log)?;
        } else {
            let first = matches!(entry.record, Record::Genesis(_));
            expect(first, "log.genesis", "a log begins with genesis", entry.record.kind())?;
        }
        match (&entry.record, &self.session) {
            // A session that was interrupted is succeeded by another; `recovered` says what became of it.
            (Record::SessionOpened(_) | Record::Genesis(_), _) => Ok(()),
            (Record::ConfigAdopted(_) | Record::ScriptAdopted(_), _) => Ok(()),
            (_, Some(session)) => expect(
                session.id == entry.header.session,
                "session.id",
                "an entry belongs to the session that is open",
                &entry.header.session,
            ),
            (record, None) => Err(broken("session.open", "an entry belongs to an open session", record.kind())),
        }
    }

    /// What an interrupted session intended is settled before anything new is planned.
    pub(super) fn check_settled(&self) -> Result<(), Error> {
        match self.unsettled() {
            None => Ok(()),
            Some(seq) => Err(broken(
                "intent.settled",
                "an intent without outcome is settled before the next session plans anything",
                &seq.to_string(),
            )),
        }
    }

    /// A key that was generated, by its id.
    fn generated(&mut self, id: &Hex, rule: &str) -> Result<&mut KeyRecord, Error> {
        let known = self.keys.iter_mut().find(|key| key.id == *id && key.spki.is_some());
        known.ok_or_else(|| broken(rule, "a key that was generated", &id.to_string()))
    }

    fn apply_key_intent(&mut self, intent: &KeyIntent) -> Result<(), Error> {
        let unique = self.keys.iter().all(|k| k.id != intent.id);
        expect(unique, "key.id", "a key id is used once", &intent.id.to_string())?;
        self.keys.push(KeyRecord {
            id: intent.id.clone(),
            role: intent.role.clone(),
            generation: intent.generation,
            spec: intent.spec,
            token_serial: intent.token_serial.clone(),
            spki: None,
            certificate: None,
        });
        Ok(())
    }
}

fn token(serial: &str, label: &str, manufacturer: &str, model: &str) -> TokenRecord {
    TokenRecord {
        serial: serial.to_owned(),
        label: label.to_owned(),
        manufacturer: manufacturer.to_owned(),
        model: model.to_owned(),
    }
}
