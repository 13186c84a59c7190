//! `rollover check`: everybody trusts everybody in every stage, or who does not; and which stage a Secret is in.

use super::super::args::{Args, RolloverCheck};
use super::super::cluster::clock;
use super::super::given;
use crate::cli::terminal::Terminal;
use crate::error::{Error, Kind};
use crate::rollover::place::{Standing, stage_of};
use crate::rollover::proof::{self, Proof, Tried};
use crate::rollover::record::{Change, Row};
use crate::rollover::{Ca, Plan, Record, Which, load};
use crate::screen::Screen;
use crate::text;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// How a Secret is piped in.
const PIPE: &str = "kubectl -n istio-system get secret cacerts -o json | anchorite rollover check OUT --live -";
/// Refused paths that are named in an error; the others are counted.
const NAMED: usize = 5;

/// What `--json` prints: one object.
#[derive(Serialize)]
struct Report<'a> {
    /// `holds` or `does-not-hold`.
    verdict: &'static str,
    /// Each plan's clusters, CAs, stages and dates.
    plans: Vec<&'a Record>,
    #[serde(flatten)]
    proof: &'a Proof,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveReport>,
}

#[derive(Serialize)]
struct LiveReport {
    /// The stage; null where it is none of the plan's.
    stage: Option<u8>,
    /// What may be done next, or what is wrong.
    next: String,
}

/// `anchorite rollover check OUT…`
pub fn check(args: &Args, a: &RolloverCheck, terminal: &mut Terminal) -> Result<(), Error> {
    let now = clock(args).now();
    let plans: Vec<Plan> = a.plans.iter().map(|dir| load(dir)).collect::<Result<_, _>>()?;
    let standing = a.live.as_ref().map(|path| standing(path, &plans, terminal)).transpose()?;
    for plan in &plans {
        proof::works(plan, now).map_err(|error| error.within(&plan.record.cluster))?;
    }
    let proof = proof::prove(&plans.iter().collect::<Vec<_>>(), now)?;
    let holds = proof.refused().next().is_none();
    let records: Vec<&Record> = plans.iter().map(|plan| &plan.record).collect();
    let live = standing.as_ref().and_then(|standing| Some((standing, *records.first()?))).map(|(standing, record)| {
        match standing {
            Standing::In(stage) => LiveReport { stage: Some(*stage), next: next_of(record, *stage) },
            Standing::Nowhere { put, .. } => LiveReport { stage: None, next: put_right(a, put.as_ref()) },
        }
    });
    if terminal.wants_json() {
        let verdict = if holds { "holds" } else { "does-not-hold" };
        terminal.json(&Report { verdict, plans: records, proof: &proof, live })?;
    } else {
        terminal.result_screen(&screen(&records, &proof, standing.as_ref(), now))?;
    }
    refuse(&proof)?;
    match standing {
        Some(Standing::In(stage)) if a.stage.is_some_and(|wanted| wanted != stage) => {
            let wanted = a.stage.map(|wanted| format!("stage {wanted}")).unwrap_or_default();
            Err(Error::new(Kind::Refused, "the live files are in another stage")
                .saw(format!("stage {stage}"))
                .wanted(wanted)
                .hint("stages follow each other: none is left out"))
        }
        Some(Standing::Nowhere { seen, wanted, put }) => {
            Err(Error::new(Kind::Refused, "these live files are none of the plan's stages")
                .saw(seen)
                .wanted(wanted)
                .hint(put_right(a, put.as_ref())))
        }
        _ => Ok(()),
    }
}

/// What helps where live files are in no stage.
fn put_right(a: &RolloverCheck, put: Option<&(String, u8)>) -> String {
    match (put, a.plans.as_slice()) {
        (Some((directory, stage)), [out]) => {
            let manifest = out.join(directory).join("secret.yaml");
            format!("put stage {stage} in place: kubectl replace -f {}", text::shell(&manifest.display().to_string()))
        }
        _ => "this plan is of another cluster, or the CA was changed since: plan again from what is live".to_owned(),
    }
}

fn standing(path: &Path, plans: &[Plan], terminal: &Terminal) -> Result<Standing, Error> {
    let [plan] = plans else {
        return Err(Error::new(Kind::Usage, "--live is one cluster's")
            .saw(text::count(plans.len(), "plan"))
            .wanted("the plan of that cluster alone"));
    };
    let (_, given) = given::read(path, PIPE, terminal)?;
    let live = Ca::of_given(&given, Which::Current).map_err(|error| error.within("--live"))?;
    if live.files.ca_key.is_some() {
        live.key(Which::Current).map_err(|error| error.within("--live"))?;
    }
    Ok(stage_of(&live, plan))
}

