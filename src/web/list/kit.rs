//! What a list asks of the database, said once: conditions as SQL text with their values, the same
//! on both databases. Rows, counts and sums are made of the same [`Condition`]; the tables, and the
//! offices of the [`Scope`](crate::base::scope::Scope), stand in a typed query around it.

use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping,
    is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Date, Text};

use super::filter::From as Side;
use crate::base::money::Fen;
use crate::plumbing::db::Db;

type Backend = <Db as diesel::Connection>::Backend;

/// A value that a condition compares with; never part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A kind, a name, a pattern.
    Text(String),
    /// An identity, a number, fen.
    Whole(i64),
    Day(NaiveDate),
}

macro_rules! value_of {
    ($($from:ty => $variant:ident),+) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Value { Value::$variant(value.into()) }
        }
    )+};
}

value_of!(String => Text, &str => Text, &String => Text, i64 => Whole, i32 => Whole,
    NaiveDate => Day);

/// SQL text of a type, with a value for each `?` in it.
#[derive(Clone, Debug)]
pub struct Fragment<T> {
    sql: String,
    values: Vec<Value>,
    of: PhantomData<T>,
}

/// What rows must be like.
pub type Condition = Fragment<Bool>;

impl<T> Fragment<T> {
    /// A text without values.
    pub fn new(sql: &str) -> Fragment<T> {
        Fragment { sql: sql.to_owned(), values: Vec::new(), of: PhantomData }
    }

    /// A value for the next `?`.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Fragment<T> {
        self.values.push(value.into());
        self
    }

    fn push<U>(&mut self, (before, after): (&str, &str), part: Fragment<U>) {
        self.sql.push_str(before);
        self.sql.push_str(&part.sql);
        self.sql.push_str(after);
        self.values.extend(part.values);
    }
}

impl Condition {
    #[must_use]
    pub fn and(mut self, other: Condition) -> Condition {
        self.push((" AND (", ")"), other);
        self
    }

    /// The same inside a subquery.
    #[must_use]
    pub fn within(self, before: &str, after: &str) -> Condition {
        let mut whole = Condition::new("");
        whole.push((before, after), self);
        whole
    }

    /// A list of texts that a column must be one of: the offices of a scope.
    pub fn one_of(column: &str, texts: &[String]) -> Condition {
        let marks = vec!["?"; texts.len()].join(", ");
        texts.iter().fold(Condition::new(&format!("{column} IN ({marks})")), Condition::bind)
    }
}

impl<T: TypedExpressionType> Expression for Fragment<T> {
    type SqlType = T;
}

impl<T, Q> AppearsOnTable<Q> for Fragment<T> where Fragment<T>: Expression {}

impl<T, Q> SelectableExpression<Q> for Fragment<T> where Fragment<T>: Expression {}

impl<T, G> ValidGrouping<G> for Fragment<T> {
    type IsAggregate = is_aggregate::Never;
}

impl<T> QueryId for Fragment<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> QueryFragment<Backend> for Fragment<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let mut values = self.values.iter();
        out.push_sql("(");
        for (at, text) in self.sql.split('?').enumerate() {
            if at > 0 {
                match values.next() {
                    Some(Value::Text(text)) => out.push_bind_param::<Text, String>(text)?,
                    Some(Value::Whole(number)) => out.push_bind_param::<BigInt, i64>(number)?,
                    Some(Value::Day(day)) => out.push_bind_param::<Date, NaiveDate>(day)?,
                    None => return Err(unanswered(&self.sql)),
                }
            }
            out.push_sql(text);
        }
        out.push_sql(")");
        Ok(())
    }
}

fn unanswered(sql: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("a value is missing in {sql}").into())
}

/// The order of a list: columns that together name one row, each with `true` where the largest
/// comes first. Pages are cut by the values of their last row, so none is skipped or shown twice.
#[derive(Clone, Copy, Debug)]
pub struct Keyset(pub &'static [(&'static str, bool)]);

