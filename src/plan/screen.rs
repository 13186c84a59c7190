//! The screen of a plan, rendered from the to-be-signed bytes by a parser that did not build them.
//!
//! The request's words are never on it: the witness answers from the sheet, and the plan's words are
//! typed from it.

use super::{CrlChange, CrlLine, ForCluster, MadePlan, Plan, TbsView, What};
use crate::digest::Digest;
use crate::error::Error;
use crate::finding::{self, Severity};
use crate::policy::{self, Replaced};
use crate::screen::Screen;
use crate::text;
use crate::words;
use crate::x509::SignatureAlgorithm;
use crate::x509::read::{CertificateView, CrlView, RequestInfo, show_name};
use jiff::{SignedDuration, Timestamp};

/// The authority's line at the top of every screen.
#[derive(Debug, Clone)]
pub struct Banner {
    /// The authority's name.
    pub name: String,
    /// `production`, `test`, `rehearsal`.
    pub kind: String,
}

/// The screen of plan `number` of `of`.
///
/// # Errors
/// [`Kind::Bug`](crate::error::Kind::Bug) where the bytes do not parse.
pub fn screen(made: &MadePlan, banner: &Banner, number: usize, of: usize) -> Result<Screen, Error> {
    let plan = made.plan();
    let head = Screen::new().banner(format!("{} · {}", banner.name, banner.kind), format!("plan {number} of {of}"));
    let body = match made.view()? {
        TbsView::Certificate(view) => certificate(head, plan, &view),
        TbsView::Crl(view) => crl(head, plan, &view),
        TbsView::Request(view) => request(head, plan, &view),
    };
    let mut screen = body;
    if !plan.asked.is_empty() {
        screen = screen.indented(format!("asked, not given: {}", plan.asked.join(", ")));
    }
    if plan.algorithm == SignatureAlgorithm::MlDsa65.oid() {
        screen = screen.noted("signed with", SignatureAlgorithm::MlDsa65.title(), "nothing real may rely on it");
    }
    screen = screen.field("findings", finding::tally(&plan.findings));
    for finding in plan.findings.iter().filter(|finding| finding.severity > Severity::Info) {
        screen = screen
            .field(&finding.severity.to_string(), &finding.id)
            .field("  seen", &finding.observed)
            .field("  wanted", &finding.expected)
            .field("  to do", &finding.hint);
    }
    screen = match finding::worst(&plan.findings) {
        Some(Severity::Refuse) => screen.field("so", "nobody can approve this plan: a refusal is not overruled"),
        Some(Severity::Warn) => screen.field("so", "to approve it needs a typed reason, which the log keeps"),
        _ => screen,
    };
    Ok(screen
        .noted("plan digest", made.digest().hex(), "")
        .field("words 1-4", words::words(made.digest().0.get(..4).unwrap_or_default()).join(" ")))
}

fn certificate(head: Screen, plan: &Plan, view: &CertificateView) -> Screen {
    let (title, right) = match (&plan.cluster, plan.what) {
        (Some(c), _) => {
            (format!("Intermediate CA for {} ({})", c.name, c.environment), format!("generation {}", c.generation))
        }
        (None, What::Root) => ("Root certificate, signed by its own key".to_owned(), generation(plan)),
        (None, What::Cross) => ("Cross certificate: one root vouches for another".to_owned(), generation(plan)),
        (None, _) => ("Certificate of the audit key".to_owned(), String::new()),
    };
    let mut screen = head.heading(title, right).field("subject", show_name(&view.subject));
    screen = if view.subject_der == view.issuer_der {
        screen.field("issuer", "itself")
    } else {
        screen.noted("issuer", show_name(&view.issuer), format!("({})", generation(plan)))
    };
    let spki = Digest::of(&view.spki_der);
    let key = view.spki.spec().title();
    let same = match &plan.cluster {
        Some(c) if c.key_origin == "offline" => "made here, sealed to the recipients",
        Some(c) if c.spki_sha256 == spki => "same as in the request: yes",
        Some(_) => "same as in the request: NO",
        None => "in the token",
    };
    screen = screen
        .noted("key", format!("{key}   spki {}…", spki.short()), same)
        .field("valid", validity(view.not_before, view.not_after))
        .field("may issue", may_issue(view))
        .field("serial", view.serial.colons());
    let mut purpose = vec![plan.profile.clone()];
    purpose.extend(view.dns_names().iter().map(|n| format!("DNS:{n}")));
    screen = screen.field("for", purpose.join(" · "));
    screen = named_places(screen, view);
    if let Some(cluster) = &plan.cluster {
        screen = screen.field("trust domain", &cluster.trust_domain);
        let changed = cluster.changes.iter().any(|change| change.starts_with("recipient "));
        let how = match (cluster.enrols, changed) {
            (true, _) => "(new cluster)",
            (false, false) => "(as before)",
            (false, true) => "(changed)",
        };
        let recipients: Vec<String> = cluster.recipients.iter().map(|r| text::ellipsis(r, 20)).collect();
        screen = screen.noted(
            "to",
            format!("{}   {}", text::count(recipients.len(), "recipient"), recipients.join(", ")),
            how,
        );
        if let Some(renewal) = policy::renewal_line(&plan.findings) {
            screen = screen.field("renewal", renewal);
        }
        screen = replaced(screen, plan, cluster, view);
        for (row, change) in cluster.changes.iter().enumerate() {
            screen = screen.field(if row == 0 { "changed" } else { "" }, change);
        }
    }
    screen
}

