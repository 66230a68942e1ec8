//! One box for everything: name (also part of it, its initials in pinyin, or with the village),
//! identity number, telephone (or its end), contract number (or its end), file number. One hit goes
//! straight to the file, many are narrowed by where they are from.
//!
//! Identity numbers and telephones are looked up by their blind index and never stand in a
//! page: a hit leads on to the file, and a number that nobody has to an address without it.

use std::collections::{BTreeMap, HashMap, HashSet};

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::Serialize;

use crate::app::App;
use crate::base::ids::PersonId;
use crate::base::person_name::{initials, name_key};
use crate::base::place::short_village;
use crate::base::scope::Scope;
use crate::book::staff::Right;
use crate::book::statement::Stage;
use crate::error::AppResult;
use crate::plumbing::any_of::AnyOfMethods as _;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{file_position, loan, loan_file, person, person_phone};
use crate::web::form::is_part;
use crate::web::list::filter::{anywhere, at_end};
use crate::web::list::kit::Condition;
use crate::web::list::params::{Chip, Params as _};
use crate::web::list::words::stage_tag;
use crate::web::route::{Entry, Needs, get};
use crate::web::session::SignedIn;
use crate::web::shell;

const PATH: &str = "/search";
/// More hits than this are cut off; the page says so.
const HITS_MAX: i64 = 1_000;
/// Rows on the page; the others are reached by narrowing.
const SHOWN_MAX: usize = 100;
/// From so many rows on they can be narrowed.
const NARROWED_FROM: usize = 8;
/// Values that a group of chips has room for, those with most rows.
const CHIPS_MAX: usize = 8;

pub fn routes() -> Vec<Entry> {
    vec![get("/search", Needs::Right(Right::SeeLoans), search)]
}

crate::list_params! {
    PageParams {
        q,
        /// `id`: an identity number was typed that nobody has; the number itself is not repeated.
        miss,
        township,
        school,
        /// As pages call it.
        stage,
        /// `suggest`: what may be meant, while it is typed.
        part,
    }
}

/// What somebody may have meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meant {
    /// Blind indexes of an identity number and of a telephone.
    id_index: Option<Vec<u8>>,
    phone_index: Option<Vec<u8>>,
    /// A contract number, or its end.
    contract: Option<String>,
    file_no: Option<String>,
    /// Parts of a name, its initials, a village, in any order.
    words: Vec<String>,
    /// The last four digits of a telephone, all that a masked one has.
    phone_tail: Option<String>,
    /// More digits of it were typed than a masked one can answer.
    tail_only: bool,
    /// The last four characters of an identity number, as lists show them.
    id_tail: Option<String>,
}

fn meant(q: &str, sealer: &Sealer) -> Meant {
    // Full-width digits and letters, blanks and hyphens come out of other programs.
    let plain: String = q
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match u32::from(c) {
            code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
            // Hyphens and dashes, the minus sign among them.
            0x2010..=0x2015 | 0x2212 => '-',
            _ => c,
        })
        .collect::<String>()
        .to_uppercase();
    let compact: String = plain.chars().filter(|c| *c != '-').collect();
    let digits = compact.strip_suffix('X').unwrap_or(&compact);
    let is_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let mut meant = Meant::default();
    match (is_digits, compact.len()) {
        (true, 18) => {
            meant.id_index = Some(sealer.index(Field::IdNumber, &compact));
            meant.contract = Some(compact);
        }
        (true, 11) => {
            meant.phone_index = Some(sealer.index(Field::Phone, &compact));
            meant.contract = Some(compact);
        }
        (true, length @ 4..) => {
            meant.id_tail = Some(compact.clone()).filter(|_| length == 4);
            meant.tail_only = (5..=8).contains(&length);
            let tail = compact.get(length.saturating_sub(4)..).filter(|_| length <= 8);
            meant.phone_tail = tail.map(str::to_owned);
            meant.contract = Some(compact);
        }
        (false, 1..) => {
            let latin = plain.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
            if latin && plain.chars().any(|c| c.is_ascii_digit()) {
                meant.file_no = Some(file_no(&compact).unwrap_or_else(|| plain.clone()));
                meant.contract = Some(compact);
            } else {
                meant.words = q.split_whitespace().map(name_key).collect();
            }
        }
        _ => {}
    }
    meant
}

