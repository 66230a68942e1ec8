//! What several tests share.

pub mod app;
pub mod county;
pub mod database;
pub mod everything;

pub use app::{Answer, Browser, OFFICE, TestApp, each};

/// A page as a browser reads it: where a template breaks its lines, inside a tag or inside a
/// sentence, says nothing. A line that ends or begins with a tag stays a line.
pub fn as_read(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_tag = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_whitespace() {
            let opens = c == '<' && chars.peek().is_some_and(|next| next.is_alphabetic());
            in_tag = (in_tag || opens) && c != '>';
            out.push(c);
            continue;
        }
        let mut run = String::from(c);
        while let Some(more) = chars.next_if(|next| next.is_whitespace()) {
            run.push(more);
        }
        let in_sentence = !out.ends_with('>') && chars.peek().is_some_and(|next| *next != '<');
        let broken = run.contains('\n');
        out.push_str(if in_tag || (broken && in_sentence) { " " } else { &run });
    }
    out
}

/// A part of a page without its tags, on one line.
pub fn plain(part: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in part.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ").replace("&#x2f;", "/")
}
