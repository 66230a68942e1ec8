//! The counter's pages: who comes, and each step. Full numbers stand here, for the cards lie on the
//! table; nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::facts::{self, Desk, Whole};
use super::form::{self, names};
use super::kinds::{Case, Degree, Present, Relation, Source, State, Step};
use super::list::PATH;
use super::rules::{Other, Ruling, product_words};
use super::steps::{self, Then};
use super::view::Line;
use crate::base::choice::Choice;
use crate::base::dates::{age_on, in_words, minute};
use crate::base::id_number::IdNumber;
use crate::base::ids::{PersonId, RowId};
use crate::base::money::Fen;
use crate::base::person_name::name_key;
use crate::base::url::encoded;
use crate::book::act::FormKey;
use crate::book::person::{self, Person};
use crate::book::season;
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewParams {
    /// A name of which there are several.
    q: String,
    product: String,
}

/// One of several people of a name.
#[derive(Serialize)]
struct Candidate {
    id: PersonId,
    name: String,
    id_mask: String,
    place: String,
}

/// Who comes to the counter.
#[derive(Serialize)]
struct NewPage {
    q: String,
    product: String,
    products: Vec<Choice>,
    candidates: Vec<Candidate>,
    year: i32,
    window: (String, String),
    /// Why nobody can begin this year.
    refusal: Option<String>,
    /// What there is of the student this year, where it can be read.
    in_the_way: Vec<Choice>,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "application/new.html";
    const REFUSED_AT: &'static str = "q";

    fn fields(&self) -> Fields {
        Fields::default().with("q", &self.q).with("product", &self.product)
    }
}

async fn new_page(desk: &DeskRequest, params: NewParams) -> AppResult<NewPage> {
    let key = name_key(&params.q);
    let found: Vec<Person> = match key.is_empty() {
        true => Vec::new(),
        false => desk.read(move |db, scope| facts::named(db, scope, &key)).await?,
    };
    let today = desk.today();
    let (office, year) = (desk.me.office.code.clone(), form::loan_year(today));
    let standing = desk.read(move |db, _| season::standing(db, &office, year)).await?;
    let (opens, closes) = standing.window(&desk.app.policy(), &desk.me.office.code, year);
    let (number, app) = (form::id_number(&params.q, "", today).ok(), desk.app.clone());
    let own = desk.me.office.clone();
    let others = desk
        .read(move |db, _| {
            let Some(number) = number else { return Ok(Vec::new()) };
            let index = app.sealer.index(Field::IdNumber, number.as_str());
            facts::others(db, (&index, year), None, &own)
        })
        .await?;
    let link = |one: Other| {
        let what = if one.is_contract { "看这份合同" } else { "看这份申请" };
        let words = format!("{what}：{}", product_words(one.product));
        Some(Choice::new(one.link?, words))
    };
    let product = |one: Product| Choice::new(one.as_text(), product_words(one));
    let candidate = |one: Person| Candidate {
        id: one.id,
        name: one.name,
        id_mask: one.id_mask,
        place: format!("{}{}", one.township, one.village),
    };
    Ok(NewPage {
        // A number is no name of somebody.
        q: if params.q.chars().any(|c| c.is_ascii_digit()) { String::new() } else { params.q },
        product: if params.product.is_empty() { "cdb".to_owned() } else { params.product },
        products: vec![product(Product::Cdb), product(Product::Local)],
        candidates: found.into_iter().map(candidate).collect(),
        year,
        refusal: standing.refusal(year),
        in_the_way: others.into_iter().filter_map(link).collect(),
        window: (in_words(opens, today), in_words(closes, today)),
    })
}

/// `GET /applications/new`
pub async fn new(desk: DeskRequest, params: web::Query<NewParams>) -> AppResult<HttpResponse> {
    desk.show(&new_page(&desk, params.into_inner()).await?)
}

/// The identity number of whoever was named: typed, chosen, or the only one of that name.
async fn number_of(desk: &DeskRequest, form: &mut Fields) -> AppResult<Option<IdNumber>> {
    let (today, typed) = (desk.today(), form.get("q").to_owned());
    let app = desk.app.clone();
    let open = move |one: Person| -> AppResult<Option<IdNumber>> {
        Ok(IdNumber::from_stored(&person::open_id(&app.sealer, &one)?))
    };
    if let Some(id) = form.id::<PersonId>("person") {
        let one = desk.read(move |db, scope| person::find(db, scope, id)).await?;
        return open(one);
    }
    if typed.chars().any(|c| c.is_ascii_digit()) || typed.is_empty() {
        return match form::id_number(&typed, "学生", today) {
            Ok(number) => Ok(Some(number)),
            Err(why) => Err(AppError::field("q", why)),
        };
    }
    let key = name_key(&typed);
    let mut found = desk.read(move |db, scope| facts::named(db, scope, &key)).await?;
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => open(one),
        (Some(_), false) => Ok(None),
        (None, _) => {
            let words = format!("系统里还没有{typed}，请读身份证或者输入身份证号");
            Err(AppError::field("q", words))
        }
    }
}