/// A file number as it is stored, `LZ2017-0006`, of one without its hyphen; none when it has not
/// the shape of one.
fn file_no(compact: &str) -> Option<String> {
    let letters = compact.bytes().take_while(u8::is_ascii_uppercase).count();
    let (letters, digits) = compact.split_at_checked(letters)?;
    let (year, serial) = digits.split_at_checked(4)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !serial.is_empty()).then(|| format!("{letters}{year}-{serial}"))
}

/// So many people are offered while a name is typed.
const NEAR_MAX: usize = 8;
/// Shortest part of a word that is a place, or a name.
const PART_MIN: usize = 2;
/// Longest word that may be both.
const WORD_MAX: usize = 20;

/// That somebody is called so: the words together are part of the name, or each is part of the
/// name, its initials, or the place; one long word may be a place and a name without a blank.
fn is_called(words: &[String]) -> Condition {
    let [word] = words else {
        let each = words.iter().map(|word| named(word).or(lives_in(word)));
        return named(&words.concat()).or(Condition::all(each));
    };
    let both = |(one, other): (&str, &str)| {
        [lives_in(one).and(named(other)), named(one).and(lives_in(other))]
    };
    parts_of(word).into_iter().flat_map(both).fold(named(word), Condition::or)
}

/// Where a word that is written in Han characters may be cut in two.
fn parts_of(word: &str) -> Vec<(&str, &str)> {
    let chars = word.chars().count();
    if word.is_ascii() || chars > WORD_MAX {
        return Vec::new();
    }
    let cuts = word.char_indices().map(|(at, _)| at).skip(PART_MIN);
    cuts.take((chars + 1).saturating_sub(2 * PART_MIN)).map(|at| word.split_at(at)).collect()
}

fn lives_in(text: &str) -> Condition {
    let place = "person.village LIKE ? ESCAPE '\\' OR person.township LIKE ? ESCAPE '\\'";
    Condition::new(place).bind(anywhere(text)).bind(anywhere(text))
}

fn named(text: &str) -> Condition {
    let name = Condition::new("person.name_key LIKE ? ESCAPE '\\'").bind(anywhere(text));
    if !text.bytes().all(|b| b.is_ascii_uppercase()) {
        return name;
    }
    let begins = "person.name_initials >= ? AND person.name_initials <= ?";
    name.or(Condition::new(begins).bind(text).bind(format!("{text}ZZZZZZZZ")))
}

/// A hit, with why it is one.
#[derive(Clone, Debug, Serialize)]
struct Hit {
    file_no: String,
    name: String,
    id_mask: String,
    home: String,
    #[serde(skip)]
    township: String,
    school: String,
    university: String,
    stage_kind: &'static str,
    stage: &'static str,
    overdue: i64,
    why: String,
}

impl Hit {
    /// What it has in the fields that narrow, in the order of [`GROUPS`].
    fn groups(&self) -> [&str; 3] {
        [&self.township, &self.school, self.stage]
    }
}

/// The fields of the address that narrow the hits, and what they are called.
const GROUPS: [(&str, &str); 3] = [("township", "乡镇"), ("school", "毕业高中"), ("stage", "阶段")];

