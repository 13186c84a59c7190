//! Would a mesh work with these files? Holds them against the table of [`rules`](super::rules), for the
//! consumers that are asked about.
//!
//! Files are anybody's: what is read here is read for diagnosis ([`read::foreign`]), and nothing is trusted
//! for it. Where the key is at hand, a leaf under it is tried with rustls-webpki ([`trial`]). "Starts" is not
//! "works": each finding says whom it stops.

mod across;
mod certificate;
mod crl;
mod files;
mod layouts;
mod merge;
mod path;
mod roots;
mod trial;

pub use across::{Cluster, across};
pub use crl::check_alone;
pub use merge::{Merged, Merging, Offered, Standing, merge};
pub use trial::{trial_leaf, webpki_accepts};

use super::rule::{Consumer, ConsumerRule, Found};
use crate::error::Error;
use crate::x509::read::Foreign;
use jiff::{SignedDuration, Timestamp};

/// The shape in which the files lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem, and ca-crl.pem where there is one.
    Four,
    /// tls.crt (the intermediate, then its chain), tls.key, ca.crt.
    Tls,
}

impl Form {
    /// The names of certificate, key, chain and roots.
    pub const fn names(self) -> [&'static str; 4] {
        match self {
            Form::Four => ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"],
            Form::Tls => ["tls.crt", "tls.key", "tls.crt", "ca.crt"],
        }
    }
}

/// The files of one cluster; what is not there is `None`. Not `Debug`: one of them is a key.
#[derive(Clone, Copy)]
pub struct CaFiles<'a> {
    /// Their shape.
    pub form: Form,
    /// The intermediate.
    pub ca_cert: Option<&'a [u8]>,
    /// Its private key.
    pub ca_key: Option<&'a [u8]>,
    /// The intermediate, then the rest of its chain.
    pub cert_chain: Option<&'a [u8]>,
    /// All current roots.
    pub root_cert: Option<&'a [u8]>,
    /// CRLs, which Istio reads since 1.27.
    pub crl: Option<&'a [u8]>,
}

/// For whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Findings that stop none of these are left out, but for what is worth knowing to everybody.
    pub consumers: &'a [Consumer],
    /// The time.
    pub now: Timestamp,
    /// The lifetime of a workload's certificate.
    pub leaf_ttl: SignedDuration,
    /// The mesh's SPIFFE trust domain.
    pub trust_domain: &'a str,
    /// How long before its end a CRL is said to be due.
    pub crl_notice: SignedDuration,
}

impl Asked<'_> {
    /// Istio's default lifetime of a workload's certificate.
    pub const LEAF_TTL: SignedDuration = SignedDuration::from_hours(24);
    /// Two weeks: time to find the key's holder, or to hold a ceremony.
    pub const CRL_NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);
    /// Istio's default trust domain.
    pub const TRUST_DOMAIN: &'static str = "cluster.local";

    /// Some consumers at a time, with Istio's defaults.
    pub const fn of(consumers: &[Consumer], now: Timestamp) -> Asked<'_> {
        Asked {
            consumers,
            now,
            leaf_ttl: Self::LEAF_TTL,
            trust_domain: Self::TRUST_DOMAIN,
            crl_notice: Self::CRL_NOTICE,
        }
    }

    fn about(&self, consumer: Consumer) -> bool {
        self.consumers.contains(&consumer)
    }
}

/// What rustls-webpki says of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// It validates.
    Accepted,
    /// It does not, and why.
    Rejected(String),
}

/// What the files are, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// The intermediate, where it could be read.
    pub own: Option<Foreign>,
    /// The certificates of the chain file.
    pub chain: Vec<Foreign>,
    /// The roots.
    pub roots: Vec<Foreign>,
    /// Names and serial numbers that the CRLs cover: the issuers' Names, DER.
    pub crl_issuers: Vec<Vec<u8>>,
    /// What rustls-webpki said of a leaf under the key; none where no leaf could be made.
    pub trial: Option<Trial>,
    /// What was found, in the order of the files.
    pub found: Vec<Found>,
}

impl Checked {
    /// The ids of the findings that stop a consumer.
    pub fn against(&self, consumer: Consumer) -> Vec<&str> {
        let stops = self.found.iter().filter(|found| found.stops.contains(&consumer));
        let mut ids: Vec<&str> = stops.map(|found| found.finding.id.as_str()).collect();
        ids.dedup();
        ids
    }
}

/// The findings of one check, gathered.
struct Gathered<'a> {
    asked: Asked<'a>,
    found: Vec<Found>,
}

impl Gathered<'_> {
    fn add(&mut self, rule: &'static ConsumerRule, observed: impl AsRef<str>, expected: impl AsRef<str>) {
        self.push(rule, rule.found(observed, expected));
    }

    fn add_with(&mut self, rule: &'static ConsumerRule, seen: impl AsRef<str>, wanted: impl AsRef<str>, hint: &str) {
        self.push(rule, rule.found_with(seen, wanted, hint));
    }

    fn push(&mut self, rule: &'static ConsumerRule, found: Found) {
        let concerns = rule.stops.is_empty() || rule.stops.iter().any(|consumer| self.asked.about(*consumer));
        if concerns && !self.found.iter().any(|before| before.finding == found.finding) {
            self.found.push(found);
        }
    }
}

/// Holds the files against every rule that concerns the consumers asked about.
///
/// # Errors
/// [`Kind::Bug`](crate::error::Kind::Bug) where a leaf could not be made to try the chain with.
pub fn check(files: &CaFiles<'_>, asked: &Asked<'_>) -> Result<Checked, Error> {
    let mut gathered = Gathered { asked: *asked, found: Vec::new() };
    let read = files::read(files, &mut gathered);
    let mut checked = Checked { chain: read.chain, roots: read.roots, ..Default::default() };
    if let Some(own) = read.own {
        let path = path::check(&own, &checked, files, &mut gathered);
        certificate::check(&own, &path, &mut gathered);
        roots::check(&path, &checked, files.form, &mut gathered);
        if let Some(crl) = files.crl {
            checked.crl_issuers = crl::check(crl, &own, &path, &checked, files.form, &mut gathered);
        }
        layouts::check(&own, &checked.roots, &mut gathered);
        let key = files.ca_key.and_then(|bytes| files::key(bytes, &own, files.form, &mut gathered));
        if let Some(key) = key {
            checked.trial = trial::check(&own, &key, &checked, &mut gathered)?;
        }
        checked.own = Some(own);
    }
    checked.found = gathered.found;
    Ok(checked)
}
