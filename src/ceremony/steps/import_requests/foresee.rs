//! What `import-requests` will ask of an answers file, and what a later review will: the same reading and the
//! same judgement as in the ceremony, without a log. Changes nothing.

use super::accept::{Before, Origin, judge};
use super::{certified, is_signed, known_cluster, moduli, offline, was_signed};
use crate::ceremony::answers::template::{Answer, Blank, Foresight, Prospect, Reviewed};
use crate::ceremony::inbound::{self, Form, Read};
use crate::ceremony::people::Assignment;
use crate::ceremony::script::Step;
use crate::error::Error;
use crate::files::medium::{self, Role};
use crate::finding::{Finding, Severity};
use crate::policy::{self, Beside};
use crate::request::{KeyPolicy, package};
use crate::x509::Spki;
use std::path::Path;
use toml::Value;

/// A request that will be accepted: its file, its cluster, its key.
type Taken = (String, String, Spki);

/// Foresees the questions about what lies on the stick.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium), [`Kind::Usage`](crate::error::Kind::Usage) as the step itself.
pub fn foresee(foresight: &mut Foresight, prospect: &Prospect<'_>, step: &Step) -> Result<(), Error> {
    let found = read(prospect)?;
    let before = Before {
        config: prospect.config,
        state: prospect.state,
        moduli: &moduli(prospect.state, &found),
        now: prospect.now,
    };
    let known = |name: &str| known_cluster(prospect.config, prospect.state, name);
    let mut taken: Vec<Taken> = Vec::new();
    for read in found.into_iter().filter(|read| is_signed(prospect.state, read).is_none()) {
        let (file, sha256) = (read.file.clone(), read.sha256);
        let key = sha256.map_or_else(|| format!("file:{file}"), |sha256| format!("sha256:{sha256}"));
        match (read.verdict(), sha256) {
            (Ok((form, request)), Some(sha256)) => {
                let (claim, origin) = match &form {
                    Form::Package(travelled) => {
                        let json = &travelled.request;
                        (Some(Assignment::of(json)), Origin::Package(travelled))
                    }
                    Form::Csr => {
                        let claim = stem(&file).and_then(known);
                        let words_of = claim
                            .as_ref()
                            .map(|c| package::words_of_csr(&c.cluster, &c.environment, &sha256, &c.recipients));
                        (claim, Origin::Csr(words_of.unwrap_or(sha256)))
                    }
                };
                let findings = match &claim {
                    Some(claim) => {
                        let others = taken.iter().map(|(file, cluster, spki)| Beside { file, cluster, spki });
                        judge(&before, others, &request, claim, &origin).findings
                    }
                    None => request.findings().to_vec(),
                };
                if findings.iter().any(|finding| finding.severity == Severity::Refuse) {
                    strike(foresight, step, &key, &file, &findings);
                    continue;
                }
                let package = matches!(form, Form::Package(_));
                accepted(foresight, step, &key, &file, claim.as_ref().filter(|_| package), &known);
                let cluster = claim.as_ref().map_or("", |claim| &claim.cluster).to_owned();
                let warnings = warnings(&findings);
                foresight.reviewed.push(Reviewed {
                    key,
                    about: format!("{file} {cluster}").trim().to_owned(),
                    warnings,
                });
                taken.push((file, cluster, request.spki().clone()));
            }
            (Err(findings), _) => strike(foresight, step, &key, &file, &findings),
            (Ok(_), None) => {}
        }
    }
    for cluster in offline::wanted(prospect.config, prospect.state, prospect.clusters)? {
        let about = format!("{cluster}: its key is made in the ceremony");
        let found = policy::overlap(prospect.config, prospect.state, &cluster, prospect.now);
        let warnings = warnings(&found.into_iter().collect::<Vec<_>>());
        foresight.reviewed.push(Reviewed { key: format!("offline:{cluster}"), about, warnings });
    }
    Ok(())
}

/// True where a session would find nothing to do: every request on the stick is signed and its bundle written, and
/// no key is to be made here.
///
/// # Errors
/// As [`foresee`].
pub fn is_settled(prospect: &Prospect<'_>) -> Result<bool, Error> {
    let state = prospect.state;
    let signed = |read: &Read| was_signed(state, read).is_some();
    let nothing_here = offline::wanted(prospect.config, state, prospect.clusters)?.is_empty();
    Ok(nothing_here && state.undelivered.is_empty() && read(prospect)?.iter().all(signed))
}

fn read(prospect: &Prospect<'_>) -> Result<Vec<Read>, Error> {
    let Some(dir) = prospect.requests else { return Ok(Vec::new()) };
    medium::expect(dir, Role::Requests)?;
    let keys = KeyPolicy { keys: prospect.config.intermediates.keys.clone() };
    inbound::read_all(dir, &keys, &|digest| certified(prospect.state, digest))
}

/// The name that a file's own name suggests: `cluster2.csr` is for cluster2, as far as anybody can guess.
fn stem(file: &str) -> Option<&str> {
    Path::new(file).file_stem()?.to_str()
}

/// The words, and for a plain CSR whom it is for; what configuration or log fix need not be said again.
fn accepted(
    foresight: &mut Foresight,
    step: &Step,
    key: &str,
    file: &str,
    package: Option<&Assignment>,
    known: &dyn Fn(&str) -> Option<Assignment>,
) {
    let words = Blank::judged("same", "\"same\", once its words were compared with the engineer's sheet");
    if let Some(claim) = package {
        let to = claim.recipients.join(" ");
        let about = format!("{file}: {} ({}), {}, to {to}", claim.cluster, claim.environment, claim.trust_domain);
        return foresight.ask(step, key, vec![about], Answer::Fields(vec![("words", words)]));
    }
    let guess = stem(file).unwrap_or_default();
    let known = known(guess);
    let mut fields = match &known {
        Some(cluster) => vec![("cluster", Blank::known(cluster.cluster.clone()))],
        None => vec![
            ("cluster", Blank::judged(guess, "whom it is for")),
            ("environment", Blank::judged("prod", "\"prod\", …")),
            ("trust_domain", Blank::judged("cluster.local", "its SPIFFE trust domain")),
        ],
    };
    if known.is_none_or(|cluster| cluster.recipients.is_empty()) {
        let empty = Value::Array(vec![Value::String(String::new())]);
        let says = "age1…: who may open its bundle".to_owned();
        fields.push(("recipients", Blank { yes: empty.clone(), empty, says }));
    }
    fields.push(("words", words));
    foresight.ask(step, key, vec![format!("{file}: a plain CSR")], Answer::Fields(fields));
}

/// A request that will be refused: the others go on without it under a reason, or it is taken off the stick.
fn strike(foresight: &mut Foresight, step: &Step, key: &str, file: &str, findings: &[Finding]) {
    let mut about = vec![format!("{file} is refused: take it off the stick and these lines out, or strike it")];
    let refused = findings.iter().filter(|finding| finding.severity == Severity::Refuse);
    about.extend(refused.map(|f| format!("refused by {}: saw {}, wanted {}", f.id, f.observed, f.expected)));
    let place = Blank::judged("refused, as foreseen", "why the others go on without it");
    foresight.ask(step, key, about, Answer::Fields(vec![("strike", place)]));
}

fn warnings(findings: &[Finding]) -> Vec<String> {
    let warns = findings.iter().filter(|finding| finding.severity == Severity::Warn);
    warns.map(|f| format!("{}: saw {}, wanted {}", f.id, f.observed, f.expected)).collect()
}