#[derive(Serialize)]
struct View {
    q: String,
    hits: Vec<Hit>,
    count: usize,
    groups: Vec<(&'static str, Vec<Chip>)>,
    too_many: bool,
    too_short: bool,
    /// Only these last four digits of what was typed are held against telephones.
    tail: String,
    missed_id: bool,
    missed_number: bool,
}

async fn search(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    params: web::Query<PageParams>,
) -> AppResult<HttpResponse> {
    let params = params.into_inner();
    let q = params.q.trim().to_owned();
    let what = meant(&q, &app.sealer);
    if params.part == "suggest" && is_part(&req) {
        return suggest(&app, &me, &req, what).await;
    }
    let too_short = !q.is_empty() && what == Meant::default();
    let (scope, is_id) = (me.scope.clone(), what.id_index.is_some());
    let tail = what.phone_tail.clone().filter(|_| what.tail_only);
    let hits = app.read(move |db| hits(db, &scope, &what)).await?;
    if is_id && hits.is_empty() {
        // The address of what the browser keeps must not hold an identity number.
        let to = (LOCATION, "/search?miss=id");
        return Ok(HttpResponse::SeeOther().insert_header(to).finish());
    }
    let by_tail = tail.filter(|_| hits.iter().any(|hit| !hit.why.is_empty())).unwrap_or_default();
    if let ([only], true) = (hits.as_slice(), !q.is_empty() && by_tail.is_empty()) {
        let to = format!("/loans/{}", only.file_no);
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish());
    }
    // An identity number or telephone that was typed does not stand in the page again.
    let shown = if q.chars().filter(char::is_ascii_digit).count() >= 11 { masked(&q) } else { q };
    let view = View {
        too_many: hits.len() >= usize::try_from(HITS_MAX).unwrap_or(usize::MAX),
        missed_number: hits.is_empty() && shown.contains('*'),
        q: shown,
        count: hits.len(),
        groups: groups(&params, &hits),
        hits: hits.into_iter().filter(|hit| is_in(&params, hit, "")).take(SHOWN_MAX).collect(),
        too_short,
        tail: by_tail,
        missed_id: params.miss == "id",
    };
    shell::page(&app, &me, &req, "search/results.html", view)
}

/// People who may be meant by a name or a village, for the box; a number is typed to its end.
async fn suggest(
    app: &App,
    me: &SignedIn,
    req: &HttpRequest,
    what: Meant,
) -> AppResult<HttpResponse> {
    let scope = me.scope.clone();
    let is_name = what.words.iter().any(|word| word.chars().count() >= PART_MIN);
    let hits = match is_name {
        true => app.read(move |db| hits(db, &scope, &what)).await?,
        false => Vec::new(),
    };
    let near: Vec<Near> = hits.into_iter().take(NEAR_MAX).map(Near::of).collect();
    shell::page(app, me, req, "search/_near.html", near)
}

/// Somebody who may be meant.
#[derive(Debug, Serialize)]
struct Near {
    file_no: String,
    /// Name, initials, home: a browser shows it when what is typed is part of it.
    words: String,
}

impl Near {
    fn of(hit: Hit) -> Near {
        let initials = initials(&hit.name).to_lowercase();
        Near { words: format!("{} {initials} {}", hit.name, hit.home), file_no: hit.file_no }
    }
}

/// The hit is in the chosen groups, the one of this name aside.
fn is_in(params: &PageParams, hit: &Hit, aside: &str) -> bool {
    let chosen = [&params.township, &params.school, &params.stage];
    GROUPS.iter().zip(chosen).zip(hit.groups()).all(|(((field, _), chosen), value)| {
        *field == aside || chosen.is_empty() || chosen == value
    })
}

/// A chip for each place, school and stage that many hits have; the chosen one takes itself away.
fn groups(params: &PageParams, hits: &[Hit]) -> Vec<(&'static str, Vec<Chip>)> {
    let mut groups = Vec::new();
    if hits.len() < NARROWED_FROM {
        return groups;
    }
    let chosen = [&params.township, &params.school, &params.stage];
    for (at, ((field, words), chosen)) in GROUPS.into_iter().zip(chosen).enumerate() {
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for hit in hits.iter().filter(|hit| is_in(params, hit, field)) {
            let value = hit.groups().get(at).copied().unwrap_or_default();
            *counts.entry(value).or_default() += i64::from(!value.is_empty());
        }
        counts.remove("");
        let mut largest: Vec<(&str, i64)> = counts.into_iter().collect();
        largest.sort_by_key(|(value, count)| (value != chosen, -count));
        let chips = largest.into_iter().take(CHIPS_MAX).map(|(value, count)| {
            let on = value == chosen;
            params.chip(PATH, value, count, &[(field, if on { "" } else { value })], on)
        });
        groups.push((words, chips.collect()));
    }
    groups
}

