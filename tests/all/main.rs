//! Every integration test, in one binary: link time is paid once.