impl Keyset {
    /// What stands behind ORDER BY; `back`: against the order, to read the page before a row.
    pub fn order(self, back: bool) -> diesel::expression::SqlLiteral<Bool> {
        let direction = |largest_first: bool| if largest_first == back { "ASC" } else { "DESC" };
        let terms = self.0.iter().map(|(column, down)| format!("{column} {}", direction(*down)));
        diesel::dsl::sql::<Bool>(&terms.collect::<Vec<_>>().join(", "))
    }

    /// The rows beyond one with these values; `back`: those before it. The first column is also
    /// compared by itself: an index begins there.
    pub fn beyond(self, values: &[Value], back: bool) -> Condition {
        let mut found: Option<Condition> = None;
        for ((column, down), value) in self.0.iter().zip(values).rev() {
            let sign = if *down == back { ">" } else { "<" };
            let more = Condition::new(&format!("{column} {sign} ?")).bind(value.clone());
            found = Some(match found {
                None => more,
                Some(rest) => {
                    let same = Condition::new(&format!("{column} = ?")).bind(value.clone());
                    let mut either = Condition::new(&format!("{column} {sign}= ? AND ("));
                    either = either.bind(value.clone());
                    either.push(("", ""), more);
                    either.push((" OR ", ")"), same.and(rest));
                    either
                }
            });
        }
        found.unwrap_or_else(|| Condition::new("TRUE"))
    }
}

/// Many counts and sums of the same rows in one reading; what each is comes back in the order in
/// which it was asked for.
#[derive(Clone, Debug, Default)]
pub struct Tally(Vec<Fragment<Text>>);

impl Tally {
    /// How many rows are so. Says at which place of the answer.
    pub fn count(&mut self, of: Condition) -> usize {
        self.add("CAST(COUNT(*) FILTER (WHERE ", ") AS TEXT)", of)
    }

    /// The sum of `what` over the rows that are so.
    pub fn sum(&mut self, what: &str, of: Condition) -> usize {
        self.add(&format!("CAST(COALESCE(SUM({what}) FILTER (WHERE "), "), 0) AS TEXT)", of)
    }

    fn add(&mut self, before: &str, after: &str, of: Condition) -> usize {
        let mut one = Fragment::new("");
        one.push((before, after), of);
        self.0.push(one);
        self.0.len() - 1
    }

    /// What to select: all of them as one text, for a query has as many columns as its type says.
    pub fn columns(self) -> Fragment<Text> {
        let mut all = Fragment::new("''");
        for one in self.0 {
            all.push((" || ", " || ','"), one);
        }
        all
    }
}

/// What came of a [`Tally`].
#[derive(Clone, Debug)]
pub struct Counted(Vec<i64>);

impl Counted {
    /// Reads the text that was selected.
    pub fn from_text(text: &str) -> Counted {
        Counted(text.split(',').filter_map(|number| number.parse().ok()).collect())
    }

    /// The count or sum at this place.
    pub fn at(&self, place: usize) -> i64 {
        self.0.get(place).copied().unwrap_or_default()
    }

    /// The same as money.
    pub fn fen(&self, place: usize) -> Fen {
        Fen::new(self.at(place))
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<R> {
    /// The rows, in the order of the list.
    pub rows: Vec<R>,
    /// There are rows before the first.
    pub has_before: bool,
    /// There are rows after the last.
    pub has_after: bool,
}

impl<R> Page<R> {
    /// Made of one row more than a page has, read away from where it begins.
    pub fn cut(mut rows: Vec<R>, size: i64, from: &Side) -> Page<R> {
        let size = usize::try_from(size).unwrap_or(50);
        let more = rows.len() > size;
        rows.truncate(size);
        let (has_before, has_after) = match from {
            Side::Start => (false, more),
            Side::After(_) => (true, more),
            Side::Before(_) => {
                rows.reverse();
                (more, true)
            }
        };
        Page { rows, has_before, has_after }
    }
}
