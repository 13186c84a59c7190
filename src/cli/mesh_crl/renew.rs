//! `mesh-crl renew`: an intermediate's own CRL, made by its key.

use super::super::args::Args;
use super::super::cluster::{MAX_FILE, clock, secret_text};
use super::{LIMITS, certificates, crls_of, is_about_crls, optional, refusal, rows_screen, warn};
use crate::cli::terminal::Terminal;
use crate::consumer::crl::{self, Making, Row};
use crate::consumer::{self, Asked, CaFiles, Form, Found, Layout};
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::finding::Severity;
use crate::text;
use crate::x509::keygen::LocalKey;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `--json` prints.
#[derive(Serialize)]
struct Renewed<'a> {
    file: PathBuf,
    crls: &'a [Row],
    findings: &'a [&'a Found],
}

/// `anchorite mesh-crl renew DIR`
pub fn renew(args: &Args, dir: &Path, days: u16, terminal: &mut Terminal) -> Result<(), Error> {
    let now = clock(args).now();
    let path = dir.join(crl::FILE);
    let made = make(dir, days, now);
    let (file, rows) = made.map_err(|error| error.truth(format!("{} is as it was.", path.display())))?;
    deliver::replace_if_other(&path, &file, 0o644)?;
    let found = judge(dir, &file, now)?;
    let found: Vec<&Found> = found.iter().filter(|found| is_about_crls(found)).collect();
    let (refused, noted): (Vec<&Found>, Vec<&Found>) =
        found.iter().copied().partition(|found| found.finding.severity == Severity::Refuse);
    if terminal.wants_json() {
        terminal.json(&Renewed { file: path.clone(), crls: &rows, findings: &found })?;
    } else {
        terminal.result_screen(&rows_screen(&format!("CRLs · {}", path.display()), &rows, now))?;
        warn(&noted, terminal);
        let shell = text::shell(&dir.display().to_string());
        terminal.done(
            &[path.display().to_string()],
            &[
                &format!("anchorite manifest {shell} | kubectl replace -f -"),
                "several clusters: merge first, with the directories of the others:",
                &format!("anchorite mesh-crl merge --into {} DIR…", crl::FILE),
            ],
        );
        terminal.talk(LIMITS);
    }
    match refused.is_empty() {
        true => Ok(()),
        false => Err(refusal(Kind::Refused, "the intermediate's own CRL is new, and the file is not good", &refused)
            .truth(format!("{} was written.", path.display()))),
    }
}

fn make(dir: &Path, days: u16, now: jiff::Timestamp) -> Result<(Vec<u8>, Vec<Row>), Error> {
    let tls = optional(dir, "tls.crt", MAX_FILE)?.is_some();
    let Some(bytes) = optional(dir, "ca-cert.pem", MAX_FILE)? else {
        let error = Error::new(Kind::Medium, "there is no intermediate here")
            .saw(dir.display().to_string())
            .wanted("ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem");
        return Err(match tls {
            true => error.hint("istiod ignores CRLs in the layout tls.crt, tls.key, ca.crt: a CRL here is of no use"),
            false => error.hint("they are put there by: anchorite open BUNDLE --into DIR"),
        });
    };
    let certificate = certificates("ca-cert.pem", &bytes)?.into_iter().next();
    let certificate = certificate.ok_or_else(|| Error::new(Kind::Medium, "ca-cert.pem holds no certificate"))?;
    let key = LocalKey::from_pem(&secret_text(&dir.join("ca-key.pem")).map_err(|error| {
        error.hint("the intermediate's own CRL is signed by its key: make it where that is, or use no CRLs")
    })?)?;
    let before = crls_of(dir)?;
    let crls = crl::cluster_crls(&Making { certificate: &certificate, key: &key, before: &before, days, now })?;
    let name = dir.join(crl::FILE).display().to_string();
    let rows = crls
        .iter()
        .enumerate()
        .map(|(position, crl)| Row::of(crl, if position == 0 { "made now, by ca-key.pem" } else { &name }));
    Ok((crl::write_file(&crls), rows.collect()))
}

/// What istiod and the proxies would say of the directory with this file; no key is needed for that.
fn judge(dir: &Path, file: &[u8], now: jiff::Timestamp) -> Result<Vec<Found>, Error> {
    let read = |name: &str| intake::read(&dir.join(name), MAX_FILE);
    let [cert, chain, roots] = [read("ca-cert.pem")?, read("cert-chain.pem")?, read("root-cert.pem")?];
    let files = CaFiles {
        form: Form::Four,
        ca_cert: Some(&cert),
        ca_key: None,
        cert_chain: Some(&chain),
        root_cert: Some(&roots),
        crl: Some(file),
    };
    Ok(consumer::check(&files, &Asked::of(Layout::Istio.consumers(), now))?.found)
}
