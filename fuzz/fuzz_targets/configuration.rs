#![no_main]

#[path = "../targets/configuration.rs"]
mod configuration;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| configuration::run(bytes));
