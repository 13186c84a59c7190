//! QR codes: of a digest or a checkpoint, for paper and for a terminal that people photograph.
//!
//! Owns how modules become marks, never what they say. Source: ISO/IEC 18004, as crate `qrcodegen` has it.

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// The light border that readers need, in modules (ISO/IEC 18004, 9.1).
const QUIET: i32 = 4;
/// The border in a terminal, whose own ground goes on around it: each row counts on a screen of 24 lines.
const QUIET_IN_TERMINAL: i32 = 2;

/// A QR code as SVG, its border included; `None` for a text longer than one holds (2,331 bytes).
///
/// Its size on paper is the style sheet's: 42 mm, where the module of a 600-byte code is half a millimetre.
pub fn svg(text: &str) -> Option<Markup> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * QUIET;
    let mut dark = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a String cannot fail.
            let _ = write!(dark, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    Some(html! {
        svg.qr viewBox={ "0 0 " (side) " " (side) } shape-rendering="crispEdges" role="img" aria-label="QR code" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(dark) fill="#000" {}
        }
    })
}

/// A QR code for a terminal, a line for each two rows of modules; `None` for a text longer than one holds.
///
/// What is light in the code is drawn, as terminals write light on dark; readers of telephones take either.
/// 78 bytes make 19 lines of 37 columns, 106 bytes 21 lines of 41: what has to fit a screen is as short.
pub fn blocks(text: &str) -> Option<Vec<String>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let around = -QUIET_IN_TERMINAL..code.size() + QUIET_IN_TERMINAL;
    // Beyond the code every module is light.
    let light = |x, y| !code.get_module(x, y);
    let line = |y: i32| {
        let cell = |x| match (light(x, y), light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        around.clone().map(cell).collect()
    };
    Some(around.clone().step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_checkpoint_s_size_and_root_fits_a_screen() {
        let lines = blocks(&"a".repeat(106)).unwrap();
        assert_eq!((lines.len(), lines[0].chars().count()), (21, 41));
        assert_eq!(blocks(&"a".repeat(78)).unwrap().len(), 19);
        assert!(lines[0].chars().all(|c| c == '█'), "{}", lines[0]);
    }

    #[test]
    fn a_text_that_no_code_holds_is_said() {
        assert!(svg(&"é".repeat(1500)).is_none());
        assert!(blocks(&"é".repeat(1500)).is_none());
    }
}
