//! Who may do what: sign-in, sessions, forms, rights, history, what is shown in full.

mod sign_in;
mod sessions;
mod forms;
mod guessing;
mod stalled;
mod pages;
mod permissions;
mod people;
mod history;
mod reveal;
mod start;
mod first_steps;
