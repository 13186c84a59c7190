//! The corpus of certificate requests, where it is present: `../shared/corpus/csr`, or `$ANCHORITE_SHARED`.
//!
//! The real program looks at every file under a limit of 64 MiB of address space and two seconds of processor
//! time. The verdict is the index's, the reason is the index's, and nothing reaches the terminal raw.

use crate::support::BINARY;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Files whose verdict is disputed: what the index expects of them is not what is done, for this reason.
const DISPUTED: [(&str, &str); 1] = [(
    "a130_ext_ku_leaf",
    "asks for leaf key usages, as third-party/t013, t014, t015 and t156 do, which the index calls well-formed: what is \
     asked is shown and never copied",
)];

/// What the index says in its own words of a file, and the rules of which one must then be among the findings.
/// The first rule of a file that cannot be read is its only one: DER is told from PEM before anything is parsed.
const REASONS: [(&str, &[&str]); 12] = [
    (
        "does not parse",
        &[
            "request.pem.",
            "request.der.",
            "request.structure",
            "request.private-key",
            "request.algorithm-parameters",
            "request.key.kind",
        ],
    ),
    ("DER, not PEM", &["request.pem.der"]),
    ("more than one PEM block", &["request.pem.one-block", "request.private-key"]),
    (
        "PoP signature",
        &[
            "request.proof-of-possession",
            "request.signature.",
            "request.pem.der",
            "request.der.value",
            "request.structure",
        ],
    ),
    ("RSA-512", &["request.key.rsa-size", "request.pem.der"]),
    ("RSA-768", &["request.key.rsa-size", "request.pem.der"]),
    ("RSA-1024", &["request.key.rsa-size", "request.pem.der"]),
    ("RSA-2048", &["request.key.rsa-size", "request.pem.der", "request.der.value", "request.structure"]),
    ("hash ", &["request.hash", "request.pem.der", "request.structure"]),
    ("key type/curve ec", &["request.key.curve", "request.pem.der"]),
    ("key type/curve DSA", &["request.key.kind", "request.pem.der", "request.private-key"]),
    ("Ed25519: not among", &["request.key.not-allowed"]),
];

/// Each file that was made by hand to be refused, by its beginning, and the rule that it breaks.
const MADE: [(&str, &str); 75] = [
    ("a007", "request.structure"),
    ("a012", "request.proof-of-possession"),
    ("a013", "request.proof-of-possession"),
    ("a014", "request.signature.not-canonical"),
    ("a015", "request.signature.degenerate"),
    ("a019", "request.signature.not-canonical"),
    ("a020", "request.proof-of-possession"),
    ("a022", "request.proof-of-possession"),
    ("a024", "request.key.rsa-exponent"),
    ("a025", "request.key.rsa-exponent"),
    ("a028", "request.key.rsa-size"),
    ("a029", "request.key.rsa-size"),
    ("a032", "request.key.rsa-exponent"),
    ("a034", "request.key.rsa-exponent"),
    ("a035", "request.key.rsa-exponent"),
    ("a038", "request.key.kind"),
    ("a041", "request.key.close-primes"),
    ("a046", "request.key.rsa-exponent"),
    ("a047", "request.key.curve"),
    ("a051", "request.key.curve"),
    ("a057", "request.key.point"),
    ("a059", "request.key.point"),
    ("a060", "request.key.curve"),
    ("a062", "request.key.curve"),
    ("a063", "request.key.curve"),
    ("a067", "request.key.point"),
    ("a068", "request.key.kind"),
    ("a069", "request.hash"),
    ("a071", "request.hash"),
    ("a072", "request.proof-of-possession"),
    ("a073", "request.hash"),
    ("a080", "request.subject.deceptive"),
    ("a081", "request.subject.deceptive"),
    ("a082", "request.subject.deceptive"),
    ("a083", "request.subject.deceptive"),
    ("a087", "request.subject.deceptive"),
    ("a091", "request.der.value"),
    ("a092", "request.der.value"),
    ("a094", "request.der.value"),
    ("a096", "request.subject.form"),
    ("a098", "request.file.size"),
    ("a101", "request.subject.form"),
    ("a103", "request.subject.path"),
    ("a110", "request.count"),
    ("a113", "request.structure"),
    ("a114", "request.subject.form"),
    ("a126", "request.structure"),
    ("a131", "request.asks-for-another-purpose"),
    ("a133", "request.asks-for-another-purpose"),
    ("a134", "request.asks-for-another-purpose"),
    ("a135", "request.asks-for-another-purpose"),
    ("a144", "request.critical-extension"),
    ("a147", "request.duplicate-extension"),
    ("a149", "request.structure"),
    ("a155", "request.structure"),
    ("a158", "request.structure"),
    ("a165", "request.duplicate-attribute"),
    ("a167", "request.structure"),
    ("a169", "request.duplicate-attribute"),
    ("a171", "request.duplicate-attribute"),
    ("a173", "request.file.size"),
    ("a177", "request.der.value"),
    ("a18", "request.der."),
    ("a190", "request.file.size"),
    ("a191", "request.der.depth"),
    ("a195", "request.der.value"),
    ("a196", "request.der.value"),
    ("a198", "request.structure"),
    ("a200", "request.structure"),
    ("a209", "request.pem.one-block"),
    ("a211", "request.private-key"),
    ("a213", "request.private-key"),
    ("a215", "request.pem.label"),
    ("a2", "request.pem."),
    ("a189", "request.file.size"),
];

