//! age recipients and identities: who a bundle is for, and what opens it.
//!
//! Accepted: native X25519 (`age1…`) and hardware tag recipients (`age1tag1…`). Refused by name: SSH keys,
//! plugins (a plugin is a program from `PATH`), passphrases, post-quantum recipients (a stock age of 2024
//! cannot open them). Source: C2SP age, sections "The X25519 recipient type" and "The tag recipient types".

use crate::error::{Error, Kind};
use age::{tag, x25519};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A recipient that bundles may be sealed to.
pub enum Recipient {
    /// A file identity, `age1…`.
    X25519(x25519::Recipient),
    /// A hardware identity, `age1tag1…`: this program seals to it and cannot open for it.
    Tag(tag::Recipient),
}

impl Recipient {
    /// The recipient as age's sealing takes it.
    pub(super) fn as_age(&self) -> &dyn age::Recipient {
        match self {
            Recipient::X25519(recipient) => recipient,
            Recipient::Tag(recipient) => recipient,
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Recipient::X25519(recipient) => recipient.fmt(f),
            Recipient::Tag(recipient) => recipient.fmt(f),
        }
    }
}

/// Parses a recipient exactly as age writes it.
///
/// # Errors
/// [`Kind::Usage`]: of another type (the hint says what to use), mistyped, a secret, or not in age's own form.
pub fn parse(text: &str) -> Result<Recipient, Error> {
    if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        // A secret is never shown, not even its owner's.
        return Err(Error::new(Kind::Usage, "this is a secret identity, where a recipient was wanted")
            .hint("its recipient: age-keygen -y identity.age")
            .hint("a secret that was pasted into the wrong place is best replaced"));
    }
    let refuse = |what: &str| Error::new(Kind::Usage, what).saw(text).wanted("age1… or age1tag1…");
    let parsed = if text.starts_with("age1tag1") {
        text.parse().map(Recipient::Tag)
    } else if text.starts_with("ssh-") {
        return Err(refuse("SSH keys are not accepted as recipients").hint("make an age key: age-keygen"));
    } else if text.starts_with("age1tagpq1") || text.starts_with("age1pq1") {
        return Err(refuse("post-quantum recipients are not accepted").hint("make a native age key: age-keygen"));
    } else if text.strip_prefix("age1").is_some_and(|rest| rest.contains('1')) {
        // Bech32 separates at the last '1', and its data never holds one: this is age1NAME1…, a plugin.
        return Err(refuse("plugin recipients are not accepted: a plugin is a program from PATH")
            .hint("make a native age key: age-keygen; for hardware, an age1tag1… recipient"));
    } else if text.starts_with("age1") {
        text.parse().map(Recipient::X25519)
    } else {
        return Err(refuse("this is no age recipient").hint("passphrases are not accepted; make a key: age-keygen"));
    };
    let recipient = parsed
        .map_err(|_| refuse("this age recipient does not read: it is mistyped or cut").hint("copy it again, whole"))?;
    if recipient.to_string() == text {
        Ok(recipient)
    } else {
        Err(refuse("this age recipient is not written as age writes it").hint(format!("write {recipient}")))
    }
}

/// Makes an identity: its secret (`AGE-SECRET-KEY-1…`) and its recipient (`age1…`).
pub fn generate_identity() -> (SecretString, String) {
    let identity = x25519::Identity::generate();
    (identity.to_string(), identity.to_public().to_string())
}

/// The file of an identity, with comment lines as `age-keygen` writes them; `purpose` is one line.
pub fn identity_file(secret: &SecretString, recipient: &str, created: Timestamp, purpose: &str) -> SecretString {
    let purpose = crate::text::escape(purpose);
    SecretString::from(format!(
        "# created: {created}\n# for: {purpose}\n# public key: {recipient}\n{}\n",
        secret.expose_secret()
    ))
}

