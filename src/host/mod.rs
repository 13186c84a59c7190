//! The machine: what holds this process in, and what can be seen of the host around it.
//!
//! [`contain`] puts up the fences that every offline command stands behind, [`fence_writes`] the one that waits
//! for the configuration, [`trial`] tries whether they hold. [`gather`] reads what the kernel says of the
//! machine, [`machine`] judges it. Never here: files of the authority, tokens, the decision whether a ceremony
//! may go on.

mod fence;
mod gather;
mod machine;
mod trial;

pub use fence::{Fence, contain, fence_writes, fences};
pub use gather::{gather, look_at_folder};
pub use machine::{Check, Facts, Folder, Interface, Radio, Verdict, checks, entry_of, folder_check};
pub use trial::{Trial, trials};
