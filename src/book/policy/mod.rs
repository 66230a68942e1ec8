//! The dated rules: every value that a document set, from which day, with the document's number.
//!
//! Read from `policies/*.toml` and `data/*.csv`, which are built into the program; a county adds
//! later values with files of a folder. All of it is checked at start, so that no table has a
//! hole or says two things about one day. No rule is a constant in code.

mod ask;
mod calendar;
mod dated;
mod error;
mod hardship;
mod held;
mod ladder;
mod later;
mod listed;
mod load;
mod matching;
mod preapplication;
mod relief;
#[cfg(test)]
mod tests;
mod values;
mod write;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};

pub use calendar::Calendar;
pub(crate) use dated::BY_HAND;
pub use dated::{Dated, Entry};
pub use error::{Fault, PolicyError, PolicyWarning};
pub use hardship::{HardshipClass, HardshipLine, HardshipRecheck, SigningAge};
pub use held::{Held, Snapshot};
pub use ladder::{LadderRule, LadderStage, LadderWeights, ParkDays, VISIT};
pub use later::{WITHOUT_WAIVER, Waiver, WaiverYear};
pub use listed::{Rule, RuleValue};
pub use load::sample_file;
pub use matching::{MatchingList, column_letters, column_place};
pub use preapplication::{ListColumn, ListField};
pub use relief::{ReliefClass, ReliefClasses, ReliefPaper, RiskFundRate, RiskFundSharing};
pub use values::{
    BankTolerance, BatchTemplate, CoBorrowerRule, CodeLimit, ContactDuty, ContactPlan,
    CounterPaper, CounterPapers, DeferralRule, DeskDay, DisbursementDays, DueDays, GraceRule,
    GraduationDays, GrassrootsRule, HardshipLevels, LoanCap, LostRule, MilitaryCap, PrepayDays,
    PrepayWindow, PublicityDays, RenewalRule, Step, StudyChangeDays, TermRule, UseOfFunds,
    penalty_ppm,
};
pub use write::{LaterEntry, holidays_entry, lpr_entry, taken_apart, waiver_entry};

use super::statement::{
    Allocation, DayCount, Pricing, Product, RateSeries, RateTables, Recut, SelfPayStarts,
    StudyLevel, Switches, Terms,
};
use crate::base::dates::day_in;
use crate::base::money::Fen;
use crate::base::month_day::MonthDay;
use crate::base::rate::RatePpm;
use dated::{RawEntry, dated, take_source, value};
use load::Files;
use preapplication::ListColumns;
use values::{BenchmarkRule, PenaltyMultiplier, PricingRule, RecheckRule, Window, Word, YearDay};

/// The rules that differ between products.
#[derive(Clone, Debug)]
struct ProductRules {
    loan_cap: Dated<LoanCap>,
    pricing: Dated<PricingRule>,
    penalty: Dated<PenaltyMultiplier>,
    disbursement_template: Dated<BatchTemplate>,
}

