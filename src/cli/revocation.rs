//! `revoke` and `crl`: the commands that hold the ceremonies of revocation and of the next CRL.

use super::args::{Args, Crl, Revoke, Seats, Why};
use super::ceremonies::{founded, script};
use super::room::{self, Found, find, hold};
use super::terminal::Terminal;
use crate::authority::config::Emergency;
use crate::authority::state;
use crate::authority::{Config, State};
use crate::ceremony::room::Wishes;
use crate::ceremony::script::{Script, ScriptKind};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::plan::screen::utc;
use crate::policy::{Order, revocation};
use crate::text;
use crate::x509::Reason;
use crate::x509::read;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

#[derive(Serialize)]
struct Done {
    changed: bool,
    revoked: Vec<Hex>,
    crls: Vec<Issued>,
    written: Vec<String>,
}

/// A root's newest CRL.
#[derive(Serialize)]
struct Issued {
    root_generation: u32,
    number: u64,
    next_update: Timestamp,
    revokes: usize,
}

/// `anchorite revoke`
pub fn revoke(args: &Args, a: &Revoke, terminal: &mut Terminal) -> Result<(), Error> {
    let orders = orders(&a.what, &a.why)?;
    let found = find(args)?;
    let built_in = if a.emergency { "emergency-revocation" } else { "revocation" };
    let script = script(&found, &a.own, built_in)?;
    founded(&found.folder)?;
    let (state, now) = (found.folder.read_state()?.0, room::clock(args, &found.config.0)?.now());
    orders.iter().try_for_each(|order| order.check_date(now))?;
    if a.if_needed && orders.iter().all(|order| is_published(&state, order)) {
        return finish(&state, (false, state.size), Vec::new(), terminal);
    }
    // Until a ceremony is completed the same command goes on: what it revoked before is revoked.
    let since = state.cut_short(None);
    let is_left = |order: &&Order| since.is_none_or(|since| order.done_since(&state, since).is_none());
    check(&state, &orders.iter().filter(is_left).cloned().collect::<Vec<_>>(), now)?;
    let emergency = in_force(&found, &script, &a.seats)?;
    a.seats.waive.iter().try_for_each(|role| emergency.check_waivable(role))?;
    a.seats.alternate.iter().try_for_each(|role| emergency.alternate(role).map(|_| ()))?;
    let wishes = Wishes {
        final_try: a.attend.final_try,
        revocations: orders,
        waived: a.seats.waive.clone(),
        alternates: a.seats.alternate.clone(),
        ..Wishes::default()
    };
    let held = hold(args, &a.attend, None, script.without(&a.seats.waive), &found, wishes, terminal)?;
    let after = found.folder.read_state()?.0;
    finish(&after, (true, since.unwrap_or(state.size)), held.written, terminal)
}

/// `anchorite crl`
pub fn crl(args: &Args, a: &Crl, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "crl-refresh")?;
    founded(&found.folder)?;
    let (state, now) = (found.folder.read_state()?.0, room::clock(args, &found.config.0)?.now());
    if a.if_needed && !is_due(&state, now) && state.left_crls().is_empty() {
        return finish(&state, (false, state.size), Vec::new(), terminal);
    }
    let wishes = Wishes { final_try: a.attend.final_try, csr: a.csr, ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let after = found.folder.read_state()?.0;
    finish(&after, (true, state.size), held.written, terminal)
}

/// The orders that a command line gives.
///
/// # Errors
/// [`Kind::Usage`]: no reason, one that does not fit, a date that is none.
pub fn orders(what: &[String], why: &Why) -> Result<Vec<Order>, Error> {
    let Some(reason) = &why.reason else {
        let all = Reason::offered().map(Reason::name).collect::<Vec<_>>().join(", ");
        return Err(Error::new(Kind::Usage, "a revocation has a reason")
            .wanted(format!("--reason, one of {all}"))
            .hint(
                "keyCompromise or cACompromise: its key is, or may be, in other hands. superseded: a newer one took \
                   its place. cessationOfOperation: the cluster is gone",
            )
            .truth("Nothing was signed."));
    };
    let reason = Reason::parse(reason)?;
    let invalid_from = why.date.as_deref().map(date).transpose()?;
    Ok(what.iter().map(|what| Order { what: what.clone(), reason, invalid_from }).collect())
}

/// A day, or a time.
fn date(typed: &str) -> Result<Timestamp, Error> {
    let day = || typed.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    // A full time parses as a day too, and would lose its hours.
    let time = typed.parse::<Timestamp>().ok().or_else(day);
    time.ok_or_else(|| {
        Error::new(Kind::Usage, "--date is not a date")
            .saw(typed)
            .wanted("2026-11-20, or 2026-11-20T14:30:00Z")
            .truth("Nothing was signed.")
    })
}

