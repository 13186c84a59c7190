//! `publish`: what the log holds, as files: issued certificates and what the public needs. Every file can be
//! written again at any time.

use crate::authority::State;
use crate::authority::state::{Certificate, KeyRecord, Status};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::consumer::card;
use crate::error::Error;
use crate::files::deliver;
use crate::x509::pem;
use jiff::Timestamp;

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
    let state = room.journal.state();
    for (name, text) in issued_files(state) {
        deliver::write_new(&issued.join(name), text.as_bytes(), 0o644)?;
    }
    let (audit, files) = (audit_files(state), public_files(state, room.journal.now())?);
    for (generation, text) in audit {
        room.journal.log()?.store_audit_certificate(generation, &text)?;
    }
    let mut written = Vec::new();
    for (name, bytes) in files {
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

/// The files of `public/` but for the checkpoint, as the log has them: name and content. `root-cert.pem` and `root.crl`
/// are of every root that is current, oldest first, because consumers are given both while meshes move; from the
/// second generation on each root has files of its own too.
///
/// # Errors
/// [`Kind::Bug`](crate::error::Kind::Bug): a root certificate that was verified does not read.
pub fn public_files(state: &State, now: Timestamp) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| files.push((name.to_owned(), bytes));
    let roots = state.roots();
    let uncovered = state.uncovered();
    let card = |der: &[u8]| {
        let card = card::root_card(&state.name, &state.kind, &state.origin, der, uncovered.as_deref())?;
        Ok::<_, Error>(card.render())
    };
    if let Some(der) = roots.values().next_back().and_then(|root| root.der.as_ref()) {
        add("root-cert.pem", pems(&current_roots(state, now)).into_bytes());
        add("root-card.txt", card(der)?.into_bytes());
    }
    if let Some((_, text)) = audit_files(state).pop() {
        add("audit-cert.pem", text.into_bytes());
    }
    let crls = current_crls(state, now);
    if !crls.is_empty() {
        add("root.crl", crls.into_bytes());
    }
    // DER for what an HTTP URL in a certificate names (RFC 5280 section 4.2.1.13): one CRL, and that URL's first.
    if let Some(crl) = state.crls.values().next() {
        add("root.crl.der", crl.der.clone());
    }
    for (generation, request) in &state.parents.requests {
        add(&format!("root-g{generation}.csr"), pem::encode("CERTIFICATE REQUEST", request).into_bytes());
    }
    for (generation, path) in &state.parents.paths {
        let ders: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        add(&format!("root-g{generation}-by-parent.pem"), pems(&ders).into_bytes());
    }
    if roots.len() > 1 {
        for (generation, der) in roots.iter().filter_map(|(generation, root)| Some((generation, root.der.as_ref()?))) {
            add(&format!("root-g{generation}.pem"), pem::encode("CERTIFICATE", der).into_bytes());
            add(&format!("root-card-g{generation}.txt"), card(der)?.into_bytes());
        }
        for (generation, crl) in &state.crls {
            add(&format!("root-g{generation}.crl"), pem::encode("X509 CRL", &crl.der).into_bytes());
            add(&format!("root-g{generation}.crl.der"), crl.der.clone());
        }
        for (subject, issuer, der) in state.crosses() {
            add(&format!("cross-g{subject}-by-g{issuer}.pem"), pem::encode("CERTIFICATE", der).into_bytes());
        }
    }
    Ok(files)
}

/// The roots that are current at a time, oldest first; where none is, the newest.
pub fn current_roots(state: &State, now: Timestamp) -> Vec<&[u8]> {
    let current: Vec<&Certificate> = state.current_roots(now).into_iter().map(|(_, root)| root).collect();
    let roots =
        if current.is_empty() { state.roots().into_values().next_back().into_iter().collect() } else { current };
    roots.into_iter().filter_map(|root| root.der.as_deref()).collect()
}

/// The CRLs of the roots that are current at a time, PEM, oldest root first; where none is, the newest.
pub fn current_crls(state: &State, now: Timestamp) -> String {
    let current = state.current_roots(now).into_iter().filter_map(|(generation, _)| state.crls.get(&generation));
    let mut crls: Vec<_> = current.collect();
    crls.extend(state.crl().filter(|_| crls.is_empty()));
    crls.iter().map(|crl| pem::encode("X509 CRL", &crl.der)).collect()
}

/// Certificates, PEM, one after another.
pub fn pems(ders: &[&[u8]]) -> String {
    ders.iter().map(|der| pem::encode("CERTIFICATE", der)).collect()
}

/// The certificates of each audit key that signs or signed, by generation: one by each root that certified it,
/// oldest root first. A key that waits for the log to be handed to it has none yet: they may not be complete.
pub fn audit_files(state: &State) -> Vec<(u32, String)> {
    let Some(in_force) = state.audit_in_force().map(|key| key.generation) else { return Vec::new() };
    let keys = state.keys.iter().filter(|k| k.role == "audit" && k.spki.is_some() && k.generation <= in_force);
    let text = |key: &KeyRecord| {
        let ders: Vec<&[u8]> = state.audit_certificates(key).iter().filter_map(|c| c.der.as_deref()).collect();
        (!ders.is_empty()).then(|| (key.generation, pems(&ders)))
    };
    let mut files: Vec<(u32, String)> = keys.filter_map(text).collect();
    files.sort_by_key(|(generation, _)| *generation);
    files
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
