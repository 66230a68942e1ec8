//! 远程续贷: a renewal that a family begins on the phone pages. It is an ordinary draft of the
//! counter with everything filled in; until somebody of the desk has touched it the family may take
//! it back. Who may begin and what stops are the counter's own rules, named before the way is made.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate, NaiveDateTime};

use super::facts::{self, Desk, Whole};
use super::form::{self, Read};
use super::kinds::{Present, Source, State, Step};
use super::rules::{self, Known, RuleSet};
use super::steps::{audit, keep};
use super::store::{self, Application, Beginner, Draft};
use crate::base::dates::{in_words as day_in_words, typed_day};
use crate::base::ids::{FileId, RowId};
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::scope::Scope;
use crate::book::act::{Act, FormKey, Once};
use crate::book::person::Person;
use crate::book::statement::Product;
use crate::book::{loan, person, season};
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::web::fields::Seen;

/// What a family says on the phone.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who will come and sign; either is enough.
    pub present: Present,
    pub tuition: Fen,
    pub lodging: Fen,
    pub amount: Fen,
    pub statement: String,
}

/// What the phone page shows before anybody has typed, and why it cannot be begun.
#[derive(Clone, Debug)]
pub struct Offer {
    pub product: Product,
    pub year: i32,
    pub draft: Draft,
    pub cap: Fen,
    pub window: (NaiveDate, NaiveDate),
    pub statement_characters: usize,
    pub refusal: Option<String>,
}

/// A statement has so many different characters.
const DIFFERENT_MIN: usize = 20;
/// Fields of the phone page; what else is wrong the desk mends.
const OWN: [&str; 4] = ["tuition", "lodging", "amount", "statement"];

/// What a renewal of this file would be today; not found for a file without a contract.
pub fn offer(db: &mut Db, scope: &Scope, file: FileId, desk: Desk<'_>) -> AppResult<Offer> {
    let made = begun(db, scope, file, desk)?;
    let refusal = refusal(db, &made)?;
    Ok(Offer {
        product: made.app.product(),
        year: made.app.loan_year,
        cap: made.set.cap,
        window: made.set.window,
        statement_characters: made.set.renewal.statement_characters,
        draft: made.draft,
        refusal,
    })
}

/// A renewal of a file with everything that is known of it, not kept.
fn begun(db: &mut Db, scope: &Scope, file: FileId, desk: Desk<'_>) -> AppResult<Whole> {
    let file = loan::file(db, scope, file)?;
    let student = person::find(db, scope, file.person_id)?;
    let last = loan::chain(db, scope, file.id)?.pop().ok_or(AppError::NotFound)?;
    let product = last.product().ok_or(AppError::NotFound)?;
    let number = person::open_id(desk.sealer, &student)?;
    let made = facts::prefill(db, scope, (&number, product), desk)?;
    let year = form::loan_year(desk.today);
    // The identity is given when it is kept.
    let mut row = Application::new(
        (RowId::new(0), NaiveDateTime::default()),
        &file.office_code,
        (year, product),
        (desk.sealer.index(Field::IdNumber, &number), student.id_mask.clone()),
        Beginner::Family,
        false,
        &made.draft,
        desk.sealer,
    )?;
    row.person_id = Some(student.id);
    row.file_id = Some(file.id);
    row.name_key = name_key(&student.name);
    row.name = student.name;
    row.university = made.draft.get("university").to_owned();
    row.township = made.draft.get("township").to_owned();
    Whole::of(db, scope, row, made.draft, desk)
}

/// Why it cannot be begun at all, in words for the family.
fn refusal(db: &mut Db, made: &Whole) -> AppResult<Option<String>> {
    let (office, year) = (&made.app.office_code, made.app.loan_year);
    if season::standing(db, office, year)?.refusal(year).is_some() {
        return Ok(Some(format!("{year} 学年的续贷还没有开始受理，或者已经结束")));
    }
    let at_door = rules::stops(&made.rulings).into_iter().find(|stop| stop.field == "id_number");
    if let Some(stop) = at_door {
        return Ok(Some(stop.message));
    }
    let study = &made.read.study;
    let graduates = study.as_ref().map(|one| one.graduates);
    let known = made.draft.get("graduates").parse().ok();
    Ok(graduates.or(known).filter(|graduates| *graduates <= year).map(|graduates| {
        format!("档案里写的是 {graduates} 年毕业，学业已经结束，不能再续贷；还在读书的请先办就学信息变更")
    }))
}

/// Begins it. `Changed` never: what came first has its own sentence.
pub fn begin(act: &mut Act<'_>, key: &FormKey, file: FileId, wish: &Wish) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let (policy, sealer) = (act.policy(), act.parts.sealer.clone());
    let desk = Desk { sealer: &sealer, policy: &policy, today: act.today };
    let made = begun(act.db, act.scope, file, desk)?;
    if let Some(why) = refusal(act.db, &made)? {
        return Err(AppError::refused(why));
    }
    let mut draft = made.draft;
    draft.set("present", wish.present.as_text());
    for (name, fen) in
        [("tuition", wish.tuition), ("lodging", wish.lodging), ("amount", wish.amount)]
    {
        draft.set(name, fen.to_yuan_text().trim_end_matches(".00"));
    }
    draft.set("statement", &wish.statement);
    let mut whole = Whole::of(act.db, act.scope, made.app, draft, desk)?;
    let mut wrong = own_errors(&whole.read, &whole.known, &whole.set);
    wrong.extend(not_own_words(&wish.statement));
    wrong.extend(no_fees(wish));
    if !wrong.is_empty() {
        return Err(AppError::Invalid(wrong));
    }
    let row = &mut whole.app;
    row.id = act.id();
    (row.created_at, row.updated_at) = (act.now, act.now);
    row.step = Step::Renewal;
    row.amount_fen = Some(wish.amount);
    row.seal(&sealer, &whole.draft)?;
    store::insert(act.db, row)?;
    audit(act, row, "application_begun", Source::Phone.in_words())
}

