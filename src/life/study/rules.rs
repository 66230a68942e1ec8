//! 就学信息变更: the eleven kinds, what each asks for and what it does to a contract (rules.md 3.4
//! and 5.6, rules-more.md 3.4). Pure.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::base::dates::{in_words, last_of_month};
use crate::base::ids::text_enum;
use crate::book::policy::StudyChangeDays;
use crate::book::statement::EventKind;
use crate::error::FieldError;

text_enum! {
    Kind {
        Advance = "advance", "升学";
        Upgrade = "upgrade", "专升本";
        Suspend = "suspend", "休学";
        Resume = "resume", "复学";
        Quit = "quit", "退学";
        Expelled = "expelled", "开除";
        Enlist = "enlist", "入伍";
        Transfer = "transfer", "转学";
        Repeat = "repeat", "留级";
        Prolong = "prolong", "延长学制";
        Abroad = "abroad", "出国";
    }
}

text_enum! {
    State {
        Draft = "draft", "待提交";
        Submitted = "submitted", "待复核";
        Returned = "returned", "退回补正";
        Approved = "approved", "已生效";
        Refused = "refused", "不同意";
        Withdrawn = "withdrawn", "已撤销";
    }
}

text_enum! {
    /// Either of the two may sign the change sheet.
    Signer {
        Student = "student", "借款学生";
        CoBorrower = "co_borrower", "共同借款人";
    }
}

impl State {
    /// Its clerk may still change it.
    pub const fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Returned)
    }
}

/// What a kind does to the day until which the state pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Later: the state goes on paying (rules.md 3.4).
    Extends,
    /// It may move, either way; where it stays only the file changes.
    MayMove,
    /// It comes at the end of the month.
    Ends,
}

impl Kind {
    const fn effect(self) -> Effect {
        match self {
            Kind::Quit | Kind::Expelled => Effect::Ends,
            Kind::Resume | Kind::Transfer | Kind::Abroad => Effect::MayMove,
            Kind::Advance
            | Kind::Upgrade
            | Kind::Suspend
            | Kind::Enlist
            | Kind::Repeat
            | Kind::Prolong => Effect::Extends,
        }
    }

    /// The student goes on elsewhere.
    pub const fn needs_university(self) -> bool {
        matches!(self, Kind::Advance | Kind::Upgrade | Kind::Transfer | Kind::Abroad)
    }

    /// What a family brings.
    pub const fn proof(self) -> &'static str {
        match self {
            Kind::Advance | Kind::Upgrade => "录取通知书",
            Kind::Suspend => "休学证明",
            Kind::Resume => "复学证明",
            Kind::Quit => "退学证明",
            Kind::Expelled => "学校处分决定",
            Kind::Enlist => "入伍通知书",
            Kind::Transfer => "转学证明",
            Kind::Repeat | Kind::Prolong => "学校学籍证明",
            Kind::Abroad => "录取通知书和学校证明",
        }
    }
}

/// What a family says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: Kind,
    /// First day of the new study, or the day of the school's decision.
    pub happened_on: NaiveDate,
    /// The new 贴息截止日.
    pub ends_on: Option<NaiveDate>,
    pub university: String,
}

/// A contract that is not paid off, as far as a change goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub number: String,
    pub signed_on: NaiveDate,
    /// The state pays until then.
    pub ends_on: NaiveDate,
    pub final_due_on: NaiveDate,
    pub is_paid_out: bool,
}

/// How far ahead a new study may lie, in months: an admission of July is for September.
const AHEAD_MONTHS: u32 = 12;

fn day_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// What cannot be taken, field by field.
pub fn check(change: &Change, contracts: &[Contract], today: NaiveDate) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut say = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    let effect = change.kind.effect();
    let latest = match effect {
        Effect::Ends => today,
        _ => today.checked_add_months(Months::new(AHEAD_MONTHS)).unwrap_or(today),
    };
    let signed_on = contracts.iter().map(|one| one.signed_on).min().unwrap_or(today);
    if change.happened_on > latest {
        say("happened_on", format!("变更日期不能晚于{}", in_words(latest, today)));
    } else if change.happened_on < signed_on {
        let signed_on = in_words(signed_on, today);
        say("happened_on", format!("变更日期早于第一份没有还清的合同（{signed_on}签订）"));
    }
    if change.kind.needs_university() && change.university.is_empty() {
        say("university", "请填新的学校全称".to_owned());
    }
    let word = change.kind.in_words();
    match (effect, change.ends_on) {
        (Effect::Ends, Some(_)) => {
            say("ends_on", format!("{word}不用填：国家贴息到变更那个月的月底为止"));
        }
        (Effect::Ends, None) => {
            let last = month_end(change.happened_on);
            if contracts.iter().all(|one| one.ends_on <= last) {
                say("happened_on", "那时学业已经结束，利息本来就由本人付，不用办变更".to_owned());
            }
        }
        (Effect::Extends, None) => {
            say("ends_on", "请填新的贴息截止日，一般是新的毕业年份的8月31日".to_owned());
        }
        (_, Some(ends_on)) => {
            for (field, message) in check_end(change, ends_on, contracts, today) {
                say(field, message);
            }
        }
        (Effect::MayMove, None) => {}
    }
    errors
}

