//! Contacts with a family: who spoke with whom, by which way, and what came of it. The only file
//! that writes the table `contact_record`.
//!
//! A record is never changed; only the case that it moves is named later in the same write. A
//! mistake is taken back (`undo`) and written anew; both stay. Texts are what staff and liaisons
//! write; numbers of people are never in them, `phone_id` names one.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

use crate::base::dates::in_words;
use crate::base::ids::{CaseId, FileId, PhoneId, PointId, RecordId, SheetId, StaffId, text_enum};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::error::{AppError, AppResult};
use crate::plumbing::bulk::BINDS_MAX;
use crate::plumbing::db::Db;
use crate::plumbing::schema::contact_record;
use crate::{both, insert_rows};

text_enum! {
    /// By which way somebody was asked.
    Channel {
        Call = "call", "电话";
        Sms = "sms", "短信";
        /// 微信 or QQ.
        Chat = "chat", "微信或QQ";
        Visit = "visit", "上门走访";
        /// They came to the desk.
        Counter = "counter", "来中心";
        Letter = "letter", "信函";
        /// They confirmed their contacts on the phone page.
        PhonePage = "phone_page", "手机页面";
        /// By a sheet that a village, school or police station filled in.
        Sheet = "sheet", "走访表";
    }
}

text_enum! {
    /// Who was spoken with, or should have been.
    Party {
        Student = "student", "本人";
        /// 共同借款人.
        CoBorrower = "co_borrower", "共同借款人";
        /// Others of the family.
        Family = "family", "家人";
        /// The senior high school.
        School = "school", "毕业高中";
        /// The village or community committee.
        Village = "village", "村（社区）";
        Police = "police", "派出所";
        Employer = "employer", "工作单位";
        Other = "other", "其他";
    }
}

text_enum! {
    /// What came of it.
    Outcome {
        /// Spoken with, nothing special.
        Reached = "reached", "联系上了";
        /// A day was agreed on which they pay.
        Promised = "promised", "接通，约定日期";
        /// They say that it is paid: to be reconciled.
        SaysPaid = "says_paid", "已还，待核对";
        /// The family is in hardship: leads to relief.
        Hardship = "hardship", "有困难";
        /// In service: leads to compensation.
        InService = "in_service", "在服役";
        /// Still studying: leads to an enrolment change.
        Studying = "studying", "在读书";
        /// The figure is disputed: leads to reconciliation.
        Dispute = "dispute", "对金额有疑问";
        /// Nobody answered, nobody at home.
        NoAnswer = "no_answer", "无人接听";
        /// The number does not exist any more.
        BadNumber = "bad_number", "号码失效";
        /// The number is somebody else's.
        WrongPerson = "wrong_person", "号码不是本人的";
        /// They did not want to speak.
        Refused = "refused", "不愿意谈";
        /// The family has moved away.
        MovedAway = "moved_away", "已搬走";
        /// Word was left with somebody who passes it on.
        LeftWord = "left_word", "已请人转告";
        /// The borrower has died; the family says so.
        Died = "died", "本人已去世";
    }
}

impl Outcome {
    /// As it is said of somebody who was asked in this way: at a home nobody fails to pick up.
    pub const fn said_of(self, channel: Channel) -> &'static str {
        match (self, channel) {
            (Outcome::NoAnswer, Channel::Visit | Channel::Sheet) => "家中无人",
            (Outcome::NoAnswer, Channel::Sms | Channel::Chat | Channel::Letter) => "没有回音",
            (Outcome::Promised, Channel::Visit | Channel::Sheet | Channel::Counter) => "约定日期",
            (outcome, _) => outcome.in_words(),
        }
    }

    /// True when somebody of the family was really spoken with.
    pub const fn is_reached(self) -> bool {
        matches!(
            self,
            Outcome::Reached
                | Outcome::Promised
                | Outcome::SaysPaid
                | Outcome::Hardship
                | Outcome::InService
                | Outcome::Studying
                | Outcome::Dispute
                | Outcome::Died
        )
    }
}

