//! A token that misbehaves: the program is given the proxy module of `tests/token-proxy`, which says at its head what
//! faults there are, in place of the real one.

use super::{Output, World, softhsm_module};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

/// Where the proxy writes its calls down: in the token directory, where the program's fence lets its module write.
const JOURNAL: &str = "token/tokens/journal";

/// A call as the proxy wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number over all calls, from 1.
    pub number: usize,
    /// The function.
    pub function: String,
    /// The how manieth call of it, from 1.
    pub nth: usize,
    /// What it returned; `None` where it did not.
    pub result: Option<u64>,
    /// How many bytes it gave back.
    pub gave: Option<usize>,
    /// The fault.
    pub fault: Option<String>,
}

/// The proxy, as cargo built it beside this test.
pub fn module() -> PathBuf {
    let path = std::env::current_exe().unwrap().with_file_name("libanchorite_token_proxy.so");
    assert!(path.exists(), "{} is missing: a dev-dependency that every build of the tests builds", path.display());
    path
}

impl World {
    /// Puts the proxy between the authority and its token; before genesis or after.
    pub fn behind_proxy(&self) {
        self.write("authority/local.toml", format!("[token]\nmodule = {:?}\n", module().display().to_string()));
    }

    /// Tells a program that is to run in this world which faults its token has (none: the empty text).
    pub fn misbehave(&self, command: &mut Command, faults: &str) {
        command.env("ANCHORITE_PROXY_MODULE", softhsm_module().unwrap());
        command.env("ANCHORITE_PROXY_JOURNAL", self.path(JOURNAL)).env("ANCHORITE_PROXY_FAULTS", faults);
        command.env("ANCHORITE_PROXY_TRAITS", self.family());
    }

    /// Puts the proxy between the authority and its token, which is like a family from here on.
    pub fn like(&self, family: &str) {
        self.behind_proxy();
        self.write("family", family);
    }

    fn family(&self) -> String {
        std::fs::read_to_string(self.path("family")).unwrap_or_default()
    }

    /// What is typed on the token's own keys, a line each time, the last one for good.
    pub fn pinpad(&self, lines: &[&str]) {
        self.write("token/tokens/pinpad", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }

    /// Runs the program behind the proxy to its end.
    pub fn run_with_faults<S: AsRef<OsStr>>(&self, faults: &str, arguments: &[S]) -> Output {
        self.run_through_with_faults::<&str, S>(&[], faults, arguments)
    }

    /// The same under another program (`strace -e …`), which is given the program's path and arguments.
    pub fn run_through_with_faults<W: AsRef<OsStr>, S: AsRef<OsStr>>(
        &self,
        through: &[W],
        faults: &str,
        arguments: &[S],
    ) -> Output {
        let mut command = self.command_through(through, arguments);
        self.misbehave(&mut command, faults);
        self.finish(command)
    }

    /// The calls since the last time that this was asked.
    pub fn calls(&self) -> Vec<Call> {
        let text = std::fs::read_to_string(self.path(JOURNAL)).unwrap_or_default();
        let _ = std::fs::remove_file(self.path(JOURNAL));
        text.lines().map(call).collect()
    }
}

fn call(line: &str) -> Call {
    let mut fields = line.split(' ');
    let mut next = || fields.next().unwrap_or_else(|| panic!("a line of the journal: {line:?}"));
    let (number, function, nth, result, gave) = (next(), next(), next(), next(), next());
    Call {
        number: number.parse().unwrap(),
        function: function.to_owned(),
        nth: nth.parse().unwrap(),
        result: result.strip_prefix("0x").map(|hex| u64::from_str_radix(hex, 16).unwrap()),
        gave: gave.parse().ok(),
        fault: fields.next().map(str::to_owned),
    }
}
