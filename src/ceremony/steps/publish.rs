//! `publish`: what the log holds, as files: issued certificates and what the public needs. Every file can be
//! written again at any time.

use crate::authority::State;
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
    for (name, text) in issued_files(&state) {
        deliver::write_new(&issued.join(name), text.as_bytes(), 0o644)?;
    }
    if let Some((generation, text)) = audit_certificate(&state) {
        room.journal.log()?.store_audit_certificate(generation, &text)?;
    }
    let mut written = Vec::new();
    for (name, bytes) in public_files(&state)? {
        deliver::replace(&public.join(&name), &bytes, 0o644)?;
        written.push(format!("public/{name}"));
    }
    Ok(written)
}

/// Every file of `issued/`, as the log has it: name and text.
pub fn issued_files(state: &State) -> impl Iterator<Item = (String, String)> {
    let issued = state.certificates.values().filter(|c| c.status == Status::Issued);
    issued.filter_map(|c| Some((format!("{}.pem", c.serial), pem::encode("CERTIFICATE", c.der.as_ref()?))))
}

/// The files of `public/` but for the checkpoint, as the log has them: name and content.
///
/// # Errors
/// [`Kind::Bug`](crate::error::Kind::Bug): a root certificate that was verified does not read.
pub fn public_files(state: &State) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| files.push((name.to_owned(), bytes));
    if let Some(der) = state.certificate_of("root").and_then(|c| c.der.as_ref()) {
        add("root-cert.pem", pem::encode("CERTIFICATE", der).into_bytes());
        let card = card::root_card(&state.name, &state.kind, &state.origin, der, state.uncovered().as_deref())?;
        add("root-card.txt", card.render().into_bytes());
    }
    if let Some((_, text)) = audit_certificate(state) {
        add("audit-cert.pem", text.into_bytes());
    }
    // PEM for files and Secrets; DER for what an HTTP URL in a certificate names (RFC 5280 section 4.2.1.13).
    for (generation, crl) in &state.crls {
        let name = if *generation > 1 { format!("root-g{generation}.crl") } else { "root.crl".to_owned() };
        add(&name, pem::encode("X509 CRL", &crl.der).into_bytes());
        add(&format!("{name}.der"), crl.der.clone());
    }
    Ok(files)
}

/// The newest audit certificate: the key's generation, PEM.
pub fn audit_certificate(state: &State) -> Option<(u32, String)> {
    let der = state.certificate_of("audit").and_then(|c| c.der.as_ref())?;
    Some((state.key("audit").map_or(1, |key| key.generation), pem::encode("CERTIFICATE", der)))
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
