//! One application as a whole: where it stands, what may be done with it, and the panel that copies
//! it into the bank's system field by field.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::archive;
use super::attachments::{self, Section};
use super::facts::Whole;
use super::kinds::{Source, State};
use super::list::PATH;
use super::print::Paper;
use super::rules::{self, Ruling};
use super::steps;
use super::view::{Line, yuan};
use super::web::load;
use crate::base::choice::Choice;
use crate::base::dates::minute;
use crate::base::ids::{LoanId, RowId};
use crate::book::review::{self, Kind, Review};
use crate::book::statement::Product;
use crate::book::{attachment, loan, position};
use crate::error::AppResult;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage, Seen};

/// Longest reason in characters.
pub const REASON_MAX: usize = 120;

/// A field as the bank's system asks for it.
#[derive(Serialize)]
pub struct CopyField {
    key: &'static str,
    label: &'static str,
    value: String,
    is_done: bool,
}

/// The review that is open or was the last.
#[derive(Serialize)]
struct ReviewLine {
    id: RowId,
    kind: &'static str,
    state: &'static str,
    is_open: bool,
    by: String,
    reason: String,
    version: i32,
    may_withdraw: bool,
}

#[derive(Serialize)]
pub struct ShowPage {
    id: RowId,
    version: i32,
    name: String,
    summary: String,
    state: State,
    state_words: &'static str,
    step: &'static str,
    is_open: bool,
    is_own: bool,
    is_by_phone: bool,
    /// What a family has written on the phone; else empty.
    statement: String,
    /// Below the cap, and not raised before.
    can_raise: bool,
    staff: String,
    changed: String,
    reason: String,
    people: Vec<Line>,
    money: Vec<Line>,
    rulings: Vec<Ruling>,
    contract_no: String,
    receipt_code: String,
    file_no: Option<String>,
    /// The bank's number is to be typed.
    wants_number: bool,
    copy: Vec<CopyField>,
    papers: Vec<Choice>,
    /// The contract that waits for its money: its university can be told so.
    unpaid: Option<LoanId>,
    reviews: Vec<ReviewLine>,
    cap: String,
    raised_from: Option<String>,
    scans: Option<Section>,
    archive: Option<archive::Section>,
    /// Of the papers, for its form.
    #[serde(skip)]
    dates: Fields,
}

impl FormPage for ShowPage {
    const TEMPLATE: &'static str = "application/show.html";
    const REFUSED_AT: &'static str = "reason";

    fn fields(&self) -> Fields {
        let fields = self.dates.clone().with("version", self.version);
        fields.with("contract_no", &self.contract_no).with("code", &self.receipt_code)
    }
}