struct Indexed {
    file: String,
    expected: String,
    why: String,
    adversarial: bool,
}

/// The index's rows; fields may be quoted and then hold commas.
fn index(corpus: &Path) -> Vec<Indexed> {
    let text = std::fs::read_to_string(corpus.join("INDEX.csv")).unwrap();
    let row = |line: &str| {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        fields
    };
    let rows = text.lines().skip(1).map(row);
    let indexed = |f: Vec<String>| Indexed {
        adversarial: f[0].starts_with("adversarial/"),
        file: f[0].clone(),
        expected: f[1].clone(),
        why: f[2].clone(),
    };
    rows.map(indexed).collect()
}

fn corpus() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("ANCHORITE_SHARED").map(PathBuf::from);
    // Beside the checkout, or beside the directory of its worktrees.
    let shared = named.into_iter().chain(["../shared", "../../shared"].map(|beside| here.join(beside)));
    let mut found = shared.map(|shared| shared.join("corpus/csr"));
    let found = found.find(|directory| directory.join("INDEX.csv").exists());
    if found.is_none() {
        eprintln!("SKIPPED: the corpus of requests is not here (../shared/corpus/csr, or $ANCHORITE_SHARED)");
    }
    found
}

/// The program under the limits: 64 MiB of addresses, which is more than memory, and two seconds of processor
/// time. It waits for nothing, so the twenty seconds of the clock are for a busy machine.
fn limited(arguments: &[&str]) -> Output {
    let limits = ["prlimit", "--as=67108864", "--cpu=2", "--"];
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "20"]).args(limits).arg(BINARY).args(arguments);
    command.output().unwrap()
}

/// Bytes that a terminal obeys, or that turn its text around; line feeds aside.
fn raw(bytes: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Some("not UTF-8".to_owned()) };
    let obeyed = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().find(|c| obeyed(*c)).map(|c| c.escape_unicode().to_string())
}

