//! Keeps cases in step with what is owed: a case for every loan file with something past due, none
//! for the others. A paid file leaves the ladder in the write that posted the payment.
//!
//! Also: promises whose day went by, pauses and times off the ladder that are over, and who comes
//! first. Set-wise: a few statements for thousands of files. Run again it changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not, select};
use diesel::prelude::*;

use super::kinds::{AskedFor, ClosedWhy, HoldReason, NextStep, Stage, State, StepKind};
use super::owners;
use super::promises;
use super::rules::{self, First};
use super::store::{self, Case, Step};
use crate::app::App;
use crate::base::dates::{days_between, starts_at};
use crate::base::ids::{CaseId, FileId, Ids, LoanId, PersonId, RowId, StaffId};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::notice::stops::{self, Why};
use crate::book::policy::{LadderRule, Policy};
use crate::error::AppResult;
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    contact_confirmation, file_position, loan, loan_event, loan_file, loan_position, overdue_case,
};

/// A case that was taken back longer ago than this is over: the next one begins anew.
const REOPENED_WITHIN: u64 = 90;

/// In whose name the program writes steps.
const PROGRAM: &str = "系统";

/// What following needs besides the rows.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// Makes identities; one that is burnt hurts nobody.
    pub ids: &'a Ids,
    pub policy: &'a Policy,
    /// Taken before the write.
    pub now: NaiveDateTime,
    pub today: NaiveDate,
}

