//! `RUNBOOK.md`: what the engineer follows at night. The texts are files beside this one, with places for what
//! differs from cluster to cluster; here those are filled in.
//!
//! Everything that is typed stands in it as it is typed. Names from certificates stand as code, so that nothing in
//! them is markup.

use super::record::{Change, Record, Row};
use crate::text;
use jiff::{SignedDuration, Timestamp};

/// The settings of stage 0, for each way to install a mesh: file names and contents.
pub const SETTINGS: [(&str, &str); 4] = [
    ("helm-values.yaml", include_str!("runbook/settings/helm-values.yaml")),
    ("istio-operator.yaml", include_str!("runbook/settings/istio-operator.yaml")),
    ("sail-istio.yaml", include_str!("runbook/settings/sail-istio.yaml")),
    ("kyma-proxyconfig.yaml", include_str!("runbook/settings/kyma-proxyconfig.yaml")),
];
/// The columns that prose keeps to.
const WIDTH: usize = 80;
/// The scripts that the runbook calls; most only look.
const COMMANDS: [(&str, &str); 6] = [
    ("before.sh", include_str!("runbook/commands/before.sh")),
    ("setting.sh", include_str!("runbook/commands/setting.sh")),
    ("unrestarted.sh", include_str!("runbook/commands/unrestarted.sh")),
    ("restart-istiod.sh", include_str!("runbook/commands/restart-istiod.sh")),
    ("roots.sh", include_str!("runbook/commands/roots.sh")),
    ("gather.sh", include_str!("runbook/commands/gather.sh")),
];
/// What `gather.sh` does besides, where there is ztunnel.
const GATHER_AMBIENT: &str = include_str!("runbook/commands/gather-ambient.sh");

/// The scripts for a plan: file names and contents.
pub fn commands(record: &Record) -> Vec<(&'static str, String)> {
    let places = places(record);
    let script = |(name, text): (&'static str, &str)| {
        let ambient = if name == "gather.sh" && !record.sidecar_only { GATHER_AMBIENT } else { "" };
        (name, fill(&format!("{text}{ambient}"), &places))
    };
    COMMANDS.into_iter().map(script).collect()
}

/// The runbook of a plan.
pub fn runbook(record: &Record) -> String {
    let parts: &[&str] = match record.kind {
        Change::Renewal => &[include_str!("runbook/renewal.md")],
        Change::Rollover => &[
            include_str!("runbook/head.md"),
            include_str!("runbook/stage-0.md"),
            include_str!("runbook/stage-1.md"),
            include_str!("runbook/stage-2.md"),
            include_str!("runbook/stage-3.md"),
            include_str!("runbook/end.md"),
        ],
    };
    let places = places(record);
    let filled: Vec<String> = parts.iter().map(|part| fill(part, &places)).collect();
    reflow(&filled.join("\n"))
}

