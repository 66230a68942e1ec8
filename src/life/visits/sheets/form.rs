//! The form about a visit, as the desk, the page behind a code, a liaison's page and the phone of a
//! round show and read it.

use chrono::{Days, NaiveDate};
use minijinja::Value;
use serde::Serialize;

use super::rules::{self, Answers, FAMILY, Met, Paper, WHEREABOUTS};
use super::take::Picture;
use crate::base::choice::Choice;
use crate::base::phone_number::PhoneNumber;
use crate::book::contact::record::{Ability, Outcome};
use crate::error::{AppError, AppResult, FieldError};
use crate::life::visits::purpose::Purpose;
pub use crate::plumbing::picture::PHOTO_MB;
use crate::plumbing::picture::{self, PictureProblem};
use crate::web::fields::Fields;
use crate::web::upload::UploadForm;

/// Longest note in characters.
const NOTE_MAX: usize = 300;
/// Longest other text in characters.
const TEXT_MAX: usize = 40;
/// Days into the future and into the past a promise may lie.
const PROMISE_DAYS: (u64, u64) = (366, 60);

/// What can be chosen.
#[derive(Debug, Default, Serialize)]
pub struct Choices {
    /// A yearly contact: other questions, nothing about money that is due.
    yearly: bool,
    /// What the paper is called.
    paper: &'static str,
    outcomes: Vec<Choice>,
    met: Vec<Choice>,
    whereabouts: Vec<&'static str>,
    family: Vec<&'static str>,
    abilities: Vec<Choice>,
}

impl Choices {
    pub fn new(purpose: Purpose) -> Choices {
        let outcome = |(one, text): &(Outcome, &str)| Choice::new(one.as_text(), text);
        Choices {
            yearly: purpose.is_yearly(),
            paper: purpose.paper(),
            abilities: Choice::all(Ability::ALL),
            outcomes: purpose.outcomes().iter().map(outcome).collect(),
            met: Met::offered().map(Choice::from).collect(),
            whereabouts: WHEREABOUTS.to_vec(),
            family: FAMILY.to_vec(),
        }
    }
}

/// What `m/_sheet_fields.html` shows.
#[derive(Debug, Default, Serialize)]
pub struct Form {
    #[serde(flatten)]
    choices: Choices,
    form: Value,
    /// What is to be put right.
    pub errors: Vec<FieldError>,
}

impl Form {
    /// The form with what was typed and what is wrong with it.
    pub fn new(purpose: Purpose, typed: &Fields, errors: Vec<FieldError>) -> Form {
        Form { choices: Choices::new(purpose), form: typed.to_value(), errors }
    }

    /// The form of today before anybody has typed; `name` fills it in when that is known.
    pub fn blank(purpose: Purpose, today: NaiveDate, name: &str) -> Form {
        let typed = Fields::default().with("visited_on", today).with("filled_by", name);
        Form::new(purpose, &typed, Vec::new())
    }
}

/// Reads what was sent: answers and the photograph, or the form again.
///
/// # Errors
/// The form with what was typed, and one sentence for each field that is wrong.
pub async fn read(
    sent: &UploadForm,
    paper: Paper,
) -> Result<(Answers, Option<Picture>), Box<Form>> {
    let mut fields = sent.fields.clone();
    match (answers(&mut fields, paper), picture(sent).await) {
        (Ok(answers), Ok(picture)) => Ok((answers, picture)),
        (answers, picture) => {
            let mut errors = match answers {
                Err(AppError::Invalid(errors)) => errors,
                _ => Vec::new(),
            };
            errors.extend(picture.err());
            Err(Box::new(Form::new(paper.purpose, &fields, errors)))
        }
    }
}

