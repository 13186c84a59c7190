//! An authority whose root has a successor, and clusters under each: the world that a mesh moves in.

use super::{AUTHORITY, Output, PARTICIPANTS, World};
use std::path::PathBuf;

/// The time of a world's rollover.
pub const ROLLOVER: &str = "2026-11-21T11:00:00Z";
/// The time at which requests are signed after it.
pub const AFTER: &str = "2026-11-21T12:00:00Z";

impl World {
    /// An authority with two generations and a cluster under each: `old`, signed before the rollover, and `new`, after
    /// it. With `cross`, the roots vouch for each other. Gives the bundles of the two.
    pub fn two_generations(cross: bool) -> (Self, PathBuf, PathBuf) {
        let world = Self::ready();
        let old = world.issued("old");
        world.roll_over(cross).ok();
        let new = world.issued_at("new", AFTER, &[]);
        (world, old, new)
    }

    /// Runs `root rollover` with answers, at [`ROLLOVER`].
    pub fn roll_over(&self, cross: bool) -> Output {
        self.roll_over_with(if cross { &["--cross"] } else { &[] }, ROLLOVER)
    }

    /// The same with options, at a time.
    pub fn roll_over_with(&self, options: &[&str], now: &str) -> Output {
        let reviewed = format!("sha256:{}", self.sha256("authority/authority.toml"));
        self.write("answers-rollover.toml", format!("{PARTICIPANTS}[review]\n\"{reviewed}\" = \"approve\"\n"));
        let mut arguments = vec!["-C", AUTHORITY, "--now", now, "root", "rollover"];
        arguments.extend(["--pin-file", "pin", "--answers", "answers-rollover.toml"]);
        arguments.extend(options);
        self.run(&arguments)
    }

    /// A cluster's request, made and signed at a time; its bundle's directory, relative to the world.
    pub fn issued_at(&self, cluster: &str, now: &str, options: &[&str]) -> PathBuf {
        let before = self.bundles();
        let _ = std::fs::remove_dir_all(self.path("requests"));
        let sha256 = self.request(cluster);
        self.sign_at(&self.signing_answers(&[&sha256], &[]), now, options).ok();
        let new = self.bundles().into_iter().find(|bundle| !before.contains(bundle));
        new.expect("a new bundle on the medium")
    }

    /// Runs `sign` at a time, with options and these answers.
    pub fn sign_at(&self, answers: &str, now: &str, options: &[&str]) -> Output {
        self.write("answers.toml", answers);
        let mut arguments = vec!["-C", AUTHORITY, "--now", now, "sign", "--from", "requests", "--to", "medium"];
        arguments.extend(["--pin-file", "pin", "--answers", "answers.toml"]);
        arguments.extend(options);
        self.run(&arguments)
    }
}
