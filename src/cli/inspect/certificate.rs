//! `inspect certificate`: what a certificate says and, for a profile, what is wrong with it. Anybody's
//! certificates: nothing is signed or trusted for what is found here.

use crate::cli::terminal::Terminal;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::finding::{self, Finding, Severity};
use crate::plan::screen::validity;
use crate::policy::{self, lint};
use crate::profile::{self, Role};
use crate::screen::Screen;
use crate::x509::pem;
use crate::x509::read::{self, Certificate, show_name};
use crate::x509::verify;
use jiff::Timestamp;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A file to look at, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What a certificate is to be held against.
pub struct Question<'a> {
    /// The profile's name.
    pub profile: &'a str,
    /// Files with certificates of its issuer, or of the new root of a cross certificate.
    pub issuer: &'a [PathBuf],
    /// No ztunnel is there.
    pub sidecar_only: bool,
}

#[derive(Serialize)]
struct Row {
    subject: String,
    issuer: String,
    ca: bool,
    path_len: Option<u32>,
    key: &'static str,
    not_before: Timestamp,
    not_after: Timestamp,
    serial: Hex,
    sha256: Digest,
    spki_sha256: Digest,
    dns_names: Vec<String>,
    permitted: Vec<String>,
    excluded: Vec<String>,
    crl_urls: Vec<String>,
    ca_issuers_urls: Vec<String>,
}

#[derive(Serialize)]
struct Judged {
    profile: String,
    verdict: &'static str,
    certificate: Row,
    /// The subject of the certificate that it was held against; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_sha256: Option<Digest>,
    findings: Vec<Finding>,
}

/// Shows every certificate of a file; with a question, judges the first one.
///
/// # Errors
/// [`Kind::Refused`] where a rule refuses it; [`Kind::Usage`] for a profile that does not exist;
/// [`Kind::Medium`] and [`Kind::Verify`] for files that cannot be read.
pub fn run(file: &Path, asked: Option<Question<'_>>, terminal: &mut Terminal) -> Result<(), Error> {
    let all = certificates(file)?;
    if let Some(question) = asked {
        return judge(file, &all, &question, terminal);
    }
    let rows: Vec<Row> = all.iter().map(row).collect();
    if terminal.wants_json() {
        return terminal.json(&rows);
    }
    terminal.result_screen(&rows.iter().fold(Screen::new(), |screen, row| shown(screen, row).blank()))
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, Error> {
    let bytes = intake::read(file, MAX_FILE)?;
    pem::decode_all(&bytes, "CERTIFICATE")?.iter().map(|der| read::certificate(der)).collect()
}

fn judge(file: &Path, all: &[Certificate], question: &Question<'_>, terminal: &mut Terminal) -> Result<(), Error> {
    let profile = profile::by_name(question.profile)?;
    let profile = if question.sidecar_only { profile.with_sidecars_only() } else { *profile };
    let [certificate, others @ ..] = all else {
        return Err(Error::new(Kind::Bug, "a PEM file without a block was read").saw(file.display().to_string()));
    };
    let mut named = Vec::new();
    for path in question.issuer {
        named.extend(certificates(path)?);
    }
    let issuer = match profile.role {
        Role::Root => Some(certificate),
        _ => issuer_of(certificate, &named, others),
    };
    let own_root = named.iter().chain(others).find(|other| {
        profile.role == Role::Cross
            && other.view.is_self_issued()
            && other.view.subject_der == certificate.view.subject_der
    });
    let known = lint::Known {
        issuer: match (profile.role, issuer) {
            (Role::Root, _) => lint::Issuer::Itself,
            (_, Some(issuer)) => lint::Issuer::Is(&issuer.view),
            (_, None) => lint::Issuer::Unknown,
        },
        own_root: own_root.map(|own| &own.view),
    };
    let mut findings = policy::lint_known(&certificate.view, known, &profile);
    findings.extend(issuer.and_then(|issuer| policy::lint_signature(certificate, issuer)));
    let refused = finding::worst(&findings) == Some(Severity::Refuse);
    let judged = Judged {
        profile: profile.name.to_owned(),
        verdict: if refused { "refused" } else { "fit" },
        certificate: row(certificate),
        issuer_sha256: issuer.map(|issuer| Digest::of(&issuer.der)),
        findings,
    };
    if terminal.wants_json() {
        terminal.json(&judged)?;
    } else {
        terminal.result_screen(&verdict(&judged, issuer, profile.role == Role::Cross && own_root.is_none()))?;
    }
    match judged.findings.iter().find(|finding| finding.severity == Severity::Refuse) {
        None => Ok(()),
        Some(first) => Err(Error::new(
            Kind::Refused,
            format!("the certificate is refused for {} by the rule {}", judged.profile, first.id),
        )
        .saw(&first.observed)
        .wanted(&first.expected)
        .hint(&first.hint)),
    }
}

/// The certificate that signed this one; else one of its issuer's name; else whatever was named as the issuer.
fn issuer_of<'a>(
    certificate: &Certificate,
    named: &'a [Certificate],
    others: &'a [Certificate],
) -> Option<&'a Certificate> {
    let by_name = || named.iter().chain(others).filter(|other| other.view.subject_der == certificate.view.issuer_der);
    let signed = by_name().find(|other| verify::issued_by(certificate, other).is_ok());
    signed.or_else(|| by_name().next()).or_else(|| named.first())
}

