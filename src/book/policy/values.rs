//! The typed entries of the dated tables. Amounts are yuan text, rates percent text, in the files.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Deserializer};

use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::month_day::MonthDay;
use crate::base::rate::RatePpm;

/// Reads a value from its text form.
fn from_text<'de, D, T>(
    from: D,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(from)?;
    parse(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("expected {expected}, found {text:?}")))
}

pub(super) fn fen<'de, D: Deserializer<'de>>(from: D) -> Result<Fen, D::Error> {
    from_text(from, "yuan as text, such as 20000.00", |text| {
        text.parse().ok().filter(|amount| *amount >= Fen::ZERO)
    })
}

pub(super) fn rate<'de, D: Deserializer<'de>>(from: D) -> Result<RatePpm, D::Error> {
    from_text(from, "percent as text, such as 0.70", |text| text.parse().ok())
}

fn maybe_rate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RatePpm>, D::Error> {
    rate(from).map(Some)
}

fn month_day<'de, D: Deserializer<'de>>(from: D) -> Result<MonthDay, D::Error> {
    from_text(from, "a day of the year such as 12-20", MonthDay::from_text)
}

fn maybe_month_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<MonthDay>, D::Error> {
    month_day(from).map(Some)
}

fn penalty<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
    from_text(from, "percent as text, 0 to 1000, such as 130", penalty_ppm)
}

/// `130` percent as millionths: 1,300,000. At most 1000 percent.
pub fn penalty_ppm(text: &str) -> Option<i32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(decimals) || whole.len() > 4 || decimals.len() > 4 {
        return None;
    }
    let whole: i32 = whole.parse().ok()?;
    let decimals: i32 = format!("{decimals:0<4}").parse().ok()?;
    Some(whole * 10_000 + decimals).filter(|ppm| *ppm <= 10_000_000)
}

/// Yearly caps by level of study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoanCap {
    /// 本专科.
    #[serde(deserialize_with = "fen")]
    pub undergraduate: Fen,
    /// 研究生.
    #[serde(deserialize_with = "fen")]
    pub graduate: Fen,
}

/// Smallest amount and step of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(deserialize_with = "fen")]
    pub minimum: Fen,
    /// The amount is a multiple of this.
    #[serde(deserialize_with = "fen")]
    pub step: Fen,
}

impl Step {
    /// True for an amount that is large enough and a multiple of the step.
    pub fn fits(&self, amount: Fen) -> bool {
        amount >= self.minimum && (self.step.is_zero() || amount.get() % self.step.get() == 0)
    }
}

/// What the money is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseOfFunds {
    /// True when what is left after fees may cover living costs.
    pub living_costs: bool,
    /// The wording for contracts and pages.
    pub text: String,
}

/// Longest term of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermRule {
    /// Years added to the remaining years of study.
    pub added_years: i32,
    /// Longest term in years.
    pub max_years: i32,
    /// Shortest term in years.
    pub min_years: i32,
}

impl TermRule {
    /// The longest term for somebody with `remaining` years of study: min(remaining + added, max).
    pub fn longest(&self, remaining: i32) -> i32 {
        (remaining + self.added_years).min(self.max_years)
    }
}

/// Years of grace for principal, the year of graduation included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraceRule {
    pub years: i32,
}

/// Days that a new contract takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DueDays {
    #[serde(deserialize_with = "month_day")]
    pub due_day: MonthDay,
    /// Due day of the last year.
    #[serde(deserialize_with = "month_day")]
    pub final_day: MonthDay,
    /// Last day of the subsidy in the year of graduation.
    #[serde(deserialize_with = "month_day")]
    pub subsidy_end_day: MonthDay,
}

/// One word naming a choice.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Word {
    #[serde(alias = "rule")]
    pub value: String,
}

/// How contracts are priced from a pricing day on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PricingRule {
    pub reference: String,
    #[serde(default, deserialize_with = "maybe_rate")]
    pub margin_percent: Option<RatePpm>,
    #[serde(default, deserialize_with = "maybe_rate")]
    pub fixed_percent: Option<RatePpm>,
}

/// Which contracts use the PBoC benchmark, until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BenchmarkRule {
    pub signed_before: NaiveDate,
    pub priced_before: NaiveDate,
}

/// Penalty rate as a share of the contract rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PenaltyMultiplier {
    #[serde(deserialize_with = "penalty")]
    pub percent: i32,
}

/// Whether and how principal may be deferred by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeferralRule {
    /// False: no deferral in these years.
    pub allowed: bool,
    /// Years by which the principal of one year moves.
    pub years_moved: i32,
    /// The request is in this many working days before the due day.
    pub request_working_days_before_due: i64,
}

