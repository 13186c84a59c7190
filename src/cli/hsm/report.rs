//! What a probe found, for a person who decides whether a root goes into this token: the verdict first, then why.

use crate::key::KeySpec;
use crate::screen::Screen;
use crate::token::hsm_profile::{BackupWay, HsmProfile};
use crate::token::probe::{Escapes, Failed, Probe, Proved, SESSIONS_TRIED, Says, Tried};

/// The report, for 80 columns.
pub fn screen(found: &Probe, profile: &HsmProfile, logged_in: bool) -> Screen {
    let identity = &found.identity;
    let mut screen = Screen::new()
        .heading(format!("{} · {}", identity.label, identity.model), profile_of(found))
        .text(&found.verdict.says);
    if !logged_in {
        screen = screen.text("With --login each kind of key is tried, with keys that end with the session.");
    } else if !found.verdict.sessions_hold_keys {
        screen = screen.text("With --on-token KIND one key is made in the token, tried and destroyed again.");
    }
    for danger in &found.verdict.dangers {
        screen = screen.field("DANGER", danger);
    }
    if let Some(proved) = &found.proved {
        screen = tried(screen, found, proved);
    }
    screen = screen.field("PIN", pin(found.says.as_ref(), profile));
    screen = screen.field("backup", backup(found, profile));
    screen = screen
        .field("serial", serial(found))
        .field("versions", format!("firmware {}; library {}", identity.firmware, identity.library))
        .field("module", &found.module)
        .field("sha256", found.module_sha256.hex())
        .field("mechanisms", format!("{}; --json names them", found.mechanisms.len()));
    if found.profile == HsmProfile::GENERIC {
        return screen.field("profile", "none lists this module: --login --profile-out FILE writes one");
    }
    if found.differences.is_empty() {
        screen = screen.field("profile", format!("{} agrees", found.profile));
    }
    for difference in &found.differences {
        screen = screen.field("differs", difference);
    }
    screen
}

fn profile_of(found: &Probe) -> String {
    match found.profile.as_str() {
        HsmProfile::GENERIC => "no profile".to_owned(),
        name => format!("profile {name}"),
    }
}

fn tried(mut screen: Screen, found: &Probe, proved: &Proved) -> Screen {
    for kind in &proved.algorithms {
        screen = screen.field(kind.algorithm.title(), key(kind));
    }
    screen = screen
        .field("keys stay in", stays(&proved.algorithms))
        .field("rejects", rejects(&proved.algorithms))
        .field(
            "guard",
            match proved.guard {
                None => "not known: it makes no object that ends with the session",
                Some(true) => "kept: a private data object was made and read; an older log is noticed",
                Some(false) => {
                    "none: it keeps no private data object, so an older copy of the log is not noticed by it"
                }
            },
        )
        .field("sessions", sessions(found, proved))
        .field(
            "random",
            match proved.random {
                true => "its generator answers",
                false => "its generator does not answer: a root's key id and the log's id need it",
            },
        );
    screen.text("Rates (signatures a second) are of this machine and this moment.")
}

/// One kind of key, in a line where it works.
fn key(tried: &Tried) -> String {
    if let Some(fault) = &tried.fault {
        return match tried.failed {
            Some(Failed::Signed) => format!("no: it was made and does not sign: {fault}"),
            Some(Failed::Judged) => format!("no: {fault}"),
            Some(Failed::Made) | None => format!("no: {fault}"),
        };
    }
    let mut said = match tried.algorithm {
        KeySpec::Rsa2048 => "works, too short for a root".to_owned(),
        _ => "works".to_owned(),
    };
    said.push_str(match tried.token_hashes {
        Some(true) => "; hashed in the token",
        Some(false) => "; hashed by this program",
        None => "",
    });
    if let Some(rate) = tried.per_second {
        said.push_str(&format!("; {}", per_second(rate)));
    }
    if tried.on_token {
        said.push_str("; made in the token and destroyed: it is gone");
    }
    if let Some(seconds) = tried.seconds_to_make.filter(|seconds| *seconds >= 1.0) {
        said.push_str(&format!("; made in {seconds:.0} s"));
    }
    if tried.asks_each_time == Some(true) {
        said.push_str("; asks for the PIN at each signature");
    }
    said
}

/// `862/s`, `4.3/s`.
fn per_second(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") }
}

