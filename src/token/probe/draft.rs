//! A profile as a token showed itself, to be completed by a person and named in a configuration. Pure.

use super::{Probe, compare};
use crate::error::Error;
use crate::token::hsm_profile::{GuardSupport, HsmProfile, Verified, VerifiedBy};
use crate::token::mechanism;
use crate::x509::SignatureAlgorithm;
use cryptoki::mechanism::MechanismType;

/// Comments above the lines of a drafted profile that a probe cannot fill in, by how the line begins.
const TO_FILL_IN: [(&str, &str); 9] = [
    ("backup = ", "FILL IN: the ways to back a key up: \"clone\" by the vendor's means, \"wrapped\"; none: []."),
    ("clone = ", "FILL IN for \"clone\": how it is made, a sentence or more: read out before it is made."),
    ("initialize = ", "FILL IN: true where C_InitToken prepares a blank one; else the vendor's tool does."),
    ("install = ", "FILL IN: how one installs the module, for whoever reads an error."),
    ("remarks = ", "FILL IN: what people should know on the day: labels, PIN rules, factory reset, quorum."),
    ("writes = ", "Where the module writes beside the token: the program lets it write nowhere else."),
    ("[verified]", "How this is known. Name the machine and who ran it."),
    (
        "[user_pin]",
        "FILL IN from the vendor's manual: alphabet (digits, printable), whether wrong tries lock it\n# (locks), and after how many (tries = 3). What is said before a PIN is typed comes from here.",
    ),
    ("[so_pin]", "FILL IN: the security officer's PIN, as above."),
];

impl Probe {
    /// The profile as this token showed itself: what was not tried is taken from `base` and marked to be filled in.
    /// `found` says when and by what, for its source.
    ///
    /// # Errors
    /// [`Kind::Bug`](crate::error::Kind::Bug): what was written does not read back.
    pub fn to_profile(&self, base: &HsmProfile, found: &str) -> Result<String, Error> {
        let profile = self.drafted(base, found);
        let mut text = format!(
            "# {},\n# {found}.\n# Whether it is true of your token, you answer for: read it, and\n# complete \
             what says FILL IN.\n\n",
            profile.title
        );
        for line in profile.to_toml().lines() {
            if let Some((_, comment)) = TO_FILL_IN.iter().find(|(begins, _)| line.starts_with(begins)) {
                text.push_str(&format!("# {comment}\n"));
            }
            text.push_str(line);
            text.push('\n');
        }
        HsmProfile::parse(&text)
            .map_err(|error| error.within("the profile that was found").into_kind(crate::error::Kind::Bug))?;
        Ok(text)
    }

    fn drafted(&self, base: &HsmProfile, found: &str) -> HsmProfile {
        let mut profile = base.clone();
        let identity = &self.identity;
        let known = crate::text::escape([&identity.manufacturer, &identity.model].map(|s| s.trim()).join(" ").trim());
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        if base.name == HsmProfile::GENERIC {
            profile.name = name_of(&identity.model);
            profile.title = or(&known, "a token without a name");
            profile.vendor = or(&crate::text::escape(&identity.manufacturer), "unknown");
            profile.modules = vec![self.module.clone()];
        }
        let source = crate::text::escape(&format!("{found}: {known} {}, {}", identity.firmware, identity.library));
        profile.verified = Verified { by: VerifiedBy::Hand, source };
        if let Some(lengths) = self.says.as_ref().and_then(|says| says.pin_lengths) {
            for pin in [&mut profile.user_pin, &mut profile.so_pin] {
                (pin.min, pin.max) = lengths;
            }
        }
        let Some(proved) = &self.proved else { return profile };
        let works = || proved.algorithms.iter().filter(|tried| tried.fault.is_none());
        profile.algorithms = works().map(|tried| tried.algorithm).collect();
        let mut used: Vec<MechanismType> = Vec::new();
        for tried in works() {
            used.push(mechanism::generation(tried.algorithm));
            used.extend(mechanism::ways(SignatureAlgorithm::of(tried.algorithm)).into_iter().map(|way| way.mechanism));
        }
        profile.mechanisms = used.into_iter().map(mechanism::name).filter(|n| self.mechanisms.contains(n)).collect();
        profile.mechanisms.sort();
        profile.mechanisms.dedup();
        profile.session_objects = self.verdict.sessions_hold_keys;
        profile.rejects = compare::rejects(proved);
        profile.reauthenticate = works().any(|tried| tried.asks_each_time == Some(true));
        profile.hands_out = compare::hands_out(proved);
        match proved.guard {
            Some(true) => profile.guard = GuardSupport::Replace,
            Some(false) => profile.guard = GuardSupport::None,
            None => {}
        }
        if let Some(together) = proved.together {
            profile.sessions = together.sessions;
        } else if proved.sessions < profile.sessions {
            profile.sessions = proved.sessions.max(1);
        }
        profile
    }
}

/// A model as a profile's name.
fn name_of(model: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let spelt: String = model.chars().map(letter).collect();
    let words: Vec<&str> = spelt.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "my-token".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;
    use crate::key::KeySpec;

    #[test]
    fn a_probe_becomes_a_profile_that_reads_back_as_what_was_found() {
        let base = HsmProfile::embedded("softhsm2").unwrap();
        let text = found().to_profile(&base, "found by a test").unwrap();
        let profile = HsmProfile::parse(&text).unwrap();
        assert_eq!(profile.algorithms, [KeySpec::Rsa3072]);
        assert_eq!(profile.mechanisms, ["CKM_RSA_PKCS", "CKM_RSA_PKCS_KEY_PAIR_GEN"]);
        assert_eq!(profile.rejects, ["CKA_COPYABLE"]);
        assert_eq!((profile.guard, profile.sessions), (GuardSupport::None, 2));
        assert_eq!(profile.verified.by, VerifiedBy::Hand);
        assert!(profile.verified.source.starts_with("found by a test: Maker \"&\" Sons model 1.0, l"), "{text}");
        assert_eq!((profile.files, profile.name), (base.files, base.name));
    }

    #[test]
    fn a_token_that_no_profile_lists_gets_a_name_a_path_and_its_own_lengths_of_a_pin() {
        let mut found = found();
        found.identity.model = "Säntis HSM/2 (β)".into();
        let text = found.to_profile(&HsmProfile::generic().unwrap(), "found by a test").unwrap();
        let profile = HsmProfile::parse(&text).unwrap();
        assert_eq!((profile.name.as_str(), profile.modules.as_slice()), ("s-ntis-hsm-2", &["/m.so".to_owned()][..]));
        assert_eq!((profile.user_pin.min, profile.user_pin.max), (6, 16));
        assert_eq!(name_of("«»"), "my-token");
    }

    #[test]
    fn whoever_completes_a_profile_finds_what_is_theirs_to_say() {
        let text = found().to_profile(&HsmProfile::generic().unwrap(), "found by a test").unwrap();
        for (begins, comment) in TO_FILL_IN {
            assert!(text.contains(&format!("# {comment}\n{begins}")), "{begins}\n{text}");
        }
        assert!(text.lines().filter(|line| line.starts_with('#')).all(|line| line.len() <= 100), "{text}");
    }
}