text_enum! {
    /// How far the family can pay.
    Ability {
        Unknown = "", "没有问到";
        /// 能按期还.
        Able = "able", "能按期还";
        /// 能还一部分.
        Partly = "partly", "能还一部分";
        /// 暂时还不了.
        Unable = "unable", "暂时还不了";
    }
}

text_enum! {
    /// Where the record comes from.
    Source {
        Desk = "desk", "工作人员";
        /// A sheet came back by code.
        Sheet = "sheet", "扫码回报";
        /// A workbook came back.
        Workbook = "workbook", "名单回收";
        /// A liaison wrote it.
        Liaison = "liaison", "联络员";
        PhonePage = "phone_page", "手机页面";
        Round = "round", "走访当天";
    }
}

/// One contact or try, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = contact_record, treat_none_as_default_value = false)]
pub struct Record {
    pub id: RecordId,
    /// Whose data this is.
    pub office_code: String,
    /// The family: a loan file.
    pub file_id: FileId,
    /// The day it happened.
    pub on_day: NaiveDate,
    pub channel: Channel,
    pub party: Party,
    /// Who that was by name or relation: 母亲, 王主任.
    pub party_name: String,
    /// Which number of student or co-borrower was used.
    pub phone_id: Option<PhoneId>,
    /// Which other person of the contact tree was asked.
    pub point_id: Option<PointId>,
    /// What came of it.
    pub outcome: Outcome,
    /// How far they can pay.
    pub ability: Ability,
    /// The family's situation, in words.
    pub situation: String,
    pub wish: String,
    pub note: String,
    /// What shows it: 通话记录, 照片, 证明.
    pub evidence: String,
    /// The day on which they promise to pay.
    pub promised_on: Option<NaiveDate>,
    /// How much, when they said.
    pub promised_fen: Option<Fen>,
    /// When to speak again.
    pub next_on: Option<NaiveDate>,
    /// The overdue case it belongs to.
    pub case_id: Option<CaseId>,
    /// The sheet it came back on.
    pub sheet_id: Option<SheetId>,
    /// Where it comes from.
    pub source: Source,
    /// The member of staff who wrote or accepted it.
    pub staff_id: Option<StaffId>,
    /// Who did it, by name.
    pub by_name: String,
    /// When it was written down.
    pub recorded_at: NaiveDateTime,
    /// When it was taken back.
    pub undone_at: Option<NaiveDateTime>,
    /// Who took it back.
    pub undone_by: String,
    /// What was known of the number before, for taking the record back; empty without one.
    pub number_before: String,
    /// Unique in the office: the second try of one form changes nothing.
    pub command_key: String,
}

impl Record {
    /// `电话本人：接通，约定日期，12月28日 还 100.00 元`.
    pub fn in_words(&self, today: NaiveDate) -> String {
        let who = match self.party_name.is_empty() {
            true => self.party.in_words(),
            false => &self.party_name,
        };
        let outcome = self.outcome.said_of(self.channel);
        let mut words = format!("{}{who}：{outcome}", self.channel.in_words());
        if let Some(day) = self.promised_on {
            words.push_str(&format!("，{} 还", in_words(day, today)));
        }
        if let Some(fen) = self.promised_fen {
            words.push_str(&format!(" {} 元", fen.to_page_text()));
        }
        words
    }

    /// A record of today with nothing but what it must have.
    pub fn new(
        (id, office_code, file_id): (RecordId, &str, FileId),
        (on_day, recorded_at): (NaiveDate, NaiveDateTime),
        (channel, party, outcome): (Channel, Party, Outcome),
        (source, by_name): (Source, &str),
    ) -> Record {
        Record {
            id,
            office_code: office_code.to_owned(),
            file_id,
            on_day,
            channel,
            party,
            party_name: String::new(),
            phone_id: None,
            point_id: None,
            outcome,
            ability: Ability::Unknown,
            situation: String::new(),
            wish: String::new(),
            note: String::new(),
            evidence: String::new(),
            promised_on: None,
            promised_fen: None,
            next_on: None,
            case_id: None,
            sheet_id: None,
            source,
            staff_id: None,
            by_name: by_name.to_owned(),
            recorded_at,
            undone_at: None,
            undone_by: String::new(),
            number_before: String::new(),
            command_key: format!("record-{id}"),
        }
    }
}