impl Setting<'_> {
    fn rule(&self) -> &LadderRule {
        self.policy.ladder.on(self.today)
    }

    fn next_id(&self) -> i64 {
        self.ids.next(self.now.and_utc())
    }

    fn step(&self, case: &Case, kind: StepKind, reason: &str) -> Step {
        Step {
            id: RowId::new(self.next_id()),
            office_code: case.office_code.clone(),
            case_id: case.id,
            on_day: self.today,
            at: self.now,
            kind,
            from_stage: String::new(),
            to_stage: String::new(),
            reason: reason.to_owned(),
            record_id: None,
            staff_id: None,
            by_name: PROGRAM.to_owned(),
            before: String::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    pub opened: usize,
    /// Cases that ended: paid.
    pub closed: usize,
    /// Promises that were not kept.
    pub broken: usize,
    /// Back after a pause or a time off the ladder.
    pub back: usize,
}

impl std::ops::AddAssign for Followed {
    fn add_assign(&mut self, other: Followed) {
        self.opened += other.opened;
        self.closed += other.closed;
        self.broken += other.broken;
        self.back += other.back;
    }
}

/// A file with something past due.
#[derive(Clone, Debug, Queryable)]
struct Late {
    file_id: FileId,
    office_code: String,
    person_id: PersonId,
    owner_id: Option<StaffId>,
    graduates_on: Option<NaiveDate>,
    principal: Fen,
    interest: Fen,
    penalty: Fen,
}

/// Brings the cases into step: all of them, or those of `only`. Of `only` none is opened: an import
/// of a whole county posts contracts before what was paid on them; the night opens what is left.
pub fn follow(
    db: &mut Db,
    scope: &Scope,
    set: Setting<'_>,
    only: Option<&[FileId]>,
) -> AppResult<Followed> {
    if only.is_some_and(<[FileId]>::is_empty) {
        return Ok(Followed::default());
    }
    let mut cases = store::not_closed(db, scope, only)?;
    if only.is_some() && cases.is_empty() {
        return Ok(Followed::default());
    }
    let late = late(db, scope, only)?;
    let late_files: HashSet<FileId> = late.iter().map(|one| one.file_id).collect();
    let mut steps = Vec::new();
    let mut new = Vec::new();
    if only.is_none() {
        cases.extend(reopen(db, scope, set, (&late, &cases), &mut steps)?);
        let known: HashSet<FileId> = cases.iter().map(|case| case.file_id).collect();
        new = new_cases(db, scope, set, &late, |one| !known.contains(&one.file_id))?;
        steps.extend(new.iter().map(|case| set.step(case, StepKind::Opened, "")));
        store::add_all(db, &new)?;
    }
    let reopened = steps.len() - new.len();
    let (mut stay, gone): (Vec<Case>, Vec<Case>) =
        cases.into_iter().partition(|case| late_files.contains(&case.file_id));
    let closed = end(db, scope, set, gone, &mut steps)?;
    let broken = judge(db, scope, set, &mut stay, &mut steps)?;
    let over: Vec<&Case> = stay
        .iter()
        .filter(|case| matches!(case.state, State::Paused | State::Parked))
        .filter(|case| case.until_on.is_some_and(|day| day <= set.today))
        .collect();
    for case in &over {
        let kind = match case.state {
            State::Paused => StepKind::Resumed,
            _ => StepKind::Returned,
        };
        steps.push(set.step(case, kind, &case.parked_reason));
    }
    let over_ids: Vec<CaseId> = over.iter().map(|case| case.id).collect();
    store::bring_back(db, &over_ids, set.today)?;
    store::add_steps(db, &steps)?;
    let done = Followed { opened: new.len(), closed, broken, back: over.len() + reopened };
    let all: Vec<Case> = stay.into_iter().chain(new).collect();
    assign_owners(db, scope, set, &all)?;
    update_priorities(db, scope, set, &late, &all)?;
    Ok(done)
}

/// Decides the promises whose day is over and known from the bank; says how many were broken. The
/// case goes on with what is left, from today.
fn judge(
    db: &mut Db,
    scope: &Scope,
    set: Setting<'_>,
    cases: &mut [Case],
    steps: &mut Vec<Step>,
) -> AppResult<usize> {
    let due = promises::due(db, scope, set.today, cases)?;
    let judged: Vec<&Case> = cases.iter().filter(|case| due.contains(&case.id)).collect();
    let came = promises::payments(db, scope, &judged)?;
    let (mut fulfilled, mut broken) = (Vec::new(), Vec::new());
    for case in cases.iter_mut().filter(|case| due.contains(&case.id)) {
        let came = came.get(&case.id).copied().unwrap_or_default();
        let (kind, of) = match came.reach(case.promised_fen) {
            true => (StepKind::PromiseKept, &mut fulfilled),
            false => (StepKind::PromiseBroken, &mut broken),
        };
        steps.push(set.step(case, kind, &came.in_words(case)));
        case.broken_promises += i32::from(kind == StepKind::PromiseBroken);
        of.push(case.id);
    }
    store::end_promises(db, &fulfilled, (0, NextStep::LookAgain), set.today)?;
    store::end_promises(db, &broken, (1, NextStep::PromiseDue), set.today)?;
    Ok(broken.len())
}

/// Brings the cases of one office into step, in a write of its own.
pub fn follow_office(app: &App, scope: &Scope) -> AppResult<Followed> {
    let (now, today) = (app.clock.now_at(), app.clock.today());
    app.db.write("follow overdue", |db| {
        let set = Setting { ids: &app.ids, policy: &app.policy(), now, today };
        follow(db, scope, set, None)
    })
}

/// Ends the cases of files of which nothing late is known any more; says how many were paid.
fn end(
    db: &mut Db,
    scope: &Scope,
    set: Setting<'_>,
    gone: Vec<Case>,
    steps: &mut Vec<Step>,
) -> AppResult<usize> {
    // What is not known any more (a list was taken back) or was followed for a day only (the
    // director went ahead) was never paid: such a case is taken back, and opened again when the
    // bank tells.
    let unknown = awaiting(db, scope, &gone)?;
    let (unknown, gone): (Vec<Case>, Vec<Case>) =
        gone.into_iter().partition(|case| unknown.contains(&case.id));
    for case in &unknown {
        steps.push(set.step(case, StepKind::Closed, "银行的结果还不知道，撤下等待"));
    }
    let paid = paid(db, scope, &gone)?;
    let (gone, corrected): (Vec<Case>, Vec<Case>) =
        gone.into_iter().partition(|case| paid.contains(&case.id));
    for case in &corrected {
        steps.push(set.step(case, StepKind::Closed, "没有新的还款，是政策或账目更正后不再逾期"));
    }
    let unpaid: Vec<CaseId> = ids(&unknown).into_iter().chain(ids(&corrected)).collect();
    store::close_all(db, &unpaid, (ClosedWhy::Corrected, set.today))?;
    let promised: Vec<&Case> = gone.iter().filter(|case| case.promised_on.is_some()).collect();
    let came = promises::payments(db, scope, &promised)?;
    for case in &gone {
        if case.promised_on.is_some() {
            let came = came.get(&case.id).copied().unwrap_or_default();
            steps.push(match came.clear_in_time(case.promised_fen) {
                true => set.step(case, StepKind::PromiseKept, ""),
                false => set.step(case, StepKind::PromiseBroken, &came.in_words(case)),
            });
        }
        steps.push(set.step(case, StepKind::Closed, ClosedWhy::Paid.in_words()));
    }
    store::close_all(db, &ids(&gone), (ClosedWhy::Paid, set.today))?;
    Ok(gone.len())
}

/// Opens the cases again that were taken back, of files that are called late once more: what was
/// agreed with the family holds on.
fn reopen(
    db: &mut Db,
    scope: &Scope,
    set: Setting<'_>,
    (late, open): (&[Late], &[Case]),
    steps: &mut Vec<Step>,
) -> AppResult<Vec<Case>> {
    let known: HashSet<FileId> = open.iter().map(|case| case.file_id).collect();
    let files: Vec<FileId> =
        late.iter().map(|one| one.file_id).filter(|file| !known.contains(file)).collect();
    let since = set.today.checked_sub_days(Days::new(REOPENED_WITHIN)).unwrap_or(set.today);
    let found = store::taken_back(db, scope, &files, since)?;
    store::reopen_all(db, &ids(&found))?;
    let reopened = store::by_ids(db, scope, &ids(&found))?;
    // Not that the result is known: the director may go ahead without it.
    let note = "又列为逾期，接着以前的跟进";
    steps.extend(reopened.iter().map(|case| set.step(case, StepKind::Resumed, note)));
    Ok(reopened)
}

/// The cases of the files that have none. Nobody rings somebody who has died: such a case begins
/// off the ladder.
fn new_cases(
    db: &mut Db,
    scope: &Scope,
    set: Setting<'_>,
    late: &[Late],
    is_new: impl Fn(&Late) -> bool,
) -> AppResult<Vec<Case>> {
    let new: Vec<&Late> = late.iter().filter(|one| is_new(one)).collect();
    let people: Vec<PersonId> = new.iter().map(|one| one.person_id).collect();
    let stops = stops::of_people(db, scope, &people)?;
    let until = rules::later(set.today, rules::park_days(HoldReason::Died, set.rule()));
    let case = |one: &&Late| {
        let case = opened(one, set);
        match stops.get(&one.person_id).map(|stop| (stop.why, &stop.note)) {
            Some((Why::Died, note)) => rules::hold(&case, HoldReason::Died, until, note),
            _ => case,
        }
    };
    Ok(new.iter().map(case).collect())
}

/// Gives every case that nobody has an owner.
fn assign_owners(db: &mut Db, scope: &Scope, set: Setting<'_>, cases: &[Case]) -> AppResult<()> {
    let nobodys: Vec<&Case> = cases.iter().filter(|case| case.owner_id.is_none()).collect();
    let files: Vec<FileId> = nobodys.iter().map(|case| case.file_id).collect();
    let owners = owners::of(db, scope, set.today, &files)?;
    let mut of: BTreeMap<StaffId, Vec<CaseId>> = BTreeMap::new();
    for case in nobodys {
        if let Some(owner) = owners.get(&case.file_id) {
            of.entry(*owner).or_default().push(case.id);
        }
    }
    for (owner, ids) in of {
        store::own(db, &ids, owner)?;
    }
    Ok(())
}

fn ids(cases: &[Case]) -> Vec<CaseId> {
    cases.iter().map(|case| case.id).collect()
}

fn late(db: &mut Db, scope: &Scope, only: Option<&[FileId]>) -> AppResult<Vec<Late>> {
    let all = || {
        file_position::table
            .inner_join(loan_file::table)
            .filter(scope.holds(file_position::office_code))
            .filter(file_position::oldest_unpaid_due_on.is_not_null())
            .select((
                file_position::file_id,
                file_position::office_code,
                loan_file::person_id,
                loan_file::owner_id,
                loan_file::graduates_on,
                file_position::overdue_principal_fen,
                file_position::overdue_interest_fen,
                file_position::penalty_fen,
            ))
    };
    let Some(files) = only else { return Ok(all().load(db)?) };
    let mut found = Vec::new();
    for chunk in files.chunks(BINDS_MAX) {
        let of: Vec<Late> = all().filter(file_position::file_id.eq_any(chunk)).load(db)?;
        found.extend(of);
    }
    Ok(found)
}

/// Of these cases those whose file has a due day that awaits the bank and that was past when the
/// case was opened.
fn awaiting(db: &mut Db, scope: &Scope, cases: &[Case]) -> AppResult<HashSet<CaseId>> {
    let ids = ids(cases);
    let mut found = HashSet::new();
    for chunk in ids.chunks(BINDS_MAX) {
        let of: Vec<CaseId> = overdue_case::table
            .inner_join(file_position::table.on(file_position::file_id.eq(overdue_case::file_id)))
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::id.eq_any(chunk))
            .filter(file_position::awaiting_on.lt(overdue_case::opened_on.nullable()))
            .select(overdue_case::id)
            .load(db)?;
        found.extend(of);
    }
    Ok(found)
}

