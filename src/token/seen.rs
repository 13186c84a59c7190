//! What a token says of itself, as values: who it is, whether it is blank, the state of its PIN.
//!
//! Pure; whatever bytes a module writes there, something can be shown. Its clock is not looked at: some tokens say that
//! they have one and give no time (opencryptoki 3.8.1). Source: PKCS#11 v3.0 section 3.2 (CK_TOKEN_INFO).

use crate::token::Identity;
use cryptoki_sys::{self as sys, CK_FLAGS, CK_TOKEN_INFO};

/// A token that the module sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The slot that holds it now; slots move.
    pub slot: u64,
    /// Who it says it is.
    pub identity: Identity,
    /// False for a blank token.
    pub initialized: bool,
    /// The state of the user PIN.
    pub pin: PinState,
    /// The PIN is typed on the token's own keys; this program never sees it.
    pub pinpad: bool,
    /// Nothing can be written to it.
    pub write_protected: bool,
    /// The most sessions it allows, where it says so.
    pub max_sessions: Option<u64>,
    /// The least and the greatest length of a PIN, where it says them.
    pub pin_lengths: Option<(usize, usize)>,
    /// It says that it has a random generator.
    pub random: bool,
}

/// What a token says of its user PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PinState {
    /// A user PIN exists.
    pub set: bool,
    /// At least one wrong try since the last login.
    pub count_low: bool,
    /// The next wrong try locks it.
    pub final_try: bool,
    /// It is locked.
    pub locked: bool,
    /// It must be changed before use.
    pub to_be_changed: bool,
}

impl Seen {
    /// Reads what the token in a slot said.
    pub(super) fn read(slot: u64, info: &CK_TOKEN_INFO, library: &str) -> Self {
        let is = |flag: CK_FLAGS| info.flags & flag != 0;
        let version = info.firmwareVersion;
        Self {
            slot,
            identity: Identity {
                serial: trimmed(&info.serialNumber),
                label: trimmed(&info.label),
                manufacturer: trimmed(&info.manufacturerID),
                model: trimmed(&info.model),
                firmware: format!("{}.{}", version.major, version.minor),
                library: library.to_owned(),
            },
            initialized: is(sys::CKF_TOKEN_INITIALIZED),
            pin: PinState {
                set: is(sys::CKF_USER_PIN_INITIALIZED),
                count_low: is(sys::CKF_USER_PIN_COUNT_LOW),
                final_try: is(sys::CKF_USER_PIN_FINAL_TRY),
                locked: is(sys::CKF_USER_PIN_LOCKED),
                to_be_changed: is(sys::CKF_USER_PIN_TO_BE_CHANGED),
            },
            pinpad: is(sys::CKF_PROTECTED_AUTHENTICATION_PATH),
            write_protected: is(sys::CKF_WRITE_PROTECTED),
            pin_lengths: lengths(info),
            random: is(sys::CKF_RNG),
            max_sessions: match info.ulMaxSessionCount {
                sys::CK_EFFECTIVELY_INFINITE | sys::CK_UNAVAILABLE_INFORMATION => None,
                most => Some(most),
            },
        }
    }
}

#[cfg(test)]
impl Seen {
    /// A token that is ready, for tests: each changes what it is about.
    pub(crate) fn ready() -> Self {
        let identity = Identity {
            serial: "01".into(),
            label: "root".into(),
            manufacturer: "maker".into(),
            model: "model".into(),
            firmware: "1.0".into(),
            library: "library".into(),
        };
        Self {
            slot: 1,
            identity,
            initialized: true,
            pin: PinState { set: true, ..PinState::default() },
            pinpad: false,
            write_protected: false,
            max_sessions: None,
            pin_lengths: None,
            random: true,
        }
    }
}

/// The lengths of a PIN; tokens that do not say write zeros, or nonsense.
fn lengths(info: &CK_TOKEN_INFO) -> Option<(usize, usize)> {
    let (least, most) = (usize::try_from(info.ulMinPinLen).ok()?, usize::try_from(info.ulMaxPinLen).ok()?);
    (most > 0 && least <= most && info.ulMaxPinLen != sys::CK_UNAVAILABLE_INFORMATION).then_some((least, most))
}

