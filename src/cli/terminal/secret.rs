//! Typing a secret: no echo, no copies, into locked-away bytes. console's own reader returns a plain
//! String, so the terminal's mode is set here.

use crate::error::{Error, Kind};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use std::fs::File;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Longer than any PIN.
const MAX: usize = 256;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// Puts the terminal back whatever happens.
struct Quiet<'t> {
    tty: &'t File,
    before: Termios,
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // The terminal may be gone; nothing is left to restore then.
        let _ = tcsetattr(self.tty, OptionalActions::Flush, &self.before);
    }
}

/// Reads one line from the terminal without echo.
///
/// # Errors
/// [`Kind::Usage`] where the terminal cannot be made quiet or is gone; [`Kind::Declined`] after Ctrl-C or Ctrl-D.
pub fn read(tty: &File, prompt: &str) -> Result<SecretString, Error> {
    let gone = |what: &str| Error::new(Kind::Usage, format!("the terminal {what}")).truth("Nothing was signed.");
    let before = tcgetattr(tty).map_err(|_| gone("is not one"))?;
    let mut quiet = before.clone();
    // Signals are off too: a Ctrl-C that killed the program here would leave the terminal without echo.
    quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
    quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(tty, OptionalActions::Flush, &quiet).map_err(|_| gone("cannot hide what is typed"))?;
    let _restore = Quiet { tty, before };
    let mut out = tty;
    let mut say = |text: &str| out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|_| gone("is gone"));
    say(prompt)?;
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX));
    let mut byte = Zeroizing::new([0u8; 1]);
    let mut input = tty;
    loop {
        let [key] = match input.read(byte.as_mut()) {
            Ok(0) => return Err(gone("ended before the secret was typed")),
            Ok(_) => *byte,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(gone("is gone")),
        };
        match key {
            b'\n' | b'\r' => break,
            CTRL_C | CTRL_D => {
                say("\n")?;
                return Err(Error::new(Kind::Declined, "the PIN was not typed").truth("Nothing was signed."));
            }
            BACKSPACE | DELETE => drop(typed.pop()),
            CTRL_U => typed.clear(),
            _ if typed.len() < MAX => typed.push(key),
            _ => return Err(Error::new(Kind::Usage, "a secret is too long").wanted(format!("at most {MAX} bytes"))),
        }
    }
    say("\n")?;
    let text = std::str::from_utf8(&typed).map_err(|_| Error::new(Kind::Usage, "a secret is not UTF-8 text"))?;
    Ok(SecretString::from(text.to_owned()))
}
