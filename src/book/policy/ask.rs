//! The questions that stages ask of the policy.

use super::*;
use crate::book::statement::{Event, EventKind};

impl Policy {
    fn product(&self, product: Product) -> &ProductRules {
        match product {
            Product::Cdb => &self.cdb,
            Product::Local => &self.local,
        }
    }

    /// The most a student may borrow in the loan year that begins in the autumn of `loan_year`.
    pub fn loan_cap(&self, product: Product, level: StudyLevel, loan_year: i32) -> Fen {
        let cap = self.product(product).loan_cap.on(day_in(loan_year, 9, 1));
        match level {
            StudyLevel::Undergraduate => cap.undergraduate,
            StudyLevel::Graduate => cap.graduate,
        }
    }

    /// The document that set the cap of a loan year.
    pub fn loan_cap_source(&self, product: Product, loan_year: i32) -> &str {
        &self.product(product).loan_cap.entry(day_in(loan_year, 9, 1)).source
    }

    /// What the lender of a product takes as a list of pay-outs on a day.
    pub fn disbursement_template(&self, product: Product, on: NaiveDate) -> &BatchTemplate {
        self.product(product).disbursement_template.on(on)
    }

    /// Term rule for contracts signed on a day.
    pub fn term_rule(&self, signed_on: NaiveDate) -> &TermRule {
        self.term_rule.on(signed_on)
    }

    /// Arrears of a family below this are a rest: no case, no word of being overdue.
    pub fn smallest_arrears(&self) -> Fen {
        self.bank_tolerance.on(NaiveDate::MAX).smallest_arrears()
    }

    /// The last day on which what fell due on `due_on` is booked on time.
    pub fn on_time_until(&self, due_on: NaiveDate) -> NaiveDate {
        let days = self.bank_tolerance.on(due_on).working_days;
        self.calendar().add_working_days(due_on, i64::from(days))
    }

    /// Years of grace for contracts signed on a day.
    pub fn grace_years(&self, signed_on: NaiveDate) -> i32 {
        self.grace_rule.on(signed_on).years
    }

    /// How contracts of a product signed on a day are priced.
    pub fn pricing(&self, product: Product, signed_on: NaiveDate) -> Pricing {
        match self.product(product).pricing.on(signed_on).fixed_percent {
            Some(rate) => Pricing::Fixed(rate),
            None => Pricing::Floating,
        }
    }

    /// Margin below the LPR on a pricing day.
    pub fn margin(&self, pricing_on: NaiveDate) -> RatePpm {
        self.rates.margin(pricing_on)
    }

    /// Penalty rate as millionths of the contract rate, by day of signing.
    pub fn penalty_ppm(&self, product: Product, signed_on: NaiveDate) -> i32 {
        self.product(product).penalty.on(signed_on).percent
    }

    /// The rate tables that the statement computes with.
    pub fn rates(&self) -> Arc<RateTables> {
        Arc::clone(&self.rates)
    }

    /// Day-count rule for contracts signed on a day.
    pub fn day_count(&self, signed_on: NaiveDate) -> DayCount {
        let word = &self.day_count.on(signed_on).value;
        DayCount::from_text(word).unwrap_or(DayCount::Act360)
    }

    /// The switches of loan-maths for contracts signed on a day.
    pub fn switches(&self, signed_on: NaiveDate) -> Switches {
        let default = Switches::default();
        let word = |table: &'_ Dated<Word>| table.on(signed_on).value.clone();
        Switches {
            self_pay_starts: SelfPayStarts::from_text(&word(&self.self_pay_starts))
                .unwrap_or(default.self_pay_starts),
            recut_after_prepayment: Recut::from_text(&word(&self.recut_after_prepayment))
                .unwrap_or(default.recut_after_prepayment),
            allocation: Allocation::from_text(&word(&self.allocation))
                .unwrap_or(default.allocation),
        }
    }

    /// The terms of a new contract of `years` years for a student who graduates in `graduates`:
    /// due days, grace, pricing, penalty, day count and switches as the policy has them.
    pub fn new_terms(
        &self,
        product: Product,
        contract_no: String,
        level: StudyLevel,
        signed_on: NaiveDate,
        graduates: i32,
        years: i32,
    ) -> Terms {
        let days = self.due_days.on(signed_on);
        Terms {
            contract_no,
            signed_on,
            level,
            subsidy_ends_on: days.subsidy_end_day.in_year(graduates),
            grace_years: self.grace_years(signed_on),
            due_day: days.due_day,
            final_due_on: days.final_day.in_year(signed_on.year() + years),
            pricing: self.pricing(product, signed_on),
            penalty_ppm: self.penalty_ppm(product, signed_on),
            day_count: self.day_count(signed_on),
            switches: self.switches(signed_on),
        }
    }

    /// What is said of each year, oldest first.
    pub fn waivers(&self) -> &[WaiverYear] {
        &self.waivers
    }

    /// The years whose interest the state pays, oldest first.
    pub fn waiver_years(&self) -> impl Iterator<Item = &WaiverYear> {
        self.waivers.iter().filter(|known| known.waiver == Waiver::Announced)
    }

