//! What a form holds, read as text: without characters that nobody can see, its token compared in
//! a time that tells nothing.

use std::borrow::Cow;

use actix_web::web;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

use crate::base::url::encoded;
use crate::error::{AppError, AppResult};

/// True for two equal texts that are not empty; takes as long for unequal ones.
pub fn equal(a: &str, b: &str) -> bool {
    !b.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

/// The text of a form.
pub(crate) fn read_body(body: Result<web::Bytes, actix_web::Error>) -> AppResult<String> {
    let body = body.map_err(|_| AppError::refused("填的内容太长，请分几次提交"))?;
    String::from_utf8(body.to_vec()).map_err(|_| AppError::refused("表单不是 UTF-8 文字"))
}

/// A text as somebody meant it: without characters that nobody can see. Those that turn the
/// direction of writing would let a note show something else than it says, and the others no
/// database or paper can take. Line ends and tabs stay.
pub fn plain(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
            || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    if text.contains(hidden) { text.replace(hidden, "").into() } else { text.into() }
}

/// The fields of a form, each value [`plain`].
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> AppResult<T> {
    let fields: Vec<(String, String)> = query(text)?;
    if fields.iter().all(|(_, value)| matches!(plain(value), Cow::Borrowed(_))) {
        return query(text);
    }
    let pair =
        |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(&plain(value)));
    query(&fields.iter().map(pair).collect::<Vec<_>>().join("&"))
}

fn query<T: DeserializeOwned>(text: &str) -> AppResult<T> {
    web::Query::<T>::from_query(text)
        .map(web::Query::into_inner)
        .map_err(|_| AppError::refused("表单缺了内容，请刷新页面后再提交"))
}

/// The fields of a form whose `csrf` field is `csrf`, the token of the session it was shown in.
pub(crate) fn parse_checked<T: DeserializeOwned>(text: &str, csrf: &str) -> AppResult<T> {
    let fields: Vec<(String, String)> = parse(text)?;
    let token = fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
    if equal(token.unwrap_or_default(), csrf) { parse(text) } else { Err(AppError::Stale) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_nobody_sees_are_left_out() {
        for (typed, cleaned) in [
            ("王主任说，下周还", "王主任说，下周还"),
            ("第一行\r\n第二行\t完", "第一行\r\n第二行\t完"),
            ("已\u{202E}还没", "已还没"),
            ("\u{FEFF}覃\u{200B}远\u{0}", "覃远"),
            ("𬱖和 ⿰", "𬱖和 ⿰"),
        ] {
            assert_eq!(plain(typed), cleaned);
        }
        let fields: Vec<(String, String)> =
            parse("note=%E2%80%AEa%26b%3Dc+d&empty=&n%C3%A9=1").unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(fields, [pair("note", "a&b=c d"), pair("empty", ""), pair("né", "1")]);
    }
}
