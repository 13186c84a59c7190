//! `words`: a file's digest as words, the sheet of a request, the witness's form.

use super::args::Words;
use super::terminal::Terminal;
use crate::bundle::recipient;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::name::check_label;
use crate::request::package;
use crate::request::sheet::{self, Sheet, more};
use crate::request::{KeyPolicy, inspect};
use crate::screen::Screen;
use crate::words;
use serde::Serialize;

/// The largest file whose words are asked for, in bytes.
const MAX_FILE: u64 = 1 << 30;

#[derive(Serialize)]
struct InWords {
    sha256: Digest,
    words: Vec<&'static str>,
}

/// `anchorite words FILE`
pub fn words(a: &Words, terminal: &mut Terminal) -> Result<(), Error> {
    let Some(file) = &a.file else { return terminal.result_screen(&sheet::blank_form()) };
    let bytes = intake::read(file, MAX_FILE)?;
    let of_file = Digest::of(&bytes);
    let (sha256, screen) = match &a.enrol {
        Some(cluster) => {
            check_enrolment(a, cluster, &bytes)?;
            let sha256 = package::words_of_csr(cluster, &a.environment, &of_file, &a.recipient);
            let more = vec![("request", format!("{}, sha256 {}…", file.display(), of_file.short()))];
            (sha256, sheet::sheet(&Sheet { cluster, environment: &a.environment, more, sha256 }))
        }
        None => (of_file, of_request(&bytes, of_file).unwrap_or_else(|| of_any(&of_file))),
    };
    if terminal.wants_json() {
        return terminal.json(&InWords { sha256, words: words::words(&sha256.0) });
    }
    terminal.result_screen(&screen)
}

/// Words that no ceremony would ask for help nobody: a package has words of its own, and names have a form.
fn check_enrolment(a: &Words, cluster: &str, bytes: &[u8]) -> Result<(), Error> {
    check_label("a cluster name", cluster)?;
    check_label("an environment", &a.environment)?;
    for text in &a.recipient {
        recipient::parse(text)?;
    }
    if package::parse(bytes).is_ok() {
        return Err(Error::new(Kind::Usage, "a package says itself for which cluster it is")
            .saw("request.json and --enrol")
            .wanted("--enrol with a plain CSR only")
            .hint("leave --enrol out: the sheet has the words that the witness is asked for"));
    }
    Ok(())
}

/// The sheet of a package; `None` where the file is another.
fn of_request(bytes: &[u8], sha256: Digest) -> Option<Screen> {
    let request = package::parse(bytes).ok()?;
    let inspected = inspect(request.csr.as_bytes(), &KeyPolicy::default()).ok()?;
    let more = more(&request, inspected.spki?.spec(), request.previous.as_ref());
    let sheet = Sheet { cluster: &request.cluster, environment: &request.environment, more, sha256 };
    Some(sheet::sheet(&sheet))
}

fn of_any(sha256: &Digest) -> Screen {
    Screen::new().field("sha256", sha256.hex()).then(sheet::rows(&sha256.0))
}
