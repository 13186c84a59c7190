//! What `open` says of a renewal: the intermediate that the new one follows, how long both are valid, and what the
//! mesh is given next: one Secret under the same roots, a plan of stages where they change.
//!
//! Reads what lies beside the new directory; what cannot be read there is unknown, and stops nothing.

use super::cluster::MAX_FILE;
use super::previous::MOST;
use super::terminal::Terminal;
use crate::authority::calendar::date;
use crate::bundle::Opened;
use crate::digest::Digest;
use crate::files::intake;
use crate::policy;
use crate::request::package;
use crate::text;
use crate::x509::pem;
use crate::x509::read::{self, CertificateView};
use jiff::Timestamp;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A renewal.
#[derive(Debug, Serialize)]
pub struct Succession {
    /// The directory of the intermediate before, where it is beside the new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// When that intermediate ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Both are valid from the new one's beginning for so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<String>,
    /// Whether `root-cert.pem` is the same, byte for byte; unknown where there is none to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_roots: Option<bool>,
}

/// What a bundle that was opened follows; `None` where its request renewed nothing.
pub fn of(into: &Path, opened: &Opened) -> Option<Succession> {
    let request = package::parse(&intake::read(&into.join("request.json"), MAX_FILE).ok()?).ok()?;
    let previous = request.previous?;
    let parent = into.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let cluster = &opened.manifest.cluster;
    let names = (2..=MOST).rev().map(|number| format!("{cluster}.{number}")).chain([cluster.clone()]);
    let mut dirs = names.map(|name| parent.join(name)).filter(|dir| dir != into);
    let found = dirs.find_map(|dir| Some((certified(&dir, &previous)?, dir)));
    let Some((old, dir)) = found else {
        return Some(Succession { directory: None, not_after: None, overlap: None, same_roots: None });
    };
    let roots = intake::read(&dir.join("root-cert.pem"), MAX_FILE).ok();
    let new_roots =
        opened.files.iter().find(|(name, ..)| name == "root-cert.pem").map(|(_, bytes, _)| bytes.as_slice());
    let new = &opened.certificate.view;
    Some(Succession {
        directory: Some(dir),
        not_after: Some(old.not_after),
        overlap: Some(policy::show_overlap(policy::both_valid(old.not_after, new.not_before, new.not_after))),
        same_roots: roots.map(|roots| Some(roots.as_slice()) == new_roots),
    })
}

/// The certificate of a directory, where it is this key's.
fn certified(dir: &Path, spki_sha256: &Digest) -> Option<CertificateView> {
    let path = dir.join("ca-cert.pem");
    if !intake::is_there(&path).ok()? {
        return None;
    }
    let der = pem::decode_one(&intake::read(&path, MAX_FILE).ok()?, "CERTIFICATE").ok()?;
    let view = read::certificate(&der).ok()?.view;
    (view.spki.sha256() == *spki_sha256).then_some(view)
}

impl Succession {
    /// Says what follows; `into` is the new directory as a word of a command, `manifest` the command that prints the
    /// Secret.
    pub fn say(&self, into: &str, opened: &Opened, manifest: &str, keep: &str, written: &[String], t: &mut Terminal) {
        let new = &opened.certificate.view;
        let old_dir = self.directory.as_ref().map(|dir| text::shell(&dir.display().to_string()));
        let old_dir = old_dir.as_deref().unwrap_or("OLD");
        let replace = format!("{manifest} | kubectl replace -f -");
        let plan = format!("anchorite rollover plan --current {old_dir} --next {into} --out switch");
        match self.same_roots {
            Some(false) => t.done(written, &[&plan, "(its runbook, stage by stage; not this Secret at once)", keep]),
            _ => t.done(written, &[&replace, keep]),
        }
        let (from, until) = (date(new.not_before), date(new.not_after));
        match (self.not_after, &self.overlap) {
            (Some(ends), Some(overlap)) => t.talk(&format!(
                "The old intermediate ends {ends}, the new one is valid from {from} to {until}; both are valid: {overlap}."
            )),
            _ => t.talk(&format!(
                "The new intermediate is valid from {from} to {until}. When the old one ends, the mesh's Secret says: \
                 kubectl -n istio-system get secret cacerts -o json | anchorite status -"
            )),
        }
        match self.same_roots {
            Some(true) => t.talk(
                "The roots are the same, so this is one Secret and no restart: istiod reads it when it changes (if it \
                 was complete when istiod started) and issues from it; workloads go over as they renew, within the \
                 lifetime of their certificates (24 hours unless set). Replace it at least that long before the old \
                 one ends; then the old key is of no use: destroy it.",
            ),
            Some(false) => t.talk(
                "The roots differ: a mesh that gets this Secret at once refuses its own workloads. The plan takes it \
                 over in stages while traffic flows.",
            ),
            None => t.talk(
                "Compare the roots with those in the mesh's Secret: where root-cert.pem is the same, replace the \
                 Secret and restart nothing; where it differs: anchorite rollover plan --live SECRET.json.",
            ),
        }
    }
}