fn stays(algorithms: &[Tried]) -> String {
    let all: Vec<(&Tried, &Escapes)> = algorithms.iter().filter_map(|t| Some((t, t.escapes.as_ref()?))).collect();
    let Some((_, first)) = all.first() else { return "not known: no key could be made to try it".to_owned() };
    if !all.iter().all(|(_, escapes)| escapes.none()) {
        return "no: see DANGER".to_owned();
    }
    let never = all.iter().all(|(tried, _)| tried.attribute("CKA_NEVER_EXTRACTABLE") == Some("true"));
    let never = if never { "sensitive and never extractable" } else { "sensitive and not extractable" };
    let wraps = match first.wraps_tried.as_slice() {
        [] => "; whether a user's own key wraps them is not known: it lists no such wrapping".to_owned(),
        tried => format!("; it refused to wrap them under a user's own key ({})", tried.join(", ")),
    };
    format!("yes: {never}; it refused to tell them and to make them extractable{wraps}")
}

fn rejects(algorithms: &[Tried]) -> String {
    let mut all: Vec<&str> = algorithms.iter().flat_map(|tried| tried.dropped.iter().map(String::as_str)).collect();
    all.sort_unstable();
    all.dedup();
    match all.as_slice() {
        [] => "nothing of the template of a root key".to_owned(),
        names => format!("{}: keys are made without", names.join(", ")),
    }
}

fn sessions(found: &Probe, proved: &Proved) -> String {
    let or_more = if proved.sessions == SESSIONS_TRIED { " or more" } else { "" };
    let open = format!("{}{or_more} at once", proved.sessions);
    let says = match found.says.as_ref().and_then(|says| says.max_sessions) {
        Some(most) => format!(" (it says {most})"),
        None => String::new(),
    };
    let signed = match &proved.together {
        Some(t) => format!("; {} signed together, {} of {}", t.sessions, per_second(t.per_second), t.algorithm.title()),
        None => "; whether they sign together is not known: one does not see the session key of another".to_owned(),
    };
    format!("{open}{says}{signed}")
}

fn pin(says: Option<&Says>, profile: &HsmProfile) -> String {
    let Some(says) = says else { return "not known: the token tells nothing of itself".to_owned() };
    let mut said = Vec::new();
    said.push(match (says.pin_set, says.pin_lengths) {
        (false, _) => "none is set".to_owned(),
        (true, None) => "its lengths are not known".to_owned(),
        (true, Some((least, most))) => format!("{least} to {most} characters"),
    });
    let flags = [
        (says.pin_locked, "LOCKED"),
        (says.pin_final_try && !says.pin_locked, "the next wrong one LOCKS it"),
        (says.pin_count_low && !says.pin_final_try, "a wrong one was tried since the last login"),
        (says.pin_to_be_changed, "must be changed before use"),
        (says.pinpad, "typed on the token's own keys"),
    ];
    said.extend(flags.iter().filter(|(is, _)| *is).map(|(_, words)| (*words).to_owned()));
    said.push(match profile.name == HsmProfile::GENERIC {
        true => "what wrong tries cost is not known: assume that they lock it".to_owned(),
        false => profile.user_pin.cost(),
    });
    said.join("; ")
}

fn backup(found: &Probe, profile: &HsmProfile) -> String {
    let wraps = ["CKM_AES_KEY_WRAP_PAD"].iter().any(|name| found.mechanisms.iter().any(|known| known == name));
    let wrapped = match (profile.backup.contains(&BackupWay::Wrapped), wraps) {
        (true, _) => "wrapped under the custodians' key, by its profile",
        (false, true) => "wrapped: not known, it lists the wrapping, and only its security officer could try",
        (false, false) => "wrapped: no, it lists no CKM_AES_KEY_WRAP_PAD",
    };
    let cloned = match (profile.backup.contains(&BackupWay::Clone), profile.name == HsmProfile::GENERIC) {
        (true, _) => "cloned, by its profile",
        (false, true) => "cloned: not known, the vendor says",
        (false, false) => "cloned: no, by its profile",
    };
    format!("{cloned}; {wrapped}")
}

fn serial(found: &Probe) -> String {
    match (found.identity.serial.as_str(), found.same_serial) {
        ("", _) => "none: an authority's token is found by its serial number".to_owned(),
        (serial, 0 | 1) => format!("{serial}, of one token here"),
        (serial, many) => format!("{serial}, of {many} tokens here, which it does not tell apart"),
    }
}
