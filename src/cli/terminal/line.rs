//! One line typed at the terminal itself. The kernel edits it, so that nothing is redrawn and a serial
//! console works; Ctrl-C, Ctrl-D and signals are answers, not the death of a process that has a token open and,
//! at a PIN, the echo turned off. Source: termios(3).

use super::signals::{Signal, Signals};
use crate::error::{Error, Kind};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use zeroize::Zeroizing;

/// The longest line, in bytes, its end included: the kernel's own limit.
const MAX: usize = 4096;

/// Whether what is typed can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Answers.
    Shown,
    /// Secrets.
    Hidden,
}

/// What came of a question.
pub enum Typed {
    /// A line, without its end.
    Line(Zeroizing<String>),
    /// Something that is no text; what it is, for people.
    NoText(&'static str),
    /// Ctrl-D: nothing is to be typed any more.
    End,
    /// A signal.
    Signal(Signal),
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

/// Asks for one line; what was typed before the question does not count. A terminal that went away is
/// [`Signal::Gone`]; another size is heeded only where `resize` says so.
///
/// # Errors
/// [`Kind::Usage`] where the terminal cannot be asked.
pub fn read(tty: &File, signals: &Signals, prompt: &str, echo: Echo, resize: bool) -> Result<Typed, Error> {
    let gone = Ok(Typed::Signal(Signal::Gone));
    let Ok(before) = tcgetattr(tty) else { return gone };
    let mut asking = before.clone();
    asking.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHO);
    if echo == Echo::Hidden {
        asking.local_modes.remove(LocalModes::ECHO);
        asking.local_modes.insert(LocalModes::ECHONL);
    }
    if tcsetattr(tty, OptionalActions::Flush, &asking).is_err() {
        return gone;
    }
    let _restored = Restored { tty, before };
    let (mut input, mut output) = (tty, tty);
    if output.write_all(prompt.as_bytes()).and_then(|()| output.flush()).is_err() {
        return gone;
    }
    let mut typed = Zeroizing::new(Vec::with_capacity(2 * MAX));
    let mut part = Zeroizing::new([0u8; MAX]);
    loop {
        if let Some(signal) = signals.take().filter(|signal| resize || *signal != Signal::Resize) {
            end_line(output);
            return Ok(Typed::Signal(signal));
        }
        let mut ready = [PollFd::new(tty, PollFlags::IN), signals.waiting()];
        match poll(&mut ready, None) {
            // By a signal, whose flag stands now.
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(Error::new(Kind::Usage, "the terminal cannot be asked").saw(error.to_string())),
            Ok(_) => {}
        }
        let [at_terminal, woken] = ready.map(|descriptor| descriptor.revents());
        if woken.contains(PollFlags::IN) {
            signals.woken();
            continue;
        }
        if at_terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return gone;
        }
        match input.read(part.as_mut()) {
            Ok(0) => {
                end_line(output);
                return Ok(Typed::End);
            }
            Ok(count) => {
                typed.extend_from_slice(part.get(..count).unwrap_or_default());
                if typed.last() == Some(&b'\n') {
                    typed.pop();
                    break;
                }
                if typed.len() >= MAX {
                    return Ok(Typed::NoText("a line that is too long"));
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return gone,
        }
    }
    Ok(match std::str::from_utf8(&typed) {
        Ok(text) => Typed::Line(Zeroizing::new(text.to_owned())),
        Err(_) => Typed::NoText("bytes that are no UTF-8 text"),
    })
}

/// What follows begins on a line of its own.
fn end_line(mut tty: &File) {
    // The terminal may be gone.
    let _ = tty.write_all(b"\n");
}
