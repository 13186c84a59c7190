//! The story itself: [`tell`] tells it for one kind of root key, [`agrees`] compares a module with its profile.

use super::row::{Outcome, Row};
use super::{Module, Prepared};
use crate::present::have;
use crate::support::*;
use anchorite::key::KeySpec;
use anchorite::token::hsm_profile::GuardSupport;
use serde_json::Value;
use std::path::Path;

/// Times after [`SIGNING`], in the order of the story.
const CRL: &str = "2026-11-21T11:00:00Z";
const REOPENED: &str = "2026-11-21T12:00:00Z";
/// After all of it, in seconds since 1970: for OpenSSL.
const JUDGED: &str = "1795262400";
/// The PIN of the audit key's token, where it has one of its own.
const AUDIT_PIN: &str = "22222222";

/// A module in a world, with a kind of root key.
struct Telling {
    module: &'static Module,
    world: World,
    prepared: Prepared,
    row: Row,
}

/// Tells the story with a kind of root key and, where `hash` is given, another hashing place than the profile's
/// (`token` or `host`), and writes the row of the table.
///
/// Where the module is not installed nothing is told, and that is said.
pub fn tell(module: &'static Module, key: &str, hash: Option<&str>) {
    let mut world = World::without_token();
    let Some(prepared) = (module.prepare)(&mut world) else { return };
    let row = Row::new(module, key);
    let mut telling = Telling { module, world, prepared, row };
    telling.configure(key, hash);
    type Step = fn(&mut Telling) -> Result<Outcome, String>;
    let steps: [(&str, Step); 8] = [
        ("genesis", Telling::genesis),
        ("attributes", Telling::attributes),
        ("signing", Telling::signing),
        ("guard", Telling::guard),
        ("wrong PIN", Telling::wrong_pin),
        ("CRL", Telling::crl),
        ("re-opening", Telling::reopening),
        ("judges", Telling::judges),
    ];
    for (name, step) in steps {
        let outcome = step(&mut telling).unwrap_or_else(Outcome::Failed);
        let failed = matches!(outcome, Outcome::Failed(_));
        telling.row.steps.push((name.to_owned(), outcome));
        if failed {
            // What comes later needs what came before.
            break;
        }
    }
    telling.row.close(module, key);
}

/// Asserts that `hsm probe --login` finds nothing in a token of the module that its profile does not say, and that the
/// stories are those of the profile's kinds of key.
pub fn agrees(module: &'static Module, told: &[&str]) {
    let kinds: Vec<&str> = module.known().algorithms.iter().map(|spec| spec.name()).collect();
    let kinds: Vec<&str> = kinds.into_iter().filter(|name| *name != "rsa-2048").collect();
    assert_eq!(kinds, told, "the profile's kinds of key, and those of which a story is told");
    let mut world = World::without_token();
    let Some(prepared) = (module.prepare)(&mut world) else { return };
    let mut telling = Telling { module, world, prepared, row: Row::new(module, "ecdsa-p256") };
    // A token that is blank is initialised by a genesis, the shortest way to one that can be logged in to.
    telling.configure(kinds.last().unwrap(), None);
    telling.genesis().unwrap();
    let serial = telling.serial("root");
    let found = telling.probe(&["--login", "--pin-file", "pin", "--serial", &serial]).ok();
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(found["differences"], serde_json::json!([]), "{found:#}");
}

/// An error unless the condition holds.
fn must(holds: bool, saw: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(saw()) }
}

/// What a run that had to go well said if it did not.
fn well(output: Output) -> Result<Output, String> {
    if output.code == Some(0) { Ok(output) } else { Err(output.error()) }
}

