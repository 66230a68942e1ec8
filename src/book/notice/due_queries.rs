//! Which files should have a message by now and do not. Reads only; what a job asks first, so
//! that a second run finds nothing.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, Months, NaiveDate};
use diesel::dsl::{exists, min, not};
use diesel::prelude::*;

use super::reason::Reason;
use super::rounds::Round;
use crate::base::dates::day_in;
use crate::base::ids::FileId;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::payments_known::BankData;
use crate::book::statement::Product;
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    file_position, graduation, loan, loan_file, loan_position, message, university_receipt,
};

/// The messages of one reason and day about a file; `$file` is the column to compare with.
macro_rules! already {
    ($file:expr, $reason:expr, $round:expr) => {
        exists(
            message::table
                .filter(message::file_id.eq($file.nullable()))
                .filter(message::reason.eq($reason.as_text()))
                .filter(message::planned_on.eq($round.planned_on))
                .select(message::id),
        )
    };
}

/// Contracts of a loan year that wait for their receipt.
macro_rules! missing_receipts {
    ($scope:expr, $year:expr) => {
        loan::table
            .inner_join(loan_position::table)
            .filter(loan::office_code.eq_any($scope.codes()))
            .filter(loan::loan_year.eq($year))
            .filter(loan::receipt_on.is_null())
            .filter(loan_position::stage.eq("undisbursed"))
            .filter(not(exists(
                university_receipt::table
                    .filter(university_receipt::office_code.eq(loan::office_code))
                    .filter(university_receipt::loan_id.eq(loan::id.nullable()))
                    .filter(university_receipt::state.ne("rejected"))
                    .select(university_receipt::id),
            )))
    };
}

/// A contract of a loan year of the file at hand.
macro_rules! contract_of {
    ($year:expr) => {
        loan::table
            .filter(loan::office_code.eq(loan_file::office_code))
            .filter(loan::file_id.eq(loan_file::id))
            .filter(loan::loan_year.eq($year))
            .select(loan::id)
    };
}

/// A graduation of the file at hand that was confirmed for a year or later: who went on studying
/// then graduates once more.
macro_rules! confirmed {
    ($year:expr) => {
        graduation::table
            .filter(graduation::file_id.eq(loan_file::id))
            .filter(graduation::confirmed_on.is_not_null())
            .filter(
                graduation::confirmed_on
                    .ge(day_in($year, 1, 1))
                    .or(graduation::graduated_on.ge(day_in($year, 1, 1))),
            )
            .select(graduation::id)
    };
}

/// The due days from `from` to `until` on which anything is asked of the files of these offices.
pub fn due_days(
    db: &mut Db,
    scope: &Scope,
    from: NaiveDate,
    until: NaiveDate,
) -> AppResult<Vec<NaiveDate>> {
    let mut days = Vec::new();
    let mut after = from.pred_opt().unwrap_or(from);
    // One seek into the index for each day, and one to see that there is no more.
    loop {
        let next: Option<NaiveDate> = file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::next_due_on.gt(after))
            .filter(file_position::next_due_on.le(until))
            .select(min(file_position::next_due_on))
            .first(db)?;
        let Some(day) = next else { return Ok(days) };
        days.push(day);
        after = day;
    }
}

/// The files that have something to pay on a due day and no reminder of this round: the amount,
/// less what was paid ahead.
pub fn without_due_reminder(
    db: &mut Db,
    scope: &Scope,
    due_on: NaiveDate,
    round: Round,
) -> AppResult<Vec<(FileId, Fen)>> {
    let rows: Vec<(FileId, Fen, Fen)> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::next_due_on.eq(due_on))
        .filter(file_position::next_due_fen.gt(0))
        .filter(not(already!(file_position::file_id, Reason::DueReminder, round)))
        .order(file_position::file_id)
        .select((file_position::file_id, file_position::next_due_fen, file_position::unapplied_fen))
        .load(db)?;
    with_money_ahead(db, scope, due_on, rows)
}

