//! What may be answered about a visit, how an answer is read, and in which state a batch is. Pure.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::base::dates::in_words;
use crate::base::ids::text_enum;
use crate::base::phone_number::PhoneNumber;
use crate::book::contact::record::{Ability, Outcome, Party};
use crate::error::FieldError;
use crate::life::visits::purpose::Purpose;

text_enum! {
    /// Whom the visitors met.
    Met {
        Student = "student", "本人";
        Parents = "parents", "父母";
        /// Others of the family.
        Family = "family", "其他家人";
        Others = "others", "邻居或村组干部";
        Nobody = "nobody", "家中无人";
        /// A workbook has no column for it, and its result does not say it.
        Unwritten = "unwritten", "没有写";
    }
}

impl Met {
    /// Those that a form offers.
    pub fn offered() -> impl Iterator<Item = Met> {
        Met::ALL.iter().copied().filter(|one| *one != Met::Unwritten)
    }

    /// As a contact record names it.
    pub const fn party(self) -> Party {
        match self {
            Met::Student => Party::Student,
            Met::Parents | Met::Family | Met::Nobody => Party::Family,
            Met::Others | Met::Unwritten => Party::Other,
        }
    }
}

/// Where the borrower is.
pub const WHEREABOUTS: [&str; 5] = ["在家", "在外务工", "在部队服役", "继续读书", "不清楚"];
/// What weighs on the family.
pub const FAMILY: [&str; 5] = ["低保或监测户", "有人患重病", "受灾", "无劳动力", "其他"];
/// Longest note in characters.
const NOTE_MAX: usize = 300;
/// Longest other text in characters.
const TEXT_MAX: usize = 40;
/// Days into the future a promise may lie.
const PROMISE_DAYS: u64 = 366;

/// A form as it was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Typed {
    /// Text of an [`Outcome`].
    pub outcome: String,
    /// Text of a [`Met`].
    pub met: String,
    /// One of [`WHEREABOUTS`].
    pub whereabouts: String,
    pub place: String,
    /// New number of the borrower.
    pub new_phone: String,
    /// New number of the family.
    pub family_phone: String,
    /// The day they promise.
    pub promised_on: String,
    /// The day of the visit.
    pub visited_on: String,
    /// Some of [`FAMILY`].
    pub family: Vec<String>,
    /// Text of an [`Ability`]; asked in a yearly contact.
    pub ability: String,
    /// What the family wishes; asked in a yearly contact.
    pub wish: String,
    pub note: String,
    pub filled_by: String,
}

impl Typed {
    /// Takes the fields of a form.
    pub fn of(pairs: &[(String, String)]) -> Typed {
        let one = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let family = pairs.iter().filter(|(key, _)| key == "family").map(|(_, v)| v.clone());
        Typed {
            outcome: one("outcome"),
            met: one("met"),
            whereabouts: one("whereabouts"),
            place: one("place"),
            new_phone: one("new_phone"),
            family_phone: one("family_phone"),
            promised_on: one("promised_on"),
            visited_on: one("visited_on"),
            family: family.collect(),
            ability: one("ability"),
            wish: one("wish"),
            note: one("note"),
            filled_by: one("filled_by"),
        }
    }
}

/// What was answered about a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// What came of it.
    pub outcome: Outcome,
    pub met: Met,
    /// Where the borrower is, in words.
    pub whereabouts: String,
    /// New number of the borrower; as typed when it cannot be read.
    pub new_phone: String,
    /// New number of the family.
    pub family_phone: String,
    /// The day they promise.
    pub promised_on: Option<NaiveDate>,
    /// The day of the visit.
    pub visited_on: NaiveDate,
    /// What weighs on the family, in words.
    pub family: String,
    /// Text of an [`Ability`]: how far they can pay.
    #[serde(default)]
    pub ability: String,
    /// What the family wishes.
    #[serde(default)]
    pub wish: String,
    pub note: String,
    /// Who filled it in.
    pub filled_by: String,
}

