//! The fences around an offline command: what a PKCS#11 module, which is code of others in our process, cannot
//! do however it tries. They are put up before it is loaded and never come down.
//!
//! A kernel that cannot put one up is named, never passed over in silence: what is missing stands in the
//! fence's own line, on screens and in the log.

mod network;
mod process;
mod writes;

use std::path::PathBuf;
use std::sync::OnceLock;

/// One fence: what it is for, and why it does not stand where it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// A stable name: the check `fence-<name>` of the preflight.
    pub name: &'static str,
    /// What stands, a sentence.
    pub stands: &'static str,
    /// What is missing and why; `None` where it stands whole.
    pub degraded: Option<String>,
}

impl Fence {
    fn new(name: &'static str, stands: &'static str, put_up: Result<(), String>) -> Self {
        Self { name, stands, degraded: put_up.err() }
    }
}

static PROCESS: OnceLock<Vec<Fence>> = OnceLock::new();
static WRITES: OnceLock<(Fence, Vec<PathBuf>)> = OnceLock::new();

/// Puts up every fence that needs to know nothing: the first act of an offline command, before anything is
/// opened, loaded or started, so that it holds for all that follows. Once in a process; again changes nothing.
///
/// Descriptors above 2 that were inherited are closed: the caller must not hold any of its own.
pub fn contain() {
    PROCESS.get_or_init(|| {
        vec![
            Fence::new(
                "descriptors",
                "no descriptor of another program is open here",
                process::close_inherited_descriptors(),
            ),
            Fence::new("dumps", "this process leaves no core dump and no other can read it", process::forbid_dumps()),
            Fence::new("memory", "memory is locked: nothing of it is swapped out", process::lock_memory()),
            Fence::new("privileges", "no program started here can gain privileges", process::forbid_new_privileges()),
            Fence::new("network", "sockets are for Unix addresses and the kernel's device news only", network::close()),
        ]
    });
}

/// Puts up the last fence, once the configuration has said where this command writes: to these directories and
/// files, to the terminal and to `/dev/null`. Reading stays free. Once in a process; again changes nothing.
///
/// A path that does not exist is left out: what is made there later cannot be written.
pub fn fence_writes(places: &[PathBuf]) {
    WRITES.get_or_init(|| {
        let stands = "files are written only where the configuration says";
        (Fence::new("writes", stands, writes::only(places)), places.to_vec())
    });
}

/// The fences, in the order in which they were put up; the last one says so where it was never put up.
pub fn fences() -> Vec<Fence> {
    let open = || Fence::new("writes", "", Err("this command did not say where it writes".to_owned()));
    let writes = WRITES.get().map_or_else(open, |(fence, _)| fence.clone());
    PROCESS.get().into_iter().flatten().cloned().chain([writes]).collect()
}

/// Where this process may write.
pub(super) fn places() -> &'static [PathBuf] {
    WRITES.get().map(|(_, places)| places.as_slice()).unwrap_or_default()
}