/// What these files have to pay on a due day, less what was paid ahead, by file. A file that has
/// nothing to pay then is not in it.
pub fn due_amounts(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
) -> AppResult<HashMap<FileId, (NaiveDate, Fen)>> {
    let mut by_day: HashMap<NaiveDate, Vec<(FileId, Fen, Fen)>> = HashMap::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<(FileId, Option<NaiveDate>, Fen, Fen)> = file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::file_id.eq_any(chunk))
            .filter(file_position::next_due_fen.gt(0))
            .select((
                file_position::file_id,
                file_position::next_due_on,
                file_position::next_due_fen,
                file_position::unapplied_fen,
            ))
            .load(db)?;
        for (file, day, amount, ahead) in rows {
            by_day.entry(day.unwrap_or_default()).or_default().push((file, amount, ahead));
        }
    }
    let mut found = HashMap::with_capacity(files.len());
    for (day, rows) in by_day {
        for (file, amount) in with_money_ahead(db, scope, day, rows)? {
            found.insert(file, (day, amount));
        }
    }
    Ok(found)
}

/// Money paid ahead belongs to one contract, so it counts against what that one asks for only.
fn with_money_ahead(
    db: &mut Db,
    scope: &Scope,
    due_on: NaiveDate,
    rows: Vec<(FileId, Fen, Fen)>,
) -> AppResult<Vec<(FileId, Fen)>> {
    let ahead: Vec<FileId> = rows.iter().filter(|row| row.2 > Fen::ZERO).map(|row| row.0).collect();
    let mut left: HashMap<FileId, Fen> = HashMap::new();
    for chunk in ahead.chunks(BINDS_MAX) {
        let parts: Vec<(FileId, Fen, Fen)> = loan_position::table
            .filter(scope.holds(loan_position::office_code))
            .filter(loan_position::file_id.eq_any(chunk))
            .filter(loan_position::next_due_on.eq(due_on))
            .select((
                loan_position::file_id,
                loan_position::next_due_fen,
                loan_position::unapplied_fen,
            ))
            .load(db)?;
        for (file, amount, paid) in parts {
            let open = if paid < amount { amount - paid } else { Fen::ZERO };
            let sum = left.entry(file).or_insert(Fen::ZERO);
            *sum += open;
        }
    }
    Ok(rows
        .into_iter()
        .map(|(file, amount, _)| (file, left.get(&file).copied().unwrap_or(amount)))
        .filter(|(_, amount)| *amount > Fen::ZERO)
        .collect())
}

/// The days from `from` to `until` of which something is unpaid, as the oldest of a file.
pub fn unpaid_days(
    db: &mut Db,
    scope: &Scope,
    from: NaiveDate,
    until: NaiveDate,
) -> AppResult<Vec<NaiveDate>> {
    let days: Vec<Option<NaiveDate>> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.between(from, until))
        .select(file_position::oldest_unpaid_due_on)
        .distinct()
        .load(db)?;
    Ok(days.into_iter().flatten().collect())
}

/// A contract of the file at hand of which this due day is unpaid. Money goes to the oldest due day
/// first, so where an older one is unpaid, this one is.
macro_rules! unpaid_of {
    ($due_on:expr, $month_day:expr) => {
        loan_position::table
            .inner_join(loan::table)
            .filter(loan_position::file_id.eq(file_position::file_id))
            .filter(loan_position::oldest_unpaid_due_on.le($due_on))
            .filter(loan_position::known_until.ge($due_on))
            .filter(loan::final_due_on.ge($due_on))
            .filter(loan::due_month_day.eq($month_day).or(loan::final_due_on.eq($due_on)))
            .select(loan_position::loan_id)
    };
}

