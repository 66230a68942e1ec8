//! What people do: apply, hand to a second person, publish, city, province, withdraw.

use chrono::NaiveDate;

use super::facts::subject;
use super::facts::{self, Payable};
use super::rules::{self, Applicant, New, State};
use super::store::{self, Line, Relief};
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::base::money::Fen;
use crate::book::act::{Act, FormKey, Once};
use crate::book::attachment;
use crate::book::audit_log::AuditEntry;
use crate::book::loan;
use crate::book::person;
use crate::book::publicity::{self, Kind as Published, Listed, Outcome, Publication};
use crate::book::review::{self, Fact, Proposal, Review};
use crate::error::{AppError, AppResult, FieldError};
use crate::web::fields::Seen;

pub(super) fn yuan(fen: Fen) -> String {
    format!("¥{}", fen.to_page_text())
}

/// The application of a form, as its page showed it.
pub(super) fn seen(act: &mut Act<'_>, of: Seen<RowId>) -> AppResult<Relief> {
    let row = store::find(act.db, act.scope, of.id)?;
    if row.version == of.version { Ok(row) } else { Err(AppError::Changed) }
}

pub(super) fn keep(
    act: &mut Act<'_>,
    row: &mut Relief,
    action: &'static str,
    what: &str,
) -> AppResult<()> {
    (row.version, row.updated_at) = (row.version + 1, act.now);
    row.staff_name.clone_from(&act.by.name);
    store::replace(act.db, row)?;
    audit(act, row, action, what)
}

pub(super) fn audit(
    act: &mut Act<'_>,
    row: &Relief,
    action: &'static str,
    what: &str,
) -> AppResult<()> {
    let file = loan::file(act.db, act.scope, row.file_id)?;
    let name = person::find(act.db, act.scope, file.person_id)?.name;
    let summary = format!("还款救助，{}：{what}", row.class_name);
    let entry = AuditEntry::of(action, &name, summary).on_file(row.file_id);
    act.audit(AuditEntry { reason: row.reason.clone(), ..entry })
}

/// An application with what is requested for each contract.
///
/// # Errors
/// A sentence for each thing that stands in its way; nothing is written then.
pub fn apply(act: &mut Act<'_>, key: &FormKey, file_no: &str, new: &New) -> AppResult<RowId> {
    let file = loan::file_by_no(act.db, act.scope, file_no)?;
    let known = store::of_file(act.db, act.scope, file.id)?;
    let open = known.iter().find(|one| !one.state.is_final());
    if act.once(key)? == Once::Again {
        return known.first().map(|one| one.id).ok_or(AppError::NotFound);
    }
    if let Some(open) = open {
        let (what, state) = (&open.class_name, open.state.in_words());
        return Err(AppError::refused(format!(
            "这户已经有一件还款救助在办（{what}，{state}），办完或者撤回以后才能再申请"
        )));
    }
    let class = facts::class(&act.policy(), &new.class, act.today)?;
    let mut errors = rules::check(new, &class, act.today);
    let student = person::find(act.db, act.scope, file.person_id)?.name;
    if new.applicant == Applicant::Student && new.applicant_name != student {
        let message = format!("这份档案的借款学生是{student}，别人来申请请选共同借款人或亲属");
        errors.push(FieldError { field: "applicant_name".to_owned(), message });
    }
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    let (basis, today) = (act.parts.basis(), act.today);
    let others = facts::compensation(act.db, act.scope, file.person_id)?;
    let all = facts::contracts(act.db, act.scope, &basis, (&file, today))?;
    let all = facts::payable(all, &others, &class, (&basis, today))?;
    let id = act.id();
    let lines = lines(id, &file.office_code, &all)?;
    let row = Relief {
        id,
        office_code: file.office_code,
        file_id: file.id,
        class: class.code.clone(),
        class_name: class.name.clone(),
        applicant: new.applicant,
        applicant_name: new.applicant_name.clone(),
        happened_on: new.happened_on,
        cost_fen: new.cost.filter(|_| class.threshold.is_some()),
        note: new.note.clone(),
        state: State::Open,
        applied_on: today,
        city_on: None,
        province_on: None,
        granted_on: None,
        document: String::new(),
        paid_on: None,
        reason: String::new(),
        staff_name: act.by.name.clone(),
        updated_at: act.now,
        decided_by: String::new(),
        version: 1,
    };
    store::add(act.db, &row, &lines)?;
    audit(act, &row, "relief_applied", "受理申请")?;
    Ok(id)
}

