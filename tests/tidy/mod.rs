//! The house rules that a program can check, so that nobody has to remember them in a review.
//!
//! Every rule is a function from sources to complaints, each `file:line: what is wrong; what to
//! do`, with two kinds of tests: that our own sources have none, and that the rule can fail.
//! A rule is changed here and in ARCHITECTURE.md together. An exception is a line in a list
//! below with its reason.

mod imports;
mod maps;
mod pages;
mod retention;
mod sizes;
mod source;
mod tables;
mod words;

use source::Source;

/// Floats are banned near money; these files have to speak to something that knows only floats.
const FLOATS_ALLOWED: [(&str, &str); 3] = [
    ("src/life/visits/workbook.rs", "the sheet writer takes widths and cells as doubles"),
    ("src/plumbing/sheet/", "a workbook keeps every number as a double; turned into text at once"),
    ("src/plumbing/metrics.rs", "Prometheus keeps every number as a double"),
];

/// SQL outside the file that owns a table.
const WRITES_ALLOWED: [(&str, &str); 2] = [
    ("src/command/bench/", "measures bare SQL on a database that it makes and removes"),
    ("src/command/rehearse/copy.rs", "carries every table over into a copy of the whole database"),
];

/// Writes that are no `Act`: nobody's doing, and nothing that history tells. What people do, and
/// what is done in their name, is an `Act`.
const WITHOUT_ACT: [(&str, &str); 19] = [
    (
        "jobs/",
        "lines of the workbench, states of messages, sessions that are over, initials of names",
    ),
    ("src/book/notice/write.rs", "messages of the program; each has its own states"),
    ("src/book/position.rs", "figures that are worked out from events"),
    ("src/borrower/", "codes, sessions, files looked at, a person's own wishes"),
    ("src/clock/", "claims and leases of jobs; who ran one is written down with it"),
    ("src/command/bench/", "a database that is made and removed"),
    ("src/command/demo.rs", "a sample county"),
    ("src/command/import.rs", "puts away what a dry run has left"),
    ("src/command/keys.rs", "which keys this database is sealed with"),
    ("src/command/rehearse", "a copy that nobody works with"),
    ("src/command/visit.rs", "the season of a copy, or of a database that is removed"),
    ("src/desk/gateways.rs", "what gateways answer; messages have their own states"),
    ("src/desk/me.rs", "wrong passwords are forgotten after the right one"),
    ("src/imports/", "leases, checks and comparisons; a chunk that posts writes its own history"),
    ("src/liaison/", "sessions, and wrong passwords that are forgotten"),
    ("src/life/overdue/follow.rs", "cases kept in step; each has its own steps"),
    ("src/life/reconcile/run.rs", "differences that are worked out from figures of the bank"),
    ("src/life/visits/sheets/back.rs", "wrong codes of an address are counted"),
    ("src/web/session/", "sessions, and wrong passwords that are counted"),
];

fn is_listed(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(listed, _)| path.starts_with(listed))
}

/// Fails with all complaints at once.
fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// All complaints of a rule that looks at one file at a time.
fn each(files: &[Source], rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    files.iter().flat_map(rule).collect()
}
