//! Maps that are kept by hand rot: every path and every function that ARCHITECTURE.md and the
//! READMEs name must exist.
//!
//! Two things are read: blocks fenced as `tree` (indented by two spaces a level, names first,
//! two spaces, then prose), and words in back-ticks: those that look like a path of ours, and
//! those like `events::append`, which must be defined in a file or type of that name.

use std::path::Path;

use super::expect_none;
use super::source::{Source, all_rust, root};

const MAPS: [&str; 8] = [
    "ARCHITECTURE.md",
    "README.md",
    "README.zh-CN.md",
    "CONTRIBUTING.md",
    "migrations/README.md",
    "papers/README.md",
    "data/README.md",
    "policies/README.md",
];

/// Folders of ours: a word in back-ticks that begins with one is a path.
const FOLDERS: [&str; 14] = [
    "src/",
    "life/",
    "book/",
    "desk/",
    "reports/",
    "plumbing/",
    "jobs/",
    "migrations/",
    "papers/",
    "policies/",
    "data/",
    "templates/",
    "tests/",
    "scripts/",
];

fn exists(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    root().join(path).exists() || root().join("src").join(path).exists()
}

/// Line and path of everything in `tree` blocks.
fn tree_paths(text: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    let mut above: Vec<String> = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside && line.trim() == "```tree";
            continue;
        }
        if !inside || line.trim().is_empty() {
            continue;
        }
        let level = (line.len() - line.trim_start().len()) / 2;
        let names = line.trim_start().split("  ").next().unwrap_or_default();
        above.truncate(level);
        for name in names.split_whitespace() {
            let path = format!("{}{name}", above.concat());
            paths.push((at + 1, path));
        }
        if let Some(folder) = names.split_whitespace().next().filter(|name| name.ends_with('/')) {
            above.resize(level, String::new());
            above.push(folder.to_owned());
        }
    }
    paths
}

/// Line and content of everything in back-ticks outside fences.
fn ticked(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
            continue;
        }
        if !inside {
            let parts = line.split('`').skip(1).step_by(2);
            words.extend(parts.map(|word| (at + 1, word.to_owned())));
        }
    }
    words
}

fn looks_like_a_path(word: &str) -> bool {
    let plain = !word.contains(|c: char| c.is_whitespace() || "*<>{}$=:".contains(c));
    let file = [".rs", ".md", ".toml", ".sql", ".html", ".css"];
    let named = word.contains('/') && file.iter().any(|ending| word.ends_with(ending));
    plain && (named || FOLDERS.iter().any(|folder| word.starts_with(folder)))
}

/// `events::append`, `Database::write()`: module or type, and what it holds.
fn as_item(word: &str) -> Option<(&str, &str)> {
    let word = word.trim_end_matches("()");
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut parts = word.rsplit("::");
    let (item, owner) = (parts.next()?, parts.next()?);
    (word.chars().all(plain) && !item.is_empty() && !owner.is_empty()).then_some((owner, item))
}

fn is_defined(owner: &str, item: &str, sources: &[Source]) -> bool {
    sources.iter().any(|source| {
        let file = source.path.ends_with(&format!("/{owner}.rs"))
            || source.path.contains(&format!("/{owner}/"));
        let kind = ["struct", "enum", "trait", "impl"]
            .iter()
            .any(|kind| source.code.contains(&format!("{kind} {owner}")));
        (file || kind)
            && ["fn ", "struct ", "enum ", "const ", "static ", "type ", "mod ", "macro_rules! "]
                .iter()
                .any(|kind| defines(&source.code, kind, item))
            || (kind && defines(&source.code, "    ", item))
    })
}

fn defines(code: &str, kind: &str, item: &str) -> bool {
    code.match_indices(&format!("{kind}{item}")).any(|(at, found)| {
        !code[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

fn wrong_in(name: &str, text: &str, sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut check = |line: usize, path: &str| {
        if !exists(path) {
            complaints.push(format!("{name}:{line}: {path} does not exist; mend the map"));
        }
    };
    for (line, path) in tree_paths(text) {
        check(line, &path);
    }
    for (line, word) in ticked(text) {
        if looks_like_a_path(&word) {
            check(line, &word);
        }
    }
    for (line, word) in ticked(text) {
        if let Some((owner, item)) = as_item(&word)
            && !is_defined(owner, item, sources)
        {
            complaints.push(format!("{name}:{line}: {word} is not defined; mend the map"));
        }
    }
    complaints
}

#[test]
fn every_path_and_function_on_the_maps_exists() {
    let sources = all_rust();
    let mut complaints = Vec::new();
    for name in MAPS {
        let file = root().join(name);
        if file.exists() {
            let text = std::fs::read_to_string(file).unwrap();
            complaints.extend(wrong_in(name, &text, &sources));
        }
    }
    for needed in &MAPS[..3] {
        assert!(Path::new(needed).exists(), "{needed} is missing");
    }
    expect_none(&complaints);
}

#[test]
fn these_rules_can_fail() {
    let sources = [Source::new("src/book/events.rs", "pub fn append() {}\nimpl Event {}")];
    let wrong = |text: &str| wrong_in("x.md", text, &sources).len();
    assert_eq!(wrong("`src/base/money.rs` and `base/money.rs` and `book/`"), 0);
    assert_eq!(wrong("`src/book/none.rs` and `life/none/`"), 2);
    assert_eq!(wrong("`src/*.rs`, `application/json`, `a/{b}.rs`"), 0);
    assert_eq!(wrong("```tree\nsrc/  our code\n  base/\n    money.rs rate.rs  values\n```"), 0);
    assert_eq!(wrong("```tree\nsrc/\n  base/\n    none.rs rate.rs  values\n  none/\n```"), 2);
    assert_eq!(wrong("`events::append`, `book::events::append()`, `Event::append`"), 0);
    assert_eq!(wrong("`events::appen`, `loans::append`"), 2);
}
