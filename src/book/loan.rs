//! Loan files and loans: the rows, and the terms of a contract as the statement takes them.
//!
//! A *loan* is one contract of one school year; a *loan file* is one borrower's whole chain of
//! them. Writes tables `loan_file`, `loan` and `file_serial`. Stores no balance.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::ids::{FileId, LoanId, PersonId, StaffId};
use crate::base::money::Fen;
use crate::base::month_day::MonthDay;
use crate::base::rate::RatePpm;
use crate::base::scope::Scope;
use crate::book::statement::{Allocation, Product, Recut, SelfPayStarts, Switches};
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_serial, loan, loan_file};
use crate::{insert_rows, remove_rows, upsert_rows};

/// A loan file (档案) as stored.
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
#[diesel(table_name = loan_file, treat_none_as_default_value = false)]
pub struct LoanFile {
    pub id: FileId,
    /// Whose data this is.
    pub office_code: String,
    /// `LZ2015-0483`: county letters, year of the first contract, serial.
    pub file_no: String,
    pub person_id: PersonId,
    /// The co-borrower of the latest contract.
    pub co_person_id: Option<PersonId>,
    /// 与学生关系: 父亲, 母亲, 近亲属, 其他.
    pub co_relation: String,
    /// 毕业高中.
    pub high_school: String,
    /// 就读高校.
    pub university: String,
    pub university_code: String,
    /// 专业.
    pub major: String,
    /// 学号.
    pub student_number: String,
    /// 学历层次: 本科, 专科, 硕士研究生 ...
    pub degree: String,
    /// 学制 in years.
    pub school_years: Option<i32>,
    /// First day of the month of entry.
    pub entered_on: Option<NaiveDate>,
    /// First day of the month of graduation.
    pub graduates_on: Option<NaiveDate>,
    /// 家庭类型.
    pub family_kind: String,
    /// 困难等级.
    pub hardship_level: String,
    /// 备注.
    pub note: String,
    /// 责任人.
    pub owner_id: Option<StaffId>,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Grows with every change.
    pub version: i32,
}

/// A loan (one contract) as stored. Terms are data of the contract, never constants in code.
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
#[diesel(table_name = loan, treat_none_as_default_value = false)]
pub struct Loan {
    pub id: LoanId,
    /// Whose data this is.
    pub office_code: String,
    /// The file it belongs to.
    pub file_id: FileId,
    /// 合同编号, as the lender writes it.
    pub contract_no: String,
    /// `cdb` or `local`.
    pub product: String,
    /// First year of the school year: 2026 for 2026-2027.
    pub loan_year: i32,
    /// 首贷 (true) or 续贷.
    pub is_first: bool,
    /// `undergraduate` or `graduate`.
    pub level: String,
    /// 贷款金额.
    pub principal_fen: Fen,
    /// 学费.
    pub tuition_fen: Option<Fen>,
    /// 住宿费.
    pub lodging_fen: Option<Fen>,
    /// 贷款期限 in years.
    pub term_years: Option<i32>,
    /// 合同签订日期.
    pub signed_on: NaiveDate,
    /// 贴息截止日.
    pub subsidy_ends_on: NaiveDate,
    /// 到期日期.
    pub final_due_on: NaiveDate,
    /// 还本宽限期 in years.
    pub grace_years: i32,
    /// The yearly due day: `12-20`.
    pub due_month_day: String,
    /// A fixed yearly rate; none means floating.
    pub fixed_rate_ppm: Option<RatePpm>,
    /// Penalty rate in percent of the contract rate: 130.
    pub penalty_percent: i32,
    /// `act_360`.
    pub day_count: String,
    /// Named switches that differ from the default: `self_pay_starts=next_day;...`.
    pub switches: String,
    /// The co-borrower of this contract.
    pub co_person_id: Option<PersonId>,
    /// 回执校验码; not unique.
    pub receipt_code: String,
    /// 回执录入日期.
    pub receipt_on: Option<NaiveDate>,
    /// 代理结算机构.
    pub agent: String,
    /// 还款账户, sealed.
    pub account_sealed: Option<Vec<u8>>,
    /// 还款账户, masked.
    pub account_mask: String,
    /// 合同状态 as the bank's file says it.
    pub bank_state: String,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// Grows with every change.
    pub version: i32,
}

