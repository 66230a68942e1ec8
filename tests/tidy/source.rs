//! Our own files, and three views of a Rust file that rules look at: without comments, without
//! texts, without tests. All views keep every line where it was.

use std::path::Path;

/// One file of ours.
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub text: String,
    /// Rust only: no comments, no texts; a text is left as `""`.
    pub code: String,
    /// Rust only: the same without `#[cfg(test)] mod ... { ... }`.
    pub program: String,
    /// Rust only, outside tests: line number and content of every text.
    pub texts: Vec<(usize, String)>,
}

impl Source {
    /// Takes the text of a file apart.
    pub fn new(path: &str, text: &str) -> Source {
        let (code, texts) =
            if path.ends_with(".rs") { take_apart(text) } else { (String::new(), Vec::new()) };
        let tests = test_lines(path, &code);
        let program = code
            .split('\n')
            .enumerate()
            .map(|(at, line)| if tests.contains(&at) { "" } else { line })
            .collect::<Vec<_>>()
            .join("\n");
        let texts = texts.into_iter().filter(|(at, _)| !tests.contains(&(at - 1))).collect();
        Source { path: path.to_owned(), text: text.to_owned(), code, program, texts }
    }

    /// The name without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Lines of the file with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// The line number (from 1) of a place in a text.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` (none when it does not exist) whose name ends with one of `endings`,
/// in order of their paths.
pub fn files(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.retain(|path| endings.iter().any(|ending| path.ends_with(ending)));
    paths.sort();
    paths
        .iter()
        .map(|path| Source::new(path, &std::fs::read_to_string(root().join(path)).unwrap()))
        .collect()
}

/// Every Rust file of the program.
pub fn program() -> Vec<Source> {
    let mut all = files("src", &[".rs"]);
    all.extend(files("jobs", &[".rs"]));
    all.extend(files("papers/src", &[".rs"]));
    assert!(all.len() > 10, "the sources were not found");
    all
}

/// Every Rust file of ours.
pub fn all_rust() -> Vec<Source> {
    let mut all = program();
    all.extend(files("tests", &[".rs"]));
    all.extend(files("benches", &[".rs"]));
    all.extend(files("papers/tests", &[".rs"]));
    all
}

fn walk(folder: &Path, paths: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else {
            let below = path.strip_prefix(root()).unwrap();
            paths.push(below.to_string_lossy().replace('\\', "/"));
        }
    }
}

/// Code with comments gone and texts emptied, and the texts with the line they begin on.
fn take_apart(text: &str) -> (String, Vec<(usize, String)>) {
    let all: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut texts = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < all.len() {
        let rest = &all[at..];
        let end = at + skipped(rest, code.chars().last());
        if end == at {
            line += usize::from(all[at] == '\n');
            code.push(all[at]);
            at += 1;
            continue;
        }
        let piece: String = all[at..end].iter().collect();
        let lines = piece.matches('\n').count();
        if !piece.starts_with('/') && !piece.starts_with('\'') {
            texts.push((line, content_of(&piece)));
        }
        code.push_str(if piece.starts_with('/') { "" } else { "\"\"" });
        code.push_str(&"\n".repeat(lines));
        line += lines;
        at = end;
    }
    (code, texts)
}

/// How many characters from here belong to a comment, a text or a character literal; 0 if none.
fn skipped(rest: &[char], before: Option<char>) -> usize {
    let starts = |word: &str| word.chars().enumerate().all(|(n, c)| rest.get(n) == Some(&c));
    if starts("//") {
        return rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
    }
    if starts("/*") {
        return block_comment(rest);
    }
    if starts("\"") {
        return quoted(rest, 1);
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !in_word && (starts("r\"") || starts("r#") || starts("br\"") || starts("br#")) {
        return raw(rest);
    }
    // 'x' and '\n' are characters, 'a is a lifetime.
    if starts("'\\") {
        return 2 + rest[2..].iter().skip(1).position(|c| *c == '\'').map_or(0, |n| n + 2);
    }
    if starts("'") && rest.get(2) == Some(&'\'') {
        return 3;
    }
    0
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match (rest[at], rest.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], from: usize) -> usize {
    let mut at = from;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn raw(rest: &[char]) -> usize {
    let r = rest.iter().position(|c| *c == 'r').unwrap_or(0);
    let hashes = rest[r + 1..].iter().take_while(|c| **c == '#').count();
    if rest.get(r + 1 + hashes) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = r + 2 + hashes;
    let found = rest[body..].windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |n| body + n + end.len())
}

fn content_of(piece: &str) -> String {
    let from = piece.find('"').map_or(0, |n| n + 1);
    let to = piece.rfind('"').filter(|to| *to >= from).unwrap_or(piece.len());
    piece[from..to].to_owned()
}

/// Line numbers from 0 of test modules; all of a file that holds nothing but tests.
fn test_lines(path: &str, code: &str) -> std::collections::HashSet<usize> {
    let only_tests = path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs");
    if only_tests {
        return (0..code.split('\n').count()).collect();
    }
    let mut lines = std::collections::HashSet::new();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let Some(open) = code[at..].find(['{', ';']).map(|n| at + n) else { continue };
        let end = if code[open..].starts_with('{') { matching(code, open) } else { open };
        lines.extend(line_of(code, at) - 1..line_of(code, end));
    }
    lines
}

/// The place of the bracket that closes the one at `open`.
pub fn matching(code: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (n, c) in code[open..].char_indices() {
        depth += i32::from(matches!(c, '{' | '(' | '[')) - i32::from(matches!(c, '}' | ')' | ']'));
        if depth == 0 {
            return open + n;
        }
    }
    code.len()
}

/// Places where `word` stands by itself, not as a part of a longer name.
pub fn places_of(code: &str, word: &str) -> Vec<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let wordy = word.ends_with(part);
    code.match_indices(word)
        .filter(|(at, _)| !code[..*at].ends_with(part))
        .filter(|(at, found)| !wordy || !code[at + found.len()..].starts_with(part))
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn comments_and_texts_are_not_code() {
    let text = "let a = \"f64 // {\"; // f64\n/* f64\n/* x */ f64 */ let b = r#\"f\"64\"#;\n\
                let c = '\"'; let d: &'a str = \"\\\"f64\"; let e = b'\\'';";
    let source = Source::new("src/x.rs", text);
    assert!(!source.code.contains("f64"), "{}", source.code);
    assert_eq!(source.code.lines().count(), text.lines().count());
    let texts: Vec<&str> = source.texts.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["f64 // {", "f\"64", "\\\"f64"]);
    assert_eq!(source.texts[1].0, 3);
    assert!(source.code.contains("&'a str"));
}

#[test]
fn tests_are_not_program() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { '{'; }\n}\nfn c() {}\n";
    let source = Source::new("src/x.rs", text);
    assert!(source.program.contains("fn a") && source.program.contains("fn c"));
    assert!(!source.program.contains("fn b"), "{}", source.program);
    assert!(!Source::new("src/book/tests.rs", text).program.contains("fn a"));
}
