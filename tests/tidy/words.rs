//! Words that may not stand in our sources, or only in one place.

use super::source::{Source, all_rust, files, line_of, places_of, program};
use super::{FLOATS_ALLOWED, each, expect_none, is_listed};

fn floats(source: &Source) -> Vec<String> {
    if is_listed(&FLOATS_ALLOWED, &source.path) {
        return Vec::new();
    }
    ["f32", "f64"]
        .iter()
        .flat_map(|word| places_of(&source.program, word))
        .map(|at| {
            format!(
                "{}:{}: a float; money is Fen, a rate RatePpm, a percentage rust_decimal",
                source.path,
                line_of(&source.program, at)
            )
        })
        .collect()
}

fn clock(source: &Source) -> Vec<String> {
    if source.path == "src/base/dates.rs" {
        return Vec::new();
    }
    ["Utc::now", "Local::now", "SystemTime::now"]
        .iter()
        .flat_map(|word| places_of(&source.program, word).into_iter().map(move |at| (word, at)))
        .map(|(word, at)| {
            format!(
                "{}:{}: {word}; ask app.clock (book/dates.rs): the demo and tests live on \
                 another day",
                source.path,
                line_of(&source.program, at)
            )
        })
        .collect()
}

/// Put together here, so that this file does not name them.
fn unfinished() -> [String; 6] {
    [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["XX", "X"].concat(),
        ["#[ign", "ore"].concat(),
        ["#[should_", "panic"].concat(),
        ["todo", "!("].concat(),
    ]
}

fn unfinished_in(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in source.lines() {
        for word in unfinished() {
            if !places_of(line, &word).is_empty() {
                complaints.push(format!(
                    "{}:{number}: {word}; finish it, or file an issue and say here what is not \
                     there and why",
                    source.path
                ));
            }
        }
    }
    complaints
}

fn says_what_it_is_for(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let said = first.strip_prefix("//!").is_some_and(|rest| rest.trim().len() > 10);
    if said {
        return Vec::new();
    }
    vec![format!(
        "{}:1: no //! line; say first what the file is for and what it must never do",
        source.path
    )]
}