/// Of these cases those of whose file money came in, or was settled by the bank's word, since the
/// case was opened. What a waiver or a correction takes away was not paid.
fn paid(db: &mut Db, scope: &Scope, cases: &[Case]) -> AppResult<HashSet<CaseId>> {
    let since = cases.iter().map(|case| case.opened_on).min();
    let Some(since) = since else { return Ok(HashSet::new()) };
    let files: Vec<FileId> = cases.iter().map(|case| case.file_id).collect();
    let mut came: HashMap<FileId, NaiveDateTime> = HashMap::new();
    let mut settled: HashSet<FileId> = HashSet::new();
    for chunk in files.chunks(BINDS_MAX) {
        let money: Vec<(FileId, NaiveDateTime)> = loan_event::table
            .inner_join(loan::table)
            .filter(scope.holds(loan::office_code))
            .filter(loan::file_id.eq_any(chunk))
            .filter(loan_event::recorded_at.ge(starts_at(since)))
            .filter(loan_event::kind.eq_any(["paid", "prepaid", "compensated", "relieved"]))
            .select((loan::file_id, loan_event::recorded_at))
            .load(db)?;
        for (file, at) in money {
            let newest = came.entry(file).or_insert(at);
            *newest = at.max(*newest);
        }
        let settled_by_bank: Vec<FileId> = loan_position::table
            .filter(scope.holds(loan_position::office_code))
            .filter(loan_position::file_id.eq_any(chunk))
            .filter(loan_position::bank_settled_on.is_not_null())
            .select(loan_position::file_id)
            .load(db)?;
        settled.extend(settled_by_bank);
    }
    let is_paid = |case: &&Case| {
        settled.contains(&case.file_id)
            || came.get(&case.file_id).is_some_and(|at| *at >= starts_at(case.opened_on))
    };
    Ok(cases.iter().filter(is_paid).map(|case| case.id).collect())
}