/// `POST /applications/new`
pub async fn begin(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let params = NewParams { q: form.0.get("q").to_owned(), ..NewParams::default() };
    desk.submit(form, new_page(&desk, params), async |form| {
        let product = form.choice("product", Product::from_text, "请选办哪一种贷款");
        let product = form.checked(product)?;
        let Some(id) = number_of(&desk, form).await? else {
            let (q, product) = (encoded(form.get("q")), product.as_text());
            return Ok(Done::to(format!("/applications/new?q={q}&product={product}"), ""));
        };
        let row = desk.act("application begun", move |act| steps::begin(act, &id, product)).await?;
        desk.app.note_change();
        Ok(Done::to(format!("{PATH}/{row}/next"), ""))
    })
    .await
}

/// One step in the row on the left.
#[derive(Serialize)]
struct StepLine {
    key: &'static str,
    words: &'static str,
    is_done: bool,
    is_now: bool,
}

/// One paper of the list.
#[derive(Serialize)]
struct PaperLine {
    key: String,
    name: String,
    is_there: bool,
}

#[derive(Serialize)]
struct Choices {
    relations: Vec<Choice>,
    cases: Vec<Choice>,
    degrees: Vec<Choice>,
    presents: Vec<Choice>,
}

/// A step of one application.
#[derive(Serialize)]
struct StepPage {
    id: RowId,
    version: i32,
    name: String,
    kind: &'static str,
    is_first: bool,
    product: &'static str,
    year: i32,
    step: &'static str,
    step_words: &'static str,
    before: Option<&'static str>,
    steps: Vec<StepLine>,
    staff: String,
    changed: String,
    is_own: bool,
    is_by_phone: bool,
    is_open: bool,
    state: &'static str,
    /// Why it went back.
    reason: String,
    rulings: Vec<Ruling>,
    papers: Vec<PaperLine>,
    people: Vec<Line>,
    money: Vec<Line>,
    choices: Choices,
    recognised: Option<String>,
    /// Another county has the student on its list.
    is_on_other_list: bool,
    /// What the student's number says.
    says: String,
    cap: Fen,
    statement_characters: usize,
    #[serde(skip)]
    values: Vec<(String, String)>,
}

impl FormPage for StepPage {
    const TEMPLATE: &'static str = "application/step.html";
    const REFUSED_AT: &'static str = "step";

    fn fields(&self) -> Fields {
        Fields::from(self.values.clone()).with("version", self.version)
    }
}

/// Loads an application with everything that is known of it.
pub async fn load(desk: &DeskRequest, id: RowId) -> AppResult<Whole> {
    let (app, today) = (desk.app.clone(), desk.today());
    desk.read(move |db, scope| {
        let policy = app.policy();
        Whole::load(db, scope, id, Desk { sealer: &app.sealer, policy: &policy, today })
    })
    .await
}

async fn step_page(desk: &DeskRequest, id: RowId, step: Step) -> AppResult<StepPage> {
    let whole = load(desk, id).await?;
    if !whole.steps.contains(&step) {
        return Err(AppError::NotFound);
    }
    let policy = desk.app.policy();
    let line = |one: &Step| StepLine {
        key: one.as_text(),
        words: one.in_words(),
        is_done: whole.draft.has_done(*one),
        is_now: *one == step,
    };
    let paper = |one: &crate::book::policy::CounterPaper| PaperLine {
        key: one.key.clone(),
        name: one.name.clone(),
        is_there: whole.draft.papers.contains(&one.key),
    };
    let at = whole.steps.iter().position(|one| *one == step).unwrap_or_default();
    let before = at.checked_sub(1).and_then(|at| whole.steps.get(at));
    let birth = IdNumber::from_stored(whole.draft.get("id_number"));
    let says = birth.map(|id| {
        let (born, age) = (id.birth_on(), age_on(id.birth_on(), desk.today()));
        let born = in_words(born, chrono::NaiveDate::MIN);
        format!("{}，{born}出生，{age} 岁", id.sex().to_chinese())
    });
    Ok(StepPage {
        id,
        version: whole.app.version,
        kind: whole.kind_words(),
        is_first: whole.app.is_first,
        product: product_words(whole.app.product()),
        year: whole.app.loan_year,
        step: step.as_text(),
        step_words: step.in_words(),
        before: before.map(|one| one.as_text()),
        steps: whole.steps.iter().map(line).collect(),
        changed: minute(whole.app.updated_at),
        is_own: whole.app.staff_id == Some(desk.me.staff_id),
        is_by_phone: whole.app.source == Source::Phone,
        is_open: whole.app.state.is_open(),
        state: whole.app.state.in_words(),
        reason: match whole.app.state {
            State::Returned => whole.app.reason.clone(),
            _ => String::new(),
        },
        papers: whole.papers(&policy).into_iter().map(paper).collect(),
        people: whole.people(),
        money: whole.money(&policy),
        choices: Choices {
            relations: Choice::all(Relation::ALL),
            cases: Choice::all(Case::ALL),
            degrees: Choice::all(Degree::ALL),
            presents: Choice::all(Present::ALL),
        },
        recognised: whole.known.recognised.clone(),
        is_on_other_list: !whole.known.partner_hits.is_empty(),
        says: says.unwrap_or_default(),
        cap: whole.set.cap,
        statement_characters: whole.set.renewal.statement_characters,
        name: whole.app.name,
        staff: whole.app.staff_name,
        rulings: whole.rulings,
        values: whole.draft.values.into_iter().collect(),
    })
}

