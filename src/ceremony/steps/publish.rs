//! `publish`: what the log holds, as files: issued certificates and what the public needs. Every file can be
//! written again at any time.

use crate::authority::state::Status;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::consumer::card;
use crate::error::Error;
use crate::files::deliver;
use crate::x509::pem;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "publish",
    says: "Publish certificates, CRL and root card",
    asks: false,
    needs: &[Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    bench.written.extend(write_issued(room)?);
    Ok(())
}

/// Writes `issued/`, `public/` and `log/audit/` from the state; returns what was written.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium).
pub fn write_issued(room: &mut Room<'_>) -> Result<Vec<String>, Error> {
    let (issued, public) = (room.folder.issued(), room.folder.public());
    deliver::create_directory(&issued)?;
    deliver::create_directory(&public)?;
    let state = room.journal.state().clone();
    for certificate in state.certificates.values().filter(|c| c.status == Status::Issued) {
        if let Some(der) = &certificate.der {
            let path = issued.join(format!("{}.pem", certificate.serial));
            deliver::write_new(&path, pem::encode("CERTIFICATE", der).as_bytes(), 0o644)?;
        }
    }
    let mut written = Vec::new();
    for (role, name) in [("root", "root-cert.pem"), ("audit", "audit-cert.pem")] {
        let Some(der) = state.certificate_of(role).and_then(|c| c.der.as_ref()) else { continue };
        let text = pem::encode("CERTIFICATE", der);
        deliver::replace(&public.join(name), text.as_bytes(), 0o644)?;
        written.push(format!("public/{name}"));
        if role == "audit" {
            let generation = state.key(role).map_or(1, |k| k.generation);
            room.journal.log()?.store_audit_certificate(generation, &text)?;
        } else {
            let card = card::root_card(&state.name, &state.kind, &state.origin, der)?.render();
            deliver::replace(&public.join("root-card.txt"), card.as_bytes(), 0o644)?;
            written.push("public/root-card.txt".to_owned());
        }
    }
    if let Some(crl) = &state.crl {
        deliver::replace(&public.join("root.crl"), pem::encode("X509 CRL", &crl.der).as_bytes(), 0o644)?;
        written.push("public/root.crl".to_owned());
    }
    Ok(written)
}

/// Copies the newest checkpoint to `public/`.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium).
pub fn write_checkpoint(room: &mut Room<'_>) -> Result<(), Error> {
    let note = room.journal.log()?.checkpoint_note().map(str::to_owned);
    if let Some(note) = note {
        let path = room.folder.public().join("checkpoint");
        deliver::replace(&path, note.as_bytes(), 0o644)?;
    }
    Ok(())
}