/// What is wrong with the fields of the phone page.
fn own_errors(read: &Read, known: &Known, set: &RuleSet) -> Vec<FieldError> {
    let judged = rules::judge(read, known, set);
    // What a clerk only looks at once more nobody looks at here.
    let fees = judged.iter().filter(|one| one.rule == "学费住宿费");
    let fees: Vec<FieldError> = fees.map(|one| wrong_in("tuition", &one.words)).collect();
    let stops = rules::stops(&judged).into_iter().chain(fees);
    let all = read.errors.iter().cloned().chain(stops);
    all.filter(|one| OWN.contains(&one.field.as_str())).collect()
}

fn wrong_in(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}

/// One character over and over is no statement.
fn not_own_words(statement: &str) -> Option<FieldError> {
    let different: BTreeSet<char> = statement.chars().filter(|c| !c.is_whitespace()).collect();
    (different.len() < DIFFERENT_MIN).then(|| wrong_in("statement", "续贷声明请写自己的话"))
}

fn no_fees(wish: &Wish) -> Option<FieldError> {
    let none = wish.tuition == Fen::ZERO && wish.lodging == Fen::ZERO;
    none.then(|| wrong_in("tuition", "学费和住宿费不能都是 0，请照学校的收费写"))
}

/// What the family has written in it, for its own page.
pub fn draft_form(row: &Application, sealer: &Sealer) -> AppResult<Draft> {
    row.draft(sealer)
}

/// The family takes it back; refused when the desk has touched it.
pub fn withdraw(act: &mut Act<'_>, file: FileId, seen: Seen<RowId>) -> AppResult<()> {
    let mut row = store::find(act.db, act.scope, seen.id)?;
    if row.file_id != Some(file) {
        return Err(AppError::NotFound);
    }
    if !row.is_family_only() || row.state != State::Draft {
        return Err(AppError::refused("中心已经在办这份续贷，要撤回请打电话或者到窗口说"));
    }
    if row.version != seen.version {
        return Err(AppError::Changed);
    }
    row.state = State::Withdrawn;
    "家里在手机页面撤回".clone_into(&mut row.reason);
    keep(act, &mut row)?;
    audit(act, &row, "application_withdrawn", "")
}

/// Where it is, in words for the family.
pub fn in_words(row: &Application) -> &'static str {
    match row.state {
        State::Draft if row.is_family_only() => "已发起，等您来签字",
        State::Draft | State::Parked => "中心正在办",
        State::Submitted => "已签字，中心在复核",
        State::Returned => "要补材料，请联系中心",
        State::Approved => "已通过，等银行的合同号",
        State::Signed => "已签约",
        State::Refused => "没有通过，请联系中心",
        State::Withdrawn => "已撤回",
        State::Void => "合同已作废",
    }
}

/// What is wrong with the identity cards of a household on a day: run out, or about to. What was
/// typed at the counter before is all that is known of them.
pub fn cards(
    db: &mut Db,
    scope: &Scope,
    sealer: &Sealer,
    (student, on): (&Person, NaiveDate),
) -> AppResult<Vec<String>> {
    let Some(last) = store::last_of(db, scope, &student.id_index)? else { return Ok(Vec::new()) };
    let draft = last.draft(sealer)?;
    let soon = on.checked_add_months(Months::new(rules::LOOK_AHEAD_MONTHS)).unwrap_or(on);
    let cards = [("学生", "id_until"), ("共同借款人", "co_id_until")].into_iter();
    let found = cards.filter_map(|(who, name)| {
        let until = typed_day(draft.get(name)).filter(|until| *until <= soon)?;
        let day = day_in_words(until, on);
        Some(match until < on {
            true => format!("{who}的身份证{day}到期，先换证，或者带派出所的带照片的证明"),
            false => format!("{who}的身份证{day}到期，请先换证"),
        })
    });
    Ok(found.collect())
}

/// What of the papers of this year's application is missing, by its own check list; none: nothing
/// was begun, or it was handed in.
pub fn missing_papers(
    db: &mut Db,
    scope: &Scope,
    (student, desk): (&Person, Desk<'_>),
) -> AppResult<Option<Vec<String>>> {
    let year = form::loan_year(desk.today);
    let Some(app) = store::last_of(db, scope, &student.id_index)? else { return Ok(None) };
    if app.loan_year != year || !app.state.is_open() {
        return Ok(None);
    }
    let draft = app.draft(desk.sealer)?;
    let whole = Whole::of(db, scope, app, draft, desk)?;
    Ok(Some(whole.missing_papers(desk.policy)))
}
