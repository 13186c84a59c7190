//! Tells the binary which commit and target it was built from, for `--version` and the log.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=ANCHORITE_COMMIT");
    let commit = std::env::var("ANCHORITE_COMMIT").ok().or_else(|| {
        let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    });
    println!("cargo:rustc-env=ANCHORITE_COMMIT={}", commit.as_deref().unwrap_or("no commit"));
    println!("cargo:rustc-env=ANCHORITE_TARGET={}", std::env::var("TARGET").unwrap_or_default());
}
