//! Each table is written by exactly one file, so that somebody who asks "who changes this?" has
//! one place to look. And: both databases have the same migrations, each with a way back.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, files, line_of, places_of, program, root};
use super::{WITHOUT_ACT, WRITES_ALLOWED, each, expect_none, is_listed};

/// A write in the sources: table (none when it cannot be told), line.
type Write = (Option<String>, usize);

/// The names of all tables.
pub(super) fn known_tables() -> BTreeSet<String> {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    let parts = [
        "clock",
        "closing",
        "counter",
        "early",
        "follow",
        "hardship",
        "payments",
        "postings",
        "relief_fund",
        "stages",
        "study",
    ];
    let parts = parts.map(|part| format!("schema/{part}.rs"));
    let schema: String = std::iter::once("schema.rs".to_owned())
        .chain(parts)
        .map(|file| read(&format!("src/plumbing/{file}")))
        .collect();
    let heads = schema.split("diesel::table! {").skip(1);
    heads.map(|block| block.split('(').next().unwrap().trim().to_owned()).collect()
}

fn writes_in(source: &Source, known: &BTreeSet<String>) -> Vec<Write> {
    let mut writes = by_diesel(&source.program, known);
    for (line, text) in &source.texts {
        writes.extend(by_sql(text, known).into_iter().map(|table| (table, *line)));
    }
    writes
}

fn by_diesel(code: &str, known: &BTreeSet<String>) -> Vec<Write> {
    let mut writes = Vec::new();
    for (call, argument, surely) in [
        ("insert_into(", 0, true),
        ("replace_into(", 0, true),
        ("insert_rows!(", 1, true),
        ("upsert_rows!(", 1, true),
        ("remove_rows!(", 1, true),
        ("diesel::update(", 0, true),
        ("diesel::delete(", 0, true),
        ("update(", 0, false),
        ("delete(", 0, false),
    ] {
        for at in places_of(code, call) {
            let before = &code[..at];
            // `.update(` belongs to a hash, `fn update(` is our own, `diesel::update(` is counted.
            let other = ["fn ", ".", "diesel::"].iter().any(|end| before.ends_with(end));
            if !surely && other {
                continue;
            }
            let rest = &code[at + call.len()..];
            let path = nth_argument(rest, argument);
            let table = table_of(path, known).or_else(|| table_of(meant_by(path, before), known));
            if table.is_some() || (surely && !is_definition(path)) {
                writes.push((table, line_of(code, at)));
            }
        }
    }
    writes
}

/// The `n`th argument, as far as it is a path.
fn nth_argument(rest: &str, n: usize) -> &str {
    let argument = rest.splitn(n + 2, ',').nth(n).unwrap_or_default();
    let argument = argument.trim().trim_start_matches('&');
    let end = argument.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':' && c != '$');
    &argument[..end.unwrap_or(argument.len())]
}

/// `let row = loan::table.find(id); diesel::update(row)`: what the variable was last set to.
fn meant_by<'a>(variable: &str, before: &'a str) -> &'a str {
    let set = format!("let {variable} = ");
    let at = before.rfind(&set).map(|at| at + set.len());
    at.map_or("", |at| nth_argument(&before[at..], 0))
}

/// In a macro's own body the table is still a variable.
fn is_definition(path: &str) -> bool {
    path.starts_with('$')
}

fn table_of(path: &str, known: &BTreeSet<String>) -> Option<String> {
    let whole = path.contains("::table") || !path.contains("::");
    path.split("::").find(|part| whole && known.contains(*part)).map(str::to_owned)
}

fn by_sql(text: &str, known: &BTreeSet<String>) -> Vec<Option<String>> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '\\' | '"' | '(' | ',' | ';'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut writes = Vec::new();
    for at in 0..words.len() {
        let word = |n: usize| words.get(at + n).copied().unwrap_or_default();
        let name = match (word(0), word(1)) {
            // A copy of the whole file, not a row.
            ("INTO", _) if at > 0 && words[at - 1] == "VACUUM" => continue,
            ("INTO", table) if at > 0 => table,
            ("DELETE", "FROM") => word(2),
            ("TRUNCATE", table) => table,
            ("COPY", table) if word(2) == "FROM" => table,
            // "ON CONFLICT ... DO UPDATE SET" names no table, "FOR UPDATE" writes nothing.
            ("UPDATE", table) if word(2) == "SET" => table,
            _ => continue,
        };
        let name = name.rsplit('.').next().unwrap_or(name);
        writes.push(known.get(name).cloned());
    }
    writes
}

fn one_writer_each(sources: &[Source], known: &BTreeSet<String>) -> Vec<String> {
    let mut writers: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| !is_listed(&WRITES_ALLOWED, &source.path)) {
        for (table, line) in writes_in(source, known) {
            match table {
                Some(table) => {
                    writers.entry(table).or_default().entry(source.path.clone()).or_insert(line);
                }
                None => complaints.push(format!(
                    "{}:{line}: writes to a table that tidy cannot name; write it out as \
                     name::table, or the name in the SQL text",
                    source.path
                )),
            }
        }
    }
    for (table, files) in writers.iter().filter(|(_, files)| files.len() > 1) {
        let places: Vec<String> =
            files.iter().map(|(path, line)| format!("{path}:{line}")).collect();
        complaints.push(format!(
            "{}: table {table} is written by {} files; move the writes into one and call it",
            places.join(", "),
            places.len()
        ));
    }
    complaints
}

#[test]
fn each_table_is_written_by_one_file() {
    let known = known_tables();
    assert!(known.len() > 20, "schema.rs could not be read");
    expect_none(&one_writer_each(&program(), &known));
}