fn check_end(
    change: &Change,
    ends_on: NaiveDate,
    contracts: &[Contract],
    today: NaiveDate,
) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if ends_on < change.happened_on {
        found.push(("ends_on", "新的贴息截止日早于变更日期".to_owned()));
    }
    if let Some(one) = contracts.iter().find(|one| ends_on >= one.final_due_on) {
        let last = in_words(one.final_due_on, today);
        found.push((
            "ends_on",
            format!("合同 {} {last}到期，继续读书不能改到期日，贴息截止日要早于它", one.number),
        ));
    }
    let is_later = contracts.iter().all(|one| ends_on > one.ends_on);
    if change.kind.effect() == Effect::Extends && !is_later {
        let now = contracts.iter().map(|one| one.ends_on).max().unwrap_or(ends_on);
        let now = in_words(now, today);
        found.push(("ends_on", format!("现在的贴息截止日是{now}，新的要晚于它")));
    }
    found
}

fn month_end(day: NaiveDate) -> NaiveDate {
    last_of_month(day.year(), day.month()).unwrap_or(day)
}

/// What happens to a contract: effective day and event; none where nothing changes. What lies ahead
/// is known from today on, since it amends the terms of the whole life (loan-maths section 3).
/// After a gap the state pays again from the first day of the new study.
pub fn event(
    change: &Change,
    contract: &Contract,
    today: NaiveDate,
) -> Option<(NaiveDate, EventKind)> {
    let on = change.happened_on.min(today);
    match (change.kind.effect(), change.ends_on) {
        (Effect::Ends, _) => {
            (contract.ends_on > month_end(on)).then_some((on, EventKind::StudyEndedEarly))
        }
        (_, Some(to)) if to != contract.ends_on => {
            let has_gap = change.happened_on > day_after(contract.ends_on);
            let from = has_gap.then_some(change.happened_on);
            Some((on, EventKind::SubsidyEndMoved { to, from }))
        }
        _ => None,
    }
}

