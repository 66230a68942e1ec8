//! What the databases know of a case: both parties, their other loans in every county of this
//! database, what was recognised; and what of it stands in a new application from the start.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::form::{self, Read};
use super::kinds::{Case, Degree, Relation, State, Step};
use super::rules::{self, Known, Other, RuleSet, Ruling};
use super::store::{self, Application, Draft};
use crate::base::dates::minute;
use crate::base::ids::{PersonId, RowId};
use crate::base::scope::Scope;
use crate::book::hardship;
use crate::book::loan::{self, Loan, LoanFile};
use crate::book::office::{self, Office};
use crate::book::partner;
use crate::book::person::{self, Person, Phone, PhoneState};
use crate::book::policy::Policy;
use crate::book::season;
use crate::book::statement::{Product, StudyLevel};
use crate::error::AppResult;
use crate::plumbing::crypto::{Field, Sealer};
use crate::plumbing::db::Db;
use crate::plumbing::schema::{
    loan as loans, loan_application, loan_file, loan_position, person as people,
};

/// What is needed to read an application.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub sealer: &'a Sealer,
    pub policy: &'a Policy,
    pub today: NaiveDate,
}

/// An application with everything that is known of it.
#[derive(Debug)]
pub struct Whole {
    pub app: Application,
    pub draft: Draft,
    pub steps: Vec<Step>,
    pub read: Read,
    pub known: Known,
    pub set: RuleSet,
    pub rulings: Vec<Ruling>,
}

impl Whole {
    pub fn load(db: &mut Db, scope: &Scope, id: RowId, desk: Desk<'_>) -> AppResult<Whole> {
        let app = store::find(db, scope, id)?;
        let draft = app.draft(desk.sealer)?;
        Whole::of(db, scope, app, draft, desk)
    }

    /// The same with another draft than what was kept.
    pub fn of(
        db: &mut Db,
        scope: &Scope,
        app: Application,
        draft: Draft,
        desk: Desk<'_>,
    ) -> AppResult<Whole> {
        let steps = Step::all(app.is_first, !draft.get("change_co").is_empty());
        let read = form::read(&draft, &steps, desk.today);
        let known = known(db, scope, (&app, draft.get("id_number")), &read, desk)?;
        let year = season::standing(db, &app.office_code, app.loan_year)?;
        let window = year.window(desk.policy, &app.office_code, app.loan_year);
        let set = rule_set(&app, &read, window, desk);
        let rulings = rules::judge(&read, &known, &set);
        Ok(Whole { app, draft, steps, read, known, set, rulings })
    }

    /// Where whoever opens it goes on: where it went back to, else the first step not in order.
    pub fn where_to_go_on(&self) -> Step {
        let is_back = self.app.state == State::Returned && self.steps.contains(&self.app.step);
        if is_back { self.app.step } else { self.next_step() }
    }

    /// The first step that is not in order.
    pub fn next_step(&self) -> Step {
        let open = self.steps.iter().copied().find(|step| !self.draft.has_done(*step));
        open.unwrap_or(Step::Check)
    }
}

fn rule_set(
    app: &Application,
    read: &Read,
    window: (NaiveDate, NaiveDate),
    desk: Desk<'_>,
) -> RuleSet {
    let (policy, today, product) = (desk.policy, desk.today, app.product());
    let graduate = read.study.as_ref().is_some_and(|study| study.degree.is_graduate());
    let level = if graduate { StudyLevel::Graduate } else { StudyLevel::Undergraduate };
    RuleSet {
        today,
        loan_year: app.loan_year,
        product,
        is_first: app.is_first,
        window,
        cap: policy.loan_cap(product, level, app.loan_year),
        cap_source: policy.loan_cap_source(product, app.loan_year).to_owned(),
        step: *policy.loan_step.on(today),
        term: *policy.term_rule(today),
        co: *policy.co_borrower.on(today),
        renewal: *policy.renewal.on(today),
        co_source: policy.co_borrower.entry(today).source.clone(),
    }
}

fn known(
    db: &mut Db,
    scope: &Scope,
    (app, id_number): (&Application, &str),
    read: &Read,
    desk: Desk<'_>,
) -> AppResult<Known> {
    let office = office::find(db, &app.office_code)?;
    let others = others(db, (&app.person_index, app.loan_year), Some(app.id), &office)?;
    let recognised = match app.person_id {
        Some(person) => hardship::of(db, scope, person, app.loan_year)?.in_words(),
        None => None,
    };
    let names = person::by_index(db, scope, std::slice::from_ref(&app.person_index))?;
    let student_name = names.into_values().next().map(|one| one.name);
    let house = (office.code.as_str(), desk.sealer);
    let partner_hits = partner::hits(db, house, (app.loan_year, id_number), desk.today)?;
    let mut known = Known { others, partner_hits, recognised, student_name, ..Known::default() };
    let Some(co) = &read.co else { return Ok(known) };
    let co_number = (app.loan_year, co.party.id.as_str());
    known.co_partner_hits = partner::hits(db, house, co_number, desk.today)?;
    let index = desk.sealer.index(Field::IdNumber, co.party.id.as_str());
    let of_co = people::id_index.eq(&index);
    let unsettled = loans::table
        .inner_join(loan_file::table.inner_join(people::table.on(own_person())))
        .inner_join(loan_position::table)
        .filter(of_co)
        .filter(loan_position::stage.ne("settled"))
        .select(count_star());
    known.co_unsettled = unsettled.get_result(db)?;
    known.co_elsewhere = elsewhere(db, &index, &app.person_index)?;
    known.co_name = person::by_index(db, scope, std::slice::from_ref(&index))?
        .into_values()
        .next()
        .map(|p| p.name);
    if let Some(file) = app.file_id {
        let last = loan::file(db, scope, file)?.co_person_id;
        let last = match last {
            Some(id) => Some(person::find(db, scope, id)?.id_index),
            None => None,
        };
        known.has_other_co = last.is_some_and(|last| last != index);
    }
    Ok(known)
}