impl Telling {
    fn configure(&mut self, key: &str, hash: Option<&str>) {
        let profile = match hash {
            None => self.module.profile.to_owned(),
            Some(place) => self.hashing(place),
        };
        let mut text = configuration("test", key).replace("\"softhsm2\"", &format!("{profile:?}"));
        if self.module.audit_elsewhere {
            self.world.add_softhsm();
            self.world.secret("audit-pin", AUDIT_PIN);
            let init = ["--init-token", "--free", "--label", "audit", "--so-pin", SO_PIN, "--pin", AUDIT_PIN];
            self.world.tool("softhsm2-util", &init).ok();
            text += "[audit.token]\nprofile = \"softhsm2\"\n";
        }
        self.world.configure(&(self.module.configure)(&self.world, &text));
        if let Some(module) = &self.prepared.module {
            self.world.write("authority/local.toml", format!("[token]\nmodule = {:?}\n", module.display().to_string()));
        }
        self.row.hashed = self.hashed(key, hash);
    }

    /// The module's profile with another hashing place, as a file of the world.
    fn hashing(&self, place: &str) -> String {
        let file = format!("{}/hsm-profiles/{}.toml", env!("CARGO_MANIFEST_DIR"), self.module.profile);
        let text = std::fs::read_to_string(file).unwrap();
        let line = text.lines().find(|line| line.starts_with("hash = ")).unwrap();
        let other = text.replace(line, &format!("hash = {place:?}"));
        self.world.write("profile.toml", other).display().to_string()
    }

    /// Where hashes are made: what the profile says, or another place in its stead, counts only where the token has both
    /// ways.
    fn hashed(&self, key: &str, place: Option<&str>) -> String {
        let profile = self.module.known();
        let raw = match key.split('-').next() {
            Some("rsa") => "CKM_RSA_PKCS",
            Some("ecdsa") => "CKM_ECDSA",
            _ => return "token".to_owned(),
        };
        let on_token = profile.mechanisms.iter().any(|name| name.starts_with("CKM_") && hashes(name, raw));
        let on_host = profile.mechanisms.iter().any(|name| name == raw);
        let says = place.map_or_else(|| format!("{:?}", profile.hash).to_lowercase(), str::to_owned);
        match (on_token, on_host) {
            (true, true) => says,
            (true, false) => "token".to_owned(),
            _ => "host".to_owned(),
        }
    }

