//! SQL of this stage: the only file that writes the table `university_receipt`. No decisions.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use super::rules::{self, Contract, Mismatch, State, Student, ToldBy, Written, fees};
use crate::base::ids::{ImportId, LoanId, RowId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::person;
use crate::error::{AppError, AppResult};
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{self, university_receipt};
use crate::{remove_rows, rows_by, upsert_rows};

/// One receipt (回执) as the university entered it. `loan_id` is none while it matches no contract.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(default)]
#[diesel(table_name = university_receipt, treat_none_as_default_value = false)]
pub struct Receipt {
    pub id: RowId,
    /// Whose data this is.
    pub office_code: String,
    /// The contract it belongs to.
    pub loan_id: Option<LoanId>,
    /// 学号.
    pub student_number: String,
    /// First year of the school year.
    pub loan_year: i32,
    /// 回执校验码, six digits, not unique.
    pub code: String,
    /// 姓名 as the university wrote it.
    pub name: String,
    /// 班级.
    pub class_name: String,
    /// 就读高校.
    pub university: String,
    /// 贷款金额 as the university wrote it.
    pub amount_fen: Fen,
    /// 是否新申请.
    pub is_first: bool,
    /// What does not agree with the contract, in words; empty when all does.
    pub mismatch: String,
    /// The import it came with; 0 when somebody entered it.
    pub import_id: ImportId,
    // What came later is left out where it says nothing: what imports have left is known again.
    /// 学费.
    #[serde(skip_serializing_if = "is_default")]
    pub tuition_fen: Option<Fen>,
    /// 住宿费.
    #[serde(skip_serializing_if = "is_default")]
    pub lodging_fen: Option<Fen>,
    /// The day on which the university entered it.
    #[serde(skip_serializing_if = "is_default")]
    pub entered_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "is_default")]
    pub told_by: ToldBy,
    #[serde(skip_serializing_if = "is_default")]
    pub state: State,
    /// The day that it put on its contract; none where the contract had one.
    #[serde(skip_serializing_if = "is_default")]
    pub contract_on: Option<NaiveDate>,
    /// Who accepted or rejected it; why.
    #[serde(skip_serializing_if = "is_default")]
    pub decided_by: String,
    #[serde(skip_serializing_if = "is_default")]
    pub decided_at: Option<NaiveDateTime>,
    #[serde(skip_serializing_if = "is_default")]
    pub reason: String,
    /// Grows with every decision.
    #[serde(skip_serializing_if = "is_default")]
    pub version: i32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Receipt {
    pub fn written(&self) -> Written<'_> {
        Written {
            name: &self.name,
            student_number: &self.student_number,
            year: self.loan_year,
            code: &self.code,
            amount: self.amount_fen,
            fees: fees(self.tuition_fen, self.lodging_fen),
        }
    }

    /// Finds its contract, and says what does not agree; none where nobody has its number.
    pub fn hold_against(&mut self, student: Option<&Student>) -> Option<Mismatch> {
        let (loan_id, mismatch) = rules::match_contract(&self.written(), student);
        let words = mismatch.as_ref().map(|why| why.in_words(&self.written()));
        self.loan_id = loan_id;
        self.state = if words.is_none() { State::Matched } else { State::Differs };
        self.mismatch = words.unwrap_or_default();
        mismatch
    }

    /// A later line of the university in the place of this one. What it leaves out stays known;
    /// what somebody decided stands while it says the same.
    pub fn replaced_by(&self, new: &mut Receipt) {
        (new.id, new.version, new.contract_on) = (self.id, self.version, self.contract_on);
        let same = |new: Option<Fen>, old| new.is_none() || new == old;
        let is_left_out =
            same(new.tuition_fen, self.tuition_fen) && same(new.lodging_fen, self.lodging_fen);
        if is_left_out && new.written().fees.is_none() && self.written().fees.is_some() {
            (new.tuition_fen, new.lodging_fen) = (self.tuition_fen, self.lodging_fen);
            let compared = |of: &Receipt| (of.amount_fen, of.loan_id);
            if new.state == State::Matched && compared(self) == compared(new) {
                (new.state, new.mismatch) = (self.state, self.mismatch.clone());
            }
        }
        let what = |of: &Receipt| (of.amount_fen, of.written().fees, of.loan_id);
        if what(self) != what(new) {
            new.version += 1;
        } else if matches!(self.state, State::Accepted | State::Rejected) {
            (new.state, new.told_by, new.decided_at) = (self.state, self.told_by, self.decided_at);
            new.decided_by.clone_from(&self.decided_by);
            new.reason.clone_from(&self.reason);
        }
    }
}

