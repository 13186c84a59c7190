//! Which certificate an order to revoke means, and whether it can be carried out: for whoever can say so before a
//! token is unlocked.

use crate::authority::State;
use crate::authority::state::Certificate;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::log::record::CertificateRevoked;
use crate::profile::BACKDATE;
use crate::text;
use crate::x509::Reason;
use crate::x509::read::CrlView;
use jiff::Timestamp;

/// An order to revoke a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// A cluster, a cluster and its generation (`west@2`), or a serial number, as people typed it.
    pub what: String,
    /// Why.
    pub reason: Reason,
    /// Since when its key is known or suspected to be in other hands.
    pub invalid_from: Option<Timestamp>,
}

impl Order {
    /// The certificate that is meant.
    ///
    /// # Errors
    /// [`Kind::Usage`]: there is none, there are several, or it cannot be revoked. Nothing was changed.
    pub fn certificate<'s>(&self, state: &'s State, now: Timestamp) -> Result<&'s Certificate, Error> {
        let certificate = match self.what.split_once('@') {
            Some((cluster, generation)) => of_generation(state, cluster, generation)?,
            None if state.clusters.contains_key(&self.what) => the_one_of(state, &self.what, now)?,
            None => by_serial(state, &self.what)?,
        };
        if let Some(why) = state.irrevocable(&certificate.serial) {
            let error = refuse("this certificate cannot be revoked", &name(certificate)).hint(why);
            return Err(match certificate.what.as_str() {
                "root" => error.hint(
                    "the way out of a root is another root: the meshes change to it, then this authority is given up",
                ),
                "audit" => error.hint("change the audit key first; the one that it replaces can be revoked"),
                _ => error,
            });
        }
        if certificate.not_after < now {
            return Err(refuse("this certificate has ended: nobody accepts it any more", &name(certificate))
                .wanted("one that is valid")
                .hint(format!("it ended on {}", certificate.not_after)));
        }
        Ok(certificate)
    }

    /// True where what it means is revoked.
    pub fn is_done(&self, state: &State) -> bool {
        self.done_since(state, 0).is_some()
    }

    /// The certificate that is meant, where entries from a position on revoked it.
    pub fn done_since<'s>(&self, state: &'s State, seq: u64) -> Option<&'s Certificate> {
        let certificate = match self.what.split_once('@') {
            Some((cluster, generation)) => of_generation(state, cluster, generation).ok(),
            None => state.newest_intermediate(&self.what).or_else(|| by_serial(state, &self.what).ok()),
        };
        certificate.filter(|certificate| state.revoked(&certificate.serial).is_some_and(|revoked| seq <= revoked.seq))
    }

    /// The record of the revocation, dated now.
    ///
    /// # Errors
    /// [`Kind::Usage`]: its date is in the future. As [`Self::certificate`] otherwise.
    pub fn record(&self, state: &State, now: Timestamp) -> Result<CertificateRevoked, Error> {
        let certificate = self.certificate(state, now)?;
        self.check_date(now)?;
        let date = Timestamp::from_second((now - BACKDATE).as_second()).unwrap_or(now);
        // What is suspected since five minutes is dated by the revocation itself (RFC 5280 section 5.3.2).
        let invalid_from = self.invalid_from.filter(|from| *from < date);
        Ok(CertificateRevoked { serial: certificate.serial.clone(), reason: self.reason, date, invalid_from })
    }

    /// A key is not in other hands only from tomorrow on.
    ///
    /// # Errors
    /// [`Kind::Usage`].
    pub fn check_date(&self, now: Timestamp) -> Result<(), Error> {
        match self.invalid_from.filter(|from| *from > now) {
            None => Ok(()),
            Some(from) => {
                Err(refuse("the date lies in the future", &from.to_string()).wanted(format!("at most {now}")).hint(
                    "a revocation counts from now; --date says since when the key is suspected to be in other hands",
                ))
            }
        }
    }
}

