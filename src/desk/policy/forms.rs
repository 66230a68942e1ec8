//! What the forms of `/policy` say: read into an entry, or one clear sentence about what is wrong.
//! Knows no database.

use chrono::{Datelike, Days, NaiveDate};

use crate::base::rate::RatePpm;
use crate::book::policy::{
    Fault, LaterEntry, PolicyError, Waiver, holidays_entry, lpr_entry, waiver_entry,
};
use crate::book::policy_book::Kind;
use crate::error::{AppResult, FieldError};
use crate::web::fields::Fields;

/// The years that can be meant.
const YEARS: std::ops::RangeInclusive<i32> = 2022..=2100;
/// An LPR above this is a slip of the pen.
const PERCENT_MOST: i32 = 15;
/// Longest number of a document.
const DOCUMENT_MAX: usize = 80;

/// An entry of a file as if it had been typed; its table says the kind.
pub fn of_entry(entry: &LaterEntry) -> Option<(Kind, Fields)> {
    let kind = match entry.table {
        "waiver_year" => Kind::Waiver,
        "lpr" => Kind::Lpr,
        "holidays" => Kind::Holidays,
        _ => return None,
    };
    let same = ["year", "state", "published_on", "percent", "off", "work"];
    let typed = same.iter().fold(Fields::default(), |form, name| form.with(name, entry.text(name)));
    let typed = typed.with("document", entry.text("source"));
    Some((kind, typed.with("document_on", entry.text("announced_on"))))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub kind: Kind,
    /// The year or the day.
    pub subject: String,
    /// One line for pages.
    pub words: String,
    /// The entry of a file.
    pub entry: String,
    /// Number of the document.
    pub document: String,
    pub document_on: Option<NaiveDate>,
}

struct Reading<'a> {
    form: &'a mut Fields,
    today: NaiveDate,
}

/// Reads a form of this kind.
pub fn read(kind: Kind, form: &mut Fields, today: NaiveDate) -> AppResult<Read> {
    let mut reading = Reading { form, today };
    let found = match kind {
        Kind::Waiver => reading.waiver(),
        Kind::Lpr => reading.lpr(),
        Kind::Holidays => reading.holidays(),
        Kind::Revoke => None,
    };
    form.checked(found)
}

impl Reading<'_> {
    fn year(&mut self) -> Option<i32> {
        let year = self.form.get("year").parse::<i32>().ok().filter(|year| YEARS.contains(year));
        if year.is_none() {
            self.form.reject("year", "年份写四位数字，例如 2026");
        }
        year
    }

    fn document(&mut self) -> String {
        let text = self.form.get("document").to_owned();
        if text.is_empty() {
            self.form.reject("document", "文号还没有填；没有文号就写依据，例如 财政部网站公告");
        } else if text.chars().count() > DOCUMENT_MAX {
            self.form.reject("document", "文号太长，请控制在 80 个字以内");
        }
        text
    }

    /// A day that cannot lie ahead.
    fn past_day(&mut self, field: &str, what: &str) -> Option<NaiveDate> {
        match self.form.get(field).parse::<NaiveDate>() {
            Ok(day) if day > self.today => {
                self.form.reject(field, format!("{what} {day} 还没有到，请核对"));
                None
            }
            Ok(day) => Some(day),
            Err(_) => {
                self.form.reject(field, format!("{what}写成 2026-04-01 这样"));
                None
            }
        }
    }

    fn document_on(&mut self) -> Option<NaiveDate> {
        self.past_day("document_on", "发文日期")
    }

    fn waiver(&mut self) -> Option<Read> {
        let year = self.year();
        let waiver = match self.form.get("state") {
            "announced" => Some(Waiver::Announced),
            "none" => Some(Waiver::None),
            _ => {
                self.form.reject("state", "请选这一年免除，还是不免除");
                None
            }
        };
        // The notice of a year comes in that year, at the earliest late in the one before.
        if year.is_some_and(|year| year > self.today.year() + 1) {
            self.form.reject("year", "那一年还早，通知还没有出，只能录入今年、明年和以前的");
        }
        let (document, on) = (self.document(), self.document_on());
        let (year, waiver) = (year?, waiver?);
        let words = match waiver {
            Waiver::Announced => format!("{year} 年利息免除"),
            _ => format!("{year} 年没有免息政策"),
        };
        let entry = waiver_entry(year, waiver, &document, on);
        let subject = year.to_string();
        Some(Read { kind: Kind::Waiver, subject, words, entry, document, document_on: on })
    }

    fn lpr(&mut self) -> Option<Read> {
        let day = self.past_day("published_on", "公布日期");
        let text = self.form.get("percent").trim_end_matches('%').to_owned();
        let fits =
            |rate: &RatePpm| rate.get() > 0 && rate.get() <= PERCENT_MOST.saturating_mul(10_000);
        let rate = text.parse::<RatePpm>().ok().filter(fits);
        if rate.is_none() {
            self.form.reject("percent", "利率写成百分数，例如 3.50");
        }
        let document = self.document();
        let (day, rate) = (day?, rate?);
        let words = format!("{day} 公布的五年期以上 LPR {}%", rate.to_percent_text());
        let entry = lpr_entry(day, rate, &document);
        let subject = day.to_string();
        Some(Read { kind: Kind::Lpr, subject, words, entry, document, document_on: Some(day) })
    }

    fn days(&mut self, field: &str, year: i32) -> Vec<NaiveDate> {
        let (mut found, text) = (Vec::new(), self.form.get(field).to_owned());
        for part in text.split([' ', '\n', '\r', '\t', ',', '，', '、', ';', '；']) {
            if part.is_empty() {
                continue;
            }
            match span(part) {
                Some(days) if days.iter().all(|day| day.year() == year) => found.extend(days),
                Some(_) => self.form.reject(field, format!("{part} 不在 {year} 年")),
                None => self.form.reject(
                    field,
                    format!(
                        "「{part}」看不懂，写成 {year}-10-01，连着的写成 {year}-10-01至{year}-10-07"
                    ),
                ),
            }
        }
        found.sort_unstable();
        found
    }

    fn holidays(&mut self) -> Option<Read> {
        let year = self.year()?;
        let off = self.days("off", year);
        let work = self.days("work", year);
        if off.is_empty() && self.form.check().is_ok() {
            self.form.reject("off", "放假的日子还没有填");
        }
        let all = [off.as_slice(), work.as_slice()].concat();
        let twice = all.iter().find(|day| all.iter().filter(|other| other == day).count() > 1);
        if let Some(day) = twice {
            self.form.reject("work", format!("{day} 写了两次，请核对"));
        }
        let (document, on) = (self.document(), self.document_on());
        let words = format!("{year} 年放假 {} 天，补班 {} 天", off.len(), work.len());
        let entry = holidays_entry(year, (&off, &work), &document, on);
        let subject = year.to_string();
        Some(Read { kind: Kind::Holidays, subject, words, entry, document, document_on: on })
    }
}