/// A comment of three words or fewer says what the name says, unless it has the Chinese term, code,
/// a number or the unit of money. Comments of the command line are its help, so they stay.
fn says_nothing(source: &Source) -> Vec<String> {
    if source.path.starts_with("src/command/") || source.path == "src/main.rs" {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().map(str::trim_start).collect();
    let comment = |at: usize| lines.get(at).and_then(|line| line.strip_prefix("///"));
    let alone = |at: usize| comment(at + 1).is_none() && (at == 0 || comment(at - 1).is_none());
    let telling = |one: char| one == '`' || one.is_ascii_digit() || one > '\u{2e80}';
    let says = |text: &str| text.contains("fen") || text.chars().any(telling);
    (0..lines.len())
        .filter(|&at| comment(at).is_some_and(|t| t.split_whitespace().count() <= 3 && !says(t)))
        .filter(|&at| alone(at))
        .map(|at| {
            format!(
                "{}:{}: {}: a comment gives a reason, a unit, a source or a limit, or is not there",
                source.path,
                at + 1,
                lines[at]
            )
        })
        .collect()
}

/// Names that only we understood: what a new engineer expects under them is something else, or
/// nothing. CONTRIBUTING.md has the field's words.
const PRIVATE_TYPES: [&str; 12] = [
    "Asked",
    "Wanted",
    "Told",
    "Kept",
    "Everybody",
    "Whereabouts",
    "Companions",
    "Bell",
    "Duty",
    "ParkedFor",
    "By",
    "Note",
];

/// The same of what is written small: no function, variable, parameter, field or module either.
const PRIVATE_NAMES: [&str; 17] = [
    "asked",
    "wanted",
    "told",
    "heard",
    "said",
    "kept",
    "around",
    "apart",
    "understood",
    "is_behind",
    "in_step",
    "give_out",
    "again",
    "look",
    "park",
    "weigh",
    "settle",
];

fn private_names(source: &Source) -> Vec<String> {
    let defined = |at: &usize| {
        let before = source.program[..*at].trim_end();
        ["struct", "enum", "trait", "type"].iter().any(|what| before.ends_with(what))
    };
    let places = |word: &str| places_of(&source.program, word).into_iter();
    let types = PRIVATE_TYPES.iter().flat_map(|word| {
        places(word).filter(defined).map(move |at| (at, word)).collect::<Vec<_>>()
    });
    let names = PRIVATE_NAMES.iter().flat_map(|word| places(word).map(move |at| (at, word)));
    let all = types.chain(names);
    let line = |at| line_of(&source.program, at);
    all.map(|(at, name)| format!("{}:{}: {name}: take the field's word", source.path, line(at)))
        .collect()
}

#[test]
fn no_floats_near_money() {
    expect_none(&each(&program(), floats));
}

#[test]
fn one_file_asks_the_machine_for_the_time() {
    expect_none(&each(&program(), clock));
}

#[test]
fn nothing_is_left_for_later() {
    expect_none(&each(&all_rust(), unfinished_in));
    for folder in ["templates", "policies", "migrations", "scripts"] {
        expect_none(&each(&files(folder, &[""]), unfinished_in));
    }
    let texts = [".css", "/ui.js", ".md"];
    expect_none(&each(&files("assets", &texts), unfinished_in));
}

#[test]
fn every_file_says_what_it_is_for() {
    expect_none(&each(&all_rust(), says_what_it_is_for));
}

/// Words that pages, messages and papers once had, and the one word for each thing that they have
/// now.
const OLD_TERMS: [(&str, &str); 30] = [
    ("做走访表", "生成走访表"),
    ("打印走访表", "生成走访表"),
    ("样张", "预览"),
    ("做完了", "已完成"),
    ("没做成", "失败"),
    ("没有做成", "失败"),
    ("先联系谁", "优先级"),
    ("program(\"程序\"", "系统"),
    ("打成一个 PDF", "导出 PDF"),
    ("没有办成", "操作未完成"),
    ("有没做成的", "部分失败"),
    ("没有发成", "发送失败"),
    ("不确定", "状态不明"),
    ("不用发了", "已取消"),
    ("不发了", "取消发送"),
    ("先后分", "优先级"),
    ("打不通也记", "未接通也请登记"),
    ("没有用在册的号码", "使用其他号码"),
    ("联系覆盖", "家庭联系完成情况"),
    ("早于最近一期", "往期逾期"),
    ("暂放", "转其他业务"),
    ("另有人办", "转其他业务"),
    ("信息部门", "管理员"),
    ("入库", "入账"),
    ("收回率", "回收率"),
    ("应还未还", "到期未还"),
    ("负责", "责任人"),
    ("不改了", "取消"),
    ("不添加了", "取消"),
    ("试核", "核对"),
];

/// Headings of other people's sheets are theirs.
const OTHERS_TERMS: &str = "src/imports/layout/";

fn old_terms(source: &Source) -> Vec<String> {
    if source.path.starts_with(OTHERS_TERMS) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for (number, line) in source.lines() {
        for (old, new) in OLD_TERMS.iter().filter(|(old, _)| line.contains(old)) {
            complaints.push(format!("{}:{number}: {old}; we say {new}", source.path));
        }
    }
    complaints
}

#[test]
fn one_term_stands_for_one_thing() {
    let mut texts = files("templates", &[".html", ".txt", ".typ", ".js"]);
    texts.extend(program());
    expect_none(&each(&texts, old_terms));
}

#[test]
fn comments_say_more_than_the_name() {
    expect_none(&each(&all_rust(), says_nothing));
}

#[test]
fn names_are_those_that_others_know() {
    expect_none(&each(&program(), private_names));
}

#[test]
fn these_rules_can_fail() {
    let source = |text: &str| Source::new("src/book/loan.rs", text);
    assert_eq!(floats(&source("let a: f64 = 1.0;")).len(), 1);
    assert_eq!(floats(&source("// f64\nlet af64 = \"f32\";")).len(), 0);
    assert_eq!(floats(&Source::new("src/plumbing/sheet/x.rs", "f64")).len(), 0);
    assert_eq!(clock(&source("let a = chrono::Utc::now();")).len(), 1);
    assert_eq!(clock(&Source::new("src/base/dates.rs", "Utc::now()")).len(), 0);
    for word in unfinished() {
        assert_eq!(unfinished_in(&source(&format!("// {word} x"))).len(), 1, "{word}");
    }
    assert_eq!(unfinished_in(&source("fn mastodon() {}")).len(), 0);
    assert_eq!(says_what_it_is_for(&source("//! The loan row.\n")).len(), 1 - 1);
    assert_eq!(says_what_it_is_for(&source("fn a() {}\n//! The loan row.\n")).len(), 1);
    assert_eq!(says_what_it_is_for(&source("//!\n")).len(), 1);
    assert_eq!(private_names(&source("pub struct Asked {\n}\npub(super) fn told() {}")).len(), 2);
    assert_eq!(private_names(&source("let told = 1; // fn told\nfn told_all() {}")).len(), 1);
    for text in ["fn a(asked: u8)", "struct A { kept: u8 }", "|said| 1", "for heard in all {}"] {
        assert_eq!(private_names(&source(text)).len(), 1, "{text}");
    }
    assert_eq!(private_names(&source("Step::Asked; by_told(\"told\", Note::A)")).len(), 0);
    assert_eq!(says_nothing(&source("/// The rows.\nrows: u8,")).len(), 1);
    assert_eq!(
        says_nothing(&source("/// 乡镇.\na: u8,\n/// Longer,\n/// and more.\nb: u8")).len(),
        0
    );
}
