#![no_main]

#[path = "../targets/others.rs"]
mod others;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| others::run(bytes));
