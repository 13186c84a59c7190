//! Bundles that lie: each is made by an honest signer who changed one thing, or by a forger who changed all of it, and
//! is opened by the program. Each is refused with a text of its own ([`refusals.txt`](refusals.txt)), and nothing is
//! written: not in the target, not beside it, as `strace` tells and the files themselves.

#[allow(dead_code, reason = "made for the tests beside the format, which use all of it")]
#[path = "../../../src/bundle/fixture.rs"]
mod fixture;
#[path = "../../../src/bundle/reseal.rs"]
mod reseal;

mod archives;
mod documents;
mod evidence;
mod masses;
mod outside;
mod place;
mod targets;

// What the fixture expects beside it.
use anchorite::bundle::{
    Bundle, Contents, Envelope, Key, Local, MAX_PAYLOAD, Opened, Opening, RootPin, Unseal, make, manifest, open,
    payload, recipient, seal,
};

use crate::support::{Output, World};
use anchorite::bundle::manifest::Receipt;
use anchorite::digest::Digest;
use anchorite::request::package::{self, RequestJson};
use reseal::Files;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;

/// The authority and cluster of the fixture, the cluster's directory in a world, and its request.
struct Cluster {
    authority: fixture::World,
    csr_sha256: Digest,
    request: Vec<u8>,
}

/// One bundle that must be refused.
struct Attack {
    name: &'static str,
    files: Files,
    /// What the cluster keeps of the bundle before.
    receipt: Option<Receipt>,
    /// Arguments beside those that name bundle, target and root.
    more: &'static [&'static str],
    /// Changes the world after the bundle was written: what no list of files can say.
    world: fn(&World),
}

impl Attack {
    fn new(name: &'static str, files: Files) -> Self {
        Self { name, files, receipt: None, more: &[], world: |_| {} }
    }
}

impl Cluster {
    fn new() -> Self {
        let authority = fixture::World::new();
        let subject = anchorite::name::DistinguishedName::of_request("cluster1");
        let csr = authority.cluster_key.csr(&subject).unwrap();
        let request = RequestJson {
            kind: package::TYPE.to_owned(),
            cluster: "cluster1".to_owned(),
            environment: "prod".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            csr: String::new(),
            recipients: vec![authority.recipient.clone()],
            previous: None,
            created: fixture::now(),
        };
        let request = package::make_package(request, &csr, &authority.cluster_key, None).unwrap().json;
        Self { csr_sha256: Digest::of(&csr), authority, request }
    }

    /// What an honest bundle of a number holds.
    fn contents(&self, sequence: u64) -> Contents {
        Contents { csr_sha256: self.csr_sha256, ..self.authority.contents(sequence) }
    }

    fn bundle(&self) -> Bundle {
        self.authority.make(&self.contents(1))
    }

    /// A world with the cluster's directory as `anchorite request` leaves it.
    fn world(&self) -> World {
        let world = World::new();
        let key = self.authority.cluster_key.to_pkcs8_pem().unwrap();
        std::fs::create_dir(world.path("clusters/cluster1")).unwrap();
        world.secret("clusters/cluster1/ca-key.pem", key.expose_secret().trim_end());
        world.secret("clusters/cluster1/identity.age", self.authority.identity.expose_secret());
        world.write("clusters/cluster1/request.json", &self.request);
        world.write("root-cert.pem", self.authority.root.pem());
        world
    }

    /// Writes a bundle to the world's `bundle`.
    fn put(world: &World, files: &Files) {
        let _ = std::fs::remove_dir_all(world.path("bundle"));
        for (name, bytes) in files {
            world.write(format!("bundle/{name}"), bytes);
        }
    }

    /// The receipt of the honest bundle.
    fn receipt(&self) -> Receipt {
        let local = Local { csr_sha256: Some(self.csr_sha256), ..self.authority.local() };
        let opened = open(&Opening {
            files: &self.bundle().files,
            unseal: Unseal::Identities(&self.authority.identity),
            local: Some(&local),
            pin: self.authority.pin(),
            receipt: None,
            accept_restore: None,
            allow_older: false,
            now: fixture::now(),
        });
        opened.unwrap().receipt
    }
}

