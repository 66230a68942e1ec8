//! What a list asks of the database, said once: conditions as SQL text with their values, the same
//! on both databases. Rows, counts and sums are made of the same [`Condition`]; the tables, and the
//! offices of the [`Scope`](crate::base::scope::Scope), stand in a typed query around it.

use std::fmt;
use std::marker::PhantomData;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, SqlLiteral, TypedExpressionType,
    ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Date, Text, Timestamp};

use crate::base::money::Fen;
use crate::plumbing::db::Db;

type Backend = <Db as diesel::Connection>::Backend;

/// A value that a condition compares with; never part of the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A kind, a name, a pattern.
    Text(String),
    /// An identity, a number, fen.
    Whole(i64),
    Day(NaiveDate),
    /// An instant of UTC, as columns `_at`.
    At(NaiveDateTime),
    /// Only in a key: the row has nothing in this column.
    Null,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Whole(number) => number.fmt(f),
            Value::Day(day) => day.fmt(f),
            Value::At(at) => at.fmt(f),
            Value::Null => Ok(()),
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! value_of {
    ($($from:ty => $variant:ident),+) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Value { Value::$variant(value.into()) }
        }
    )+};
}

value_of!(String => Text, &str => Text, &String => Text, i64 => Whole, i32 => Whole,
    NaiveDate => Day, NaiveDateTime => At);

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
    pub fn and(self, other: Condition) -> Condition {
        self.joined(") AND (", other)
    }

    #[must_use]
    pub fn or(self, other: Condition) -> Condition {
        self.joined(") OR (", other)
    }

    /// Rows that are like each of these.
    pub fn all(of: impl IntoIterator<Item = Condition>) -> Condition {
        of.into_iter().reduce(Condition::and).unwrap_or_else(|| Condition::new("TRUE"))
    }

    fn joined(self, sign: &str, other: Condition) -> Condition {
        let mut both = self.within("(", sign);
        both.push(("", ")"), other);
        both
    }

    /// The same inside a subquery.
    #[must_use]
    pub fn within(self, before: &str, after: &str) -> Condition {
        let mut whole = Condition::new("");
        whole.push((before, after), self);
        whole
    }

    /// What a column must be one of: the offices of a scope. One by one, for with `= ANY`
    /// PostgreSQL sorts everybody instead of walking along the index of an order.
    pub fn one_of<V: Into<Value>>(column: &str, of: impl IntoIterator<Item = V>) -> Condition {
        let values: Vec<Value> = of.into_iter().map(Into::into).collect();
        let marks = vec!["?"; values.len()].join(", ");
        Condition { values, ..Condition::new(&format!("{column} IN ({marks})")) }
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
                    Some(Value::At(at)) => out.push_bind_param::<Timestamp, NaiveDateTime>(at)?,
                    Some(Value::Null) | None => return Err(unanswered(&self.sql)),
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

/// A column of an order, and what a row has in it.
pub struct Term<R> {
    column: &'static str,
    value: fn(&R) -> Value,
    read: fn(&str) -> Option<Value>,
    largest_first: bool,
    nullable: bool,
}

impl<R> Term<R> {
    pub const fn text(column: &'static str, value: fn(&R) -> Value) -> Term<R> {
        let read = |text: &str| Some(Value::from(text));
        Term { column, value, read, largest_first: false, nullable: false }
    }

    pub const fn whole(column: &'static str, value: fn(&R) -> Value) -> Term<R> {
        Term { read: |text| Some(Value::Whole(text.parse().ok()?)), ..Term::text(column, value) }
    }

    pub const fn day(column: &'static str, value: fn(&R) -> Value) -> Term<R> {
        Term { read: |text| Some(Value::Day(text.parse().ok()?)), ..Term::text(column, value) }
    }

    #[must_use]
    pub const fn largest_first(self) -> Term<R> {
        Term { largest_first: true, ..self }
    }

    /// Rows with nothing in this column come last; the databases disagree, so it is said.
    #[must_use]
    pub const fn nulls_last(self) -> Term<R> {
        Term { nullable: true, ..self }
    }

    fn order(&self, back: bool) -> String {
        let Term { column, .. } = self;
        let way = |down: bool| if down { "DESC" } else { "ASC" };
        let nulls =
            if self.nullable { format!("{column} IS NULL {}, ", way(back)) } else { String::new() };
        format!("{nulls}{column} {}", way(self.largest_first != back))
    }

    /// Rows beyond this value, rows with it, and rows with either as an index finds them.
    fn beyond(&self, value: &Value, back: bool) -> [Condition; 3] {
        let Term { column, .. } = self;
        let sign = if self.largest_first == back { ">" } else { "<" };
        let is = |what: &str| Condition::new(&format!("{column} {what}"));
        let than = |sign: &str| is(&format!("{sign} ?")).bind(value.clone());
        let or_equal = format!("{sign}=");
        match (value, self.nullable && !back) {
            (Value::Null, true) => [Condition::new("FALSE"), is("IS NULL"), is("IS NULL")],
            (Value::Null, false) => [is("IS NOT NULL"), is("IS NULL"), Condition::new("TRUE")],
            (_, true) => {
                [than(sign).or(is("IS NULL")), than("="), than(&or_equal).or(is("IS NULL"))]
            }
            (_, false) => [than(sign), than("="), than(&or_equal)],
        }
    }
}

/// The order of a list: columns that together name one row. Pages are cut by the values of their
/// last row, so none is skipped or shown twice, whatever is added meanwhile.
pub struct Keyset<R: 'static>(pub &'static [Term<R>]);

