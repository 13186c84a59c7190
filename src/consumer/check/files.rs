//! The files as files: which are there, whether they are PEM as every consumer reads it, and the key's form.

use super::{CaFiles, Consumer, Form, Gathered};
use crate::consumer::rules::{
    KEY_FORM, KEY_OTHER, KEY_UNTRIED, MISSING, NEWLINE, PRIVATE, SEVERAL, TLS_NEWLINE, UNREADABLE,
};
use crate::error::Error;
use crate::text;
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use crate::x509::read::{self, Foreign};
use secrecy::SecretString;

/// What could be read.
pub(super) struct Read {
    pub(super) own: Option<Foreign>,
    pub(super) chain: Vec<Foreign>,
    pub(super) roots: Vec<Foreign>,
}

pub(super) fn read(files: &CaFiles<'_>, gathered: &mut Gathered<'_>) -> Read {
    let [cert, key, chain, root] = files.form.names();
    let given = [(cert, files.ca_cert), (key, files.ca_key), (chain, files.cert_chain), (root, files.root_cert)];
    let mut seen: Vec<&str> = Vec::new();
    for (name, bytes) in given {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        match bytes {
            None if gathered.asked.about(Consumer::Istiod) => {
                gathered.add(&MISSING, format!("no {name}"), given.map(|(name, _)| name).join(", "));
            }
            // A byte more would spoil what is no text.
            Some(bytes) if bytes.is_ascii() && !bytes.is_empty() && !bytes.ends_with(b"\n") => {
                let rule = if name == "tls.crt" { &TLS_NEWLINE } else { &NEWLINE };
                let hint = format!("add it: printf '\\n' >> {name}");
                gathered.add_with(rule, format!("{name} ends without one"), "a newline at the end", &hint);
            }
            _ => {}
        }
    }
    let mut own = certificates(cert, files.ca_cert, gathered);
    let chain = match files.form {
        Form::Four => certificates(chain, files.cert_chain.filter(|bytes| !is_blank(bytes)), gathered),
        Form::Tls => own.clone(),
    };
    let roots = certificates(root, files.root_cert, gathered);
    if files.form == Form::Four && own.len() > 1 {
        gathered.add(&SEVERAL, format!("{cert}: {}", text::count(own.len(), "certificate")), "one");
    }
    let own = if own.is_empty() { None } else { Some(own.remove(0)) };
    Read { own, chain, roots }
}

/// Nothing but white space: an empty file, which starts istiod all the same.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

fn certificates(name: &str, bytes: Option<&[u8]>, gathered: &mut Gathered<'_>) -> Vec<Foreign> {
    let Some(bytes) = bytes else { return Vec::new() };
    let blocks = pem::without_text(bytes);
    if pem::labels(&blocks).is_ok_and(|labels| labels.iter().any(|label| label.contains("PRIVATE KEY"))) {
        gathered.add(&PRIVATE, format!("{name} holds a private key"), "certificates only");
        return Vec::new();
    }
    let read = || -> Result<Vec<Foreign>, Error> {
        pem::decode_all(&blocks, "CERTIFICATE")?.iter().map(|der| read::foreign(der)).collect()
    };
    read().unwrap_or_else(|error| {
        let wanted = "certificates in PEM, each block on lines of its own";
        match remedy(name, bytes, &blocks).as_ref().or(error.hints().first()) {
            Some(hint) => gathered.add_with(&UNREADABLE, format!("{name}: {error}"), wanted, hint),
            None => gathered.add(&UNREADABLE, format!("{name}: {error}"), wanted),
        }
        Vec::new()
    })
}

/// What helps where a file holds certificates in another wrapping than the one that is read.
fn remedy(name: &str, bytes: &[u8], blocks: &[u8]) -> Option<String> {
    const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    if MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Some(format!("save {name} again as plain text: ASCII, or UTF-8 without a byte order mark"));
    }
    match pem::labels(blocks).ok()?.as_slice() {
        [one] if one == "PKCS7" => {
            Some(format!("convert it: openssl pkcs7 -in {name} -print_certs -out certs.pem && mv certs.pem {name}"))
        }
        [one] if one == "TRUSTED CERTIFICATE" || one == "X509 CERTIFICATE" => {
            Some(format!("convert it: openssl x509 -in {name} -out cert.pem && mv cert.pem {name}"))
        }
        _ => None,
    }
}

/// The key, where it is one that can be tried and belongs to the certificate.
pub(super) fn key(bytes: &[u8], own: &Foreign, form: Form, gathered: &mut Gathered<'_>) -> Option<LocalKey> {
    let [_, name, ..] = form.names();
    let wanted = "one private key in PEM: PKCS#8, PKCS#1 or SEC1";
    let Ok(text) = std::str::from_utf8(bytes) else {
        let hint = format!("convert it: openssl pkey -inform DER -in {name} -out key.pem && mv key.pem {name}");
        gathered.add_with(&KEY_FORM, format!("{name} is not text (DER?)"), wanted, &hint);
        return None;
    };
    let key = match LocalKey::from_pem(&SecretString::from(text)) {
        Ok(key) => key,
        // A form that istiod reads, of a kind that this program does not: nothing is wrong with the form.
        Err(error) if own.key.spki.is_none() && is_plain_key(bytes) => {
            gathered.add(&KEY_UNTRIED, format!("{name}: {}", own.key.title), error.wants().unwrap_or(wanted));
            return None;
        }
        Err(error) => {
            let hint = format!("write it again: openssl pkey -in {name} -out key.pem && mv key.pem {name}");
            gathered.add_with(&KEY_FORM, format!("{name}: {error}"), wanted, &hint);
            return None;
        }
    };
    if key.spki().der() != own.key.der {
        gathered.add(
            &KEY_OTHER,
            format!("{name}: {}, spki sha256 {}", key.spki().spec().title(), key.spki().sha256().short()),
            format!("{}, spki sha256 {}", own.key.title, crate::digest::Digest::of(&own.key.der).short()),
        );
        return None;
    }
    Some(key)
}

/// One block that is a private key in the clear.
fn is_plain_key(bytes: &[u8]) -> bool {
    let labels = pem::labels(bytes).unwrap_or_default();
    matches!(labels.as_slice(), [one] if ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"].contains(&one.as_str()))
}
