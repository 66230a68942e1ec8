//! A list as a declaration: from which tables its rows come, what they are like, their order, what
//! is counted and summed. Page, tabs and workbook are read by it.
//!
//! Whoever reads a list gives a [`Scope`], and its offices are put in here: no list can leave them
//! out. Columns are typed; tables and conditions are text, the same on both databases.

use diesel::expression::Expression;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::Bool;

use super::kit::{Condition, Counted, Keyset, Page, Side, Tally};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;

type Backend = <Db as diesel::Connection>::Backend;

/// One list as an address narrows it.
pub trait List {
    type Row: 'static;
    /// What is summed over the selection.
    const SUMS: &'static [&'static str] = &[];

    /// Tables with their joins, and the column with the office: in the table whose index has the
    /// order, so that the database walks along it and stops at the last row of the page.
    fn tables(&self) -> Tables;

    fn columns() -> impl Columns<Self::Row>;

    /// What the rows are like.
    fn condition(&self) -> Condition;

    fn order(&self) -> Keyset<Self::Row>;

    /// From what the selection and the tabs are counted: what they have in common, in the tables
    /// that this asks for.
    fn counted(&self, _: &Scope) -> (Tables, Condition) {
        (self.tables(), self.condition())
    }

    /// What the rows of each tab are like.
    fn tabs(&self) -> Vec<Condition> {
        Vec::new()
    }

    fn page(
        &self,
        db: &mut Db,
        scope: &Scope,
        side: &Side,
        size: i64,
    ) -> AppResult<Page<Self::Row>> {
        let (order, of) = (self.order(), self.condition());
        let rows = self.tables().walk(db, scope, of, (&order, side, size + 1), Self::columns())?;
        Ok(Page::cut(rows, size, side, &order))
    }

    /// All rows, for a workbook; at most `limit`.
    fn all(&self, db: &mut Db, scope: &Scope, limit: i64) -> AppResult<Vec<Self::Row>> {
        let place = (&self.order(), &Side::Start, limit);
        self.tables().walk(db, scope, self.condition(), place, Self::columns())
    }

    /// Some columns of all rows, in no order.
    fn only<R>(&self, db: &mut Db, scope: &Scope, columns: impl Columns<R>) -> AppResult<Vec<R>> {
        Ok(columns.read(db, self.tables().of(scope, self.condition(), None))?)
    }

    /// How many rows the selection and each tab have, in one reading.
    fn counts(&self, db: &mut Db, scope: &Scope) -> AppResult<Counts> {
        let mut tally = Tally::default();
        let selection = tally.count(self.condition());
        let sums: Vec<usize> =
            Self::SUMS.iter().map(|what| tally.sum(what, self.condition())).collect();
        let tabs: Vec<usize> = self.tabs().into_iter().map(|tab| tally.count(tab)).collect();
        let (tables, common) = self.counted(scope);
        let counted = tables.count(db, scope, common, tally)?;
        Ok(Counts {
            selection: counted.at(selection),
            sums: sums.into_iter().map(|at| counted.fen(at)).collect(),
            tabs: tabs.into_iter().map(|at| counted.at(at)).collect(),
        })
    }
}

/// What a page says beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub selection: i64,
    /// In the order of [`List::SUMS`].
    pub sums: Vec<Fen>,
    /// In the order of [`List::tabs`].
    pub tabs: Vec<i64>,
}

impl Counts {
    /// What the tab of this word has.
    pub fn of(&self, tabs: &[(&str, &str)], word: &str) -> i64 {
        let at = tabs.iter().position(|(tab, _)| *tab == word);
        at.and_then(|at| self.tabs.get(at)).copied().unwrap_or_default()
    }
}

/// Tables with their joins, and which column has the office. Only with a scope it is a query.
#[derive(Clone, Copy, Debug)]
pub struct Tables(pub &'static str, pub &'static str);

impl Tables {
    /// The rows on one side of a row, as many as the limit, in the order or, before a row, against
    /// it.
    pub fn walk<R: 'static, T>(
        self,
        db: &mut Db,
        scope: &Scope,
        condition: Condition,
        (order, side, limit): (&Keyset<R>, &Side, i64),
        columns: impl Columns<T>,
    ) -> AppResult<Vec<T>> {
        let end = (order.order(matches!(side, Side::Before(_))), limit);
        Ok(columns.read(db, self.of(scope, condition.and(order.on(side)), Some(end)))?)
    }

    /// Counts and sums of the rows that are so, in one reading.
    pub fn count(
        self,
        db: &mut Db,
        scope: &Scope,
        condition: Condition,
        tally: Tally,
    ) -> AppResult<Counted> {
        let text: Vec<String> = tally.columns().read(db, self.of(scope, condition, None))?;
        Ok(Counted::from_text(&text.concat()))
    }

    fn of(self, scope: &Scope, condition: Condition, end: Option<End>) -> Rows {
        let offices = Condition::one_of(self.1, scope.codes());
        Rows { tables: self.0, condition: offices.and(condition), end }
    }
}

type End = (SqlLiteral<Bool>, i64);

/// What follows the columns of a query; made here alone, with the offices of a scope in it.
pub struct Rows {
    tables: &'static str,
    condition: Condition,
    end: Option<End>,
}

/// Columns that make rows of a type.
pub trait Columns<R> {
    fn read(self, db: &mut Db, rows: Rows) -> QueryResult<Vec<R>>;
}

impl<R, C> Columns<R> for C
where
    Select<C>: for<'q> LoadQuery<'q, Db, R>,
{
    fn read(self, db: &mut Db, rows: Rows) -> QueryResult<Vec<R>> {
        Select { columns: self, rows }.load(db)
    }
}

/// A query whose columns are typed.
pub struct Select<C> {
    columns: C,
    rows: Rows,
}

impl<C: Expression> Query for Select<C> {
    type SqlType = C::SqlType;
}

impl<C> RunQueryDsl<Db> for Select<C> {}

impl<C> QueryId for Select<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: QueryFragment<Backend>> QueryFragment<Backend> for Select<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" FROM ");
        out.push_sql(self.rows.tables);
        out.push_sql(" WHERE ");
        self.rows.condition.walk_ast(out.reborrow())?;
        if let Some((order, limit)) = &self.rows.end {
            out.push_sql(" ORDER BY ");
            order.walk_ast(out.reborrow())?;
            // In the text: SQLite plans a statement with a bound limit anew each time.
            out.push_sql(&format!(" LIMIT {limit}"));
        }
        Ok(())
    }
}
