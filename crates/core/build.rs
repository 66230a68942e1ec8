//! Tells cargo of what the program embeds and cargo cannot see: a new step of the migrations makes
//! no source file newer, and the program would go on with the steps it was built with.

#![allow(clippy::print_stdout, reason = "this is how cargo is spoken to")]

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