/// What was answered about a visit.
///
/// # Errors
/// Everything that is to be put right.
pub fn answers(form: &mut Fields, paper: Paper) -> AppResult<Answers> {
    let offered = |text: &str| {
        Outcome::from_text(text)
            .filter(|one| paper.purpose.outcomes().iter().any(|(known, _)| known == one))
    };
    let outcome = form.choice("outcome", offered, "请选一项走访结果").unwrap_or(Outcome::NoAnswer);
    let met = met(form, outcome);
    let visited_on = visit_day(form, paper);
    let promised_on = match paper.purpose {
        Purpose::Overdue => promise_day(form, outcome, paper.today),
        Purpose::Yearly => None,
    };
    if promised_on.is_some_and(|day| day < visited_on) {
        form.reject("promised_on", "约定的还款日在走访的日子以前，请核对");
    }
    let [new_phone, family_phone] = ["new_phone", "family_phone"]
        .map(|name| form.phone(name).as_ref().map_or("", PhoneNumber::as_str).to_owned());
    form.required("filled_by", "请写填表人的姓名");
    let [note, wish] = ["note", "wish"].map(|name| form.text(name, NOTE_MAX));
    let [place, filled_by] = ["place", "filled_by"].map(|name| form.text(name, TEXT_MAX));
    form.check()?;
    let chosen = WHEREABOUTS.iter().find(|one| **one == form.get("whereabouts")).copied();
    let family = FAMILY.iter().filter(|one| form.all("family").any(|it| it == **one));
    Ok(Answers {
        outcome,
        met,
        whereabouts: [chosen.unwrap_or_default(), &place].join(" ").trim().to_owned(),
        new_phone,
        family_phone,
        promised_on,
        visited_on,
        family: family.copied().collect::<Vec<_>>().join("、"),
        ability: Ability::from_text(form.get("ability")).map_or("", Ability::as_text).to_owned(),
        wish,
        note,
        filled_by,
    })
}

/// Whom they met; it has to agree with what came of it.
fn met(form: &mut Fields, outcome: Outcome) -> Met {
    let met = match Met::offered().find(|one| one.as_text() == form.get("met")) {
        Some(met) => met,
        None if matches!(outcome, Outcome::NoAnswer | Outcome::MovedAway) => Met::Nobody,
        None => {
            form.reject("met", "请选见到了谁");
            Met::Nobody
        }
    };
    let is_family = matches!(met, Met::Student | Met::Parents | Met::Family);
    if (outcome == Outcome::NoAnswer && is_family)
        || (outcome == Outcome::MovedAway && met == Met::Student)
    {
        let words = met.in_words();
        form.reject("met", format!("“见到谁”选了{words}，和走访结果对不上，请核对"));
    }
    if !form.get("met").is_empty() && met == Met::Nobody && outcome.is_reached() {
        form.reject("met", "“见到谁”选了家中无人，和走访结果对不上，请核对");
    }
    met
}

fn visit_day(form: &mut Fields, Paper { since, today, .. }: Paper) -> NaiveDate {
    let found = rules::day(form.get("visited_on"), today, false);
    let fault = match found {
        Some(day) => rules::visit_fault(day, (since, today)),
        None if form.get("visited_on").is_empty() => None,
        None => Some("走访日期请写成 2026-11-05 这样".to_owned()),
    };
    if let Some(fault) = fault {
        form.reject("visited_on", fault);
    }
    found.unwrap_or(today)
}

fn promise_day(form: &mut Fields, outcome: Outcome, today: NaiveDate) -> Option<NaiveDate> {
    let until = today.checked_add_days(Days::new(PROMISE_DAYS.0)).unwrap_or(today);
    let from = today.checked_sub_days(Days::new(PROMISE_DAYS.1)).unwrap_or(today);
    let found = rules::day(form.get("promised_on"), today, true);
    let is_empty = form.get("promised_on").is_empty();
    let fault = match found {
        Some(day) if (from..=until).contains(&day) => return found,
        Some(_) => "约定的日子要在一年以内，请核对",
        None if is_empty && outcome == Outcome::Promised => "约好了还款，请写约定的日子",
        None if is_empty => return None,
        None => "约定的日子请写成 2026-11-20 这样",
    };
    form.reject("promised_on", fault);
    None
}