/// What the bank's system asks for, in its order (the application form of rules-more.md 3.2).
fn copy_fields(whole: &Whole) -> Vec<CopyField> {
    let draft = &whole.draft;
    let (student, co, study) = (&whole.read.student, &whole.read.co, &whole.read.study);
    let relation = co.as_ref().map_or("", |co| co.relation.in_words()).to_owned();
    let yuan_of = |fen: crate::base::money::Fen| fen.to_yuan_text();
    let of_study =
        |get: &dyn Fn(&super::form::Study) -> String| study.as_ref().map(get).unwrap_or_default();
    let own = |name: &str| draft.get(name).to_owned();
    let address = student.as_ref().map(|one| one.address.clone()).unwrap_or_default();
    let co_address = co.as_ref().map(|co| co.party.address.clone()).unwrap_or_default();
    let born = |id: &crate::base::id_number::IdNumber| id.birth_on().to_string();
    let sex = student.as_ref().map(|one| one.id.sex().to_chinese().to_owned());
    let birth = student.as_ref().map(|one| born(&one.id));
    let or = |name: &str, other: &str| match own(name) {
        text if text.is_empty() => other.to_owned(),
        text => text,
    };
    let household = or("household", &address);
    let co_household = or("co_household", &household);
    let co_postcode = or("co_postcode", draft.get("postcode"));
    let year = format!("{}-{}", whole.app.loan_year, whole.app.loan_year + 1);
    let years = study.as_ref().map(|study| whole.years(study).to_string());
    let all: Vec<(&'static str, &'static str, String)> = vec![
        ("name", "姓名", own("name")),
        ("id_number", "身份证号", own("id_number")),
        ("sex", "性别", sex.unwrap_or_default()),
        ("birth", "出生日期", birth.unwrap_or_default()),
        ("household", "户籍所在地", household),
        ("address", "家庭住址", address),
        ("postcode", "邮编", own("postcode")),
        ("high_school", "毕业高中", own("high_school")),
        ("home_phone", "家庭电话", own("home_phone")),
        ("phone", "手机", own("phone")),
        ("co_name", "共同借款人姓名", own("co_name")),
        ("co_id_number", "共同借款人身份证号", own("co_id_number")),
        ("relation", "与学生关系", relation),
        ("co_household", "共同借款人户籍所在地", co_household),
        ("co_address", "共同借款人住址", co_address),
        ("co_postcode", "共同借款人邮编", co_postcode),
        ("co_employer", "共同借款人工作单位", own("co_employer")),
        ("co_post", "共同借款人职务", own("co_post")),
        ("co_phone", "共同借款人手机", own("co_phone")),
        ("university", "学校", own("university")),
        ("department", "院系", own("department")),
        ("major", "专业", own("major")),
        ("student_number", "学号", own("student_number")),
        ("degree", "学历层次", of_study(&|study| study.degree.in_words().to_owned())),
        ("entered", "入学年份", own("entered")),
        ("school_years", "学制（年）", own("school_years")),
        ("graduates", "毕业年份", of_study(&|study| study.graduates.to_string())),
        ("tuition", "学费", of_study(&|study| yuan_of(study.tuition))),
        ("lodging", "住宿费", of_study(&|study| yuan_of(study.lodging))),
        ("loan_reason", "贷款原因", own("loan_reason")),
        ("amount", "贷款金额", of_study(&|study| yuan_of(study.amount))),
        ("years", "贷款期限（年）", years.unwrap_or_default()),
        ("loan_year", "贷款学年", year),
        ("statement", "续贷声明", own("statement")),
    ];
    let filled = all.into_iter().filter(|(.., value)| !value.is_empty());
    filled
        .map(|(key, label, value)| CopyField {
            key,
            label,
            value,
            is_done: draft.copied.contains(key),
        })
        .collect()
}

fn review_line(row: Review, desk: &DeskRequest) -> ReviewLine {
    let is_open = row.state == review::State::Open;
    let by = match (&row.opened_at, &row.decided_at) {
        (_, Some(at)) => format!("{}，{}", row.decided_by, minute(*at)),
        (Some(at), None) => format!("{}在看，{}", row.opened_by, minute(*at)),
        (None, None) => format!("{}提交，{}", row.author_name, minute(row.proposed_at)),
    };
    ReviewLine {
        id: row.id,
        kind: row.kind.in_words(),
        state: row.state.in_words(),
        is_open,
        by,
        version: row.version,
        may_withdraw: is_open && row.opened_at.is_none() && row.author_id == desk.me.staff_id,
        reason: row.reason,
    }
}

pub async fn page(desk: &DeskRequest, id: RowId) -> AppResult<ShowPage> {
    let whole = load(desk, id).await?;
    let (file, signed) = (whole.app.file_id, whole.app.loan_id);
    let (reviews, file_no, is_paid, (scans, check)) = desk
        .read(move |db, scope| {
            let mut found = Vec::new();
            for kind in Kind::ALL {
                found.extend(review::of_subject(db, scope, *kind, id)?);
            }
            let file = match file {
                Some(file) => Some(loan::file(db, scope, file)?.file_no),
                None => None,
            };
            let is_paid =
                signed.map_or(Ok(false), |loan| position::was_paid_out(db, scope, loan))?;
            let scans = attachment::of(db, scope, attachments::subject(id))?;
            let check = archive::find(db, scope, id)?;
            Ok((found, file, is_paid, (scans, check)))
        })
        .await?;
    let dates = archive::dates(&whole, check.as_ref(), &reviews);
    let state = whole.app.state;
    let is_bank = whole.app.product() == Product::Cdb;
    let wants_number = is_bank && matches!(state, State::Submitted | State::Approved);
    let may_read = desk.me.may(crate::book::staff::Right::ServeSeason);
    let mut people = whole.people();
    // The cards lie on the counter's table only.
    let masked = |line: &mut Line| line.more = crate::base::id_number::mask(&line.more);
    people.iter_mut().filter(|line| line.more.len() == 18).for_each(masked);
    people.retain(|line| line.label != "电话");
    Ok(ShowPage {
        id,
        version: whole.app.version,
        summary: whole.summary(),
        state_words: state.in_words(),
        state,
        step: whole.where_to_go_on().as_text(),
        is_open: state.is_open(),
        is_own: whole.app.staff_id == Some(desk.me.staff_id),
        is_by_phone: whole.app.source == Source::Phone,
        statement: match whole.app.source == Source::Phone {
            true => whole.draft.get("statement").to_owned(),
            false => String::new(),
        },
        can_raise: whole.app.raised_from_fen.is_none()
            && whole.app.amount_fen.is_none_or(|fen| fen < whole.set.cap),
        changed: minute(whole.app.updated_at),
        people,
        money: whole.money(&desk.app.policy()),
        copy: if wants_number && may_read { copy_fields(&whole) } else { Vec::new() },
        papers: Choice::all(&Paper::of(state)),
        unpaid: whole.app.loan_id.filter(|_| state == State::Signed && !is_paid),
        reviews: reviews.into_iter().map(|row| review_line(row, desk)).collect(),
        cap: yuan(whole.set.cap),
        raised_from: whole.app.raised_from_fen.map(yuan),
        dates,
        archive: archive::section(state, check.as_ref()),
        scans: attachments::section(&whole, &desk.app.policy(), &scans),
        file_no: file_no.filter(|_| whole.app.loan_id.is_some()),
        wants_number,
        name: whole.app.name,
        staff: whole.app.staff_name,
        reason: whole.app.reason,
        rulings: whole.rulings,
        contract_no: whole.app.contract_no,
        receipt_code: whole.app.receipt_code,
    })
}

