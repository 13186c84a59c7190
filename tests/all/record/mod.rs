//! Records of ceremonies that people held: what is typed and logged is in the page and in the JSON.

mod attended;
