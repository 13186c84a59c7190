//! When each stage is due, counted back from the end of the old CA.
//!
//! A workload keeps its certificate for a lifetime at the most, and ztunnel learns roots only with the next one:
//! a stage that everybody must have passed needs that long. So the switch begins a lifetime before the old CA
//! ends, trust in both roots a lifetime before that, and the settings one before that.

use jiff::{SignedDuration, Timestamp};

/// The latest time to apply a stage, where a date forces one.
pub fn apply_by(stage: u8, old_ends: Timestamp, leaf_lifetime: SignedDuration) -> Option<Timestamp> {
    let lifetimes = match stage {
        0 => 3,
        1 => 2,
        2 => 1,
        // Nothing breaks by a root that stays; until it goes, its key can sign for the mesh.
        _ => return None,
    };
    old_ends.checked_sub(leaf_lifetime.checked_mul(lifetimes)?).ok()
}