fn wrong(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

/// What a paper asks, and between which days it can have been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// What it is about.
    pub purpose: Purpose,
    /// The day it was made: nobody went there with it before.
    pub since: NaiveDate,
    pub today: NaiveDate,
}

/// What is wrong with the day of a visit; none when it can be taken.
pub fn visit_fault(day: NaiveDate, (since, today): (NaiveDate, NaiveDate)) -> Option<String> {
    if day > today {
        Some("走访日期还没有到，请核对".to_owned())
    } else if day < since {
        Some(format!("走访日期在做表的日子（{}）以前，请核对", in_words(since, today)))
    } else {
        None
    }
}

/// Reads a form that was filled in, or says what is to be put right.
pub fn read(typed: &Typed, paper: Paper) -> Result<Answers, Vec<FieldError>> {
    let Paper { purpose, today, .. } = paper;
    let mut errors = Vec::new();
    let known = |one: &Outcome| purpose.outcomes().iter().any(|(known, _)| known == one);
    let outcome = Outcome::from_text(&typed.outcome).filter(known);
    if outcome.is_none() {
        errors.push(wrong("outcome", "请选一项走访结果"));
    }
    let outcome = outcome.unwrap_or(Outcome::NoAnswer);
    let met = match Met::offered().find(|one| one.as_text() == typed.met) {
        Some(met) => met,
        None if matches!(outcome, Outcome::NoAnswer | Outcome::MovedAway) => Met::Nobody,
        None => {
            errors.push(wrong("met", "请选见到了谁"));
            Met::Nobody
        }
    };
    let family = matches!(met, Met::Student | Met::Parents | Met::Family);
    if (outcome == Outcome::NoAnswer && family)
        || (outcome == Outcome::MovedAway && met == Met::Student)
    {
        errors.push(wrong(
            "met",
            format!("“见到谁”选了{}，和走访结果对不上，请核对", met.in_words()),
        ));
    }
    if !typed.met.is_empty() && met == Met::Nobody && outcome.is_reached() {
        errors.push(wrong("met", "“见到谁”选了家中无人，和走访结果对不上，请核对"));
    }
    let visited_on = visit_day(&typed.visited_on, paper, &mut errors);
    let promised_on = match purpose {
        Purpose::Overdue => promise_day(typed, outcome, today, &mut errors),
        Purpose::Yearly => None,
    };
    if promised_on.is_some_and(|day| day < visited_on) {
        errors.push(wrong("promised_on", "约定的还款日在走访的日子以前，请核对"));
    }
    for (field, text) in [("new_phone", &typed.new_phone), ("family_phone", &typed.family_phone)] {
        if let Some(Err(problem)) = (!text.is_empty()).then(|| PhoneNumber::parse(text)) {
            errors.push(wrong(field, problem.to_chinese()));
        }
    }
    if typed.filled_by.is_empty() {
        errors.push(wrong("filled_by", "请写填表人的姓名"));
    }
    for (field, text, most) in [
        ("note", &typed.note, NOTE_MAX),
        ("wish", &typed.wish, NOTE_MAX),
        ("place", &typed.place, TEXT_MAX),
        ("filled_by", &typed.filled_by, TEXT_MAX),
    ] {
        if text.chars().count() > most {
            errors.push(wrong(field, format!("写得太长，请写在 {most} 个字以内")));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let chosen = WHEREABOUTS.iter().find(|one| **one == typed.whereabouts).copied();
    let family = FAMILY.iter().filter(|one| typed.family.iter().any(|it| it == *one));
    let number = |text: &str| {
        PhoneNumber::parse(text).map_or(String::new(), |number| number.as_str().to_owned())
    };
    Ok(Answers {
        outcome,
        met,
        whereabouts: [chosen.unwrap_or_default(), &typed.place].join(" ").trim().to_owned(),
        new_phone: number(&typed.new_phone),
        family_phone: number(&typed.family_phone),
        promised_on,
        visited_on,
        family: family.copied().collect::<Vec<_>>().join("、"),
        ability: Ability::from_text(&typed.ability).map_or("", Ability::as_text).to_owned(),
        wish: typed.wish.clone(),
        note: typed.note.clone(),
        filled_by: typed.filled_by.clone(),
    })
}

fn visit_day(text: &str, paper: Paper, errors: &mut Vec<FieldError>) -> NaiveDate {
    let Paper { since, today, .. } = paper;
    match day(text, today, false) {
        None if text.is_empty() => today,
        Some(day) => {
            errors.extend(visit_fault(day, (since, today)).map(|why| wrong("visited_on", why)));
            day
        }
        None => {
            errors.push(wrong("visited_on", "走访日期请写成 2026-11-05 这样"));
            today
        }
    }
}

fn promise_day(
    typed: &Typed,
    outcome: Outcome,
    today: NaiveDate,
    errors: &mut Vec<FieldError>,
) -> Option<NaiveDate> {
    let text = &typed.promised_on;
    let until = today.checked_add_days(Days::new(PROMISE_DAYS)).unwrap_or(today);
    let from = today.checked_sub_days(Days::new(60)).unwrap_or(today);
    match day(text, today, true) {
        None if text.is_empty() && outcome == Outcome::Promised => {
            errors.push(wrong("promised_on", "约好了还款，请写约定的日子"));
            None
        }
        None if text.is_empty() => None,
        Some(day) if (from..=until).contains(&day) => Some(day),
        Some(_) => {
            errors.push(wrong("promised_on", "约定的日子要在一年以内，请核对"));
            None
        }
        None => {
            errors.push(wrong("promised_on", "约定的日子请写成 2026-11-20 这样"));
            None
        }
    }
}

/// A day as people write it: `2026-11-05`, `2026/11/5`, `2026年11月5日`, `11月5日`. Without a
/// year it is the nearest one to come (`ahead`) or that has been.
pub fn day(text: &str, today: NaiveDate, ahead: bool) -> Option<NaiveDate> {
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> =
        date.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let at = |year: i32, month: &str, day: &str| {
        NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
    };
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => at(year.parse().ok()?, month, day),
        [month, day] => {
            let this = at(today.year(), month, day)?;
            match (ahead, this < today) {
                (true, true) => at(today.year() + 1, month, day),
                (false, false) if this > today => at(today.year() - 1, month, day),
                _ => Some(this),
            }
        }
        _ => None,
    }
}

/// What a picture is, by its first bytes; the name and what the browser says do not count.
pub fn picture_kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Some("jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("webp")
    } else {
        None
    }
}

