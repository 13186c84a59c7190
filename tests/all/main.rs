//! Every integration test, in one binary: link time is paid once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
// What is skipped, and what a judge says, is for whoever reads the run.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod answers;
mod architecture;
mod attended;
mod attended_clusters;
mod attended_configuration;
mod batches;
mod cacerts;
mod containment;
mod corpus;
mod crash;
mod cross;
mod custody;
mod demo;
mod drill;
mod envoy;
mod evidence;
mod guard;
mod inspecting;
mod issuing;
mod judges;
mod kinds;
mod log_fixture;
mod log_store;
mod log_verify;
mod mistakes;
mod paper;
mod people_steps;
mod plans;
mod preflight;
mod present;
mod record;
mod refusals;
mod rehearsal;
mod renewals;
mod retirement;
mod running;
mod scripts;
mod seat;
mod source;
mod sticks;
mod support;
mod weak_keys;
mod workload;
