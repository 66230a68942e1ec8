//! Who may use whom: stages do not know each other, what is shared does not know the stages,
//! rules know neither database nor web nor clock.

use super::source::{Source, line_of, places_of, program};
use super::{each, expect_none};

/// Every path that the program part of a file names, `use` trees spelled out: line and path.
fn paths_in(source: &Source) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for at in places_of(&source.program, "use") {
        let Some(end) = source.program[at..].find(';') else { continue };
        let tree = source.program[at + 3..at + end].replace(" as ", "!");
        let tree: String = tree.split_whitespace().collect();
        spell_out("", &tree, &mut |path| paths.push((line_of(&source.program, at), path)));
    }
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    for (number, line) in source.program.lines().enumerate() {
        for path in line.split(|c| !part(c)).filter(|word| word.contains("::")) {
            paths.push((number + 1, path.to_owned()));
        }
    }
    paths
}

fn spell_out(before: &str, tree: &str, found: &mut dyn FnMut(String)) {
    let Some(open) = tree.find('{') else {
        found(format!("{before}{}", tree.split('!').next().unwrap_or(tree)));
        return;
    };
    let before = format!("{before}{}", &tree[..open]);
    let inside = tree[open + 1..].strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let mut depth = 0;
    let mut from = 0;
    for (at, c) in inside.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            spell_out(&before, &inside[from..at], found);
            from = at + 1;
        }
    }
    if from < inside.len() {
        spell_out(&before, &inside[from..], found);
    }
}

/// Whether a path begins with these words; `crate::life` is also met as `super::super::life`.
fn begins(path: &str, with: &str) -> bool {
    let same = |path: &str, with: &str| {
        path == with || path.strip_prefix(with).is_some_and(|rest| rest.starts_with("::"))
    };
    let up = path.strip_prefix("super::super::").map(|rest| format!("crate::{rest}"));
    same(path, with) || up.is_some_and(|path| same(&path, with))
}

fn banned(source: &Source, what: &[&str], advice: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, path) in paths_in(source) {
        if let Some(one) = what.iter().find(|one| begins(&path, one)) {
            complaints.push(format!("{}:{line}: uses {one}; {advice}", source.path));
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

fn pure(source: &Source) -> Vec<String> {
    let in_statement =
        source.path.starts_with("src/book/statement/") && source.name() != "store.rs";
    if source.name() != "rules.rs" && !in_statement {
        return Vec::new();
    }
    let mut complaints = banned(
        source,
        &[
            "diesel",
            "actix_web",
            "lettre",
            "std::fs",
            "crate::plumbing::db",
            "crate::book::dates::Clock",
        ],
        "a rule decides from facts it is given; load them in store.rs, act in steps.rs",
    );
    for at in places_of(&source.program, "Clock") {
        complaints.push(format!(
            "{}:{}: names Clock; pass the day in as an argument",
            source.path,
            line_of(&source.program, at)
        ));
    }
    complaints
}

fn store(source: &Source) -> Vec<String> {
    if source.name() != "store.rs" {
        return Vec::new();
    }
    banned(source, &["actix_web", "actix_multipart"], "pages belong in web.rs, SQL here")
}

fn book(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/book/") {
        return Vec::new();
    }
    banned(
        source,
        &["crate::life", "crate::desk", "crate::reports"],
        "book is what they share; move the call up",
    )
}

fn stage(source: &Source) -> Vec<String> {
    let Some(rest) = source.path.strip_prefix("src/life/") else { return Vec::new() };
    let Some((own, _)) = rest.split_once('/') else { return Vec::new() };
    let mut complaints = Vec::new();
    for (line, path) in paths_in(source) {
        let path = path.strip_prefix("crate::life::").or(path.strip_prefix("super::super::"));
        let Some(other) = path.and_then(|path| path.split("::").next()) else { continue };
        if other != own {
            complaints.push(format!(
                "{}:{line}: stage {own} uses {other}; the database is the interface between \
                 stages, what two of them need belongs in src/book/",
                source.path
            ));
        }
    }
    complaints.dedup();
    complaints
}

fn plumbing(source: &Source) -> Vec<String> {
    // The server has to hand its requests to the pages, and shows errors in their shell.
    let server = source.path.starts_with("src/plumbing/http/");
    if !source.path.starts_with("src/plumbing/") || server {
        return Vec::new();
    }
    banned(source, &["crate::life", "crate::desk", "crate::reports"], "plumbing is not about loans")
}

#[test]
fn rules_know_no_database_no_web_and_no_clock() {
    expect_none(&each(&program(), pure));
}

#[test]
fn stores_know_no_web() {
    expect_none(&each(&program(), store));
}

#[test]
fn book_does_not_know_the_stages() {
    expect_none(&each(&program(), book));
}

#[test]
fn stages_do_not_know_each_other() {
    expect_none(&each(&program(), stage));
}

#[test]
fn plumbing_does_not_know_the_stages() {
    expect_none(&each(&program(), plumbing));
}

#[test]
fn these_rules_can_fail() {
    let found = |rule: fn(&Source) -> Vec<String>, path: &str, text: &str| {
        rule(&Source::new(path, text)).len()
    };
    let rules = "src/life/repayment/rules.rs";
    assert_eq!(found(pure, rules, "use diesel::prelude::*;"), 1);
    assert_eq!(found(pure, rules, "fn a() { std::fs::read(x); }"), 1);
    assert!(found(pure, rules, "use crate::book::{dates::Clock, money::Fen};") > 0);
    assert_eq!(found(pure, rules, "use crate::book::money::Fen; // diesel::x"), 0);
    assert_eq!(found(pure, "src/life/repayment/steps.rs", "use diesel::x;"), 0);
    assert_eq!(found(store, "src/life/repayment/store.rs", "use actix_web::web;"), 1);
    assert_eq!(found(book, "src/book/loan.rs", "use crate::{book::x, life::overdue::y};"), 1);
    assert_eq!(found(book, "src/book/loan.rs", "let life = 1; crate::lifeline::x();"), 0);
    assert_eq!(found(book, "src/book/statement/mod.rs", "mod life; use life::x;"), 0);
    assert_eq!(found(book, "src/book/loan.rs", "use super::super::life::x;"), 1);
    assert_eq!(found(stage, rules, "use crate::life::overdue::steps;"), 1);
    assert_eq!(found(stage, rules, "use crate::life::repayment::store;"), 0);
    assert_eq!(found(stage, rules, "fn a() { super::super::overdue::b(); }"), 1);
    assert_eq!(found(plumbing, "src/plumbing/mail.rs", "use crate::desk::home;"), 1);
}
