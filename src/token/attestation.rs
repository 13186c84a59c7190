//! What a token holds of its vendor's evidence of where a key was made: certificates and data objects that its
//! profile names. Read as they stand; what they prove is judged elsewhere ([`crate::x509::attested`]).

use crate::error::{Error, Kind};
use crate::token::pkcs11::Pkcs11Token;
use crate::token::{Evidence, KeyId, attributes, fault};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};

/// The most pieces of evidence that one key is given, and the most bytes of one: a chain is three or four
/// certificates of a few KiB, and the log keeps them all.
const MOST: usize = 16;
pub(super) const LONGEST: usize = 64 * 1024;

/// The objects that the profile names, the device's own first. Nothing where it names none.
///
/// # Errors
/// [`Kind::Token`]: the token does not give what it lists, or lists more than evidence can be.
pub(super) fn read(token: &Pkcs11Token, id: &KeyId) -> Result<Vec<Evidence>, Error> {
    let Some(names) = &token.profile.attestation else { return Ok(Vec::new()) };
    let (mut devices, mut keys) = (Vec::new(), Vec::new());
    for class in [ObjectClass::CERTIFICATE, ObjectClass::DATA] {
        // Not by CKA_TOKEN: YKCS11 makes its attestation certificates when they are asked for, as session objects.
        let found = token
            .session
            .find_objects(&[Attribute::Class(class)])
            .map_err(|answer| fault::refused("cannot search the token for attestation certificates", &answer))?;
        for object in found {
            let one = |kind| attributes::one(&token.session, object, kind);
            let Some(Attribute::Label(label)) = one(AttributeType::Label) else { continue };
            let label = String::from_utf8_lossy(&label).into_owned();
            let of_device = names.labels.contains(&label);
            let begins = names.of_keys.iter().any(|beginning| label.starts_with(beginning));
            let own = matches!(one(AttributeType::Id), Some(Attribute::Id(found)) if found == id.0.0);
            if !(of_device || begins && own) {
                continue;
            }
            let bytes = match one(AttributeType::Value) {
                Some(Attribute::Value(bytes)) if (1..=LONGEST).contains(&bytes.len()) => bytes,
                _ => {
                    return Err(Error::new(Kind::Token, "the token does not give an attestation certificate")
                        .saw(format!("\"{}\": nothing, or more than {LONGEST} bytes", crate::text::escape(&label))));
                }
            };
            let to = if of_device { &mut devices } else { &mut keys };
            to.push(Evidence { name: crate::text::escape(&label), bytes });
        }
    }
    devices.append(&mut keys);
    if devices.len() > MOST {
        return Err(Error::new(Kind::Token, "the token holds more attestation certificates than a key can have")
            .saw(devices.len().to_string())
            .wanted(format!("at most {MOST}")));
    }
    Ok(devices)
}
