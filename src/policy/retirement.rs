//! Whether a cluster can be retired.

use crate::authority::State;
use crate::error::{Error, Kind};
use crate::text;

/// Whether a cluster can be retired, for whoever can say so before a token is unlocked.
///
/// # Errors
/// [`Kind::Usage`]: it is not enrolled, or was retired. Nothing was changed.
pub fn check_retirable(state: &State, name: &str) -> Result<(), Error> {
    let refuse = |what: &str| Error::new(Kind::Usage, what).saw(name).truth("Nothing was changed.");
    let active = || state.clusters.iter().filter(|(_, c)| c.retired.is_none()).map(|(name, _)| name.as_str());
    match state.clusters.get(name).map(|cluster| &cluster.retired) {
        Some(None) => Ok(()),
        Some(Some(retired)) => Err(refuse("this cluster is retired already")
            .wanted("a cluster that is in use")
            .hint(format!("it was retired on {}: {}", retired.at, retired.reason))),
        None => {
            let error = refuse("no cluster of this name is enrolled");
            let error = match active().collect::<Vec<_>>().join(", ") {
                names if names.is_empty() => error.wanted("an enrolled cluster; there is none"),
                names => error.wanted(names),
            };
            Err(match text::nearest(name, active()) {
                Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                None => error,
            })
        }
    }
}
