//! Makes borrowers with their chains of contracts: written through the stores in bulk, alike in
//! every run. Identity numbers begin with 99, which no province has: they are nobody's.
//!
//! Every contract follows the LPR, so a 12-21 changes all of them; some borrowers (see [`County`])
//! missed the last due day. Homes are spread over 400 villages of 25 townships.

use chrono::{Datelike, NaiveDate};

use super::place::{self, Place};
use crate::app::App;
use crate::base::dates::day_in;
use crate::base::id_number;
use crate::base::ids::{EventId, FileId, LoanId, PersonId, PhoneId};
use crate::base::money::Fen;
use crate::base::person_name::initials;
use crate::book::events::{self, EventRow, Origin};
use crate::book::loan::{self, Loan, LoanFile, switches_to_text};
use crate::book::person::{self, Person, Phone, PhoneState, Sex};
use crate::book::position;
use crate::book::statement::{self, Event, EventKind, Pricing, Product, StudyLevel, Terms};
use crate::command::CliError;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;

/// The years in which borrowers took their first contract: these many from 2012 on.
const FIRST_YEARS: i32 = 11;
/// How many borrowers are written together.
const CHUNK: u32 = 1_000;

/// Villages with homes; each township has [`VILLAGES_OF_TOWNSHIP`] of them.
const VILLAGES: u32 = 400;
/// Villages of a township.
const VILLAGES_OF_TOWNSHIP: u32 = 16;
/// The first syllables of townships.
pub(super) const TOWNSHIPS: [&str; 25] = [
    "石佛", "中天", "宝林", "良安", "回澜", "龙门", "佛星", "金顺", "大佛", "东山", "劳动", "通旅",
    "盛池", "童家", "全胜", "孔雀", "高寺", "龙溪", "双河", "凉水", "放生", "南塔", "石湍", "蟠龙",
    "天池",
];
const SCHOOLS: [&str; 6] =
    ["乐至中学", "吴仲良中学", "宝林中学", "大佛中学", "良安中学", "石佛中学"];

/// How many are made, and how many of them are late.
#[derive(Clone, Copy, Debug)]
pub(super) struct County {
    pub(super) loans: u32,
    /// Of so many borrowers the last one missed the last due day (when one has been).
    pub(super) late_one_in: u32,
}

/// Signed contracts of an autumn with a receipt and an account, each of a borrower of its own; no
/// money has been paid out.
pub(super) fn fill_signed(place: &Place, loans: u32, year: i32) -> Result<Vec<LoanId>, CliError> {
    let (app, today) = (&place.app, place.app.clock.today());
    let pattern = pattern(app, year, 0)?;
    let mut rows = Rows::default();
    for borrower in 0..loans {
        let student = add_person(place, (borrower * 2, borrower % VILLAGES), &mut rows)?;
        let parent = add_person(place, (borrower * 2 + 1, borrower % VILLAGES), &mut rows)?;
        let file = new_file(place, borrower, student, parent, year);
        let mut loan = new_loan(place, file.id, &pattern, format!("98{borrower:012}"));
        let account = format!("62170000{borrower:08}");
        let sealed = app.sealer.seal(Field::Account, account.as_bytes());
        loan.account_sealed = Some(sealed.map_err(AppError::from)?);
        loan.receipt_on = Some(day_in(year, 9, 27));
        rows.loans.push(loan);
        rows.files.push(file);
    }
    let ids: Vec<LoanId> = rows.loans.iter().map(|loan| loan.id).collect();
    app.db.write("bench data", |db| {
        person::insert_all(db, &rows.people)?;
        person::insert_phones(db, &rows.phones)?;
        loan::insert_files(db, &rows.files)?;
        loan::insert_all(db, &rows.loans)?;
        position::refresh(db, &place.scope, &app.basis(), &ids, today)
    })?;
    place::analyze(place)?;
    Ok(ids)
}

/// Contracts that went alike: the same year of the first contract, the same year of their own.
struct Pattern {
    terms: Terms,
    loan_year: i32,
    principal: Fen,
    events: Vec<Event>,
}

/// Rows of a chunk of borrowers.
#[derive(Default)]
struct Rows {
    people: Vec<Person>,
    phones: Vec<Phone>,
    files: Vec<LoanFile>,
    loans: Vec<Loan>,
    events: Vec<EventRow>,
}

