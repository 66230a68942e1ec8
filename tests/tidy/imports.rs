//! Who may use whom: one table of the top folders without exceptions; stages do not know each
//! other; rules know neither database nor web nor clock.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, line_of, places_of, program, root};
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

/// Which top folder (or file) of `src/` may name which others, lowest first. All may name `error`.
/// What is not listed is forbidden, without exceptions. ARCHITECTURE.md shows this table.
const MAY: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("base", &[]),
    ("plumbing", &["base"]),
    ("book", &["base", "plumbing"]),
    ("app", &["base", "plumbing", "book"]),
    ("web", &["base", "plumbing", "book", "app"]),
    ("clock", &["base", "plumbing", "book", "app", "web"]),
    ("life", &["base", "plumbing", "book", "app", "web", "clock"]),
    ("imports", &["base", "plumbing", "book", "app", "web", "clock", "life"]),
    ("borrower", &["base", "plumbing", "book", "app", "web", "clock", "life"]),
    ("liaison", &["base", "plumbing", "book", "app", "web", "clock", "life", "imports"]),
    ("reports", &["base", "plumbing", "book", "app", "web", "clock", "life"]),
    ("jobs", &["base", "plumbing", "book", "app", "web", "clock", "life", "imports", "borrower"]),
    (
        "desk",
        &["base", "plumbing", "book", "app", "web", "clock", "life", "imports", "reports", "jobs"],
    ),
    ("site", &["*"]),
    ("command", &["*"]),
    ("core", &["*"]),
    ("stages", &["*"]),
    ("lib", &["*"]),
    ("main", &["*"]),
];

/// The modules of a file, from the crate: `src/book/loan.rs` is `book`, `loan`.
fn modules(path: &str) -> Vec<&str> {
    let path = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    path.split('/').filter(|part| *part != "mod").collect()
}

/// A path as written in a file, from the crate; nothing when it is no path of ours.
fn from_crate(source: &Source, path: &str) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut at = modules(&source.path);
    match *parts.first()? {
        "crate" => at.clear(),
        "super" => {}
        _ => return None,
    }
    while parts.first().is_some_and(|part| *part == "crate" || *part == "super") {
        if parts.remove(0) == "super" {
            at.pop();
        }
    }
    Some(at.into_iter().chain(parts).map(str::to_owned).collect())
}

fn layers(source: &Source) -> Vec<String> {
    if source.path.starts_with("papers/") {
        return Vec::new();
    }
    let own = modules(&source.path);
    let Some(top) = own.first() else { return Vec::new() };
    let Some((_, may)) = MAY.iter().find(|(name, _)| name == top) else {
        return vec![format!("{}: {top} is not in the table MAY", source.path)];
    };
    let mut complaints = Vec::new();
    for (line, path) in paths_in(source) {
        let Some(path) = from_crate(source, &path) else { continue };
        let Some(to) = path.first().filter(|to| MAY.iter().any(|(name, _)| name == to)) else {
            continue;
        };
        let fits = to == top || to == "error" || may.contains(&"*") || may.contains(&to.as_str());
        if !fits {
            complaints.push(format!(
                "{}:{line}: {top} may not use {to} (table MAY); move the shared part down, or hand \
                 it in",
                source.path
            ));
        }
        // A stage of a loan's life knows no other; types of `life` itself are for all of them.
        if let ("life", "life", Some(stage), Some(other)) =
            (*top, to.as_str(), own.get(1), path.get(1))
            && stage != other
            && other.starts_with(char::is_lowercase)
            && !path.iter().any(|part| part == "tests")
        {
            complaints.push(format!(
                "{}:{line}: stage {stage} uses stage {other}; the database is the interface \
                 between stages, what two of them need belongs in src/book/",
                source.path
            ));
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

/// Files that need each other: types that name each other, which no order undoes. Between a module
/// and what lies below it there is no circle: it declares them, they use its types.
const CIRCLES: [&[&str]; 4] = [
    &["src/plumbing/db.rs", "src/plumbing/revision.rs"],
    &["src/book/act.rs", "src/book/parts.rs"],
    &["src/book/statement/plan.rs", "src/book/statement/walk.rs"],
    // A kind of sheet names its reader, the reader what is bound to its columns.
    &[
        "src/imports/layout/binding.rs",
        "src/imports/layout/kind.rs",
        "src/imports/layout/reader/mod.rs",
        "src/imports/layout/rows.rs",
    ],
];

/// Which files each file uses, those above and below it left out.
fn uses(all: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let own = |source: &Source| -> Vec<String> {
        modules(&source.path).into_iter().map(str::to_owned).collect()
    };
    let files: BTreeMap<Vec<String>, &str> =
        all.iter().map(|source| (own(source), source.path.as_str())).collect();
    let of = |source: &Source| -> BTreeSet<&str> {
        let own = own(source);
        let named = paths_in(source).into_iter().filter_map(|(_, path)| {
            // A path may also begin with a module that the file declares.
            let below = own.iter().cloned().chain(path.split("::").map(str::to_owned));
            let below: Vec<String> = below.collect();
            let declared = files.contains_key(&below[..=own.len()]);
            let path = from_crate(source, &path).or(declared.then_some(below))?;
            (1..=path.len()).rev().find_map(|n| files.get_key_value(&path[..n]))
        });
        named
            .filter(|(to, _)| !to.starts_with(&own) && !own.starts_with(to))
            .map(|(_, file)| *file)
            .collect()
    };
    all.iter().map(|source| (source.path.as_str(), of(source))).collect()
}

/// The files that each file reaches, over any number of others.
fn reached<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = uses[from].iter().copied().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(&uses[file]);
        }
    }
    found
}

