//! The command line of zhuxue.

fn main() {}