/// Records rows; one that is there already (same key) takes the new details.
pub fn put_all(db: &mut Db, rows: &[Receipt]) -> AppResult<()> {
    upsert_rows!(
        db,
        university_receipt[23],
        rows,
        key = (office_code, student_number, loan_year, code),
        set = (
            loan_id,
            name,
            class_name,
            university,
            amount_fen,
            is_first,
            mismatch,
            import_id,
            tuition_fen,
            lodging_fen,
            entered_on,
            told_by,
            state,
            contract_on,
            decided_by,
            decided_at,
            reason,
            version,
        )
    )?;
    Ok(())
}

/// The rows of these loans.
pub fn of(db: &mut Db, scope: &Scope, keys: &[LoanId]) -> AppResult<Vec<Receipt>> {
    Ok(rows_by!(db, scope, university_receipt.loan_id in keys => Receipt))
}

/// The receipts of these students, matched or not. For imports: one query a chunk.
pub fn of_students(db: &mut Db, scope: &Scope, numbers: &[String]) -> AppResult<Vec<Receipt>> {
    Ok(rows_by!(db, scope, university_receipt.student_number in numbers => Receipt))
}

/// The rows with these identities.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<Vec<Receipt>> {
    Ok(rows_by!(db, scope, university_receipt.id in ids => Receipt))
}

pub fn find(db: &mut Db, scope: &Scope, id: RowId) -> AppResult<Receipt> {
    by_ids(db, scope, &[id])?.pop().ok_or(AppError::NotFound)
}

/// Takes rows away that an import had brought and that is undone.
pub fn remove(db: &mut Db, scope: &Scope, ids: &[RowId]) -> AppResult<()> {
    Ok(remove_rows!(
        db,
        university_receipt::table,
        university_receipt::id,
        university_receipt::office_code,
        scope,
        ids
    )?)
}

/// The student with the number of a receipt and the loans, oldest first; none where nobody has it.
pub fn student_of(
    db: &mut Db,
    scope: &Scope,
    of: &Receipt,
) -> AppResult<Option<(Student, Vec<Loan>)>> {
    let number = std::slice::from_ref(&of.student_number);
    let files = loan::files_by_student_number(db, scope, number)?;
    let Some(file) = files.first() else { return Ok(None) };
    let name = person::find(db, scope, file.person_id)?.name;
    let loans = loan::chain(db, scope, file.id)?;
    let contracts = loans.iter().map(Contract::from).collect();
    Ok(Some((Student { name, contracts }, loans)))
}

/// The contract of the student and year that a receipt names; it may have another code, or its
/// student another name.
pub fn candidate(db: &mut Db, scope: &Scope, of: &Receipt) -> AppResult<Option<Loan>> {
    let (_, loans) = student_of(db, scope, of)?.unzip();
    Ok(loans.unwrap_or_default().into_iter().rfind(|loan| loan.loan_year == of.loan_year))
}

/// The files without a student number (学号) whose contracts have these receipt codes, by code,
/// year of the loan and name of the student. For lists that come before the number is known.
pub fn files_by_receipt_code(
    db: &mut Db,
    scope: &Scope,
    codes: &[String],
) -> AppResult<Vec<(String, i32, String, LoanFile)>> {
    let mut found = Vec::new();
    for chunk in codes.chunks(BINDS_MAX) {
        let files = schema::loan::table.inner_join(schema::loan_file::table.inner_join(
            schema::person::table.on(schema::person::id.eq(schema::loan_file::person_id)),
        ));
        found.extend(
            files
                .filter(scope.holds(schema::loan_file::office_code))
                .filter(schema::loan::receipt_code.eq_any(chunk))
                .filter(schema::loan_file::student_number.eq(""))
                .select((
                    schema::loan::receipt_code,
                    schema::loan::loan_year,
                    schema::person::name,
                    LoanFile::as_select(),
                ))
                .load(db)?,
        );
    }
    Ok(found)
}

/// How far the university is with a contract, as its family reads it.
pub fn for_family(db: &mut Db, scope: &Scope, loan: &Loan) -> AppResult<String> {
    let mut all = of(db, scope, &[loan.id])?;
    all.retain(|one| one.state != State::Rejected);
    Ok(match all.pop() {
        Some(one) => rules::for_family(Some(one.state), (one.tuition_fen, one.lodging_fen)),
        None => rules::for_family(loan.receipt_on.map(|_| State::Matched), (None, None)),
    })
}