/// `db.write("...", |db| ...)` by hand.
fn bare_writes(source: &Source) -> Vec<String> {
    let code = &source.program;
    let named = code.match_indices(".write(").filter_map(|(at, call)| {
        code[at + call.len()..].trim_start().starts_with("\"\"").then_some(at)
    });
    let complaint = |at: usize| {
        let line = line_of(code, at);
        format!(
            "{}:{line}: writes without an Act; `me.act(..)`, or `act::run` for the program, or a \
             line with its reason in WITHOUT_ACT",
            source.path
        )
    };
    named.map(complaint).collect()
}

#[test]
fn what_somebody_does_is_an_act() {
    let all = program();
    let unlisted = |source: &Source| match is_listed(&WITHOUT_ACT, &source.path) {
        true => Vec::new(),
        false => bare_writes(source),
    };
    expect_none(&each(&all, unlisted));
    for (path, _) in WITHOUT_ACT {
        let used = |source: &&Source| source.path.starts_with(path);
        let writes = all.iter().filter(used).any(|source| !bare_writes(source).is_empty());
        assert!(writes, "{path} has no write any more: take it off WITHOUT_ACT");
    }
}

#[test]
fn migrations_are_twins_with_a_way_back() {
    let of = |folder: &str| -> BTreeMap<String, String> {
        files(folder, &[".sql"])
            .into_iter()
            .map(|file| (file.path.split_once('/').unwrap().1.to_owned(), file.text))
            .map(|(path, text)| (path.split_once('/').unwrap().1.to_owned(), text))
            .collect()
    };
    let (sqlite, postgres) = (of("migrations/sqlite"), of("migrations/postgres"));
    assert!(!sqlite.is_empty(), "the migrations were not found");
    let mut complaints = Vec::new();
    for (one, other, there) in
        [(&sqlite, &postgres, "migrations/postgres"), (&postgres, &sqlite, "migrations/sqlite")]
    {
        for (path, text) in one {
            if !other.contains_key(path) {
                complaints.push(format!("{there}/{path}: is missing; every migration has a twin"));
            }
            if is_empty_sql(text) {
                complaints.push(format!("{path}:1: does nothing; write the step, up and down"));
            }
            let pair = if path.ends_with("/up.sql") {
                path.replace("/up.sql", "/down.sql")
            } else {
                path.replace("/down.sql", "/up.sql")
            };
            if !one.contains_key(&pair) {
                complaints.push(format!("{pair}: is missing; every step can be taken back"));
            }
        }
    }
    expect_none(&complaints);
}

fn is_empty_sql(text: &str) -> bool {
    !text.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with("--"))
}

#[test]
fn these_rules_can_fail() {
    let known: BTreeSet<String> = ["loan", "loan_event"].map(str::to_owned).into();
    let writes = |text: &str| -> Vec<Option<String>> {
        writes_in(&Source::new("src/x.rs", text), &known).into_iter().map(|(t, _)| t).collect()
    };
    let loan = || Some("loan".to_owned());
    assert_eq!(writes("diesel::insert_into(loan::table).values(x)"), [loan()]);
    assert_eq!(writes("diesel::insert_into(schema::loan::table)"), [loan()]);
    assert_eq!(writes("diesel::update(loan::table.find(1)).set(x)"), [loan()]);
    assert_eq!(writes("update(loan::table).set(x)"), [loan()]);
    assert_eq!(writes("diesel::delete(loan.filter(x))"), [loan()]);
    assert_eq!(writes("insert_rows!(db, loan::table, 2, rows)"), [loan()]);
    assert_eq!(writes("remove_rows!(db, loan::table, loan::id, x, scope, ids)"), [loan()]);
    assert_eq!(writes("upsert_rows!(\n    db,\n    loan::table, 2, rows)"), [loan()]);
    assert_eq!(writes("let row = loan::table.find(1);\n diesel::update(row).set(x)"), [loan()]);
    assert_eq!(writes("let row = other();\n diesel::update(row).set(x)"), [None]);
    assert_eq!(writes("diesel::insert_into(alias::table)"), [None]);
    assert_eq!(writes("let s = \"INSERT INTO loan (a) VALUES (1)\";"), [loan()]);
    assert_eq!(writes("let s = \"INSERT OR IGNORE INTO loan(a)\";"), [loan()]);
    assert_eq!(writes("let s = \"UPDATE loan \\\n SET a = 1\";"), [loan()]);
    assert_eq!(writes("let s = \"DELETE FROM loan WHERE a\";"), [loan()]);
    assert_eq!(writes("let s = format!(\"INSERT INTO {table} (a)\");"), [None]);
    for harmless in [
        "hash.update(loan)",
        "fn update(loan: Loan) {}",
        "update(&row)",
        "let s = \"ON CONFLICT (a) DO UPDATE SET a = 1\";",
        "let s = \"SELECT a FROM loan FOR UPDATE\";",
        "let s = \"正在写入 loan\";",
        "diesel::insert_into($table)",
    ] {
        assert_eq!(writes(harmless), [], "{harmless}");
    }
    let source = |path: &str| Source::new(path, "diesel::insert_into(loan::table)");
    let two = [source("src/a.rs"), source("src/b.rs")];
    let complaints = one_writer_each(&two, &known);
    assert!(complaints[0].contains("src/a.rs:1, src/b.rs:1: table loan"), "{complaints:?}");
    assert!(one_writer_each(&two[..1], &known).is_empty());
    let bare = |text: &str| bare_writes(&Source::new("src/desk/x.rs", text)).len();
    assert_eq!(bare("app\n    .write(\"a name\", move |db| Ok(()))"), 1);
    assert_eq!(bare("db.write(\"\", |db| Ok(())); file.write(b\"x\"); db.write(name, body)"), 1);
    assert!(is_empty_sql("-- nothing\n\n") && !is_empty_sql("DROP TABLE a;"));
}
