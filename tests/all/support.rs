//! A world of one test: its own directory, tokens, PINs and authority, and the program run in it as people
//! run it. Nothing is shared between worlds; a time is always given, so nothing depends on the wall clock.
//!
//! The program runs inside the world's directory, so paths in what it prints are relative and the same in
//! every run.

mod generations;
pub mod proxy;
pub mod tally;
mod unchanged;

pub use generations::{AFTER, ROLLOVER};
pub use unchanged::{ENTRIES, Tree, assert_text, differences};

use anchorite::digest::Digest;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The program under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_anchorite");
/// The time of a world's genesis; what comes later uses later times.
pub const GENESIS: &str = "2026-11-21T09:30:00Z";
/// The time at which requests are signed.
pub const SIGNING: &str = "2026-11-21T10:00:00Z";
/// The user PIN of every world's token.
pub const PIN: &str = "12345678";
/// The security officer's PIN of every world's token.
pub const SO_PIN: &str = "87654321";
/// The authority's directory in the world.
pub const AUTHORITY: &str = "authority";

/// What a run of the program left.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The same, where it must have gone well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// What a person reads of a failure: stderr, and the exit code in its last line.
    pub fn refusal(&self) -> String {
        match self.code {
            Some(code) => format!("{}exit {code}\n", self.stderr),
            None => format!("{}killed\n", self.stderr),
        }
    }

    /// The failure without the screens before it, and its exit code.
    pub fn error(&self) -> String {
        let all = self.refusal();
        match all.rfind("\nerror: ") {
            Some(at) => all[at + 1..].to_owned(),
            None => all,
        }
    }
}

/// A directory with everything that one test touches.
pub struct World {
    dir: TempDir,
    /// Where the modules of its tokens find their configuration.
    environment: BTreeMap<String, OsString>,
    /// What every run of the program goes through: the way into a namespace.
    within: Vec<OsString>,
}

impl World {
    /// A world with PINs and an empty token directory of SoftHSM, and no authority.
    pub fn new() -> Self {
        let mut world = Self::without_token();
        world.add_softhsm();
        world
    }

    /// Gives it an empty token directory of SoftHSM.
    pub fn add_softhsm(&mut self) {
        require_softhsm();
        let tokens = self.path("token/tokens");
        std::fs::create_dir_all(&tokens).unwrap();
        let text =
            format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
        let configuration = self.write("token/softhsm2.conf", text);
        self.tell("SOFTHSM2_CONF", configuration);
    }

