//! What the bank's files say, kept beside our own figures and never taken over. Writes
//! table `bank_figure`.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::base::ids::{EventId, FileId, ImportId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{bank_figure, loan};
use crate::{remove_rows, upsert_rows};

/// 合同状态 of a contract of which nothing is owed any more.
const SETTLED: &str = "已结清";

/// One row of one of the bank's lists, in fen. Which fields mean something depends on `sheet`:
/// `contracts` has `balance_fen`; `repayments` the due, waived and paid figures; `overdue` the
/// overdue figures.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[diesel(table_name = bank_figure, treat_none_as_default_value = false)]
pub struct BankFigure {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    pub loan_id: LoanId,
    /// `contracts`, `repayments` or `overdue`.
    pub sheet: String,
    /// Names the row over all imports, so that a second import finds it.
    pub row_key: String,
    /// The day the figures are of.
    pub as_of: NaiveDate,
    /// 应还日期.
    pub due_on: Option<NaiveDate>,
    /// 还款日期.
    pub paid_on: Option<NaiveDate>,
    /// 还款类型.
    pub kind: String,
    /// 还款渠道.
    pub channel: String,
    /// 应还本金.
    pub due_principal_fen: Fen,
    /// 应还利息.
    pub due_interest_fen: Fen,
    /// 免除利息.
    pub waived_fen: Fen,
    /// 实还本金.
    pub paid_principal_fen: Fen,
    /// 实还利息.
    pub paid_interest_fen: Fen,
    /// 实还罚息.
    pub paid_penalty_fen: Fen,
    /// 贷款余额, 还款后贷款余额.
    pub balance_fen: Option<Fen>,
    /// 逾期本金.
    pub overdue_principal_fen: Fen,
    /// 逾期利息.
    pub overdue_interest_fen: Fen,
    /// 罚息.
    pub penalty_fen: Fen,
    /// 联系情况.
    pub note: String,
    /// The import it came with.
    pub import_id: ImportId,
    pub line: i32,
    /// `repayments`: its place among the lines of the same contract, due day and day paid.
    pub ordinal: i32,
    /// 实还合计; less than zero when the bank took a payment back.
    pub paid_fen: Fen,
    /// `repayments`: how much the list that brought it says.
    pub tells: Tells,
    /// `repayments`: the event that stands for it.
    pub event_id: Option<EventId>,
}

crate::base::ids::text_enum! {
    /// How much a repayment list says beside the line itself.
    Tells {
        /// No more than the line.
        Line = "line", "这一行";
        /// All payments of its kind for this due day: they are what was due.
        Instalment = "instalment", "这一期";
        /// All that there is up to its day.
        List = "list", "全部";
    }
}

/// Keeps rows of the bank's lists; a row that is there already takes the new figures.
pub fn put_figures(db: &mut Db, rows: &[BankFigure]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        bank_figure::table,
        27,
        rows,
        key = (bank_figure::office_code, bank_figure::row_key),
        set = (
            bank_figure::as_of.eq(excluded(bank_figure::as_of)),
            bank_figure::paid_on.eq(excluded(bank_figure::paid_on)),
            bank_figure::kind.eq(excluded(bank_figure::kind)),
            bank_figure::channel.eq(excluded(bank_figure::channel)),
            bank_figure::due_principal_fen.eq(excluded(bank_figure::due_principal_fen)),
            bank_figure::due_interest_fen.eq(excluded(bank_figure::due_interest_fen)),
            bank_figure::waived_fen.eq(excluded(bank_figure::waived_fen)),
            bank_figure::paid_principal_fen.eq(excluded(bank_figure::paid_principal_fen)),
            bank_figure::paid_interest_fen.eq(excluded(bank_figure::paid_interest_fen)),
            bank_figure::paid_penalty_fen.eq(excluded(bank_figure::paid_penalty_fen)),
            bank_figure::balance_fen.eq(excluded(bank_figure::balance_fen)),
            bank_figure::overdue_principal_fen.eq(excluded(bank_figure::overdue_principal_fen)),
            bank_figure::overdue_interest_fen.eq(excluded(bank_figure::overdue_interest_fen)),
            bank_figure::penalty_fen.eq(excluded(bank_figure::penalty_fen)),
            bank_figure::note.eq(excluded(bank_figure::note)),
            bank_figure::import_id.eq(excluded(bank_figure::import_id)),
            bank_figure::line.eq(excluded(bank_figure::line)),
            bank_figure::paid_fen.eq(excluded(bank_figure::paid_fen)),
            bank_figure::tells.eq(excluded(bank_figure::tells)),
            bank_figure::event_id.eq(excluded(bank_figure::event_id)),
        )
    )?;
    Ok(())
}

/// Takes rows away that the bank's newest list does not have any more.
pub fn remove_figures(db: &mut Db, scope: &Scope, rows: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(
        db,
        bank_figure::table,
        bank_figure::id,
        bank_figure::office_code,
        scope,
        rows
    )?)
}