/// The intermediate of before, and how long it and this one are valid together.
fn replaced(screen: Screen, plan: &Plan, cluster: &ForCluster, view: &CertificateView) -> Screen {
    let Some(old) = &cluster.replaces else { return screen };
    let root = match old.issuer_generation == plan.issuer_generation {
        true => "(under the same root)",
        false => "(under ANOTHER root: a rollover)",
    };
    screen
        .noted("replaces", format!("generation {}, valid until {}", old.generation, utc(old.not_after)), root)
        .field("overlap", overlap(old, view))
}

/// `10 days in which both are valid`: what a plan's screen and the record say of an intermediate and its successor.
pub fn overlap(old: &Replaced, new: &CertificateView) -> String {
    let overlap = old.overlap(new.not_before, new.not_after);
    match overlap > SignedDuration::ZERO {
        true => format!("{} in which both are valid", policy::show_overlap(overlap)),
        false => "NONE: the old one ends before the new one begins".to_owned(),
    }
}

/// Which names leaves may have, and where the CRL and the issuer's certificate are found.
fn named_places(mut screen: Screen, view: &CertificateView) -> Screen {
    if let Some(constraints) = &view.name_constraints {
        for (label, trees) in [("leaves only", &constraints.permitted), ("leaves never", &constraints.excluded)] {
            if !trees.is_empty() {
                screen = screen.field(label, trees.join(", "));
            }
        }
    }
    for (label, urls) in [("CRL at", &view.crl_urls), ("issuer at", &view.ca_issuers_urls)] {
        if !urls.is_empty() {
            screen = screen.field(label, urls.join(", "));
        }
    }
    screen
}

fn request(head: Screen, plan: &Plan, view: &RequestInfo) -> Screen {
    head.heading("Request to a parent, to certify this root", generation(plan))
        .field("subject", show_name(&view.subject))
        .noted("key", format!("spki {}…", Digest::of(&view.spki_der).short()), "in the token")
        .field("asks for", view.asked.join(", "))
}

fn crl(head: Screen, plan: &Plan, view: &CrlView) -> Screen {
    let number = view.number.map_or_else(|| "none".to_owned(), |n| n.to_string());
    let screen = head
        .heading("Certificate revocation list", format!("number {number}"))
        .noted("issuer", show_name(&view.issuer), format!("({})", generation(plan)))
        .field("valid", validity(view.this_update, view.next_update))
        .field("revokes", text::count(view.revoked.len(), "certificate"));
    match &plan.crl {
        Some(change) => difference(screen, change, view),
        None => screen,
    }
}

/// Kept entries that are shown one by one; more are counted.
const MOST_KEPT: usize = 8;

/// What a CRL changes against the last one. That an entry is there is read from the bytes to be signed; whose it is,
/// the plan says.
fn difference(screen: Screen, change: &CrlChange, view: &CrlView) -> Screen {
    let day = change.last_update.map_or_else(String::new, |time| format!(" of {}", utc(time)));
    let mut screen = screen.field("the last", format!("number {}{day}", change.last.unwrap_or_default()));
    let entry = |line: &CrlLine| view.revoked.iter().find(|(serial, ..)| *serial == line.serial);
    for (label, lines) in [("added", &change.added), ("kept", &change.kept)] {
        let shown = if label == "kept" { lines.len().min(MOST_KEPT) } else { lines.len() };
        screen = screen.field(label, text::count(lines.len(), "certificate"));
        for line in lines.iter().take(shown) {
            screen = screen.field("", format!("{}: {}", line.whose, line.why));
            let Some((serial, date, _)) = entry(line) else {
                screen = screen.field("", "  NOT in what would be signed");
                continue;
            };
            screen = screen.field("", format!("  serial {}", serial.colons()));
            screen = screen.field("", format!("  since {}", utc(*date)));
            if let Some(from) = view.invalidity.get(serial) {
                screen = screen.field("", format!("  key suspected since {}", utc(*from)));
            }
        }
        if shown < lines.len() {
            screen = screen.field("", format!("and {} more, as on the last", lines.len() - shown));
        }
    }
    screen = screen.field("dropped", text::count(change.dropped.len(), "certificate"));
    for line in &change.dropped {
        screen = screen.field("", format!("{}: {}", line.whose, line.why));
        screen = screen.field("", format!("  serial {}", line.serial.colons()));
    }
    screen
}

fn generation(plan: &Plan) -> String {
    format!("generation {}", plan.issuer_generation)
}

/// `leaves only (pathlen 0)`: what a certificate lets its key issue.
pub fn may_issue(view: &CertificateView) -> String {
    match &view.basic_constraints {
        Some(basic) if basic.ca => match basic.path_len {
            Some(0) => "leaves only (pathlen 0)".to_owned(),
            Some(n) => format!("leaves and CAs below it to a depth of {n} (pathlen {n})"),
            None => "leaves and CAs (no pathlen)".to_owned(),
        },
        _ => "nothing: not a CA".to_owned(),
    }
}

/// `2026-11-21 09:25:00 UTC → 2027-11-21 09:24:59 UTC    365 days`
pub fn validity(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_second() - from.as_second() + 1;
    format!("{} → {}   {} days", utc(from), utc(to), seconds / 86_400)
}

/// `2026-11-21 09:25:00 UTC`
pub fn utc(time: Timestamp) -> String {
    let text = time.to_string();
    text.replace('T', " ").replace('Z', " UTC")
}
