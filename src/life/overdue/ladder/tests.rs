//! The rules of the ladder by themselves.
