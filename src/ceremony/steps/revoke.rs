//! `revoke`: people say that certificates are good no longer. The log has it from here on, whatever becomes of the
//! ceremony; relying parties learn of it from the CRL, which is a step of its own.

use crate::ceremony::people::{Revoking, Stop};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::log::record::CertificateRevoked;
use crate::plan::screen::utc;
use crate::policy::{Order, revocation};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "revoke",
    says: "Revoke certificates",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root, Fact::ClockConfirmed],
    gives: &[],
    // A CRL that was planned before would not list what this revokes.
    takes: &[Fact::Plannable, Fact::Approved],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut orders = room.wishes.revocations.clone();
    if orders.is_empty() {
        return Err(Error::new(Kind::Usage, "no certificate to revoke was named")
            .hint("name it: anchorite revoke CLUSTER --reason REASON")
            .truth("Nothing was changed.")
            .into());
    }
    if let Some(since) = bench.cut_short {
        pass_over_done(room, step, &mut orders, since)?;
    }
    // All of them can be carried out before anybody confirms the first.
    let now = room.journal.now();
    revocation::all(room.journal.state(), &orders, now)?;
    let mut records = Vec::new();
    for order in &orders {
        let name = revocation::name(order.certificate(room.journal.state(), now)?);
        let record = order.record(room.journal.state(), now)?;
        room.people.show(&screen(room, order, &record)?)?;
        confirm(room, step, order, &name)?;
        records.push(record.into());
    }
    room.check_answers(step)?;
    Ok(room.journal.append(records)?)
}

/// What a ceremony that was not completed revoked is revoked: the same command goes on with the rest.
fn pass_over_done(room: &mut Room<'_>, step: &Step, orders: &mut Vec<Order>, since: u64) -> Result<(), Stop> {
    let state = room.journal.state();
    let done: Vec<String> =
        orders.iter().filter_map(|order| order.done_since(state, since).map(revocation::name)).collect();
    orders.retain(|order| order.done_since(state, since).is_none());
    for name in done {
        room.people.answered_before(Some(&step.id), &name);
        room.people
            .show(&Screen::new().text(format!("{name} was revoked before, by a ceremony that was not completed.")))?;
    }
    Ok(())
}

/// Administrator and witness type the certificate's name.
fn confirm(room: &mut Room<'_>, step: &Step, order: &Order, name: &str) -> Result<(), Stop> {
    loop {
        let typed = match room.people.revoke(&step.id, name, order.reason)? {
            Revoking::Typed { administrator, witness } => [administrator, witness],
            Revoking::Beforehand if room.config.unattended && room.people.unattended().is_some() => return Ok(()),
            Revoking::Beforehand | Revoking::No => return Err(Stop::Declined(format!("{name} is not revoked"))),
        };
        match typed.iter().find(|typed| *typed != name) {
            None => return Ok(()),
            Some(other) => {
                let error = Error::new(Kind::Declined, "not the certificate's name").saw(other).wanted(name);
                room.people.help(&error)?;
            }
        }
    }
}

/// What people should know before they say so.
fn screen(room: &Room<'_>, order: &Order, record: &CertificateRevoked) -> Result<Screen, Error> {
    let state = room.journal.state();
    let certificate = order.certificate(state, room.journal.now())?;
    let name = revocation::name(certificate);
    let banner = room.banner();
    let mut screen = Screen::new().banner(format!("{} · {}", banner.name, banner.kind), "revocation");
    screen = match certificate.cluster.as_ref().and_then(|name| Some((name, state.clusters.get(name)?))) {
        Some((cluster, about)) => screen
            .heading(format!("Intermediate CA of {cluster} ({})", about.environment), format!("revoke {name}"))
            .field("trust domain", &about.trust_domain),
        None => screen.heading(format!("The {} certificate", certificate.what), "revoke it"),
    };
    screen = screen
        .field("serial", certificate.serial.colons())
        .field("valid until", utc(certificate.not_after))
        .field("reason", order.reason.name())
        .field("revoked", utc(record.date));
    if let Some(from) = record.invalid_from {
        screen = screen.field("suspected", format!("its key may be in other hands since {}", utc(from)));
    }
    let others = certificate.cluster.as_ref().map(|cluster| state.unexpired(cluster, room.journal.now()));
    let others = others.unwrap_or_default().into_iter().filter(|other| other.serial != certificate.serial);
    let others: Vec<String> = others.map(revocation::name).collect();
    if certificate.cluster.is_some() {
        let left = if others.is_empty() {
            "nothing: the mesh of this cluster stops where CRLs are read".to_owned()
        } else {
            others.join(", ")
        };
        screen = screen.field("it keeps", left);
    }
    Ok(screen.text(
        "This cannot be undone, and its key is never certified again. Nobody learns of it before the next CRL is \
         with every cluster; a consumer without CRLs never does.",
    ))
}
