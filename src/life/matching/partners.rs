//! 跨县查重, `/matching/partners`: counties with a database of their own. A key that both have typed,
//! a list of keyed hashes for them, theirs for us, and whom a match id means.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{Datelike as _, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::partner_file::PartnerFile;
use super::partner_steps;
use crate::base::choice::Choice;
use crate::base::dates::{day_in, in_words};
use crate::base::ids::RowId;
use crate::book::audit_log::AuditEntry;
use crate::book::partner::{self, OwnPerson, Partner, PartnerKey, PartnerList};
use crate::error::{AppError, AppResult};
use crate::web::desk_request::DeskRequest;
use crate::web::download::attachment;
use crate::web::fields::{self, Done, Fields, Form, FormPage, Rejected};
use crate::web::upload::{self as files, UploadForm};

pub const PATH: &str = "/matching/partners";
const NAME_MAX: usize = 20;
/// Letters and digits; a list can be tried out against every number there is.
const PHRASE_MIN: usize = 16;
/// What a form offers first.
const DAYS_OFFERED: u64 = 60;

/// The school year that the counter works on.
fn year(today: NaiveDate) -> i32 {
    today.year()
}

/// A list helps with the applications of its year and no longer.
fn last_day(today: NaiveDate) -> NaiveDate {
    day_in(year(today), 12, 31)
}

#[derive(Serialize)]
struct PartnersPage {
    /// A partner with what it has sent, and whether that has run out.
    partners: Vec<(Partner, Option<PartnerList>, bool)>,
    choices: Vec<Choice>,
    phrase: String,
    year: i32,
    expires_on: NaiveDate,
    key: String,
}

impl FormPage for PartnersPage {
    const TEMPLATE: &'static str = "matching/partners.html";
    const REFUSED_AT: &'static str = "files";

    fn fields(&self) -> Fields {
        Fields::default().with("expires_on", self.expires_on)
    }
}

async fn page(desk: &DeskRequest) -> AppResult<PartnersPage> {
    let (office, today) = (desk.me.office.code.clone(), desk.today());
    let (partners, lists) = desk
        .read(move |db, _| Ok((partner::all(db, &office)?, partner::lists(db, &office)?)))
        .await?;
    let mut choices = vec![Choice::new("", "请选择")];
    choices.extend(partners.iter().map(|one| Choice::new(one.id.to_string(), &one.name)));
    let with_list = |one: Partner| {
        let list = lists.iter().find(|list| list.partner_id == one.id).cloned();
        let is_over = list.as_ref().is_some_and(|list| list.expires_on < today);
        (one, list, is_over)
    };
    let offered = today.checked_add_days(Days::new(DAYS_OFFERED)).unwrap_or(today);
    Ok(PartnersPage {
        partners: partners.into_iter().map(with_list).collect(),
        choices,
        phrase: partner::new_phrase()?,
        year: year(today),
        expires_on: offered.min(last_day(today)),
        key: desk.app.next_id().to_string(),
    })
}

/// `GET /matching/partners`
pub async fn show(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&page(&desk).await?)
}

/// `POST /matching/partners`: agrees on a key.
pub async fn add(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    desk.submit(form, page(&desk), async |form| {
        let name = form.text("name", NAME_MAX);
        form.required("name", "请写对方是哪个县，例如：安岳县");
        let phrase = partner::plain(&form.secret("password"));
        if phrase.chars().count() < PHRASE_MIN {
            let words = format!("口令至少 {PHRASE_MIN} 个字，可以用页面上给的这一句");
            form.reject("password", words);
        } else if phrase != partner::plain(&form.secret("again")) {
            form.reject("again", "两次输入的口令不一样，请再输入一次");
        }
        form.check()?;
        let key = PartnerKey::new(desk.app.passwords.shared_key(phrase).await?);
        let once = form.key();
        let done = desk
            .act("partner added", move |act| partner_steps::add(act, &once, (&name, &key)))
            .await?;
        let words = format!("已约好，口令指纹 {done}。打电话念给对方听，两边一样才算约好");
        Ok(Done::to(PATH, words))
    })
    .await
}

/// `POST /matching/partners/{id}/remove`
pub async fn remove(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk), async |form| {
        let key = form.key();
        desk.act("partner removed", move |act| partner_steps::remove(act, &key, id)).await?;
        Ok(Done::to(PATH, "已停止，对方的查重名单也清除了"))
    })
    .await
}

/// `POST /matching/partners/made`: the list for a partner, as a file.
pub async fn make(desk: DeskRequest, req: HttpRequest, form: Form) -> AppResult<HttpResponse> {
    let mut form = form.0;
    match made(&desk, &mut form).await {
        Ok((name, text)) => Ok(attachment(&name, "text/plain; charset=utf-8", text.into_bytes())),
        Err(error) => {
            let at = (&**desk.app, &desk.me, &req);
            let rejected = Rejected::from(error, "partner", "")?;
            fields::reject(at, &page(&desk).await?, &form, rejected)
        }
    }
}