/// That a person is the student of a file.
#[diesel::dsl::auto_type(no_type_alias)]
fn own_person() -> _ {
    people::id.eq(loan_file::person_id)
}

/// Other students, of any county, for whom this person signs or is about to.
fn elsewhere(db: &mut Db, co: &[u8], student: &[u8]) -> AppResult<i64> {
    let own: Vec<PersonId> =
        people::table.filter(people::id_index.eq(co)).select(people::id).load(db)?;
    let mut found: BTreeSet<Vec<u8>> = loans::table
        .inner_join(loan_file::table.inner_join(people::table.on(own_person())))
        .inner_join(loan_position::table)
        .filter(loans::co_person_id.eq_any(own))
        .filter(loan_position::stage.ne("settled"))
        .select(people::id_index)
        .load(db)?
        .into_iter()
        .collect();
    let begun: Vec<Vec<u8>> = loan_application::table
        .filter(loan_application::co_index.eq(co))
        .filter(loan_application::state.ne_all(["refused", "withdrawn", "void"]))
        .select(loan_application::person_index)
        .load(db)?;
    found.extend(begun);
    found.remove(student);
    Ok(i64::try_from(found.len()).unwrap_or(i64::MAX))
}

/// Contracts and applications of a student for a year, in every county of this database.
pub fn others(
    db: &mut Db,
    (index, year): (&[u8], i32),
    but: Option<RowId>,
    own: &Office,
) -> AppResult<Vec<Other>> {
    let begun = store::of_student(db, index, year)?;
    let mine: Vec<_> = begun.iter().filter_map(|one| one.loan_id).collect();
    let signed: Vec<(String, String, String)> = loans::table
        .inner_join(loan_file::table.inner_join(people::table.on(own_person())))
        .filter(people::id_index.eq(index))
        .filter(loans::loan_year.eq(year))
        .filter(loans::id.ne_all(mine))
        .select((loans::product, loans::office_code, loan_file::file_no))
        .load(db)?;
    let mut found = Vec::new();
    for (product, code, file_no) in signed {
        let (county, by) = (county(db, &code, own)?, String::new());
        let product = Product::from_text(&product).unwrap_or(Product::Cdb);
        let link = county.is_none().then(|| format!("/loans/{file_no}"));
        found.push(Other { product, county, by, is_contract: true, link });
    }
    for one in begun.iter().filter(|one| Some(one.id) != but) {
        let county = county(db, &one.office_code, own)?;
        let name = if one.staff_name.is_empty() { "手机页面" } else { &one.staff_name };
        let by = format!("{name}，{}", minute(one.created_at));
        let is_contract = one.loan_id.is_some();
        let link = county.is_none().then(|| format!("/applications/{}", one.id));
        found.push(Other { product: one.product(), county, by, is_contract, link });
    }
    Ok(found)
}

fn county(db: &mut Db, code: &str, own: &Office) -> AppResult<Option<String>> {
    let other = if code == own.code { None } else { Some(office::find(db, code)?) };
    Ok(other.map(|office| office.county().to_owned()))
}

/// What stands in a new application from the start, and whether it is the first of its product.
#[derive(Debug)]
pub struct Prefill {
    pub draft: Draft,
    pub is_first: bool,
    pub person: Option<Person>,
    pub file: Option<LoanFile>,
}

/// Why they borrow, as most do; the clerk may write another reason.
const REASON: &str = "家庭经济困难，学费和住宿费不够";

