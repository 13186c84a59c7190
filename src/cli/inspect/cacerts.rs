//! `inspect cacerts`: would istiod start with these files, and would the mesh work? Useful alone, on anyone's
//! files: a directory, or the Secret of a running cluster.

use super::super::args::Args;
use super::super::cluster::clock;
use super::super::given;
use crate::cli::terminal::Terminal;
use crate::consumer::check::{self, Cluster};
use crate::consumer::{Asked, Checked, Consumer, Form, Found, Layout, Trial};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::finding::Severity;
use crate::name::check_trust_domain;
use crate::screen::Screen;
use crate::text;
use crate::x509::read::Foreign;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How a Secret is piped in.
const PIPE: &str = "kubectl get secret cacerts -n istio-system -o json | anchorite inspect cacerts -";

/// What is asked besides the files.
pub struct Question<'a> {
    pub sidecar_only: bool,
    /// In hours.
    pub leaf_ttl: u32,
    pub trust_domain: &'a str,
}

/// What `--json` prints: one object.
#[derive(Serialize)]
struct Report<'a> {
    /// `works` or `does-not-work`, over all clusters and what stands between them.
    verdict: &'static str,
    /// ztunnel was not counted.
    sidecar_only: bool,
    /// In the order of the command line.
    clusters: Vec<ClusterReport<'a>>,
    /// What stands between them; empty for one.
    across: &'a [Found],
}

#[derive(Serialize)]
struct ClusterReport<'a> {
    /// The directory or file as it was given.
    from: String,
    /// `istio` (four files) or `tls`.
    layout: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateRow<'a>>,
    roots: Vec<CertificateRow<'a>>,
    /// istiod would start with these files.
    istiod_starts: bool,
    /// Sidecars and gateways accept what is issued under them.
    envoy_works: bool,
    /// Ambient's node proxies do.
    ztunnel_works: bool,
    /// Peers written in Go do.
    go_works: bool,
    /// What rustls-webpki said of a leaf made for the purpose: `accepted`, or its reason; null without a key.
    leaf_tried: Option<&'a str>,
    findings: &'a [Found],
}

#[derive(Serialize)]
struct CertificateRow<'a> {
    subject: &'a str,
    key: &'a str,
    not_before: Timestamp,
    not_after: Timestamp,
    sha256: Digest,
}

/// One cluster's files, looked at.
struct Looked {
    from: String,
    form: Form,
    checked: Checked,
}

/// `anchorite inspect cacerts DIR…`
pub fn cacerts(args: &Args, what: &[PathBuf], question: &Question<'_>, terminal: &mut Terminal) -> Result<(), Error> {
    check_trust_domain(question.trust_domain)?;
    let asked = Asked {
        leaf_ttl: SignedDuration::from_hours(i64::from(question.leaf_ttl)),
        trust_domain: question.trust_domain,
        ..Asked::of(Layout::Istio.consumers(), clock(args).now())
    };
    let mut looked = Vec::with_capacity(what.len());
    for path in what {
        looked.push(look(path, &asked, terminal)?);
    }
    let clusters: Vec<_> = looked.iter().map(|one| Cluster { name: &one.from, checked: &one.checked }).collect();
    let across = check::across(&clusters, &asked);
    let report = report(&looked, &across, question.sidecar_only);
    if terminal.wants_json() {
        terminal.json(&report)?;
    } else {
        terminal.result_screen(&screen(&report))?;
    }
    verdict(&report)
}

fn look(path: &Path, asked: &Asked<'_>, terminal: &Terminal) -> Result<Looked, Error> {
    let (from, given) = given::read(path, PIPE, terminal)?;
    let files = given.files();
    let mut checked = check::check(&files, asked)?;
    let mut found = given.found();
    found.append(&mut checked.found);
    checked.found = found;
    Ok(Looked { from, form: files.form, checked })
}

fn report<'a>(looked: &'a [Looked], across: &'a [Found], sidecar_only: bool) -> Report<'a> {
    let clusters: Vec<ClusterReport<'a>> = looked.iter().map(cluster_report).collect();
    let mut all = clusters.iter().flat_map(|cluster| cluster.findings).chain(across);
    let works = !all.any(|found| stops_somebody(found, sidecar_only));
    Report { verdict: if works { "works" } else { "does-not-work" }, sidecar_only, clusters, across }
}

/// Somebody of this mesh: another consumer of the same files may be stopped as well.
fn stops_somebody(found: &Found, sidecar_only: bool) -> bool {
    found.stops.iter().any(|consumer| is_istio(*consumer) && !(sidecar_only && *consumer == Consumer::Ztunnel))
}

fn cluster_report(looked: &Looked) -> ClusterReport<'_> {
    let Looked { from, form, checked } = looked;
    ClusterReport {
        from: text::escape(from),
        layout: if *form == Form::Four { "istio" } else { "tls" },
        certificate: checked.own.as_ref().map(certificate_row),
        roots: checked.roots.iter().map(certificate_row).collect(),
        istiod_starts: checked.against(Consumer::Istiod).is_empty(),
        envoy_works: checked.against(Consumer::Envoy).is_empty(),
        ztunnel_works: checked.against(Consumer::Ztunnel).is_empty(),
        go_works: checked.against(Consumer::Go).is_empty(),
        leaf_tried: checked.trial.as_ref().map(|trial| match trial {
            Trial::Accepted => "accepted",
            Trial::Rejected(why) => why,
        }),
        findings: &checked.found,
    }
}

