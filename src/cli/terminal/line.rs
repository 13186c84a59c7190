//! One line typed at the terminal itself. The kernel edits it, so that nothing is redrawn and a serial
//! console works; Ctrl-C and Ctrl-D are answers ("stop here"), not the death of a process that has a token
//! open and, at a PIN, the echo turned off. Source: termios(3).

use crate::error::{Error, Kind};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use zeroize::Zeroizing;

/// The longest line, in bytes; the kernel's own limit is 4095.
const MAX: usize = 4095;
/// Ctrl-C.
const INTERRUPT: u8 = 3;

/// Whether what is typed can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Answers.
    Shown,
    /// Secrets.
    Hidden,
}

/// Puts the terminal back whatever happens.
struct Restored<'t> {
    tty: &'t File,
    before: Termios,
}

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        // The terminal may be gone; nothing is left to restore then.
        let _ = tcsetattr(self.tty, OptionalActions::Flush, &self.before);
    }
}

/// Asks for one line; what was typed before the question does not count. The line end is not part of it.
///
/// # Errors
/// [`Kind::Declined`] for Ctrl-C, Ctrl-D or a terminal that hangs up; [`Kind::Usage`] where the terminal
/// cannot be asked, or for a line that is too long or not UTF-8.
pub fn read(tty: &File, prompt: &str, echo: Echo) -> Result<Zeroizing<String>, Error> {
    let stopped = || Error::new(Kind::Declined, "stopped at a question").hint("run the ceremony again to go on");
    let before = tcgetattr(tty).map_err(|_| Error::new(Kind::Usage, "the terminal is not one"))?;
    let mut asking = before.clone();
    asking.local_modes.remove(LocalModes::ISIG);
    asking.local_modes.insert(LocalModes::ICANON | LocalModes::ECHO);
    if echo == Echo::Hidden {
        asking.local_modes.remove(LocalModes::ECHO);
        asking.local_modes.insert(LocalModes::ECHONL);
    }
    // Without signals Ctrl-C is a byte; as a second line end it is delivered at once.
    asking.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
    tcsetattr(tty, OptionalActions::Flush, &asking)
        .map_err(|_| Error::new(Kind::Usage, "the terminal cannot be made ready for a question"))?;
    let _restored = Restored { tty, before };
    let (mut input, mut output) = (tty, tty);
    output.write_all(prompt.as_bytes()).and_then(|()| output.flush()).map_err(|_| stopped())?;
    let mut typed = Zeroizing::new(Vec::with_capacity(MAX));
    let mut byte = Zeroizing::new([0u8; 1]);
    loop {
        match input.read(byte.as_mut()) {
            Ok(0) => {
                end_line(output);
                return Err(stopped());
            }
            Ok(_) => match byte.first() {
                Some(&b'\n') => break,
                Some(&INTERRUPT) => {
                    end_line(output);
                    return Err(stopped());
                }
                _ if typed.len() < MAX => typed.extend_from_slice(byte.as_ref()),
                _ => return Err(Error::new(Kind::Usage, "a line is too long").wanted(format!("at most {MAX} bytes"))),
            },
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(stopped()),
        }
    }
    let text = std::str::from_utf8(&typed).map_err(|_| Error::new(Kind::Usage, "what was typed is not UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// What follows begins on a line of its own.
fn end_line(mut tty: &File) {
    // The terminal may be gone.
    let _ = tty.write_all(b"\n");
}
