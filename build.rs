//! Tells the binary which commit and target it was built from, for `--version` and the log.

use std::process::Command;

fn main() {
    // A path that is not there would run this, and the link after it, at every build.
    for file in ["HEAD", "logs/HEAD"].into_iter().filter_map(git_file) {
        println!("cargo:rerun-if-changed={file}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=ANCHORITE_COMMIT");
    let commit = std::env::var("ANCHORITE_COMMIT").ok().or_else(|| {
        let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    });
    println!("cargo:rustc-env=ANCHORITE_COMMIT={}", commit.as_deref().unwrap_or("no commit"));
    // A build for an experiment says so wherever its version stands.
    let experiment =
        if std::env::var_os("CARGO_FEATURE_ML_DSA").is_some() { ", with ML-DSA-65, experimental" } else { "" };
    println!("cargo:rustc-env=ANCHORITE_TARGET={}{experiment}", std::env::var("TARGET").unwrap_or_default());
}

/// A file of the repository's own, where there is a repository and the file (a worktree has them elsewhere).
fn git_file(name: &str) -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--git-path", name]).output().ok()?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && std::path::Path::new(&path).exists()).then_some(path)
}