/// All dated rules. Built once at start; cheap to share behind an `Arc`.
#[derive(Clone, Debug)]
pub struct Policy {
    cdb: ProductRules,
    local: ProductRules,
    /// Smallest amount and step of a loan.
    pub loan_step: Dated<Step>,
    /// What a loan is for.
    pub use_of_funds: Dated<UseOfFunds>,
    /// Longest and shortest term, by day of signing.
    pub term_rule: Dated<TermRule>,
    /// Grace for principal, by day of signing.
    pub grace_rule: Dated<GraceRule>,
    /// Who may sign as co-borrower, by day of signing.
    pub co_borrower: Dated<CoBorrowerRule>,
    pub renewal: Dated<RenewalRule>,
    pub counter_papers: Dated<CounterPapers>,
    /// Due days of a new contract, by day of signing.
    pub due_days: Dated<DueDays>,
    /// Deferral of principal, by calendar year.
    pub deferral_rule: Dated<DeferralRule>,
    /// Early repayment, by day of the request.
    pub prepay_window: Dated<PrepayWindow>,
    /// Smallest part and step of a part prepayment.
    pub prepay_step: Dated<Step>,
    /// When the list of requests is sent, and when one without a result lapses.
    pub prepay_days: Dated<PrepayDays>,
    /// Caps of service-member aid, by day of enlistment or return.
    pub military_cap: Dated<MilitaryCap>,
    /// Compensation for grass-roots posts.
    pub grassroots_rule: Dated<GrassrootsRule>,
    /// Share of the risk-compensation fund.
    pub risk_fund_rate: Dated<RiskFundRate>,
    /// What becomes of what is left of it, or missing.
    pub risk_fund_sharing: Dated<RiskFundSharing>,
    pub relief_classes: Dated<ReliefClasses>,
    /// Duty to speak with every family.
    pub contact_duty: Dated<ContactDuty>,
    /// In which part of the year whom.
    pub contact_plan: Dated<ContactPlan>,
    /// Tries before a family counts as lost.
    pub lost_rule: Dated<LostRule>,
    pub ladder: Dated<LadderRule>,
    /// What of the bank's bookings still counts as paid on time.
    pub bank_tolerance: Dated<BankTolerance>,
    pub code_limit: Dated<CodeLimit>,
    pub publicity_days: Dated<PublicityDays>,
    pub hardship_levels: Dated<HardshipLevels>,
    pub hardship_recheck: Dated<HardshipRecheck>,
    /// From which age a student signs an application alone.
    pub hardship_signing_age: Dated<SigningAge>,
    hardship_classes: Vec<HardshipClass>,
    hardship_lines: Vec<HardshipLine>,
    matching_lists: Vec<MatchingList>,
    /// How long money is on its way, by day of the pay-out.
    pub disbursement_days: Dated<DisbursementDays>,
    /// Until when an enrolment change is brought.
    pub study_change_days: Dated<StudyChangeDays>,
    /// When a year's graduates confirm.
    pub graduation_confirmation: Dated<GraduationDays>,
    day_count: Dated<Word>,
    self_pay_starts: Dated<Word>,
    recut_after_prepayment: Dated<Word>,
    allocation: Dated<Word>,
    receipt_deadline: Dated<YearDay>,
    receipt_recheck: Dated<RecheckRule>,
    windows: Vec<Window>,
    preapplication_windows: Vec<Window>,
    preapplication_columns: Vec<ListColumns>,
    desk_days: Vec<DeskDay>,
    waivers: Vec<WaiverYear>,
    calendar: Calendar,
    rates: Arc<RateTables>,
    files: Arc<Files>,
}

/// The entries of all files, taken out table by table so that what is left over is unknown.
struct Tables(BTreeMap<String, Vec<RawEntry>>);

impl Tables {
    fn dated<T: serde::de::DeserializeOwned>(
        &mut self,
        key: &str,
    ) -> Result<Dated<T>, PolicyError> {
        dated(key, self.0.remove(key).unwrap_or_default())
    }