/// Writes two and a half contracts a borrower until there are `loans` of them.
pub(super) fn fill(place: &Place, county: County) -> Result<(), CliError> {
    let loans = county.loans;
    let patterns = patterns(&place.app)?;
    let (app, today) = (&place.app, place.app.clock.today());
    let (mut borrower, mut made) = (0, 0);
    while made < loans {
        let mut rows = Rows::default();
        for _ in 0..CHUNK {
            let length = (1 + borrower % 4).min(loans - made);
            let late = borrower % county.late_one_in == county.late_one_in - 1;
            add_borrower(place, &patterns, (borrower, late), length, &mut rows)?;
            borrower += 1;
            made += length;
            if made >= loans {
                break;
            }
        }
        let ids: Vec<LoanId> = rows.loans.iter().map(|loan| loan.id).collect();
        app.db.write("bench data", |db| {
            person::insert_all(db, &rows.people)?;
            person::insert_phones(db, &rows.phones)?;
            loan::insert_files(db, &rows.files)?;
            loan::insert_all(db, &rows.loans)?;
            events::append_all(db, &place.scope, &rows.events)?;
            position::refresh(db, &place.scope, &app.basis(), &ids, today)
        })?;
    }
    let next = i32::try_from(borrower).unwrap_or_default();
    app.db.write("bench numbers", |db| {
        // An import that comes later goes on behind the numbers of these files.
        for year in (0..FIRST_YEARS).map(|n| 2012 + n) {
            loan::take_serials(db, &place.scope, year, next)?;
        }
        Ok(())
    })?;
    place::analyze(place)
}

fn patterns(app: &App) -> Result<Vec<Vec<Pattern>>, CliError> {
    (0..FIRST_YEARS).map(|n| (0..4).map(|later| pattern(app, 2012 + n, later)).collect()).collect()
}

/// The contract of `later` years after the first: paid out in November, four waiver years, every
/// due day so far paid nine days early.
fn pattern(app: &App, first_year: i32, later: i32) -> Result<Pattern, CliError> {
    let loan_year = first_year + later;
    let terms = app.policy().new_terms(
        Product::Cdb,
        String::new(),
        StudyLevel::Undergraduate,
        day_in(loan_year, 8, 20),
        first_year + 4,
        19 - later,
    );
    let principal = Fen::from_yuan(if loan_year < 2022 { 8_000 } else { 12_000 });
    let paid_out = EventKind::Disbursed { amount: principal };
    let mut events = vec![Event::new(0, day_in(loan_year, 11, 18), paid_out)];
    let basis = &app.basis();
    let due_days =
        (first_year + 4..=app.clock.today().year()).map(|y| (y, terms.due_day.in_year(y)));
    for (year, on) in due_days.filter(|(_, on)| *on < app.clock.today()) {
        let known = position::with_waivers(events.clone(), basis);
        let found = statement::position(&terms, &known, &basis.rates, on)
            .map_err(|e| CliError::failed(format!("the bench's own contract: {e}")))?;
        if found.due_today.is_positive() {
            let paid = EventKind::Paid { amount: found.due_today };
            events.push(Event::new(i64::from(year), on - chrono::Days::new(9), paid));
        }
    }
    Ok(Pattern { terms, loan_year, principal, events })
}

fn add_borrower(
    place: &Place,
    patterns: &[Vec<Pattern>],
    (borrower, late): (u32, bool),
    length: u32,
    rows: &mut Rows,
) -> Result<(), CliError> {
    let first = usize::try_from(borrower).unwrap_or_default() % patterns.len();
    let chain = patterns.get(first).map(Vec::as_slice).unwrap_or_default();
    // Neighbours in the order of being made live apart; so do those who are late.
    let village = borrower / 15 % VILLAGES;
    let student = add_person(place, (borrower * 2, village), rows)?;
    let parent = add_person(place, (borrower * 2 + 1, village), rows)?;
    let year = chain.first().map_or(2012, |pattern| pattern.loan_year);
    let file = new_file(place, borrower, student, parent, year);
    for (at, pattern) in (0..length).zip(chain) {
        let mut loan = new_loan(place, file.id, pattern, format!("99{borrower:012}{at:04}"));
        loan.co_person_id = Some(parent);
        let left_out = usize::from(late && pattern.events.len() > 1);
        let taken = pattern.events.len() - left_out;
        for event in pattern.events.iter().take(taken) {
            rows.events.push(new_event(place, &loan, event));
        }
        rows.loans.push(loan);
    }
    rows.files.push(file);
    Ok(())
}

/// One of a list, going round.
fn one_of<'a>(list: &[&'a str], number: u32) -> &'a str {
    let number = usize::try_from(number).unwrap_or_default();
    list.get(number % list.len()).copied().unwrap_or_default()
}