/// When an early repayment may be requested and when it settles (rules.md 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepayWindow {
    /// First day of the month on which requests are taken.
    pub first_request_day: u32,
    /// Last day of the month whose request settles in that month.
    pub last_request_day: u32,
    /// Day of the month on which it settles.
    pub settles_day: u32,
    /// True: later requests settle in the next month; false: they are not taken.
    pub late_goes_to_next_month: bool,
    pub closed_month: u32,
    /// From this day of the year requests settle on 12-20 ...
    #[serde(default, deserialize_with = "maybe_month_day")]
    pub december_from: Option<MonthDay>,
    /// ... until this day.
    #[serde(default, deserialize_with = "maybe_month_day")]
    pub december_until: Option<MonthDay>,
}

impl PrepayWindow {
    /// The day on which a request of `requested_on` settles; `None` when none is taken that day.
    pub fn settles_on(&self, requested_on: NaiveDate) -> Option<NaiveDate> {
        let (year, month, day) = (requested_on.year(), requested_on.month(), requested_on.day());
        if let (Some(from), Some(until)) = (self.december_from, self.december_until)
            && (from.in_year(year)..=until.in_year(year)).contains(&requested_on)
        {
            return Some(day_in(year, 12, self.settles_day));
        }
        let (settles_year, settles_month) = if day <= self.last_request_day {
            (year, month)
        } else if !self.late_goes_to_next_month {
            return None;
        } else if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
        let open = day >= self.first_request_day && settles_month != self.closed_month;
        open.then(|| day_in(settles_year, settles_month, self.settles_day))
    }
}

/// Yearly caps of service-member aid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MilitaryCap {
    /// 本专科.
    #[serde(deserialize_with = "fen")]
    pub undergraduate: Fen,
    /// 硕士.
    #[serde(deserialize_with = "fen")]
    pub graduate: Fen,
    /// 博士.
    #[serde(deserialize_with = "fen")]
    pub doctoral: Fen,
}

/// Compensation for grass-roots posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrassrootsRule {
    /// Yearly cap, 本专科.
    #[serde(deserialize_with = "fen")]
    pub undergraduate: Fen,
    /// Yearly cap, 研究生.
    #[serde(deserialize_with = "fen")]
    pub graduate: Fen,
    pub years_in_post: i32,
    /// Number of yearly parts in which it is paid.
    pub instalments: i32,
}

/// Who may sign as co-borrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoBorrowerRule {
    /// Age of somebody who is not a parent, this year of life included.
    pub youngest: i32,
    /// The same at the other end.
    pub oldest: i32,
}

/// What a renewal needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewalRule {
    pub statement_characters: usize,
}

/// What is brought to the counter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterPapers {
    pub papers: Vec<CounterPaper>,
}

/// One paper, and in which case it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterPaper {
    pub key: String,
    pub name: String,
    pub when: String,
}

/// A last day of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct YearDay {
    #[serde(deserialize_with = "month_day")]
    pub day: MonthDay,
}

/// The county's re-check of receipts, where it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecheckRule {
    #[serde(deserialize_with = "month_day")]
    pub day: MonthDay,
    pub required: bool,
}

/// When the list of early repayments goes to the bank, and when a request without a result lapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepayDays {
    /// Days before the settling day by which the list is sent.
    pub list_before: u32,
    /// Days before it on which families are told what they need.
    pub tell_before: u32,
    /// Days after the settling day without a result.
    pub lapse_after: u32,
}

/// Until when an enrolment change is brought (rules.md 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyChangeDays {
    /// Families are told this day.
    #[serde(deserialize_with = "month_day")]
    pub remind: MonthDay,
    /// After it a student who goes on counts as graduated.
    #[serde(deserialize_with = "month_day")]
    pub edge: MonthDay,
    /// The bank still puts it right until then.
    #[serde(deserialize_with = "month_day")]
    pub last_chance: MonthDay,
}

/// When a year's graduates confirm (rules.md 5.1 and 5.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraduationDays {
    /// Borrowers see the form on their phones.
    #[serde(deserialize_with = "month_day")]
    pub opens: MonthDay,
    /// The desk asks after those who have not confirmed.
    #[serde(deserialize_with = "month_day")]
    pub chase: MonthDay,
    /// Families are told this last day; later ones are taken, too.
    #[serde(deserialize_with = "month_day")]
    pub last: MonthDay,
}

/// What of the bank's bookings still counts as paid on time, and from where on arrears are
/// followed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankTolerance {
    /// 正常还款 booked up to this many working days after the due day is paid on it.
    pub working_days: u32,
    /// Arrears of a family below this many fen never make a case by themselves.
    smallest_arrears_fen: i64,
}

impl BankTolerance {
    /// Arrears of a family below this never make a case by themselves.
    pub const fn smallest_arrears(&self) -> Fen {
        Fen::new(self.smallest_arrears_fen)
    }
}