impl<R> Keyset<R> {
    /// What stands behind ORDER BY; `back`: against the order, to read the page before a row.
    pub fn order(&self, back: bool) -> SqlLiteral<Bool> {
        let terms: Vec<String> = self.0.iter().map(|term| term.order(back)).collect();
        diesel::dsl::sql(&terms.join(", "))
    }

    /// The rows on this side. The first column is also compared by itself: an index begins there.
    pub fn on(&self, side: &Side) -> Condition {
        let (values, back) = match side {
            Side::Start => return Condition::new("TRUE"),
            Side::After(values) => (values, false),
            Side::Before(values) => (values, true),
        };
        let terms = self.0.iter().zip(values).map(|(term, value)| term.beyond(value, back)).rev();
        let found =
            terms.fold(None, |found: Option<Condition>, [more, same, either]| match found {
                None => Some(more),
                Some(rest) => Some(either.and(more.or(same.and(rest)))),
            });
        found.unwrap_or_else(|| Condition::new("TRUE"))
    }

    /// Where a page begins or ends by its address; a key that cannot be read is not there.
    pub fn side(&self, after: &str, before: &str) -> Side {
        match (self.values(after), self.values(before)) {
            (Some(key), _) => Side::After(key),
            (None, Some(key)) => Side::Before(key),
            (None, None) => Side::Start,
        }
    }

    /// The key of a row in addresses, `2026-12-20.LZ2015-0483`.
    pub fn key(&self, row: &R) -> String {
        let values = self.0.iter().map(|term| (term.value)(row).to_string());
        // A dot stands between two values; one within a text is written otherwise.
        let values = values.map(|text| text.replace('~', "~0").replace('.', "~1"));
        values.collect::<Vec<String>>().join(".")
    }

    fn values(&self, key: &str) -> Option<Vec<Value>> {
        if key.is_empty() {
            return None;
        }
        let parts: Vec<&str> = key.split('.').collect();
        let read = |(term, part): (&Term<R>, &&str)| match *part {
            "" if term.nullable => Some(Value::Null),
            part => (term.read)(&part.replace("~1", ".").replace("~0", "~")),
        };
        let all: Option<Vec<Value>> = self.0.iter().zip(&parts).map(read).collect();
        all.filter(|_| parts.len() == self.0.len())
    }
}

/// Which side of a row a page lies on; the row by its values in the columns of the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    #[default]
    Start,
    After(Vec<Value>),
    Before(Vec<Value>),
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
    /// Key of the first row, when there are rows before it.
    pub before: Option<String>,
    /// Key of the last row, when there are rows after it.
    pub after: Option<String>,
}

impl<R> Default for Page<R> {
    fn default() -> Page<R> {
        Page { rows: Vec::new(), before: None, after: None }
    }
}

impl<R> Page<R> {
    /// Made of one row more than a page has, read away from where it begins.
    pub fn cut(mut rows: Vec<R>, size: i64, side: &Side, order: &Keyset<R>) -> Page<R> {
        let size = usize::try_from(size).unwrap_or(50);
        let more = rows.len() > size;
        rows.truncate(size);
        let (has_before, has_after) = match side {
            Side::Start => (false, more),
            Side::After(_) => (true, more),
            Side::Before(_) => {
                rows.reverse();
                (more, true)
            }
        };
        let key = |row: Option<&R>, there: bool| row.filter(|_| there).map(|row| order.key(row));
        let (before, after) = (key(rows.first(), has_before), key(rows.last(), has_after));
        Page { rows, before, after }
    }
}
