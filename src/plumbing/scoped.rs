//! [`Scope::holds`]: the offices of a scope as a condition of a query. Unlike diesel's `eq_any` it
//! leaves the statement the same for all scopes of as many offices, so that connections keep it
//! prepared: SQLite took a tenth of a page's time to read the same text again.

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType, Text};

use crate::base::scope::Scope;

/// `office_code IN (...)`.
#[derive(Clone, Copy, Debug)]
pub struct InScope<'a, C> {
    column: C,
    offices: &'a [String],
}

impl Scope {
    /// That a row is of one of these offices: `table.filter(scope.holds(table::office_code))`.
    pub fn holds<C: Expression<SqlType = Text>>(&self, column: C) -> InScope<'_, C> {
        InScope { column, offices: self.codes() }
    }
}

impl<C> Expression for InScope<'_, C> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<Q>, Q> AppearsOnTable<Q> for InScope<'_, C> {}

impl<C: SelectableExpression<Q>, Q> SelectableExpression<Q> for InScope<'_, C> {}

impl<C, G> ValidGrouping<G> for InScope<'_, C> {
    type IsAggregate = is_aggregate::Never;
}

impl<C> QueryId for InScope<'_, C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, B> QueryFragment<B> for InScope<'_, C>
where
    B: Backend + HasSqlType<Text>,
    C: QueryFragment<B>,
    String: ToSql<Text, B>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, B>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (at, office) in self.offices.iter().enumerate() {
            if at > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Text, String>(office)?;
        }
        out.push_sql(")");
        Ok(())
    }
}
