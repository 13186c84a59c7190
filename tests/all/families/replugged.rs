//! A token that is pulled out in the middle of the work and comes back in another slot.

use super::*;
