//! Sealing with age: to recipients, without passphrases, plugins or armour.
//!
//! age keeps the content from everybody else; it does not say who wrote it, which is the envelope's part.
//! Source: C2SP age (age-encryption.org/v1).

use super::recipient::{self, Recipient};
use crate::error::{Error, Kind};
use secrecy::{ExposeSecret, SecretString};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Seals bytes to recipients: a binary age file.
///
/// # Errors
/// [`Kind::Usage`]: no recipient, or one that [`recipient::parse`] refuses. [`Kind::Bug`]: age failed in memory.
pub fn encrypt(plaintext: &[u8], recipients: &[String]) -> Result<Vec<u8>, Error> {
    let parsed: Vec<Recipient> = recipients.iter().map(|text| recipient::parse(text)).collect::<Result<_, _>>()?;
    let encryptor = age::Encryptor::with_recipients(parsed.iter().map(Recipient::as_age))
        .map_err(|_| Error::new(Kind::Usage, "there is no recipient to seal to").wanted("at least one"))?;
    let bug = |error: std::io::Error| Error::new(Kind::Bug, "sealing failed").saw(error.to_string());
    let mut out = Vec::new();
    let mut writer = encryptor.wrap_output(&mut out).map_err(bug)?;
    writer.write_all(plaintext).map_err(bug)?;
    writer.finish().map_err(bug)?;
    Ok(out)
}

/// Opens an age file of at most `cap` bytes of content with the identities of a file's text.
///
/// # Errors
/// [`Kind::Usage`]: the identities do not read. [`Kind::Verify`]: sealed for somebody else, sealed with a
/// passphrase, altered, cut, or over the cap.
pub fn decrypt(ciphertext: &[u8], identities: &SecretString, cap: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let identities = recipient::parse_identities(identities.expose_secret())?;
    let decryptor = age::Decryptor::new_buffered(ciphertext).map_err(refused)?;
    let each = identities.iter().map(|identity| -> &dyn age::Identity { identity });
    let reader = decryptor.decrypt(each).map_err(refused)?;
    let altered = |_| Error::new(Kind::Verify, "an age file is altered or cut: it does not decrypt to its end");
    // Reserved at once: a buffer that grows leaves copies of a key behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(ciphertext.len().min(cap.saturating_add(1))));
    let limit = u64::try_from(cap).unwrap_or(u64::MAX);
    reader.take(limit.saturating_add(1)).read_to_end(&mut plaintext).map_err(altered)?;
    if plaintext.len() > cap {
        return Err(Error::new(Kind::Verify, "an age file holds too much").wanted(format!("at most {cap} bytes")));
    }
    Ok(plaintext)
}

/// age's refusals, told apart where the remedy differs.
fn refused(error: age::DecryptError) -> Error {
    match error {
        age::DecryptError::NoMatchingKeys => Error::new(Kind::Verify, "this is sealed for somebody else")
            .hint("give the identity that was made with the request: --identity FILE")
            .hint("for a hardware identity: decrypt with a stock age, then: anchorite open --decrypted FILE"),
        other => Error::new(Kind::Verify, "this is no whole age file, or it is altered").saw(plain(&other)),
    }
}

/// A reason in fixed words: age's own are translated and may quote its input.
fn plain(error: &age::DecryptError) -> &'static str {
    match error {
        age::DecryptError::InvalidHeader => "an invalid header",
        age::DecryptError::InvalidMac => "a header that was altered",
        age::DecryptError::UnknownFormat => "an unknown version of age",
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => "content that was altered",
        _ => "not the form of an age file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn each_recipient_opens_it_and_nobody_else() {
        let (one, to_one) = recipient::generate_identity();
        let (two, to_two) = recipient::generate_identity();
        let (other, _) = recipient::generate_identity();
        let sealed = encrypt(b"secret", &[to_one, to_two]).unwrap();
        for identity in [&one, &two] {
            assert_eq!(decrypt(&sealed, identity, 6).unwrap().as_slice(), b"secret");
        }
        let error = decrypt(&sealed, &other, 6).unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::Verify, "this is sealed for somebody else"));
        assert!(decrypt(&sealed, &one, 5).unwrap_err().what().contains("too much"));
        assert!(encrypt(b"", &[]).is_err());
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_refused() {
        let (identity, to) = recipient::generate_identity();
        let sealed = encrypt(b"secret", &[to]).unwrap();
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert_eq!(decrypt(&bad, &identity, 99).unwrap_err().kind(), Kind::Verify, "byte {at}");
            assert!(decrypt(&sealed[..at], &identity, 99).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_stock_age_opens_what_we_seal_and_we_open_what_it_seals() {
        let (secret, to) = recipient::generate_identity();
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("identity.age");
        let file = recipient::identity_file(&secret, &to, jiff::Timestamp::UNIX_EPOCH, "a test");
        std::fs::write(&key, file.expose_secret()).unwrap();
        let age = |args: &[&str], input: &[u8]| {
            let mut child = Command::new("age").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
            child.stdin.take().unwrap().write_all(input).unwrap();
            Some(child.wait_with_output().unwrap())
        };
        let sealed = encrypt(b"hello", std::slice::from_ref(&to)).unwrap();
        // A stock age may not be installed where this runs.
        let Some(opened) = age(&["-d", "-i", key.to_str().unwrap()], &sealed) else { return };
        assert_eq!(opened.stdout, b"hello");
        let theirs = age(&["-r", &to], b"hello").unwrap().stdout;
        assert_eq!(decrypt(&theirs, &file, 99).unwrap().as_slice(), b"hello");
    }
}