impl Loan {
    /// The product, if the row names one that exists.
    pub fn product(&self) -> Option<Product> {
        Product::from_text(&self.product)
    }
}

/// `self_pay_starts=next_day;recut_after_prepayment=from_the_end`; what is not named has its
/// default. `None` for a name or value that does not exist.
pub fn switches_from_text(text: &str) -> Option<Switches> {
    let mut switches = Switches::default();
    for part in text.split(';').filter(|part| !part.is_empty()) {
        match part.split_once('=')? {
            ("self_pay_starts", v) => switches.self_pay_starts = SelfPayStarts::from_text(v)?,
            ("recut_after_prepayment", v) => {
                switches.recut_after_prepayment = Recut::from_text(v)?;
            }
            ("allocation", v) => switches.allocation = Allocation::from_text(v)?,
            _ => return None,
        }
    }
    Some(switches)
}

/// The other way round: only what differs from the default is written.
pub fn switches_to_text(switches: &Switches) -> String {
    let default = Switches::default();
    let mut parts = Vec::new();
    if switches.self_pay_starts != default.self_pay_starts {
        parts.push(format!("self_pay_starts={}", switches.self_pay_starts.as_text()));
    }
    if switches.recut_after_prepayment != default.recut_after_prepayment {
        parts.push(format!("recut_after_prepayment={}", switches.recut_after_prepayment.as_text()));
    }
    if switches.allocation != default.allocation {
        parts.push(format!("allocation={}", switches.allocation.as_text()));
    }
    parts.join(";")
}

/// One file by its number, or NotFound (also when it is another office's).
pub fn file_by_no(db: &mut Db, scope: &Scope, file_no: &str) -> AppResult<LoanFile> {
    Ok(loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::file_no.eq(file_no))
        .select(LoanFile::as_select())
        .get_result(db)?)
}

/// One file by its identity, or NotFound.
pub fn file(db: &mut Db, scope: &Scope, id: FileId) -> AppResult<LoanFile> {
    Ok(loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::id.eq(id))
        .select(LoanFile::as_select())
        .get_result(db)?)
}

/// The files of these students, by student. For imports: one query a chunk.
pub fn files_of(
    db: &mut Db,
    scope: &Scope,
    people: &[PersonId],
) -> AppResult<HashMap<PersonId, LoanFile>> {
    let mut found = HashMap::with_capacity(people.len());
    for chunk in people.chunks(BINDS_MAX) {
        let rows = loan_file::table
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::person_id.any_of(chunk))
            .select(LoanFile::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.person_id, row)));
    }
    Ok(found)
}

/// The files with these identities, by identity.
pub fn files_by_ids(
    db: &mut Db,
    scope: &Scope,
    ids: &[FileId],
) -> AppResult<HashMap<FileId, LoanFile>> {
    let mut found = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        let rows = loan_file::table
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::id.any_of(chunk))
            .select(LoanFile::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}

