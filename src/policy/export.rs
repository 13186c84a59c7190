//! Whether a bundle of a certificate can be made again, for whoever can say so before a token is unlocked.

use crate::authority::State;
use crate::authority::state::{Certificate, Status};
use crate::error::{Error, Kind};
use crate::text;
use jiff::Timestamp;

/// The certificate whose bundle is made again: of a generation, or the newest one.
///
/// # Errors
/// [`Kind::Usage`]: no such cluster or generation. [`Kind::Refused`]: it ended or is revoked, so a bundle of it would
/// be refused wherever it is opened. Nothing was changed.
pub fn exportable<'s>(
    state: &'s State,
    cluster: &str,
    generation: Option<u32>,
    now: Timestamp,
) -> Result<&'s Certificate, Error> {
    find(state, cluster, generation, now).map_err(|error| error.truth("Nothing was changed."))
}

fn find<'s>(
    state: &'s State,
    cluster: &str,
    generation: Option<u32>,
    now: Timestamp,
) -> Result<&'s Certificate, Error> {
    let newest = state.newest_intermediate(cluster).ok_or_else(|| {
        let error = Error::new(Kind::Usage, "no certificate was issued to this cluster")
            .saw(cluster)
            .wanted(state.clusters.keys().cloned().collect::<Vec<_>>().join(", "));
        match text::nearest(cluster, state.clusters.keys().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error,
        }
    })?;
    let issued = || {
        let of_cluster = state.certificates.of_cluster(cluster);
        of_cluster.filter(|c| c.what == "intermediate" && c.status == Status::Issued)
    };
    let certificate = match generation {
        None => newest,
        Some(wanted) => issued().find(|c| c.generation == Some(wanted)).ok_or_else(|| {
            let mut there: Vec<u32> = issued().filter_map(|c| c.generation).collect();
            there.sort_unstable();
            Error::new(Kind::Usage, format!("{cluster} has no certificate of this generation"))
                .saw(wanted.to_string())
                .wanted(there.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        })?,
    };
    let whose = format!("{cluster}, generation {}", certificate.generation.unwrap_or_default());
    if let Some(revocation) = state.revoked(&certificate.serial) {
        return Err(Error::new(Kind::Refused, "this certificate is revoked: no bundle of it is made")
            .saw(format!("{whose}, revoked since {}", revocation.date))
            .hint("its cluster gets a new key and a new request: anchorite request NAME"));
    }
    if certificate.not_after < now {
        return Err(Error::new(Kind::Refused, "this certificate has ended: no bundle of it is made")
            .saw(format!("{whose}, ended {}", certificate.not_after))
            .hint("its cluster asks again: anchorite request NAME --renew"));
    }
    Ok(certificate)
}
