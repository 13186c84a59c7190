//! Ceremonies' scripts: what cannot work is refused, with its place.

mod good;
mod impossible;
mod pins;
mod screens;
