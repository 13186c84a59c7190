//! The `anchorite` binary.
fn main() {}
