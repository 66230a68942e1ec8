//! A round: how far its pupils are, its list on the wall, objections, and what is done with all of
//! them at once. A wrong input leaves everything as it was.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

use super::form::{levels, read_level};
use super::round_steps::{self as acts, NewRound};
use super::round_store::{self as records, Application, Round};
use super::rounds::PATH;
use super::rules::{Quota, State, Step, Term, round_words};
use super::steps::{self, Opinion, Who};
use super::{list, upload};
use crate::base::choice::Choice;
use crate::base::ids::RowId;
use crate::base::url::link;
use crate::book::publicity::{self, Kind, Objection, Outcome, Publication};
use crate::book::staff::Right;
use crate::error::{AppResult, FieldError};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{self, Done, Fields, Form, FormPage, Rejected, Seen};
use crate::web::upload as files;

/// Longest name and longest sentence in characters.
const NAME_MAX: usize = 60;
const REASON_MAX: usize = 200;

#[derive(Serialize)]
struct NewPage {
    terms: Vec<Choice>,
    year: i32,
    until: NaiveDate,
}

impl FormPage for NewPage {
    const TEMPLATE: &'static str = "recognition/new_round.html";
    const REFUSED_AT: &'static str = "school";

    fn fields(&self) -> Fields {
        Fields::default().with("year", self.year).with("apply_until", self.until)
    }
}

async fn new_page(desk: &DeskRequest) -> AppResult<NewPage> {
    let today = desk.today();
    let until = desk.app.policy().calendar().add_working_days(today, 20);
    let year = if today.month() >= 8 { today.year() } else { today.year() - 1 };
    // Nothing is asked of the database; the await keeps every page of one shape.
    std::future::ready(Ok(NewPage { terms: Choice::all(Term::ALL), year, until })).await
}

/// `GET /hardship/new`
pub async fn new(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&new_page(&desk).await?)
}

/// `POST /hardship/new`
pub async fn open(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    desk.submit(form, new_page(&desk), async |form| {
        let school = form.text("school", NAME_MAX);
        form.required("school", "请写学校名称，和名单上的写法一样");
        let year = form.get("year").parse().ok().filter(|year| (2018..=2100).contains(year));
        if year.is_none() {
            form.reject("year", "请写学年从哪一年开始，例如 2026");
        }
        let term = form.choice("term", Term::from_text, "请选学期");
        let until = form.date("apply_until");
        if until.is_none_or(|until| until < desk.today()) {
            form.reject("apply_until", "申请截止日期不能早于今天");
        }
        let quota = match form.get("quota") {
            "" => None,
            typed => typed.parse().ok().filter(|places| (0..=100_000).contains(places)),
        };
        if quota.is_none() && !form.get("quota").is_empty() {
            form.reject("quota", "名额请写人数，没有名额的不填");
        }
        let read = year.zip(term).zip(until);
        let new = form.checked(read.map(|((year, term), apply_until)| NewRound {
            year,
            term,
            school,
            apply_until,
            quota,
        }))?;
        let key = form.key();
        let id = desk.act("round opened", move |act| acts::open(act, &key, &new)).await?;
        let to = id.map_or_else(|| PATH.to_owned(), |id| format!("{PATH}/rounds/{id}"));
        Ok(Done::to(to, "已开始，可以上传名单或登记申请"))
    })
    .await
}

/// An objection with what was said.
#[derive(Serialize)]
struct ObjectionLine {
    #[serde(flatten)]
    objection: Objection,
    content: String,
    words: &'static str,
}