/// `open` of the world's `bundle` into the cluster's directory.
const OPEN: [&str; 8] =
    ["--now", "2026-11-21T10:00:00Z", "open", "bundle", "--into", "clusters/cluster1", "--root", "root-cert.pem"];

/// The text of a refusal in which what is random is `…`: digests, ids, names, serial numbers, lengths.
fn plain(output: &Output) -> String {
    let text = output.error();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut shown = String::new();
    for (at, word) in words.iter().enumerate() {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let hex = core.len() >= 8 && core.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        // Signatures differ in length by a byte or two.
        let length = core.parse::<u64>().is_ok_and(|n| n < 100_000)
            && (words.get(at + 1).is_some_and(|next| next.starts_with("bytes"))
                || words[at.saturating_sub(1)] == "column");
        let counted = core.parse::<u64>().is_ok() && !length;
        let random = (hex && !counted) || length || core.starts_with("age1");
        let before = match *word {
            "hint:" | "Nothing" | "exit" => "\n  ",
            _ if shown.is_empty() => "",
            _ => " ",
        };
        shown += before;
        shown += &if random { word.replace(core, "…") } else { (*word).to_owned() };
    }
    shown
}

/// Attacks that one guard meets with one text: the second could be told from the first only by who knows both.
const SAME: [&str; 14] = [
    "proof: of another entry",
    "signer: the audit key as a CA",
    "signer: the audit key certified by another root of the same name",
    "tar: bytes after the end",
    "tar: a block of zeros in the middle",
    "tar: nothing inside",
    "manifest: a size that is wrong",
    "envelope: another size",
    "age: empty",
    "age: armoured",
    "age: a byte after its end",
    "age: sealed to somebody else",
    "age: a passphrase",
    "age: altered on the way",
];

/// Opens each in turn: refused by its own text, and nothing was written by any.
fn all_refused(cluster: &Cluster, attacks: Vec<Attack>) -> usize {
    let world = cluster.world();
    // Without a lie it opens, so that each lie is what is refused.
    Cluster::put(&world, &cluster.bundle().files);
    let honest = place::run(&world, &OPEN);
    honest.output.ok();
    let mut said: BTreeMap<String, &str> = BTreeMap::new();
    let (mut texts, mut alike) = (String::new(), String::new());
    let tried = attacks.len();
    for attack in attacks {
        let world = cluster.world();
        if let Some(receipt) = &attack.receipt {
            world.write("clusters/cluster1/receipt.json", manifest::write(receipt).unwrap());
        }
        Cluster::put(&world, &attack.files);
        (attack.world)(&world);
        let before = world.everything();
        let opened = place::run(&world, &[&OPEN, attack.more].concat());
        assert!(opened.output.code != Some(0), "{} was opened", attack.name);
        assert_eq!(opened.changes, [""; 0], "{}: it changed something before it refused", attack.name);
        assert_eq!(crate::support::differences(&before, &world.everything()), Vec::<std::path::PathBuf>::new());
        let text = plain(&opened.output);
        if let Some(other) = said.insert(text.clone(), attack.name).filter(|_| !SAME.contains(&attack.name)) {
            alike += &format!("{} and {other} are refused with one text\n", attack.name);
        }
        texts += &format!("# {}\n  {text}\n\n", attack.name);
    }
    let all = include_str!("refusals.txt");
    let unknown: String = texts.split_inclusive("\n\n").filter(|text| !all.contains(text.trim_end())).collect();
    assert!(alike.is_empty() && unknown.is_empty(), "{alike}not in refusals.txt:\n{unknown}");
    tried
}

/// Where a text is changed by hand before it is signed: the first occurrence, which must be there.
fn with_text(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn every_text_of_a_refusal_belongs_to_an_attack() {
    let cluster = Cluster::new();
    let attacks = archives::attacks(&cluster)
        .into_iter()
        .chain(documents::attacks(&cluster))
        .chain(outside::attacks(&cluster))
        .chain(evidence::attacks(&cluster));
    let names: Vec<&str> = attacks.map(|attack| attack.name).collect();
    for line in include_str!("refusals.txt").lines().filter_map(|line| line.strip_prefix("# ")) {
        assert!(names.contains(&line), "{line} is no attack any more");
    }
}