/// `覃*远`: enough for a visitor who knows the family, too little for anybody else.
pub fn masked_name(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    match letters.as_slice() {
        [] => String::new(),
        [one] => one.to_string(),
        [first, _] => format!("{first}*"),
        [first, middle @ .., last] => format!("{first}{}{last}", "*".repeat(middle.len())),
    }
}

/// How many sheets of a batch are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub out: i64,
    /// Back, to be looked at.
    pub returned: i64,
    pub accepted: i64,
    /// Taken out of use.
    pub void: i64,
}

impl Counts {
    pub const fn all(self) -> i64 {
        self.out + self.returned + self.accepted
    }

    /// Those that came back.
    pub const fn back(self) -> i64 {
        self.returned + self.accepted
    }
}

/// The state of a batch on `today`: the kind of tag and the words.
pub fn state(
    counts: Counts,
    handed_on: Option<NaiveDate>,
    return_by: NaiveDate,
    today: NaiveDate,
) -> (&'static str, String) {
    // A code works from the moment it is printed; that papers come back says they were handed over.
    let unwritten = if handed_on.is_none() { "，没有记交付" } else { "" };
    let back = format!("回来 {}/{}{unwritten}", counts.back(), counts.all());
    if counts.all() == 0 {
        ("", "已作废".to_owned())
    } else if counts.out == 0 {
        ("ok", format!("全部{back}"))
    } else if today > return_by {
        ("bad", format!("超期，{back}"))
    } else if counts.back() > 0 {
        ("acc", back)
    } else if handed_on.is_some() {
        ("acc", "已交付".to_owned())
    } else {
        ("wait", "未交付".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        let today = on("2026-12-21");
        for text in ["2026-11-05", "2026/11/5", "2026年11月5日", "2026.11.05", "11月5日"] {
            assert_eq!(day(text, today, false), Some(on("2026-11-05")), "{text}");
        }
        assert_eq!(day("1月8日", today, true), Some(on("2027-01-08")));
        assert_eq!(day("12月25日", today, false), Some(on("2025-12-25")));
        for text in ["", "下周", "2026-13-01", "5"] {
            assert_eq!(day(text, today, true), None, "{text}");
        }
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_said() {
        let today = on("2026-12-21");
        let paper = |purpose| Paper { purpose, since: on("2026-12-10"), today };
        let fields = |typed: &Typed| {
            let errors = read(typed, paper(Purpose::Overdue)).unwrap_err();
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&Typed::default()), ["outcome", "filled_by"]);
        let good = Typed {
            outcome: "promised".to_owned(),
            met: "parents".to_owned(),
            promised_on: "1月8日".to_owned(),
            new_phone: "164 1099 4847".to_owned(),
            filled_by: "王主任".to_owned(),
            ..Typed::default()
        };
        let answers = read(&good, paper(Purpose::Overdue)).unwrap();
        assert_eq!(answers.promised_on, Some(on("2027-01-08")));
        let gone = Typed { promised_on: "2026-12-01".to_owned(), ..good.clone() };
        let faults = read(&gone, paper(Purpose::Overdue)).unwrap_err();
        assert!(faults.iter().any(|one| one.field == "promised_on"), "before the visit");
        assert_eq!(answers.new_phone, "16410994847");
        // Of a family that owes nothing, no promise is taken.
        let yearly = read(&good, paper(Purpose::Yearly)).unwrap_err();
        assert_eq!(yearly[0].field, "outcome");
        let spoken = Typed { outcome: "reached".to_owned(), ..good.clone() };
        assert_eq!(read(&spoken, paper(Purpose::Yearly)).unwrap().promised_on, None);
        for (day, said) in
            [("2026-12-22", "还没有到"), ("2020-01-01", "做表的日子（12月10日）以前")]
        {
            let then = Typed { visited_on: day.to_owned(), ..good.clone() };
            let faults = read(&then, paper(Purpose::Overdue)).unwrap_err();
            assert_eq!(faults[0].field, "visited_on");
            assert!(faults[0].message.contains(said), "{faults:?}");
        }
        for (outcome, met) in
            [("no_answer", "student"), ("no_answer", "family"), ("moved_away", "student")]
        {
            let (outcome, met) = (outcome.to_owned(), met.to_owned());
            let odd = Typed { outcome, met, promised_on: String::new(), ..good.clone() };
            assert_eq!(fields(&odd), ["met"], "{odd:?}");
        }
        let told =
            Typed { outcome: "no_answer".to_owned(), met: "others".to_owned(), ..good.clone() };
        let told = Typed { promised_on: String::new(), ..told };
        assert!(
            read(&told, paper(Purpose::Overdue)).is_ok(),
            "neighbours can say that nobody is in"
        );
        let first = Typed { visited_on: "2026-12-10".to_owned(), ..good.clone() };
        assert!(read(&first, paper(Purpose::Overdue)).is_ok(), "on the day itself");
        let bad = Typed { met: "nobody".to_owned(), new_phone: "12".to_owned(), ..good };
        assert_eq!(fields(&bad), ["met", "new_phone"]);
    }

    #[test]
    fn pictures_are_known_by_their_bytes_and_names_are_masked() {
        assert_eq!(picture_kind(b"\xFF\xD8\xFF\xE0"), Some("jpeg"));
        assert_eq!(picture_kind(b"\x89PNG\r\n\x1a\n"), Some("png"));
        assert_eq!(picture_kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("webp"));
        assert_eq!(picture_kind(b"<svg>"), None);
        assert_eq!(masked_name("覃志远"), "覃*远");
        assert_eq!(masked_name("覃远"), "覃*");
    }
}
