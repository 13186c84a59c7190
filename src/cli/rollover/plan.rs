//! `rollover plan`: the stages of one cluster's switch, written into a directory.

use super::super::args::{Args, RolloverPlan};
use super::super::cluster::clock;
use super::super::given;
use super::check;
use crate::cli::terminal::Terminal;
use crate::consumer::Given;
use crate::consumer::given::{OWN_CA, SECRET};
use crate::error::{Error, Kind};
use crate::files::deliver::{self, Item};
use crate::files::intake;
use crate::name::{check_label, check_trust_domain};
use crate::rollover::{Ca, Live, Plan, Wanted, Which, ca, make, proof, write};
use crate::text;
use jiff::SignedDuration;

/// How a Secret is piped in.
const PIPE: &str = "kubectl -n istio-system get secret NAME -o json | anchorite rollover plan --current - …";

/// `anchorite rollover plan`
pub fn plan(args: &Args, a: &RolloverPlan, terminal: &mut Terminal) -> Result<(), Error> {
    let made = planned(args, a, terminal).map_err(|error| match error.truths() {
        [] => error.truth("Nothing was written."),
        _ => error,
    })?;
    let directories = write::directories(&made)?;
    deliver::create_directory(&a.out)?;
    let mut written = Vec::new();
    for (name, items) in &directories {
        let items: Vec<Item<'_>> = items.iter().map(|(name, bytes, mode)| (*name, bytes.as_slice(), *mode)).collect();
        if name.is_empty() {
            for (name, bytes, mode) in items {
                deliver::write_new(&a.out.join(name), bytes, mode)?;
                written.push(a.out.join(name).display().to_string());
            }
        } else {
            written.push(deliver::write_directory(&a.out, name, &items)?.path.display().to_string());
        }
    }
    for note in &made.notes {
        terminal.talk(&format!("note: {note}"));
    }
    let out = text::shell(&a.out.display().to_string());
    terminal.done(&written, &[&format!("read {out}/RUNBOOK.md, and follow it")]);
    Ok(())
}

fn planned(args: &Args, a: &RolloverPlan, terminal: &Terminal) -> Result<Plan, Error> {
    check_trust_domain(&a.trust_domain)?;
    check_lifetime(a.leaf_lifetime)?;
    if intake::is_there(&a.out)? {
        return Err(Error::new(Kind::Medium, format!("{} is already there", a.out.display()))
            .wanted("the name of a new directory"));
    }
    let live = a.live.as_ref().map(|path| given::read(path, PIPE, terminal)).transpose()?;
    let current = a.current.as_ref().map(|path| given::read(path, PIPE, terminal)).transpose()?;
    live.iter().chain(&current).try_for_each(|(from, given)| without_crls(from, given))?;
    let next = Ca::of_given(&given::read(&a.next, PIPE, terminal)?.1, Which::Next)?;
    let (place, signs) = match (&live, &current) {
        (Some((_, live)), None) => (place(live)?, live),
        (None, Some((_, current))) => (place(current)?, current),
        (Some((_, live)), Some((_, current))) => (place(live)?, current),
        (None, None) => return Err(Error::new(Kind::Bug, "no current CA")),
    };
    let current = Ca::of_given(signs, Which::Current)?;
    if let Some((from, live)) = live.as_ref().filter(|_| a.current.is_some()) {
        let signing = Ca::of_given(live, Which::Current).map_err(|error| error.within(from))?;
        if signing.own.der != current.own.der {
            return Err(Error::new(Kind::Refused, "the live Secret signs with another CA than --current")
                .saw(ca::shown(&signing.own))
                .wanted(ca::shown(&current.own))
                .hint("plan from what is live: leave --current out"));
        }
    }
    let cluster = cluster(a, &next)?;
    let now = clock(args).now();
    let mut made = make(
        &current,
        &next,
        &Wanted {
            cluster: &cluster,
            leaf_lifetime: a.leaf_lifetime,
            trust_domain: &a.trust_domain,
            sidecar_only: a.sidecar_only,
            redacted: a.redact,
            live: place,
            now,
        },
    )?;
    // What cannot be proved is not written.
    made.notes.extend(proof::works(&made, now)?);
    check::refuse(&proof::prove(&[&made], now)?)?;
    Ok(made)
}

/// The stages' Secrets have no ca-crl.pem, and istiod goes on with the last one: no workload of the next CA would be
/// believed. An emptied file is one that was given up (Istio: issue 61073).
fn without_crls(from: &str, given: &Given) -> Result<(), Error> {
    match given.files().crl.is_some_and(|crls| !crls.trim_ascii().is_empty()) {
        false => Ok(()),
        true => Err(Error::new(Kind::Refused, "this mesh checks CRLs: it would reject every workload of the next CA")
            .saw(format!("ca-crl.pem in {from}"))
            .wanted("a mesh without CRLs while its root is switched")
            .hint(
                "give CRLs up first: an empty ca-crl.pem in every cluster's Secret, Istio 1.31.1 and newer; plan again",
            )
            .hint(
                "older ones keep them: bring the CRLs of both CAs and both roots into every cluster first (anchorite \
                 mesh-crl merge), plan from a copy without ca-crl.pem, and add the merged file to each stage's Secret",
            )),
    }
}

/// What is said of this cluster: as asked for, as the next CA says, or as the directory is called.
fn cluster(a: &RolloverPlan, next: &Ca) -> Result<String, Error> {
    let is_name = |name: &String| check_label("a cluster's name", name).is_ok();
    if let Some(name) = &a.cluster {
        check_label("a cluster's name", name)?;
        return Ok(name.clone());
    }
    // Anybody's certificate may have a town there.
    let of_directory = || a.out.file_name().map(|name| name.to_string_lossy().into_owned());
    next.cluster().filter(is_name).or_else(|| of_directory().filter(is_name)).ok_or_else(|| {
        Error::new(Kind::Usage, "the cluster has no name: neither the next CA's L nor --out is one")
            .hint("give it one: --cluster NAME")
    })
}

/// The Secret that istiod reads, from what is known of the cluster.
fn place(given: &Given) -> Result<Live, Error> {
    let usual = |namespace: &str, exists| Live {
        name: SECRET.to_owned(),
        namespace: namespace.to_owned(),
        secret_type: None,
        exists,
    };
    Ok(match given.place() {
        None => usual("istio-system", None),
        Some(place) if place.name == SECRET => Live {
            name: place.name.clone(),
            namespace: place.namespace.clone(),
            secret_type: Some(place.secret_type.clone()).filter(|kind| !kind.is_empty() && kind != "Opaque"),
            exists: Some(true),
        },
        // istiod signs with its own CA only while there is no cacerts.
        Some(place) if place.secret_type == OWN_CA => usual(&place.namespace, Some(false)),
        Some(place) => usual(&place.namespace, None),
    })
}

fn check_lifetime(lifetime: SignedDuration) -> Result<(), Error> {
    if lifetime < SignedDuration::from_mins(1) || lifetime > SignedDuration::from_hours(87_600) {
        return Err(Error::new(Kind::Usage, "no lifetime of a workload's certificate")
            .saw(format!("{lifetime:#}"))
            .wanted("1m to 87600h"));
    }
    Ok(())
}
