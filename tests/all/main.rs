//! Every integration test, in one binary: link time is paid once.

mod log_fixture;
mod log_store;
mod log_verify;