/// The files of which a due day is unpaid, whatever is unpaid from before, and that have no notice
/// of this round: all that is late, with the penalty of today, as the borrower's own page says it.
pub fn without_overdue_notice(
    db: &mut Db,
    scope: &Scope,
    due_on: NaiveDate,
    round: Round,
) -> AppResult<Vec<(FileId, Fen)>> {
    let rows: Vec<(FileId, Fen, Fen, Fen)> = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.le(due_on))
        .filter(exists(unpaid_of!(due_on, due_on.format("%m-%d").to_string())))
        .filter(not(already!(file_position::file_id, Reason::OverdueNotice, round)))
        .filter(not(already!(file_position::file_id, Reason::DueUnconfirmed, round)))
        .order(file_position::file_id)
        .select((
            file_position::file_id,
            file_position::overdue_principal_fen,
            file_position::overdue_interest_fen,
            file_position::penalty_fen,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(file, principal, interest, penalty)| (file, principal + interest + penalty))
        .filter(|(_, amount)| *amount > Fen::ZERO)
        .collect())
}

/// Of these files those that are called late by a due day of the bank's only because the director
/// goes ahead without its result. None on a day when nobody does.
pub fn unconfirmed(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
    (bank_data, day): (&BankData, NaiveDate),
) -> AppResult<HashSet<FileId>> {
    let mut found = HashSet::new();
    if bank_data.ahead.is_none() {
        return Ok(found);
    }
    let year_ago = day.checked_sub_months(Months::new(12)).unwrap_or(day);
    let known = bank_data.until.unwrap_or(year_ago).max(year_ago);
    let awaited: Vec<NaiveDate> =
        known.iter_days().skip(1).take_while(|awaited| *awaited <= day).collect();
    let each_year: Vec<String> =
        awaited.iter().map(|awaited| awaited.format("%m-%d").to_string()).collect();
    for chunk in files.chunks(BINDS_MAX / 4) {
        let rows: Vec<FileId> = loan_position::table
            .inner_join(loan::table)
            .filter(scope.holds(loan_position::office_code))
            .filter(loan_position::file_id.eq_any(chunk))
            .filter(loan_position::oldest_unpaid_due_on.is_not_null())
            .filter(loan::product.ne(Product::Local.as_text()))
            .filter(loan::due_month_day.eq_any(&each_year).or(loan::final_due_on.eq_any(&awaited)))
            .select(loan_position::file_id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// What of these files is late, by file: the oldest due day; principal, interest and penalty as of
/// the day the positions are for.
pub fn overdue_amounts(
    db: &mut Db,
    scope: &Scope,
    files: &[FileId],
) -> AppResult<HashMap<FileId, (NaiveDate, Fen)>> {
    let mut found = HashMap::with_capacity(files.len());
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<(FileId, Option<NaiveDate>, Fen, Fen, Fen)> = file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::file_id.eq_any(chunk))
            .filter(file_position::oldest_unpaid_due_on.is_not_null())
            .select((
                file_position::file_id,
                file_position::oldest_unpaid_due_on,
                file_position::overdue_principal_fen,
                file_position::overdue_interest_fen,
                file_position::penalty_fen,
            ))
            .load(db)?;
        for (file, day, principal, interest, penalty) in rows {
            found.insert(file, (day.unwrap_or_default(), principal + interest + penalty));
        }
    }
    Ok(found)
}

/// The files with a contract of `loan_year` whose receipt no university has entered, and without
/// a message of this round.
pub fn without_receipt(
    db: &mut Db,
    scope: &Scope,
    loan_year: i32,
    round: Round,
) -> AppResult<Vec<FileId>> {
    let mut files: Vec<FileId> = missing_receipts!(scope, loan_year)
        .filter(not(already!(loan::file_id, Reason::ReceiptMissing, round)))
        .select(loan::file_id)
        .order(loan::file_id)
        .load(db)?;
    files.dedup();
    Ok(files)
}

/// Of these files those whose receipt of `loan_year` is still missing.
pub fn still_without_receipt(
    db: &mut Db,
    scope: &Scope,
    loan_year: i32,
    files: &[FileId],
) -> AppResult<Vec<FileId>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<FileId> = missing_receipts!(scope, loan_year)
            .filter(loan::file_id.eq_any(chunk))
            .select(loan::file_id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The files whose university entered other fees than the contract of `loan_year` says, and what is
/// different.
pub fn differing_receipts(
    db: &mut Db,
    scope: &Scope,
    loan_year: i32,
) -> AppResult<Vec<(FileId, String)>> {
    Ok(university_receipt::table
        .inner_join(loan::table.on(university_receipt::loan_id.eq(loan::id.nullable())))
        .filter(scope.holds(university_receipt::office_code))
        .filter(university_receipt::loan_year.eq(loan_year))
        .filter(university_receipt::state.eq("differs"))
        .order(university_receipt::id)
        .select((loan::file_id, university_receipt::mismatch))
        .load(db)?)
}

/// The students who study on after this summer, have no contract of `year` yet, had one of the
/// year before, and no message of this round.
pub fn without_renewal(
    db: &mut Db,
    scope: &Scope,
    year: i32,
    round: Round,
) -> AppResult<Vec<FileId>> {
    Ok(loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::graduates_on.gt(day_in(year, 8, 31)))
        .filter(exists(contract_of!(year - 1)))
        .filter(not(exists(contract_of!(year))))
        .filter(not(already!(loan_file::id, Reason::Renewal, round)))
        .order(loan_file::id)
        .select(loan_file::id)
        .load(db)?)
}

/// Of these files those with a contract of `year` already.
pub fn with_contract_of(
    db: &mut Db,
    scope: &Scope,
    year: i32,
    files: &[FileId],
) -> AppResult<Vec<FileId>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<FileId> = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::file_id.eq_any(chunk))
            .filter(loan::loan_year.eq(year))
            .select(loan::file_id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The graduates of `year` who still owe something, whose graduation is not confirmed, and who
/// have no message of this round; with their university.
pub fn without_confirmation(
    db: &mut Db,
    scope: &Scope,
    year: i32,
    round: Round,
) -> AppResult<Vec<(FileId, String)>> {
    Ok(loan_file::table
        .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::graduates_on.between(day_in(year, 1, 1), day_in(year, 12, 31)))
        .filter(file_position::outstanding_fen.gt(0))
        .filter(not(exists(confirmed!(year))))
        .filter(not(already!(loan_file::id, Reason::GraduationConfirmation, round)))
        .order(loan_file::id)
        .select((loan_file::id, loan_file::university))
        .load(db)?)
}

