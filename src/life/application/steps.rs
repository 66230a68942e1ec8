//! What people do with an application, each in an open write: begin, save a step, park, take up,
//! submit, give up; what the bank's system has given; a raise, a contract that is void.

use std::collections::{BTreeMap, BTreeSet};

use super::contract;
use super::facts::{self, Desk, Whole};
use super::form::{self, names};
use super::kinds::{State, Step};
use super::rules;
use super::store::{self, Application, Beginner};
use super::view;
use crate::base::id_number::IdNumber;
use crate::base::ids::RowId;
use crate::base::money::{Fen, typed_money};
use crate::base::person_name::name_key;
use crate::book::act::{Act, FormKey, Happened, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::review::{self, Kind};
use crate::book::statement::Product;
use crate::book::{batch, loan, position, season};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::web::fields::Seen;

/// Begins an application; the one that this clerk has open already, when there is one.
pub fn begin(act: &mut Act<'_>, id: &IdNumber, product: Product) -> AppResult<RowId> {
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let me = act.by.staff_id.ok_or(AppError::Forbidden)?;
    let year = form::loan_year(act.today);
    let index = sealer.index(Field::IdNumber, id.as_str());
    let known = store::of_student(act.db, &index, year)?;
    let own = known.iter().find(|one| one.product() == product && one.state.is_open());
    let own = own.filter(|own| own.office_code == act.scope.own());
    if let Some(own) = own.filter(|own| own.staff_id == Some(me) || own.is_family_only()) {
        if own.is_family_only() {
            take(act, Seen { id: own.id, version: own.version })?;
        } else {
            act.needs_no_audit("it was begun before");
        }
        return Ok(own.id);
    }
    if let Some(why) = season::standing(act.db, act.scope.own(), year)?.refusal(year) {
        return Err(AppError::field("q", why));
    }
    let made = facts::prefill(act.db, act.scope, (id.as_str(), product), desk)?;
    let row_id: RowId = act.id();
    let mut row = Application::new(
        (row_id, act.now),
        act.scope.own(),
        (year, product),
        (index, id.masked()),
        Beginner::Clerk(me, &act.by.name),
        made.is_first,
        &made.draft,
        &sealer,
    )?;
    row.person_id = made.person.as_ref().map(|one| one.id);
    row.file_id = made.file.as_ref().map(|one| one.id);
    row.name = made.person.map(|one| one.name).unwrap_or_default();
    row.name_key = name_key(&row.name);
    row.university = made.draft.get("university").to_owned();
    row.township = made.draft.get("township").to_owned();
    let whole = Whole::of(act.db, act.scope, row, made.draft, desk)?;
    let stops = rules::stops(&whole.rulings);
    let at_door = stops.into_iter().find(|stop| stop.field == "id_number");
    if let Some(stop) = at_door {
        return Err(AppError::field("q", stop.message));
    }
    store::insert(act.db, &whole.app)?;
    audit(act, &whole.app, "application_begun", "")?;
    Ok(row_id)
}

pub(super) fn audit(
    act: &mut Act<'_>,
    row: &Application,
    action: &'static str,
    what: &str,
) -> AppResult<()> {
    let kind = if row.is_first { "首贷" } else { "续贷" };
    let product = rules::product_words(row.product());
    let summary = format!("{} 学年{product}{kind}。{what}", row.loan_year);
    let subject = if row.name.is_empty() { "新学生" } else { row.name.as_str() };
    let entry = AuditEntry::of(action, subject, summary);
    act.audit(AuditEntry { file_id: row.file_id, reason: row.reason.clone(), ..entry })
}

/// The row of a form; `Changed` when somebody else was first.
fn seen_one(act: &mut Act<'_>, seen: Seen<RowId>) -> AppResult<Application> {
    let row = store::find(act.db, act.scope, seen.id)?;
    if row.version == seen.version { Ok(row) } else { Err(AppError::Changed) }
}

fn open_one(act: &mut Act<'_>, seen: Seen<RowId>) -> AppResult<Application> {
    let row = seen_one(act, seen)?;
    if !row.state.is_open() {
        let words = format!("这份申请{}，不能再改", row.state.in_words());
        return Err(AppError::refused(words));
    }
    Ok(row)
}

pub(super) fn keep(act: &mut Act<'_>, row: &mut Application) -> AppResult<()> {
    row.version += 1;
    row.updated_at = act.now;
    store::replace(act.db, row)
}

/// What a clerk wants after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    GoOn,
    /// Put aside as it is; the next one is called.
    Park,
}

