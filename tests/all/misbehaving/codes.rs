//! The answers that each function may give (PKCS#11 v3.0 section 5.1.6 and the functions' own lists), and two that
//! none may: a vendor's code, and garbage.

/// What any call may come to.
const ANY: &[u64] = &[
    0x02,        // HOST_MEMORY
    0x05,        // GENERAL_ERROR
    0x06,        // FUNCTION_FAILED
    0x54,        // FUNCTION_NOT_SUPPORTED
    0x190,       // CRYPTOKI_NOT_INITIALIZED
    0x8000_0001, // vendor-defined
    0xdead_beef,
];
/// What a call to a token may come to.
const DEVICE: &[u64] = &[
    0x30, // DEVICE_ERROR
    0x31, // DEVICE_MEMORY
    0x32, // DEVICE_REMOVED
];
/// What a call about a slot may come to.
const SLOT: &[u64] = &[
    0x03, // SLOT_ID_INVALID
    0xe0, // TOKEN_NOT_PRESENT
    0xe1, // TOKEN_NOT_RECOGNIZED
];
/// What a call in a session may come to.
const SESSION: &[u64] = &[
    0x50,  // FUNCTION_CANCELED
    0x90,  // OPERATION_ACTIVE
    0x91,  // OPERATION_NOT_INITIALIZED
    0xb0,  // SESSION_CLOSED
    0xb3,  // SESSION_HANDLE_INVALID
    0x101, // USER_NOT_LOGGED_IN
];

/// The codes with which a call of this function is tried.
pub fn of(function: &str) -> Vec<u64> {
    let own: &[u64] = match function {
        // ARGUMENTS_BAD, NEED_TO_CREATE_THREADS, CANT_LOCK, CRYPTOKI_ALREADY_INITIALIZED
        "C_Initialize" => &[0x07, 0x09, 0x0a, 0x191],
        // PIN_INCORRECT, _INVALID, _LEN_RANGE, _EXPIRED, _LOCKED, USER_ALREADY_LOGGED_IN, USER_PIN_NOT_INITIALIZED,
        // USER_TYPE_INVALID
        "C_Login" => &[0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0x100, 0x102, 0x103],
        // SESSION_COUNT, SESSION_PARALLEL_NOT_SUPPORTED, TOKEN_WRITE_PROTECTED
        "C_OpenSession" => &[0xb1, 0xb4, 0xe2],
        // KEY_HANDLE_INVALID, KEY_SIZE_RANGE, KEY_TYPE_INCONSISTENT, KEY_FUNCTION_NOT_PERMITTED, MECHANISM_INVALID,
        // MECHANISM_PARAM_INVALID
        "C_SignInit" => &[0x60, 0x62, 0x63, 0x68, 0x70, 0x71],
        // DATA_INVALID, DATA_LEN_RANGE, FUNCTION_REJECTED, BUFFER_TOO_SMALL
        "C_Sign" => &[0x20, 0x21, 0x200, 0x150],
        // ATTRIBUTE_SENSITIVE, ATTRIBUTE_TYPE_INVALID, OBJECT_HANDLE_INVALID, BUFFER_TOO_SMALL
        "C_GetAttributeValue" => &[0x11, 0x12, 0x82, 0x150],
        // ATTRIBUTE_READ_ONLY, _TYPE_INVALID, _VALUE_INVALID, TEMPLATE_INCOMPLETE, _INCONSISTENT, TOKEN_WRITE_PROTECTED,
        // SESSION_READ_ONLY
        "C_CreateObject" => &[0x10, 0x12, 0x13, 0xd0, 0xd1, 0xe2, 0xb5],
        // ACTION_PROHIBITED, OBJECT_HANDLE_INVALID, TOKEN_WRITE_PROTECTED
        "C_DestroyObject" => &[0x1b, 0x82, 0xe2],
        // ATTRIBUTE_VALUE_INVALID, MECHANISM_INVALID, DOMAIN_PARAMS_INVALID, TEMPLATE_INCONSISTENT, CURVE_NOT_SUPPORTED
        "C_GenerateKeyPair" => &[0x13, 0x70, 0x130, 0xd1, 0x140],
        // RANDOM_NO_RNG
        "C_GenerateRandom" => &[0x121],
        // PIN_INCORRECT, PIN_INVALID, PIN_LEN_RANGE, PIN_LOCKED, SESSION_EXISTS, TOKEN_WRITE_PROTECTED
        "C_InitToken" | "C_InitPIN" => &[0xa0, 0xa1, 0xa2, 0xa4, 0xb6, 0xe2],
        _ => &[],
    };
    let group: &[&[u64]] = match function {
        "C_Initialize" | "C_Finalize" | "C_GetInfo" => &[],
        "C_GetSlotList" => &[DEVICE],
        "C_GetTokenInfo" | "C_GetMechanismList" | "C_GetMechanismInfo" | "C_InitToken" | "C_OpenSession" => {
            &[DEVICE, SLOT]
        }
        _ => &[DEVICE, SESSION],
    };
    ANY.iter().chain(group.iter().copied().flatten()).chain(own).copied().collect()
}