/// What somebody looks at before it is approved; none of it forbids anything.
pub fn exceptions(
    change: &Change,
    contracts: &[Contract],
    days: &StudyChangeDays,
    today: NaiveDate,
) -> Vec<String> {
    let mut found = Vec::new();
    let edge = days.edge.in_year(today.year());
    let is_late = |one: &Contract| one.ends_on <= edge && one.ends_on.year() == today.year();
    if change.kind.effect() == Effect::Extends && today > edge && contracts.iter().any(is_late) {
        let last = days.last_chance.in_year(today.year());
        let edge = in_words(edge, today);
        found.push(match today <= last {
            true => {
                let last = in_words(last, today);
                format!("过了{edge}才办，银行可能已经按毕业计息，{last}前请银行改正")
            }
            false => format!("过了{edge}才办，银行可能已经按毕业计息，要和银行核对"),
        });
    }
    if let Some(ends_on) = change.ends_on
        && (ends_on.month(), ends_on.day()) != (8, 31)
    {
        found.push(format!("新的贴息截止日是{}，不是8月31日", in_words(ends_on, today)));
    }
    let gap = contracts.iter().find_map(|one| match event(change, one, today) {
        Some((_, EventKind::SubsidyEndMoved { from: Some(from), .. })) => {
            Some((day_after(one.ends_on), from))
        }
        _ => None,
    });
    if let Some((from, until)) = gap {
        let (from, until) = (in_words(from, today), in_words(until, today));
        found.push(format!("{from}到{until}没有在读，这段利息由本人付"));
    }
    let ends = matches!(change.kind.effect(), Effect::Ends) || change.kind == Kind::Enlist;
    for one in contracts.iter().filter(|one| ends && !one.is_paid_out) {
        found.push(format!("合同 {} 还没有放款，要停止发放", one.number));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;
    use crate::base::month_day::MonthDay;

    const TODAY: (i32, u32, u32) = (2026, 9, 10);

    fn today() -> NaiveDate {
        day_in(TODAY.0, TODAY.1, TODAY.2)
    }

    fn days() -> StudyChangeDays {
        let day = |month, day| MonthDay::new(month, day).unwrap();
        StudyChangeDays { remind: day(7, 31), edge: day(8, 31), last_chance: day(10, 15) }
    }

    /// Signed for four years of study, and paid out.
    fn contract() -> Contract {
        Contract {
            number: "1".to_owned(),
            signed_on: day_in(2022, 8, 20),
            ends_on: day_in(2026, 8, 31),
            final_due_on: day_in(2041, 9, 20),
            is_paid_out: true,
        }
    }

    fn change(kind: Kind, happened_on: NaiveDate, ends_on: Option<NaiveDate>) -> Change {
        Change { kind, happened_on, ends_on, university: "省师范大学".to_owned() }
    }

    fn fields(of: &Change) -> Vec<String> {
        check(of, &[contract()], today()).into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn each_kind_asks_for_the_day_that_it_changes() {
        let (on, later) = (day_in(2026, 9, 1), day_in(2029, 8, 31));
        for kind in Kind::ALL {
            let without = fields(&change(*kind, on, None));
            let with = fields(&change(*kind, on, Some(later)));
            let (asks, takes) = match kind.effect() {
                Effect::Extends => (vec!["ends_on"], vec![]),
                Effect::MayMove => (vec![], vec![]),
                // After the end of the subsidy there is nothing to end.
                Effect::Ends => (vec!["happened_on"], vec!["ends_on"]),
            };
            assert_eq!((without, with), (own(&asks), own(&takes)), "{kind:?}");
        }
    }

    fn own(of: &[&str]) -> Vec<String> {
        of.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn a_day_that_cannot_be_is_said() {
        let on = day_in(2026, 9, 1);
        let end = |year, month, day| Some(day_in(year, month, day));
        let advance = |ends_on| fields(&change(Kind::Advance, on, ends_on));
        assert_eq!(advance(end(2026, 8, 31)), own(&["ends_on", "ends_on"]), "not later, too early");
        assert_eq!(advance(end(2041, 9, 20)), own(&["ends_on"]), "the final day never moves");
        assert_eq!(advance(end(2041, 8, 31)), own(&[]));
        let ahead = |on| fields(&change(Kind::Advance, on, end(2029, 8, 31)));
        assert_eq!(ahead(day_in(2027, 9, 10)), own(&[]));
        assert_eq!(ahead(day_in(2027, 9, 11)), own(&["happened_on"]));
        assert_eq!(ahead(day_in(2022, 8, 19)), own(&["happened_on"]), "before the contract");
        let nowhere = Change { university: String::new(), ..change(Kind::Transfer, on, None) };
        assert_eq!(fields(&nowhere), own(&["university"]));
    }

    #[test]
    fn further_study_without_a_gap_and_with_one() {
        let to = day_in(2029, 8, 31);
        let moved = |on, from| Some((on, EventKind::SubsidyEndMoved { to, from }));
        let of = |on| event(&change(Kind::Advance, on, Some(to)), &contract(), today());
        assert_eq!(of(day_in(2026, 9, 1)), moved(day_in(2026, 9, 1), None));
        // Admitted for next autumn: known from today on, paid again from its first day.
        let next = day_in(2027, 9, 1);
        assert_eq!(of(next), moved(today(), Some(next)));
        let same = change(Kind::Transfer, day_in(2026, 3, 1), Some(day_in(2026, 8, 31)));
        assert_eq!(event(&same, &contract(), today()), None, "only the file changes");
    }

    #[test]
    fn who_leaves_pays_from_the_next_month_on() {
        let quit = |on| event(&change(Kind::Quit, on, None), &contract(), today());
        let on = day_in(2025, 11, 3);
        assert_eq!(quit(on), Some((on, EventKind::StudyEndedEarly)));
        assert_eq!(quit(day_in(2026, 8, 3)), None, "the subsidy ends with that month anyway");
    }

    #[test]
    fn the_second_person_is_told_what_is_unusual() {
        let (on, to) = (day_in(2026, 9, 1), Some(day_in(2029, 8, 31)));
        let told = |change: &Change, one: Contract, today| {
            exceptions(change, &[one], &days(), today).join("\n")
        };
        let advance = change(Kind::Advance, on, to);
        assert_eq!(told(&advance, contract(), day_in(2026, 8, 31)), "");
        let late = told(&advance, contract(), today());
        assert!(late.contains("10月15日前请银行改正"), "{late}");
        let too_late = told(&advance, contract(), day_in(2026, 10, 16));
        assert!(too_late.contains("要和银行核对"), "{too_late}");
        let odd = change(Kind::Advance, on, Some(day_in(2029, 7, 1)));
        assert!(told(&odd, contract(), day_in(2026, 8, 1)).contains("不是8月31日"));
        let quit = change(Kind::Quit, day_in(2026, 3, 1), None);
        let unpaid = Contract { is_paid_out: false, ..contract() };
        assert!(told(&quit, unpaid, today()).contains("还没有放款，要停止发放"));
        let gap = told(&change(Kind::Advance, day_in(2027, 9, 1), to), contract(), today());
        assert!(gap.contains("2026年9月1日到") || gap.contains("9月1日到"), "{gap}");
    }
}
