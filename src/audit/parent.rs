//! What has to do with a parent: the request of a root to it, and the certificates that came back.

use super::report::Stopwatch;
use super::signing::{Broken, Signing};
use crate::error::{Error, Kind};
use crate::log::record::RootCertified;
use crate::x509::read::{self, Certificate, RequestView};
use crate::x509::{SignatureAlgorithm, verify};

/// Checks that a request is of a root: its name, its key, and the signature of that key.
///
/// # Errors
/// [`Kind::Verify`].
pub(super) fn requested_by(request: &RequestView, root: &Certificate) -> Result<(), Error> {
    if !verify::asks_as_itself(&root.view, &read::tbs_request(&request.info)?) {
        return Err(Error::new(Kind::Verify, "a request to a parent is not of the root's name and key"));
    }
    let algorithm = SignatureAlgorithm::from_oid(&request.algorithm_oid)?;
    verify::signature(&root.view.spki, algorithm, &request.info, &request.signature)
}

impl Signing {
    /// Certificates that a parent issued are of a root of the log and verify, each under the next.
    pub(super) fn certified(&mut self, record: &RootCertified, watch: &mut Stopwatch<'_>) -> Result<(), Broken> {
        let broken = |error: Error| ("root.parent", error.into_kind(Kind::Verify));
        let root = self
            .roots
            .get(&record.generation)
            .ok_or_else(|| broken(Error::new(Kind::Verify, "a parent certified a root that the log does not have")))?;
        let path = verify::parent_path(record.path()).map_err(broken)?;
        watch.check(|| verify::check_parent(&path, root)).map_err(broken)
    }
}