    /// A table of words out of a fixed list.
    fn words(
        &mut self,
        key: &str,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Dated<Word>, PolicyError> {
        let table: Dated<Word> = self.dated(key)?;
        if let Some(entry) = table.entries().find(|entry| !known(&entry.value.value)) {
            return Err(PolicyError {
                file: entry.file.clone(),
                key: key.to_owned(),
                fault: Fault::Value {
                    from: entry.from.to_string(),
                    expected: format!("expected a known word, found {:?}", entry.value.value),
                },
            });
        }
        Ok(table)
    }

    /// The ladder, with all its stages in their order.
    fn ladder(&mut self) -> Result<Dated<LadderRule>, PolicyError> {
        let key = "ladder";
        let table: Dated<LadderRule> = self.dated(key)?;
        if let Some((entry, expected)) =
            table.entries().find_map(|entry| entry.value.fault().map(|fault| (entry, fault)))
        {
            let fault = Fault::Value { from: entry.from.to_string(), expected };
            return Err(PolicyError { file: entry.file.clone(), key: key.to_owned(), fault });
        }
        Ok(table)
    }

    fn product(&mut self, product: Product) -> Result<ProductRules, PolicyError> {
        let key = format!("{}.pricing_rule", product.as_text());
        let pricing: Dated<PricingRule> = self.dated(&key)?;
        for entry in pricing.entries() {
            let rule = &entry.value;
            let complete = match rule.reference.as_str() {
                "lpr_5y" => rule.margin_percent.is_some() && rule.fixed_percent.is_none(),
                "fixed" => rule.fixed_percent.is_some() && rule.margin_percent.is_none(),
                _ => false,
            };
            if !complete {
                let expected = "expected reference lpr_5y with margin_percent, or fixed with \
                                fixed_percent";
                return Err(PolicyError {
                    file: entry.file.clone(),
                    key,
                    fault: Fault::Value {
                        from: entry.from.to_string(),
                        expected: expected.to_owned(),
                    },
                });
            }
        }
        Ok(ProductRules {
            loan_cap: self.dated(&format!("{}.loan_cap", product.as_text()))?,
            pricing,
            penalty: self.dated(&format!("{}.penalty_multiplier", product.as_text()))?,
            disbursement_template: self
                .dated(&format!("{}.disbursement_template", product.as_text()))?,
        })
    }

    /// Entries that are not one after the other in time: read one by one.
    fn plain<T: serde::de::DeserializeOwned>(
        &mut self,
        key: &str,
    ) -> Result<Vec<(RawEntry, T, String)>, PolicyError> {
        let mut found = Vec::new();
        for raw in self.0.remove(key).unwrap_or_default() {
            let mut values = raw.values.clone();
            let read = take_source(&mut values)
                .and_then(|(source, _)| value(values).map(|value| (value, source)));
            match read {
                Ok((value, source)) => found.push((raw, value, source)),
                Err(expected) => {
                    let year = raw.values.get("year").or_else(|| raw.values.get("from_year"));
                    let from = year
                        .and_then(toml::Value::as_integer)
                        .map_or_else(|| "?".to_owned(), |year| year.to_string());
                    let fault = Fault::Value { from, expected };
                    return Err(PolicyError { file: raw.file, key: key.to_owned(), fault });
                }
            }
        }
        Ok(found)
    }

    fn desk_days(&mut self) -> Result<Vec<DeskDay>, PolicyError> {
        let key = "desk_day";
        let mut days: Vec<DeskDay> = Vec::new();
        for (raw, day, _) in self.plain::<DeskDay>(key)? {
            let year = day.from_year;
            if days.iter().any(|known| known.key == day.key && known.from_year == year) {
                let fault = Fault::Overlap { from: day.day.in_year(year), until: None };
                return Err(PolicyError { file: raw.file, key: key.to_owned(), fault });
            }
            days.push(day);
        }
        days.sort_by_key(|day| day.from_year);
        Ok(days)
    }

    /// `may_wrap`: it may begin in the year before.
    fn windows(&mut self, key: &str, may_wrap: bool) -> Result<Vec<Window>, PolicyError> {
        let mut windows: Vec<Window> = Vec::new();
        for (raw, window, _) in self.plain::<Window>(key)? {
            let year = window.from_year;
            let (opens, closes) = (window.opens.in_year(year), window.closes.in_year(year));
            let same = |known: &Window| known.county == window.county && known.from_year == year;
            let fault = if closes < opens && !may_wrap {
                let expected = "closes: expected a day not before opens".to_owned();
                Some(Fault::Value { from: year.to_string(), expected })
            } else if windows.iter().any(same) {
                Some(Fault::Overlap { from: opens, until: Some(closes) })
            } else {
                None
            };
            match fault {
                Some(fault) => {
                    return Err(PolicyError { file: raw.file, key: key.to_owned(), fault });
                }
                None => windows.push(window),
            }
        }
        let general = windows.iter().any(|window| window.county == "*");
        if !general {
            let (file, key) = ("policies".to_owned(), key.to_owned());
            return Err(PolicyError { file, key, fault: Fault::Missing });
        }
        windows.sort_by_key(|window| window.from_year);
        Ok(windows)
    }
}

impl Policy {
    /// The rules built into the program.
    ///
    /// # Errors
    /// A fault in a file of the program; its tests make sure that there is none.
    pub fn embedded() -> Result<Policy, PolicyError> {
        Policy::load(None)
    }

    /// The rules built into the program and the later values of a county's folder.
    ///
    /// # Errors
    /// A hole, an overlap, a missing or wrong value, a value that would change the past: with
    /// file, key and dates.
    pub fn load(extra_folder: Option<&Path>) -> Result<Policy, PolicyError> {
        let mut files = Files::embedded()?;
        if let Some(folder) = extra_folder {
            files.add_folder(folder)?;
        }
        Policy::from_files(&files)
    }