type Places = Vec<(&'static str, String)>;

fn fill(part: &str, places: &Places) -> String {
    places.iter().fold(part.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

fn places(record: &Record) -> Places {
    let (name, namespace) = (&record.secret.name, &record.secret.namespace);
    let lifetime = hours(record.leaf_lifetime());
    let at = |time: Option<Timestamp>| time.map_or_else(|| "no date".to_owned(), date);
    let apply_by = |stage: u8| at(record.stages.iter().find(|row| row.stage == stage).and_then(|row| row.apply_by));
    let due =
        record.stages.iter().map(|row| format!("| {} | {} | {} |", row.stage, title(&row.name), at(row.apply_by)));
    vec![
        ("cluster", record.cluster.clone()),
        ("name", name.clone()),
        ("namespace", namespace.clone()),
        ("made", date(record.made)),
        ("lifetime", lifetime.clone()),
        ("old", certificates(&record.old)),
        ("new", certificates(&record.new)),
        ("old_ends", at(record.old_ends())),
        ("new_ends", at(record.new_ends())),
        ("due", due.collect::<Vec<_>>().join("\n")),
        ("exists", record.secret.exists.map_or_else(|| "unknown".to_owned(), |exists| exists.to_string())),
        ("apply_by_0", apply_by(0)),
        ("apply_by_1", apply_by(1)),
        ("apply_by_2", apply_by(2)),
        ("before", before(record)),
        ("save", save(record)),
        ("apply_1", apply_first(record)),
        ("back_1", back_first(record)),
        ("wait", wait(record, &lifetime)),
        ("ambient_0", ambient(record)),
    ]
}

fn before(record: &Record) -> String {
    let get = format!("kubectl -n {} get secret {}", record.secret.namespace, record.secret.name);
    match record.secret.exists {
        Some(false) => format!("# must say NotFound: istiod signs with its own CA\n{get}"),
        Some(true) => format!("{get} -o json |\n  anchorite rollover check . --live - --stage 0"),
        None => format!("# does it exist? stage 1 asks\n{get}"),
    }
}

fn save(record: &Record) -> String {
    let name = if record.secret.exists == Some(false) { "istio-ca-secret" } else { &record.secret.name };
    // Again after stage 1 it would save the new state over the way back.
    format!("test -s before.json ||\n  kubectl -n {} get secret {name} -o json > before.json", record.secret.namespace)
}

fn apply_first(record: &Record) -> String {
    match record.secret.exists {
        Some(true) => "kubectl replace -f stage-1/secret.yaml".to_owned(),
        Some(false) => "kubectl create -f stage-1/secret.yaml".to_owned(),
        None => format!(
            "# where {0} does not exist:\nkubectl create -f stage-1/secret.yaml\n\
             # where it exists; if Kubernetes says that its type is immutable, plan\n# again with --live:\n\
             kubectl replace -f stage-1/secret.yaml",
            record.secret.name
        ),
    }
}

fn back_first(record: &Record) -> String {
    let replace = "jq 'del(.metadata.resourceVersion, .metadata.uid)' before.json |\n  kubectl replace -f -";
    let delete = format!("kubectl -n {} delete secret {}", record.secret.namespace, record.secret.name);
    match record.secret.exists {
        Some(true) => replace.to_owned(),
        Some(false) => {
            format!("# it was not there before; istiod goes on with istio-ca-secret, the same CA\n{delete}")
        }
        None => format!("# where it was replaced:\n{replace}\n# where it was created:\n{delete}"),
    }
}

fn wait(record: &Record, lifetime: &str) -> String {
    let sidecars = "minutes, until observe exits 0";
    match record.sidecar_only {
        true => format!("{sidecars}. Where you cannot observe: {lifetime} from the restart of istiod."),
        false => format!(
            "sidecars, gateways and waypoints: {sidecars}. Ambient: ztunnel takes its roots from the answer to its next \
             request for a certificate, which it makes at half of the lifetime: {lifetime} from the restart of istiod, \
             unless observe exits 0 before. Write the time down; `date -u -d '+{}'` says when that is.",
            span(record.leaf_lifetime())
        ),
    }
}

fn ambient(record: &Record) -> String {
    match record.sidecar_only {
        true => String::new(),
        false => "\n**Ambient.** ztunnel needs no setting and no restart, but patience: see \"Wait\" of each stage. \
                  Waypoints are gateways: they restart now.\n"
            .to_owned(),
    }
}

fn title(name: &str) -> &str {
    match name {
        "trust-both" => "trust both",
        other => other,
    }
}

fn certificates(rows: &[Row]) -> String {
    let of = |row: &Row| {
        let subject = text::escape(&row.subject).replace('`', "'");
        format!("- `{subject}`, until {}, sha256 `{}`", date(row.not_after), row.sha256.short())
    };
    rows.iter().map(of).collect::<Vec<_>>().join("\n")
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn hours(lifetime: SignedDuration) -> String {
    match (lifetime.as_hours(), lifetime.as_mins() % 60) {
        (0, minutes) => text::count(usize::try_from(minutes).unwrap_or_default(), "minute"),
        (hours, 0) => text::count(usize::try_from(hours).unwrap_or_default(), "hour"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// As `date` reads it.
fn span(lifetime: SignedDuration) -> String {
    match lifetime.as_mins() % 60 {
        0 => format!("{} hours", lifetime.as_hours()),
        _ => format!("{} minutes", lifetime.as_mins()),
    }
}

/// Prose in lines of [`WIDTH`]; code, tables and headings as they stand.
fn reflow(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in markdown.lines() {
        let fence = line.starts_with("```");
        let item = line.starts_with("- ") || line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
        if fence || fenced || item || line.is_empty() || line.starts_with(['#', '|']) {
            flush(&mut paragraph, &mut out);
        }
        match fence || fenced || line.starts_with(['#', '|']) {
            true => {
                out.push_str(line);
                out.push('\n');
            }
            false if line.is_empty() => {
                if !out.ends_with("\n\n") {
                    out.push('\n');
                }
            }
            false => {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line.trim());
            }
        }
        fenced ^= fence;
    }
    flush(&mut paragraph, &mut out);
    out
}

fn flush(paragraph: &mut String, out: &mut String) {
    if paragraph.is_empty() {
        return;
    }
    let indent = match paragraph.split_once(' ') {
        Some((mark, _)) if mark == "-" || mark.trim_end_matches('.').parse::<u8>().is_ok() => mark.len() + 1,
        _ => 0,
    };
    for (number, line) in text::wrap(paragraph, WIDTH - indent).iter().enumerate() {
        out.push_str(&" ".repeat(if number == 0 { 0 } else { indent }));
        out.push_str(line);
        out.push('\n');
    }
    paragraph.clear();
}