/// The files of the students with these student numbers (学号).
pub fn files_by_student_number(
    db: &mut Db,
    scope: &Scope,
    numbers: &[String],
) -> AppResult<Vec<LoanFile>> {
    let mut found = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(BINDS_MAX) {
        found.extend(
            loan_file::table
                .filter(scope.holds(loan_file::office_code))
                .filter(loan_file::student_number.eq_any(chunk))
                .select(LoanFile::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The contracts of a file, oldest first: the chain of one life.
pub fn chain(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Vec<Loan>> {
    Ok(loan::table
        .filter(scope.holds(loan::office_code))
        .filter(loan::file_id.eq(file))
        .order((loan::loan_year, loan::signed_on, loan::id))
        .select(Loan::as_select())
        .load(db)?)
}

/// The contracts of several files, oldest first within each file.
pub fn chains(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<Vec<Loan>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        found.extend(
            loan::table
                .filter(scope.holds(loan::office_code))
                .filter(loan::file_id.any_of(chunk))
                .order((loan::file_id, loan::loan_year, loan::signed_on, loan::id))
                .select(Loan::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The contracts with these numbers, by number. For imports: one query a chunk.
pub fn by_contract_no(
    db: &mut Db,
    scope: &Scope,
    numbers: &[String],
) -> AppResult<HashMap<String, Loan>> {
    let mut found = HashMap::with_capacity(numbers.len());
    for chunk in numbers.chunks(BINDS_MAX) {
        let rows = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::contract_no.eq_any(chunk))
            .select(Loan::as_select())
            .load(db)?;
        found.extend(rows.into_iter().map(|row| (row.contract_no.clone(), row)));
    }
    Ok(found)
}

/// As much of a contract as tells whether a repayment list of a day should name it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = loan)]
pub struct ListedLoan {
    pub id: LoanId,
    /// 合同编号.
    pub contract_no: String,
    pub product: String,
    pub bank_state: String,
    pub due_month_day: String,
    pub subsidy_ends_on: NaiveDate,
    pub final_due_on: NaiveDate,
}

/// All contracts, in the order of identity.
pub fn listed(db: &mut Db, scope: &Scope) -> AppResult<Vec<ListedLoan>> {
    Ok(loan::table
        .filter(scope.holds(loan::office_code))
        .order(loan::id)
        .select(ListedLoan::as_select())
        .load(db)?)
}

/// Is any of these contracts there?
pub fn has_any(db: &mut Db, scope: &Scope, numbers: &[String]) -> AppResult<bool> {
    for chunk in numbers.chunks(BINDS_MAX) {
        let of_numbers = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::contract_no.eq_any(chunk));
        if diesel::select(diesel::dsl::exists(of_numbers)).get_result(db)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The contracts with these identities, in the order of identity.
pub fn by_ids(db: &mut Db, scope: &Scope, ids: &[LoanId]) -> AppResult<Vec<Loan>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(BINDS_MAX) {
        found.extend(
            loan::table
                .filter(scope.holds(loan::office_code))
                .filter(loan::id.any_of(chunk))
                .order(loan::id)
                .select(Loan::as_select())
                .load(db)?,
        );
    }
    Ok(found)
}

/// The contracts of one product, in the order of identity.
pub fn of_product(db: &mut Db, scope: &Scope, product: Product) -> AppResult<Vec<LoanId>> {
    Ok(loan::table
        .filter(scope.holds(loan::office_code))
        .filter(loan::product.eq(product.as_text()))
        .order(loan::id)
        .select(loan::id)
        .load(db)?)
}

/// The days of the month before `day`, it included, on which contracts of a product may fall due:
/// once a year, and at their end.
pub fn due_days_until(
    db: &mut Db,
    scope: &Scope,
    product: Product,
    day: NaiveDate,
) -> AppResult<Vec<NaiveDate>> {
    let since = day.checked_sub_days(Days::new(31)).unwrap_or(day);
    let yearly: Vec<String> = loan::table
        .filter(scope.holds(loan::office_code))
        .filter(loan::product.eq(product.as_text()))
        .select(loan::due_month_day)
        .distinct()
        .load(db)?;
    let mut found: Vec<NaiveDate> = loan::table
        .filter(scope.holds(loan::office_code))
        .filter(loan::product.eq(product.as_text()))
        .filter(loan::final_due_on.between(since, day))
        .select(loan::final_due_on)
        .distinct()
        .load(db)?;
    let days = yearly.iter().filter_map(|text| MonthDay::from_text(text));
    found.extend(days.flat_map(|one| [one.in_year(since.year()), one.in_year(day.year())]));
    found.retain(|due_on| (since..=day).contains(due_on));
    Ok(found)
}

/// An account as a contract keeps it: sealed, and its mask.
pub fn seal_account(sealer: &Sealer, account: &str) -> AppResult<(Vec<u8>, String)> {
    Ok((sealer.seal(Field::Account, account.as_bytes())?, mask_account(account)))
}

/// `202600***@…`: the first six characters and the place of the account.
fn mask_account(account: &str) -> String {
    let (name, place) = account.split_once('@').map_or((account, None), |(n, p)| (n, Some(p)));
    let length = name.chars().count();
    let keep = length.saturating_sub(4).min(4);
    let mut masked: String = name.chars().take(keep).collect();
    masked.push_str(&"*".repeat(length.saturating_sub(keep).min(6)));
    match place {
        Some(place) => format!("{masked}@{place}"),
        None => {
            masked.extend(name.chars().skip(length.saturating_sub(4).max(keep)));
            masked
        }
    }
}

/// The day on which the university entered the receipt of a contract; none: it has not.
pub fn set_receipt(
    db: &mut Db,
    scope: &Scope,
    id: LoanId,
    (on, at): (Option<NaiveDate>, NaiveDateTime),
) -> AppResult<()> {
    diesel::update(loan::table.filter(scope.holds(loan::office_code)).filter(loan::id.eq(id)))
        .set((
            loan::receipt_on.eq(on),
            loan::version.eq(loan::version + 1),
            loan::updated_at.eq(at),
        ))
        .execute(db)?;
    Ok(())
}

/// Takes `count` serials for files whose first contract is of `year`; the first of them.
pub fn take_serials(db: &mut Db, scope: &Scope, year: i32, count: i32) -> AppResult<i32> {
    let last: Option<i32> = file_serial::table
        .find((scope.own(), year))
        .select(file_serial::last)
        .first(db)
        .optional()?;
    match last {
        Some(last) => {
            diesel::update(file_serial::table.find((scope.own(), year)))
                .set(file_serial::last.eq(last + count))
                .execute(db)?;
            Ok(last + 1)
        }
        None => {
            diesel::insert_into(file_serial::table)
                .values((
                    file_serial::office_code.eq(scope.own()),
                    file_serial::year.eq(year),
                    file_serial::last.eq(count),
                ))
                .execute(db)?;
            Ok(1)
        }
    }
}

/// Serials of certificates are counted under the year with this added.
const CERTIFICATES: i32 = 10_000;

/// The next number of the county's own contracts of a year: counted apart from files, under the
/// year below zero.
pub fn take_contract_serial(db: &mut Db, scope: &Scope, year: i32) -> AppResult<i32> {
    take_serials(db, scope, -year, 1)
}

/// The next number of what closes contracts in a year: counted apart from both.
pub fn take_certificate_serial(db: &mut Db, scope: &Scope, year: i32) -> AppResult<i32> {
    take_serials(db, scope, year + CERTIFICATES, 1)
}

/// `LZ2015-0483`.
pub fn file_no(letters: &str, year: i32, serial: i32) -> String {
    format!("{letters}{year}-{serial:04}")
}

pub fn insert_files(db: &mut Db, files: &[LoanFile]) -> AppResult<()> {
    insert_rows!(db, loan_file::table, 22, files)?;
    Ok(())
}

/// Writes files whose details have changed over their old rows; number and student stay.
pub fn replace_files(db: &mut Db, files: &[LoanFile]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        loan_file::table,
        22,
        files,
        key = loan_file::id,
        set = (
            loan_file::co_person_id.eq(excluded(loan_file::co_person_id)),
            loan_file::co_relation.eq(excluded(loan_file::co_relation)),
            loan_file::high_school.eq(excluded(loan_file::high_school)),
            loan_file::university.eq(excluded(loan_file::university)),
            loan_file::university_code.eq(excluded(loan_file::university_code)),
            loan_file::major.eq(excluded(loan_file::major)),
            loan_file::student_number.eq(excluded(loan_file::student_number)),
            loan_file::degree.eq(excluded(loan_file::degree)),
            loan_file::school_years.eq(excluded(loan_file::school_years)),
            loan_file::entered_on.eq(excluded(loan_file::entered_on)),
            loan_file::graduates_on.eq(excluded(loan_file::graduates_on)),
            loan_file::family_kind.eq(excluded(loan_file::family_kind)),
            loan_file::hardship_level.eq(excluded(loan_file::hardship_level)),
            loan_file::note.eq(excluded(loan_file::note)),
            loan_file::owner_id.eq(excluded(loan_file::owner_id)),
            loan_file::updated_at.eq(excluded(loan_file::updated_at)),
            loan_file::version.eq(excluded(loan_file::version)),
        )
    )?;
    Ok(())
}

pub fn insert_all(db: &mut Db, loans: &[Loan]) -> AppResult<()> {
    insert_rows!(db, loan::table, 31, loans)?;
    Ok(())
}

/// Writes loans whose details have changed over their old rows; number and file stay.
pub fn replace_all(db: &mut Db, loans: &[Loan]) -> AppResult<()> {
    use diesel::upsert::excluded;
    upsert_rows!(
        db,
        loan::table,
        31,
        loans,
        key = loan::id,
        set = (
            loan::loan_year.eq(excluded(loan::loan_year)),
            loan::is_first.eq(excluded(loan::is_first)),
            loan::level.eq(excluded(loan::level)),
            loan::principal_fen.eq(excluded(loan::principal_fen)),
            loan::tuition_fen.eq(excluded(loan::tuition_fen)),
            loan::lodging_fen.eq(excluded(loan::lodging_fen)),
            loan::term_years.eq(excluded(loan::term_years)),
            loan::signed_on.eq(excluded(loan::signed_on)),
            loan::subsidy_ends_on.eq(excluded(loan::subsidy_ends_on)),
            loan::final_due_on.eq(excluded(loan::final_due_on)),
            loan::grace_years.eq(excluded(loan::grace_years)),
            loan::switches.eq(excluded(loan::switches)),
            loan::co_person_id.eq(excluded(loan::co_person_id)),
            loan::receipt_code.eq(excluded(loan::receipt_code)),
            loan::receipt_on.eq(excluded(loan::receipt_on)),
            loan::agent.eq(excluded(loan::agent)),
            loan::account_sealed.eq(excluded(loan::account_sealed)),
            loan::account_mask.eq(excluded(loan::account_mask)),
            loan::bank_state.eq(excluded(loan::bank_state)),
            loan::updated_at.eq(excluded(loan::updated_at)),
            loan::version.eq(excluded(loan::version)),
        )
    )?;
    Ok(())
}

/// Takes new files of an undone import away; nothing refers to them.
pub fn remove_files(db: &mut Db, scope: &Scope, ids: &[FileId]) -> AppResult<()> {
    Ok(remove_rows!(db, loan_file::table, loan_file::id, loan_file::office_code, scope, ids)?)
}

/// Takes new contracts of an undone import away; nothing was ever booked on them.
pub fn remove_all(db: &mut Db, scope: &Scope, ids: &[LoanId]) -> AppResult<()> {
    Ok(remove_rows!(db, loan::table, loan::id, loan::office_code, scope, ids)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_round_trip_and_unknown_ones_are_refused() {
        let odd = Switches { self_pay_starts: SelfPayStarts::NextDay, ..Switches::default() };
        assert_eq!(switches_to_text(&odd), "self_pay_starts=next_day");
        assert_eq!(switches_from_text("self_pay_starts=next_day"), Some(odd));
        assert_eq!(switches_to_text(&Switches::default()), "");
        assert_eq!(switches_from_text(""), Some(Switches::default()));
        assert_eq!(switches_from_text("self_pay_starts=tomorrow"), None);
        assert_eq!(switches_from_text("colour=red"), None);
    }

    #[test]
    fn file_numbers_carry_letters_year_and_serial() {
        assert_eq!(file_no("QH", 2015, 483), "QH2015-0483");
        assert_eq!(file_no("QH", 2026, 12_345), "QH2026-12345");
    }
}
