//! What a family makes, lists and tells: objects that last, mechanisms, attributes in its own form.
#![allow(non_snake_case)]

use super::{Hash, family};
use crate::real;
use cryptoki_sys::*;
use std::collections::BTreeSet;

type Session = CK_SESSION_HANDLE;
type Object = CK_OBJECT_HANDLE;
type Attributes = *mut CK_ATTRIBUTE;
type Len = CK_ULONG;

/// Mechanisms that want a hash, or a DigestInfo of one.
const RAW: [CK_MECHANISM_TYPE; 2] = [CKM_ECDSA, CKM_RSA_PKCS];
/// Mechanisms that make the hash. SoftHSM has none of the second two: `login` imitates them.
const HASHING: [CK_MECHANISM_TYPE; 5] =
    [CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS, CKM_ECDSA_SHA256, CKM_ECDSA_SHA384];

/// True for a mechanism of the real module that the family has not.
pub fn lacks(mechanism: CK_MECHANISM_TYPE) -> bool {
    family().hash.is_some_and(|hash| match hash {
        Hash::Host => HASHING.contains(&mechanism),
        Hash::Token => RAW.contains(&mechanism),
    })
}

unsafe fn attributes<'a>(template: Attributes, count: Len) -> &'a mut [CK_ATTRIBUTE] {
    if template.is_null() {
        return &mut [];
    }
    // SAFETY: the caller's template, of which it said how long it is.
    unsafe { std::slice::from_raw_parts_mut(template, count as usize) }
}

/// True where a template wants an object that ends with the session.
unsafe fn ends_with_the_session(template: Attributes, count: Len) -> bool {
    // SAFETY: as above; a boolean is one byte.
    let lasts = |attribute: &CK_ATTRIBUTE| unsafe { attribute.pValue.cast::<CK_BBOOL>().read() } == CK_TRUE;
    // SAFETY: as above.
    let template = unsafe { attributes(template, count) };
    !template.iter().any(|attribute| attribute.type_ == CKA_TOKEN && lasts(attribute))
}

/// A template without the mechanisms that the real module has not, which the family has.
unsafe fn without_imitated(template: Attributes, count: Len) -> Vec<CK_ATTRIBUTE> {
    // SAFETY: as above.
    let template = unsafe { attributes(template, count) };
    let imitates = family().hash == Some(Hash::Token);
    template.iter().filter(|attribute| !(imitates && attribute.type_ == CKA_ALLOWED_MECHANISMS)).copied().collect()
}