/// `GET /applications/{id}`
pub async fn show(desk: DeskRequest, id: web::Path<RowId>) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, *id).await?)
}

pub fn to(id: RowId) -> String {
    format!("{PATH}/{id}")
}

/// `POST /applications/{id}/take`
pub async fn take(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        desk.act("application taken", move |act| steps::take(act, seen)).await?;
        Ok(Done::to(format!("{PATH}/{id}/next"), "接着办理"))
    })
    .await
}

/// `POST /applications/{id}/give-up`
pub async fn give_up(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        form.required("reason", "请写一句为什么不办了");
        let reason = form.text("reason", REASON_MAX);
        form.check()?;
        desk.act("application given up", move |act| steps::give_up(act, seen, &reason)).await?;
        desk.app.note_change();
        Ok(Done::to(to(id), "已撤销，这名学生本学年可以重新受理"))
    })
    .await
}

/// `POST /applications/{id}/copied`: which fields stand in the bank's system already.
pub async fn copied(
    desk: DeskRequest,
    id: web::Path<RowId>,
    form: Form,
) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let copied: BTreeSet<String> = form.all("copied").map(str::to_owned).collect();
        desk.act("fields copied", move |act| steps::tick(act, id, copied.clone())).await?;
        Ok(Done::to(to(id), ""))
    })
    .await
}

/// `POST /applications/{id}/bank`: number and code.
pub async fn bank(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        form.required("contract_no", "合同编号请照银行系统抄写");
        let number = form.text("contract_no", 40);
        let code = match rules::receipt_code(form.get("code")) {
            Ok(code) => code,
            Err(why) => {
                form.reject("code", why);
                String::new()
            }
        };
        form.check()?;
        let is_signed = desk
            .act("bank number", move |act| steps::enter_bank(act, seen, (&number, &code)))
            .await?;
        desk.app.note_change();
        Ok(Done::to(
            to(id),
            if is_signed {
                "已登记，合同已生成"
            } else {
                "已登记，复核同意后生成合同"
            },
        ))
    })
    .await
}

/// `POST /applications/{id}/raise`
pub async fn raise(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        form.required("to", "请写提额以后的金额");
        let amount = form.money("to");
        let amount = form.checked(amount)?;
        desk.act("raise proposed", move |act| steps::ask_raise(act, seen, amount)).await?;
        desk.app.note_change();
        Ok(Done::to(to(id), "提额已提交复核"))
    })
    .await
}

/// `POST /applications/{id}/void`
pub async fn void(desk: DeskRequest, id: web::Path<RowId>, form: Form) -> AppResult<HttpResponse> {
    let id = *id;
    desk.submit(form, page(&desk, id), async |form| {
        let seen = Seen { id, version: form.version()? };
        form.required("why", "请写一句为什么作废");
        let why = form.text("why", REASON_MAX);
        form.check()?;
        desk.act("void proposed", move |act| steps::ask_void(act, seen, &why)).await?;
        desk.app.note_change();
        Ok(Done::to(to(id), "作废已提交复核"))
    })
    .await
}
