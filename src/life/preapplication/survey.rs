//! 需求调查: how many of a high school's Grade 12 were questioned, want a loan, do not know yet. The
//! school reports within the window of its candidates; the county puts it right at any time.

use chrono::NaiveDate;

use super::school::window;
use super::survey_store::{self as store, Survey};
use crate::base::dates::in_words;
use crate::base::money::Fen;
use crate::book::act::{Act, FormKey, Once};
use crate::book::audit_log::AuditEntry;
use crate::error::{AppError, AppResult};
use crate::web::fields::Fields;

/// What stands where a school has not reported.
pub const NOT_REPORTED: &str = "没有报";
/// Pupils of the largest Grade 12 there may be.
const PUPILS_MAX: i32 = 20_000;

/// A report as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed {
    pupils: i32,
    willing: i32,
    undecided: i32,
    expected: Option<Fen>,
}

fn people(form: &mut Fields, name: &str, or: &str) -> Option<i32> {
    let read = |text: &str| text.parse().ok().filter(|count| (0..=PUPILS_MAX).contains(count));
    form.choice(name, read, or)
}

/// Reads the form; all that is wrong is said at once.
pub fn read(form: &mut Fields) -> AppResult<Typed> {
    let pupils = people(form, "pupils", "问了多少名高三学生，请写人数");
    let willing = people(form, "willing", "想贷款的有多少人，请写人数，没有写 0");
    let undecided = people(form, "undecided", "还没定的有多少人，请写人数，没有写 0");
    let expected = form.money("expected");
    if pupils == Some(0) {
        form.reject("pupils", "一名学生也没有问的，先不用报");
    }
    if let (Some(pupils), Some(willing), Some(undecided)) = (pupils, willing, undecided)
        && pupils > 0
        && willing + undecided > pupils
    {
        let both = willing + undecided;
        let why = format!("想贷款的和还没定的一共 {both} 人，比问过的 {pupils} 人还多");
        form.reject("willing", why);
    }
    if expected.is_some_and(|sum| !sum.is_positive()) {
        form.reject("expected", "预计金额要大于 0，不知道的不填");
    }
    let counts = pupils.zip(willing).zip(undecided);
    form.checked(counts.map(|((pupils, willing), undecided)| Typed {
        pupils,
        willing,
        undecided,
        expected,
    }))
}

/// What the fields hold before anybody has typed.
pub fn fields(known: Option<&Survey>) -> Fields {
    let Some(one) = known else { return Fields::default() };
    let sum = one.expected_fen.map(Fen::to_yuan_text).unwrap_or_default();
    Fields::default()
        .with("pupils", one.pupils)
        .with("willing", one.willing)
        .with("undecided", one.undecided)
        .with("expected", sum)
}

impl Survey {
    /// `问了 120 人，想贷 30 人，没定 12 人`.
    pub fn in_words(&self) -> String {
        let Survey { pupils, willing, undecided, .. } = self;
        format!("问了 {pupils} 人，想贷 {willing} 人，没定 {undecided} 人")
    }

    /// `预计 360,000.00 元，5月11日王主任报`.
    pub fn more(&self, today: NaiveDate) -> String {
        let by = format!("{}{}报", in_words(self.reported_on, today), self.reported_by);
        match self.expected_fen {
            Some(sum) => format!("预计 {} 元，{by}", sum.to_page_text()),
            None => by,
        }
    }
}

/// A school reports of itself, again as often as it likes, while its window is open.
pub fn report(
    act: &mut Act<'_>,
    key: &FormKey,
    (school, version): (&str, i32),
    typed: &Typed,
    by: &str,
) -> AppResult<()> {
    let year = window(act)?.year;
    put_right(act, key, (school, year, version), typed, by)
}

/// Keeps what is known of a school in a year.
///
/// # Errors
/// [`AppError::Changed`] when the report is not as the form saw it.
pub fn put_right(
    act: &mut Act<'_>,
    key: &FormKey,
    (school, year, version): (&str, i32, i32),
    typed: &Typed,
    by: &str,
) -> AppResult<()> {
    if act.once(key)? == Once::Again {
        return Ok(());
    }
    let before = store::find(act.db, act.scope, (school, year))?;
    if before.as_ref().map_or(0, |one| one.version) != version {
        return Err(AppError::Changed);
    }
    let row = Survey {
        office_code: act.scope.own().to_owned(),
        year,
        high_school: school.to_owned(),
        pupils: typed.pupils,
        willing: typed.willing,
        undecided: typed.undecided,
        expected_fen: typed.expected,
        reported_by: by.to_owned(),
        reported_on: act.today,
        version,
    };
    store::keep(act.db, &row)?;
    let was = before.map(|one| format!("，原来{}", one.in_words())).unwrap_or_default();
    let what = format!("{year} 年需求调查：{}{was}", row.in_words());
    act.audit(AuditEntry::of("demand_reported", school, what))
}
