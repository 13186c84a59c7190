//! The requests that are expected: any other on the stick is a deviation.
//!
//! The words of a request are not printed. The witness has them from the cluster's engineer, by telephone; a
//! paper that spelled them would make the question for them an exercise in reading.

use crate::ceremony::inbound::{Form, Read};
use crate::ceremony::paper::parts::{self, shown, square};
use crate::ceremony::paper::words;
use crate::digest::Digest;
use crate::finding::{Severity, worst};
use maud::{Markup, html};

/// A request that is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its file, escaped.
    pub file: String,
    /// The cluster, where the request says it: a package does, a plain CSR does not.
    pub cluster: Option<String>,
    /// The environment, likewise.
    pub environment: Option<String>,
    /// SHA-256 of `request.json`, or of the CSR; `None` where it cannot be read.
    pub sha256: Option<Digest>,
    /// The rule that will refuse it, where one does.
    pub refused: Option<String>,
}

impl From<Read> for Expected {
    fn from(read: Read) -> Self {
        let Read { file, sha256, content, .. } = read;
        let mut expected = Expected { file, cluster: None, environment: None, sha256, refused: None };
        match content {
            Err(finding) => expected.refused = Some(finding.id),
            Ok((form, inspected)) => {
                if let Form::Package(travelled) = form {
                    expected.cluster = Some(travelled.request.cluster);
                    expected.environment = Some(travelled.request.environment);
                }
                if worst(&inspected.findings) == Some(Severity::Refuse) {
                    let refusing = inspected.findings.into_iter().find(|finding| finding.severity == Severity::Refuse);
                    expected.refused = refusing.map(|finding| finding.id);
                }
            }
        }
        expected
    }
}

/// The page.
pub fn page(expected: &[Expected]) -> Markup {
    parts::page(
        "Expected requests",
        &html! {
            p { "These and no others: a request that is not here, or one of these that is missing, is an exception. "
                "The words of a request are not on this paper: the witness brings them, as each cluster's engineer read "
                "them over the telephone (" code { "anchorite words --form" } " prints the form)." }
            @if expected.is_empty() { p { strong { "None." } } } @else {
                table.boxed {
                    thead { tr { th style="width:12mm" {} th style="width:48mm" { "Cluster" } th { "Request" } th style="width:22mm" { "Words at hand" } } }
                    tbody { @for request in expected { (row(request)) } }
                }
            }
        },
    )
}

fn row(request: &Expected) -> Markup {
    html! {
        tr {
            td { (square()) }
            td {
                @match (&request.cluster, &request.environment) {
                    (Some(cluster), Some(environment)) => { strong { (shown(cluster)) } " (" (shown(environment)) ")" },
                    _ => { (parts::blank("")) span.small { "a plain request does not say it" } },
                }
            }
            td {
                code { (request.file) }
                div.small { @match &request.sha256 { Some(sha256) => { (words::hex(sha256)) }, None => { "not readable" } } }
                @if let Some(rule) = &request.refused { div { strong { "will be refused: " } (shown(rule)) } }
            }
            td { (square()) }
        }
    }
}
