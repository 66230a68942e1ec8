//! Desk pages, in-process: the words a person reads on them.

mod files;
mod lists;
mod search;
mod site;
mod workbench;