/// How many columns [`Record`] has.
const COLUMNS: usize = 30;

/// False: a record with this command key is there already.
pub(super) fn insert(db: &mut Db, new: &Record) -> AppResult<bool> {
    let added = both!(db, c => diesel::RunQueryDsl::execute(
        diesel::insert_into(contact_record::table)
            .values(new)
            .on_conflict((contact_record::office_code, contact_record::command_key))
            .do_nothing(),
        c
    ))?;
    Ok(added == 1)
}

pub(super) fn insert_all(db: &mut Db, new: &[Record]) -> AppResult<()> {
    insert_rows!(db, contact_record::table, COLUMNS, new)?;
    Ok(())
}

/// `Changed` when it was taken back before.
pub(super) fn mark_undone(
    db: &mut Db,
    scope: &Scope,
    id: RecordId,
    (by, at): (&str, NaiveDateTime),
) -> AppResult<Record> {
    let done = diesel::update(
        contact_record::table
            .filter(scope.holds(contact_record::office_code))
            .filter(contact_record::id.eq(id))
            .filter(contact_record::undone_at.is_null()),
    )
    .set((contact_record::undone_at.eq(at), contact_record::undone_by.eq(by)))
    .execute(db)?;
    if done == 0 {
        return Err(AppError::Changed);
    }
    find(db, scope, id)
}

/// Names the overdue case that a new record has moved.
pub fn set_case(db: &mut Db, scope: &Scope, id: RecordId, case: CaseId) -> AppResult<()> {
    diesel::update(
        contact_record::table
            .filter(scope.holds(contact_record::office_code))
            .filter(contact_record::id.eq(id)),
    )
    .set(contact_record::case_id.eq(case))
    .execute(db)?;
    Ok(())
}

/// One record, or NotFound.
pub fn find(db: &mut Db, scope: &Scope, id: RecordId) -> AppResult<Record> {
    Ok(contact_record::table
        .filter(scope.holds(contact_record::office_code))
        .filter(contact_record::id.eq(id))
        .select(Record::as_select())
        .get_result(db)?)
}

/// The newest records of a family that stand, newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file: FileId, most: usize) -> AppResult<Vec<Record>> {
    // Some dozens in a life: all of them, for a LIMIT is planned anew each time (plumbing/db.rs).
    let mut records: Vec<Record> = contact_record::table
        .filter(scope.holds(contact_record::office_code))
        .filter(contact_record::file_id.eq(file))
        .filter(contact_record::undone_at.is_null())
        .order((contact_record::on_day.desc(), contact_record::id.desc()))
        .select(Record::as_select())
        .load(db)?;
    records.truncate(most);
    Ok(records)
}

/// The record of a family that stands and was kept last.
pub fn newest_of(db: &mut Db, scope: &Scope, file: FileId) -> AppResult<Option<RecordId>> {
    Ok(contact_record::table
        .filter(scope.holds(contact_record::office_code))
        .filter(contact_record::file_id.eq(file))
        .filter(contact_record::undone_at.is_null())
        .select(diesel::dsl::max(contact_record::id))
        .get_result(db)?)
}

/// The newest record that stands of each of these families.
pub fn last_of(db: &mut Db, scope: &Scope, files: &[FileId]) -> AppResult<HashMap<FileId, Record>> {
    let mut found = HashMap::with_capacity(files.len());
    for chunk in files.chunks(BINDS_MAX) {
        let rows: Vec<Record> = contact_record::table
            .filter(scope.holds(contact_record::office_code))
            .filter(contact_record::file_id.eq_any(chunk))
            .filter(contact_record::undone_at.is_null())
            .order((contact_record::on_day, contact_record::id))
            .select(Record::as_select())
            .load(db)?;
        // In the order of time: the last one stays.
        found.extend(rows.into_iter().map(|row| (row.file_id, row)));
    }
    Ok(found)
}
