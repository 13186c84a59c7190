//! Conformance: one story, told to the program on a fresh token of each PKCS#11 module, for every kind of root key that
//! the module has. What was seen becomes the table of README.md ("Tokens").
//!
//! **The story** ([`story`]): genesis (root and audit key), every attribute as it stands in the log, two intermediates in
//! one batch, the guard against an older copy of the log, one wrong PIN, a CRL with the right one, the token taken away
//! and put back, another CRL, and all of it before OpenSSL and `log verify`. Each step holds, or fails with its reason;
//! a failure fails the test unless the module's list of known failures names it, and then it must still fail.
//!
//! **To add a module**: a file beside this one with a [`Module`], whose [`Module::prepare`] makes a token in a world, and
//! a test for each kind of key:
//!
//! ```ignore
//! pub const NSS: Module = Module { title: "NSS softokn", profile: "nss", prepare, ..Module::PLAIN };
//!
//! fn prepare(world: &mut World) -> Option<Prepared> {
//!     // Not here: say so, and the story is not told.
//!     // Here: files under `token/`, `world.tell("VARIABLE", …)` for the module's environment, other PINs than the
//!     // world's with `world.secret("pin", …)` and `"so-pin"`, `Daemon::start(command)` for what must run beside it.
//!     Some(Prepared { serial: None, ..Prepared::default() })
//! }
//!
//! stories! { NSS: p256 "ecdsa-p256", p384 "ecdsa-p384", rsa_3072 "rsa-3072" }
//! ```
//!
//! The kinds of key must be those of the module's profile but RSA-2048, which no root may be; one more test says that
//! `hsm probe --login` agrees with the profile. `softhsm-test/conformance.sh` tells all stories and writes the table.

mod killed;
mod kryoptic;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;
mod nss;
pub mod opencryptoki;
mod row;
mod softhsm;
mod story;
mod table;
mod together;
pub mod tpm2;

pub use story::{agrees, tell};

use crate::support::World;
use anchorite::token::hsm_profile::HsmProfile;
use std::path::PathBuf;
use std::process::{Child, Command};

/// A PKCS#11 module, and how it is met.
pub struct Module {
    /// In the table.
    pub title: &'static str,
    /// Its profile, by the name in the binary.
    pub profile: &'static str,
    /// Makes a fresh token in a world; `None`, said loudly, where the module is not installed.
    pub prepare: fn(&mut World) -> Option<Prepared>,
    /// What holds the token, in the world or as an absolute path: renamed, the token is gone.
    pub token: &'static str,
    /// How the refusal begins when it is gone.
    pub gone: &'static str,
    /// Puts it back at another slot, where the module has such a thing.
    pub replug: fn(&World),
    /// The audit key is on a token of SoftHSM, because this one has no P-256.
    pub audit_elsewhere: bool,
    /// What its stories have otherwise in `authority.toml`, given as the others have it.
    pub configure: fn(&World, &str) -> String,
    /// What is known to fail: the kind of key (or `*`), the step, and why.
    pub fails: &'static [(&'static str, &'static str, &'static str)],
}

impl Module {
    /// A module whose token is the directory `token/tokens` of the world, blank, with room for both keys.
    pub const PLAIN: Module = Module {
        title: "",
        profile: "",
        prepare: |_| None,
        token: "token/tokens",
        gone: "error: the PKCS#11 module ",
        replug: |_| (),
        audit_elsewhere: false,
        configure: |_, text| text.to_owned(),
        fails: &[],
    };

    /// Its profile.
    pub fn known(&self) -> HsmProfile {
        HsmProfile::embedded(self.profile).unwrap()
    }
}

/// A token in a world, ready for a genesis.
#[derive(Default)]
pub struct Prepared {
    /// Its serial number, where its vendor's tool has initialised it with the PINs of the world; else it is blank.
    pub serial: Option<String>,
    /// The module, where it is not at one of the profile's paths.
    pub module: Option<PathBuf>,
    /// What runs beside it, to the end of the story.
    pub _daemons: Vec<Daemon>,
}

/// A program that runs beside a story and ends with it.
pub struct Daemon(Child);

impl Daemon {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A test for each kind of key, and one of the module's profile.
macro_rules! stories {
    ($module:ident: $($name:ident $key:literal),+ $(,)?) => {
        #[test]
        fn a_probe_agrees_with_the_profile() {
            crate::conformance::agrees(&$module, &[$($key),+]);
        }
        $(
            #[test]
            fn $name() {
                crate::conformance::tell(&$module, $key, None);
            }
        )+
    };
}
pub(crate) use stories;