fn opened(one: &Late, set: Setting<'_>) -> Case {
    Case {
        id: CaseId::new(set.next_id()),
        office_code: one.office_code.clone(),
        file_id: one.file_id,
        state: State::Open,
        stage: Stage::Student,
        opened_on: set.today,
        stage_since: set.today,
        owner_id: one.owner_id,
        next_step: Stage::Student.first_step(),
        next_on: rules::first_on(Stage::Student, set.rule(), set.today),
        tries: 0,
        reached: false,
        promised_on: None,
        promised_fen: None,
        broken_promises: 0,
        last_record_id: None,
        parked_for: HoldReason::Nothing,
        parked_reason: String::new(),
        until_on: None,
        asked_for: AskedFor::Nothing,
        answer_for: None,
        asked_by: String::new(),
        asked_reason: String::new(),
        asked_at: None,
        notice_on: None,
        closed_on: None,
        closed_why: ClosedWhy::Nothing,
        weight: 0,
        version: 1,
    }
}

/// Sets who comes first where it has changed; cases of the same points in one statement.
fn update_priorities(
    db: &mut Db,
    scope: &Scope,
    set: Setting<'_>,
    late: &[Late],
    cases: &[Case],
) -> AppResult<()> {
    let people: Vec<PersonId> = late.iter().map(|one| one.person_id).collect();
    let confirmed = confirmed(db, scope, &people, set.today)?;
    let late: HashMap<FileId, &Late> = late.iter().map(|one| (one.file_id, one)).collect();
    let mut changed: BTreeMap<i64, Vec<CaseId>> = BTreeMap::new();
    for case in cases {
        let Some(one) = late.get(&case.file_id) else { continue };
        let facts = first(case, one, confirmed.contains(&one.person_id), set.today);
        let (priority, _) = rules::first(&facts, set.rule());
        if priority != case.weight {
            changed.entry(priority).or_default().push(case.id);
        }
    }
    for (priority, ids) in changed {
        store::update_priorities(db, &ids, priority)?;
    }
    Ok(())
}

