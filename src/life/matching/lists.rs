//! The lists of other offices: what is there and until when, taking one in, removing it.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::store::{self, ReceivedList};
use super::{list, steps};
use crate::base::choice::Choice;
use crate::base::dates::in_words;
use crate::base::ids::RowId;
use crate::book::policy::MatchingList;
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{self, Done, Fields, Form, FormPage};
use crate::web::upload::{self as files, UploadForm};

pub const PATH: &str = "/matching/lists";
/// Removed lists that are still shown.
const REMOVED_SHOWN: i64 = 30;
const SOURCE_MAX: usize = 40;
const REASON_MAX: usize = 100;
/// What a form offers first.
const DAYS_OFFERED: u64 = 90;

#[derive(Serialize)]
pub(super) struct ListsPage {
    /// A list, and whether its last day has passed.
    lists: Vec<(ReceivedList, bool)>,
    removed: Vec<ReceivedList>,
    kinds: Vec<Choice>,
    layouts: Vec<MatchingList>,
    expires_on: NaiveDate,
    key: String,
}

impl FormPage for ListsPage {
    const TEMPLATE: &'static str = "matching/lists.html";
    const REFUSED_AT: &'static str = "files";

    fn fields(&self) -> Fields {
        Fields::default().with("expires_on", self.expires_on)
    }
}

pub(super) async fn page(desk: &DeskRequest) -> AppResult<ListsPage> {
    let today = desk.today();
    let (lists, removed) = desk
        .read(move |db, scope| {
            Ok((store::lists(db, scope, None)?, store::lists(db, scope, Some(REMOVED_SHOWN))?))
        })
        .await?;
    let policy = desk.app.policy();
    let layouts: Vec<MatchingList> = policy.matching_lists(today).into_iter().cloned().collect();
    let mut kinds = vec![Choice::new("", "请选择")];
    kinds.extend(layouts.iter().map(|one| Choice::new(&one.key, &one.name)));
    Ok(ListsPage {
        lists: lists.into_iter().map(|one| (one.expires_on < today, one)).map(swap).collect(),
        removed,
        kinds,
        layouts,
        expires_on: today.checked_add_days(Days::new(DAYS_OFFERED)).unwrap_or(today),
        key: desk.app.next_id().to_string(),
    })
}

fn swap<A, B>((one, other): (A, B)) -> (B, A) {
    (other, one)
}

/// `GET /matching/lists`
pub async fn show(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&page(&desk).await?)
}

/// `POST /matching/lists`
pub async fn receive(
    desk: DeskRequest,
    req: HttpRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let mut form = files::read(&req, &desk.me, payload, desk.app.config.upload_mb).await?;
    let done = take(&desk, &mut form).await;
    fields::answer((&**desk.app, &desk.me, &req), &form.fields, done, page(&desk)).await
}

async fn take(desk: &DeskRequest, form: &mut UploadForm) -> AppResult<Done> {
    let (today, policy, key) = (desk.today(), desk.app.policy(), form.fields.key());
    let problem = form.problem(desk.app.config.upload_mb);
    let typed = &mut form.fields;
    let lists = policy.matching_lists(today);
    let known = |text: &str| lists.iter().find(|one| one.key == text).map(|one| (*one).clone());
    let kind = typed.choice("kind", known, "请选是哪一种名单");
    let source = typed.text("source", SOURCE_MAX);
    typed.required("source", "请写名单来自哪个单位，例如：县民政局");
    let expires_on = typed.date("expires_on");
    let most = kind.as_ref().map_or(0, |one| one.days_most);
    let last = today.checked_add_days(Days::new(most.into())).unwrap_or(today);
    match expires_on {
        None if typed.get("expires_on").is_empty() => {
            typed.reject("expires_on", "请写用到哪一天，到期自动清除");
        }
        Some(on) if on < today => typed.reject("expires_on", "到期日不能早于今天"),
        Some(on) if kind.is_some() && on > last => {
            let message = format!("这种名单最多留 {most} 天，最晚{}", in_words(last, today));
            typed.reject("expires_on", message);
        }
        _ => {}
    }
    if let Some(problem) = problem {
        typed.reject_all(vec![problem]);
    } else if form.files.is_empty() {
        typed.reject("files", "还没有选择名单");
    } else if form.files.len() > 1 {
        typed.reject("files", "一次传一份名单");
    }
    let (kind, expires_on) = typed.checked(kind.zip(expires_on))?;
    let file = form.files.pop().ok_or(AppError::NotFound)?;
    let sealer = std::sync::Arc::clone(&desk.app.sealer);
    let read = move || {
        let (file, of) = ((file.name.as_str(), file.bytes.as_slice()), (kind, source));
        steps::NewList::read(&sealer, file, of, (expires_on, today))
    };
    let new = web::block(read).await.map_err(AppError::broken)?;
    let new = new.map_err(|why| AppError::field("files", why))?;
    let (count, bad) = (new.read.numbers.len(), new.read.unreadable.len());
    let done = desk.act("matching list", move |act| steps::receive(act, &key, &new)).await?;
    desk.app.note_change();
    let Some((id, found)) = done else { return Ok(Done::to(PATH, "这份名单已经收下")) };
    let bad = if bad > 0 { format!("，{bad} 处读不懂") } else { String::new() };
    let sentence = format!("名单已收下，{count} 个身份证号{bad}；比中 {found} 条");
    Ok(Done::to(format!("{PATH}/{id}"), sentence))
}

/// `POST /matching/compare`
pub async fn compare(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    desk.submit(form, page(&desk), async |form| {
        let key = form.key();
        let found = desk.act("matching", move |act| steps::compare(act, &key)).await?;
        desk.app.note_change();
        Ok(Done::to(list::PATH, format!("已比对，新比中 {found} 条")))
    })
    .await
}

#[derive(Serialize)]
struct OnePage {
    list: ReceivedList,
    /// Places that could not be read.
    places: Vec<String>,
    is_over: bool,
    key: String,
}

impl FormPage for OnePage {
    const TEMPLATE: &'static str = "matching/one.html";
    const REFUSED_AT: &'static str = "reason";
}

async fn one_page(desk: &DeskRequest, id: RowId) -> AppResult<OnePage> {
    let list = desk.read(move |db, scope| store::list(db, scope, id)).await?;
    Ok(OnePage {
        places: list.unreadable_places.lines().map(str::to_owned).collect(),
        is_over: list.expires_on < desk.today(),
        key: desk.app.next_id().to_string(),
        list,
    })
}

/// `GET /matching/lists/{id}`
pub async fn one(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&one_page(&desk, *id).await?)
}

/// `POST /matching/lists/{id}`: removes it.
pub async fn remove(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, one_page(&desk, id), async |form| {
        let seen = fields::Seen { id, version: form.version()? };
        let reason = form.text("reason", REASON_MAX);
        form.required("reason", "请写为什么清除，例如：传错了，已有新名单");
        form.check()?;
        let key = form.key();
        desk.act("matching removed", move |act| steps::remove(act, &key, seen, &reason)).await?;
        desk.app.note_change();
        Ok(Done::to(PATH, "名单已清除；没有核实的比对结果也一起清除了"))
    })
    .await
}
