//! What several tests share.

pub mod app;
pub mod county;
pub mod database;
pub mod everything;

pub use app::{Answer, Browser, OFFICE, TestApp, each};

/// A page with each tag in one line: where a template breaks its lines says nothing.
pub fn tags_in_a_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_tag, mut blank) = (false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let opens = c == '<' && chars.peek().is_some_and(|next| next.is_alphabetic());
        in_tag = (in_tag || opens) && c != '>';
        if in_tag && c.is_whitespace() {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}
