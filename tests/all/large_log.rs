//! Logs of any size: a whole one with software keys, and an authority's own made longer by a ceremony of many steps.

use super::log_fixture::{Fixture, fillers, opened};
use anchorite::error::Error;
use anchorite::key::KeySpec;
use anchorite::log::Header;
use anchorite::log::record::SessionClosed;
use anchorite::store::Log;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::pem;
use std::path::Path;

/// One certificate, one checkpoint and everything else, by the thousand.
const ACT: u64 = 1000;

/// Writes `log/` and `root-cert.pem` into `directory`: of each thousand entries one act signs a certificate.
pub fn generate(directory: &Path, entries: u64) -> Result<Fixture, Error> {
    let key = LocalKey::generate(KeySpec::EcdsaP384)?;
    let mut fixture = Fixture::genesis(&directory.join("log"), KeySpec::EcdsaP384)?;
    while fixture.log.size() < entries {
        let end = entries.min(fixture.log.size() + ACT);
        fixture.open("sign")?;
        fixture.intermediate(&key)?;
        fixture.filler(usize::try_from(end.saturating_sub(fixture.log.size() + 1)).unwrap())?;
        fixture.close()?;
    }
    fixture.checkpoint()?;
    let root = pem::encode("CERTIFICATE", &fixture.root_certificate);
    std::fs::write(directory.join("root-cert.pem"), root).unwrap();
    Ok(fixture)
}

/// Appends a session to a log at rest, such that it has so many entries; the next checkpoint is its authority's to sign.
pub fn grow(log: &Path, entries: u64) -> Result<(), Error> {
    let mut last = None;
    let mut log = Log::open(log, &mut |entry| {
        last = Some(entry.header.clone());
        Ok(())
    })?
    .log;
    let last = last.unwrap();
    let header = Header { session: "00000000000000ff".to_owned(), ..Header::clone(&last) };
    log.append(&header, &[opened("checks")])?;
    let count = usize::try_from(entries.saturating_sub(log.size() + 1)).unwrap();
    fillers(count).chunks(10_000).try_for_each(|act| log.append(&header, act).map(drop))?;
    log.append(&header, &[SessionClosed { outcome: "complete".into(), reason: None }.into()]).map(drop)
}
