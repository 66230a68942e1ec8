//! `/family-contacts/{file_no}`: one family: who can be asked under which number and may know what,
//! what was tried, how somebody is found, and the form for the next contact.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::Serialize;

use super::filter::{ListParams, NEXT, PATH};
use super::list::{record_words, state_tag};
use super::rules::{self, SearchStep, Want};
use super::store::{self, Facts};
use crate::app::App;
use crate::base::choice::Choice;
use crate::base::dates::{in_words, local};
use crate::base::place::short_village;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::point::{Kind, MayKnow, Tried};
use crate::book::contact::record::{Ability, Channel, Outcome, Party, Record, Source};
use crate::book::contact::task::State;
use crate::book::person::Person;
use crate::error::AppResult;
use crate::web::fields::{self, At, Fields, FormPage};
use crate::web::flow::{self, Flow};
use crate::web::list::declare::List as _;
use crate::web::list::kit::Side;
use crate::web::list::params::Params as _;
use crate::web::session::SignedIn;

/// The results on the keys 1 to 6; the same keys as in the overdue flow, where both have them.
const KEYED: [Outcome; 6] = [
    Outcome::Reached,
    Outcome::LeftWord,
    Outcome::NoAnswer,
    Outcome::BadNumber,
    Outcome::Hardship,
    Outcome::InService,
];

#[derive(Debug, Serialize)]
struct Number {
    id: String,
    mask: String,
    state: &'static str,
    state_kind: &'static str,
    tried: &'static str,
    tried_on: String,
    usable: bool,
}

#[derive(Debug, Serialize)]
struct Who {
    who: String,
    may_know: &'static str,
    numbers: Vec<Number>,
}

#[derive(Debug, Serialize)]
struct PointLine {
    id: String,
    called: String,
    mask: String,
    has_phone: bool,
    may_know: &'static str,
    tried: &'static str,
    tried_on: String,
    note: String,
}

#[derive(Debug, Serialize)]
struct RecordLine {
    id: String,
    day: String,
    words: String,
    by: String,
    ability: &'static str,
    texts: Vec<(&'static str, String)>,
    next: String,
    may_undo: bool,
}

#[derive(Debug, Serialize)]
struct DutyLine {
    state_kind: &'static str,
    state: &'static str,
    reason: &'static str,
    planned: String,
    next: String,
    late: bool,
    open: bool,
    lost: bool,
    done_on: String,
    assignee: String,
    tries: i32,
    note: String,
}

#[derive(Debug, Serialize)]
struct Options {
    channels: Vec<Choice>,
    parties: Vec<Choice>,
    /// On the keys 1 to 6.
    keyed: Vec<Choice>,
    others: Vec<Choice>,
    abilities: Vec<Choice>,
    tried: Vec<Choice>,
    kinds: Vec<Choice>,
    may_know: Vec<Choice>,
    numbers: Vec<(String, String)>,
}

#[derive(Debug, Serialize)]
pub struct FamilyPage {
    here: String,
    list: &'static str,
    file_no: String,
    name: String,
    meta: Vec<String>,
    year: i32,
    today: String,
    duty: Option<DutyLine>,
    people: Vec<Who>,
    points: Vec<PointLine>,
    records: Vec<RecordLine>,
    steps: Vec<SearchStep>,
    wants: Vec<Want>,
    may_be_lost: bool,
    overdue: bool,
    change_waits: bool,
    #[serde(flatten)]
    place: Flow,
    options: Options,
    has_co_borrower: bool,
    /// New for every form: the second try of one form changes nothing.
    key: String,
    seen: String,
}

impl FormPage for FamilyPage {
    const TEMPLATE: &'static str = "contacts/family.html";
    const REFUSED_AT: &'static str = "outcome";