/// `GET /applications/{id}/{step}`; `next` is the first step that is not in order.
pub async fn step(desk: DeskRequest, path: web::Path<(RowId, String)>) -> AppResult<HttpResponse> {
    let (id, step) = path.into_inner();
    let step = match step.as_str() {
        "next" => load(&desk, id).await?.where_to_go_on(),
        key => Step::from_text(key).ok_or(AppError::NotFound)?,
    };
    desk.show(&step_page(&desk, id, step).await?)
}

/// `POST /applications/{id}/{step}`
pub async fn save(
    desk: DeskRequest,
    path: web::Path<(RowId, String)>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (id, key) = path.into_inner();
    let step = Step::from_text(&key).ok_or(AppError::NotFound)?;
    desk.submit(form, step_page(&desk, id, step), async |form| {
        let seen = Seen { id, version: form.version()? };
        let done = match step {
            Step::Papers => count_papers(&desk, seen, form).await?,
            Step::Check => submit(&desk, seen, form).await?,
            _ => save_step(&desk, seen, step, form).await?,
        };
        desk.app.note_change();
        Ok(done)
    })
    .await
}

/// A form's key with its row: two rows may get the same texts.
fn key_of(form: &Fields, seen: Seen<RowId>) -> FormKey {
    FormKey(format!("{} {}", seen.id, form.key().0))
}

async fn save_step(
    desk: &DeskRequest,
    seen: Seen<RowId>,
    step: Step,
    form: &mut Fields,
) -> AppResult<Done> {
    let then = if form.get("then") == "park" { Then::Park } else { Then::GoOn };
    let values: BTreeMap<String, String> = names(step)
        .iter()
        .filter(|name| form.has(name))
        .map(|name| ((*name).to_owned(), form.get(name).to_owned()))
        .collect();
    if then == Then::GoOn {
        // What the step needs of others is read beside it.
        let draft = load(desk, seen.id).await?.draft;
        let rest =
            draft.values.into_iter().filter(|(name, _)| !names(step).contains(&name.as_str()));
        let mut all = Fields::from(rest.chain(values.clone()).collect::<Vec<_>>());
        form::check_step(&mut all, step, desk.today());
        form.reject_all(all.errors().to_vec());
        form.check()?;
    }
    let (key, id) = (key_of(form, seen), seen.id);
    let next = desk
        .act("application saved", move |act| steps::save(act, &key, seen, (step, &values), then))
        .await?;
    Ok(match then {
        Then::Park => Done::to("/applications/new", "已挂起，可以叫下一号"),
        Then::GoOn => Done::to(format!("{PATH}/{id}/{}", next.as_text()), "已暂存"),
    })
}

async fn count_papers(desk: &DeskRequest, seen: Seen<RowId>, form: &mut Fields) -> AppResult<Done> {
    let all = form.get("then") == "all";
    let papers: BTreeSet<String> = form.all("paper").map(str::to_owned).collect();
    let (key, id) = (key_of(form, seen), seen.id);
    let is_done = desk
        .act("papers counted", move |act| steps::count_papers(act, &key, seen, (&papers, all)))
        .await?;
    Ok(match is_done {
        true => Done::to(format!("{PATH}/{id}/check"), "材料收齐了"),
        false => Done::to(format!("{PATH}/{id}/papers"), "已记下，还有没收到的材料"),
    })
}

async fn submit(desk: &DeskRequest, seen: Seen<RowId>, form: &mut Fields) -> AppResult<Done> {
    if form.get("agreed").is_empty() {
        form.reject("agreed", "两位都说没有错以后，请勾选再提交");
    }
    form.check()?;
    let (key, id) = (key_of(form, seen), seen.id);
    desk.act("application submitted", move |act| steps::submit(act, &key, seen)).await?;
    Ok(Done::to(format!("{PATH}/{id}"), "已提交复核，由另一个人来看"))
}
