//! Writing down a contact with a family, and taking it back on the same day. A number or address
//! that the person themself has told is in force at once, somebody else's word is proposed.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, Days, NaiveDate};

use super::family;
use super::filter::{ListParams, NEXT};
use super::store::{self, Facts};
use crate::app::App;
use crate::base::ids::{PhoneId, PointId, RecordId};
use crate::base::money::Fen;
use crate::book::act::Once;
use crate::book::audit_log::AuditEntry;
use crate::book::contact::change::Kind;
use crate::book::contact::in_force::{self, NewContact};
use crate::book::contact::keep;
use crate::book::contact::promise;
use crate::book::contact::record::{self, Ability, Channel, Outcome, Party, Record, Source};
use crate::error::{AppError, AppResult};
use crate::web::fields::{At, Done, Fields, Form, TEXT_MAX, answer};
use crate::web::flow;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Where changes that were told in a conversation come from.
const SOURCE: &str = "家庭联系";
/// A contact is written down within so many days.
const OLDEST_DAYS: u64 = 366;
/// Fewest and most characters of an address.
const ADDRESS: std::ops::RangeInclusive<usize> = 6..=120;

/// The day of the contact and the next one.
fn days(form: &mut Fields, today: NaiveDate) -> (NaiveDate, Option<NaiveDate>) {
    let oldest = today.checked_sub_days(Days::new(OLDEST_DAYS)).unwrap_or(today);
    let on_day = form.get("on_day").parse().unwrap_or(NaiveDate::MAX);
    if on_day > today || on_day < oldest {
        form.reject("on_day", "联系的日期写成 2026-10-31 这样，不晚于今天，不早于一年前");
    }
    let next_on = form.date_or("next_on", "下次联系的日期写成 2026-11-07 这样，不早于今天");
    if next_on.is_some_and(|day| day < today) {
        form.reject("next_on", "下次联系的日期写成 2026-11-07 这样，不早于今天");
    }
    // Every family once a year: nobody is put off for longer.
    let furthest = today.checked_add_days(Days::new(OLDEST_DAYS)).unwrap_or(today);
    if next_on.is_some_and(|day| day > furthest) {
        form.reject("next_on", format!("太远了，最晚到 {furthest}：每户每年至少联系一次"));
    }
    (on_day, next_on)
}

/// The number that was used, of this family only.
fn number(text: &str, facts: &Facts) -> Option<(Option<PhoneId>, Option<PointId>)> {
    match text.split_once(':') {
        None => text.is_empty().then_some((None, None)),
        Some(("phone", id)) => {
            let id = PhoneId::new(id.parse().ok()?);
            facts.phones.iter().any(|phone| phone.id == id).then_some((Some(id), None))
        }
        Some(("point", id)) => {
            let id = PointId::new(id.parse().ok()?);
            facts.points.iter().any(|point| point.id == id).then_some((None, Some(id)))
        }
        Some(_) => None,
    }
}

/// Whose number it is; nobody's without one.
fn party_of(used: (Option<PhoneId>, Option<PointId>), facts: &Facts) -> Option<Party> {
    match used {
        (Some(id), _) => {
            let phone = facts.phones.iter().find(|phone| phone.id == id)?;
            let own = phone.person_id == facts.student.id;
            Some(if own { Party::Student } else { Party::CoBorrower })
        }
        (None, Some(id)) => {
            facts.points.iter().find(|one| one.id == id).map(|one| one.kind.party())
        }
        (None, None) => None,
    }
}

/// The day and sum of a promise.
fn promise(app: &App, form: &mut Fields, most: Option<Fen>) -> (Option<NaiveDate>, Option<Fen>) {
    let on_day = form.date_or("promised_on", "约定的还款日写成 2026-11-20 这样");
    if on_day.is_none() && !form.get("promised_on").is_empty() {
        return (None, None);
    }
    let (today, policy) = (app.clock.today(), app.policy());
    if let Some(fault) = promise::day_fault(on_day, today, policy.ladder.on(today)) {
        form.reject("promised_on", fault);
    }
    let sum = form.get("promised").parse::<Fen>().ok();
    if !form.get("promised").is_empty()
        && let Some(fault) = promise::sum_fault(sum, most)
    {
        form.reject("promised", fault);
    }
    (on_day, sum)
}