/// What "who first" is made of for one case.
fn first(case: &Case, one: &Late, confirmed: bool, today: NaiveDate) -> First {
    First {
        overdue: one.principal + one.interest + one.penalty,
        days: days_between(case.stage_since, today),
        broken: case.broken_promises,
        first_year: rules::is_first_year(one.graduates_on, today),
        reached: case.reached,
        confirmed,
    }
}

/// The points of one case as it stands now; what it had when nothing is overdue any more.
pub fn priority_of(
    db: &mut Db,
    scope: &Scope,
    case: &Case,
    (rule, today): (&LadderRule, NaiveDate),
) -> AppResult<i64> {
    let Some(one) = late(db, scope, Some(&[case.file_id]))?.pop() else { return Ok(case.weight) };
    let confirmed = !confirmed(db, scope, &[one.person_id], today)?.is_empty();
    Ok(rules::first(&first(case, &one, confirmed, today), rule).0)
}

/// Those of these people who confirmed their contacts within a year.
pub fn confirmed(
    db: &mut Db,
    scope: &Scope,
    people: &[PersonId],
    today: NaiveDate,
) -> AppResult<HashSet<PersonId>> {
    let since = starts_at(today.checked_sub_days(Days::new(365)).unwrap_or(today));
    let mut found = HashSet::new();
    for chunk in people.chunks(BINDS_MAX) {
        let of: Vec<PersonId> = contact_confirmation::table
            .filter(scope.holds(contact_confirmation::office_code))
            .filter(contact_confirmation::person_id.eq_any(chunk))
            .filter(contact_confirmation::confirmed_at.ge(since))
            .select(contact_confirmation::person_id)
            .load(db)?;
        found.extend(of);
    }
    Ok(found)
}

/// The files of these loans: for whoever has just posted to them.
pub fn files_of(db: &mut Db, scope: &Scope, loans: &[LoanId]) -> AppResult<Vec<FileId>> {
    let mut found: HashSet<FileId> = HashSet::new();
    for chunk in loans.chunks(BINDS_MAX) {
        let of: Vec<FileId> = loan::table
            .filter(scope.holds(loan::office_code))
            .filter(loan::id.eq_any(chunk))
            .select(loan::file_id)
            .load(db)?;
        found.extend(of);
    }
    let mut found: Vec<FileId> = found.into_iter().collect();
    found.sort_unstable();
    Ok(found)
}

/// Is there a case that is not in step? Asked before a page, so that nobody waits for the night.
pub fn is_stale(db: &mut Db, scope: &Scope, today: NaiveDate) -> AppResult<bool> {
    let own = || {
        overdue_case::table
            .filter(scope.holds(overdue_case::office_code))
            .filter(overdue_case::state.ne(State::Closed))
    };
    let past = own().filter(overdue_case::until_on.le(today));
    if promises::is_due(db, scope, today)? || select(exists(past)).get_result(db)? {
        return Ok(true);
    }
    let has_case = exists(
        overdue_case::table
            .filter(overdue_case::file_id.eq(file_position::file_id))
            .filter(overdue_case::state.ne(State::Closed)),
    );
    let without = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .filter(not(has_case));
    if select(exists(without)).get_result(db)? {
        return Ok(true);
    }
    // Every file with arrears has one case that is not closed; so one too many is of somebody who
    // owes nothing any more. Two counts in indexes, instead of a look at each position.
    let late: i64 = file_position::table
        .filter(scope.holds(file_position::office_code))
        .filter(file_position::oldest_unpaid_due_on.is_not_null())
        .count()
        .get_result(db)?;
    let cases: i64 = own().count().get_result(db)?;
    Ok(cases != late)
}