/// The orders can be carried out, and each names another certificate.
fn check(state: &State, orders: &[Order], now: Timestamp) -> Result<(), Error> {
    revocation::all(state, orders, now).map(|_| ()).map_err(|error| {
        // What is revoked already may still lack its CRL.
        match orders.iter().any(|order| order.is_done(state) && !is_published(state, order)) {
            true => error.hint("the CRL that lists it is not published yet: anchorite crl"),
            false => error,
        }
    })
}

/// Revoked, and on the newest CRL, which is published.
fn is_published(state: &State, order: &Order) -> bool {
    order.is_done(state)
        && state.left_crls().is_empty()
        && state.living_certificates().keys().all(|generation| state.unpublished(*generation).is_empty())
}

/// What the configuration in force lets an emergency do without; no other ceremony does without anybody.
fn in_force(found: &Found, script: &Script, seats: &Seats) -> Result<Emergency, Error> {
    if script.kind != ScriptKind::Emergency && !(seats.waive.is_empty() && seats.alternate.is_empty()) {
        return Err(Error::new(Kind::Usage, "only an emergency does without a role, or with an alternate")
            .saw(format!("kind = \"{}\"", script.kind.name()))
            .wanted("--emergency")
            .truth("Nothing was signed."));
    }
    Ok(match found.folder.read_adopted()? {
        Some(adopted) => Config::parse(&adopted.text)?.emergency,
        None => found.config.0.emergency.clone(),
    })
}

/// True where something is not listed yet, or half of a CRL's time is over.
fn is_due(state: &State, now: Timestamp) -> bool {
    state.living_certificates().into_iter().filter(|(_, root)| root.not_after > now).any(|(generation, _)| {
        let last = state.crls.get(&generation).and_then(|crl| read::crl(&crl.der).ok());
        last.is_none_or(|crl| revocation::is_half_over(&crl.view, now)) || !state.unpublished(generation).is_empty()
    })
}

/// What the newest CRLs say, and in whose hands the old ones still are.
fn finish(
    state: &State,
    (changed, since): (bool, u64),
    mut written: Vec<String>,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let issued = |(generation, crl): (&u32, &state::Crl)| Issued {
        root_generation: *generation,
        number: crl.number,
        next_update: crl.next_update,
        revokes: state.on_crl(*generation).len(),
    };
    let crls: Vec<Issued> = state.crls.iter().map(issued).collect();
    let revoked = state.revoked_since(since);
    if terminal.wants_json() {
        return terminal.json(&Done { changed, revoked, crls, written });
    }
    if !changed {
        terminal.talk("Nothing is missing on the newest CRL; nothing was changed.");
        return Ok(());
    }
    for crl in &crls {
        let of = if crls.len() > 1 { format!(" of root generation {}", crl.root_generation) } else { String::new() };
        let lists = text::count(crl.revokes, "certificate");
        terminal.line(&format!("CRL number {}{of} lists {lists}, until {}", crl.number, utc(crl.next_update)));
    }
    let certificates = revoked.iter().filter_map(|serial| state.certificates.get(serial));
    let clusters: Vec<&str> = certificates.filter_map(|certificate| certificate.cluster.as_deref()).collect();
    let in_use =
        || state.clusters.iter().filter(|(_, cluster)| cluster.retired.is_none()).map(|(name, _)| name.as_str());
    let is_left = |name: &&str| state.newest_intermediate(name).is_some_and(|c| state.revoked(&c.serial).is_none());
    let left: Vec<&str> = in_use().filter(is_left).collect();
    if !left.is_empty() {
        terminal.talk(&format!(
            "Every copy of the last CRL is old now: those of {}, and wherever public/root.crl was put. Who reads an old \
             one misses what was revoked since, and once its time is over refuses everything.",
            left.join(", ")
        ));
    }
    let mut next = Vec::new();
    if !left.is_empty() {
        next.push(format!("anchorite export {} --to OUT", left.join(" ")));
        next.push("on each cluster's side: anchorite open BUNDLE --into NAME".to_owned());
    }
    next.push("publish public/root.crl (PEM) or public/root.crl.der (DER) anew".to_owned());
    for cluster in clusters {
        next.push(format!("for {cluster}, on its side: anchorite request {cluster}     a new key"));
        next.push(format!("or, where it is gone: anchorite retire {cluster}"));
    }
    written.dedup();
    terminal.done(&written, &next.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(())
}