/// The contact as the form says it; none when something it must have is missing, which is said.
fn read((app, me, _): At<'_>, facts: &Facts, form: &mut Fields) -> Option<Record> {
    let (on_day, next_on) = days(form, app.clock.today());
    // A promise belongs to an overdue case.
    let outcome = Outcome::from_text(form.get("outcome"))
        .filter(|one| facts.overdue || *one != Outcome::Promised);
    let (promised_on, promised_fen) = match outcome {
        Some(Outcome::Promised) => promise(app, form, facts.most),
        _ => (None, None),
    };
    let by_staff = |one: &Channel| !matches!(one, Channel::PhonePage | Channel::Sheet);
    let channel = form.choice(
        "channel",
        |text| Channel::from_text(text).filter(by_staff),
        "请选用什么方式联系",
    );
    let used = form.choice("number", |text| number(text, facts), "请重新选号码");
    let by_number = used.filter(|_| form.get("party").is_empty());
    let party = match by_number.and_then(|used| party_of(used, facts)) {
        Some(party) => Some(party),
        None => form.choice("party", Party::from_text, "请选和谁联系"),
    };
    if outcome == Some(Outcome::Died) && party == Some(Party::Student) {
        form.reject("party", "请选是谁告诉的");
    }
    if outcome.is_none() {
        form.reject("outcome", "请选结果");
    }
    let [party_name, situation, wish, note, evidence] =
        ["party_name", "situation", "wish", "note", "evidence"]
            .map(|name| form.text(name, TEXT_MAX));
    let id = RecordId::new(app.next_id());
    let (phone_id, point_id) = used?;
    Some(Record {
        party_name,
        phone_id,
        point_id,
        ability: Ability::from_text(form.get("ability")).unwrap_or(Ability::Unknown),
        situation,
        wish,
        note,
        evidence,
        next_on,
        promised_on,
        promised_fen,
        staff_id: Some(me.staff_id),
        ..Record::new(
            (id, &facts.file.office_code, facts.file.id),
            (on_day, app.clock.now_at()),
            (channel?, party?, outcome?),
            (Source::Desk, &me.name),
        )
    })
}

/// What the family says has changed.
fn changes(
    me: &SignedIn,
    facts: &Facts,
    record: Option<&Record>,
    form: &mut Fields,
) -> Vec<NewContact> {
    let phone = form.phone("new_phone").map(|number| number.as_str().to_owned());
    let address = Some(form.get("new_address").to_owned()).filter(|text| !text.is_empty());
    if address.as_ref().is_some_and(|text| !ADDRESS.contains(&text.chars().count())) {
        form.reject("new_address", "住址写清楚乡镇、村和门牌号，不超过 120 个字");
    }
    // Whoever was spoken with tells of themselves; without a contact it is the person's own call.
    let own = if is_co_borrower(facts, form) { Party::CoBorrower } else { Party::Student };
    let from_self = record.is_none_or(|record| record.party == own);
    let source = format!("{SOURCE}（{}）", me.name);
    let all = [(Kind::Phone, phone), (Kind::Address, address)];
    all.into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)))
        .map(|(kind, value)| NewContact { kind, value, source: source.clone(), from_self })
        .collect()
}

fn is_co_borrower(facts: &Facts, form: &Fields) -> bool {
    facts.co_borrower.is_some() && form.get("whose") == "co_borrower"
}

/// Nothing was said of a contact, only that something has changed.
fn is_change_only(form: &Fields) -> bool {
    let contact = ["outcome", "note", "situation", "wish"];
    let changes = ["new_phone", "new_address"];
    contact.iter().all(|name| form.get(name).is_empty())
        && changes.iter().any(|name| !form.get(name).is_empty())
}

