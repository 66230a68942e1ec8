//! What high schools say of their Grade 12 (需求调查), beside the figures of a season; the county puts
//! it right on `/season/{year}/survey`. A school that has not reported is told as such, never as 0.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{PATH, year_of};
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::base::url;
use crate::book::liaison::{self, Kind};
use crate::error::{AppError, AppResult};
use crate::life::preapplication::survey::{self, NOT_REPORTED};
use crate::life::preapplication::survey_store::{self as store, Survey};
use crate::plumbing::db::Db;
use crate::plumbing::sheet::write::Out;
use crate::web::desk_request::DeskRequest;
use crate::web::fields::{Done, Fields, Form, FormPage};

/// The reports of a year by school; none: the school has an account and has not reported.
#[derive(Debug, Default)]
pub struct Demands(BTreeMap<String, Option<Survey>>);

/// What a line of the figures says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
    pub words: String,
    pub more: String,
    /// Where the county puts it right; nothing on the line of all schools.
    pub link: String,
    /// None: this school has not reported.
    #[serde(skip)]
    sums: Option<Sums>,
}

/// As in [`Survey`], of one school or of all together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub pupils: i64,
    pub willing: i64,
    pub undecided: i64,
    /// Of those schools that have said so.
    pub expected: Option<Fen>,
    /// How many schools that is; fewer than reported means the sum is not of all.
    pub with_expected: usize,
    pub by: String,
    pub on: Option<NaiveDate>,
}

impl Sums {
    fn of(one: &Survey) -> Sums {
        Sums {
            pupils: one.pupils.into(),
            willing: one.willing.into(),
            undecided: one.undecided.into(),
            expected: one.expected_fen,
            with_expected: usize::from(one.expected_fen.is_some()),
            by: one.reported_by.clone(),
            on: Some(one.reported_on),
        }
    }

    fn and(self, one: &Survey) -> Sums {
        let expected = match (self.expected, one.expected_fen) {
            (Some(sum), Some(more)) => Some(sum + more),
            (sum, more) => sum.or(more),
        };
        Sums {
            pupils: self.pupils + i64::from(one.pupils),
            willing: self.willing + i64::from(one.willing),
            undecided: self.undecided + i64::from(one.undecided),
            expected,
            with_expected: self.with_expected + usize::from(one.expected_fen.is_some()),
            ..self
        }
    }
}

impl Demands {
    pub fn load(db: &mut Db, scope: &Scope, year: i32) -> AppResult<Demands> {
        let accounts = liaison::all(db, scope)?.into_iter();
        let schools = accounts.filter(|one| one.active && one.kind == Kind::School);
        let mut all: BTreeMap<_, _> = schools.map(|one| (one.place, None)).collect();
        let reported = store::all(db, scope, year)?;
        all.extend(reported.into_iter().map(|one| (one.high_school.clone(), Some(one))));
        Ok(Demands(all))
    }