// As many as the standard gives it.
#[allow(clippy::too_many_arguments)]
pub unsafe fn C_GenerateKeyPair(
    session: Session,
    mechanism: *mut CK_MECHANISM,
    public: Attributes,
    public_count: Len,
    private: Attributes,
    private_count: Len,
    public_key: *mut Object,
    private_key: *mut Object,
) -> CK_RV {
    let Some(real) = real().C_GenerateKeyPair else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    if family().no_session_objects && unsafe { ends_with_the_session(private, private_count) } {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    // SAFETY: as above.
    if family().general_error && unsafe { !ends_with_the_session(private, private_count) } {
        // SAFETY: as above.
        let template = unsafe { attributes(private, private_count) };
        if template.iter().any(|attribute| attribute.type_ == CKA_COPYABLE) {
            return CKR_GENERAL_ERROR;
        }
    }
    // SAFETY: as above.
    let mut private = unsafe { without_imitated(private, private_count) };
    let count = private.len() as Len;
    // SAFETY: as above; the template outlives the call.
    unsafe { real(session, mechanism, public, public_count, private.as_mut_ptr(), count, public_key, private_key) }
}

pub unsafe fn C_CreateObject(session: Session, template: Attributes, count: Len, object: *mut Object) -> CK_RV {
    let Some(real) = real().C_CreateObject else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    if family().no_session_objects && unsafe { ends_with_the_session(template, count) } {
        return CKR_TEMPLATE_INCONSISTENT;
    }
    // SAFETY: as above.
    unsafe { real(session, template, count, object) }
}

pub unsafe fn C_CopyObject(
    session: Session,
    object: Object,
    template: Attributes,
    count: Len,
    copy: *mut Object,
) -> CK_RV {
    let Some(real) = real().C_CopyObject else { return CKR_FUNCTION_NOT_SUPPORTED };
    let count = if family().copies_whole { 0 } else { count };
    // SAFETY: the caller's arguments; of the template less is read, or nothing.
    unsafe { real(session, object, template, count, copy) }
}

pub unsafe fn C_GetMechanismList(slot: CK_SLOT_ID, list: *mut CK_MECHANISM_TYPE, count: *mut Len) -> CK_RV {
    let Some(real) = real().C_GetMechanismList else { return CKR_FUNCTION_NOT_SUPPORTED };
    let slot = super::slots::inner(slot);
    let Some(hash) = family().hash else {
        // SAFETY: the caller's arguments.
        return unsafe { real(slot, list, count) };
    };
    let (mut all, mut length) = (vec![0; 512], 512);
    // SAFETY: room for as many as are told.
    let result = unsafe { real(slot, all.as_mut_ptr(), &mut length) };
    if result != CKR_OK {
        return result;
    }
    let mut all: BTreeSet<_> = all.into_iter().take(length as usize).collect();
    all.retain(|mechanism| !lacks(*mechanism));
    if hash == Hash::Token {
        all.extend(HASHING);
    }
    // SAFETY: the caller's place for a count, and, where it is there, room for as many as stand in it.
    unsafe {
        let room = *count as usize;
        *count = all.len() as Len;
        if list.is_null() {
            return CKR_OK;
        }
        if room < all.len() {
            return CKR_BUFFER_TOO_SMALL;
        }
        all.into_iter().enumerate().for_each(|(index, mechanism)| *list.add(index) = mechanism);
    }
    CKR_OK
}

pub unsafe fn C_GetAttributeValue(session: Session, object: Object, template: Attributes, count: Len) -> CK_RV {
    let Some(real) = real().C_GetAttributeValue else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    let asked = unsafe { attributes(template, count) };
    if let ([one], true) = (&mut *asked, family().ec_point_raw)
        && one.type_ == CKA_EC_POINT
    {
        // SAFETY: as above.
        return unsafe { raw_point(session, object, one) };
    }
    // SAFETY: as above.
    let result = unsafe { real(session, object, template, count) };
    if result != CKR_OK {
        return result;
    }
    for attribute in asked {
        if attribute.type_ == CKA_ALWAYS_AUTHENTICATE && family().always_authenticate && !attribute.pValue.is_null() {
            // SAFETY: the module wrote a boolean there.
            unsafe { attribute.pValue.cast::<CK_BBOOL>().write(CK_BBOOL::from(!family().says_nothing)) };
        }
        if attribute.type_ == CKA_LOCAL && family().not_local && !attribute.pValue.is_null() {
            // SAFETY: as above.
            unsafe { attribute.pValue.cast::<CK_BBOOL>().write(CK_FALSE) };
        }
    }
    result
}

/// A point without its OCTET STRING: 04 41 04 … is that of P-256, 04 81 85 04 … that of P-521.
unsafe fn raw_point(session: Session, object: Object, wanted: &mut CK_ATTRIBUTE) -> CK_RV {
    let Some(real) = real().C_GetAttributeValue else { return CKR_FUNCTION_NOT_SUPPORTED };
    let mut whole = [0u8; 512];
    let mut own = CK_ATTRIBUTE { type_: CKA_EC_POINT, pValue: whole.as_mut_ptr().cast(), ulValueLen: 512 };
    // SAFETY: room for as much as is told.
    let result = unsafe { real(session, object, &mut own, 1) };
    if result != CKR_OK {
        return result;
    }
    let point = &whole[if whole[1] < 0x80 { 2 } else { 3 }..own.ulValueLen as usize];
    let room = wanted.ulValueLen as usize;
    wanted.ulValueLen = point.len() as Len;
    if wanted.pValue.is_null() {
        return CKR_OK;
    }
    if room < point.len() {
        return CKR_BUFFER_TOO_SMALL;
    }
    // SAFETY: the caller's room, which is enough.
    unsafe { std::ptr::copy_nonoverlapping(point.as_ptr(), wanted.pValue.cast(), point.len()) };
    CKR_OK
}

pub unsafe fn C_WrapKey(
    session: Session,
    mechanism: *mut CK_MECHANISM,
    by: Object,
    key: Object,
    wrapped: *mut u8,
    told: *mut Len,
) -> CK_RV {
    let Some(real) = real().C_WrapKey else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: the caller's arguments.
    let result = unsafe { real(session, mechanism, by, key, wrapped, told) };
    if family().wraps_longer && result == CKR_OK && wrapped.is_null() {
        // SAFETY: as above; the module wrote it.
        unsafe { *told += 16 };
    }
    if !family().hands_out || ![CKR_KEY_UNEXTRACTABLE, CKR_KEY_NOT_WRAPPABLE].contains(&result) {
        return result;
    }
    // What it looks like to who wraps; nothing of the key is there.
    let wanted = 48;
    // SAFETY: the caller's place for a length, and so many bytes where it gave any.
    unsafe {
        let room = std::mem::replace(&mut *told, wanted);
        if !wrapped.is_null() && room >= wanted {
            std::ptr::write_bytes(wrapped, 7, wanted as usize);
        }
    }
    CKR_OK
}
