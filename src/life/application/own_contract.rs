//! The contract of the county's own interest-free loan in full: its terms as the director has them,
//! by the day from which each version holds. The bank's contracts are the bank's own; of them the
//! counter prints only the summary. `/admin/contract-text` shows terms filled in before they hold.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::base::dates::in_words;
use crate::base::scope::Scope;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::setting;
use crate::error::{AppError, AppResult};
use crate::plumbing::db::Db;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

const KEY: &str = "own_contract";
/// Longest terms in characters: two sheets of A4.
const TERMS_MAX: usize = 4000;
const BUILT_IN: &str = include_str!("../../../templates/application/own_contract.txt");

/// What terms may name, with what the preview puts there.
pub const FIELDS: [(&str, &str); 10] = [
    ("中心", "乐至县学生资助管理中心"),
    ("学生", "张三"),
    ("共同借款人", "张大山"),
    ("关系", "父亲"),
    ("学校", "四川大学"),
    ("学年", "2026-2027"),
    ("金额", "¥8,000.00"),
    ("大写", "捌仟元整"),
    ("期限", "19"),
    ("到期日", "2045年9月20日"),
];
/// Without these it is no contract.
const NEEDED: [&str; 3] = ["学生", "共同借款人", "金额"];

/// Terms and the first day on which a contract is signed with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    since: NaiveDate,
    text: String,
}

/// All that the office has set, oldest first; none: the built-in terms hold.
fn versions(db: &mut Db, scope: &Scope) -> AppResult<Vec<Version>> {
    let stored = setting::get(db, scope, KEY)?;
    stored.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(AppError::broken))
}

fn on(versions: &[Version], day: NaiveDate) -> &str {
    let found = versions.iter().rev().find(|one| one.since <= day);
    found.map_or(BUILT_IN, |one| one.text.as_str())
}

/// The terms of a contract signed on a day, paragraph by paragraph, filled in.
pub fn terms(
    db: &mut Db,
    scope: &Scope,
    (day, values): (NaiveDate, &[(&str, String)]),
) -> AppResult<Vec<String>> {
    let versions = versions(db, scope)?;
    Ok(filled(on(&versions, day), values))
}

fn filled(text: &str, values: &[(&str, String)]) -> Vec<String> {
    let put =
        |text: String, (name, value): &(&str, String)| text.replace(&format!("{{{name}}}"), value);
    let whole = values.iter().fold(text.to_owned(), put);
    whole.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What of these terms cannot be printed, in a sentence; none when they can.
fn problem(text: &str) -> Option<String> {
    if let Some(name) = NEEDED.iter().find(|name| !text.contains(&format!("{{{name}}}"))) {
        return Some(format!("合同里要有{{{name}}}，请补上"));
    }
    let named = text.split('{').skip(1).map(|rest| rest.split_once('}').map(|(name, _)| name));
    let known = |name: &str| FIELDS.iter().any(|(field, _)| *field == name);
    for name in named {
        match name {
            Some(name) if known(name) => {}
            Some(name) => return Some(format!("没有{{{name}}}这一项，请用右边列出的")),
            None => return Some("有一个大括号没有写完，请检查".to_owned()),
        }
    }
    None
}

#[derive(Serialize)]
struct TermsPage {
    since: String,
    shown: Vec<String>,
    /// Earlier ones, newest first: from when, and how they begin.
    earlier: Vec<(String, String)>,
    fields: [(&'static str, &'static str); 10],
    /// Stands for what the form was filled from.
    version: usize,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    from: String,
}

impl FormPage for TermsPage {
    const TEMPLATE: &'static str = "application/own_contract.html";
    const REFUSED_AT: &'static str = "text";

    fn fields(&self) -> Fields {
        Fields::default().with("text", &self.text).with("since", &self.from)
    }
}

fn earlier(versions: &[Version]) -> Vec<(String, String)> {
    let before = versions.iter().rev().skip(1);
    let line = |one: &Version| (in_words(one.since, NaiveDate::MIN), one.text.clone());
    before.map(line).collect()
}

async fn page(desk: &DeskRequest, typed: Option<String>) -> AppResult<TermsPage> {
    let versions = desk.read(versions).await?;
    let today = desk.today();
    let last = versions.last();
    let text = last.map_or(BUILT_IN, |one| one.text.as_str()).trim().to_owned();
    let sample = FIELDS.map(|(name, value)| (name, value.to_owned()));
    let shown = typed.as_deref().unwrap_or(&text);
    Ok(TermsPage {
        since: last.map(|one| in_words(one.since, NaiveDate::MIN)).unwrap_or_default(),
        version: versions.len(),
        earlier: earlier(&versions),
        shown: filled(shown, &sample),
        fields: FIELDS,
        text,
        from: today.to_string(),
    })
}

/// `GET /admin/contract-text`
pub async fn show(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&page(&desk, None).await?)
}

