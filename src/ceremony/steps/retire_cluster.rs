//! `retire-cluster`: people say that a cluster is gone. Nothing is signed by the root, and nothing is revoked:
//! what it has runs out, or is revoked apart.

use super::reason::MAX_REASON;
use crate::ceremony::people::{Retirement, Stop};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::log::record::ClusterRetired;
use crate::policy;
use crate::screen::Screen;
use crate::text;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "retire-cluster",
    says: "Retire a cluster",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let [name] = room.wishes.clusters.as_slice() else {
        return Err(Error::new(Kind::Usage, "no cluster to retire was named")
            .hint("name it: anchorite retire CLUSTER")
            .truth("Nothing was changed.")
            .into());
    };
    let name = name.clone();
    policy::check_retirable(room.journal.state(), &name)?;
    room.people.show(&screen(room, &name))?;
    let reason = loop {
        let (typed, reason) = match room.people.retire(&step.id, &name)? {
            Retirement::Typed { administrator, witness, reason } => ([administrator, witness], reason),
            Retirement::Beforehand { reason } if room.config.unattended && room.people.unattended().is_some() => {
                ([name.clone(), name.clone()], reason)
            }
            Retirement::Beforehand { .. } | Retirement::No => {
                return Err(Stop::Declined(format!("{name} is not retired")));
            }
        };
        match check_typed(&name, &typed, &reason) {
            Ok(()) => break reason,
            Err(error) => room.people.help(&error)?,
        }
    };
    room.check_answers(step)?;
    room.journal.append(vec![ClusterRetired { cluster: name, reason }.into()])?;
    Ok(())
}

/// Both typed the name, and there is a reason.
fn check_typed(name: &str, typed: &[String; 2], reason: &str) -> Result<(), Error> {
    if let Some(other) = typed.iter().find(|typed| *typed != name) {
        return Err(Error::new(Kind::Declined, "not the cluster's name").saw(other).wanted(name));
    }
    if reason.trim().is_empty() {
        return Err(Error::new(Kind::Usage, "a cluster is not retired without a reason: the log keeps it"));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(Error::new(Kind::Usage, "the reason is too long")
            .saw(text::count(reason.chars().count(), "character"))
            .wanted(format!("at most {MAX_REASON}")));
    }
    Ok(())
}

/// What people should know before they say so.
fn screen(room: &Room<'_>, name: &str) -> Screen {
    let state = room.journal.state();
    let banner = room.banner();
    let mut screen = Screen::new().banner(format!("{} · {}", banner.name, banner.kind), "retirement");
    if let Some(cluster) = state.clusters.get(name) {
        screen = screen
            .heading(format!("Cluster {name} ({})", cluster.environment), format!("generation {}", cluster.generation))
            .field("trust domain", &cluster.trust_domain)
            .field("enrolled", cluster.since.to_string());
    }
    let unexpired = state.unexpired(name, room.journal.now());
    for (row, certificate) in unexpired.iter().enumerate() {
        let value = format!("serial {} until {}", certificate.serial, certificate.not_after);
        screen = screen.field(if row == 0 { "still valid" } else { "" }, value);
    }
    if unexpired.is_empty() {
        screen = screen.field("still valid", "no certificate");
    }
    screen.text(
        "A retired cluster gets no certificate any more, and its name is never used again: this cannot be undone. \
         Nothing is revoked: a certificate that is still valid stays so until it is (anchorite revoke).",
    )
}