/// A long number as it may stand in a page: the first three and the last four characters.
fn masked(q: &str) -> String {
    let all: Vec<char> = q.chars().filter(|c| !c.is_whitespace()).collect();
    let last = all.len().saturating_sub(4);
    all.iter().enumerate().map(|(at, c)| if (3..last).contains(&at) { '*' } else { *c }).collect()
}

/// People and why they are hits, where that is not their name.
type People = BTreeMap<PersonId, (String, &'static str)>;

fn hits(db: &mut Db, scope: &Scope, what: &Meant) -> AppResult<Vec<Hit>> {
    let by_person = || {
        person::table.filter(scope.holds(person::office_code)).select((person::id, person::name))
    };
    let by_phone = || {
        let with = person_phone::table.inner_join(person::table);
        let of = with.filter(scope.holds(person_phone::office_code));
        of.select((person::id, person::name))
    };
    let mut people = People::new();
    let mut add = |found: Vec<(PersonId, String)>, why: &'static str| {
        for (id, name) in found {
            people.entry(id).or_insert((name, why));
        }
    };
    if let Some(index) = &what.id_index {
        add(by_person().filter(person::id_index.eq(index)).load(db)?, "");
    }
    let mut like = Vec::new();
    if !what.words.is_empty() {
        like.push(is_called(&what.words));
    }
    if let Some(tail) = &what.id_tail {
        like.push(Condition::new("person.id_mask LIKE ? ESCAPE '\\'").bind(at_end(tail)));
    }
    for condition in like {
        let order = (person::name_key, person::id);
        add(by_person().filter(condition).order(order).limit(HITS_MAX).load(db)?, "");
    }
    if let Some(index) = &what.phone_index {
        add(by_phone().filter(person_phone::phone_index.eq(index)).load(db)?, "");
    }
    let numbers = by_number(db, scope, what)?;
    // A contract that ends so is meant, and no telephone.
    if let Some(tail) = what.phone_tail.as_ref().filter(|_| !what.tail_only || numbers.is_empty()) {
        let ends = person_phone::phone_mask.like(at_end(tail)).escape('\\');
        add(by_phone().filter(ends).limit(HITS_MAX).load(db)?, "手机尾号");
    }
    let tail = what.phone_tail.as_deref().unwrap_or_default();
    let mut hits = files_of(db, scope, &people, tail)?;
    for file_no in numbers {
        if !hits.iter().any(|(no, _)| *no == file_no) {
            hits.push((file_no, String::new()));
        }
    }
    described(db, scope, hits)
}

/// Files of these people, and files in which they are the co-borrower.
fn files_of(
    db: &mut Db,
    scope: &Scope,
    people: &People,
    tail: &str,
) -> AppResult<Vec<(String, String)>> {
    let ids: Vec<PersonId> = people.keys().copied().collect();
    let why = |id: PersonId| match people.get(&id) {
        Some((_, why)) if !why.is_empty() => format!("{why} {tail}"),
        _ => String::new(),
    };
    let own: Vec<(String, PersonId)> = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::person_id.any_of(&ids))
        .order(loan_file::file_no)
        .select((loan_file::file_no, loan_file::person_id))
        .load(db)?;
    let with: Vec<(String, Option<PersonId>, String)> = loan_file::table
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::co_person_id.eq_any(ids.iter().map(|id| Some(*id))))
        .order(loan_file::file_no)
        .select((loan_file::file_no, loan_file::co_person_id, loan_file::co_relation))
        .load(db)?;
    let known: HashSet<String> = own.iter().map(|(no, _)| no.clone()).collect();
    let mut hits: Vec<(String, String)> = own.into_iter().map(|(no, id)| (no, why(id))).collect();
    for (file_no, co, relation) in with {
        let Some(id) = co.filter(|_| !known.contains(&file_no)) else { continue };
        let name = people.get(&id).map_or("", |(name, _)| name);
        let of = match relation.as_str() {
            "" => format!("共同借款人 {name}"),
            relation => format!("{relation} {name} 是共同借款人"),
        };
        let phone = Some(why(id)).filter(|why| !why.is_empty());
        hits.push((file_no, phone.map_or(of.clone(), |phone| format!("{of}，{phone}"))));
    }
    Ok(hits)
}

