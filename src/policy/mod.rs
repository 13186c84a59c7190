//! Policy: what may be signed. Rules and findings, the lint included; nothing here asks people or keys.

mod judge;

pub use judge::{Claim, Judgement, judge};
