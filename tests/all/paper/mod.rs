//! Printed pages, judged on paper: what is on them, that it fits A4 and Letter, that its codes can be read.

pub mod printer;
mod script;
mod stationery;
