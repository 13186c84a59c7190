//! opencryptoki's soft token, which has RSA only: the audit key is on a token of SoftHSM, in the same process.
//!
//! Its paths are fixed and its daemon is the machine's, so each story has namespaces of its own, in which these paths are
//! the world's: nothing is shared with a token that the machine may have.

use super::{Daemon, Module, Prepared, stories, tell};
use crate::support::World;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const OPENCRYPTOKI: Module = Module {
    title: "opencryptoki",
    profile: "opencryptoki",
    prepare,
    token: "token/opencryptoki/swtok",
    gone: "error: ",
    audit_elsewhere: true,
    ..Module::PLAIN
};

/// Run in the namespaces, with the token's directory as `$0`; what it prints last says that the daemon answers.
const SCRIPT: &str = r#"
set -e
mount -t tmpfs -o mode=0755 none /run
mount -t tmpfs -o mode=1777 none /dev/shm
mkdir -p /run/lock/opencryptoki/swtok "$0/swtok/TOK_OBJ"
mount --bind "$0" /var/lib/opencryptoki
chown -R root:pkcs11 /run/lock/opencryptoki "$0"
chmod -R 770 /run/lock/opencryptoki "$0"
pkcsslotd
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S /run/pkcsslotd.socket ] && break; sleep 0.1; done
[ -S /run/pkcsslotd.socket ]
echo ready
exec sleep infinity
"#;

pub fn prepare(world: &mut World) -> Option<Prepared> {
    let known = OPENCRYPTOKI.known();
    if anchorite::token::find_module(&known).is_err() {
        eprintln!("SKIPPED: opencryptoki is not here ({}): it was NOT tried", known.install);
        return None;
    }
    let files = world.path("token/opencryptoki");
    std::fs::create_dir_all(&files).unwrap();
    let apart = ["--mount", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SCRIPT];
    let mut command = Command::new("unshare");
    let daemon = Daemon::start(command.args(apart).arg(&files).stdout(Stdio::piped()));
    let Some((daemon, inside)) = ready(daemon) else {
        eprintln!("SKIPPED: namespaces are not allowed here, or pkcsslotd does not start: opencryptoki was NOT tried");
        return None;
    };
    let target = format!("--target={inside}");
    // Whoever enters stands at the root.
    let enter = ["nsenter", &target, "--mount", "--ipc", "--pid", "sh", "-c", "cd \"$0\" && exec \"$@\""];
    let place = world.path("").display().to_string();
    world.go_within(enter.into_iter().map(str::to_owned).chain([place]));
    // The PINs of a world are those that every such token has from its maker.
    world.secret("pin", "abcd1234");
    world.secret("so-pin", "efgh5678");
    Some(Prepared { _daemons: vec![daemon], ..Prepared::default() })
}

/// The process inside, once the daemon answers; `None` where it never does.
fn ready(mut daemon: Daemon) -> Option<(Daemon, String)> {
    let mut said = String::new();
    BufReader::new(daemon.0.stdout.take()?).read_line(&mut said).ok()?;
    let outside = daemon.0.id();
    let inside = std::fs::read_to_string(format!("/proc/{outside}/task/{outside}/children")).ok()?;
    (said == "ready\n").then(|| (daemon, inside.trim().to_owned()))
}

stories! { OPENCRYPTOKI:
    an_rsa_3072_root "rsa-3072",
    an_rsa_4096_root "rsa-4096",
}

#[test]
fn a_profile_that_says_token_where_the_token_has_no_hash_is_answered_by_the_tokens_list() {
    tell(&OPENCRYPTOKI, "rsa-3072", Some("token"));
}
