//! Desk pages, in-process: the words a person reads on them.

mod files;
mod home;
mod lists;
mod paper;
mod search;
mod site;
mod workbench;
