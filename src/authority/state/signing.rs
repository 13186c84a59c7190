//! Intents and outcomes in the fold: numbers rise, a serial is used once, what may have been signed is never
//! used again.

use super::{Certificate, Crl, State, Status};
use crate::authority::rules::{broken, expect};
use crate::error::Error;
use crate::log::record::{SignIntent, SignOutcome};
use crate::x509::read;
use jiff::Timestamp;
use std::sync::Arc;

impl State {
    pub(super) fn apply_intent(&mut self, seq: u64, at: Timestamp, intent: &SignIntent) -> Result<(), Error> {
        // A plan is signed once.
        let plan = self.plans.remove(&intent.plan_sha256).unwrap_or_default();
        expect(
            plan.approved,
            "sign.approved",
            "a plan is approved in its session before it is signed",
            &intent.plan_sha256.hex(),
        )?;
        if let Some(number) = intent.crl_number {
            let last = self.crl_numbers.entry(intent.issuer_generation).or_default();
            expect(number > *last, "crl.number", "CRL numbers rise", &number.to_string())?;
            *last = number;
        }
        if let Some(serial) = &intent.serial {
            let fresh = !self.certificates.contains_key(serial);
            expect(fresh, "serial.unique", "a serial number is used once", &serial.to_string())?;
            if let (Some(name), Some(generation)) = (&intent.cluster, intent.generation) {
                let cluster = self
                    .clusters
                    .get_mut(name)
                    .ok_or_else(|| broken("sign.cluster", "an intermediate is for an enrolled cluster", name))?;
                expect(cluster.retired.is_none(), "cluster.retired", "a retired cluster gets no certificate", name)?;
                let rising = generation > cluster.generation;
                expect(rising, "cluster.generation", "a cluster's generations rise", &generation.to_string())?;
                cluster.generation = generation;
                if let Some(spki) = plan.spki_sha256 {
                    self.keys_intended.insert(spki, (name.clone(), seq));
                }
                if let Some(requested) = self.imported.get_mut(name) {
                    Arc::make_mut(requested).profile = plan.profile.unwrap_or_else(|| cluster.profile.clone());
                    cluster.requests.insert(generation, Arc::clone(requested));
                }
            }
            self.certificates.insert(
                serial.clone(),
                Certificate {
                    what: intent.what.clone(),
                    serial: serial.clone(),
                    issuer_generation: intent.issuer_generation,
                    cluster: intent.cluster.clone(),
                    generation: intent.generation,
                    not_after: intent.not_after,
                    intended: at,
                    intent: seq,
                    outcome: None,
                    status: Status::Open,
                    der: None,
                },
            );
        }
        self.open_intents.insert(seq, intent.clone());
        Ok(())
    }

    pub(super) fn apply_outcome(&mut self, seq: u64, outcome: &SignOutcome) -> Result<(), Error> {
        let intent = self
            .open_intents
            .remove(&outcome.intent)
            .ok_or_else(|| broken("sign.outcome", "an outcome answers one open intent", &outcome.intent.to_string()))?;
        let der = outcome.der.as_ref().map(|d| d.0.clone());
        let status = match (outcome.status.as_str(), &der) {
            ("ok", Some(_)) => Status::Issued,
            ("failed", None) => Status::Failed,
            ("unknown", None) => Status::Unknown,
            _ => return Err(broken("sign.status", "ok with DER, or failed or unknown without", &outcome.status)),
        };
        if let (Some(number), Some(der)) = (intent.crl_number, &der) {
            let crl = Crl { number, next_update: intent.not_after, der: der.clone(), outcome: Some(seq) };
            self.crls.insert(intent.issuer_generation, crl);
            self.listed_by(intent.issuer_generation, &read::crl(der)?.view);
        }
        if let (true, Some(der)) = (intent.what == "request", &der) {
            self.parents.requests.insert(intent.issuer_generation, der.clone());
        }
        if status == Status::Failed {
            self.keys_intended.retain(|_, (_, seq)| *seq != outcome.intent);
        }
        let Some(serial) = &intent.serial else { return Ok(()) };
        if let Some(der) = &der {
            let spki = read::certificate(der)?.view.spki;
            if let Some(cluster) = &intent.cluster {
                self.keys_of.insert(spki.sha256(), cluster.clone());
                self.undelivered.insert(cluster.clone());
            }
            let key = self.keys.iter_mut().find(|k| k.role == intent.what && k.spki.as_ref() == Some(&spki));
            if let Some(key) = key {
                key.certificate = Some(serial.clone());
            }
        }
        if let Some(certificate) = self.certificates.get_mut(serial) {
            certificate.status = status;
            certificate.der = der;
            certificate.outcome = Some(seq);
        }
        Ok(())
    }
}