    fn probe(&self, more: &[&str]) -> Output {
        let module = self.prepared.module.as_deref().map(Path::display).map(|path| path.to_string());
        let module = module.iter().flat_map(|path| ["--module", path]);
        let probe = ["--json", "hsm", "probe", "--profile", self.module.profile];
        self.world.run(&probe.into_iter().chain(module).chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Runs a ceremony at a time with answers and this file as PIN.
    fn hold(&self, now: &str, verb: &[&str], pin: &str, answers: &str) -> Output {
        self.world.write("answers.toml", answers);
        let mut all = vec!["-C", AUTHORITY, "--now", now];
        all.extend(verb);
        all.extend(["--pin-file", pin, "--answers", "answers.toml"]);
        if self.module.audit_elsewhere {
            all.extend(["--audit-pin-file", "audit-pin"]);
        }
        self.world.run(&all)
    }

    fn entries(&self, kind: &str) -> Vec<Value> {
        let log = String::from_utf8(self.world.read(ENTRIES)).unwrap();
        let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        entries.filter(|entry| entry["type"] == kind).map(|entry| entry["data"].clone()).collect()
    }

    /// The serial number of the token with a role, as the log has it.
    fn serial(&self, role: &str) -> String {
        let unlocked = self.entries("token.unlocked");
        unlocked.iter().find(|data| data["role"] == role).unwrap()["serial"].as_str().unwrap().to_owned()
    }

    fn genesis(&mut self) -> Result<Outcome, String> {
        let reviewed = self.world.sha256("authority/authority.toml");
        let blank = self.prepared.serial.is_none();
        let initialize = if blank { "[initialize]\nlabel = \"World Mesh Root\"\n" } else { "" };
        let answers = format!("{PARTICIPANTS}{initialize}[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
        let so = blank.then_some(["--so-pin-file", "so-pin"]);
        let named = self.prepared.serial.as_ref().map(|serial| ["--token-serial", serial]);
        let verb: Vec<&str> = ["root", "create"].into_iter().chain(so.into_iter().chain(named).flatten()).collect();
        well(self.hold(GENESIS, &verb, "pin", &answers))?;
        let unlocked = self.entries("token.unlocked");
        let data = unlocked.iter().find(|data| data["role"] == "root").ok_or("no token.unlocked in the log")?;
        let (library, firmware) = (data["library"].as_str().unwrap(), data["firmware"].as_str().unwrap());
        self.row.version = format!("{library}, firmware {firmware}");
        Ok(Outcome::Held)
    }

    /// Every attribute was read back and stands in the log; no key may leave, or do anything but sign.
    fn attributes(&mut self) -> Result<Outcome, String> {
        let generated = self.entries("key.generated");
        must(generated.len() == 2, || format!("{} keys in the log", generated.len()))?;
        for key in &generated {
            let is = |name: &str| key["attributes"][name].as_str().unwrap_or("not in the log").to_owned();
            for (name, wanted) in [("CKA_SENSITIVE", "true"), ("CKA_EXTRACTABLE", "false"), ("CKA_SIGN", "true")] {
                must(is(name) == wanted, || format!("{} key: {name} is {}", key["role"], is(name)))?;
            }
            for name in ["CKA_DECRYPT", "CKA_UNWRAP", "CKA_DERIVE", "CKA_SIGN_RECOVER"] {
                must(["false", "unavailable"].contains(&is(name).as_str()), || format!("{name} is {}", is(name)))?;
            }
        }
        let root = generated.iter().find(|key| key["role"] == "root").ok_or("no root key in the log")?;
        let dropped = root["dropped"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        self.row.dropped = dropped.collect();
        Ok(Outcome::Held)
    }

    /// Two intermediates in one batch. A token that keeps no guard is named before them.
    fn signing(&mut self) -> Result<Outcome, String> {
        self.world.tool("cp", &["-a", AUTHORITY, "older"]).ok();
        let requests = [self.world.request("west"), self.world.request("east")];
        let answers = self.world.signing_answers(&[&requests[0], &requests[1]], &[]);
        let held = well(self.hold(SIGNING, &["sign", "--from", "requests", "--to", "medium"], "pin", &answers))?;
        let unguarded = held.stderr.contains("By its profile it keeps no such memory.");
        let guarded = self.module.known().guard != GuardSupport::None;
        must(guarded != unguarded, || format!("what was said of the guard: {}", held.stderr))?;
        must(self.world.bundles().len() == 2, || "there are not two bundles".to_owned())?;
        Ok(Outcome::Held)
    }

    /// An older copy of the authority signs nothing; where the token cannot know, it was said at the signing.
    fn guard(&mut self) -> Result<Outcome, String> {
        if self.module.known().guard == GuardSupport::None {
            return Ok(Outcome::Not("people are told".to_owned()));
        }
        self.world.tool("mv", &[AUTHORITY, "newer"]).ok();
        self.world.tool("mv", &["older", AUTHORITY]).ok();
        let said = self.hold(CRL, &["crl"], "pin", &crl_answers());
        self.world.tool("rm", &["-r", AUTHORITY]).ok();
        self.world.tool("mv", &["newer", AUTHORITY]).ok();
        let older = said.code == Some(40) && said.stderr.contains("this log is older than the token remembers");
        must(older, || format!("an older copy was not refused: {}", said.error()))?;
        Ok(Outcome::Held)
    }

    /// One wrong PIN is refused and costs one try.
    fn wrong_pin(&mut self) -> Result<Outcome, String> {
        let pin = String::from_utf8(self.world.read("pin")).unwrap();
        let mut wrong: Vec<char> = pin.trim_end().chars().collect();
        let last = wrong.last_mut().ok_or("the PIN is empty")?;
        *last = if *last == '7' { '1' } else { '7' };
        self.world.secret("wrong-pin", &wrong.into_iter().collect::<String>());
        let said = self.hold(CRL, &["crl"], "wrong-pin", &crl_answers()).error();
        let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let right = plain.starts_with("error: the token rejected the PIN")
            && plain.contains("One try was spent; it was not tried again.")
            && plain.contains("Nothing was signed.")
            && plain.ends_with("exit 21");
        must(right, || format!("a wrong PIN was answered: {said}"))?;
        Ok(Outcome::Held)
    }

    /// The right PIN works after the wrong one.
    fn crl(&mut self) -> Result<Outcome, String> {
        well(self.hold(CRL, &["crl"], "pin", &crl_answers()))?;
        Ok(Outcome::Held)
    }

    /// Without the token nothing is signed; put back, perhaps at another slot, it is found by its serial number, and is
    /// what the log says of it.
    fn reopening(&mut self) -> Result<Outcome, String> {
        let token = self.world.path(self.module.token);
        let away = token.with_extension("away");
        std::fs::rename(&token, &away).map_err(|error| error.to_string())?;
        let said = self.hold(REOPENED, &["crl"], "pin", &crl_answers()).error();
        if token.is_dir() {
            std::fs::remove_dir_all(&token).unwrap();
        }
        std::fs::rename(&away, &token).map_err(|error| error.to_string())?;
        let gone = said.starts_with(self.module.gone) && said.ends_with("Nothing was signed.\nexit 20\n");
        must(gone, || format!("with the token gone: {said}"))?;
        (self.module.replug)(&self.world);
        well(self.hold(REOPENED, &["crl"], "pin", &crl_answers()))?;
        self.check()?;
        Ok(Outcome::Held)
    }

    /// `hsm check` finds every token as the log has it.
    fn check(&self) -> Result<(), String> {
        let mut all = vec!["-C", AUTHORITY, "--json", "hsm", "check", "--login", "--pin-file", "pin"];
        if self.module.audit_elsewhere {
            all.extend(["--audit-pin-file", "audit-pin"]);
        }
        let found: Value = serde_json::from_str(&well(self.world.run(&all))?.stdout).map_err(|e| e.to_string())?;
        let findings = found["checks"].as_array().ok_or("no findings")?;
        let other: Vec<_> = findings.iter().filter(|finding| finding["result"] != "agrees").collect();
        must(other.is_empty(), || format!("hsm check: {other:?}"))
    }

    fn judges(&mut self) -> Result<Outcome, String> {
        let root = "authority/public/root-cert.pem";
        well(self.world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]))?;
        let number = self.entries("crl.published").len().max(self.entries("sign.intent").len());
        must(number >= 4, || format!("{number} signatures in the log"))?;
        if !have("openssl") {
            return Ok(Outcome::Held);
        }
        let crl = "authority/public/root.crl";
        let strict = ["verify", "-x509_strict", "-check_ss_sig", "-attime", JUDGED, "-CAfile", root];
        let listed = ["-CRLfile", crl, "-crl_check"];
        well(self.world.tool("openssl", &[&strict[..], &[root]].concat()))?;
        // The root, the audit certificate and two intermediates.
        let issued: Vec<String> = std::fs::read_dir(self.world.path("authority/issued"))
            .unwrap()
            .map(|entry| format!("authority/issued/{}", entry.unwrap().file_name().to_str().unwrap()))
            .filter(|path| path.ends_with(".pem"))
            .collect();
        must(issued.len() == 4, || format!("issued: {issued:?}"))?;
        let own = self.world.read(root);
        for certificate in issued.iter().filter(|path| self.world.read(path) != own) {
            well(self.world.tool("openssl", &[&strict[..], &listed, &[certificate.as_str()]].concat()))?;
        }
        Ok(Outcome::Held)
    }
}

fn crl_answers() -> String {
    format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n")
}

/// True for the mechanism that hashes before the raw one: `CKM_SHA256_RSA_PKCS`, `CKM_ECDSA_SHA256`.
fn hashes(name: &str, raw: &str) -> bool {
    let bare = raw.trim_start_matches("CKM_");
    name.starts_with("CKM_SHA") && name.ends_with(&format!("_{bare}")) || name.starts_with(&format!("{raw}_SHA"))
}

/// Every kind of key has a name that the table can show.
#[test]
fn the_kinds_of_key_of_the_stories_exist() {
    for name in ["rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"] {
        assert!(KeySpec::ALL.iter().any(|spec| spec.name() == name));
    }
}