/// What only an application of before can say of a student, when there is one.
fn last_draft(
    db: &mut Db,
    scope: &Scope,
    draft: &mut Draft,
    (index, desk): (&[u8], Desk<'_>),
) -> AppResult<()> {
    let Some(last) = store::last_of(db, scope, index)? else { return Ok(()) };
    let last = last.draft(desk.sealer)?;
    let own = ["household", "postcode", "home_phone", "loan_reason", "department", "id_until"];
    let of_co = ["co_household", "co_postcode", "co_employer", "co_post", "co_id_until"];
    for name in own.into_iter().chain(of_co).filter(|name| !last.get(name).is_empty()) {
        draft.set(name, last.get(name));
    }
    Ok(())
}

/// Everything known of a student, by the identity number.
pub fn prefill(
    db: &mut Db,
    scope: &Scope,
    (id_number, product): (&str, Product),
    desk: Desk<'_>,
) -> AppResult<Prefill> {
    let mut draft = Draft::default();
    draft.set("id_number", id_number);
    let defaults = [("relation", "father"), ("case", "plain"), ("degree", "bachelor")];
    for (name, value) in defaults.into_iter().chain([("school_years", "4")]) {
        draft.set(name, value);
    }
    draft.set("entered", form::loan_year(desk.today).to_string());
    draft.set("loan_reason", REASON);
    let index = desk.sealer.index(Field::IdNumber, id_number);
    last_draft(db, scope, &mut draft, (&index, desk))?;
    let person = person::by_index(db, scope, &[index])?.into_values().next();
    let Some(person) = person else {
        return Ok(Prefill { draft, is_first: true, person: None, file: None });
    };
    party(db, scope, &mut draft, (&person, ""), desk)?;
    draft.set("township", &person.township);
    draft.set("village", &person.village);
    draft.set("address", home(&person));
    let of_year = hardship::of(db, scope, person.id, form::loan_year(desk.today))?;
    draft.set("high_school", of_year.high_school);
    draft.set("family_kind", of_year.family_kind);
    draft.set("hardship_level", of_year.level);
    if draft.get("family_kind").contains("孤儿") {
        // Nobody is taken for the parent of an orphan; who signs is to be said.
        draft.set("relation", "");
        draft.set("case", "orphan");
    }
    let file = loan::files_of(db, scope, &[person.id])?.into_values().next();
    let chain = match &file {
        Some(file) => loan::chain(db, scope, file.id)?,
        None => Vec::new(),
    };
    let last = chain.iter().rev().find(|one| one.product() == Some(product));
    if let Some(file) = &file {
        if let Some(sealed) = chain.last().and_then(|one| one.account_sealed.as_deref()) {
            draft.set("account", desk.sealer.open_text(Field::Account, sealed)?);
        }
        study(&mut draft, file, chain.last());
        let co = last.and_then(|one| one.co_person_id).or(file.co_person_id);
        if let Some(co) = co {
            let co = person::find(db, scope, co)?;
            party(db, scope, &mut draft, (&co, "co_"), desk)?;
            draft.set("co_address", home(&co));
            let relation = Relation::from_words(&file.co_relation).unwrap_or(Relation::Relative);
            draft.set("relation", relation.as_text());
            let case = if relation.is_parent() { Case::Plain } else { Case::Unable };
            draft.set("case", case.as_text());
        }
    }
    Ok(Prefill { draft, is_first: last.is_none(), person: Some(person), file })
}

fn home(person: &Person) -> String {
    if person.address.is_empty() {
        let village = person.village.trim_end_matches("村民委员会").trim_end_matches("居民委员会");
        format!("{}{village}", person.township)
    } else {
        person.address.clone()
    }
}

/// Name, number and telephone of somebody known.
fn party(
    db: &mut Db,
    scope: &Scope,
    draft: &mut Draft,
    (person, before): (&Person, &str),
    desk: Desk<'_>,
) -> AppResult<()> {
    draft.set(&format!("{before}id_number"), person::open_id(desk.sealer, person)?);
    draft.set(&format!("{before}name"), &person.name);
    let phones = person::phones_of(db, scope, &[person.id])?;
    // What a school enters in a pre-application is a parent's telephone.
    let is_own = |phone: &&Phone| !(before.is_empty() && phone.source.starts_with("家长"));
    let alive = phones.iter().filter(|phone| phone.state != PhoneState::Dead);
    if let Some(phone) = alive.into_iter().find(is_own) {
        draft.set(&format!("{before}phone"), person::open_phone(desk.sealer, phone)?);
    }
    Ok(())
}

fn study(draft: &mut Draft, file: &LoanFile, last: Option<&Loan>) {
    let mut set = |name: &str, value: String| {
        if !value.is_empty() {
            draft.set(name, value);
        }
    };
    set("high_school", file.high_school.clone());
    set("university", file.university.clone());
    set("major", file.major.clone());
    set("student_number", file.student_number.clone());
    let degree = Degree::from_words(&file.degree);
    set("degree", degree.map_or(String::new(), |one| one.as_text().to_owned()));
    set("school_years", file.school_years.map_or(String::new(), |years| years.to_string()));
    set("entered", file.entered_on.map_or(String::new(), |on| on.year().to_string()));
    set("graduates", file.graduates_on.map_or(String::new(), |on| on.year().to_string()));
    if let Some(last) = last {
        let yuan = |fen: crate::base::money::Fen| (fen.get() / 100).to_string();
        set("tuition", last.tuition_fen.map_or(String::new(), yuan));
        set("lodging", last.lodging_fen.map_or(String::new(), yuan));
    }
}

/// People of this name, for whoever has no card at hand.
pub fn named(db: &mut Db, scope: &Scope, name_key: &str) -> AppResult<Vec<Person>> {
    Ok(people::table
        .filter(scope.holds(people::office_code))
        .filter(people::name_key.eq(name_key))
        .order(people::id)
        .limit(20)
        .select(Person::as_select())
        .load(db)?)
}
