//! What entries say: one type per record, each field stated. A changed meaning gets a new type name.

mod attestation;
mod backup;
mod ceremony;
mod history;
mod parent;
mod revocation;
mod rotation;
mod session;
mod signing;
mod witness;

pub use attestation::*;
pub use backup::*;
pub use ceremony::*;
pub use history::*;
pub use parent::*;
pub use revocation::*;
pub use rotation::*;
pub use session::*;
pub use signing::*;
pub use witness::*;

use crate::error::{Error, Kind};
use serde_json::value::RawValue;

/// The name of a role as it stands in scripts (`administrator`, `witness`).
pub type Role = String;

macro_rules! records {
    ($($name:literal => $variant:ident,)*) => {
        /// The typed data of an entry.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, clippy::large_enum_variant)] // each variant is documented at its struct
        pub enum Record { $($variant($variant),)* }

        impl Record {
            /// The type's name in the log.
            pub fn kind(&self) -> &'static str {
                match self { $(Record::$variant(_) => $name,)* }
            }

            /// The typed data of a line, from its JSON.
            ///
            /// # Errors
            /// [`Kind::Verify`]: an unknown type, or data of the wrong shape.
            pub fn parse(kind: &str, data: &str) -> Result<Self, Error> {
                match kind {
                    $($name => serde_json::from_str(data).map(Record::$variant).map_err(|error| {
                        Error::new(Kind::Verify, concat!("the data of an entry of type ", $name, " is out of form"))
                            .saw(error.to_string())
                    }),)*
                    _ => Err(Error::new(Kind::Verify, "written by a newer anchorite")
                        .saw(format!("an entry of type {kind}"))
                        .wanted("a type that this version knows")
                        .hint("use the version of anchorite that wrote this log, or a later one")),
                }
            }

            /// The data as it stands in the line.
            ///
            /// # Errors
            /// [`Kind::Bug`].
            pub fn to_json(&self) -> Result<Box<RawValue>, Error> {
                let json = match self { $(Record::$variant(data) => super::entry::to_ascii_json(data)?,)* };
                let bug = || Error::new(Kind::Bug, "a record is not JSON");
                RawValue::from_string(String::from_utf8(json).map_err(|_| bug())?).map_err(|_| bug())
            }
        }

        $(impl From<$variant> for Record {
            fn from(data: $variant) -> Self { Record::$variant(data) }
        })*

        /// Every type name that this version writes or reads.
        pub const KINDS: &[&str] = &[$($name,)*];
    };
}

records! {
    "genesis" => Genesis,
    "config.adopted" => ConfigAdopted,
    "script.adopted" => ScriptAdopted,
    "session.opened" => SessionOpened,
    "session.closed" => SessionClosed,
    "preflight" => Preflight,
    "step.done" => StepDone,
    "step.skipped" => StepSkipped,
    "deviation" => Deviation,
    "clock.set" => ClockSet,
    "value.recorded" => ValueRecorded,
    "token.initialized" => TokenInitialized,
    "token.unlocked" => TokenUnlocked,
    "token.quorum" => TokenQuorum,
    "custody.split" => CustodySplit,
    "custody.share_used" => CustodyShareUsed,
    "pin.changing" => PinChanging,
    "pin.changed" => PinChanged,
    "key.intent" => KeyIntent,
    "key.generated" => KeyGenerated,
    "key.attested" => KeyAttested,
    "key.sealed" => KeySealed,
    "audit.rotated" => AuditRotated,
    "key.destroying" => KeyDestroying,
    "key.destroyed" => KeyDestroyed,
    "key_backup.made" => KeyBackupMade,
    "key_backup.proving" => KeyBackupProving,
    "key_backup.proved" => KeyBackupProved,
    "key.locked" => KeyLocked,
    "key.restored" => KeyRestored,
    "key.adopted" => KeyAdopted,
    "history.imported" => HistoryImported,
    "restore" => Restore,
    "cluster.enrolled" => ClusterEnrolled,
    "cluster.retired" => ClusterRetired,
    "request.imported" => RequestImported,
    "request.refused" => RequestRefused,
    "plan.made" => PlanMade,
    "plan.approved" => PlanApproved,
    "plan.declined" => PlanDeclined,
    "plan.expired" => PlanExpired,
    "sign.intent" => SignIntent,
    "sign.outcome" => SignOutcome,
    "certificate.revoked" => CertificateRevoked,
    "root.certified" => RootCertified,
    "bundle.exported" => BundleExported,
    "checkpoint.witnessed" => CheckpointWitnessed,
    "recovered" => Recovered,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_once() {
        let all: std::collections::BTreeSet<&str> = KINDS.iter().copied().collect();
        assert_eq!(all.len(), KINDS.len());
    }
}
