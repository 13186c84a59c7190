//! From the intermediate to a root: through the files' own certificates, by names and signatures.
//!
//! Unlike [`verify::chain`](crate::x509::verify::chain), which accepts only this program's own hierarchy,
//! this finds the path that a consumer would try, so that each rule can say what is wrong with it.

use super::{CaFiles, Checked, Form, Gathered};
use crate::consumer::rules::{CHAIN_EMPTY, CHAIN_FIRST, PATH, PATH_LEN, PATH_UNTOLD, ROOT_FIRST};
use crate::x509::read::Foreign;
use crate::x509::verify::{self, Checked as Signature};
use jiff::Timestamp;

/// The longest path that is tried, root included.
const MAX_PATH: usize = 8;
/// The most signatures that are checked: a hostile chain can hold thousands of CAs of one name.
pub(super) const MAX_SIGNATURES: usize = 256;

/// The intermediate first, the root last; shorter than that where no path was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    pub(super) certificates: Vec<Foreign>,
    /// The last one is a root of the root file.
    pub(super) complete: bool,
}

impl Path {
    /// The CAs below the root: the intermediate, and those between.
    pub(super) fn below_root(&self) -> &[Foreign] {
        match self.certificates.split_last() {
            Some((_, below)) if self.complete && !below.is_empty() => below,
            _ => &self.certificates,
        }
    }

    /// The root.
    pub(super) fn root(&self) -> Option<&Foreign> {
        self.certificates.last().filter(|_| self.complete)
    }
}

pub(super) fn check(own: &Foreign, read: &Checked, files: &CaFiles<'_>, gathered: &mut Gathered<'_>) -> Path {
    check_chain(own, read, files, gathered);
    let mut search = Search {
        chain: &read.chain,
        roots: &read.roots,
        now: gathered.asked.now,
        signatures: 0,
        untold: None,
        why: format!("nobody named {}", own.issuer),
    };
    let mut steps = vec![own];
    let complete = search.climb(&mut steps);
    if !complete && !read.roots.is_empty() {
        gathered.add(&PATH, search.why, "an issuer in cert-chain.pem, or the root itself");
    }
    if let Some(seen) = search.untold.filter(|_| complete) {
        gathered.add(&PATH_UNTOLD, seen, "RSA or ECDSA with SHA-1 or SHA-2, or Ed25519");
    }
    let path = Path { certificates: steps.into_iter().cloned().collect(), complete };
    check_lengths(&path, gathered);
    path
}

/// What workloads send after their own certificate.
fn check_chain(own: &Foreign, read: &Checked, files: &CaFiles<'_>, gathered: &mut Gathered<'_>) {
    let Some(bytes) = files.cert_chain.filter(|_| files.form == Form::Four) else { return };
    // An intermediate that peers trust as a root needs no chain.
    let is_root = read.roots.iter().any(|root| root.der == own.der);
    match read.chain.iter().position(|certificate| certificate.der == own.der) {
        _ if is_root => {}
        Some(0) => {}
        Some(_) => gathered.add(&ROOT_FIRST, first(read), &own.subject),
        None if super::files::is_blank(bytes) => gathered.add(&CHAIN_EMPTY, "an empty file", &own.subject),
        None if read.chain.is_empty() => {}
        None => gathered.add(&CHAIN_FIRST, first(read), &own.subject),
    }
}

fn first(read: &Checked) -> String {
    read.chain.first().map(|first| format!("first {}", first.subject)).unwrap_or_default()
}

/// RFC 5280 section 6.1.4 l: self-issued certificates do not count.
fn check_lengths(path: &Path, gathered: &mut Gathered<'_>) {
    let below_root = path.below_root();
    for (position, authority) in below_root.iter().enumerate().skip(1) {
        let below = below_root.iter().take(position).filter(|below| !below.is_self_issued()).count();
        if let Some(room) = authority.path_len().filter(|room| usize::try_from(*room).is_ok_and(|room| room < below)) {
            gathered.add(
                &PATH_LEN,
                format!("pathlen {room} in {}", authority.subject),
                format!("{below} or more: that many CAs are below it"),
            );
        }
    }
}

struct Search<'a> {
    chain: &'a [Foreign],
    roots: &'a [Foreign],
    now: Timestamp,
    signatures: usize,
    untold: Option<String>,
    why: String,
}

impl<'a> Search<'a> {
    fn climb(&mut self, steps: &mut Vec<&'a Foreign>) -> bool {
        let Some(&last) = steps.last() else { return false };
        if self.roots.iter().any(|root| root.der == last.der) {
            return true;
        }
        if steps.len() >= MAX_PATH {
            return false;
        }
        let named = self.roots.iter().chain(self.chain).filter(|issuer| issuer.subject_der == last.issuer_der);
        let mut issuers: Vec<&Foreign> = named.filter(|issuer| !steps.iter().any(|s| s.der == issuer.der)).collect();
        // The one that is valid, where a CA was renewed under the same name and key.
        issuers.sort_by_key(|issuer| !(issuer.not_before <= self.now && self.now <= issuer.not_after));
        if issuers.is_empty() {
            self.why = format!("nobody named {}, who issued {}", last.issuer, last.subject);
        }
        for issuer in issuers {
            if self.signatures >= MAX_SIGNATURES {
                self.why = format!("more than {MAX_SIGNATURES} CAs to try");
                return false;
            }
            self.signatures += 1;
            match verify::foreign(&issuer.key, &last.algorithm_oid, &last.tbs, &last.signature) {
                Signature::Bad => {
                    self.why =
                        format!("{} did not sign {}: another key of that name did", issuer.subject, last.subject);
                    continue;
                }
                Signature::Untold => {
                    self.untold =
                        Some(format!("{} under {} of {}", last.algorithm_oid, issuer.key.title, issuer.subject));
                }
                Signature::Good => {}
            }
            steps.push(issuer);
            if self.climb(steps) {
                return true;
            }
            steps.pop();
        }
        false
    }
}
