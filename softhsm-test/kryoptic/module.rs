//! Nothing: this package is here for the module that its dependency is.