/// A publication in words.
#[derive(Serialize)]
struct Hung {
    #[serde(flatten)]
    publication: Publication,
    words: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct RoundPage {
    round: Round,
    words: String,
    /// Each state with its pupils: words, how many, where they are.
    states: Vec<(&'static str, usize, String)>,
    count: usize,
    quota: Option<Quota>,
    hung: Vec<Hung>,
    objections: Vec<ObjectionLine>,
    /// On the list that hangs.
    listed: Vec<Choice>,
    looks: Vec<Choice>,
    classes: Vec<String>,
    levels: Vec<Choice>,
    new_levels: Vec<Choice>,
    can_publish: bool,
    is_public: bool,
    is_over: bool,
    cleared: usize,
    can_file: bool,
    recognised: usize,
    percent: usize,
    needs: i64,
    /// The year's holidays have not been announced to this program.
    holidays_unknown: bool,
    until: NaiveDate,
    today: NaiveDate,
    phone: String,
    key: String,
}

impl FormPage for RoundPage {
    const TEMPLATE: &'static str = "recognition/round.html";
    const REFUSED_AT: &'static str = "until";

    fn fields(&self) -> Fields {
        let form = Fields::default().with("until", self.until).with("phone", &self.phone);
        let form = form.with("on_day", self.today).with("place", "学校公示栏");
        form.with("seed", self.today.format("%Y%m%d"))
    }
}

type Read = (Round, Vec<Application>, Vec<Publication>, Vec<Objection>);

async fn page(desk: &DeskRequest, id: RowId) -> AppResult<RoundPage> {
    let (round, all, hung, objections): Read = desk
        .read(move |db, scope| {
            let round = records::round(db, scope, id)?;
            let all = records::of_round(db, scope, id)?;
            let hung = publicity::of(db, scope, Kind::Hardship, &[id])?;
            let ids: Vec<RowId> = hung.iter().map(|one| one.id).collect();
            Ok((round, all, hung, publicity::objections(db, scope, &ids)?))
        })
        .await?;
    let (today, policy) = (desk.today(), desk.app.policy());
    let needs = policy.publicity_days.on(today).working_days;
    let until = policy.calendar().add_working_days(today, needs);
    let in_state = |state: State| all.iter().filter(|one| one.state == state).count();
    let line = |objection: Objection| {
        let content = publicity::content(&desk.app.sealer, &objection)?;
        Ok(ObjectionLine { content, words: objection.outcome.in_words(), objection })
    };
    let newest = hung.last();
    let hangs = newest.is_some_and(|one| one.taken_down_on.is_none());
    let dropped = in_state(State::Refused) + in_state(State::Withdrawn);
    let applied = i32::try_from(all.len() - dropped).unwrap_or(i32::MAX);
    let undecided = all.iter().filter(|one| !one.state.is_final()).count();
    Ok(RoundPage {
        words: round_words(round.year, round.term),
        states: states(id, in_state),
        count: all.len(),
        quota: round.quota.map(|places| Quota::new(places, applied)),
        can_publish: !hangs && in_state(State::Village) + in_state(State::Public) > 0,
        is_over: newest.is_some_and(|one| one.can_end(today).is_ok()),
        is_public: newest.is_some_and(|one| one.can_object(today).is_ok()),
        listed: listed(&all),
        looks: looks(&all),
        classes: classes(&all),
        cleared: in_state(State::Cleared),
        can_file: undecided == 0 && !all.is_empty() && round.filed_no.is_none(),
        recognised: in_state(State::Recognised),
        percent: policy.hardship_recheck.on(today).percent,
        objections: objections.into_iter().map(line).collect::<AppResult<_>>()?,
        hung: hung
            .into_iter()
            .map(|one| Hung {
                words: one.state.in_words(),
                count: one.lines().len(),
                publication: one,
            })
            .collect(),
        levels: levels(&policy, today, "和申请上一样"),
        new_levels: levels(&policy, today, "不予认定"),
        holidays_unknown: !policy.calendar().knows(until.year()),
        phone: desk.me.office.phone.clone(),
        key: desk.app.next_id().to_string(),
        needs,
        until,
        today,
        round,
    })
}

/// Each state that somebody is in, with the list of them.
fn states(id: RowId, in_state: impl Fn(State) -> usize) -> Vec<(&'static str, usize, String)> {
    let round = id.to_string();
    let all = State::ALL.iter().map(|state| {
        let at = link(list::PATH, &[("round", &round), ("tab", state.as_text())]);
        (state.in_words(), in_state(*state), at)
    });
    all.filter(|(_, count, _)| *count > 0).collect()
}

/// The looks that somebody waits for.
pub fn looks(all: &[Application]) -> Vec<Choice> {
    let choice = |step: &Step| {
        let from = step.begins()?;
        let count = all.iter().filter(|one| one.state == from).count();
        let words = format!("{}（{count} 人）", step.in_words());
        (count > 0).then(|| Choice::new(step.as_text(), words))
    };
    Step::ALL.iter().filter_map(choice).collect()
}

pub fn classes(all: &[Application]) -> Vec<String> {
    let mut classes: Vec<String> = all.iter().map(Application::class_words).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

fn listed(all: &[Application]) -> Vec<Choice> {
    let public = all.iter().filter(|one| one.state == State::Public);
    public.map(|one| Choice::new(one.id, format!("{} {}", one.class_words(), one.name))).collect()
}

/// `GET /hardship/rounds/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id).await?)
}

/// Reads the opinion of a step: who, when, what, papers, level.
pub fn read_opinion(form: &mut Fields, step: Step, today: NaiveDate) -> AppResult<Opinion> {
    let by_name = form.text("by_name", NAME_MAX);
    let looks = step.begins().is_some();
    if looks && by_name.is_empty() {
        form.reject("by_name", "请写是谁的意见，例如：班主任周敏");
    }
    let on_day = form.date("on_day");
    if on_day.is_none_or(|on| on > today) {
        form.reject("on_day", "日期请写成 2026-09-07 这样，不能晚于今天");
    }
    let (opinion, papers) = (form.text("opinion", REASON_MAX), form.text("papers", REASON_MAX));
    if opinion.is_empty() {
        let why = match step {
            Step::Refuse => "不予认定要写明原因，家长看得懂的一句话",
            Step::Return => "退回要写缺什么、怎么补",
            Step::Withdraw => "请写为什么撤回",
            _ => "请写意见，例如：情况属实，同意",
        };
        form.reject("opinion", why);
    }
    if step == Step::Village && papers.is_empty() {
        form.reject("papers", "请写村（社区）的材料，例如：证明一份，已盖章");
    }
    let level = form.get("level").to_owned();
    form.checked(on_day.map(|on_day| Opinion { step, by_name, on_day, opinion, papers, level }))
}

/// `POST /hardship/rounds/{id}`: one of its forms.
pub async fn change(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        let key = form.key();
        let sentence = match form.get("what") {
            "step" => many(&desk, id, form).await?,
            "publish" => publish(&desk, seen, form).await?,
            "object" => object(&desk, seen, form).await?,
            "answer" => answer(&desk, seen, form).await?,
            "end" => {
                desk.act("list taken down", move |act| acts::end(act, &key, seen)).await?;
                "名单已撤下，可以做县级复核".to_owned()
            }
            "file" => {
                desk.act("round filed", move |act| acts::file(act, &key, seen)).await?;
                "已建档，可以打印结果".to_owned()
            }
            _ => {
                let seed = form.text("seed", NAME_MAX);
                form.required("seed", "请写抽查用的种子，例如当天日期");
                form.check()?;
                desk.act("recheck drawn", move |act| acts::draw(act, &key, seen, &seed)).await?;
                "已抽好，名单在“抽查”里".to_owned()
            }
        };
        desk.app.note_change();
        Ok(Done::to(format!("{PATH}/rounds/{id}"), sentence))
    })
    .await
}

