#![no_main]

#[path = "../targets/request_package.rs"]
mod request_package;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| request_package::run(bytes));
