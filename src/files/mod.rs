//! The only door for files: hostile-proof in ([`intake`]), honest out ([`deliver`]), and the sticks that
//! carry them ([`medium`]).
//!
//! Nothing else opens a file of the outside world or writes to a medium. Never here: the log's own files
//! (they are `store`'s), a clock, randomness, a decision about what a file says.

pub mod deliver;
mod directory;
mod fault;
pub mod intake;
mod long;
pub mod medium;
pub mod own;
mod several;
mod staging;

pub use deliver::{Item, Placed, Written};
pub use intake::{Found, Shape};
