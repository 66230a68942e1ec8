//! The small language by which the configuration says how a vendor's answer is read.
//!
//! | written | as a condition | as a value |
//! | --- | --- | --- |
//! | `json:/code == 0` | the value at this pointer is 0 (`0\|200`: one of these) | - |
//! | `json:/sid` | the value is there | the value |
//! | `text:^0: Accepted` | the answer begins so | - |
//! | `text:success` | the answer holds this | - |
//! | `text:` | any text | the answer itself, one line |
//! | `text:id=` | holds this | what follows it, to the next blank, comma, `&` or `;` |
//! | `status` | 2xx | the status |

use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub text: String,
    /// The same read as JSON.
    pub json: Option<Value>,
}

impl Reply {
    /// Reads the body once.
    pub fn new(status: u16, text: String) -> Reply {
        let json = serde_json::from_str(text.trim()).ok();
        Reply { status, text, json }
    }

    /// The first line, short enough for a page.
    pub fn in_short(&self) -> String {
        let text: String = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = text.chars().take(120).collect();
        format!("{} {short}", self.status)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    Empty,
    Status,
    /// A value of the JSON answer, and which values are meant.
    Json(String, Option<Vec<String>>),
    /// The text begins so.
    Begins(String),
    /// The text holds this.
    Holds(String),
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Expression::Empty);
        }
        if text == "status" {
            return Ok(Expression::Status);
        }
        if let Some(rest) = text.strip_prefix("json:") {
            let (pointer, values) = match rest.split_once("==") {
                None => (rest.trim(), None),
                Some((pointer, values)) => {
                    let all = values.split('|').map(|one| one.trim().to_owned()).collect();
                    (pointer.trim(), Some(all))
                }
            };
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err(format!("expected json:/POINTER, found {text:?}"));
            }
            return Ok(Expression::Json(pointer.to_owned(), values));
        }
        if let Some(rest) = text.strip_prefix("text:^") {
            return Ok(Expression::Begins(rest.to_owned()));
        }
        if let Some(rest) = text.strip_prefix("text:") {
            return Ok(Expression::Holds(rest.to_owned()));
        }
        Err(format!(
            "expected json:/POINTER == VALUE, text:^BEGIN, text:PART or status, found \
                     {text:?}"
        ))
    }

    /// Is it so? Nothing written: a 2xx status is enough.
    pub fn holds(&self, reply: &Reply) -> bool {
        match self {
            Expression::Empty | Expression::Status => (200..300).contains(&reply.status),
            Expression::Json(_, None) => self.value(reply).is_some(),
            Expression::Json(pointer, Some(values)) => {
                json_text(reply.json.as_ref(), pointer).is_some_and(|v| values.contains(&v))
            }
            Expression::Begins(begin) => reply.text.trim_start().starts_with(begin.as_str()),
            Expression::Holds(part) => reply.text.contains(part.as_str()),
        }
    }

    /// The value it points at; None: the answer has none.
    pub fn value(&self, reply: &Reply) -> Option<String> {
        match self {
            Expression::Empty => None,
            Expression::Status => Some(reply.status.to_string()),
            Expression::Json(pointer, _) => json_text(reply.json.as_ref(), pointer),
            Expression::Begins(begin) => {
                reply.text.trim_start().strip_prefix(begin.as_str()).map(word)
            }
            Expression::Holds(part) if part.is_empty() => Some(
                reply.text.lines().next().unwrap_or_default().trim().chars().take(120).collect(),
            ),
            Expression::Holds(part) => {
                reply.text.split_once(part.as_str()).map(|(_, rest)| word(rest))
            }
        }
    }
}

fn word(rest: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '&' | ';');
    rest.trim_start().split(ends).next().unwrap_or_default().chars().take(120).collect()
}

/// The text, number or boolean at a pointer.
pub fn json_text(json: Option<&Value>, pointer: &str) -> Option<String> {
    match json?.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply::new(200, text.to_owned())
    }

    fn read(text: &str) -> Expression {
        Expression::parse(text).unwrap()
    }

    #[test]
    fn conditions() {
        assert!(read("json:/code == 0").holds(&reply("{\"code\": 0}")));
        assert!(read("json:/code==0|200").holds(&reply("{\"code\": \"200\"}")));
        assert!(!read("json:/code == 0").holds(&reply("{\"code\": 1}")));
        assert!(!read("json:/code == 0").holds(&reply("<html>0</html>")));
        assert!(read("text:^0: Accepted").holds(&reply("0: Accepted for delivery")));
        assert!(!read("text:^0: Accepted").holds(&reply("3: 0: Accepted")));
        assert!(read("text:success").holds(&reply("a=success")));
        assert!(read("").holds(&reply("")));
        assert!(!read("").holds(&Reply::new(404, String::new())));
        for bad in ["jsn:/a", "json:code == 0", "code == 0"] {
            assert!(Expression::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values() {
        let json = reply("{\"data\": [{\"sid\": 17}]}");
        assert_eq!(read("json:/data/0/sid").value(&json).as_deref(), Some("17"));
        assert_eq!(read("json:/sid").value(&json), None);
        assert_eq!(read("text:id=").value(&reply("ok id=ab12, x")).as_deref(), Some("ab12"));
        assert_eq!(read("text:^OK:").value(&reply("OK: 77")).as_deref(), Some("77"));
        assert_eq!(read("status").value(&reply("")).as_deref(), Some("200"));
    }
}