fn lines(id: RowId, office_code: &str, all: &[Payable]) -> AppResult<Vec<Line>> {
    let may = all.iter().filter(|one| one.why_not.is_empty());
    let lines: Vec<Line> = may
        .map(|one| Line {
            relief_id: id,
            loan_id: one.contract.loan.id,
            office_code: office_code.to_owned(),
            asked_fen: one.amount,
            paid_fen: None,
            posting_id: None,
        })
        .collect();
    if lines.is_empty() {
        let why: Vec<&str> = all.iter().map(|one| one.why_not.as_str()).collect();
        let why = if why.is_empty() { "这户还没有合同".to_owned() } else { why.join("；") };
        return Err(AppError::refused(why));
    }
    Ok(lines)
}

/// Hands it to a second person, its papers complete and nobody helped otherwise meanwhile.
pub fn submit(act: &mut Act<'_>, of: Seen<RowId>) -> AppResult<()> {
    let mut row = seen(act, of)?;
    if row.state != State::Open {
        return Err(AppError::Changed);
    }
    let class = facts::class(&act.policy(), &row.class, row.applied_on)?;
    let scans = attachment::of(act.db, act.scope, subject(row.id))?;
    let has = |key: &str| scans.iter().any(|one| one.removed_at.is_none() && one.paper == key);
    let missing = rules::missing(&class, has);
    if !missing.is_empty() {
        return Err(AppError::refused(missing.join("；")));
    }
    let file = loan::file(act.db, act.scope, row.file_id)?;
    let others = facts::compensation(act.db, act.scope, file.person_id)?;
    let basis = act.parts.basis();
    let all = facts::contracts(act.db, act.scope, &basis, (&file, act.today))?;
    let lines = store::lines(act.db, act.scope, row.id)?;
    let mut facts = vec![
        Fact::new("情形", &row.class_name),
        Fact::new("要不要救助", if class.must { "应当救助" } else { "视情况救助" }),
        Fact::new("申请人", format!("{} {}", row.applicant.in_words(), row.applicant_name)),
        Fact::new("发生日期", row.happened_on.to_string()),
    ];
    facts.extend(row.cost_fen.map(|cost| Fact::new("当年自付医药费", yuan(cost))));
    for line in &lines {
        let contract = all.iter().find(|one| one.loan.id == line.loan_id);
        let contract = contract.ok_or(AppError::Changed)?;
        if let Some(why) = rules::refusal(contract, &others, act.today) {
            return Err(AppError::refused(why));
        }
        let label = format!("合同 {}", contract.loan.contract_no);
        facts.push(Fact::new(&label, yuan(line.asked_fen)));
    }
    facts.push(Fact::new("证明材料", format!("{} 样，都有扫描件", class.papers.len())));
    let total: Fen = lines.iter().map(|line| line.asked_fen).sum();
    let name = person::find(act.db, act.scope, file.person_id)?.name;
    let proposal = Proposal {
        kind: review::Kind::Relief,
        subject_id: row.id,
        link: format!("/reliefs/{}", row.id),
        name,
        summary: format!("{}，申请救助 {}", row.class_name, yuan(total)),
        amount: Some(total),
        facts,
        steps: vec![Choice::new("papers", "证明材料"), Choice::new("amount", "救助金额")],
        exceptions: rules::exceptions(&others),
        file_id: Some(row.file_id),
    };
    review::propose(act, proposal)?;
    row.state = State::Submitted;
    row.reason.clear();
    keep(act, &mut row, "relief_submitted", "提交县级审核")
}

/// What the county's second person has decided.
pub fn reviewed(act: &mut Act<'_>, review: &Review) -> AppResult<()> {
    if review.kind != review::Kind::Relief || review.state == review::State::Open {
        return Ok(());
    }
    let mut row = store::find(act.db, act.scope, review.subject_id)?;
    row.state = match review.state {
        review::State::Approved => State::Passed,
        review::State::Refused => State::Refused,
        _ => State::Open,
    };
    row.reason.clone_from(&review.reason);
    row.decided_by.clone_from(&review.decided_by);
    (row.version, row.updated_at) = (row.version + 1, act.now);
    store::replace(act.db, &row)?;
    let what = format!("县级审核{}", review.state.in_words());
    audit(act, &row, "relief_reviewed", &what)
}

/// The newest publication of an application.
pub fn newest(act: &mut Act<'_>, id: RowId) -> AppResult<Publication> {
    let found = publicity::of(act.db, act.scope, Published::Relief, &[id])?.pop();
    found.ok_or_else(|| AppError::refused("还没有公示"))
}

