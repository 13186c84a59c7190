#![no_main]

#[path = "../targets/note.rs"]
mod note;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| note::run(bytes));