fn add_person(
    place: &Place,
    (number, village): (u32, u32),
    rows: &mut Rows,
) -> AppResult<PersonId> {
    let (app, now) = (&place.app, place.app.clock.now_at());
    let sealed =
        |field, text: &str| app.sealer.seal(field, text.as_bytes()).map_err(AppError::from);
    let (id_number, phone) = (format!("990000{number:012}"), format!("199{number:08}"));
    let id = PersonId::new(app.next_id());
    let name = one_of(&["张晓兰", "王桂英", "李建国", "龙䶮", "欧阳静宜"], number).to_owned();
    let township = one_of(&TOWNSHIPS, village / VILLAGES_OF_TOWNSHIP);
    let village_name = format!("唐家店 {village} 村");
    rows.people.push(Person {
        id,
        office_code: place.scope.own().to_owned(),
        name_key: name.clone(),
        name_initials: initials(&name),
        name,
        id_sealed: sealed(Field::IdNumber, &id_number)?,
        id_index: app.sealer.index(Field::IdNumber, &id_number),
        id_mask: id_number::mask(&id_number),
        born_on: day_in(1994, 5, 3),
        sex: Sex::Female,
        ethnic: "汉族".to_owned(),
        household_type: "农村".to_owned(),
        email: String::new(),
        address: format!("{township}镇{village_name} 3 组 18 号"),
        township: format!("{township}镇"),
        village: village_name,
        village_code: format!("512022{:03}{:03}", 100 + village / VILLAGES_OF_TOWNSHIP, village),
        police_station: format!("{township}派出所"),
        created_at: now,
        updated_at: now,
        version: 1,
    });
    rows.phones.push(Phone {
        id: PhoneId::new(app.next_id()),
        office_code: place.scope.own().to_owned(),
        person_id: id,
        phone_sealed: sealed(Field::Phone, &phone)?,
        phone_index: app.sealer.index(Field::Phone, &phone),
        phone_mask: format!("199****{:04}", number % 10_000),
        state: PhoneState::OnFile,
        source: "学生名单".to_owned(),
        recorded_at: now,
    });
    Ok(id)
}

fn new_file(
    place: &Place,
    borrower: u32,
    student: PersonId,
    parent: PersonId,
    year: i32,
) -> LoanFile {
    let now = place.app.clock.now_at();
    LoanFile {
        id: FileId::new(place.app.next_id()),
        office_code: place.scope.own().to_owned(),
        file_no: file_no(borrower),
        person_id: student,
        co_person_id: Some(parent),
        co_relation: "母亲".to_owned(),
        high_school: one_of(&SCHOOLS, borrower / 7).to_owned(),
        university: "四川师范大学".to_owned(),
        university_code: "10636".to_owned(),
        major: "汉语言文学".to_owned(),
        student_number: format!("{year}{borrower:08}"),
        degree: "本科".to_owned(),
        school_years: Some(4),
        entered_on: Some(day_in(year, 9, 1)),
        graduates_on: Some(day_in(year + 4, 7, 1)),
        family_kind: String::new(),
        hardship_level: String::new(),
        note: String::new(),
        owner_id: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// The number of the file of a borrower, counted from 0.
pub(super) fn file_no(borrower: u32) -> String {
    let year = 2012 + i32::try_from(borrower).unwrap_or_default() % FIRST_YEARS;
    loan::file_no("LZ", year, i32::try_from(borrower).unwrap_or_default() + 1)
}

fn new_loan(place: &Place, file_id: FileId, pattern: &Pattern, contract_no: String) -> Loan {
    let (terms, now) = (&pattern.terms, place.app.clock.now_at());
    Loan {
        id: LoanId::new(place.app.next_id()),
        office_code: place.scope.own().to_owned(),
        file_id,
        contract_no,
        product: Product::Cdb.as_text().to_owned(),
        loan_year: pattern.loan_year,
        is_first: false,
        level: terms.level.as_text().to_owned(),
        principal_fen: pattern.principal,
        tuition_fen: None,
        lodging_fen: None,
        term_years: None,
        signed_on: terms.signed_on,
        subsidy_ends_on: terms.subsidy_ends_on,
        final_due_on: terms.final_due_on,
        grace_years: terms.grace_years,
        due_month_day: terms.due_day.to_text(),
        fixed_rate_ppm: match terms.pricing {
            Pricing::Floating => None,
            Pricing::Fixed(rate) => Some(rate),
        },
        penalty_percent: terms.penalty_ppm / 10_000,
        day_count: terms.day_count.as_text().to_owned(),
        switches: switches_to_text(&terms.switches),
        co_person_id: None,
        receipt_code: "123456".to_owned(),
        receipt_on: None,
        agent: "支付宝".to_owned(),
        account_sealed: None,
        account_mask: String::new(),
        bank_state: "正常".to_owned(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn new_event(place: &Place, loan: &Loan, event: &Event) -> EventRow {
    let id = EventId::new(place.app.next_id());
    let origin = Origin {
        channel: "支付宝".to_owned(),
        bank_ref: String::new(),
        source: "bench".to_owned(),
        command_key: format!("bench:{id}"),
        recorded_by: place.by.staff_id,
    };
    let event = Event { id, ..*event };
    EventRow::new(place.scope.own(), loan.id, &event, noon_of(event.on), origin)
}

fn noon_of(day: NaiveDate) -> chrono::NaiveDateTime {
    day.and_hms_opt(4, 0, 0).unwrap_or_default()
}