/// `POST /family-contacts/{file_no}/records`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (at, mut form): (At<'_>, _) = ((&app, &me, &req), form.0);
    let done = try_add(at, &file_no, &mut form).await;
    if form.has("flow")
        && let Ok((new_record, _)) = &done
    {
        let list: ListParams = flow::params_of(form.get("flow"));
        return flow::onward(&app, &list, NEXT, *new_record);
    }
    let done = done.map(|(_, sentence)| Done::to(family::path(&file_no), sentence));
    answer(at, &form, done, family::page_of_form(at, &file_no, &form)).await
}

/// The record when it is new, and what is said.
async fn try_add(
    at: At<'_>,
    file_no: &str,
    form: &mut Fields,
) -> AppResult<(Option<RecordId>, String)> {
    let (app, me, _) = at;
    let facts = family::facts(app, me, file_no).await?;
    let record = if is_change_only(form) { None } else { Some(read(at, &facts, form)) };
    let read = record.as_ref().and_then(Option::as_ref);
    let changes = changes(me, &facts, read, form);
    let record = record.map(|record| form.checked(record)).transpose()?;
    form.check()?;
    let of_record = record.is_some().then_some("联系已记下");
    let sentences = of_record.into_iter().chain(changes.first().map(NewContact::sentence));
    let message = sentences.collect::<Vec<_>>().join("；");
    let mut entries: Vec<AuditEntry> = Vec::with_capacity(2);
    entries.extend(
        record.iter().map(|record| {
            family::note(&facts, "family_contacted", super::list::record_words(record))
        }),
    );
    let co_borrower = facts.co_borrower.as_ref().filter(|_| is_co_borrower(&facts, form));
    let whose = co_borrower.unwrap_or(&facts.student).clone();
    entries.extend(changes.iter().map(|new| {
        let action = if new.from_self { "contact_changed" } else { "contact_change_asked" };
        family::note(&facts, action, format!("{}的新{}", whose.name, new.kind.in_words()))
    }));
    let (key, file, seen) = (form.key(), facts.file.id, form.get("seen").to_owned());
    let id = record.as_ref().map(|record| record.id);
    let new_record = me.act(app, "family contacted", move |act| {
        if act.once(&key)? == Once::Again {
            return Ok(None);
        }
        if store::seen(act.db, act.scope, file, act.today.year())? != seen {
            return Err(AppError::Changed);
        }
        if let Some(record) = &record {
            keep::keep_contact(act, record)?;
        }
        changes.iter().try_for_each(|new| in_force::keep(act, &whose, file, new))?;
        act.audit_all(entries.clone())?;
        Ok(id)
    });
    let new_record = new_record.await?;
    Ok((new_record, message))
}

/// `POST /family-contacts/{file_no}/records/{id}/undo`
pub async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    path: web::Path<(String, i64)>,
    _checked: Form,
) -> AppResult<HttpResponse> {
    let (file_no, id) = path.into_inner();
    let facts = family::facts(&app, &me, &file_no).await?;
    let undone = me.act(&app, "family contact undone", move |act| {
        let record = record::find(act.db, act.scope, RecordId::new(id))?;
        if record.file_id != facts.file.id {
            return Err(AppError::NotFound);
        }
        if record.undone_at.is_some() {
            return Ok("这条记录刚才已经撤销了，没有再改");
        }
        if !family::may_undo(&record, act.today) {
            return Err(AppError::refused("只能撤销当天由工作人员写的记录，请另写一条说明"));
        }
        let record = keep::undo_contact(act, record.id).map_err(|error| match error {
            AppError::Changed => AppError::refused(
                "这条记录以后，逾期跟进里又办过别的事，不能再撤销，请另写一条说明",
            ),
            other => other,
        })?;
        let summary = format!("撤销：{}", super::list::record_words(&record));
        act.audit(family::note(&facts, "family_contact_undone", summary))?;
        Ok("已撤销，今年的联系照原样算")
    });
    shell::done(&app, &family::path(&file_no), undone.await?)
}