async fn many(desk: &DeskRequest, id: RowId, form: &mut Fields) -> AppResult<String> {
    let known = |text: &str| {
        let step = Step::from_text(text)?;
        (step.begins().is_some() || step == Step::County).then_some(step)
    };
    let step = form.choice("step", known, "请选做哪一步");
    let today = desk.today();
    read_level(form, "level", &desk.app.policy(), today);
    let step = form.checked(step)?;
    let opinion = read_opinion(form, step, today)?;
    let (key, class) = (form.key(), form.get("class").to_owned());
    let who = Who::Desk(desk.me.may(Right::Review));
    let (done, left) = desk
        .act("steps", move |act| steps::step_many(act, &key, (&who, id, &class), &opinion))
        .await?;
    let why: Vec<String> =
        left.iter().take(5).map(|(name, why)| format!("{name}：{}", why.in_words())).collect();
    Ok(match left.len() {
        0 => format!("{}已登记，{done} 人", step.in_words()),
        count => format!("已登记 {done} 人，{count} 人没有办：{}", why.join("；")),
    })
}

async fn publish(desk: &DeskRequest, seen: Seen<RowId>, form: &mut Fields) -> AppResult<String> {
    let until = form.date("until");
    if until.is_none() {
        form.reject("until", "请写公示到哪一天");
    }
    let (place, phone) = (form.text("place", NAME_MAX), form.text("phone", NAME_MAX));
    form.required("place", "请写贴在哪里，例如：学校公示栏");
    form.required("phone", "公示要写监督电话");
    let (key, until) = (form.key(), form.checked(until)?);
    desk.act("list published", move |act| acts::publish(act, &key, seen, (until, &place, &phone)))
        .await?;
    Ok("已开始公示，请打印公示单张贴".to_owned())
}