    /// Sets a variable of the environment in which every program of this world runs: how a module is told where its
    /// token is.
    pub fn tell(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// Has every run of the program from now on started by another one (`nsenter …`), which is given its path and
    /// arguments.
    pub fn go_within<S: Into<OsString>>(&mut self, way: impl IntoIterator<Item = S>) {
        self.within = way.into_iter().map(Into::into).collect();
    }

    /// A world with PINs, and neither a token nor an authority.
    pub fn without_token() -> Self {
        let dir = tempfile::Builder::new().prefix("anchorite-").tempdir().unwrap();
        let world = Self { dir, environment: BTreeMap::new(), within: Vec::new() };
        world.secret("pin", PIN);
        world.secret("so-pin", SO_PIN);
        for name in ["requests", "medium", "clusters"] {
            std::fs::create_dir(world.path(name)).unwrap();
        }
        world
    }

    /// A world with an authority of a kind (`production`, `test`, `rehearsal`) that was not founded yet.
    /// Test and rehearsal authorities are unattended.
    pub fn configured(kind: &str, root_key: &str) -> Self {
        let world = Self::new();
        world.configure(&configuration(kind, root_key));
        world
    }

    /// A world with an unattended authority whose root exists.
    pub fn founded(kind: &str, root_key: &str) -> Self {
        let world = Self::configured(kind, root_key);
        world.found().ok();
        world
    }

    /// A founded test authority with a P-256 root: what most tests need.
    pub fn ready() -> Self {
        Self::founded("test", "ecdsa-p256")
    }

    /// Writes `authority.toml`.
    pub fn configure(&self, text: &str) {
        self.write("authority/authority.toml", text);
    }

    /// Runs `root create` with answers, at [`GENESIS`].
    pub fn found(&self) -> Output {
        let reviewed = format!("sha256:{}", self.sha256("authority/authority.toml"));
        self.write(
            "answers-root.toml",
            format!(
                "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"{reviewed}\" = \"approve\"\n"
            ),
        );
        self.run(&CREATE)
    }

    /// The absolute path of something in the world.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and the directories that it needs.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file that only its owner may read, with one line.
    pub fn secret(&self, name: &str, line: &str) {
        let path = self.write(name, format!("{line}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The bytes of a file.
    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The SHA-256 of a file, in hex.
    #[track_caller]
    pub fn sha256(&self, name: impl AsRef<Path>) -> String {
        Digest::of(&self.read(name)).to_string()
    }

    /// The program, to be run with these arguments: in the world, its environment clean, without a terminal.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        self.command_through::<&str, S>(&[], arguments)
    }

    /// The same under another program (`strace -e …`), which is given the program's path and arguments.
    pub fn command_through<W: AsRef<OsStr>, S: AsRef<OsStr>>(&self, through: &[W], arguments: &[S]) -> Command {
        // A new session has no controlling terminal, so /dev/tty does not open.
        let mut command = Command::new("setsid");
        command.arg("--wait").args(&self.within).args(through).arg(BINARY).args(arguments);
        self.clean(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Gives a command the world's directory and environment and nothing else.
    pub fn clean(&self, command: &mut Command) {
        command.current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).envs(&self.environment);
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        self.finish(self.command(arguments))
    }

    /// Runs the program under another one to its end.
    pub fn run_through<W: AsRef<OsStr>, S: AsRef<OsStr>>(&self, through: &[W], arguments: &[S]) -> Output {
        self.finish(self.command_through(through, arguments))
    }

    /// Runs another program (`openssl`, `jq`, …) in the world to its end.
    pub fn tool<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments);
        self.clean(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.finish(command)
    }

    fn finish(&self, mut command: Command) -> Output {
        let output = command.output().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(&self.dir.path().display().to_string(), "$WORLD")
        };
        Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Makes a request on the cluster's side (`clusters/NAME`) and carries it to `requests/NAME`; the digest
    /// of its `request.json`, in hex.
    pub fn request(&self, cluster: &str) -> String {
        self.run(&["--now", GENESIS, "request", cluster, "--key", "ecdsa-p256", "--into", "clusters"]).ok();
        for name in ["request.json", "request.sig"] {
            let bytes = self.read(format!("clusters/{cluster}/{name}"));
            self.write(format!("requests/{cluster}/{name}"), bytes);
        }
        self.sha256(format!("requests/{cluster}/request.json"))
    }

    /// Puts the fixture of a plain CSR on the stick as `requests/NAME.csr`; the digest of the file, in hex.
    /// Its bundle can be opened by the identity in the file `identity`.
    pub fn plain_request(&self, cluster: &str) -> String {
        self.secret("identity", IDENTITY);
        let path = format!("requests/{cluster}.csr");
        self.write(&path, PLAIN_CSR);
        self.sha256(path)
    }

    /// Answers for signing packages: participants, and for each request its words and its approval.
    pub fn signing_answers(&self, packages: &[&str], plain: &[(&str, &str)]) -> String {
        let mut text = PARTICIPANTS.to_owned();
        for sha256 in packages {
            text += &format!("[requests.\"sha256:{sha256}\"]\nwords = \"same\"\n");
        }
        for (cluster, sha256) in plain {
            text += &format!(
                "[requests.\"sha256:{sha256}\"]\ncluster = \"{cluster}\"\nenvironment = \"prod\"\n\
                 trust_domain = \"cluster.local\"\nrecipients = [\"{RECIPIENT}\"]\nwords = \"same\"\n"
            );
        }
        text += "[review]\n";
        for sha256 in packages.iter().chain(plain.iter().map(|(_, sha256)| sha256)) {
            text += &format!("\"sha256:{sha256}\" = \"approve\"\n");
        }
        text
    }

    /// Runs `sign` at [`SIGNING`] with these answers.
    pub fn sign(&self, answers: &str) -> Output {
        self.write("answers.toml", answers);
        self.run(&SIGN)
    }

    /// One request of `cluster1`, signed; its bundle's directory, relative to the world.
    pub fn issued(&self, cluster: &str) -> PathBuf {
        let before = self.bundles();
        let sha256 = self.request(cluster);
        self.sign(&self.signing_answers(&[&sha256], &[])).ok();
        let new = self.bundles().into_iter().find(|bundle| !before.contains(bundle));
        new.expect("a new bundle on the medium")
    }

    /// The bundles on the medium, relative to the world.
    pub fn bundles(&self) -> Vec<PathBuf> {
        let mut all: Vec<PathBuf> = std::fs::read_dir(self.path("medium"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("envelope.json").exists())
            .map(|entry| Path::new("medium").join(entry.file_name()))
            .collect();
        all.sort();
        all
    }
}

/// What [`World::found`] runs.
pub const CREATE: [&str; 12] = [
    "-C",
    AUTHORITY,
    "--now",
    GENESIS,
    "root",
    "create",
    "--pin-file",
    "pin",
    "--so-pin-file",
    "so-pin",
    "--answers",
    "answers-root.toml",
];

/// The arguments of `sign` in a world, at [`SIGNING`], with `answers.toml`.
pub const SIGN: [&str; 13] = [
    "-C",
    AUTHORITY,
    "--now",
    SIGNING,
    "sign",
    "--from",
    "requests",
    "--to",
    "medium",
    "--pin-file",
    "pin",
    "--answers",
    "answers.toml",
];

/// The first table of every answers file here.
pub const PARTICIPANTS: &str = "[participants]\nadministrator = [\"Ada\"]\nwitness = [\"Wim\"]\n";
/// A P-256 request made by `openssl req`, subject `CN=plain`.
pub const PLAIN_CSR: &str = include_str!("fixtures/plain.csr");
/// The age recipient of [`IDENTITY`].
pub const RECIPIENT: &str = include_str!("fixtures/recipient.txt").trim_ascii_end();
/// An age identity.
pub const IDENTITY: &str = include_str!("fixtures/identity.txt").trim_ascii_end();

/// An `authority.toml` as a person would leave it.
pub fn configuration(kind: &str, root_key: &str) -> String {
    let unattended = kind != "production";
    format!(
        "name = \"World Mesh Root\"\nkind = \"{kind}\"\nunattended = {unattended}\n\n[token]\nprofile = \"softhsm2\"\n\n\
         [root]\nsubject = {{ organization = \"World\", common_name = \"World Mesh Root CA\" }}\nkey = \"{root_key}\"\n\
         validity_days = 3650\n\n[intermediates]\nprofile = \"istio\"\nmax_validity_days = 365\n\
         keys = [\"rsa-3072\", \"rsa-4096\", \"ecdsa-p256\", \"ecdsa-p384\"]\n\
         subject = {{ organization = \"World\", common_name = \"Intermediate CA\" }}\n"
    )
}

/// Answers that approve with the reason that a warning needs.
pub fn with_reason(answers: &str) -> String {
    answers.replace("= \"approve\"", "= { approve = \"agreed on the telephone\" }")
}

/// The program in a namespace of its own in which `mounts` was run first: what is mounted there ends with it.
/// `None`, said loudly, where this machine allows no namespaces (a container without privileges).
pub fn with_mounts(mounts: &str) -> Option<Vec<String>> {
    let unshare: &[&str] = match rustix::process::geteuid().is_root() {
        true => &["unshare", "--mount"],
        false => &["unshare", "--map-root-user", "--mount"],
    };
    let trial = Command::new(unshare[0]).args(&unshare[1..]).args(["mount", "-t", "tmpfs", "trial", "/mnt"]).output();
    if !trial.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: mount namespaces are not allowed here, so nothing is mounted read-only or tiny");
        return None;
    }
    let script = format!("{mounts} && exec \"$0\" \"$@\"");
    Some(unshare.iter().copied().chain(["sh", "-c", &script]).map(str::to_owned).collect())
}

/// SoftHSM's module, where the shipped profile looks for it.
pub fn softhsm_module() -> Option<PathBuf> {
    let profile = include_str!("../../hsm-profiles/softhsm2.toml");
    let quoted = profile.split('"').filter(|text| text.ends_with(".so"));
    quoted.map(PathBuf::from).find(|path| path.exists())
}

fn require_softhsm() {
    assert!(
        softhsm_module().is_some(),
        "these tests need SoftHSM: install it (Debian, Ubuntu: apt install softhsm2; Fedora: dnf install softhsm; \
         macOS: brew install softhsm)"
    );
}
