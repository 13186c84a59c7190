#![no_main]

#[path = "../targets/share.rs"]
mod share;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| share::run(bytes));
