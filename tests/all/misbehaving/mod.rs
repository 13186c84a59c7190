//! A token that misbehaves, as the proxy module makes it.

mod proxy;
