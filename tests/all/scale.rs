//! A log of any size is verified, proved and gone on with in the memory of a small one, and read no oftener than needed.

use super::large_log::{generate, grow};
use super::support::tally::{full, held};
use super::support::{AUTHORITY, BINARY, SIGN, World};
use anchorite::key::KeySpec;
use anchorite::name::DistinguishedName;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::pem;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// What verifying takes, whatever the log's size, in MiB: 20,000 entries are eight times as many bytes.
const FLAT: u32 = 16;
/// What a fold may take of a million entries: it keeps 45 bytes of each, for proofs.
const MOST: u32 = 96;

fn entries() -> u64 {
    if full() { 1_000_000 } else { 20_000 }
}

/// Runs the program with at most so many MiB of memory of its own, heap and stacks: its stdout, or none where it
/// did not end well.
fn within(mib: u32, directory: &Path, arguments: &[&str]) -> Option<String> {
    let limit = (mib * 1024).to_string();
    let mut command = Command::new("sh");
    command.current_dir(directory).args(["-c", "ulimit -d $0; exec \"$@\"", &limit, BINARY]).args(arguments);
    let output = command.output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_log_of_any_size_is_verified_folded_and_proved_in_bounded_memory() {
    let directory = TempDir::new().unwrap();
    let count = entries();
    drop(generate(directory.path(), count).unwrap());
    let verify = ["log", "verify", "log", "--root", "root-cert.pem", "--at-rest"];
    let run = |mib, arguments: &[&str]| within(mib, directory.path(), arguments);
    assert!(run(FLAT, &verify).unwrap().contains(&format!("{count}")));
    // The fold that every command begins with: the whole log becomes the state, and the state names the root.
    assert!(run(MOST, &["-C", ".", "root", "show"]).is_some());
    let proof = run(MOST, &["log", "prove", "log", &(count / 2).to_string()]).unwrap();
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\n"), "{proof}");
    // Records of twenty ceremonies are tens of megabytes: one after the other is made, and none is kept.
    let publication = TempDir::new().unwrap();
    let to = publication.path().join("out").display().to_string();
    let most = if full() { MOST } else { FLAT };
    assert!(run(most, &["-C", ".", "publish", "--to", &to]).is_some());
    assert!(publication_size(&publication.path().join("out/records")) > u64::from(FLAT) << 20);
    // The bound is one that a program can break.
    assert!(run(3, &verify).is_none());
    held("entries verified under 96 MiB", usize::try_from(count).unwrap());
}

/// The bytes of a directory's files.
fn publication_size(directory: &Path) -> u64 {
    std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn a_session_reads_its_log_three_times_and_each_line_that_it_appends_a_few() {
    if !super::present::have("strace") {
        return;
    }
    let world = World::ready();
    let count = if full() { 200_000 } else { 5_000 };
    grow(&world.path("authority/log"), count).unwrap();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let size = std::fs::metadata(world.path("authority/log/entries.jsonl")).unwrap().len();
    let strace = ["strace", "-f", "--seccomp-bpf", "-qqq", "-y", "-s", "0", "-o", "trace", "-e", "trace=read,pread64"];
    world.run_through(&strace, &SIGN).ok();
    let trace = String::from_utf8(world.read("trace")).unwrap();
    let of_log = trace.lines().filter(|line| line.contains("/entries.jsonl>"));
    let bytes: u64 = of_log.filter_map(|line| line.rsplit_once("= ")?.1.parse::<u64>().ok()).sum();
    // To begin with, before it signs, and for the record; and 64 KiB a few times to see that there is a log.
    let most = 3 * size + 20 * 64 * 1024;
    assert!((3 * size..most).contains(&bytes), "{bytes} bytes of a log of {size} were read");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
    held("entries of a log that a session goes on with", usize::try_from(count).unwrap());
}

/// What a session may take for each request that it signs, in bytes.
const PER_REQUEST: u64 = 12 * 1024;
/// And for the buffers that a log is read with, which the first megabytes of one fill, in bytes.
const BUFFERS: u64 = 4 << 20;

/// Signs so many plain requests in one session; the most memory that it took, in bytes, pages of all kinds.
fn signed(world: &World, name: &str, count: usize) -> u64 {
    let dir = world.path("requests");
    std::fs::remove_dir_all(&dir).unwrap();
    let request = |n: usize| {
        let cluster = format!("{name}{n:04}");
        let csr = LocalKey::generate(KeySpec::EcdsaP256).unwrap().csr(&DistinguishedName::of_request(&cluster));
        let path = world.write(format!("requests/{cluster}.csr"), pem::encode("CERTIFICATE REQUEST", &csr.unwrap()));
        (cluster, world.sha256(path))
    };
    let made: Vec<(String, String)> = (0..count).map(request).collect();
    let plain: Vec<(&str, &str)> = made.iter().map(|(cluster, sha256)| (cluster.as_str(), sha256.as_str())).collect();
    world.write("answers.toml", world.signing_answers(&[], &plain));
    let before = world.bundles().len();
    let mut command = world.command(&SIGN);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(world.path("said")).unwrap());
    let mut session = command.spawn().unwrap();
    let status = format!("/proc/{}/status", session.id());
    let mut peak = 0;
    let code = loop {
        // The kernel keeps the highest; the last look before the end sees it.
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = kib.and_then(|kib| kib.trim().parse::<u64>().ok()).unwrap_or_default().max(peak);
        match session.try_wait().unwrap() {
            Some(code) => break code,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(code.success(), "{}", String::from_utf8_lossy(&world.read("said")));
    assert_eq!(world.bundles().len() - before, count);
    peak * 1024
}

#[test]
fn a_session_takes_a_few_kilobytes_for_each_request_that_it_signs() {
    let world = World::ready();
    let (few, many) = if full() { (100, 2_000) } else { (30, 280) };
    let (small, large) = (signed(&world, "few", few), signed(&world, "many", many));
    let more = u64::try_from(many - few).unwrap();
    let taken = large.saturating_sub(small);
    assert!(taken < more * PER_REQUEST + BUFFERS, "{} bytes for each of {more} requests", taken / more);
    held("requests that a session's memory is bounded for", many);
}
