//! CRLs of a mesh: made on the cluster's side, merged, watched, and what Envoy and other judges make of them.

mod checking;
mod envoys;
mod merging;
mod mesh;
mod opening;
mod renewing;
mod traps;
