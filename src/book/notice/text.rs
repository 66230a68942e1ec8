//! The texts of messages: rendering a template, and everything that must be true of one before it
//! is saved. A template that cannot be rendered never reaches the moment of sending.

use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

use super::fields::Fields;
use super::reason::{COMMON_FIELDS, Reason};
use crate::book::office::Office;
use crate::book::parts::Parts;
use crate::error::{AppError, AppResult};
use crate::plumbing::sms;

/// Letters that a check code is made of: none that is mistaken for another when read aloud.
pub const CODE_LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// The most characters of a template.
pub const TEMPLATE_MAX: usize = 1_000;

/// The check code that previews show.
pub const SAMPLE_CODE: &str = "7K3M9Q";

/// The text of a message of this office.
pub fn render(
    app: &Parts,
    office: &Office,
    reason: Reason,
    fields: &Fields,
    check_code: &str,
) -> AppResult<String> {
    let fields = complete(office, fields, check_code);
    let text = app.templates.render_own(&office.code, &reason.template(), &fields)?;
    Ok(one_line(&text))
}

#[derive(serde::Serialize)]
struct Page<'a> {
    title: &'a str,
    text: &'a str,
    centre: &'a str,
    phone: &'a str,
    address: &'a str,
}

/// The fields of a text, for a vendor that makes the text itself from an approved template.
pub fn params(office: &Office, fields: &Fields, check_code: &str) -> AppResult<serde_json::Value> {
    serde_json::to_value(complete(office, fields, check_code)).map_err(AppError::broken)
}

/// The page of an e-mail: the same text, with who we are below.
pub fn html(app: &Parts, office: &Office, title: &str, text: &str) -> AppResult<String> {
    let page =
        Page { title, text, centre: &office.name, phone: &office.phone, address: &office.address };
    app.templates.render_own(&office.code, "messages/_mail.html", page)
}

/// The subject line of an e-mail.
pub fn title(office: &Office, reason: Reason) -> String {
    format!("{}（{}）", reason.in_words(), office.name)
}

/// The whole text as an SMS leaves: its signature first.
pub fn signed(app: &Parts, office: &Office, text: &str) -> String {
    sms::signed(&app.config.sms, &office.name, text)
}

/// How many SMS a text is charged as, its signature included.
pub fn parts(app: &Parts, office: &Office, text: &str) -> i32 {
    sms::parts(&signed(app, office, text))
}

/// The text of a template that is being edited.
///
/// # Errors
/// Says in Chinese what is wrong with the template: a syntax error, an unknown field, a link, or
/// the check code or telephone missing.
pub fn preview(
    office: &Office,
    reason: Reason,
    template: &str,
    fields: &Fields,
) -> AppResult<String> {
    let wrong = |why: String| AppError::field("text", why);
    if template.trim().is_empty() {
        return Err(wrong("短信内容是空的，请写好再保存。".to_owned()));
    }
    if template.chars().count() > TEMPLATE_MAX {
        return Err(wrong(format!("短信内容太长，最多 {TEMPLATE_MAX} 个字。")));
    }
    only_fields(reason, template).map_err(wrong)?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let complete = Value::from(Serde(complete(office, fields, SAMPLE_CODE)));
    let text = environment
        .render_named_str("text.txt", template, complete)
        .map_err(|error| wrong(describe(&error)))?;
    let text = one_line(&text);
    must_hold(office, &text).map_err(wrong)?;
    Ok(text)
}

/// A template of an office is words and fields of its reason, nothing else: no conditions, no
/// loops, no calculation.
fn only_fields(reason: Reason, template: &str) -> Result<(), String> {
    if template.contains("{%") || template.contains("{#") {
        return Err("只能写文字和字段，不能写 {% 或 {#。".to_owned());
    }
    let known =
        |name: &str| COMMON_FIELDS.iter().chain(reason.fields()).any(|(field, _)| *field == name);
    let mut rest = template;
    let mut unknown: Vec<&str> = Vec::new();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) =
            after.split_once("}}").ok_or("有一个 {{ 没有对应的 }}，请补上。".to_owned())?;
        if before.contains("}}") {
            return Err("有一个 }} 前面没有 {{，请补上。".to_owned());
        }
        let name = name.trim();
        if !known(name) && !unknown.contains(&name) {
            unknown.push(name);
        }
        rest = after;
    }
    if rest.contains("}}") {
        return Err("有一个 }} 前面没有 {{，请补上。".to_owned());
    }
    if unknown.is_empty() {
        return Ok(());
    }
    Err(format!("没有「{}」这个字段，请从列出的字段里选。", unknown.join("」「")))
}

/// What is true of every text that leaves: our telephone, the check code, and no link.
pub fn must_hold(office: &Office, text: &str) -> Result<(), String> {
    if !text.contains(SAMPLE_CODE) {
        return Err("缺核对码：请在内容里写上 {{ check_code }}，收信人凭它核对真假。".to_owned());
    }
    if office.phone.is_empty() || !text.contains(&office.phone) {
        return Err("缺中心电话：请在内容里写上 {{ phone }}。".to_owned());
    }
    fits(text)
}

/// What is true of every word that leaves, a reason in somebody's own words, too.
pub fn fits(text: &str) -> Result<(), String> {
    if has_link(text) {
        return Err("内容里有网址。为防诈骗，我们的短信一律不带网址，请去掉。".to_owned());
    }
    if text.contains(['!', '！']) {
        return Err("内容里有感叹号，请改成句号。".to_owned());
    }
    if text.contains(['【', '】']) {
        return Err("签名会自动加在最前面，内容里不要再写【】。".to_owned());
    }
    if let Some(word) = NOT_OUR_WORDS.iter().find(|word| text.contains(**word)) {
        return Err(format!("「{word}」不写进短信，请换一种平和的说法。"));
    }
    Ok(())
}

/// Words that no message of ours holds (the column "Not" of the words of the design).
pub const NOT_OUR_WORDS: [&str; 12] = [
    "催收",
    "追债",
    "老赖",
    "黑名单",
    "法律责任",
    "征信",
    "务必",
    "按时足额",
    "否则",
    "审核不通过",
    "起诉",
    "失信",
];

/// Whether a text holds something that a phone would make a link of.
pub fn has_link(text: &str) -> bool {
    let text = text.to_lowercase();
    let ends = [".com", ".cn", ".net", ".org", ".top", ".gov", ".cc", ".me", ".io", ".xyz", ".vip"];
    text.contains("http")
        || text.contains("www.")
        || text.contains("://")
        || ends.iter().any(|end| text.contains(end))
}

/// A mistake of a template that is not one of its fields' names.
fn describe(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!("第 {line} 行：")).unwrap_or_default();
    format!("{line}不能按这个写法生成内容，字段要写成 {{{{ name }}}} 的样子。")
}

fn complete(office: &Office, fields: &Fields, check_code: &str) -> Fields {
    fields
        .clone()
        .text("centre", office.name.as_str())
        .text("phone", office.phone.as_str())
        .text("check_code", check_code)
}

/// A text without the line breaks of its file: an SMS has none.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().concat()
}