/// Publishes name and township, nothing of the reason (rules.md 10.5: at least five working days).
pub fn publish(
    act: &mut Act<'_>,
    of: Seen<RowId>,
    (until, place, phone): (NaiveDate, &str, &str),
) -> AppResult<()> {
    let mut row = seen(act, of)?;
    if row.state != State::Passed {
        return Err(AppError::Changed);
    }
    let file = loan::file(act.db, act.scope, row.file_id)?;
    let student = person::find(act.db, act.scope, file.person_id)?;
    let line = publicity::Line {
        name: student.name,
        class_name: file.university,
        level: "还款救助".to_owned(),
    };
    let list = Listed {
        kind: Published::Relief,
        subject_id: row.id,
        lines: vec![line],
        place: place.to_owned(),
        phone: phone.to_owned(),
        until,
    };
    let made = publicity::publish(act, list)?;
    row.state = State::Public;
    let days = made.working_days;
    keep(act, &mut row, "relief_published", &format!("公示到 {until}，{days} 个工作日"))
}

/// An objection; the clock stops.
pub fn object(act: &mut Act<'_>, of: Seen<RowId>, content: &str) -> AppResult<()> {
    let mut row = seen(act, of)?;
    let mut newest = newest(act, row.id)?;
    publicity::object(act, &mut newest, (row.id, "还款救助"), content)?;
    keep(act, &mut row, "relief_objection", "收到异议，公示暂停")
}

/// What came of an objection: the publication goes on, or the application goes back to its papers.
pub fn answer(
    act: &mut Act<'_>,
    of: Seen<RowId>,
    (objection, outcome, reason): (RowId, Outcome, &str),
) -> AppResult<()> {
    let mut row = seen(act, of)?;
    let mut newest = newest(act, row.id)?;
    publicity::answer(act, &mut newest, objection, (outcome, reason))?;
    if newest.state == publicity::State::Changed {
        row.state = State::Open;
        reason.clone_into(&mut row.reason);
    }
    keep(act, &mut row, "relief_objection", outcome.in_words())
}

/// Takes it down after its days.
pub fn end(act: &mut Act<'_>, of: Seen<RowId>) -> AppResult<()> {
    let mut row = seen(act, of)?;
    if row.state != State::Public {
        return Err(AppError::Changed);
    }
    let mut newest = newest(act, row.id)?;
    publicity::end(act, &mut newest)?;
    row.state = State::Cleared;
    keep(act, &mut row, "relief_published", "公示期满，撤下")
}

/// Sends it to the city, or writes down that city or province agrees.
pub fn upward(
    act: &mut Act<'_>,
    of: Seen<RowId>,
    (on, document): (NaiveDate, &str),
) -> AppResult<()> {
    let mut row = seen(act, of)?;
    let (before, what) = match row.state {
        State::Cleared => (row.applied_on, "报市级"),
        State::City => (row.city_on.unwrap_or(row.applied_on), "市级同意，报省级"),
        State::Province => (row.province_on.unwrap_or(row.applied_on), "省级同意"),
        _ => return Err(AppError::Changed),
    };
    if on > act.today {
        return Err(AppError::field("on", "日期不能晚于今天"));
    }
    if on < before {
        let before = in_words(before, act.today);
        return Err(AppError::field("on", format!("不能早于上一步的{before}")));
    }
    let day = Some(on);
    match row.state {
        State::Cleared => (row.city_on, row.state) = (day, State::City),
        State::City => (row.province_on, row.state) = (day, State::Province),
        _ => {
            if document.is_empty() {
                return Err(AppError::field("document", "请写省级批复的文号"));
            }
            document.clone_into(&mut row.document);
            (row.granted_on, row.state) = (day, State::Granted);
        }
    }
    keep(act, &mut row, "relief_sent", &format!("{what}，{on}"))
}

/// City or province does not agree.
pub fn refuse(act: &mut Act<'_>, of: Seen<RowId>, reason: &str) -> AppResult<()> {
    let mut row = seen(act, of)?;
    let who = match row.state {
        State::City => "市级",
        State::Province => "省级",
        _ => return Err(AppError::Changed),
    };
    row.state = State::Refused;
    row.reason = format!("{who}：{reason}");
    keep(act, &mut row, "relief_refused", &format!("{who}不同意"))
}

pub fn withdraw(act: &mut Act<'_>, of: Seen<RowId>, reason: &str) -> AppResult<()> {
    let mut row = seen(act, of)?;
    if !row.state.can_withdraw() {
        return Err(AppError::Changed);
    }
    let lines = store::lines(act.db, act.scope, row.id)?;
    if lines.iter().any(|line| line.posting_id.is_some()) {
        return Err(AppError::refused("已经有救助的钱记了账，不能撤回；记错了请办冲正"));
    }
    row.state = State::Withdrawn;
    reason.clone_into(&mut row.reason);
    keep(act, &mut row, "relief_withdrawn", "撤回")
}