/// The error where the overlap does not hold: the first pairs with their reasons.
///
/// # Errors
/// [`Kind::Refused`].
pub fn refuse(proof: &Proof) -> Result<(), Error> {
    let refused: Vec<&Tried> = proof.refused().collect();
    if refused.is_empty() {
        return Ok(());
    }
    let error = Error::new(Kind::Refused, "the stages do not overlap: workloads would reject each other")
        .saw(format!("{} of {} paths refused", refused.len(), proof.tried.len()))
        .wanted("every workload trusts what any other presents, in this stage and the next");
    let named = refused.iter().take(NAMED).fold(error, |error, tried| {
        let Tried { presents, trusts, refused } = tried;
        error.hint(format!(
            "{} in stage {} rejects {} in stage {}: {}",
            trusts.cluster,
            trusts.stage,
            presents.cluster,
            presents.stage,
            refused.as_deref().unwrap_or_default()
        ))
    });
    Err(match refused.len() > NAMED {
        true => named.hint(format!("and {} more: anchorite --json rollover check …", refused.len() - NAMED)),
        false => named,
    })
}

fn screen(records: &[&Record], proof: &Proof, standing: Option<&Standing>, now: Timestamp) -> Screen {
    let refused = proof.refused().count();
    let verdict = if refused == 0 { "everybody trusts everybody" } else { "somebody is rejected" };
    let names: Vec<&str> = records.iter().map(|record| record.cluster.as_str()).collect();
    let mut screen = Screen::new()
        .heading(format!("Switch · {}", names.join(", ")), verdict)
        .field("paths tried", format!("{}, {refused} refused", proof.tried.len()));
    if !proof.without_stage_1.is_empty() {
        let broken = proof.without_stage_1.iter().filter(|tried| tried.refused.is_some()).count();
        let of = proof.without_stage_1.len();
        screen = screen.field("", format!("without stage 1, {broken} of {of} more would be refused"));
    }
    for record in records {
        screen = screen.blank().then(plan_screen(record, now));
    }
    if let (Some(standing), Some(record)) = (standing, records.first()) {
        screen = screen.blank().then(standing_screen(standing, record));
    }
    screen
}

fn plan_screen(record: &Record, now: Timestamp) -> Screen {
    let what = match record.kind {
        Change::Rollover => "another root",
        Change::Renewal => "a new intermediate, the same root",
    };
    let mut screen = Screen::new().heading(&record.cluster, what);
    for (label, rows) in [("old", &record.old), ("new", &record.new)] {
        screen = screen.field(label, names_of(rows));
        if let Some(end) = rows.iter().map(|row| row.not_after).min() {
            screen = screen.field("", format!("until {end}"));
        }
    }
    for row in &record.stages {
        let due = match row.apply_by {
            Some(by) if by < now => format!("was due {by}"),
            Some(by) => format!("due {by}"),
            None => "no date forces it; the old key can sign until then".to_owned(),
        };
        screen = screen.field(&format!("stage {}", row.stage), format!("{:<12} {due}", row.name));
    }
    screen
}

/// The intermediate, and the root above it.
fn names_of(rows: &[Row]) -> String {
    match rows {
        [own] => format!("{} (its own root)", own.subject),
        [own, .., root] => format!("{}, under {}", own.subject, root.subject),
        [] => String::new(),
    }
}

fn standing_screen(standing: &Standing, record: &Record) -> Screen {
    match standing {
        Standing::In(stage) => {
            let name = record.stages.iter().find(|row| row.stage == *stage).map_or("", |row| row.name.as_str());
            Screen::new().heading("Live", format!("stage {stage}, {name}")).indented(next_of(record, *stage))
        }
        Standing::Nowhere { .. } => Screen::new().heading("Live", "none of these stages"),
    }
}

/// What may follow a stage.
fn next_of(record: &Record, stage: u8) -> String {
    let ready = format!("once every cluster is ready (anchorite rollover observe --stage {stage} exits 0)");
    match (record.kind, stage) {
        (Change::Renewal, 0) => "Next: renewal/secret.yaml; nothing has to be waited for.".to_owned(),
        (Change::Renewal, _) => "Done. Back: the Secret as it was before.".to_owned(),
        (_, 0) => "Next: stage 1, once the settings of stage 0 are in force in every cluster.".to_owned(),
        (_, 1) => format!("Next: stage 2, {ready}. Back: stage 0, the Secret as it was before."),
        (_, 2) => format!("Next: stage 3, {ready}. Back: stage 1."),
        (_, _) => "The last stage: destroy the old keys. Back: stage 2, while its files are kept.".to_owned(),
    }
}