/// `2027-10-01`, or `2027-10-01至2027-10-07`; a month at most.
fn span(text: &str) -> Option<Vec<NaiveDate>> {
    let (from, to) = text.split_once(['至', '~', '～']).unwrap_or((text, text));
    let (from, to): (NaiveDate, NaiveDate) = (from.parse().ok()?, to.parse().ok()?);
    let length = u64::try_from((to - from).num_days()).ok().filter(|days| *days <= 31)?;
    (0..=length).map(|n| from.checked_add_days(Days::new(n))).collect()
}

/// Why the rules do not take an entry, as one sentence; and at which field it is said.
pub fn in_words(error: &PolicyError) -> FieldError {
    let field = match error.key.as_str() {
        "lpr" => "published_on",
        _ => "year",
    };
    let message = match (&error.fault, error.key.as_str()) {
        (Fault::NotLater { newest, .. }, _) => {
            format!("{newest} 及以前的数值已经录入，只能录入更晚的，不能改以前的")
        }
        (Fault::Hole { after, before }, "lpr") => {
            format!("{after} 和 {before} 之间还缺一个月的数值，请先补上")
        }
        (Fault::Hole { before, .. }, _) => {
            format!("{} 年的还没有录入，请先录入那一年", before.year() - 1)
        }
        (Fault::Overlap { from, .. }, "waiver_year") => {
            format!("{} 年已经定了，不能再改", from.year())
        }
        (Fault::Overlap { from, .. }, _) => {
            format!("{} 年的节假日已经录入，不能再改", from.year())
        }
        _ => "这一条和已有的规定合不上，请核对".to_owned(),
    };
    FieldError { field: field.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AppError;

    fn today() -> NaiveDate {
        "2026-10-31".parse().unwrap()
    }

    fn typed(fields: &[(&str, &str)]) -> Fields {
        fields.iter().fold(Fields::default(), |form, (name, value)| form.with(name, value))
    }

    fn faults(kind: Kind, fields: &[(&str, &str)]) -> Vec<String> {
        match read(kind, &mut typed(fields), today()).unwrap_err() {
            AppError::Invalid(errors) => errors.into_iter().map(|e| e.message).collect(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_one_sentence_each() {
        assert_eq!(faults(Kind::Holidays, &[]), ["年份写四位数字，例如 2026"]);
        assert_eq!(faults(Kind::Waiver, &[]).len(), 4);
        let lpr = |day: &'static str, percent: &'static str| {
            [("published_on", day), ("percent", percent), ("document", "公告")]
        };
        for percent in ["", "0", "350", "3.5.0", "-1"] {
            let wrong = faults(Kind::Lpr, &lpr("2026-09-21", percent));
            assert_eq!(wrong, ["利率写成百分数，例如 3.50"], "{percent}");
        }
        let ahead = faults(Kind::Lpr, &lpr("2026-11-20", "3.50"));
        assert_eq!(ahead, ["公布日期 2026-11-20 还没有到，请核对"]);
        let mut good = typed(&lpr("2026-09-21", " 3.50% "));
        let found = read(Kind::Lpr, &mut good, today()).unwrap();
        assert_eq!(found.words, "2026-09-21 公布的五年期以上 LPR 3.50%");
    }

    #[test]
    fn spans_of_days_are_read() {
        let good = |work: &'static str| {
            [
                ("year", "2027"),
                ("off", "2027-01-01至2027-01-03\n2027-02-05"),
                ("work", work),
                ("document", "国办发明电〔2026〕9号"),
                ("document_on", "2026-10-30"),
            ]
        };
        let mut form = typed(&good("2027-02-14、2027-02-20"));
        let found = read(Kind::Holidays, &mut form, today()).unwrap();
        assert_eq!(found.words, "2027 年放假 4 天，补班 2 天");
        assert_eq!(faults(Kind::Holidays, &good("2028-01-01")), ["2028-01-01 不在 2027 年"]);
        let twice = faults(Kind::Holidays, &good("2027-01-02"));
        assert_eq!(twice, ["2027-01-02 写了两次，请核对"]);
    }
}
