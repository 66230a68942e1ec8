//! What a template may say: words by name, made ready here so that no template calculates.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::book::dates;
use crate::book::money::Fen;
use crate::book::payments_known::BankData;

/// The words for the fields of a template, by their name.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    /// Fields for somebody of this name: `whose` is 您的 until [`Fields::of_student`] says more.
    pub fn to(name: &str) -> Fields {
        Fields::default().text("name", name).text("student", name).text("whose", "您的")
    }

    /// The loan is of this student, the receiver is the co-borrower.
    pub fn of_student(self, student: &str) -> Fields {
        let whose = format!("您和{student}的");
        self.text("student", student).text("whose", whose)
    }

    /// A field of plain words.
    pub fn text(mut self, name: &'static str, words: impl Into<String>) -> Fields {
        self.0.insert(name, words.into());
        self
    }

    /// An amount: `¥1,120.00`.
    pub fn money(self, name: &'static str, amount: Fen) -> Fields {
        self.text(name, yuan(amount))
    }

    /// The amount of a message, with what it is based on where nobody knows yet: every template of
    /// an office says it, since it is part of the amount.
    pub fn amount(self, amount: Fen, assumed: Option<&str>) -> Fields {
        self.text("amount", amount_words(amount, assumed))
    }

    /// The arrears of a notice, as far as the bank's data go.
    pub fn arrears(
        self,
        amount: Fen,
        assumed: Option<&str>,
        (bank_data, today): (&BankData, NaiveDate),
    ) -> Fields {
        let known = bank_data.until.map_or(today, |until| until.min(today));
        self.day("as_of", known, today).amount(amount, assumed)
    }

    /// Why nobody waits for the bank's result: no amount, since it may be paid.
    pub fn unconfirmed(self, bank_data: &BankData) -> Fields {
        self.text("why", bank_data.ahead.as_deref().unwrap_or_default())
    }

    /// A day: `12月20日`, with the year when it is not this year.
    pub fn day(self, name: &'static str, day: NaiveDate, today: NaiveDate) -> Fields {
        self.text(name, dates::in_words(day, today))
    }

    /// The words of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// `¥1,120.00（按没有免息政策计算）`.
pub(super) fn amount_words(amount: Fen, assumed: Option<&str>) -> String {
    let based = assumed.map(|assumed| format!("（{assumed}）")).unwrap_or_default();
    format!("{}{based}", yuan(amount))
}

/// `¥1,120.00`.
pub(super) fn yuan(amount: Fen) -> String {
    format!("¥{}", amount.to_page_text())
}