    /// True when the interest of that year is waived.
    pub fn is_waived(&self, year: i32) -> bool {
        self.waiver(year) == Waiver::Announced
    }

    /// The waiver years as events, which whoever builds the events of a stored loan adds to them.
    /// Their identities are the negative years (no stored event has one), known from the start.
    pub fn waiver_events(&self) -> Vec<Event> {
        let event = |waiver: &WaiverYear| {
            Event::of_year(-i64::from(waiver.year), waiver.year, EventKind::InterestWaived)
        };
        self.waiver_years().map(event).collect()
    }

    /// Rule for deferring the principal of a year.
    pub fn deferral(&self, year: i32) -> &DeferralRule {
        self.deferral_rule.on(day_in(year, 12, 20))
    }

    /// The last day on which it may be asked to defer what falls due on a day.
    pub fn deferral_until(&self, due_on: NaiveDate) -> NaiveDate {
        let days = self.deferral(due_on.year()).request_working_days_before_due;
        self.calendar().add_working_days(due_on, -days)
    }

    /// The day on which an early repayment requested on a day settles; `None`: none is taken.
    pub fn prepay_window(&self, requested_on: NaiveDate) -> Option<NaiveDate> {
        self.prepay_window.on(requested_on).settles_on(requested_on)
    }

    /// The last request that is settled on or before a day, and the day of settling, looked for in
    /// the year before it: 08-15 and 08-20 for 08-31.
    pub fn last_prepay_request(&self, until: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        (0..366).find_map(|back| {
            let ask_by = until.checked_sub_days(chrono::Days::new(back))?;
            let settles_on = self.prepay_window(ask_by)?;
            (settles_on <= until).then_some((ask_by, settles_on))
        })
    }

    /// Last day of a year on which universities enter receipts.
    pub fn receipt_deadline(&self, year: i32) -> NaiveDate {
        self.receipt_deadline.on(day_in(year, 10, 1)).day.in_year(year)
    }

    /// Last day of the county's re-check of the year's receipts; none where nobody asks for it.
    pub fn receipt_recheck(&self, year: i32) -> Option<NaiveDate> {
        let rule = self.receipt_recheck.on(day_in(year, 10, 1));
        rule.required.then(|| rule.day.in_year(year))
    }

    /// The next day, today or later, of everything in the desk's year, by key.
    pub fn desk_days(&self, today: NaiveDate) -> Vec<(NaiveDate, &DeskDay)> {
        let in_year = |key: &str, year: i32| {
            self.desk_days.iter().rev().find(|day| day.key == key && day.from_year <= year)
        };
        let mut keys: Vec<&str> = self.desk_days.iter().map(|day| day.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        let next = |key: &str| {
            (today.year()..=today.year() + 1).find_map(|year| {
                let day = in_year(key, year)?;
                let on = day.day.in_year(year);
                (on >= today).then_some((on, day))
            })
        };
        keys.into_iter().filter_map(next).collect()
    }

    /// First and last day of counter work of a county (six digits) in a year.
    pub fn application_window(&self, county: &str, year: i32) -> (NaiveDate, NaiveDate) {
        let newest = |code: &str| {
            self.windows
                .iter()
                .rev()
                .find(|window| window.county == code && window.from_year <= year)
        };
        newest(county)
            .or_else(|| newest("*"))
            .map(|window| (window.opens.in_year(year), window.closes.in_year(year)))
            .unwrap_or((day_in(year, 1, 1), day_in(year, 12, 31)))
    }

    /// Due days and final day that a new contract takes over.
    pub fn due_day(&self, signed_on: NaiveDate) -> MonthDay {
        self.due_days.on(signed_on).due_day
    }

    /// Working days and holidays.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// True when offices work on that day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        self.calendar.is_working_day(day)
    }

    /// What wants attention on a day: a late LPR, a missing holiday notice. Stops nothing.
    pub fn warnings(&self, today: NaiveDate) -> Vec<PolicyWarning> {
        let mut found = Vec::new();
        // The LPR comes out on the 20th or the next working day; it is late from the day after.
        let this_month = self.calendar.working_day_from(day_in(today.year(), today.month(), 20));
        let expected_on = if this_month < today {
            this_month
        } else {
            let before = day_in(today.year(), today.month(), 1).pred_opt().unwrap_or(today);
            self.calendar.working_day_from(day_in(before.year(), before.month(), 20))
        };
        let last_published_on = self.rates.lpr().last_day();
        let month = |day: NaiveDate| (day.year(), day.month());
        if last_published_on.is_none_or(|last| month(last) < month(expected_on)) {
            found.push(PolicyWarning::LprLate { last_published_on, expected_on });
        }
        // Notices came out between January and May; from February on somebody looks.
        let due = |year: &i32| *year < today.year() || today.month() >= 2;
        let unknown = |year: &i32| self.waiver(*year) == Waiver::Unknown;
        let years = (today.year() - 1..=today.year()).filter(|year| due(year) && unknown(year));
        found.extend(years.map(|year| PolicyWarning::WaiverUnknown { year }));
        let year = if today.month() == 12 { today.year() + 1 } else { today.year() };
        if !self.calendar.knows(year) {
            found.push(PolicyWarning::HolidaysUnknown { year });
        }
        found
    }
}