/// `POST /admin/contract-text`: `look` shows what is typed, else it is kept from a day on.
pub async fn change(desk: DeskRequest, form: Form) -> AppResult<HttpResponse> {
    let typed = form.0.get("text").replace("\r\n", "\n");
    if form.0.get("step") == "look" && problem(&typed).is_none() {
        let mut shown = page(&desk, Some(typed.clone())).await?;
        form.0.get("since").clone_into(&mut shown.from);
        return desk.show(&TermsPage { text: typed, ..shown });
    }
    desk.submit(form, page(&desk, Some(typed.clone())), async |form: &mut Fields| {
        if typed.chars().count() > TERMS_MAX {
            form.reject("text", format!("太长了，请写在 {TERMS_MAX} 个字以内"));
        }
        if let Some(why) = problem(&typed) {
            form.reject("text", why);
        }
        let since = form.date("since");
        if since.is_none_or(|since| since < desk.today()) {
            form.reject("since", "从哪天签的合同起用，请写今天或以后的日期");
        }
        if form.get("step") != "save" {
            form.reject("text", "请点“先看样子”或者“保存条款”");
        }
        let version = form.version()?;
        let since = form.checked(since)?;
        let step = move |act: &mut Act<'_>| keep(act, version, since, &typed);
        desk.act("own contract", step).await?;
        let day = in_words(since, desk.today());
        Ok(Done::to("/admin/contract-text", format!("已保存，{day}起签的合同用这些条款")))
    })
    .await
}

fn keep(act: &mut Act<'_>, seen: i32, since: NaiveDate, text: &str) -> AppResult<()> {
    let mut all = versions(act.db, act.scope)?;
    if i32::try_from(all.len()) != Ok(seen) {
        return Err(AppError::Changed);
    }
    let last = all.last();
    let same_text = last.map_or(BUILT_IN, |one| one.text.as_str()).trim() == text.trim();
    if same_text && last.is_none_or(|one| one.since <= since) {
        return Err(AppError::field("text", "条款没有改动，不用保存"));
    }
    // One that has not begun yet is replaced by what is said now.
    all.retain(|one| one.since < since);
    all.push(Version { since, text: text.trim().to_owned() });
    let stored = serde_json::to_string(&all).map_err(AppError::broken)?;
    setting::set(act.db, act.scope, KEY, &stored)?;
    let summary = format!("县自办贷款合同条款，{since} 起：{}", text.trim());
    act.audit(AuditEntry::of("message_text", "合同条款", summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_name_the_parties_and_nothing_unknown() {
        assert_eq!(problem(BUILT_IN), None);
        let lines = filled(BUILT_IN, &FIELDS.map(|(name, value)| (name, value.to_owned())));
        assert!(lines.len() == 7 && lines.iter().all(|line| !line.contains('{')), "{lines:?}");
        for (text, why) in [
            ("{学生}{金额}", "合同里要有{共同借款人}"),
            ("{学生}{共同借款人}{金额}{利息}", "没有{利息}这一项"),
            ("{学生}{共同借款人}{金额}{学年", "没有写完"),
        ] {
            assert!(problem(text).unwrap().contains(why), "{text}");
        }
    }

    #[test]
    fn a_contract_keeps_the_terms_of_its_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let all = [
            Version { since: day("2027-08-01"), text: "甲".to_owned() },
            Version { since: day("2028-07-15"), text: "乙".to_owned() },
        ];
        assert_eq!(on(&all, day("2027-07-31")), BUILT_IN);
        assert_eq!(on(&all, day("2028-07-14")), "甲");
        assert_eq!(on(&all, day("2028-07-15")), "乙");
    }
}