/// Reads the identities of a file: one a line, comments and empty lines between.
///
/// # Errors
/// [`Kind::Usage`]: none there, or a line that is none; the error has the line's number, never its content.
pub(super) fn parse_identities(text: &str) -> Result<Vec<x25519::Identity>, Error> {
    let mut identities = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let identity = line.parse().map_err(|_| {
            let error = Error::new(Kind::Usage, format!("line {number} of the identity file is no age identity"))
                .wanted("AGE-SECRET-KEY-1…");
            if line.starts_with("AGE-PLUGIN-") {
                error.hint("decrypt with a stock age and the hardware, then: anchorite open --decrypted FILE")
            } else if line.starts_with("-----BEGIN") || line.starts_with("age-encryption.org") {
                error.hint("the identity file is itself encrypted or an SSH key: give a plain age identity")
            } else {
                error.hint("the file that `anchorite request` or `age-keygen` wrote, unchanged")
            }
        })?;
        identities.push(identity);
    }
    if identities.is_empty() {
        return Err(Error::new(Kind::Usage, "the identity file holds no identity").wanted("AGE-SECRET-KEY-1…"));
    }
    Ok(identities)
}

/// The recipients of the identities of a file, in its order.
///
/// # Errors
/// [`Kind::Usage`]: no identity there, or a line that is none.
pub fn recipients_of(identities: &SecretString) -> Result<Vec<String>, Error> {
    Ok(parse_identities(identities.expose_secret())?.iter().map(|i| i.to_public().to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";

    fn hint_of(text: &str) -> String {
        let Err(error) = parse(text) else { panic!("{text} was accepted") };
        assert_eq!(error.kind(), Kind::Usage);
        error.what().to_owned()
    }

    #[test]
    fn file_and_hardware_recipients_are_accepted() {
        let (_, recipient) = generate_identity();
        assert!(matches!(parse(&recipient), Ok(Recipient::X25519(_))));
        assert!(matches!(parse(TAG), Ok(Recipient::Tag(_))));
    }

    #[test]
    fn every_other_kind_is_refused_by_its_name() {
        assert!(hint_of("ssh-ed25519 AAAA").contains("SSH"));
        assert!(hint_of("age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t").contains("plugin"));
        assert!(hint_of("age1pq1qqqq").contains("post-quantum"));
        assert!(hint_of("age1tagpq1qqqq").contains("post-quantum"));
        assert!(hint_of("correct horse").contains("no age recipient"));
        assert!(hint_of("").contains("no age recipient"));
    }

    #[test]
    fn a_mistyped_recipient_and_one_in_upper_case_are_refused() {
        let (_, recipient) = generate_identity();
        let last = if recipient.ends_with('q') { 'p' } else { 'q' };
        let mistyped = format!("{}{last}", &recipient[..recipient.len() - 1]);
        assert!(hint_of(&mistyped).contains("mistyped"));
        assert!(hint_of(&recipient.to_uppercase()).contains("no age recipient"));
        assert!(hint_of(&format!("{recipient} ")).contains("mistyped"));
    }

    #[test]
    fn a_secret_in_the_place_of_a_recipient_is_never_shown() {
        let (secret, _) = generate_identity();
        let secret = secret.expose_secret();
        let Err(error) = parse(secret) else { panic!("accepted") };
        assert!(!format!("{error:?}").contains(&secret[20..]));
    }

    #[test]
    fn an_identity_file_reads_back_and_a_bad_line_is_named_and_not_shown() {
        let (secret, recipient) = generate_identity();
        let file = identity_file(&secret, &recipient, Timestamp::UNIX_EPOCH, "cluster1\nAGE");
        assert_eq!(recipients_of(&file).unwrap(), [recipient]);
        let Err(error) = parse_identities(&format!("{}s3cret\n", file.expose_secret())) else { panic!("accepted") };
        assert!(error.what().contains("line 5") && !format!("{error:?}").contains("s3cret"));
        assert!(parse_identities("# nothing\n\n").is_err());
    }
}
