//! `mesh-crl merge`: the clusters' CRLs as the one file that all of them get.

use super::super::args::Args;
use super::super::cluster::{MAX_FILE, clock};
use super::{LIMITS, MAX_CRLS, certificates, crls, optional, refusal, rows_screen, warn};
use crate::cli::terminal::Terminal;
use crate::consumer::check::{self, Merged, Merging, Offered, Standing};
use crate::consumer::crl::{self, FILE, Row};
use crate::consumer::{Asked, Found, Layout};
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::finding::Severity;
use crate::text;
use crate::x509::pem;
use crate::x509::read::Crl;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// None where it was refused.
    file: Option<&'a Path>,
    crls: &'a [Row],
    revoked: &'a [String],
    left_out: &'a [String],
    findings: &'a [Found],
}

/// `anchorite mesh-crl merge --into OUT WHAT…`
pub fn merge(
    args: &Args,
    what: &[PathBuf],
    into: &Path,
    gone: &[String],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let out = if into.is_dir() { into.join(FILE) } else { into.to_owned() };
    let now = clock(args).now();
    let untouched = |error: Error| error.truth("Nothing was written.");
    let merging = Merging { gone: gone.to_vec(), ..gather(what, &out).map_err(untouched)? };
    let merged = check::merge(&merging, &Asked::of(Layout::Istio.consumers(), now));
    let refused: Vec<&Found> = merged.found.iter().filter(|f| f.finding.severity == Severity::Refuse).collect();
    if !refused.is_empty() {
        if terminal.wants_json() {
            report(None, &merged, terminal)?;
        }
        return Err(untouched(refusal(
            Kind::Verify,
            "with these CRLs a mesh would break, or believe what is revoked",
            &refused,
        )));
    }
    deliver::replace_if_other(&out, &crl::write_file(&merged.crls), 0o644)?;
    if terminal.wants_json() {
        return report(Some(&out), &merged, terminal);
    }
    terminal.result_screen(&rows_screen(&format!("CRLs · {}", out.display()), &merged.rows, now))?;
    for revoked in &merged.revoked {
        terminal.talk(&format!("revoked: {revoked}: every workload under it is rejected once this file is in place."));
    }
    for left_out in &merged.left_out {
        terminal.talk(&format!("left out: the CRL of {left_out}."));
    }
    warn(&merged.found.iter().collect::<Vec<_>>(), terminal);
    terminal.done(
        &[out.display().to_string()],
        &[
            "copy it as ca-crl.pem into each cluster's directory, and in each cluster:",
            "anchorite manifest DIR | kubectl replace -f -",
            "all clusters need it before a new intermediate begins to issue",
        ],
    );
    terminal.talk(LIMITS);
    Ok(())
}

fn report(file: Option<&Path>, merged: &Merged, terminal: &mut Terminal) -> Result<(), Error> {
    let Merged { rows, revoked, left_out, found, .. } = merged;
    terminal.json(&Report { file, crls: rows, revoked, left_out, findings: found })
}

/// Everything that was given, and what is there already.
fn gather(what: &[PathBuf], out: &Path) -> Result<Merging, Error> {
    let mut merging = Merging::default();
    for path in what {
        match path.is_dir() {
            true => directory(path, &mut merging)?,
            false => file(path, &mut merging)?,
        }
    }
    if intake::is_there(out)? {
        let bytes = intake::read(out, MAX_CRLS)?;
        let hint = "it is held against what is new: move it away to begin without it";
        let last = crls(&out.display().to_string(), &bytes).map_err(|error| error.hint(hint))?;
        offer(out, Standing::Last, last, &mut merging);
    }
    Ok(merging)
}

fn offer(from: &Path, standing: Standing, crls: Vec<Crl>, merging: &mut Merging) {
    let from = from.display().to_string();
    merging.offered.extend(crls.into_iter().map(|crl| Offered { from: from.clone(), standing, crl }));
}

/// A cluster's public files, or an authority's.
fn directory(dir: &Path, merging: &mut Merging) -> Result<(), Error> {
    let tls = intake::is_there(&dir.join("tls.crt"))?;
    let names = match tls {
        true => ["tls.crt", "ca.crt"],
        false => ["cert-chain.pem", "root-cert.pem"],
    };
    let before = merging.certificates.len();
    for name in names {
        if let Some(bytes) = optional(dir, name, MAX_FILE)? {
            let from = dir.join(name).display().to_string();
            let found = certificates(&from, &bytes)?;
            merging.certificates.extend(found.into_iter().map(|certificate| (from.clone(), certificate)));
        }
    }
    if merging.certificates.len() == before {
        return Err(Error::new(Kind::Medium, "there are no CA certificates here")
            .saw(dir.display().to_string())
            .wanted("cert-chain.pem and root-cert.pem of a cluster")
            .hint("a file of CRLs or of certificates is given by its own name"));
    }
    if tls {
        merging.ignoring.push(dir.display().to_string());
    }
    for name in [FILE, "root.crl"] {
        if let Some(bytes) = optional(dir, name, MAX_CRLS)? {
            let path = dir.join(name);
            let found = crls(&path.display().to_string(), &bytes)?;
            offer(&path, Standing::Cluster, found, merging);
        }
    }
    Ok(())
}

/// CRLs in PEM or DER, or certificates in PEM.
fn file(path: &Path, merging: &mut Merging) -> Result<(), Error> {
    let bytes = intake::read(path, MAX_CRLS)?;
    let name = path.display().to_string();
    let holds =
        |label: &str| pem::labels(&pem::without_text(&bytes)).is_ok_and(|all| all.iter().any(|one| one == label));
    if !pem::is_der(&bytes) && holds("CERTIFICATE") && !holds(crl::LABEL) {
        let found = certificates(&name, &bytes)?;
        merging.certificates.extend(found.into_iter().map(|certificate| (text::escape(&name), certificate)));
        return Ok(());
    }
    let found = crl::read_file(&bytes).map_err(|error| {
        error.into_kind(Kind::Verify).within(&name).hint("a file holds CRLs (PEM or DER) or CA certificates (PEM)")
    })?;
    offer(path, Standing::Named, found, merging);
    Ok(())
}