/// The photograph of a form, or what is wrong with it.
async fn picture(form: &UploadForm) -> Result<Option<Picture>, FieldError> {
    let wrong =
        |message: &str| FieldError { field: "photo".to_owned(), message: message.to_owned() };
    if form.too_large {
        return Err(wrong(
            "照片超过 10 MB，没有收下。请换一张小一点的，或者先不附照片；上面填的都还在",
        ));
    }
    let Some(file) = form.files.iter().find(|file| !file.bytes.is_empty()) else {
        return Ok(None);
    };
    let bytes = file.bytes.clone();
    match actix_web::web::block(move || picture::rewritten(&bytes)).await {
        Ok(Ok(jpeg)) => Ok(Some(Picture { jpeg })),
        Ok(Err(PictureProblem::TooManyPixels)) => {
            Err(wrong("照片的像素太多，没有收下。请用手机的普通模式重新拍一张，或者先不附照片"))
        }
        Ok(Err(PictureProblem::NoPicture)) | Err(_) => Err(wrong(
            "选的文件不是照片（JPG、PNG 或 WebP），没有收下。请重新拍一张，或者先不附照片",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A good form with some fields in place of its own.
    fn read(changed: &[(&str, &str)], purpose: Purpose) -> Result<Answers, Vec<FieldError>> {
        let good = [
            ("outcome", "promised"),
            ("met", "parents"),
            ("promised_on", "1月8日"),
            ("new_phone", "164 1099 4847"),
            ("filled_by", "王主任"),
        ];
        let mut form =
            changed.iter().chain(&good).fold(Fields::default(), |form, (k, v)| form.with(k, v));
        let paper = Paper { purpose, since: on("2026-12-10"), today: on("2026-12-21") };
        answers(&mut form, paper).map_err(|error| match error {
            AppError::Invalid(errors) => errors,
            other => panic!("{other}"),
        })
    }

    fn fields(changed: &[(&str, &str)]) -> Vec<String> {
        let errors = read(changed, Purpose::Overdue).unwrap_err();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_said() {
        let empty = ["outcome", "met", "promised_on", "new_phone", "filled_by"].map(|f| (f, ""));
        assert_eq!(fields(&empty), ["outcome", "filled_by"]);
        let good = read(&[], Purpose::Overdue).unwrap();
        assert_eq!(good.promised_on, Some(on("2027-01-08")));
        assert_eq!(good.new_phone, "16410994847");
        assert!(fields(&[("promised_on", "2026-12-01")]).contains(&"promised_on".to_owned()));
        // Of a family that owes nothing, no promise is taken.
        assert_eq!(read(&[], Purpose::Yearly).unwrap_err()[0].field, "outcome");
        let spoken = read(&[("outcome", "reached")], Purpose::Yearly).unwrap();
        assert_eq!(spoken.promised_on, None);
        for (day, message) in
            [("2026-12-22", "还没有到"), ("2020-01-01", "做表的日子（12月10日）以前")]
        {
            let faults = read(&[("visited_on", day)], Purpose::Overdue).unwrap_err();
            assert_eq!(faults[0].field, "visited_on");
            assert!(faults[0].message.contains(message), "{faults:?}");
        }
        for (outcome, met) in
            [("no_answer", "student"), ("no_answer", "family"), ("moved_away", "student")]
        {
            let odd = [("outcome", outcome), ("met", met), ("promised_on", "")];
            assert_eq!(fields(&odd), ["met"], "{odd:?}");
        }
        let neighbours = [("outcome", "no_answer"), ("met", "others"), ("promised_on", "")];
        assert!(read(&neighbours, Purpose::Overdue).is_ok(), "they can say that nobody is in");
        assert!(read(&[("visited_on", "2026-12-10")], Purpose::Overdue).is_ok(), "that very day");
        assert_eq!(fields(&[("met", "nobody"), ("new_phone", "12")]), ["met", "new_phone"]);
    }
}
