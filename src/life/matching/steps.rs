//! What people and the nightly job do, each in an open write: take a list in, compare, remove what
//! has expired, answer hits.

use std::collections::{HashMap, HashSet};

use chrono::{Datelike as _, NaiveDate};

use super::partner_steps;
use super::rules::{Answer, school_year};
use super::store::{self, Found, Hit, HitKey, ListEntry, Pupil, ReceivedList};
use super::upload::ListRead;
use crate::base::ids::RowId;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::book::policy::MatchingList;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::{Field, Sealer};
use crate::web::fields::Seen;

/// Places that are stored; a wrong column would name thousands.
const PLACES_MAX: usize = 300;

/// A list that is to be taken in.
#[derive(Clone, Debug)]
pub struct NewList {
    pub kind: MatchingList,
    pub source: String,
    pub file_name: String,
    pub expires_on: NaiveDate,
    pub read: ListRead,
    /// The blind index of each number, in the order of the list.
    pub indexes: Vec<Vec<u8>>,
}

impl NewList {
    /// # Errors
    /// The sentence of [`super::upload::read_list`].
    pub fn read(
        sealer: &Sealer,
        (name, bytes): (&str, &[u8]),
        (kind, source): (MatchingList, String),
        (expires_on, today): (NaiveDate, NaiveDate),
    ) -> Result<NewList, String> {
        let read = super::upload::read_list((name, bytes), &kind, today)?;
        let index = |number: &str| sealer.index(Field::IdNumber, number);
        let indexes = read.numbers.iter().map(|one| index(one.number.as_str())).collect();
        Ok(NewList { kind, source, file_name: name.to_owned(), expires_on, read, indexes })
    }
}

fn number(of: usize) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

fn tell(act: &mut Act<'_>, action: &'static str, list: &ReceivedList, what: &str) -> AppResult<()> {
    let summary = format!("{}（{}）：{what}", list.name, list.file_name);
    let entry = AuditEntry::of(action, &list.name, summary);
    act.audit(AuditEntry { reason: list.reason.clone(), ..entry })
}

/// Takes a list in and compares; the list and how many pupils were newly found.
pub fn receive(
    act: &mut Act<'_>,
    key: &FormKey,
    new: &NewList,
) -> AppResult<Option<(RowId, usize)>> {
    if act.once(key)? == Once::Again {
        return Ok(None);
    }
    let places = new.read.unreadable.iter().take(PLACES_MAX).map(String::as_str);
    let list = ReceivedList {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        kind: new.kind.key.clone(),
        name: new.kind.name.clone(),
        counts: new.kind.counts,
        source: new.source.clone(),
        file_name: new.file_name.clone(),
        lines: new.read.lines,
        entries: number(new.read.numbers.len()),
        unreadable: number(new.read.unreadable.len()),
        unreadable_places: places.collect::<Vec<_>>().join("\n"),
        received_by: act.by.name.clone(),
        received_on: act.today,
        expires_on: new.expires_on,
        removed_on: None,
        removed_by: String::new(),
        reason: String::new(),
        version: 1,
    };
    let entries: Vec<ListEntry> = new
        .read
        .numbers
        .iter()
        .zip(&new.indexes)
        .map(|(one, index)| ListEntry {
            list_id: list.id,
            sheet: one.sheet,
            line: one.line,
            col: one.col,
            office_code: list.office_code.clone(),
            is_member: one.is_member,
            id_index: index.clone(),
        })
        .collect();
    store::add_list(act.db, &list, &entries)?;
    let found = compare_known(act)?;
    let what = format!(
        "{} 行，{} 个身份证号，{} 处读不懂，用到 {}",
        list.lines, list.entries, list.unreadable, list.expires_on
    );
    tell(act, "matching_received", &list, &what)?;
    Ok(Some((list.id, found)))
}

/// Compares everybody known of the season with all lists in force; how many were newly found.
pub fn compare(act: &mut Act<'_>, key: &FormKey) -> AppResult<usize> {
    if act.once(key)? == Once::Again {
        return Ok(0);
    }
    let found = compare_known(act)?;
    act.audit(AuditEntry::of("matching_compared", "名单比对", format!("新比中 {found} 条")))?;
    Ok(found)
}

fn compare_known(act: &mut Act<'_>) -> AppResult<usize> {
    let (office, today) = (act.scope.own().to_owned(), act.today);
    let pupils = store::pupils(act.db, &office, (school_year(today), today.year()))?;
    // A candidate who has also applied for recognition counts with the school of that.
    let mut seen = HashSet::new();
    let pupils: Vec<Pupil> =
        pupils.into_iter().filter(|one| seen.insert(one.id_index.clone())).collect();
    Ok(keep(act, &pupils)?.1)
}

/// The places of each person.
pub type Places = HashMap<Vec<u8>, Vec<Found>>;
/// Where a pupil has applied, by the blind index of the pupil.
pub type Schools = HashMap<Vec<u8>, Vec<String>>;

