//! `inspect crl`: what a CRL says, and whether it counts: current, of its issuer, after the last one, and, where the
//! authority is at hand, what its log says.

use crate::authority::State;
use crate::cli::args::Args;
use crate::cli::cluster::clock;
use crate::cli::room;
use crate::cli::terminal::Terminal;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::finding::{self, Finding, Severity};
use crate::plan::screen::{utc, validity};
use crate::policy::{self, Predecessor};
use crate::screen::Screen;
use crate::text;
use crate::x509::pem;
use crate::x509::read::{self, Certificate, Crl, show_name};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// A CRL, at the most, in bytes.
const MAX_CRL: u64 = 16 << 20;
/// A file of certificates, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What a CRL is to be held against.
pub struct Question<'a> {
    /// Certificates of its issuers.
    pub issuer: Option<&'a Path>,
    /// The CRL before it.
    pub last: Option<&'a Path>,
}

#[derive(Serialize)]
struct Row {
    issuer: String,
    number: Option<u64>,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: Vec<Hex>,
    entries: Vec<Entry>,
    /// What it was held against.
    compared_with: Vec<&'static str>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Entry {
    serial: Hex,
    date: Timestamp,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_from: Option<Timestamp>,
    /// Whose, where the log knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    whose: Option<String>,
}

/// Shows every CRL of a file, with what is wrong with it.
///
/// # Errors
/// [`Kind::Refused`] where a rule refuses one; [`Kind::Medium`] and [`Kind::Verify`] for files that cannot be read.
pub fn run(args: &Args, file: &Path, asked: &Question<'_>, terminal: &mut Terminal) -> Result<(), Error> {
    let now = clock(args).now();
    let issuers = asked.issuer.map(certificates).transpose()?.unwrap_or_default();
    let last = asked.last.map(crls).transpose()?;
    let state = args.authority.is_some().then(|| room::folder(args).read_state()).transpose()?.map(|(state, _)| state);
    let mut rows = Vec::new();
    for crl in crls(file)? {
        rows.push(row(&crl, now, &issuers, last.as_deref(), state.as_ref())?);
    }
    if terminal.wants_json() {
        terminal.json(&rows)?;
    } else {
        terminal.result_screen(&rows.iter().fold(Screen::new(), |screen, row| shown(screen, row).blank()))?;
    }
    let mut findings = rows.iter().flat_map(|row| &row.findings);
    match findings.find(|finding| finding.severity == Severity::Refuse) {
        None => Ok(()),
        Some(first) => Err(Error::new(Kind::Refused, format!("the CRL is refused by the rule {}", first.id))
            .saw(&first.observed)
            .wanted(&first.expected)
            .hint(&first.hint)),
    }
}

