//! Writing down a contact with a family, and taking it back on the same day. What the family says
//! has changed is proposed, as from the phone page: somebody confirms it before it counts.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};

use super::family::{self, AllTyped, Typed};
use super::store::Facts;
use crate::app::App;
use crate::base::ids::{PersonId, PhoneId, PointId, RecordId};
use crate::base::money::Fen;
use crate::base::phone_number::PhoneNumber;
use crate::book::contact::change::{self, Change, mask_address};
use crate::book::contact::promise;
use crate::book::contact::record::{self, Ability, Channel, Outcome, Party, Record, Source};
use crate::book::history::AuditEntry;
use crate::book::reaction;
use crate::error::{AppError, AppResult, FieldError};
use crate::plumbing::crypto::Field;
use crate::web::form::CsrfForm;
use crate::web::session::SignedIn;
use crate::web::shell;

/// Where changes that were told in a conversation come from.
const SOURCE: &str = "家庭联系";
/// Longest text in characters.
const TEXT_MAX: usize = 400;
/// A contact is written down within so many days.
const OLDEST_DAYS: u64 = 366;
/// Fewest characters of an address.
const ADDRESS_MIN: usize = 6;

/// Everything a form becomes.
#[derive(Clone)]
struct Read {
    record: Record,
    phone: Option<String>,
    address: Option<String>,
    whose: PersonId,
}

fn wrong(errors: &mut Vec<FieldError>, field: &str, message: impl Into<String>) {
    errors.push(FieldError { field: field.to_owned(), message: message.into() });
}

/// The day of the contact and the next one.
fn days(
    typed: &Typed,
    today: NaiveDate,
    errors: &mut Vec<FieldError>,
) -> (NaiveDate, Option<NaiveDate>) {
    let oldest = today.checked_sub_days(Days::new(OLDEST_DAYS)).unwrap_or(today);
    let on_day = typed.on_day.trim().parse().unwrap_or(NaiveDate::MAX);
    if on_day > today || on_day < oldest {
        wrong(errors, "on_day", "联系的日期写成 2026-10-31 这样，不晚于今天，不早于一年前");
    }
    let next_on: Option<NaiveDate> = match typed.next_on.trim() {
        "" => None,
        text => Some(text.parse().unwrap_or(NaiveDate::MIN)),
    };
    if next_on.is_some_and(|day| day < today) {
        wrong(errors, "next_on", "下次联系的日期写成 2026-11-07 这样，不早于今天");
    }
    // Every family once a year: nobody is put off for longer.
    let furthest = today.checked_add_days(Days::new(OLDEST_DAYS)).unwrap_or(today);
    if next_on.is_some_and(|day| day > furthest) {
        wrong(errors, "next_on", format!("太远了，最晚到 {furthest}：每户每年至少联系一次"));
    }
    (on_day, next_on)
}

fn changes(typed: &Typed, errors: &mut Vec<FieldError>) -> (Option<String>, Option<String>) {
    let phone = match typed.new_phone.trim() {
        "" => None,
        text => match PhoneNumber::parse(text) {
            Ok(number) => Some(number.as_str().to_owned()),
            Err(problem) => {
                wrong(errors, "new_phone", problem.to_chinese());
                None
            }
        },
    };
    let address = typed.new_address.trim();
    let length = address.chars().count();
    if length > 0 && !(ADDRESS_MIN..=120).contains(&length) {
        wrong(errors, "new_address", "住址写清楚乡镇、村和门牌号，不超过 120 个字");
    }
    (phone, (length > 0).then(|| address.to_owned()))
}