    fn from_files(files: &Files) -> Result<Policy, PolicyError> {
        let mut tables = Tables(files.entries()?);
        let cdb = tables.product(Product::Cdb)?;
        let benchmark: Dated<BenchmarkRule> = tables.dated("cdb.benchmark_rule")?;
        let rates = rate_tables(files, &mut tables, &cdb, &benchmark)?;
        let mut calendar = calendar::calendar(
            files.sheets_of("holidays.csv"),
            files.sheets_of("holidays_2027_statutory_only.csv"),
        )?;
        tables.later_holidays(&mut calendar)?;
        let policy = Policy {
            cdb,
            local: tables.product(Product::Local)?,
            loan_step: tables.dated("loan_step")?,
            use_of_funds: tables.dated("use_of_funds")?,
            term_rule: tables.dated("term_rule")?,
            grace_rule: tables.dated("grace_rule")?,
            co_borrower: tables.dated("co_borrower")?,
            renewal: tables.dated("renewal")?,
            counter_papers: tables.dated("counter_papers")?,
            due_days: tables.dated("due_days")?,
            deferral_rule: tables.dated("deferral_rule")?,
            prepay_window: tables.dated("prepay_window")?,
            prepay_step: tables.dated("prepay_step")?,
            prepay_days: tables.dated("prepay_days")?,
            military_cap: tables.dated("military_cap")?,
            grassroots_rule: tables.dated("grassroots_rule")?,
            risk_fund_rate: tables.dated("risk_fund_rate")?,
            risk_fund_sharing: tables.dated("risk_fund_sharing")?,
            relief_classes: tables.dated("relief_classes")?,
            contact_duty: tables.dated("contact_duty")?,
            contact_plan: tables.dated("contact_plan")?,
            lost_rule: tables.dated("lost_rule")?,
            ladder: tables.ladder()?,
            bank_tolerance: tables.dated("bank_tolerance")?,
            code_limit: tables.dated("code_limit")?,
            publicity_days: tables.dated("publicity_days")?,
            hardship_levels: tables.hardship_levels()?,
            hardship_recheck: tables.dated("hardship_recheck")?,
            hardship_signing_age: tables.dated("hardship_signing_age")?,
            hardship_classes: tables.hardship_classes()?,
            hardship_lines: tables.hardship_lines()?,
            matching_lists: tables.matching_lists()?,
            disbursement_days: tables.dated("disbursement_days")?,
            study_change_days: tables.dated("study_change_days")?,
            graduation_confirmation: tables.dated("graduation_confirmation")?,
            day_count: tables.words("day_count", &|w| DayCount::from_text(w).is_some())?,
            self_pay_starts: tables
                .words("self_pay_starts", &|w| SelfPayStarts::from_text(w).is_some())?,
            recut_after_prepayment: tables
                .words("recut_after_prepayment", &|w| Recut::from_text(w).is_some())?,
            allocation: tables.words("allocation", &|w| Allocation::from_text(w).is_some())?,
            receipt_deadline: tables.dated("receipt_deadline")?,
            receipt_recheck: tables.dated("receipt_recheck")?,
            windows: tables.windows("application_window", false)?,
            preapplication_windows: tables.windows("preapplication_window", true)?,
            preapplication_columns: tables.list_columns()?,
            desk_days: tables.desk_days()?,
            waivers: tables.waivers()?,
            calendar,
            rates: Arc::new(rates),
            files: Arc::new(files.clone()),
        };
        match tables.0.into_iter().next() {
            None => Ok(policy),
            Some((key, entries)) => {
                let file = entries.into_iter().next().map(|entry| entry.file).unwrap_or_default();
                Err(PolicyError { file, key, fault: Fault::Unknown })
            }
        }
    }
}

fn rate_tables(
    files: &Files,
    tables: &mut Tables,
    cdb: &ProductRules,
    benchmark: &Dated<BenchmarkRule>,
) -> Result<RateTables, PolicyError> {
    let lpr_sheets = files.sheets_of("lpr.csv");
    let mut lpr = calendar::rates(lpr_sheets, "lpr", "date_published", "lpr_5y_percent")?;
    let file = lpr_sheets.last().map_or("data/lpr.csv", |sheet| sheet.file.as_str());
    calendar::check_monthly(file, &lpr)?;
    tables.later_lpr(&mut lpr)?;
    let old = calendar::rates(
        files.sheets_of("pboc_benchmark.csv"),
        "pboc_benchmark",
        "effective_date",
        "rate_over_5y_percent",
    )?;
    let margins = cdb
        .pricing
        .entries()
        .map(|entry| (entry.from, entry.value.margin_percent.unwrap_or_default()))
        .collect();
    let rule = benchmark.on(NaiveDate::MAX);
    Ok(RateTables::new(
        RateSeries::new(lpr),
        RateSeries::new(old),
        RateSeries::new(margins),
        rule.signed_before,
        rule.priced_before,
    ))
}