/// How many one-time codes leave at most; a text message costs money, and anybody can ask.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeLimit {
    pub an_hour: i64,
    pub a_day: i64,
    /// What one text message costs.
    fen_each: i64,
}

impl CodeLimit {
    pub const fn cost(&self, messages: i64) -> Fen {
        Fen::new(self.fen_each.saturating_mul(messages))
    }
}

/// How often the desk speaks with every family.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactDuty {
    pub times_a_year: i64,
    /// Days before the due day on which a reminder goes out.
    pub reminder_days_before_due: Vec<i64>,
}

/// In which part of the year the desk speaks with whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactPlan {
    /// Those entering repayment: from this day until Spring Festival.
    #[serde(deserialize_with = "month_day")]
    pub enters_from: MonthDay,
    /// Spring Festival in years whose holidays are not known yet.
    #[serde(deserialize_with = "month_day")]
    pub spring_festival_if_unknown: MonthDay,
    /// Contacts not confirmed for long: from ...
    #[serde(deserialize_with = "month_day")]
    pub unconfirmed_from: MonthDay,
    #[serde(deserialize_with = "month_day")]
    pub unconfirmed_until: MonthDay,
    /// For so many years without a word, contacts count as not confirmed.
    pub unconfirmed_years: i32,
    #[serde(deserialize_with = "month_day")]
    pub studying_from: MonthDay,
    #[serde(deserialize_with = "month_day")]
    pub studying_until: MonthDay,
    /// Those who pay every year: from ...
    #[serde(deserialize_with = "month_day")]
    pub repaying_from: MonthDay,
    /// ... until, before the due day.
    #[serde(deserialize_with = "month_day")]
    pub repaying_until: MonthDay,
    /// What comes after its part of the year is over is spread over so many days.
    pub added_days: u64,
    /// `clerk`, `school` or `village`.
    pub share: String,
}

/// What must have been tried before a family counts as lost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostRule {
    pub tries: usize,
    /// By so many different ways.
    pub ways: usize,
    /// Days between the first and the last.
    pub days: i64,
    /// Older tries do not count.
    pub within_days: u64,
    /// Who must have been asked; `a|b` is one of them.
    #[serde(rename = "asked")]
    pub must_ask: Vec<String>,
}

/// What the receiver of a list takes, and how its answer is read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchTemplate {
    pub receiver: String,
    pub lines_max: usize,
    /// Amounts are multiples of this.
    #[serde(deserialize_with = "fen")]
    pub amount_step: Fen,
    #[serde(deserialize_with = "fen")]
    pub amount_max: Fen,
    #[serde(deserialize_with = "fen")]
    pub sum_max: Fen,
    /// Longest name and account, in characters as the bank counts them.
    pub name_max: usize,
    pub number_max: usize,
    /// Characters of an account besides digits.
    pub account: String,
    pub account_min: usize,
    pub account_max: usize,
    /// What stands beside the money, so that nobody wonders whose it is: `{year}`, `{name}`,
    /// `{number}`.
    pub memo: String,
    /// `field=heading` of each column of the file.
    pub columns: Vec<String>,
    pub answer_number: Vec<String>,
    pub answer_amount: Vec<String>,
    pub answer_result: Vec<String>,
    pub answer_reason: Vec<String>,
    pub answer_day: Vec<String>,
}

/// How long money is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisbursementDays {
    /// Working days from the student's account to the university.
    pub to_university: i64,
    /// Working days until the rest can be drawn.
    pub rest: i64,
    /// From then on the desk is told of contracts without money.
    #[serde(deserialize_with = "month_day")]
    pub warn_from: MonthDay,
    #[serde(deserialize_with = "month_day")]
    pub unpaid_by: MonthDay,
}

/// How long a list is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicityDays {
    pub working_days: i64,
}

/// Levels of hardship, the hardest first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardshipLevels {
    pub levels: Vec<String>,
}

/// Days of counter work of a county in a year.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    pub county: String,
    pub from_year: i32,
    #[serde(deserialize_with = "month_day")]
    pub opens: MonthDay,
    #[serde(deserialize_with = "month_day")]
    pub closes: MonthDay,
}

/// A day of the desk's year that staff must not forget.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskDay {
    /// Names the day: `due_day`.
    pub key: String,
    /// It is so from this year on; a later entry of the same key takes its place.
    pub from_year: i32,
    /// The day of the year.
    #[serde(deserialize_with = "month_day")]
    pub day: MonthDay,
    /// What the day is, one sentence for the workbench.
    pub what: String,
    /// The same in a few words.
    pub short: String,
    /// What staff do before it.
    pub advice: String,
    /// The page where they do it.
    pub link: String,
}

pub(super) fn next_day(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}
