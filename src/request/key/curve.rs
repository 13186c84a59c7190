//! Points that are no key: those of small order on Edwards25519. Whether a point is on its curve is the
//! verifying library's to say.

/// Encodings of Ed25519 points of small order: a signature under one of them verifies over any message.
///
/// The canonical ones and the non-canonical ones that a lenient decoder takes for them; the sign bit is ignored.
/// Source: Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020), table 5.
pub fn is_small_order(point: &[u8]) -> bool {
    let Ok(mut y) = <[u8; 32]>::try_from(point) else { return false };
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    let field = |low: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        bytes
    };
    let small = |low: u8| {
        let mut bytes = [0; 32];
        bytes[0] = low;
        bytes
    };
    // y = 0, 1, -1 (p-1), and the non-canonical p and p+1; then the two y of order 8.
    y == small(0)
        || y == small(1)
        || [0xec, 0xed, 0xee].into_iter().any(|low| y == field(low))
        || y == ORDER_8
        || y == ORDER_8_NEGATED
}

const ORDER_8: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
    0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];
const ORDER_8_NEGATED: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
    0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_small_order_are_known_whatever_their_sign_bit() {
        let mut one = [0; 32];
        one[0] = 1;
        assert!(is_small_order(&one));
        one[31] = 0x80;
        assert!(is_small_order(&one));
        assert!(is_small_order(&ORDER_8));
        one[1] = 1;
        assert!(!is_small_order(&one));
        // The two of order 8 sum to the field's prime.
        let mut carry = 0u16;
        let sum: Vec<u8> = ORDER_8
            .iter()
            .zip(ORDER_8_NEGATED)
            .map(|(a, b)| {
                let total = u16::from(*a) + u16::from(b) + carry;
                carry = total >> 8;
                u8::try_from(total & 0xff).unwrap()
            })
            .collect();
        assert_eq!((sum[0], sum[31]), (0xed, 0x7f));
        assert!(sum[1..31].iter().all(|b| *b == 0xff));
    }
}