fn row(certificate: &Certificate) -> Row {
    let view = &certificate.view;
    let constraints = view.name_constraints.as_ref();
    Row {
        subject: show_name(&view.subject),
        issuer: show_name(&view.issuer),
        ca: view.is_ca(),
        path_len: view.path_len(),
        key: view.spki.spec().title(),
        not_before: view.not_before,
        not_after: view.not_after,
        serial: view.serial.clone(),
        sha256: Digest::of(&certificate.der),
        spki_sha256: view.spki.sha256(),
        dns_names: view.dns_names().to_vec(),
        permitted: constraints.map(|c| c.permitted.clone()).unwrap_or_default(),
        excluded: constraints.map(|c| c.excluded.clone()).unwrap_or_default(),
        crl_urls: view.crl_urls.clone(),
        ca_issuers_urls: view.ca_issuers_urls.clone(),
    }
}

fn shown(screen: Screen, row: &Row) -> Screen {
    let may = match (row.ca, row.path_len) {
        (true, Some(n)) => format!("CA, pathlen {n}"),
        (true, None) => "CA".to_owned(),
        (false, _) => "end entity".to_owned(),
    };
    let screen = screen
        .heading("Certificate", may)
        .field("subject", &row.subject)
        .field("issuer", &row.issuer)
        .field("key", row.key)
        .field("valid", validity(row.not_before, row.not_after))
        .field("serial", row.serial.colons())
        .field("sha256", row.sha256.hex())
        .field("spki sha256", row.spki_sha256.hex());
    let lists = [
        ("names", &row.dns_names),
        ("permitted", &row.permitted),
        ("excluded", &row.excluded),
        ("CRL at", &row.crl_urls),
        ("issuer at", &row.ca_issuers_urls),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    lists.fold(screen, |screen, (label, list)| screen.field(label, list.join(", ")))
}

fn verdict(judged: &Judged, issuer: Option<&Certificate>, without_own_root: bool) -> Screen {
    let mut screen = shown(Screen::new(), &judged.certificate)
        .blank()
        .heading(format!("As {}", judged.profile), judged.verdict)
        .field("findings", finding::tally(&judged.findings));
    for finding in &judged.findings {
        screen = screen
            .noted(&finding.severity.to_string(), &finding.id, format!("({})", finding.source))
            .field("  seen", &finding.observed)
            .field("  wanted", &finding.expected)
            .field("  to do", &finding.hint);
    }
    if issuer.is_none() {
        screen = screen.text(
            "Its issuer is not known, so signature, key identifiers and validity were not compared with it: \
             name it with --issuer FILE.",
        );
    }
    if without_own_root {
        screen = screen.text(
            "The new root's own certificate is not known, so its key identifier was not compared: name it with \
             --issuer FILE too.",
        );
    }
    screen
}