/// Everything that repayment lists of `until` or earlier have said of these contracts.
pub fn listed_lines(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
    until: NaiveDate,
) -> AppResult<Vec<ListedLine>> {
    Ok(bank_figure::table
        .filter(scope.holds(bank_figure::office_code))
        .filter(bank_figure::loan_id.any_of(loans))
        .filter(bank_figure::sheet.eq("repayments"))
        .filter(bank_figure::as_of.le(until))
        .filter(bank_figure::due_on.is_not_null())
        .select(ListedLine::as_select())
        .load(db)?)
}

/// As much of a line of a repayment list as tells whether another list has it too.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = bank_figure)]
pub struct ListedLine {
    pub loan_id: LoanId,
    /// 应还日期.
    pub due_on: Option<NaiveDate>,
    /// 还款类型.
    pub kind: String,
    /// 实还本金.
    pub paid_principal_fen: Fen,
}

/// The rows with these keys, by key. For imports: one query a chunk.
pub fn by_key(
    db: &mut Db,
    scope: &Scope,
    keys: &[String],
) -> AppResult<HashMap<String, BankFigure>> {
    let mut found = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(BINDS_MAX) {
        let rows = bank_figure::table
            .filter(bank_figure::office_code.eq(scope.own()))
            .filter(bank_figure::row_key.eq_any(chunk))
            .select(BankFigure::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.row_key.clone(), row)));
    }
    Ok(found)
}

/// The rows with these identities.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<BankFigure>> {
    let mut found = Vec::new();
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            bank_figure::table
                .filter(scope.holds(bank_figure::office_code))
                .filter(bank_figure::id.eq_any(chunk))
                .select(BankFigure::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The bank's rows about these loans, oldest due day first.
pub fn figures_of(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Vec<BankFigure>> {
    let mut found = Vec::new();
    for chunk in loans.chunks(BINDS_MAX) {
        found.extend(
            bank_figure::table
                .filter(scope.holds(bank_figure::office_code))
                .filter(bank_figure::loan_id.any_of(chunk))
                .order((bank_figure::loan_id, bank_figure::due_on, bank_figure::id))
                .select(BankFigure::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// What the newest list of overdue contracts says of its contacts with this family (联系情况), and
/// the day of that list; none when it says nothing.
pub fn contact_note(
    db: &mut Db,
    scope: &Scope,
    file: FileId,
) -> AppResult<Option<(NaiveDate, String)>> {
    let rows: Vec<(NaiveDate, String)> = bank_figure::table
        .inner_join(loan::table)
        .filter(scope.holds(bank_figure::office_code))
        .filter(loan::file_id.eq(file))
        .filter(bank_figure::sheet.eq("overdue"))
        .order((bank_figure::as_of.desc(), bank_figure::loan_id))
        .select((bank_figure::as_of, bank_figure::note))
        .load(db)?;
    let Some(day) = rows.first().map(|(day, _)| *day) else { return Ok(None) };
    let mut notes: Vec<String> = Vec::new();
    for (_, note) in rows.into_iter().filter(|(on, note)| *on == day && !note.is_empty()) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok((!notes.is_empty()).then(|| (day, notes.join("；"))))
}

/// Does a list say that nothing is owed any more?
pub fn says_settled(figure: &BankFigure) -> bool {
    figure.balance_fen.map_or(figure.kind == SETTLED, Fen::is_zero)
}

/// Of these loans those of which the bank's newest word is that nothing is owed any more (已结清, or
/// a balance of 0.00), with the day of that word.
pub fn settled(
    db: &mut Db,
    scope: &Scope,
    loans: &[LoanId],
) -> AppResult<HashMap<LoanId, NaiveDate>> {
    let mut found: HashMap<LoanId, NaiveDate> = HashMap::new();
    let mut newest = |db: &mut Db, loans: &[LoanId], nothing: bool| -> AppResult<()> {
        let is = if nothing { "=" } else { "<>" };
        let says = format!("COALESCE(balance_fen, 0) {is} 0");
        for chunk in loans.chunks(BINDS_MAX) {
            let rows: Vec<(LoanId, Option<NaiveDate>)> = bank_figure::table
                .filter(scope.holds(bank_figure::office_code))
                .filter(bank_figure::loan_id.any_of(chunk))
                .filter(bank_figure::balance_fen.is_not_null().or(bank_figure::kind.eq(SETTLED)))
                .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(&says))
                .group_by(bank_figure::loan_id)
                .select((bank_figure::loan_id, diesel::dsl::max(bank_figure::as_of)))
                .load(db)?;
            for (loan, day) in rows {
                match day {
                    Some(day) if nothing => {
                        found.insert(loan, day);
                    }
                    Some(day) if found.get(&loan).is_some_and(|nothing| *nothing < day) => {
                        found.remove(&loan);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    };
    newest(db, loans, true)?;
    newest(db, loans, false)?;
    Ok(found)
}

/// The next loans, by identity, that the bank has figures about.
pub fn loans_with_figures(
    db: &mut Db,
    scope: &Scope,
    after: LoanId,
    limit: i64,
) -> AppResult<Vec<LoanId>> {
    Ok(bank_figure::table
        .filter(scope.holds(bank_figure::office_code))
        .filter(bank_figure::loan_id.gt(after))
        .select(bank_figure::loan_id)
        .distinct()
        .order(bank_figure::loan_id)
        .limit(limit)
        .load(db)?)
}