/// Finds these pupils and keeps what is new: one hit for each pupil and kind of list.
fn keep(act: &mut Act<'_>, pupils: &[Pupil]) -> AppResult<(Places, usize)> {
    let (office, year) = (act.scope.own().to_owned(), school_year(act.today));
    let indexes: Vec<Vec<u8>> = pupils.iter().map(|one| one.id_index.clone()).collect();
    let mut places = Places::new();
    for one in store::places(act.db, &office, act.today, &indexes)? {
        places.entry(one.id_index.clone()).or_default().push(one);
    }
    let mut known: HashSet<HitKey> = store::known(act.db, &office, year)?.into_iter().collect();
    let mut new = Vec::new();
    for pupil in pupils {
        for found in places.get(&pupil.id_index).into_iter().flatten() {
            let key = (found.kind.clone(), pupil.id_index.clone(), pupil.school.clone());
            if known.insert(key) {
                new.push(hit(act, pupil, found, year));
            }
        }
    }
    store::add_hits(act.db, &new)?;
    Ok((places, new.len()))
}

fn hit(act: &mut Act<'_>, pupil: &Pupil, found: &Found, year: i32) -> Hit {
    Hit {
        id: act.id(),
        office_code: act.scope.own().to_owned(),
        year,
        kind: found.kind.clone(),
        list_id: found.list_id,
        id_index: pupil.id_index.clone(),
        id_mask: pupil.id_mask.clone(),
        name: pupil.name.clone(),
        school: pupil.school.clone(),
        class_name: pupil.class_name.clone(),
        sheet: found.sheet,
        line: found.line,
        col: found.col,
        is_member: found.is_member,
        found_on: act.today,
        answer: Answer::Open,
        note: String::new(),
        answered_by: String::new(),
        answered_on: None,
        version: 1,
    }
}

/// Compares a roster; the places of each pupil, and for each the schools where they have applied.
pub fn compare_roster(
    act: &mut Act<'_>,
    (file_name, pupils): (&str, &[Pupil]),
) -> AppResult<(Places, Schools)> {
    let (places, new) = keep(act, pupils)?;
    let (office, year) = (act.scope.own().to_owned(), school_year(act.today));
    let indexes: Vec<Vec<u8>> = pupils.iter().map(|one| one.id_index.clone()).collect();
    let mut schools = Schools::new();
    for (index, school) in store::schools(act.db, &office, year, &indexes)? {
        schools.entry(index).or_default().push(school);
    }
    let what = format!("{file_name}：{} 名学生，新比中 {new} 条", pupils.len());
    act.audit(AuditEntry::of("matching_roster", file_name, what))?;
    Ok((places, schools))
}

/// Removes a list by hand.
pub fn remove(act: &mut Act<'_>, key: &FormKey, seen: Seen<RowId>, reason: &str) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let list = store::list(act.db, act.scope, seen.id)?;
    if list.version != seen.version || list.removed_on.is_some() {
        return Err(AppError::Changed);
    }
    take_away(act, list, reason)
}

fn take_away(act: &mut Act<'_>, list: ReceivedList, reason: &str) -> AppResult<()> {
    let list = ReceivedList {
        removed_on: Some(act.today),
        removed_by: act.by.name.clone(),
        reason: reason.to_owned(),
        ..list
    };
    let open = store::unanswered(act.db, list.id)?;
    store::remove(act.db, &list)?;
    // The same pupils may stand on another list of the kind.
    keep(act, &open)?;
    tell(act, "matching_removed", &list, "已清除名单上的身份信息")
}

/// Removes what has expired and compares with what is there; how many lists went, how many pupils
/// were newly found.
pub fn follow(act: &mut Act<'_>) -> AppResult<(usize, usize)> {
    let today = act.today;
    let over = store::lists(act.db, act.scope, None)?;
    let over: Vec<_> = over.into_iter().filter(|one| one.expires_on < today).collect();
    let gone = over.len() + partner_steps::expire(act)?;
    for list in over {
        take_away(act, list, "到期")?;
    }
    let found = compare_known(act)?;
    if found > 0 {
        act.audit(AuditEntry::of("matching_compared", "名单比对", format!("新比中 {found} 条")))?;
    }
    Ok((gone, found))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    County,
    /// A school of this name: its own pupils, once; what is answered is put right by the county.
    School(String),
}

/// What was found about hits, by whom, with a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub answer: Answer,
    pub by: String,
    pub note: String,
}

/// Answers hits, all of them or none.
///
/// # Errors
/// [`AppError::Changed`] when one of them is not as the page showed it; [`AppError::NotFound`] when
/// a school names a pupil of another.
pub fn answer(
    act: &mut Act<'_>,
    key: &FormKey,
    (who, seen): (&Who, &[Seen<RowId>]),
    Given { answer, by, note }: &Given,
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    for one in seen {
        let hit = store::hits(act.db, act.scope, &[one.id])?.pop().ok_or(AppError::Changed)?;
        if let Who::School(school) = who {
            if hit.school != *school {
                return Err(AppError::NotFound);
            }
            if hit.answer != Answer::Open {
                return Err(AppError::Changed);
            }
        }
        let list = store::list(act.db, act.scope, hit.list_id)?;
        if !list.counts {
            return Err(AppError::refused(format!("“{}”只作参考，不用核实", list.name)));
        }
        if hit.version != one.version {
            return Err(AppError::Changed);
        }
        let hit = Hit {
            answer: *answer,
            note: note.clone(),
            answered_by: by.clone(),
            answered_on: Some(act.today),
            ..hit
        };
        store::put_hit(act.db, &hit)?;
        let summary = format!("{}，{}：{}（{by}）", hit.school, list.name, answer.in_words());
        let entry = AuditEntry::of("matching_answered", &hit.name, summary);
        act.audit(AuditEntry { reason: note.clone(), ..entry })?;
    }
    Ok(())
}