    fn fields(&self) -> Fields {
        let number = self.options.numbers.first().map(|(id, _)| id.as_str());
        Fields::default()
            .with("command_key", &self.key)
            .with("on_day", &self.today)
            .with("channel", Channel::Call.as_text())
            .with("number", number.unwrap_or_default())
    }
}

fn day(on: Option<NaiveDate>, today: NaiveDate) -> String {
    on.map(|on| in_words(on, today)).unwrap_or_default()
}

fn who(facts: &Facts, person: &Person, title: String, today: NaiveDate) -> Who {
    let numbers = facts.phones.iter().filter(|phone| phone.person_id == person.id).map(|phone| {
        let (tried, on) = facts.tried.get(&phone.id).copied().unwrap_or((Tried::Never, None));
        let usable = phone.state != crate::book::person::PhoneState::Dead;
        Number {
            id: phone.id.to_string(),
            mask: phone.phone_mask.clone(),
            state: phone.state.in_words(),
            state_kind: if usable { "" } else { "bad" },
            tried: tried.in_words(),
            tried_on: day(on, today),
            usable,
        }
    });
    Who {
        who: format!("{title} {}", person.name),
        may_know: MayKnow::Amounts.in_words(),
        numbers: numbers.collect(),
    }
}

fn people(facts: &Facts, today: NaiveDate) -> Vec<Who> {
    let mut all = vec![who(facts, &facts.student, "本人".to_owned(), today)];
    if let Some(co) = &facts.co_borrower {
        let relation = &facts.file.co_relation;
        let title = match relation.is_empty() {
            true => "共同借款人".to_owned(),
            false => format!("共同借款人（{relation}）"),
        };
        all.push(who(facts, co, title, today));
    }
    all
}

fn points(facts: &Facts, today: NaiveDate) -> Vec<PointLine> {
    let line = |point: &crate::book::contact::point::ContactPerson| PointLine {
        id: point.id.to_string(),
        called: point.called(),
        mask: point.phone_mask.clone(),
        has_phone: point.phone_sealed.is_some(),
        may_know: point.may_know.in_words(),
        tried: point.tried.in_words(),
        tried_on: day(point.tried_on, today),
        note: point.note.clone(),
    };
    facts.points.iter().map(line).collect()
}

/// May a record be taken back on this day? Only what staff wrote, on the day they wrote it.
pub fn may_undo(record: &Record, today: NaiveDate) -> bool {
    record.source == Source::Desk
        && record.undone_at.is_none()
        && local(record.recorded_at).date() == today
}

fn records(facts: &Facts, today: NaiveDate) -> Vec<RecordLine> {
    let line = |record: &Record| {
        let texts = [
            ("家庭情况", &record.situation),
            ("想法", &record.wish),
            ("备注", &record.note),
            ("凭证", &record.evidence),
        ];
        RecordLine {
            id: record.id.to_string(),
            day: in_words(record.on_day, today),
            words: record_words(record),
            by: record.by_name.clone(),
            ability: match record.ability {
                Ability::Unknown => "",
                other => other.in_words(),
            },
            texts: texts
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (name, text.clone()))
                .collect(),
            next: day(record.next_on, today),
            may_undo: may_undo(record, today),
        }
    };
    facts.records.iter().map(line).collect()
}

fn duty(facts: &Facts, today: NaiveDate) -> Option<DutyLine> {
    let duty = facts.duty.as_ref()?;
    let (state_kind, state) = state_tag(duty.state);
    Some(DutyLine {
        state_kind,
        state,
        reason: duty.reason.in_words(),
        planned: in_words(duty.planned_on, today),
        next: in_words(duty.next_on, today),
        late: duty.state == State::Open && duty.next_on <= today,
        open: duty.state == State::Open,
        lost: duty.state == State::Lost,
        done_on: day(duty.done_on, today),
        assignee: duty.assignee.clone(),
        tries: duty.tries,
        note: duty.note.clone(),
    })
}

fn options(people: &[Who], points: &[PointLine], overdue: bool) -> Options {
    let mut numbers = Vec::new();
    let choice = |one: &Outcome| Choice::from(*one);
    for one in people {
        for number in one.numbers.iter().filter(|number| number.usable) {
            numbers.push((format!("phone:{}", number.id), format!("{} {}", one.who, number.mask)));
        }
    }
    for point in points {
        let words = format!("{} {}", point.called, point.mask);
        numbers.push((format!("point:{}", point.id), words.trim().to_owned()));
    }
    // The phone page and sheets write their own records.
    let by_itself = [Channel::PhonePage.as_text(), Channel::Sheet.as_text()];
    Options {
        channels: Choice::all(Channel::ALL)
            .into_iter()
            .filter(|one| !by_itself.contains(&one.value.as_str()))
            .collect(),
        parties: Choice::all(Party::ALL),
        keyed: KEYED.iter().map(choice).collect(),
        // A promise belongs to an overdue case.
        others: Outcome::ALL
            .iter()
            .filter(|one| !KEYED.contains(one) && (overdue || **one != Outcome::Promised))
            .map(choice)
            .collect(),
        abilities: Choice::all(Ability::ALL),
        tried: Choice::all(Tried::ALL).into_iter().filter(|one| !one.value.is_empty()).collect(),
        kinds: Choice::all(Kind::ALL),
        may_know: Choice::all(MayKnow::ALL).into_iter().rev().collect(),
        numbers,
    }
}