/// Keeps a step as it was typed. Parked, it may be wrong and half done; to go on it must be right.
pub fn save(
    act: &mut Act<'_>,
    key: &FormKey,
    seen: Seen<RowId>,
    (step, values): (Step, &BTreeMap<String, String>),
    then: Then,
) -> AppResult<Step> {
    if act.once(key)? == Once::Again {
        let row = store::find(act.db, act.scope, seen.id)?;
        return Ok(row.step);
    }
    let mut row = open_one(act, seen)?;
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let mut draft = row.draft(&sealer)?;
    let changed_co = draft.get("change_co").is_empty() && values.contains_key("change_co");
    for name in names(step) {
        match values.get(*name) {
            Some(value) => draft.set(name, value.trim()),
            None => drop(draft.values.remove(*name)),
        }
    }
    if changed_co {
        names(Step::Co).iter().for_each(|name| drop(draft.values.remove(*name)));
        let is_orphan = draft.get("family_kind").contains("孤儿");
        draft.set("relation", if is_orphan { "" } else { "father" });
        draft.set("case", if is_orphan { "orphan" } else { "plain" });
        draft.done.remove(Step::Co.as_text());
    }
    if then == Then::GoOn {
        draft.done.insert(step.as_text().to_owned());
    } else {
        draft.done.remove(step.as_text());
    }
    note(&mut row, &draft, act);
    let mut whole = Whole::of(act.db, act.scope, row, draft, desk)?;
    if then == Then::GoOn {
        let own = |field: &str| names(step).contains(&field) || field == "id_number";
        let mut stops = rules::stops(&whole.rulings);
        stops.retain(|stop| own(&stop.field));
        if !stops.is_empty() {
            return Err(AppError::Invalid(stops));
        }
    }
    let next = if then == Then::GoOn { whole.next_step() } else { step };
    let row = &mut whole.app;
    row.step = next;
    row.state = if then == Then::Park { State::Parked } else { row.state };
    row.state =
        if row.state == State::Parked && then == Then::GoOn { State::Draft } else { row.state };
    row.co_index =
        whole.read.co.as_ref().map(|co| sealer.index(Field::IdNumber, co.party.id.as_str()));
    row.seal(&sealer, &whole.draft)?;
    keep(act, row)?;
    audit(act, &whole.app, "application_saved", step.in_words())?;
    Ok(next)
}

/// What of a draft stands in columns of its own.
fn note(row: &mut Application, draft: &store::Draft, act: &Act<'_>) {
    row.name = draft.get("name").to_owned();
    row.name_key = name_key(&row.name);
    row.university = draft.get("university").to_owned();
    row.township = draft.get("township").to_owned();
    row.amount_fen = typed_money(draft.get("amount"));
    mine(row, act);
}

/// Whoever saves it works on it: the next one hears who was first.
fn mine(row: &mut Application, act: &Act<'_>) {
    if let Some(me) = act.by.staff_id {
        row.staff_id = Some(me);
        row.staff_name.clone_from(&act.by.name);
    }
}

/// Counts papers; `all` of them, or those that are named.
pub fn count_papers(
    act: &mut Act<'_>,
    key: &FormKey,
    seen: Seen<RowId>,
    (papers, all): (&BTreeSet<String>, bool),
) -> AppResult<bool> {
    if act.once(key)? == Once::Again {
        return Ok(store::find(act.db, act.scope, seen.id)?.step == Step::Check);
    }
    let mut row = open_one(act, seen)?;
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let whole = Whole::load(act.db, act.scope, row.id, desk)?;
    let needed = whole.papers(&policy);
    let mut draft = whole.draft.clone();
    draft.papers = needed
        .iter()
        .filter(|paper| all || papers.contains(&paper.key))
        .map(|paper| paper.key.clone())
        .collect();
    let is_done = draft.papers.len() == needed.len();
    let step = Step::Papers.as_text();
    if is_done {
        draft.done.insert(step.to_owned());
        row.step = Step::Check;
    } else {
        draft.done.remove(step);
    }
    mine(&mut row, act);
    row.seal(&sealer, &draft)?;
    keep(act, &mut row)?;
    audit(act, &row, "application_saved", Step::Papers.in_words())?;
    Ok(is_done)
}

