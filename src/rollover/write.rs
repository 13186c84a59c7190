//! What is written of a plan: a directory for each stage, `plan.json` and the runbook. Bytes only; the files
//! themselves are the caller's.

use super::ca::Files;
use super::record::{Change, Live, Record};
use super::runbook::{SETTINGS, commands, runbook};
use super::stages::Plan;
use crate::consumer::secret::{self, manifest_yaml};
use crate::error::Error;
use zeroize::Zeroizing;

/// A file: its name, its bytes, its mode.
pub type File = (&'static str, Zeroizing<Vec<u8>>, u32);

/// The directories of a plan with their files; the one without a name is the plan's own, and comes last, so that
/// what has a `plan.json` is whole.
///
/// # Errors
/// As [`manifest_yaml`].
pub fn directories(plan: &Plan) -> Result<Vec<(String, Vec<File>)>, Error> {
    let mut directories = Vec::new();
    for (stage, row) in plan.stages.iter().zip(&plan.record.stages) {
        let mut files = stage_files(&stage.ca.files, &plan.record)?;
        if stage.number == 0 && plan.record.kind == Change::Rollover {
            files.extend(SETTINGS.map(|(name, text)| (name, Zeroizing::new(text.as_bytes().to_vec()), 0o644)));
        }
        directories.push((row.directory.clone(), files));
    }
    if plan.record.kind == Change::Rollover {
        let scripts = commands(&plan.record).into_iter();
        let scripts = scripts.map(|(name, text)| (name, Zeroizing::new(text.into_bytes()), 0o644));
        directories.push(("commands".to_owned(), scripts.collect()));
    }
    let own = vec![
        ("RUNBOOK.md", Zeroizing::new(runbook(&plan.record).into_bytes()), 0o644),
        ("plan.json", Zeroizing::new(plan.record.write()?), 0o644),
    ];
    directories.push((String::new(), own));
    Ok(directories)
}

fn stage_files(files: &Files, record: &Record) -> Result<Vec<File>, Error> {
    let copy = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    let mut all = vec![
        ("ca-cert.pem", copy(&files.ca_cert), 0o644),
        ("cert-chain.pem", copy(&files.cert_chain), 0o644),
        ("root-cert.pem", copy(&files.root_cert), 0o644),
    ];
    let Some(key) = &files.ca_key else { return Ok(all) };
    let yaml = manifest(files, record)?;
    all.push(("secret.yaml", Zeroizing::new(yaml.as_bytes().to_vec()), 0o600));
    if !record.redacted {
        all.push(("ca-key.pem", key.clone(), 0o600));
    }
    Ok(all)
}

/// A Secret of type `kubernetes.io/tls` must hold tls.crt and tls.key; istiod reads those first (1.14 and newer).
pub fn is_tls(secret: &Live) -> bool {
    secret.secret_type.as_deref() == Some("kubernetes.io/tls")
}

/// The Secret of a stage, YAML; what stands for the key in a redacted one is refused by Kubernetes.
///
/// # Errors
/// As [`manifest_yaml`].
pub fn manifest(files: &Files, record: &Record) -> Result<Zeroizing<String>, Error> {
    let live = &record.secret;
    let key: &[u8] = match (&files.ca_key, record.redacted) {
        (Some(key), false) => key,
        _ => secret::REDACTED,
    };
    let data: Vec<(&str, &[u8])> = match is_tls(live) {
        true => vec![("tls.crt", &files.cert_chain), ("tls.key", key), ("ca.crt", &files.root_cert)],
        false => vec![
            ("ca-cert.pem", &files.ca_cert),
            ("ca-key.pem", key),
            ("cert-chain.pem", &files.cert_chain),
            ("root-cert.pem", &files.root_cert),
        ],
    };
    manifest_yaml(&live.name, &live.namespace, live.secret_type.as_deref(), &data)
}
