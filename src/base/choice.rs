//! One of several that a page offers, as the macro `choice` of the templates takes it.

use serde::Serialize;

/// What the form sends, and what its reader sees. Every `text_enum!` makes one of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    pub value: String,
    pub text: String,
}

impl Choice {
    pub fn new(value: impl ToString, text: impl ToString) -> Choice {
        Choice { value: value.to_string(), text: text.to_string() }
    }

    pub fn all<T: Copy + Into<Choice>>(of: &[T]) -> Vec<Choice> {
        of.iter().map(|one| (*one).into()).collect()
    }
}
