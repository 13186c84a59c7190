#![no_main]

#[path = "../targets/bundle.rs"]
mod bundle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bundle::run(bytes));
