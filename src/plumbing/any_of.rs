//! `column.any_of(values)`: diesel's `eq_any`, whose statement stays prepared for a few values.
//!
//! SQLite has a placeholder for each value, so diesel prepares a statement with `eq_any` anew each
//! time. The people of a file and its contracts are few; up to
//! [`FEW`] the number of placeholders is a power of two, values repeated.

use diesel::Connection;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, Bool, HasSqlType, SingleValue, SqlType, Text, is_nullable};
use diesel::sqlite::Sqlite;

use super::db::Db;
use crate::base::scope::Scope;

type Either = <Db as Connection>::Backend;

/// Most values of a statement that stays prepared: one each for 1, 2, 4 and 8 placeholders.
const FEW: usize = 8;

/// `column IN (...)`.
#[derive(Clone, Copy, Debug)]
pub struct AnyOf<'a, C, T> {
    column: C,
    values: &'a [T],
}

/// For every column that is never NULL.
pub trait AnyOfMethods: Expression + Sized {
    /// That the value is one of these; false without any.
    fn any_of<T>(self, values: &[T]) -> AnyOf<'_, Self, T> {
        AnyOf { column: self, values }
    }
}

impl<C> AnyOfMethods for C
where
    C: Expression,
    C::SqlType: SqlType<IsNull = is_nullable::NotNull>,
{
}

impl Scope {
    /// That a row is of one of these offices: `table.filter(scope.holds(table::office_code))`.
    pub fn holds<C: Expression<SqlType = Text>>(&self, column: C) -> AnyOf<'_, C, String> {
        column.any_of(self.codes())
    }
}

impl<C, T> Expression for AnyOf<'_, C, T> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<Q>, T, Q> AppearsOnTable<Q> for AnyOf<'_, C, T> {}

impl<C: SelectableExpression<Q>, T, Q> SelectableExpression<Q> for AnyOf<'_, C, T> {}

impl<C, T, G> ValidGrouping<G> for AnyOf<'_, C, T> {
    type IsAggregate = is_aggregate::Never;
}

impl<C, T> QueryId for AnyOf<'_, C, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, T> QueryFragment<Sqlite> for AnyOf<'_, C, T>
where
    C: Expression + QueryFragment<Sqlite>,
    T: ToSql<C::SqlType, Sqlite>,
    Sqlite: HasSqlType<C::SqlType>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let most = match self.values.len() {
            0 => 0,
            few @ 1..=FEW => few.next_power_of_two(),
            many => {
                out.unsafe_to_cache_prepared();
                many
            }
        };
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (at, value) in self.values.iter().cycle().take(most).enumerate() {
            if at > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<C::SqlType, T>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<C, T> QueryFragment<Pg> for AnyOf<'_, C, T>
where
    C: Expression + QueryFragment<Pg>,
    C::SqlType: SingleValue,
    T: ToSql<C::SqlType, Pg> + std::fmt::Debug,
    for<'a> &'a [T]: ToSql<Array<C::SqlType>, Pg>,
    Pg: HasSqlType<C::SqlType>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<C::SqlType>, &[T]>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C, T> QueryFragment<Either> for AnyOf<'_, C, T>
where
    Self: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Either>) -> QueryResult<()> {
        Either::walk_variant_ast(self, out)
    }
}