fn certificate_row(certificate: &Foreign) -> CertificateRow<'_> {
    CertificateRow {
        subject: &certificate.subject,
        key: &certificate.key.title,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        sha256: Digest::of(&certificate.der),
    }
}

/// The whole on one screen.
fn screen(report: &Report<'_>) -> Screen {
    let mut screen = Screen::new();
    for cluster in &report.clusters {
        screen = screen.then(cluster_screen(cluster, report.sidecar_only)).blank();
    }
    if report.clusters.len() > 1 {
        let trusting = !report.across.iter().any(|found| stops_somebody(found, report.sidecar_only));
        screen = screen
            .heading("Across these clusters", if trusting { "they trust each other" } else { "they do not" })
            .then(findings_screen(report.across))
            .blank();
    }
    screen.text(
        "istiod reads these files when it starts, and watches them only if they were complete then: a Secret that \
         was added or repaired later needs: kubectl -n istio-system rollout restart deployment/istiod",
    )
}

fn cluster_screen(cluster: &ClusterReport<'_>, sidecar_only: bool) -> Screen {
    let works = !cluster.findings.iter().any(|found| stops_somebody(found, sidecar_only));
    let files = match cluster.layout {
        "tls" => "tls.crt, tls.key, ca.crt",
        _ => "ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem",
    };
    let mut screen = Screen::new()
        .heading(format!("CA files · {}", cluster.from), if works { "works" } else { "does not work" })
        .noted("layout", cluster.layout, format!("({files})"));
    if let Some(own) = &cluster.certificate {
        screen = screen
            .field("intermediate", own.subject)
            .field("", format!("{}, until {}, sha256 {}", own.key, own.not_after, own.sha256.short()));
    }
    for root in &cluster.roots {
        screen = screen
            .field("root", root.subject)
            .field("", format!("{}, until {}, sha256 {}", root.key, root.not_after, root.sha256.short()));
    }
    let starts = cluster.istiod_starts;
    let answer = |accepts: bool| match (accepts, starts) {
        (false, _) => "no",
        (true, true) => "works",
        (true, false) => "no, as istiod does not start; it would accept these certificates",
    };
    let tried = match (sidecar_only, cluster.leaf_tried) {
        (true, _) => "not counted: sidecars only".to_owned(),
        (false, Some(said)) => format!("ambient; rustls-webpki on a leaf: {said}"),
        (false, None) => "ambient; no leaf could be tried".to_owned(),
    };
    screen
        .field("istiod", if starts { "starts" } else { "does not start" })
        .noted("Envoy", answer(cluster.envoy_works), "(sidecars, gateways)")
        .noted("ztunnel", answer(cluster.ztunnel_works), format!("({tried})"))
        .noted("Go peers", answer(cluster.go_works), "(gRPC without a proxy)")
        .then(findings_screen(cluster.findings))
}

/// The heaviest first: what stops somebody, what is only worth knowing.
pub fn findings_screen(findings: &[Found]) -> Screen {
    let mut sorted: Vec<&Found> = findings.iter().collect();
    sorted.sort_by_key(|found| (found.stops.is_empty(), std::cmp::Reverse(found.finding.severity)));
    sorted.into_iter().fold(Screen::new(), |screen, found| {
        let finding = &found.finding;
        let stops: Vec<&str> = found.stops.iter().filter(|c| is_istio(**c)).map(|consumer| consumer.title()).collect();
        let stops = if stops.is_empty() { "nobody".to_owned() } else { stops.join(", ") };
        screen
            .blank()
            .noted(&finding.severity.to_string(), &finding.id, format!("(stops {stops})"))
            .field("  seen", &finding.observed)
            .field("  wanted", &finding.expected)
            .field("  then", found.then)
            .field("  to do", &finding.hint)
            .field("  source", &finding.source)
    })
}

fn is_istio(consumer: Consumer) -> bool {
    Layout::Istio.consumers().contains(&consumer)
}

/// Exit 10 where it does not work; the findings were shown.
fn verdict(report: &Report<'_>) -> Result<(), Error> {
    let all = report.clusters.iter().flat_map(|cluster| cluster.findings).chain(report.across);
    let mut stopping: Vec<&Found> = all.filter(|found| stops_somebody(found, report.sidecar_only)).collect();
    if report.verdict == "works" {
        return Ok(());
    }
    stopping.sort_by_key(|found| found.finding.severity != Severity::Refuse);
    let error = Error::new(Kind::Refused, "a mesh does not work with these files")
        .saw(text::count(stopping.len(), "finding"))
        .wanted("none that stops somebody");
    Err(stopping
        .first()
        .iter()
        .fold(error, |error, first| error.hint(format!("begin with {}: {}", first.finding.id, first.finding.hint))))
}