async fn made(desk: &DeskRequest, form: &mut Fields) -> AppResult<(String, String)> {
    let (today, office) = (desk.today(), desk.me.office.clone());
    let year = year(today);
    let id = form.choice("partner", |text| text.parse::<i64>().ok(), "请选给哪个县");
    let expires_on = form.date("expires_on");
    match expires_on {
        None if form.get("expires_on").is_empty() => {
            form.reject("expires_on", "请写用到哪一天，到期对方自动清除");
        }
        Some(on) if on < today => form.reject("expires_on", "到期日不能早于今天"),
        Some(on) if on > last_day(today) => {
            let last = in_words(last_day(today), today);
            form.reject("expires_on", format!("名单只管今年的申请，最晚{last}"));
        }
        _ => {}
    }
    let (id, expires_on) = form.checked(id.zip(expires_on))?;
    let sealer = desk.app.sealer.clone();
    let code = office.code.clone();
    let (receiver, people) = desk
        .read(move |db, scope| {
            let receiver = partner::find(db, scope, RowId::new(id))?;
            Ok((receiver, partner::of_loans(db, (&code, &sealer), year)?))
        })
        .await?;
    if people.is_empty() {
        let words = format!("本县还没有 {year} 学年的合同，没有可以给对方的");
        return Err(AppError::field("partner", words));
    }
    let key = receiver.key(&desk.app.sealer)?;
    let hash = |one: &OwnPerson| (key.hash(year, &one.id_number), one.is_co);
    let file = PartnerFile {
        from: office.name,
        to: receiver.name.clone(),
        mark: partner::mark(&desk.app.sealer, &office.code),
        fingerprint: key.fingerprint(),
        year,
        made_on: today,
        expires_on,
        hashes: people.iter().map(hash).collect(),
        ..PartnerFile::default()
    };
    let summary = format!("{year} 学年，{} 行，用到 {expires_on}", file.hashes.len());
    let (subject, name) =
        (receiver.name.clone(), format!("查重名单-给{}-{today}.txt", receiver.name));
    desk.act("partner list made", move |act| {
        act.audit(AuditEntry::of("partner_list_made", &subject, summary.clone()))
    })
    .await?;
    Ok((name, file.write(&key)))
}

/// `POST /matching/partners/received`: a list of a partner.
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
    if let Some(problem) = form.problem(desk.app.config.upload_mb) {
        return Err(AppError::Invalid(vec![problem]));
    }
    let file = form.files.pop().ok_or_else(|| AppError::field("files", "还没有选择名单"))?;
    let wrong = |why: String| AppError::field("files", why);
    let list = PartnerFile::read((&file.name, &file.bytes)).map_err(wrong)?;
    let (key, year, count) = (form.fields.key(), year(desk.today()), list.hashes.len());
    let sender = desk
        .act("partner list received", move |act| {
            partner_steps::receive(act, &key, (&file.name, &list), year)
        })
        .await?;
    Ok(match sender {
        Some(name) => {
            Done::to(PATH, format!("{name}的查重名单已收下，{count} 行，柜台受理时会提示"))
        }
        None => Done::to(PATH, "这份名单已经收下"),
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FindParams {
    /// A match id 匹配号, as typed.
    q: String,
}

/// Somebody whom a match id means.
#[derive(Serialize)]
struct Match {
    partner: String,
    name: String,
    is_co: bool,
    link: String,
}

#[derive(Serialize)]
struct FindPage {
    q: String,
    problem: &'static str,
    year: i32,
    matches: Vec<Match>,
}

/// `GET /matching/partners/find`; who asked for which match id is written down.
pub async fn look_up(desk: DeskRequest, params: web::Query<FindParams>) -> AppResult<HttpResponse> {
    let (office, year) = (desk.me.office.code.clone(), year(desk.today()));
    let typed = partner::typed_match_id(&params.q);
    let mut page = FindPage {
        q: typed.clone().unwrap_or_else(|| params.q.trim().to_owned()),
        problem: "",
        year,
        matches: Vec::new(),
    };
    match typed {
        None if page.q.is_empty() => {}
        None => page.problem = "匹配号是 8 位字母和数字，没有 0、1、I、O，请对方再念一遍",
        Some(match_id) => {
            let (sealer, id) = (desk.app.sealer.clone(), match_id.clone());
            let found = desk
                .read(move |db, _| partner::behind(db, (&office, &sealer), (year, &id)))
                .await?;
            let summary = format!("找到 {} 条", found.len());
            desk.act("match id looked up", move |act| {
                let entry = AuditEntry::of("partner_match_looked_up", &match_id, summary.clone());
                act.audit(entry)
            })
            .await?;
            let one = |(partner, own): (String, OwnPerson)| Match {
                partner,
                name: own.name,
                is_co: own.is_co,
                link: own.link,
            };
            page.matches = found.into_iter().map(one).collect();
        }
    }
    desk.page("matching/find.html", page)
}
