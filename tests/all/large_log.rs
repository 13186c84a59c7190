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

/// Appends sessions of a thousand entries to a log at rest, such that it has so many; the next checkpoint is its
/// authority's to sign. All but the last were cut off: what ends a session is under a checkpoint, and only the token
/// signs one.
pub fn grow(log: &Path, entries: u64) -> Result<(), Error> {
    let mut last = None;
    let mut log = Log::open(log, &mut |entry| {
        last = Some(entry.header.clone());
        Ok(())
    })?
    .log;
    let last = last.unwrap();
    let mut session = 0_u64;
    loop {
        session += 1;
        let header = Header { session: format!("{session:08x}000000ff"), ..Header::clone(&last) };
        let left = entries.saturating_sub(log.size() + 2);
        let mut act = vec![opened("checks")];
        act.extend(fillers(usize::try_from(left.min(ACT)).unwrap()));
        if left <= ACT {
            act.push(SessionClosed { outcome: "complete".into(), reason: None }.into());
            return log.append(&header, &act).map(drop);
        }
        log.append(&header, &act)?;
    }
}
