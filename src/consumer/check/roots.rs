//! The roots: those of the file, and the one at the end of the path.

use super::path::Path;
use super::{Checked, Consumer, Form, Gathered};
use crate::consumer::rules::{
    EARLY, FIRST_ROOT, NOT_ROOT, ROOT_EXPIRED, ROOT_NO_SIGN, ROOT_NOT_CA, ROOT_PATH, ROOT_ROOM, ROOT_STALE, ROOT_TWICE,
    SAME_NAME,
};
use crate::digest::Digest;
use crate::text;
use crate::x509::read::Foreign;

pub(super) fn check(path: &Path, read: &Checked, form: Form, gathered: &mut Gathered<'_>) {
    if let Some(root) = path.root() {
        check_used(root, path, gathered);
    }
    let now = gathered.asked.now;
    for (position, root) in read.roots.iter().enumerate() {
        if !root.is_self_issued() {
            gathered.add(&NOT_ROOT, shown(root), "a certificate issued by itself");
        }
        if now > root.not_after && path.root().is_none_or(|used| used.der != root.der) {
            gathered.add(&ROOT_STALE, format!("{} expired {}", root.subject, root.not_after), "valid roots");
        }
        if read.roots.iter().take(position).any(|before| before.der == root.der) {
            gathered.add(&ROOT_TWICE, shown(root), "once");
        }
    }
    let mut distinct: Vec<&[u8]> = read.roots.iter().map(|root| root.der.as_slice()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if form == Form::Tls && distinct.len() > 1 && gathered.asked.about(Consumer::CertManager) {
        gathered.add(&FIRST_ROOT, format!("ca.crt: {}", text::count(distinct.len(), "root")), "one");
    }
    check_names(read.chain.iter().chain(&read.roots), gathered);
}

/// The root that the intermediate leads to.
fn check_used(root: &Foreign, path: &Path, gathered: &mut Gathered<'_>) {
    let now = gathered.asked.now;
    if now > root.not_after {
        gathered.add(&ROOT_EXPIRED, format!("{} expired {}", root.subject, root.not_after), format!("valid at {now}"));
    }
    if now < root.not_before {
        gathered.add(&EARLY, format!("{}: valid from {}", root.subject, root.not_before), format!("valid at {now}"));
    }
    // RFC 5280 section 4.2.1.9 is for version 3: an older root is a CA because it is trusted.
    if root.version == 3 && !root.is_ca() {
        gathered.add(&ROOT_NOT_CA, shown(root), "CA:TRUE");
    }
    if root.must_not("keyCertSign") {
        gathered.add(&ROOT_NO_SIGN, shown(root), "keyCertSign in its keyUsage");
    }
    let counted = path.certificates.split_last().map(|(_, below)| below).unwrap_or_default();
    let below = counted.iter().filter(|certificate| !certificate.is_self_issued()).count();
    match root.path_len().map(|room| usize::try_from(room).unwrap_or(usize::MAX)) {
        Some(room) if room < below => {
            gathered.add(&ROOT_PATH, format!("pathlen {room} in {}", root.subject), "none");
        }
        Some(room) if room == below && root.is_self_issued() => {
            gathered.add(&ROOT_ROOM, format!("pathlen {room} in {}", root.subject), "none");
        }
        _ => {}
    }
}

/// One name, two keys, and nothing in the certificates that tells them apart.
///
/// Measured (Envoy 1.40): an authority key identifier that names issuer and serial number finds the right one
/// all the same. istiod never writes that, so a CA that signs workloads is not saved by it.
pub(super) fn check_names<'a>(all: impl Iterator<Item = &'a Foreign>, gathered: &mut Gathered<'_>) {
    let all: Vec<&Foreign> = all.collect();
    for (position, one) in all.iter().enumerate() {
        let before = all.iter().take(position);
        let mut same = before.filter(|other| other.subject_der == one.subject_der && other.key.der != one.key.der);
        let Some(other) = same.find(|other| is_anonymous(other) || is_anonymous(one)) else { continue };
        let issued = |c: &&&Foreign| c.issuer_der == one.subject_der && c.subject_der != one.subject_der;
        let mut children = all.iter().filter(issued).peekable();
        if children.peek().is_some() && children.all(|child| child.extensions.authority_key_id_has_issuer) {
            continue;
        }
        gathered.add(&SAME_NAME, format!("{}; {}", shown(other), shown(one)), "a subject key identifier in each");
    }
}

fn is_anonymous(certificate: &Foreign) -> bool {
    certificate.extensions.subject_key_id.is_none()
}

fn shown(certificate: &Foreign) -> String {
    format!("{}, sha256 {}", certificate.subject, Digest::of(&certificate.der).short())
}