fn view(app: &App, facts: &Facts) -> FamilyPage {
    let today = app.clock.today();
    let tries = facts.tries();
    let wants = rules::wants(&tries, app.policy().lost_rule.on(today), today);
    let (people, points) = (people(facts, today), points(facts, today));
    let student = &facts.student;
    let meta = [
        facts.file.file_no.clone(),
        format!("{}{}", student.township, short_village(&student.village)),
        facts.file.high_school.clone(),
        facts.file.university.clone(),
    ];
    FamilyPage {
        here: path(&facts.file.file_no),
        list: PATH,
        file_no: facts.file.file_no.clone(),
        name: student.name.clone(),
        meta: meta.into_iter().filter(|text| !text.is_empty()).collect(),
        year: chrono::Datelike::year(&today),
        today: today.to_string(),
        duty: duty(facts, today),
        options: options(&people, &points, facts.overdue),
        people,
        points,
        records: records(facts, today),
        steps: rules::search_steps(&tries),
        may_be_lost: wants.iter().all(|want| want.met),
        wants,
        overdue: facts.overdue,
        change_waits: facts.change_waits,
        place: Flow::default(),
        has_co_borrower: facts.co_borrower.is_some(),
        key: format!("desk-{}", app.next_id()),
        seen: facts.seen.clone(),
    }
}

/// The page of a family.
pub fn path(file_no: &str) -> String {
    format!("{PATH}/{file_no}")
}

/// A line of history about a family.
pub fn note(facts: &Facts, action: &'static str, summary: String) -> AuditEntry {
    AuditEntry::of(action, &facts.student.name, summary).on_file(facts.file.id)
}

/// The facts of a family, from a handler.
pub async fn facts(app: &App, me: &SignedIn, file_no: &str) -> AppResult<Facts> {
    let (scope, of) = (me.scope.clone(), app.clock.today());
    let file_no = file_no.to_owned();
    app.read(move |db| store::family(db, &scope, &file_no, of)).await
}

/// The same as they are on the page.
pub async fn page((app, me, _): At<'_>, file_no: &str) -> AppResult<FamilyPage> {
    Ok(view(app, &facts(app, me, file_no).await?))
}

/// `GET /family-contacts/{file_no}`
pub async fn show(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
) -> AppResult<HttpResponse> {
    fields::show(&app, &me, &req, &page((&app, &me, &req), &file_no).await?)
}

/// The page again with the list that is gone through.
pub async fn page_of_form(at: At<'_>, file_no: &str, form: &Fields) -> AppResult<FamilyPage> {
    Ok(FamilyPage { place: Flow::from_form::<ListParams>(form), ..page(at, file_no).await? })
}

/// `GET /family-contacts/next`: the first family of the list that is still to be spoken with.
pub async fn next(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<ListParams>,
    before: web::Query<flow::Before>,
) -> AppResult<HttpResponse> {
    let params = ListParams { before: String::new(), ..params.into_inner() };
    let mut filter = params.to_filter(me.staff_id, app.clock.today());
    if ["done", "lost", "all"].contains(&filter.list.as_str()) {
        filter.list.clear();
    }
    let saved = flow::saved(&app, &me, &before).await?;
    let side = params.side(&filter.order());
    let (scope, inner, from) = (me.scope.clone(), filter.clone(), side.clone());
    let found = app.read(move |db| inner.page(db, &scope, &from, 1)).await?;
    let Some(row) = found.rows.into_iter().next() else {
        let whole = side == Side::Start;
        return flow::end(&app, &params.link(PATH, &[]), saved.as_ref(), whole);
    };
    let key = filter.order().key(&row);
    let at: At<'_> = (&app, &me, &req);
    let place = Flow::at(&params, NEXT, &key, saved);
    let page = FamilyPage { place, ..page(at, &row.file_no).await? };
    fields::show(&app, &me, &req, &page)
}