/// Hands it to a second person, when both parties have said that all is right.
pub fn submit(act: &mut Act<'_>, key: &FormKey, seen: Seen<RowId>) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let row = open_one(act, seen)?;
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let mut whole = Whole::load(act.db, act.scope, row.id, desk)?;
    let mut errors = whole.read.errors.clone();
    errors.extend(rules::stops(&whole.rulings));
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let missing = whole.missing_papers(&policy);
    if !missing.is_empty() {
        return Err(AppError::field("papers", format!("材料还缺：{}", missing.join("、"))));
    }
    whole.draft.done.insert(Step::Check.as_text().to_owned());
    let proposal = view::proposal(&whole)?;
    review::propose(act, proposal)?;
    let row = &mut whole.app;
    row.state = State::Submitted;
    row.step = Step::Check;
    row.submitted_at = Some(act.now);
    row.reason = String::new();
    mine(row, act);
    row.seal(&sealer, &whole.draft)?;
    keep(act, row)?;
    match row.person_id {
        Some(person) => act.happened(&Happened::HandedIn(person)),
        None => Ok(()),
    }
}

/// Somebody goes on with what was parked, or what another had begun.
pub fn take(act: &mut Act<'_>, seen: Seen<RowId>) -> AppResult<Step> {
    let mut row = open_one(act, seen)?;
    row.staff_id = Some(act.by.staff_id.ok_or(AppError::Forbidden)?);
    row.staff_name.clone_from(&act.by.name);
    if row.state == State::Parked {
        row.state = State::Draft;
    }
    keep(act, &mut row)?;
    audit(act, &row, "application_taken", "")?;
    Ok(row.step)
}

/// The family gives it up, or it was begun by mistake.
pub fn give_up(act: &mut Act<'_>, seen: Seen<RowId>, reason: &str) -> AppResult<()> {
    let mut row = open_one(act, seen)?;
    row.state = State::Withdrawn;
    reason.clone_into(&mut row.reason);
    keep(act, &mut row)?;
    audit(act, &row, "application_withdrawn", "")
}

/// Ticks fields off that stand in the bank's system.
pub fn tick(act: &mut Act<'_>, id: RowId, copied: BTreeSet<String>) -> AppResult<()> {
    act.needs_no_audit("only which fields were copied; the contract's number is written down");
    let mut row = store::find(act.db, act.scope, id)?;
    let sealer = act.parts.sealer.clone();
    let mut draft = row.draft(&sealer)?;
    draft.copied = copied;
    row.seal(&sealer, &draft)?;
    store::replace(act.db, &row)
}

/// Number and code that the bank's system has given; with an approval there is a contract.
pub fn enter_bank(
    act: &mut Act<'_>,
    seen: Seen<RowId>,
    (contract_no, code): (&str, &str),
) -> AppResult<bool> {
    let mut row = seen_one(act, seen)?;
    if !matches!(row.state, State::Submitted | State::Approved) || row.product() != Product::Cdb {
        return Err(AppError::refused("现在不用登记合同号"));
    }
    let number = contract_no.trim().to_owned();
    let known = loan::by_contract_no(act.db, act.scope, std::slice::from_ref(&number))?;
    if let Some(known) = known.into_values().next() {
        let file = loan::file(act.db, act.scope, known.file_id)?.file_no;
        let words = format!("这个合同号已经登记在档案 {file} 的合同上，请对照银行系统核对");
        return Err(AppError::field("contract_no", words));
    }
    row.contract_no = number;
    code.clone_into(&mut row.receipt_code);
    let is_approved = row.state == State::Approved;
    audit(act, &row, "application_bank", "")?;
    if is_approved {
        contract::sign(act, &mut row)?;
    }
    keep(act, &mut row)?;
    Ok(is_approved)
}

/// Asks for a raise of what was signed this year.
pub fn ask_raise(act: &mut Act<'_>, seen: Seen<RowId>, to: Fen) -> AppResult<()> {
    let row = seen_one(act, seen)?;
    let signed = contract::signed_loan(act, &row)?;
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let whole = Whole::load(act.db, act.scope, row.id, desk)?;
    let is_paid = position::was_paid_out(act.db, act.scope, signed.id)?;
    batch::refuse_listed(act, &signed)?;
    let mut set = whole.set.clone();
    set.loan_year = form::loan_year(act.today);
    let year = (signed.loan_year, is_paid);
    if let Some(why) = rules::no_raise(to, (signed.principal_fen, row.raised_from_fen), year, &set)
    {
        return Err(AppError::field("to", why));
    }
    review::propose(act, view::change(&whole, Kind::Raise, (signed.principal_fen, Some(to)), ""))?;
    Ok(())
}

/// Asks for a contract to be void.
pub fn ask_void(act: &mut Act<'_>, seen: Seen<RowId>, reason: &str) -> AppResult<()> {
    let row = seen_one(act, seen)?;
    let signed = contract::signed_loan(act, &row)?;
    contract::check_void(act, &signed)?;
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let whole = Whole::load(act.db, act.scope, row.id, desk)?;
    review::propose(act, view::change(&whole, Kind::Void, (signed.principal_fen, None), reason))?;
    Ok(())
}