async fn object(desk: &DeskRequest, seen: Seen<RowId>, form: &mut Fields) -> AppResult<String> {
    let about: Option<RowId> = form.id("about");
    if about.is_none() {
        form.reject("about", "请选是对谁的异议");
    }
    let content = form.text("said", REASON_MAX);
    form.required("said", "请写反映的情况，可以不写是谁反映的");
    let (key, about) = (form.key(), form.checked(about)?);
    desk.act("objection", move |act| acts::object(act, &key, seen, (about, &content))).await?;
    Ok("异议已登记，公示暂停，核查以后再接着算".to_owned())
}

async fn answer(desk: &DeskRequest, seen: Seen<RowId>, form: &mut Fields) -> AppResult<String> {
    let id: Option<RowId> = form.id("objection");
    let outcome = |text: &str| Outcome::from_text(text).filter(|one| *one != Outcome::Open);
    let outcome = form.choice("outcome", outcome, "请选核查结果");
    let level = read_level(form, "new_level", &desk.app.policy(), desk.today());
    let reason = form.text("reason", REASON_MAX);
    form.required("reason", "请写核查的结果，家长看得懂的一句话");
    let (key, (id, outcome)) = (form.key(), form.checked(id.zip(outcome))?);
    let answer = move |act: &mut crate::book::act::Act<'_>| {
        acts::answer(act, &key, seen, (id, outcome, &level, &reason))
    };
    desk.act("objection answered", answer).await?;
    Ok(match outcome {
        Outcome::Changed => "名单有变，已撤下；请重新公示".to_owned(),
        _ => "异议不成立；没有别的异议时公示接着算".to_owned(),
    })
}

/// `POST /hardship/rounds/{id}/pupils`: a list of pupils, as a whole or not at all.
pub async fn upload(
    desk: DeskRequest,
    id: web::Path<RowId>,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let (id, at) = (*id, (&**desk.app, &desk.me, &req));
    let form = files::read(&req, &desk.me, payload, desk.app.config.upload_mb).await?;
    let problem = |message: String| FieldError { field: "files".to_owned(), message };
    let mut errors: Vec<FieldError> = form.problem(desk.app.config.upload_mb).into_iter().collect();
    let rows = match form.files.first() {
        None => Err(vec!["还没有选择名单".to_owned()]),
        Some(file) => upload::read(&file.bytes, &desk.app.policy(), desk.today()),
    };
    let rows = rows.unwrap_or_else(|why| {
        errors.extend(why.into_iter().map(problem));
        Vec::new()
    });
    if !errors.is_empty() {
        return fields::reject(
            at,
            &page(&desk, id).await?,
            &form.fields,
            Rejected::invalid(errors),
        );
    }
    let key = form.fields.key();
    let who = Who::Desk(false);
    let done = desk.act("pupils", move |act| steps::add_list(act, &key, (&who, id), &rows)).await;
    let done = done
        .map(|count| Done::to(format!("{PATH}/rounds/{id}"), format!("名单已收下，{count} 人")));
    desk.app.note_change();
    fields::answer(at, &form.fields, done, page(&desk, id)).await
}
