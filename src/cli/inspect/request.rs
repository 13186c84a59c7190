//! `inspect request`: what intake would say of a request, needing neither token nor authority.

use crate::ceremony::inbound::{self, Form};
use crate::cli::terminal::Terminal;
use crate::digest::Digest;
use crate::error::Error;
use crate::finding::{Finding, Severity, worst};
use crate::request::{self, KeyPolicy};
use crate::screen::Screen;
use crate::x509::read::show_name;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Report {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spki_sha256: Option<Digest>,
    asked: Vec<String>,
    findings: Vec<Finding>,
}

/// Shows a request, a plain CSR or a package (its directory, or request.json in it), with everything that was found.
///
/// # Errors
/// The refusal, as `sign` would word it; [`Kind::Medium`](crate::error::Kind::Medium) where the file cannot be
/// read.
pub fn run(file: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let keys = KeyPolicy::default();
    // The one file that is named like a request means the package around it: alone it proves nothing.
    let file = match (file.file_name(), file.parent()) {
        (Some(name), Some(around)) if name == "request.json" && file.is_file() => match around.as_os_str().is_empty() {
            true => Path::new("."),
            false => around,
        },
        _ => file,
    };
    let read = match file.join("request.json").symlink_metadata() {
        Ok(_) => inbound::read_package(file, "the request", &keys, &|_| None)?,
        Err(_) => inbound::read_csr(file, "the request", &keys)?,
    };
    let mut report = Report {
        verdict: "fit",
        cluster: None,
        sha256: read.sha256,
        subject: None,
        key: None,
        spki_sha256: None,
        asked: Vec::new(),
        findings: Vec::new(),
    };
    match read.content {
        Err(finding) => report.findings.push(finding),
        Ok((form, inspected)) => {
            if let Form::Package(travelled) = form {
                report.cluster = Some(travelled.request.cluster);
            }
            report.subject = Some(show_name(&inspected.view.subject));
            report.key = inspected.spki.as_ref().map(|spki| spki.spec().title());
            report.spki_sha256 = inspected.spki.as_ref().map(|spki| spki.sha256());
            report.asked = inspected.view.asked;
            report.findings = inspected.findings;
        }
    }
    let refused = worst(&report.findings) == Some(Severity::Refuse);
    if refused {
        report.verdict = "refused";
    }
    if terminal.wants_json() {
        terminal.json(&report)?;
    } else {
        terminal.result_screen(&screen(&report))?;
    }
    if refused { Err(request::refusal("the request", &report.findings)) } else { Ok(()) }
}

fn screen(report: &Report) -> Screen {
    let mut screen = Screen::new().heading("Certificate request", report.verdict);
    if let Some(cluster) = &report.cluster {
        screen = screen.field("cluster", cluster);
    }
    if let Some(subject) = &report.subject {
        screen = screen.field("subject", if subject.is_empty() { "(empty)" } else { subject });
    }
    if let Some(key) = report.key {
        screen = screen.field("key", key);
    }
    if let Some(spki) = &report.spki_sha256 {
        screen = screen.field("spki sha256", spki.hex());
    }
    if let Some(sha256) = &report.sha256 {
        screen = screen.field("sha256", sha256.hex());
    }
    if !report.asked.is_empty() {
        screen = screen.field("asks for", report.asked.join(", ")).field("", "(the profile decides what is given)");
    }
    // What is only worth knowing is said above, in the line of what the request asks for.
    for finding in report.findings.iter().filter(|f| f.severity > Severity::Info) {
        screen = screen
            .noted(&finding.severity.to_string(), &finding.id, format!("({})", finding.source))
            .field("  seen", &finding.observed)
            .field("  wanted", &finding.expected)
            .field("  to do", &finding.hint);
    }
    screen
}
