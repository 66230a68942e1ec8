//! `scripts/new-stage` in a copy of the sources: each file it names is there, each list names the
//! stage, and what it refuses changes nothing. That what it copies compiles, every build of the
//! tests shows (`src/life/mod.rs`).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// What the script reads or writes.
const NEEDED: [&str; 9] = [
    "ARCHITECTURE.md",
    "migrations",
    "rustfmt.toml",
    "scripts",
    "src/life",
    "src/plumbing",
    "templates",
    "tests/access",
    "tests/main.rs",
];

fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in NEEDED {
        let to = folder.path().join(part);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
        assert!(Command::new("cp").arg("-R").args([&from, &to]).status().unwrap().success());
    }
    folder
}

/// Path and content of everything.
fn all(folder: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("bash").arg(folder.join("scripts/new-stage")).args(arguments).output().unwrap()
}

#[test]
fn every_file_it_names_is_there_and_every_list_names_the_stage() {
    let folder = copy();
    let before = all(folder.path());
    let done = run(folder.path(), &["sample_stage", "样板阶段"]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let after = all(folder.path());

    let told: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("written  ")).collect();
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, text)| before.get(*path) != Some(*text))
        .map(|(path, _)| path.as_str())
        .collect();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, changed, "what it says (left) and what is new or other (right)");
    for path in told.iter().filter(|path| !before.contains_key(**path)) {
        let text = &after[*path];
        let named = text.contains("sample_stage") || text.contains("sample-stage");
        assert!(path.contains("sample_stage") && (named || text.contains("待办")), "{path}");
        for pattern in ["new_stage", "new-stage", "新阶段"] {
            assert!(!text.contains(pattern), "{path} still says {pattern}");
        }
    }
    for (path, line) in [
        ("src/life/mod.rs", "pub mod sample_stage;\n"),
        ("src/life/mod.rs", "    sample_stage::STAGE,\n];"),
        ("src/plumbing/schema/stages.rs", "    sample_stage (file_id) {\n"),
        ("tests/main.rs", "mod sample_stage;\n"),
        ("scripts/test", "        sample_stage)\n"),
        ("ARCHITECTURE.md", "    sample_stage/    样板阶段\n"),
    ] {
        assert!(after[path].contains(line), "{path} lacks {line:?}");
    }
    let newest = |database: &str| {
        let below = format!("migrations/{database}/");
        after.keys().rfind(|path| path.starts_with(&below)).unwrap()
    };
    for database in ["sqlite", "postgres"] {
        assert!(newest(database).ends_with("_sample_stage/up.sql"), "{}", newest(database));
    }
    // Once more: now it is taken.
    assert_eq!(run(folder.path(), &["sample_stage"]).status.code(), Some(2));
    assert_eq!(all(folder.path()), after);
}

#[test]
fn what_it_refuses_changes_nothing() {
    let folder = copy();
    let before = all(folder.path());
    for (arguments, why) in [
        (&["overdue"][..], "is taken: src/life/overdue"),
        (&["loan"], "is taken: the table loan"),
        (&["family_contacts"], "is taken: the address /family-contacts"),
        (&["new_stage"], "is taken"),
        (&["HardshipRelief"], "no word like"),
        (&["sample-stage"], "no word like"),
        (&["../relief"], "no word like"),
        (&[""], "no word like"),
        (&["order"], "a word of Rust or SQL"),
        (&["spring", "贷款<b>"], "no name for pages"),
        (&[], "give a NAME"),
        (&["spring", "贷款", "x"], "give a NAME"),
    ] {
        let done = run(folder.path(), arguments);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    // A list that it does not know: nothing is half done.
    let map = folder.path().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(&map).unwrap();
    std::fs::write(&map, "").unwrap();
    let done = run(folder.path(), &["spring"]);
    assert!(String::from_utf8(done.stderr).unwrap().contains("is not as this script knows it"));
    std::fs::write(&map, text).unwrap();
    assert_eq!(all(folder.path()), before);
}