/// The certificates that orders mean, in their order; each of them another one.
///
/// # Errors
/// [`Kind::Usage`], as [`Order::certificate`]. Nothing was changed.
pub fn all<'s>(state: &'s State, orders: &[Order], now: Timestamp) -> Result<Vec<&'s Certificate>, Error> {
    let mut all: Vec<&Certificate> = Vec::new();
    for order in orders {
        let certificate = order.certificate(state, now)?;
        if all.iter().any(|other| other.serial == certificate.serial) {
            return Err(refuse("one certificate is named twice", &name(certificate)));
        }
        all.push(certificate);
    }
    Ok(all)
}

/// True once half of a CRL's time is over: the next one is due.
pub fn is_half_over(crl: &CrlView, now: Timestamp) -> bool {
    now.as_second() >= crl.this_update.as_second().midpoint(crl.next_update.as_second())
}

/// What people call a certificate, and type to confirm that they mean it: `west@2`, or its serial number.
pub fn name(certificate: &Certificate) -> String {
    match (&certificate.cluster, certificate.generation) {
        (Some(cluster), Some(generation)) => format!("{cluster}@{generation}"),
        _ => certificate.serial.to_string(),
    }
}

fn refuse(what: &str, seen: &str) -> Error {
    Error::new(Kind::Usage, what).saw(seen).truth("Nothing was changed.")
}

fn of_generation<'s>(state: &'s State, cluster: &str, generation: &str) -> Result<&'s Certificate, Error> {
    let generations = || state.certificates.of_cluster(cluster);
    let found = generations().find(|c| c.generation.is_some_and(|number| number.to_string() == generation));
    found.ok_or_else(|| {
        let mut names: Vec<String> = generations().map(name).collect();
        names.sort();
        let error = refuse("there is no such certificate", &format!("{cluster}@{generation}"));
        match names.is_empty() {
            true => no_cluster(state, cluster),
            false => error.wanted(names.join(", ")),
        }
    })
}

/// The one certificate of a cluster that is in use.
fn the_one_of<'s>(state: &'s State, cluster: &str, now: Timestamp) -> Result<&'s Certificate, Error> {
    let in_use: Vec<&Certificate> =
        state.unexpired(cluster, now).into_iter().filter(|c| state.irrevocable(&c.serial).is_none()).collect();
    match in_use.as_slice() {
        [one] => Ok(one),
        [] => Err(refuse("this cluster has no certificate that could be revoked", cluster)
            .hint("each was revoked or has ended: anchorite status")),
        several => {
            let mut names: Vec<String> = several.iter().map(|c| name(c)).collect();
            names.sort();
            Err(refuse("this cluster has several certificates that are valid", cluster)
                .wanted(names.join(", "))
                .hint("name its generation; several can be named in one order"))
        }
    }
}

fn by_serial<'s>(state: &'s State, typed: &str) -> Result<&'s Certificate, Error> {
    let plain: String = typed.chars().filter(|c| *c != ':').collect::<String>().to_lowercase();
    let serial = Hex::parse(&plain).ok().filter(|serial| serial.0.len() >= 8);
    let Some(serial) = serial else { return Err(no_cluster(state, typed)) };
    state.certificates.get(&serial).ok_or_else(|| {
        refuse("no certificate of this authority has this serial number", typed)
            .hint("anchorite status lists them; another issuer's certificate is revoked by that issuer")
    })
}

fn no_cluster(state: &State, typed: &str) -> Error {
    let names = || state.clusters.keys().map(String::as_str);
    let error = refuse("no cluster of this name is enrolled", typed);
    let error = match names().collect::<Vec<_>>().join(", ") {
        all if all.is_empty() => error.wanted("an enrolled cluster, or a serial number; there is no cluster"),
        all => error.wanted(format!("{all}, or a serial number")),
    };
    match text::nearest(typed, names()) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => error,
    }
}

#[cfg(test)]
mod tests;