fn by_number(db: &mut Db, scope: &Scope, what: &Meant) -> AppResult<Vec<String>> {
    let mut numbers: Vec<String> = Vec::new();
    if let Some(file_no) = &what.file_no {
        numbers.extend(
            loan_file::table
                .filter(scope.holds(loan_file::office_code))
                .filter(
                    loan_file::file_no.like(format!("{}%", anywhere_start(file_no))).escape('\\'),
                )
                .order(loan_file::file_no)
                .limit(HITS_MAX)
                .select(loan_file::file_no)
                .load::<String>(db)?,
        );
    }
    if let Some(contract) = &what.contract {
        numbers.extend(
            loan::table
                .inner_join(loan_file::table)
                .filter(scope.holds(loan::office_code))
                .filter(loan::contract_no.like(at_end(contract)).escape('\\'))
                .order(loan_file::file_no)
                .limit(HITS_MAX)
                .select(loan_file::file_no)
                .load::<String>(db)?,
        );
    }
    numbers.dedup();
    Ok(numbers)
}

/// The text without its meaning as a pattern, for the beginning of a number.
fn anywhere_start(text: &str) -> String {
    anywhere(text).trim_matches('%').to_owned()
}

fn described(db: &mut Db, scope: &Scope, found: Vec<(String, String)>) -> AppResult<Vec<Hit>> {
    type Place = (String, String, String, String);
    type Row = (String, String, String, Place, Option<String>, Option<(i64, i64, i64)>);
    let numbers: Vec<&String> = found.iter().map(|(no, _)| no).collect();
    let rows: Vec<Row> = loan_file::table
        .inner_join(person::table.on(person::id.eq(loan_file::person_id)))
        .left_join(file_position::table.on(file_position::file_id.eq(loan_file::id)))
        .filter(scope.holds(loan_file::office_code))
        .filter(loan_file::file_no.eq_any(numbers))
        .select((
            loan_file::file_no,
            person::name,
            person::id_mask,
            (person::township, person::village, loan_file::high_school, loan_file::university),
            file_position::stage.nullable(),
            (
                file_position::overdue_principal_fen,
                file_position::overdue_interest_fen,
                file_position::penalty_fen,
            )
                .nullable(),
        ))
        .load(db)?;
    let mut rows: HashMap<String, Row> = rows.into_iter().map(|row| (row.0.clone(), row)).collect();
    let hit = |(no, why)| {
        let (file_no, name, id_mask, (township, village, school, university), stage, owed) =
            rows.remove(&no)?;
        let stage = stage.as_deref().and_then(Stage::from_text);
        let (stage_kind, stage) = stage.map(stage_tag).unwrap_or(("", "没有合同"));
        Some(Hit {
            file_no,
            name,
            id_mask,
            home: format!("{township}{}", short_village(&village)),
            township,
            school,
            university,
            stage_kind,
            stage,
            overdue: owed.map_or(0, |(a, b, c)| a + b + c),
            why,
        })
    };
    Ok(found.into_iter().filter_map(hit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_understood() {
        let sealer = Sealer::throw_away().unwrap();
        let of = |q: &str| meant(q, &sealer);
        assert!(of("51209920080403125x").id_index.is_some());
        assert_eq!(of("51209920080403125x"), of("５１２０９９ 20080403 125X"));
        assert!(of("164-1099-4847").phone_index.is_some());
        assert_eq!(of("0042").contract.as_deref(), Some("0042"));
        assert_eq!(of("lz2015-0483").file_no.as_deref(), Some("LZ2015-0483"));
        assert_eq!(of("𠮷野").words, ["𠮷野"]);
        assert_eq!(of("艾力・买买提").words, ["艾力·买买提"]);
        assert_eq!(of("方广　叶").words, ["方广", "叶"]);
        assert_eq!(of("4847").phone_tail.as_deref(), Some("4847"));
        assert_eq!(of("10994847").phone_tail.as_deref(), Some("4847"));
        assert_eq!(of("410994847").phone_tail, None);
        assert_eq!(of("12"), Meant::default());
        assert_eq!(of("  "), Meant::default());
    }
}