/// Files that reach each other, once each, in order.
fn circles(all: &[Source]) -> BTreeSet<Vec<&str>> {
    let uses = uses(all);
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|file| (*file, reached(&uses, file))).collect();
    let of = |file: &&str| {
        let back = |other: &&&str| reached[**other].contains(file);
        reached[*file].iter().filter(back).copied().collect::<Vec<_>>()
    };
    reached.keys().map(of).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn files_stand_in_an_order() {
    let all = program();
    let known: BTreeSet<Vec<&str>> = CIRCLES.iter().map(|circle| circle.to_vec()).collect();
    let found = circles(&all);
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "files that need each other; move what both need down: {new:#?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "no circle any more, take it off CIRCLES: {gone:#?}");
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
fn nothing_uses_what_lies_above_it() {
    expect_none(&each(&program(), layers));
}

#[test]
fn stages_are_listed_once_and_nowhere_else() {
    let mut folders: Vec<String> = std::fs::read_dir(root().join("src/life"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    folders.sort();
    let mut listed: Vec<&str> = zhuxue::life::STAGES.iter().map(|stage| stage.name).collect();
    listed.sort();
    assert_eq!(folders, listed, "folders of src/life/ (left) and life::STAGES (right)");
    let site = program().into_iter().find(|source| source.path == "src/site.rs").unwrap();
    let named = paths_in(&site).into_iter().filter(|(_, path)| path.contains("life::"));
    let named: Vec<_> = named.filter(|(_, path)| path != "crate::life::STAGES").collect();
    assert_eq!(named, [], "src/site.rs names a stage; it is declared in its STAGE");
}

#[test]
fn a_folder_may_use_only_what_stands_above_it_in_the_table() {
    for (at, (name, may)) in MAY.iter().enumerate() {
        let before: Vec<&str> = MAY[..at].iter().map(|(name, _)| *name).collect();
        let wrong = may.iter().find(|to| **to != "*" && !before.contains(*to));
        assert!(wrong.is_none(), "{name} may use {wrong:?}, which comes later: a circle");
    }
}

#[test]
fn architecture_shows_the_same_table() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (name, may) in
        MAY.iter().filter(|(name, _)| !["core", "stages", "lib", "main"].contains(name))
    {
        let may = match *may {
            [] => "nothing".to_owned(),
            ["*"] => "everything".to_owned(),
            may => may.join(", "),
        };
        let row = format!("| {name} | {may} |");
        assert!(text.contains(&row), "ARCHITECTURE.md lacks the row {row}");
    }
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
    assert_eq!(found(layers, "src/book/loan.rs", "use crate::{book::x, life::overdue::y};"), 1);
    assert_eq!(found(layers, "src/book/loan.rs", "let life = 1; crate::lifeline::x();"), 0);
    assert_eq!(found(layers, "src/book/statement/mod.rs", "mod life; use life::x;"), 0);
    assert_eq!(found(layers, "src/book/loan.rs", "use super::super::life::x;"), 1);
    assert_eq!(found(layers, rules, "use crate::life::overdue::steps;"), 1);
    assert_eq!(found(layers, rules, "use crate::life::repayment::store;"), 0);
    assert_eq!(found(layers, rules, "use crate::life::Waiting;"), 0);
    assert_eq!(found(layers, rules, "fn a() { super::super::overdue::b(); }"), 1);
    assert_eq!(found(layers, "src/plumbing/mail.rs", "use crate::desk::home;"), 1);
    assert_eq!(found(layers, "src/none/mail.rs", "use crate::desk::home;"), 1);
    let three = [
        Source::new("src/a/mod.rs", "mod b; mod c; fn d() { b::e(); }"),
        Source::new("src/a/b.rs", "use super::c::f; use super::D;"),
        Source::new("src/a/c.rs", "fn f() { crate::a::b::e(); }"),
    ];
    assert_eq!(circles(&three), BTreeSet::from([vec!["src/a/b.rs", "src/a/c.rs"]]));
    assert!(circles(&three[..2]).is_empty());
}
