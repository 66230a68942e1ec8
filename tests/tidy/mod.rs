//! The house rules that a program can check, so that nobody has to remember them in a review.
//!
//! Every rule is a function from sources to complaints, each `file:line: what is wrong; what to
//! do`, with two kinds of tests: that our own sources have none, and that the rule can fail.
//! A rule is changed here and in ARCHITECTURE.md together. An exception is a line in a list
//! below with its reason.

mod imports;
mod maps;
mod pages;
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
