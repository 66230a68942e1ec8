//! Small enough to read: files to 400 lines (600 at most), functions to 70, 100 columns; 160 in
//! templates.

use super::source::{Source, all_rust, files, line_of, matching, places_of, program};
use super::{each, expect_none};

const FILE_LINES_MAX: usize = 600;
const STYLE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const CODE: (usize, fn(&str) -> usize) = (100, characters);
const TEMPLATE: (usize, fn(&str) -> usize) = (160, wide);

fn file(source: &Source, most: usize) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= most {
        return Vec::new();
    }
    vec![format!("{}:1: {lines} lines; {most} at most: split it by what it is for", source.path)]
}

/// Columns of a line on a screen: a Chinese character takes two.
fn wide(line: &str) -> usize {
    line.chars().map(|c| if c.len_utf8() == 3 { 2 } else { 1 }).sum()
}

fn characters(line: &str) -> usize {
    line.chars().count()
}

fn columns(source: &Source, (most, of): (usize, fn(&str) -> usize)) -> Vec<String> {
    source
        .lines()
        .filter(|(_, line)| of(line) > most)
        .map(|(number, line)| {
            format!(
                "{}:{number}: {} columns; {most} at most: break the line (a text with \\)",
                source.path,
                of(line)
            )
        })
        .collect()
}

/// Lines between the braces of a function.
fn functions(source: &Source) -> Vec<String> {
    let code = &source.program;
    let mut complaints = Vec::new();
    for at in places_of(code, "fn") {
        let Some(open) = body(code, at) else { continue };
        let inside = code[open..matching(code, open)].matches('\n').count().saturating_sub(1);
        if inside > FUNCTION_LINES_MAX {
            let name = code[at + 2..].trim_start();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
            complaints.push(format!(
                "{}:{}: fn {} has {inside} lines; {FUNCTION_LINES_MAX} at most: give a part of \
                 it a name of its own",
                source.path,
                line_of(code, at),
                &name[..end]
            ));
        }
    }
    complaints
}

/// The brace that opens the body of the function at `at`; none for a declaration or a type.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (n, c) in code[at..].char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at + n),
            ';' | ',' | '=' if depth == 0 => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

#[test]
fn files_are_short() {
    expect_none(&each(&all_rust(), |source| file(source, FILE_LINES_MAX)));
    expect_none(&each(&files("templates", &[".html"]), |source| file(source, FILE_LINES_MAX)));
}

#[test]
fn style_sheets_are_short() {
    let sheets = files("assets", &[".css"]);
    assert!(!sheets.is_empty(), "the style sheet was not found");
    expect_none(&each(&sheets, |source| file(source, STYLE_LINES_MAX)));
}

#[test]
fn functions_are_short() {
    expect_none(&each(&program(), functions));
}

#[test]
fn lines_are_short() {
    expect_none(&each(&all_rust(), |source| columns(source, CODE)));
    expect_none(&each(&files("scripts", &[""]), |source| columns(source, CODE)));
    let templates = files("templates", &[".html"]);
    expect_none(&each(&templates, |source| columns(source, TEMPLATE)));
}

#[test]
fn these_rules_can_fail() {
    let source = |text: &str| Source::new("src/x.rs", text);
    assert_eq!(file(&source(&"a\n".repeat(601)), 600).len(), 1);
    assert_eq!(file(&source(&"a\n".repeat(600)), 600).len(), 0);
    assert_eq!(columns(&source(&"贷".repeat(100)), CODE).len(), 0);
    assert_eq!(columns(&source(&"a".repeat(101)), CODE).len(), 1);
    assert_eq!(columns(&source(&"贷".repeat(81)), TEMPLATE).len(), 1);
    let long =
        |lines: usize| format!("fn a<T>(x: [u8; 2]) -> T {{\n{}}}\n", "    b();\n".repeat(lines));
    assert_eq!(functions(&source(&long(70))).len(), 0);
    assert_eq!(functions(&source(&long(71))).len(), 1);
    assert!(functions(&source(&long(71)))[0].contains("src/x.rs:1: fn a has 71 lines"));
    assert_eq!(functions(&source(&format!("#[cfg(test)]\nmod tests {{\n{}}}", long(71)))).len(), 0);
    assert_eq!(functions(&source(&format!("trait A {{ fn b(); }}\n{}", long(71)))).len(), 1);
    assert_eq!(functions(&source(&format!("type F = fn(u8) -> u8;\n{}", long(70)))).len(), 0);
}