/// The number that was used, of this family only.
fn number(typed: &Typed, facts: &Facts) -> Option<(Option<PhoneId>, Option<PointId>)> {
    match typed.number.split_once(':') {
        None => typed.number.is_empty().then_some((None, None)),
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

/// The day and sum of a promise.
fn promise(
    app: &App,
    (typed, most): (&Typed, Option<Fen>),
    outcome: Option<Outcome>,
    errors: &mut Vec<FieldError>,
) -> (Option<NaiveDate>, Option<Fen>) {
    if outcome != Some(Outcome::Promised) {
        return (None, None);
    }
    let on_day: Option<NaiveDate> = match typed.promised_on.trim() {
        "" => None,
        text => match text.parse() {
            Ok(day) => Some(day),
            Err(_) => {
                wrong(errors, "promised_on", "约定的还款日写成 2026-11-20 这样");
                return (None, None);
            }
        },
    };
    let (today, policy) = (app.clock.today(), app.policy());
    if let Some(fault) = promise::day_fault(on_day, today, policy.ladder.on(today)) {
        wrong(errors, "promised_on", fault);
    }
    let sum = match typed.promised.trim() {
        "" => None,
        text => {
            let read = text.parse::<Fen>().ok();
            if let Some(fault) = promise::sum_fault(read, most) {
                wrong(errors, "promised", fault);
            }
            read
        }
    };
    (on_day, sum)
}

fn read(app: &App, me: &SignedIn, facts: &Facts, typed: &Typed) -> Result<Read, Vec<FieldError>> {
    let mut errors = Vec::new();
    let (on_day, next_on) = days(typed, app.clock.today(), &mut errors);
    let channel = Channel::from_text(&typed.channel)
        .filter(|one| !matches!(one, Channel::PhonePage | Channel::Sheet));
    let party = Party::from_text(&typed.party);
    // A promise belongs to an overdue case.
    let outcome =
        Outcome::from_text(&typed.outcome).filter(|one| facts.overdue || *one != Outcome::Promised);
    let (promised_on, promised_fen) = promise(app, (typed, facts.most), outcome, &mut errors);
    if channel.is_none() {
        wrong(&mut errors, "channel", "请选用什么方式联系");
    }
    if party.is_none() {
        wrong(&mut errors, "party", "请选和谁联系");
    }
    if outcome == Some(Outcome::Died) && party == Some(Party::Student) {
        wrong(&mut errors, "party", "请选是谁告诉的");
    }
    if outcome.is_none() {
        wrong(&mut errors, "outcome", "请选结果");
    }
    let used = number(typed, facts);
    if used.is_none() {
        wrong(&mut errors, "number", "请重新选号码");
    }
    for (field, text) in [
        ("party_name", &typed.party_name),
        ("situation", &typed.situation),
        ("wish", &typed.wish),
        ("note", &typed.note),
        ("evidence", &typed.evidence),
    ] {
        if text.chars().count() > TEXT_MAX {
            wrong(&mut errors, field, format!("写在 {TEXT_MAX} 个字以内"));
        }
    }
    let (phone, address) = changes(typed, &mut errors);
    let co = facts.co_borrower.as_ref().filter(|_| typed.whose == "co_borrower");
    let whose = co.map_or(facts.student.id, |one| one.id);
    let (Some(channel), Some(party), Some(outcome), Some((phone_id, point_id)), true) =
        (channel, party, outcome, used, errors.is_empty())
    else {
        return Err(errors);
    };
    let id = RecordId::new(app.next_id());
    let text = |text: &str| text.trim().to_owned();
    let record = Record {
        party_name: text(&typed.party_name),
        phone_id,
        point_id,
        ability: Ability::from_text(&typed.ability).unwrap_or(Ability::Unknown),
        situation: text(&typed.situation),
        wish: text(&typed.wish),
        note: text(&typed.note),
        evidence: text(&typed.evidence),
        next_on,
        promised_on,
        promised_fen,
        staff_id: Some(me.staff_id),
        command_key: key(&typed.command_key, id),
        ..Record::new(
            (id, &facts.file.office_code, facts.file.id),
            (on_day, app.clock.now_at()),
            (channel, party, outcome),
            (Source::Desk, &me.name),
        )
    };
    Ok(Read { record, phone, address, whose })
}

/// The key that the form brought, when it is one of ours.
fn key(typed: &str, id: RecordId) -> String {
    let digits = typed.strip_prefix("desk-").unwrap_or_default();
    let ours =
        !digits.is_empty() && digits.len() < 25 && digits.bytes().all(|b| b.is_ascii_digit());
    if ours { typed.to_owned() } else { format!("desk-{id}") }
}

fn proposed(app: &App, me: &SignedIn, read: &Read) -> AppResult<Vec<Change>> {
    let mut all = Vec::new();
    let fields = [(change::Kind::Phone, &read.phone), (change::Kind::Address, &read.address)];
    for (kind, value) in fields.into_iter().filter_map(|(kind, v)| Some((kind, v.as_ref()?))) {
        let mask = match kind {
            change::Kind::Phone => {
                PhoneNumber::parse(value).map(|number| number.masked()).unwrap_or_default()
            }
            change::Kind::Email | change::Kind::Address => mask_address(value),
        };
        all.push(Change {
            id: app.next_id(),
            office_code: read.record.office_code.clone(),
            person_id: read.whose,
            file_id: Some(read.record.file_id),
            field: kind.as_text().to_owned(),
            value_sealed: app.sealer.seal(Field::Contact, value.as_bytes())?,
            value_mask: mask,
            source: format!("{SOURCE}（{}）", me.name),
            state: "proposed".to_owned(),
            asked_at: read.record.recorded_at,
            asked_by_person: None,
            decided_at: None,
            decided_by: String::new(),
            answer: String::new(),
        });
    }
    Ok(all)
}

/// `POST /family-contacts/{file_no}/records`
pub async fn add(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    file_no: web::Path<String>,
    form: CsrfForm<Typed>,
) -> AppResult<HttpResponse> {
    let typed = form.0;
    let facts = family::facts(&app, &me, &file_no).await?;
    let read = match read(&app, &me, &facts, &typed) {
        Ok(read) => read,
        Err(errors) => {
            let typed = AllTyped { record: typed, ..AllTyped::default() };
            return family::render(&app, &me, &req, &facts, (typed, errors));
        }
    };
    let changes = proposed(&app, &me, &read)?;
    let note = AuditEntry {
        action: "family_contacted",
        file_id: Some(facts.file.id),
        subject: facts.student.name.clone(),
        summary: super::list::record_words(&read.record),
        ..AuditEntry::default()
    };
    let (added, waits) = (read.record.clone(), !changes.is_empty());
    me.act(&app, "family contacted", move |act| {
        if !reaction::keep_contact(act, &added)? {
            act.needs_no_audit("the same form came before");
            return Ok(());
        }
        for change in &changes {
            change::ask(act.db, change)?;
        }
        act.audit(note.clone())
    })
    .await?;
    app.note_change();
    let said = if waits { "已记下，新的联系方式等核对" } else { "已记下" };
    shell::done(&app, &format!("/family-contacts/{}", facts.file.file_no), said)
}

#[derive(Debug, serde::Deserialize)]
pub struct Nothing {}

/// `POST /family-contacts/{file_no}/records/{id}/undo`
pub async fn undo(
    app: web::Data<App>,
    me: SignedIn,
    path: web::Path<(String, i64)>,
    _checked: CsrfForm<Nothing>,
) -> AppResult<HttpResponse> {
    let (file_no, id) = path.into_inner();
    let facts = family::facts(&app, &me, &file_no).await?;
    let (file, subject) = (facts.file.id, facts.student.name.clone());
    let undone = me.act(&app, "family contact undone", move |act| {
        let record = record::find(act.db, act.scope, RecordId::new(id))?;
        if record.file_id != file {
            return Err(AppError::NotFound);
        }
        if record.undone_at.is_some() {
            return Ok(false);
        }
        if !family::may_undo(&record, act.today) {
            return Err(AppError::refused("只能撤销当天由工作人员写的记录，请另写一条说明"));
        }
        let undone = reaction::undo_contact(act, record.id);
        let record = undone.map_err(|error| match error {
            AppError::Changed => AppError::refused(
                "这条记录以后，逾期跟进里又办过别的事，不能再撤销，请另写一条说明",
            ),
            other => other,
        })?;
        act.audit(AuditEntry {
            action: "family_contact_undone",
            file_id: Some(file),
            subject: subject.clone(),
            summary: format!("撤销：{}", super::list::record_words(&record)),
            ..AuditEntry::default()
        })?;
        Ok(true)
    });
    let said = match undone.await? {
        true => "已撤销，今年的联系照原样算",
        false => "这条记录刚才已经撤销了，没有再改",
    };
    shell::done(&app, &format!("/family-contacts/{file_no}"), said)
}
