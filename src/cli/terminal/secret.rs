//! Typing a secret: no echo, no copies, into locked-away bytes. console's own reader returns a plain
//! String, so the terminal's mode is set here.

use crate::error::{Error, Kind};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use std::fs::File;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Longer than any PIN.
const MAX: usize = 256;

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
/// [`Kind::Usage`] where the terminal cannot be made quiet or is gone.
pub fn read(tty: &File, prompt: &str) -> Result<SecretString, Error> {
    let gone = |what: &str| Error::new(Kind::Usage, format!("the terminal {what}")).truth("Nothing was signed.");
    let before = tcgetattr(tty).map_err(|_| gone("is not one"))?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    quiet.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON);
    tcsetattr(tty, OptionalActions::Flush, &quiet).map_err(|_| gone("cannot hide what is typed"))?;
    let _restore = Quiet { tty, before };
    let mut out = tty;
    out.write_all(prompt.as_bytes()).and_then(|()| out.flush()).map_err(|_| gone("is gone"))?;
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX));
    let mut byte = Zeroizing::new([0u8; 1]);
    let mut input = tty;
    loop {
        match input.read(byte.as_mut()) {
            Ok(0) => return Err(gone("ended before the secret was typed")),
            Ok(_) if byte.first() == Some(&b'\n') => break,
            Ok(_) if typed.len() < MAX => typed.extend_from_slice(byte.as_ref()),
            Ok(_) => return Err(Error::new(Kind::Usage, "a secret is too long").wanted(format!("at most {MAX} bytes"))),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(gone("is gone")),
        }
    }
    let text = std::str::from_utf8(&typed).map_err(|_| Error::new(Kind::Usage, "a secret is not UTF-8 text"))?;
    Ok(SecretString::from(text.to_owned()))
}
