//! The form of a graduation confirmation, read: at the desk with all fields, on the borrower's
//! phone with few.

use chrono::NaiveDate;

use super::rules::{Destination, EmployerKind, Typed};
use crate::base::email::is_address;
use crate::error::AppResult;
use crate::web::fields::Fields;

/// Longest texts in characters.
const NAME_MAX: usize = 40;
const ADDRESS_MAX: usize = 80;
const NUMBER_MAX: usize = 20;
const NOTE_MAX: usize = 200;

/// `2026-06`, or a day of that month.
fn month(form: &mut Fields, name: &str) -> Option<NaiveDate> {
    let text = form.get(name).to_owned();
    if text.is_empty() {
        form.reject(name, "请填毕业年月，例如 2026-06");
        return None;
    }
    let parts: Vec<&str> = text.split('-').collect();
    let read = match parts.as_slice() {
        [year, month] | [year, month, _] => year.parse().ok().zip(month.parse().ok()),
        _ => None,
    };
    let day = read.and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1));
    let day = day.filter(|day| crate::base::dates::typed_day(&day.to_string()).is_some());
    if day.is_none() {
        form.reject(name, "毕业年月请写成 2026-06 这样");
    }
    day
}

fn digits(form: &mut Fields, name: &str, (fewest, most): (usize, usize), or: &str) -> String {
    let text = form.text(name, NUMBER_MAX);
    let is_right =
        text.chars().all(|c| c.is_ascii_digit()) && (fewest..=most).contains(&text.len());
    if !text.is_empty() && !is_right {
        form.reject(name, or);
    }
    text
}

/// What was typed; a field that a page does not have says nothing.
pub fn read(form: &mut Fields) -> AppResult<Typed> {
    let graduated_on = month(form, "graduated");
    let destination = form.choice("destination", Destination::from_text, "请选毕业去向");
    let [department, major, student_number] =
        ["department", "major", "student_number"].map(|name| form.text(name, NAME_MAX));
    let [employer, next_school, contact_name] =
        ["employer", "next_school", "contact_name"].map(|name| form.text(name, NAME_MAX));
    let (employer_address, note) =
        (form.text("employer_address", ADDRESS_MAX), form.text("note", NOTE_MAX));
    let employer_kind = EmployerKind::from_text(form.get("employer_kind"));
    let qq = digits(form, "qq", (5, 12), "QQ 号是 5 到 12 位数字");
    let postcode = digits(form, "postcode", (6, 6), "邮编是 6 位数字");
    let email = form.text("email", 100);
    if !email.is_empty() && !is_address(&email) {
        form.reject("email", "邮箱不对，请看看有没有漏掉 @ 和后面的部分");
    }
    let phones = ["phone", "phone2", "phone3"].map(|name| form.phone(name));
    let (employer_phone, contact_phone) =
        (form.phone("employer_phone"), form.phone("contact_phone"));
    let (graduated_on, destination) = form.checked(graduated_on.zip(destination))?;
    Ok(Typed {
        graduated_on,
        destination,
        department,
        major,
        student_number,
        qq,
        postcode,
        email,
        employer,
        employer_kind,
        employer_address,
        employer_phone,
        next_school,
        phones,
        contact_name,
        contact_phone,
        note,
        corrects_file: form.has("correct"),
    })
}