/// What is wrong with what the program says of a file.
fn faults(corpus: &Path, indexed: &Indexed) -> Vec<String> {
    let path = corpus.join(&indexed.file);
    let path = path.to_str().unwrap();
    let (shown, json) = (limited(&["inspect", "request", path]), limited(&["--json", "inspect", "request", path]));
    let mut faults = Vec::new();
    if let Some(signal) = shown.status.signal() {
        faults.push(format!("killed by signal {signal}: a limit, or a panic while panicking"));
    }
    for stream in [&shown.stdout, &shown.stderr, &json.stdout, &json.stderr] {
        faults.extend(raw(stream).map(|c| format!("{c} reaches the terminal")));
    }
    let exit = shown.status.code().unwrap_or(-1);
    let reads = String::from_utf8_lossy(&shown.stdout);
    let says = String::from_utf8_lossy(&shown.stderr);
    let Ok(report) = serde_json::from_slice::<serde_json::Value>(&json.stdout) else {
        return vec![format!("exit {exit}, and no JSON: {says}")];
    };
    let findings = report["findings"].as_array().unwrap();
    let refused: Vec<&str> =
        findings.iter().filter(|f| f["severity"] == "refuse").map(|f| f["id"].as_str().unwrap()).collect();
    for finding in findings {
        for part in ["id", "severity", "source", "observed", "expected", "hint"] {
            if finding[part].as_str().is_none_or(str::is_empty) {
                faults.push(format!("a finding without {part}: {finding}"));
            }
        }
    }
    let verdict = match indexed.expected.as_str() {
        "accept" | "well-formed" | "accept-but-override" => exit == 0,
        "reject" => matches!(exit, 10 | 30),
        _ => matches!(exit, 0 | 10 | 30),
    };
    let disputed = DISPUTED.iter().any(|(name, _)| indexed.file.contains(name));
    if verdict == disputed {
        faults.push(format!("expected {}, got exit {exit}: {refused:?}", indexed.expected));
    }
    if (exit == 0) != refused.is_empty() {
        faults.push(format!("exit {exit} with {refused:?}"));
    }
    // Each refusal is on the screen; the first, in the sentence that people read last.
    faults.extend(refused.iter().filter(|id| !reads.contains(**id)).map(|id| format!("{id} is not shown")));
    if let Some(first) = refused.first()
        && !says.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("refused by the rule {first}"))
    {
        faults.push(format!("{first} is not in the error: {says}"));
    }
    if indexed.expected == "accept-but-override" {
        let asked = report["asked"].as_array().unwrap();
        let flowing = reads.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing = asked.iter().filter(|ask| !flowing.contains(ask.as_str().unwrap()));
        faults.extend(missing.map(|ask| format!("the difference {ask} is not listed")));
        if asked.is_empty() {
            faults.push("no difference is listed".to_owned());
        }
    }
    if exit != 0 && !disputed {
        faults.extend(reasons(indexed, &refused));
    }
    faults
}

/// The index's reasons that are not among the rules that refuse the file.
fn reasons(indexed: &Indexed, refused: &[&str]) -> Vec<String> {
    let among = |wanted: &[&str]| wanted.iter().any(|wanted| refused.iter().any(|id| id.starts_with(wanted)));
    if !indexed.adversarial {
        let wanted = REASONS.iter().filter(|(words, _)| indexed.why.contains(words));
        let missing = wanted.filter(|(_, ids)| !among(ids));
        return missing.map(|(words, _)| format!("refused by {refused:?}, the reason is {words:?}")).collect();
    }
    if indexed.expected != "reject" {
        return Vec::new();
    }
    let name = indexed.file.trim_start_matches("adversarial/");
    let exact = MADE.iter().filter(|(prefix, _)| name.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len());
    match exact {
        None => vec![format!("no reason is written down for it; refused by {refused:?}")],
        Some((_, id)) if among(&[id]) => Vec::new(),
        Some((_, id)) => vec![format!("refused by {refused:?}, the reason is {id}")],
    }
}

#[test]
fn every_file_of_the_corpus_gets_its_verdict_and_its_reason_within_the_limits() {
    let Some(corpus) = corpus() else { return };
    let index = index(&corpus);
    assert_eq!(index.len(), 250);
    let mut surprises = Vec::new();
    for indexed in &index {
        surprises.extend(faults(&corpus, indexed).into_iter().map(|fault| format!("{}: {fault}", indexed.file)));
    }
    assert!(surprises.is_empty(), "{} of them:\n{}", surprises.len(), surprises.join("\n"));
}

#[test]
fn the_limits_of_the_corpus_stop_what_exceeds_them() {
    let dir = tempfile::tempdir().unwrap();
    let large = dir.path().join("large");
    std::fs::write(&large, vec![b'x'; 80 << 20]).unwrap();
    let output = limited(&["words", large.to_str().unwrap()]);
    assert_ne!(output.status.code(), Some(0), "80 MiB were read within 64 MiB: {output:?}");
    assert!(raw(b"a\x1b[2J").is_some() && raw("\u{202e}".as_bytes()).is_some() && raw(b"a\n").is_none());
}