/// Of these files those whose graduation of a year is confirmed.
pub fn with_confirmation(
    db: &mut Db,
    scope: &Scope,
    year: i32,
    files: &[FileId],
) -> AppResult<Vec<FileId>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<FileId> = loan_file::table
            .filter(scope.holds(loan_file::office_code))
            .filter(loan_file::id.eq_any(chunk))
            .filter(exists(confirmed!(year)))
            .select(loan_file::id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The graduates of the year of `round` who owe something and have no message of it.
pub fn without_early_repayment(db: &mut Db, scope: &Scope, round: Round) -> AppResult<Vec<FileId>> {
    let year = round.planned_on.year();
    Ok(loan_file::table
        .inner_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::graduates_on.between(day_in(year, 1, 1), day_in(year, 12, 31)))
        .filter(file_position::outstanding_fen.gt(0))
        .filter(not(already!(loan_file::id, Reason::EarlyRepaymentWindow, round)))
        .order(loan_file::id)
        .select(loan_file::id)
        .load(db)?)
}

/// Of these files those that owe something.
pub fn owing(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<Vec<FileId>> {
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<FileId> = file_position::table
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::file_id.eq_any(chunk))
            .filter(file_position::outstanding_fen.gt(0))
            .select(file_position::file_id)
            .load(db)?;
        found.extend(rows);
    }
    Ok(found)
}
