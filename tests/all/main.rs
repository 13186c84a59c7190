//! Every integration test, in one binary: link time is paid once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
// What is skipped, and what a judge says, is for whoever reads the run.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod adoption;
mod answers;
mod architecture;
mod attended;
mod attended_clusters;
mod attended_configuration;
mod batches;
mod cacerts;
mod calendar;
mod conformance;
mod containment;
mod corpus;
mod crash;
mod cross;
mod custody;
mod demo;
mod drill;
mod ending;
mod envoy;
mod evidence;
mod exporting;
mod generations;
mod golden;
mod inspecting;
mod issuing;
mod istio;
mod judges;
mod key_backup;
mod kinds;
mod large_log;
mod log_crls;
mod log_fixture;
mod log_store;
mod media;
mod mesh_crl;
mod misbehaving;
mod mistakes;
mod ml_dsa;
mod observing;
mod opening;
mod paper;
mod parent;
mod people_steps;
mod pictures;
mod plans;
mod preflight;
mod present;
mod promises;
mod publishing;
mod record;
mod refusals;
mod rehearsal;
mod renewals;
mod restoring;
mod retirement;
mod revocation;
mod rollback;
mod rollover;
mod running;
mod scale;
mod scripts;
mod seat;
mod source;
mod sticks;
mod support;
mod tampering;
mod weak_keys;
mod workload;
mod year;

// The fixture of bundles is the library's own, and names these as the library does.
use anchorite::{digest, error, key, log, name, x509};
