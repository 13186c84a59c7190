//! `mesh-crl check`: is a CRL due, wrong or missing? Made for cron: reads public files only.

use super::super::args::Args;
use super::super::cluster::{MAX_FILE, clock};
use super::{MAX_CRLS, crls, is_about_crls, optional, rows_screen};
use crate::cli::inspect::findings_screen;
use crate::cli::terminal::Terminal;
use crate::consumer::check::{self, Cluster};
use crate::consumer::crl::{self, Row};
use crate::consumer::{Asked, CaFiles, Checked, Form, Found, Layout};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::text;
use jiff::SignedDuration;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How a mesh's own file is piped in.
const PIPE: &str = "kubectl -n istio-system get configmap istio-ca-crl -o jsonpath='{.data.ca-crl\\.pem}' | anchorite mesh-crl check -";

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// Nothing is due, wrong or missing.
    good: bool,
    looked_at: &'a [Looked],
    /// What stands between several clusters.
    across: &'a [Found],
}

#[derive(Serialize)]
struct Looked {
    /// As it was given.
    from: String,
    crls: Vec<Row>,
    findings: Vec<Found>,
    #[serde(skip)]
    checked: Option<Checked>,
}

/// `anchorite mesh-crl check WHAT…`
pub fn check(args: &Args, what: &[PathBuf], days: u16, terminal: &mut Terminal) -> Result<(), Error> {
    let now = clock(args).now();
    let notice = SignedDuration::from_hours(24 * i64::from(days));
    let asked = Asked { crl_notice: notice, ..Asked::of(Layout::Istio.consumers(), now) };
    let mut looked = Vec::with_capacity(what.len());
    for path in what {
        looked.push(look(path, &asked, terminal)?);
    }
    let clusters = looked.iter().filter_map(|one| Some(Cluster { name: &one.from, checked: one.checked.as_ref()? }));
    let across = check::across(&clusters.collect::<Vec<_>>(), &asked);
    let across: Vec<Found> = across.into_iter().filter(is_about_crls).collect();
    let all: Vec<&Found> = looked.iter().flat_map(|one| &one.findings).chain(&across).collect();
    if terminal.wants_json() {
        terminal.json(&Report { good: all.is_empty(), looked_at: &looked, across: &across })?;
    } else {
        let screen = looked.iter().fold(Screen::new(), |screen, one| {
            let rows = rows_screen(&format!("CRLs · {}", one.from), &one.crls, now);
            screen.then(rows).then(findings_screen(&one.findings)).blank()
        });
        let between = match across.is_empty() {
            true => Screen::new(),
            false => Screen::new().text("Between these clusters").then(findings_screen(&across)).blank(),
        };
        terminal.result_screen(&screen.then(between))?;
    }
    let Some(first) = all.first() else { return Ok(()) };
    Err(Error::new(Kind::Refused, "a CRL is due, wrong or missing")
        .saw(text::count(all.len(), "finding"))
        .wanted(format!("none within {}", text::count(usize::from(days), "day")))
        .hint(format!("begin with {}: {}", first.finding.id, first.finding.hint)))
}

fn look(path: &Path, asked: &Asked<'_>, terminal: &Terminal) -> Result<Looked, Error> {
    if path.is_dir() {
        return directory(path, asked);
    }
    let (file, bytes) = match path == Path::new("-") {
        true => ("stdin".to_owned(), terminal.piped(MAX_CRLS, PIPE)?.to_vec()),
        false => (path.display().to_string(), intake::read(path, MAX_CRLS)?),
    };
    let found = crls(&file, &bytes)?;
    if found.is_empty() {
        return Err(none(&file));
    }
    let crls = found.iter().map(|crl| Row::of(crl, &file)).collect();
    Ok(Looked { crls, findings: check::check_alone(&found, asked), checked: None, from: text::escape(&file) })
}

fn none(file: &str) -> Error {
    Error::new(Kind::Medium, "there is no CRL here")
        .saw(file)
        .wanted("ca-crl.pem")
        .hint("a mesh without ca-crl.pem checks no CRL, and nothing is due; mesh-crl --help says what begins with one")
}

fn directory(dir: &Path, asked: &Asked<'_>) -> Result<Looked, Error> {
    let file = dir.join(crl::FILE).display().to_string();
    let bytes = optional(dir, crl::FILE, MAX_CRLS)?.ok_or_else(|| none(&file))?;
    let rows = crls(&file, &bytes)?.iter().map(|crl| Row::of(crl, &file)).collect();
    let form = if dir.join("tls.crt").exists() { Form::Tls } else { Form::Four };
    let [cert, _, chain, roots] = form.names();
    let read = |name: &str| optional(dir, name, MAX_FILE);
    let (cert, chain, roots) = (read(cert)?, read(chain)?, read(roots)?);
    let files = CaFiles {
        form,
        ca_cert: cert.as_deref(),
        ca_key: None,
        cert_chain: chain.as_deref(),
        root_cert: roots.as_deref(),
        crl: Some(&bytes),
    };
    if files.ca_cert.is_none() || files.root_cert.is_none() {
        return Err(Error::new(Kind::Medium, "there are no CA certificates beside the CRLs")
            .saw(dir.display().to_string())
            .wanted("ca-cert.pem, cert-chain.pem, root-cert.pem; no key")
            .hint(format!("for the dates alone: anchorite mesh-crl check {}", text::shell(&file))));
    }
    let checked = check::check(&files, asked)?;
    // That other clusters' CRLs belong into the file as well is said to whoever makes one.
    let said = |found: &&Found| is_about_crls(found) && found.finding.id != "consumer.crl.others";
    let findings = checked.found.iter().filter(said).cloned().collect();
    Ok(Looked { from: text::escape(&dir.display().to_string()), crls: rows, findings, checked: Some(checked) })
}