/// True for what is a token by name alone: it takes no login and keeps nothing (NSS's "Generic Crypto Services", which
/// has the serial number of the one with the keys).
pub(super) fn keeps_nothing(info: &CK_TOKEN_INFO) -> bool {
    let needed = sys::CKF_LOGIN_REQUIRED | sys::CKF_USER_PIN_INITIALIZED | sys::CKF_PROTECTED_AUTHENTICATION_PATH;
    info.flags & sys::CKF_WRITE_PROTECTED != 0 && info.flags & needed == 0
}

/// A field without its padding. Some tokens fill up with NUL instead of the blanks of the standard.
fn trimmed(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// True for a serial number that tells tokens apart: some say nothing there, or zeros (NSS, tpm2-pkcs11).
pub(super) fn has_number(serial: &str) -> bool {
    serial.chars().any(|c| c != '0')
}

/// `serial 8a764a09c08e4272, label "root"`
pub(super) fn describe(seen: &Seen) -> String {
    let Identity { serial, label, manufacturer, model, .. } = &seen.identity;
    match (serial.as_str(), label.as_str()) {
        ("", "") => format!("slot {}, {manufacturer} {model}", seen.slot),
        ("", label) => format!("no serial number, label \"{label}\""),
        (serial, label) => format!("serial {serial}, label \"{label}\""),
    }
}

pub(super) fn list<'a>(tokens: impl Iterator<Item = &'a Seen>) -> String {
    tokens.map(describe).collect::<Vec<_>>().join("; ")
}

/// Tokens that say the same of themselves, each with its slot.
pub(super) fn list_slots<'a>(tokens: impl Iterator<Item = &'a Seen>) -> String {
    tokens.map(|seen| format!("slot {}: {}", seen.slot, describe(seen))).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(label: &[u8], flags: CK_FLAGS) -> CK_TOKEN_INFO {
        let mut info = CK_TOKEN_INFO { flags, ..CK_TOKEN_INFO::default() };
        info.label = [b' '; 32];
        info.label[..label.len()].copy_from_slice(label);
        info
    }

    #[test]
    fn a_token_whose_clock_gives_no_time_is_read_all_the_same() {
        let mut info = said(b"IBM OS PKCS#11", sys::CKF_CLOCK_ON_TOKEN | sys::CKF_TOKEN_INITIALIZED);
        info.utcTime = *b"03:46:50\0\0\0\0\0\0\0\0";
        let seen = Seen::read(3, &info, "l");
        assert_eq!((seen.identity.label.as_str(), seen.initialized), ("IBM OS PKCS#11", true));
    }

    #[test]
    fn fields_are_read_without_blanks_and_without_nul() {
        let mut info = said(b"root\0\0", 0);
        info.serialNumber = *b"123\0\0\0\0\0        ";
        let seen = Seen::read(0, &info, "l");
        assert_eq!((seen.identity.label.as_str(), seen.identity.serial.as_str()), ("root", "123"));
    }

    #[test]
    fn a_serial_number_of_zeros_is_none() {
        assert!(has_number("8a764a09c08e4272") && has_number("10"));
        assert!(!has_number("") && !has_number("0000000000000000"));
    }

    #[test]
    fn what_takes_no_login_and_keeps_nothing_is_no_token() {
        // Both as NSS 3.87 says them, and a card with its write protection on.
        assert!(keeps_nothing(&said(b"NSS Generic Crypto Services", 0x603)));
        assert!(!keeps_nothing(&said(b"NSS Certificate DB", 0x205)));
        let card = sys::CKF_WRITE_PROTECTED | sys::CKF_LOGIN_REQUIRED | sys::CKF_TOKEN_INITIALIZED;
        assert!(!keeps_nothing(&said(b"card", card)));
    }

    proptest! {
        #[test]
        fn whatever_a_module_writes_there_nothing_panics(label: [u8; 32], flags: u64, sessions: u64) {
            let mut info = said(&label, flags);
            info.ulMaxSessionCount = sessions;
            let seen = Seen::read(sessions, &info, "l");
            prop_assert!(!describe(&seen).is_empty());
        }
    }
}
