//! What a contract says, as far as the arithmetic needs it (loan-maths section 1), and the named
//! switches for everything that a bank might do differently.

use chrono::NaiveDate;

use crate::base::month_day::MonthDay;
use crate::base::rate::RatePpm;

/// An enum whose values are written as fixed words in files and databases.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The word used in files and databases.
            pub const fn as_text(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            /// The value a word stands for.
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($word => Some($name::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Level of study, which decides the caps.
    StudyLevel {
        /// 本专科 (associate degrees and second bachelor's included).
        Undergraduate = "undergraduate",
        /// 研究生.
        Graduate = "graduate",
    }
}

words! {
    /// The product a contract belongs to.
    Product {
        /// 国家开发银行生源地信用助学贷款.
        Cdb = "cdb",
        /// A county's own interest-free loan (地方免息助学贷款).
        Local = "local",
    }
}

words! {
    /// Days in the year of the day-count rule; the days themselves are always counted exactly.
    DayCount {
        /// Actual days over 360 (rules.md 3.3).
        Act360 = "act_360",
        /// Actual days over 365 (other lenders).
        Act365 = "act_365",
    }
}

impl DayCount {
    /// The divisor: 360 or 365.
    pub const fn year_days(self) -> i64 {
        match self {
            DayCount::Act360 => 360,
            DayCount::Act365 => 365,
        }
    }
}

words! {
    /// Which day is the last that the state pays (rules.md 3.3: 111 against 110 days).
    SelfPayStarts {
        /// The subsidy end itself (08-31): 111 days to 12-20.
        SubsidyEnd = "subsidy_end",
        /// The day after it (09-01): 110 days.
        NextDay = "next_day",
    }
}

words! {
    /// What a part prepayment, compensation or relief does to the rest of the plan.
    Recut {
        /// The rest is spread equally over the due days still to come.
        Spread = "spread",
        /// The equal amount stays; the last instalments fall away.
        FromTheEnd = "from_the_end",
    }
}

words! {
    /// In which order a payment is used within one due day.
    Allocation {
        /// Penalty, then interest, then principal.
        PenaltyInterestPrincipal = "penalty_interest_principal",
        /// Interest, then principal, then penalty.
        InterestPrincipalPenalty = "interest_principal_penalty",
        /// Principal, then interest, then penalty.
        PrincipalInterestPenalty = "principal_interest_penalty",
    }
}

/// One part of what a due day asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Penalty,
    Interest,
    Principal,
}

impl Allocation {
    /// The parts in the order in which money reaches them.
    pub(crate) const fn order(self) -> [Part; 3] {
        match self {
            Allocation::PenaltyInterestPrincipal => {
                [Part::Penalty, Part::Interest, Part::Principal]
            }
            Allocation::InterestPrincipalPenalty => {
                [Part::Interest, Part::Principal, Part::Penalty]
            }
            Allocation::PrincipalInterestPenalty => {
                [Part::Principal, Part::Interest, Part::Penalty]
            }
        }
    }
}

/// The decisions a bank might take differently; the defaults are those of loan-maths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Switches {
    /// The last day that the state pays.
    pub self_pay_starts: SelfPayStarts,
    /// What early principal does to the plan.
    pub recut_after_prepayment: Recut,
    /// How a payment is divided.
    pub allocation: Allocation,
}

impl Default for Switches {
    fn default() -> Self {
        Switches {
            self_pay_starts: SelfPayStarts::SubsidyEnd,
            recut_after_prepayment: Recut::Spread,
            allocation: Allocation::PenaltyInterestPrincipal,
        }
    }
}

/// How a contract is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// Reference rate less the policy's margin, priced anew every 12-21.
    Floating,
    /// One yearly rate for the whole life (the 2020 choice; interest-free loans have 0).
    Fixed(RatePpm),
}

/// The terms of one contract, fixed at signing. What events change (the subsidy end, the plan,
/// the rate) is worked out from the events, never written here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The bank's number of the contract.
    pub contract_no: String,
    /// Day of signing; decides the pricing family (before 2020-01-01: benchmark) and switches.
    pub signed_on: NaiveDate,
    pub level: StudyLevel,
    /// 贴息截止日: the last day of the state's interest, as signed.
    pub subsidy_ends_on: NaiveDate,
    /// 还本宽限期 in years, the year of the subsidy end included; 0 to 40.
    pub grace_years: i32,
    /// The yearly due and settlement day, usually 12-20.
    pub due_day: MonthDay,
    /// 到期日: the last due day; never moves.
    pub final_due_on: NaiveDate,
    pub pricing: Pricing,
    /// Penalty rate as millionths of the contract rate: 130 % is 1,300,000.
    pub penalty_ppm: i32,
    pub day_count: DayCount,
    /// The switches in force for this contract.
    pub switches: Switches,
}

/// The terms that explanations need, without the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub penalty_ppm: i32,
    pub day_count: DayCount,
    pub switches: Switches,
    pub final_due_on: NaiveDate,
}

impl Terms {
    pub(super) fn facts(&self) -> Facts {
        let Terms { penalty_ppm, day_count, switches, final_due_on, .. } = *self;
        Facts { penalty_ppm, day_count, switches, final_due_on }
    }
}
