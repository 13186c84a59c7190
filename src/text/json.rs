//! JSON on its way to people, written as it is made: what it is made of may be larger than memory should be.

use super::{Sink, escape_json};
use crate::error::{Error, Kind};
use serde::Serialize;
use std::io::{self, Write};

/// How much is gathered before it is handed on, in bytes.
const AT_ONCE: usize = 64 * 1024;

/// Writes a value as JSON: indented, a line end behind it, every deceptive character as `\uXXXX`.
///
/// # Errors
/// Of `out`; [`Kind::Bug`]: a value that JSON cannot hold. What went before was handed on.
pub fn write_json<T: Serialize + ?Sized>(value: &T, out: &mut Sink<'_>) -> Result<(), Error> {
    let mut shown = Shown { out, held: Vec::with_capacity(AT_ONCE), failed: None };
    let written = serde_json::to_writer_pretty(&mut shown, value)
        .map_err(|error| Error::new(Kind::Bug, "a result cannot be written as JSON").saw(error.to_string()))
        .and_then(|()| {
            shown.held.push(b'\n');
            shown.hand_on()
        });
    // What the sink said of itself is more than what serde_json makes of it.
    match shown.failed {
        Some(failed) => Err(failed),
        None => written,
    }
}

struct Shown<'a, 'b> {
    out: &'a mut Sink<'b>,
    held: Vec<u8>,
    failed: Option<Error>,
}

impl Shown<'_, '_> {
    /// Hands on what is whole; a character that is cut stays for the next time.
    fn hand_on(&mut self) -> Result<(), Error> {
        let (whole, cut) = match std::str::from_utf8(&self.held) {
            Ok(whole) => (whole, self.held.len()),
            Err(error) => {
                let (whole, _) = self.held.split_at(error.valid_up_to());
                (std::str::from_utf8(whole).unwrap_or_default(), error.valid_up_to())
            }
        };
        (self.out)(&escape_json(whole))?;
        self.held.drain(..cut);
        Ok(())
    }
}

impl Write for Shown<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= AT_ONCE
            && let Err(error) = self.hand_on()
        {
            self.failed = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_json_is_handed_on_in_pieces_and_means_what_it_meant() {
        // Pieces end inside of characters of two, three and four bytes.
        let value: Vec<String> = (0..9000).map(|n| format!("é\u{202e}\u{e0041}€𝄞 {}", "x".repeat(n % 7))).collect();
        let (mut whole, mut pieces) = (String::new(), 0);
        write_json(&value, &mut |piece| {
            whole.push_str(piece);
            pieces += 1;
            Ok(())
        })
        .unwrap();
        assert!(pieces > 2);
        assert_eq!(whole, escape_json(&serde_json::to_string_pretty(&value).unwrap()) + "\n");
        assert_eq!(serde_json::from_str::<Vec<String>>(&whole).unwrap(), value);
    }

    #[test]
    fn what_a_sink_fails_with_is_what_is_said() {
        let full = Error::new(Kind::Medium, "the medium is full");
        for value in [vec!["x".repeat(100)], vec!["x".repeat(100); 2000]] {
            assert_eq!(write_json(&value, &mut |_| Err(full.clone())), Err(full.clone()));
        }
    }
}