/// Every CRL of a file, PEM or DER.
fn crls(file: &Path) -> Result<Vec<Crl>, Error> {
    let bytes = intake::read(file, MAX_CRL)?;
    // DER begins with a SEQUENCE, which no PEM does.
    let all = match bytes.first() {
        Some(0x30) => vec![bytes],
        _ => pem::decode_all(&bytes, "X509 CRL")?,
    };
    let read = all.iter().map(|der| read::crl(der)).collect::<Result<Vec<_>, Error>>();
    read.map_err(|error| error.within(text::escape(&file.display().to_string())))
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, Error> {
    let bytes = intake::read(file, MAX_FILE)?;
    pem::decode_all(&bytes, "CERTIFICATE")?.iter().map(|der| read::certificate(der)).collect()
}

fn row(
    crl: &Crl,
    now: Timestamp,
    issuers: &[Certificate],
    last: Option<&[Crl]>,
    state: Option<&State>,
) -> Result<Row, Error> {
    let view = &crl.view;
    let mut compared_with = Vec::new();
    let mut findings: Vec<Finding> = policy::lint_current(view, now).into_iter().collect();
    let of_name = |certificate: &&Certificate| certificate.view.subject_der == view.issuer_der;
    if let Some(issuer) = issuers.iter().find(of_name).or(issuers.first()) {
        compared_with.push("issuer");
        let form = policy::lint_crl(view, &issuer.view);
        findings.extend(
            form.iter()
                .all(|finding| finding.id != "crl.issuer")
                .then(|| policy::lint_crl_signature(crl, &issuer.view))
                .flatten(),
        );
        findings.extend(form);
    }
    if let Some(all) = last {
        compared_with.push("last");
        let before = all.iter().find(|other| other.view.issuer_der == view.issuer_der).or(all.first());
        findings.extend(before.map(|before| policy::compare_crls(view, &before.view)).unwrap_or_default());
    }
    if let Some(state) = state {
        compared_with.push("log");
        findings.extend(by_log(crl, state)?);
    }
    let entry = |(serial, date, reason): &(Hex, Timestamp, Option<String>)| Entry {
        serial: serial.clone(),
        date: *date,
        reason: reason.clone().unwrap_or_else(|| "unspecified".to_owned()),
        invalid_from: view.invalidity.get(serial).copied(),
        whose: state.and_then(|state| state.certificates.get(serial)).map(policy::revocation::name),
    };
    Ok(Row {
        issuer: show_name(&view.issuer),
        number: view.number,
        this_update: view.this_update,
        next_update: view.next_update,
        revoked: view.revoked.iter().map(|(serial, ..)| serial.clone()).collect(),
        entries: view.revoked.iter().map(entry).collect(),
        compared_with,
        findings,
    })
}

/// What the log says of a CRL of one of its roots.
fn by_log(crl: &Crl, state: &State) -> Result<Vec<Finding>, Error> {
    let mut strangers = Vec::new();
    for (generation, root) in state.roots() {
        let Some(der) = &root.der else { continue };
        let root = read::certificate(der)?.view;
        if root.subject_der != crl.view.issuer_der {
            strangers = policy::lint_crl(&crl.view, &root);
            continue;
        }
        let mut findings = policy::lint_crl(&crl.view, &root);
        findings.extend(policy::lint_crl_signature(crl, &root));
        findings.extend(policy::lint_in_use(&crl.view, &Predecessor::of(state, generation)?));
        return Ok(findings);
    }
    Ok(strangers)
}

fn shown(screen: Screen, row: &Row) -> Screen {
    let number = row.number.map_or_else(|| "none".to_owned(), |n| n.to_string());
    let mut screen = screen
        .heading("Certificate revocation list", format!("number {number}"))
        .field("issuer", &row.issuer)
        .field("valid", validity(row.this_update, row.next_update))
        .field("revokes", text::count(row.entries.len(), "certificate"));
    for entry in &row.entries {
        let whose = entry.whose.as_ref().map(|whose| format!("{whose}, ")).unwrap_or_default();
        screen = screen
            .field("", entry.serial.colons())
            .field("", format!("  {whose}{} since {}", entry.reason, utc(entry.date)));
        if let Some(from) = entry.invalid_from {
            screen = screen.field("", format!("  key suspected since {}", utc(from)));
        }
    }
    let against = row.compared_with.iter().map(|with| match *with {
        "issuer" => "its issuer's certificate",
        "last" => "the CRL before it",
        _ => "the authority's log",
    });
    let against: Vec<&str> = against.collect();
    screen = screen.field("findings", finding::tally(&row.findings));
    for finding in &row.findings {
        screen = screen
            .noted(&finding.severity.to_string(), &finding.id, format!("({})", finding.source))
            .field("  seen", &finding.observed)
            .field("  wanted", &finding.expected)
            .field("  to do", &finding.hint);
    }
    match against.as_slice() {
        [] => screen.text(
            "Its signature was not checked, nor what it should list: name its issuer with --issuer FILE, the CRL before \
             it with --last FILE, or the authority with -C DIR.",
        ),
        against => screen.field("compared", format!("with {}", against.join(", "))),
    }
}