    pub fn schools(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub fn is_reported(&self, school: &str) -> bool {
        self.report(school).is_some()
    }

    fn report(&self, school: &str) -> Option<&Survey> {
        self.0.get(school).and_then(Option::as_ref)
    }

    pub fn of(&self, school: &str, (year, today): (i32, NaiveDate)) -> Demand {
        let report = self.report(school);
        Demand {
            words: report.map_or_else(|| NOT_REPORTED.to_owned(), Survey::in_words),
            more: report.map(|one| one.more(today)).unwrap_or_default(),
            link: url::link(&format!("{PATH}/{year}/survey"), &[("school", school)]),
            sums: report.map(Sums::of),
        }
    }

    /// Of all together; `missing` have not reported.
    pub fn all(&self, missing: usize) -> Demand {
        let reports: Vec<&Survey> = self.0.values().flatten().collect();
        let (count, link) = (reports.len(), String::new());
        let sums = reports.into_iter().fold(Sums::default(), Sums::and);
        if count == 0 {
            return Demand {
                words: NOT_REPORTED.to_owned(),
                more: String::new(),
                link,
                sums: None,
            };
        }
        let words = format!(
            "问了 {} 人，想贷 {} 人，没定 {} 人",
            sums.pupils, sums.willing, sums.undecided
        );
        let sum = sums.expected.map(|sum| {
            let schools = match sums.with_expected {
                all if all == count => String::new(),
                some => format!("写了金额的 {some} 所"),
            };
            format!("，{schools}预计 {} 元", sum.to_page_text())
        });
        let more = format!("{count} 所报了，{missing} 所没有报{}", sum.unwrap_or_default());
        Demand { words, more, link, sums: Some(sums) }
    }
}

impl Demand {
    /// A cell of the workbook.
    pub fn cell(&self, of: fn(&Sums) -> Out) -> Out {
        self.sums.as_ref().map_or_else(|| NOT_REPORTED.into(), of)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SchoolParams {
    school: String,
}

#[derive(Serialize)]
struct SurveyPage {
    year: i32,
    school: String,
    words: String,
    here: String,
    version: i32,
    #[serde(skip)]
    fields: Fields,
}

impl FormPage for SurveyPage {
    const TEMPLATE: &'static str = "season/survey.html";
    const REFUSED_AT: &'static str = "pupils";

    fn fields(&self) -> Fields {
        self.fields.clone()
    }
}

/// What is known of a school; nothing is kept under a name that no list of the county has.
async fn known(desk: &DeskRequest, (school, year): (&str, i32)) -> AppResult<Option<Survey>> {
    let name = school.to_owned();
    desk.read(move |db, scope| {
        let found = store::find(db, scope, (&name, year))?;
        let place = liaison::place_named(db, scope, Kind::School, ("", &name))?;
        if found.is_none() && (name.is_empty() || place.as_ref() != Some(&name)) {
            return Err(AppError::NotFound);
        }
        Ok(found)
    })
    .await
}

async fn page(desk: &DeskRequest, (school, year): (&str, i32)) -> AppResult<SurveyPage> {
    let (found, today) = (known(desk, (school, year)).await?, desk.today());
    let words = found.as_ref().map(|one| format!("{}。{}", one.in_words(), one.more(today)));
    Ok(SurveyPage {
        year,
        school: school.to_owned(),
        words: words.unwrap_or_else(|| NOT_REPORTED.to_owned()),
        here: url::link(&format!("{PATH}/{year}/survey"), &[("school", school)]),
        version: found.as_ref().map_or(0, |one| one.version),
        fields: survey::fields(found.as_ref()),
    })
}

/// `GET /season/{year}/survey?school=`
pub async fn show(
    desk: DeskRequest,
    year: web::Path<String>,
    params: web::Query<SchoolParams>,
) -> AppResult<HttpResponse> {
    let year = year_of(&year, desk.today())?;
    desk.show(&page(&desk, (&params.school, year)).await?)
}

/// `POST /season/{year}/survey?school=`
pub async fn put_right(
    desk: DeskRequest,
    year: web::Path<String>,
    params: web::Query<SchoolParams>,
    form: Form,
) -> AppResult<HttpResponse> {
    let (year, school) = (year_of(&year, desk.today())?, params.into_inner().school);
    known(&desk, (&school, year)).await?;
    desk.submit(form, page(&desk, (&school, year)), async |form| {
        let typed = survey::read(form)?;
        let (key, version, by) = (form.key(), form.version()?, desk.me.name.clone());
        let name = school.clone();
        desk.act("demand put right", move |act| {
            survey::put_right(act, &key, (&name, year, version), &typed, &by)
        })
        .await?;
        let to = url::link(PATH, &[("year", &year.to_string()), ("by", "school")]);
        Ok(Done::to(to, format!("已保存{school}的需求调查")))
    })
    .await
}
