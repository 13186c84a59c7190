//! DER: what is forbidden, one by one; and what holds for any bytes, against two other implementations.

use super::*;
use proptest::prelude::*;

#[test]
fn what_der_forbids_is_refused() {
    let cases: [(&[u8], &str); 18] = [
        (&[], "cut short"),
        (&[0x30], "cut short"),
        (&[0x30, 0x02, 0x05], "cut short"),
        (&[0x30, 0x80, 0x00, 0x00], "indefinite"),
        (&[0x30, 0x81, 0x02, 0x05, 0x00], "not minimal"),
        (&[0x30, 0x82, 0x00, 0x80], "not minimal"),
        (&[0x30, 0x85, 1, 1, 1, 1, 1], "four octets"),
        (&[0x05, 0x00, 0x00], "follow"),
        (&[0x1f, 0x81, 0x00], "above 30"),
        (&[0x01, 0x01, 0x01], "BOOLEAN"),
        (&[0x02, 0x02, 0x00, 0x01], "INTEGER"),
        (&[0x02, 0x02, 0xff, 0x80], "INTEGER"),
        (&[0x03, 0x02, 0x01, 0x01], "BIT STRING"),
        (&[0x06, 0x02, 0x80, 0x01], "OBJECT"),
        (&[0x0c, 0x02, 0xc3, 0x28], "UTF-8"),
        (&[0x13, 0x01, b'*'], "PrintableString"),
        (&[0x24, 0x02, 0x04, 0x00], "wrong form"),
        (&[0x31, 0x06, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01], "order"),
    ];
    for (der, want) in cases {
        let error = check(der).unwrap_err().to_string();
        assert!(error.contains(want), "{der:02x?}: {error}");
    }
    check(&[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02]).unwrap();
    check(&[0x03, 0x02, 0x01, 0x06]).unwrap();
}

#[test]
fn deep_nesting_is_refused_before_it_costs_a_stack() {
    let mut der = vec![0x30, 0x00];
    for _ in 0..40 {
        let length = u8::try_from(der.len()).unwrap();
        der.splice(0..0, [0x30, length]);
    }
    assert!(check(&der).unwrap_err().to_string().contains("nested too deeply"));
}

/// Any one element, as the DER rules want it: what the walk takes is built here, not mutated into being.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut der = vec![tag];
    match length {
        0..0x80 => der.push(u8::try_from(length).unwrap()),
        0x80..0x100 => der.extend([0x81, u8::try_from(length).unwrap()]),
        _ => der.extend([&[0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat()),
    }
    der.extend(content);
    der
}

fn structures() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|b| element(BOOLEAN, &[if b { 0xff } else { 0 }])),
        any::<i64>().prop_map(|n| der::Encode::to_der(&n).unwrap()),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|v| element(OCTET_STRING, &v)),
        ".{0,20}".prop_map(|s| element(0x0c, s.as_bytes())),
        Just(element(0x05, &[])),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        (prop::collection::vec(inner, 0..5), any::<bool>()).prop_map(|(mut parts, set)| {
            if set {
                parts.sort();
            }
            element(if set { SET } else { SEQUENCE }, &parts.concat())
        })
    })
}

/// The same bytes out of another implementation's decoder and encoder, element by element; `None` where it
/// does not read them.
fn encoded_again(der: &[u8]) -> Option<Vec<u8>> {
    use der::{Decode, Encode, Reader, SliceReader, asn1::AnyRef};
    let any = AnyRef::from_der(der).ok()?;
    let mut content = any.value().to_vec();
    if der[0] & 0x20 != 0 {
        let mut reader = SliceReader::new(any.value()).ok()?;
        content.clear();
        while !reader.is_finished() {
            content.extend(encoded_again(&AnyRef::decode(&mut reader).ok()?.to_der().ok()?)?);
        }
    }
    der::Any::new(der::Tagged::tag(&any), content).ok()?.to_der().ok()
}

proptest! {
    #[test]
    fn no_input_panics(der in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&der);
    }

    #[test]
    fn what_der_allows_is_taken_and_encodes_to_the_same_bytes(der in structures()) {
        check(&der).unwrap();
        prop_assert_eq!(encoded_again(&der).unwrap(), der);
    }

    #[test]
    fn a_changed_or_cut_structure_is_refused_or_has_one_encoding(
        der in structures(), position in any::<prop::sample::Index>(), bits in 1u8.., cut in any::<bool>()
    ) {
        let at = position.index(der.len());
        let mut changed = der.clone();
        if cut {
            changed.truncate(at);
            prop_assert!(check(&changed).is_err());
        } else {
            changed[at] ^= bits;
            if check(&changed).is_ok() {
                // The other implementation knows no UniversalString.
                prop_assert!(encoded_again(&changed).is_none_or(|again| again == changed));
            }
        }
    }

    #[test]
    fn a_request_with_a_changed_byte_never_panics_and_what_is_read_is_what_is_there(
        position in any::<prop::sample::Index>(), bits in 1u8..
    ) {
        let pem = include_bytes!("../../../tests/all/fixtures/plain.csr");
        let mut der = crate::x509::pem::decode_one(pem, "CERTIFICATE REQUEST").unwrap();
        let at = position.index(der.len());
        der[at] ^= bits;
        // What is no key of a known kind is kept as it is, and refused by a rule of its own.
        let read = crate::x509::read::request(&der).ok();
        if let Some(view) = read.filter(|view| crate::x509::Spki::from_der(&view.spki_der).is_ok()) {
            let (rest, other) =
                <x509_parser::certification_request::X509CertificationRequest<'_> as x509_parser::prelude::FromDer<
                    '_,
                    _,
                >>::from_der(&der)
                .unwrap();
            prop_assert!(rest.is_empty());
            prop_assert_eq!(other.certification_request_info.subject.as_raw(), view.subject_der.as_slice());
            prop_assert_eq!(other.certification_request_info.subject_pki.raw, view.spki_der.as_slice());
            prop_assert_eq!(&other.signature_value.data[..], view.signature.as_slice());
        }
    }
}
