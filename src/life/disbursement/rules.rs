//! Who may be paid out, how the money is split, how it moves and how families read it. Pure: knows
//! no database, web or clock.

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::dates::in_words;
use crate::base::ids::text_enum;
use crate::base::money::Fen;
use crate::book::policy::Policy;

text_enum! {
    /// Where the money of a contract is.
    State {
        Ordered = "ordered", "已报送银行";
        Paid = "paid", "已到学生账户";
        AtUniversity = "at_university", "已到高校";
        PartlyReturned = "partly_returned", "高校退回一部分";
        Frozen = "frozen", "余款被冻结";
        Returned = "returned", "已退回银行";
        Cancelled = "cancelled", "发放失败";
    }
}

text_enum! {
    /// What moves it; the first three come with a list.
    Move {
        Order = "order", "报送";
        Pay = "pay", "银行发放";
        Fail = "fail", "银行发放失败";
        Reach = "reach", "到高校";
        PartReturn = "part_return", "高校退回一部分";
        Freeze = "freeze", "余款冻结";
        Release = "release", "余款解冻";
        Correct = "correct", "撤回上一步";
        Return = "return", "全部退回银行";
    }
}

/// From, by what, to: the only table of allowed moves, drawn into `docs/batch.md` by a test.
pub const MOVES: &[(State, Move, State)] = &[
    (State::Ordered, Move::Pay, State::Paid),
    (State::Ordered, Move::Fail, State::Cancelled),
    (State::Cancelled, Move::Order, State::Ordered),
    (State::Paid, Move::Reach, State::AtUniversity),
    (State::Paid, Move::Freeze, State::Frozen),
    (State::Paid, Move::Return, State::Returned),
    (State::AtUniversity, Move::PartReturn, State::PartlyReturned),
    (State::AtUniversity, Move::Freeze, State::Frozen),
    (State::AtUniversity, Move::Correct, State::Paid),
    (State::AtUniversity, Move::Return, State::Returned),
    (State::PartlyReturned, Move::Freeze, State::Frozen),
    (State::PartlyReturned, Move::Correct, State::AtUniversity),
    (State::Frozen, Move::Release, State::AtUniversity),
    (State::Frozen, Move::Return, State::Returned),
    (State::Returned, Move::Order, State::Ordered),
];

impl State {
    pub fn after(self, by: Move) -> Option<State> {
        MOVES.iter().find(|(from, of, _)| (*from, *of) == (self, by)).map(|(_, _, to)| *to)
    }

    /// What a person may do now; what comes with lists is left out.
    pub fn by_hand(self) -> Vec<Move> {
        let of_lists = [Move::Order, Move::Pay, Move::Fail];
        let own = MOVES.iter().filter(|(from, by, _)| *from == self && !of_lists.contains(by));
        own.map(|(_, by, _)| *by).collect()
    }

    /// The money has not left, or has come back.
    pub const fn is_unpaid(self) -> bool {
        matches!(self, State::Ordered | State::Returned | State::Cancelled)
    }
}

/// What is known of a contract that might be paid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub withdrawn: bool,
    pub paid_out: bool,
    pub has_receipt: bool,
    /// Where its money goes is known.
    pub has_account: bool,
    pub differs: bool,
    pub enlisted: bool,
}

/// Why a contract may not be paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Withdrawn,
    PaidOut,
    NoReceipt,
    Differs,
    NoAccount,
    Enlisted,
}

impl Standing {
    /// The first thing against it. `list.rs` has the same as a condition; a test compares them.
    pub const fn why_not(self) -> Option<Why> {
        match self {
            Standing { withdrawn: true, .. } => Some(Why::Withdrawn),
            Standing { paid_out: true, .. } => Some(Why::PaidOut),
            Standing { has_receipt: false, .. } => Some(Why::NoReceipt),
            Standing { differs: true, .. } => Some(Why::Differs),
            Standing { has_account: false, .. } => Some(Why::NoAccount),
            Standing { enlisted: true, .. } => Some(Why::Enlisted),
            Standing { .. } => None,
        }
    }
}

impl Why {
    pub const fn in_words(self) -> &'static str {
        match self {
            Why::Withdrawn => "合同已撤销",
            Why::PaidOut => "已经放款",
            Why::NoReceipt => "还没有高校回执",
            Why::Differs => "高校回执待核对",
            Why::NoAccount => "还没有账号",
            Why::Enlisted => "本人在服兵役，先核对",
        }
    }
}

/// What goes to the university and what stays on the student's account: tuition and lodging of the
/// receipt, at most the loan. Together they are the loan to the fen.
pub fn split(amount: Fen, fees: Option<Fen>) -> (Fen, Fen) {
    let to_university = fees.map_or(amount, |fees| fees.or_zero().at_most(amount));
    (to_university, amount - to_university)
}

/// A step of the way of the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stop {
    pub name: &'static str,
    pub text: String,
    pub done: bool,
}

/// The money of a contract as far as its way goes.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// None: no list has gone to the bank.
    pub state: Option<State>,
    pub to_university: Fen,
    pub to_account: Fen,
    pub returned: Fen,
    pub ordered_on: Option<NaiveDate>,
    pub paid_on: Option<NaiveDate>,
    pub reason: &'a str,
}

/// Where the money is, as families read it: ordered, paid, at the university, the rest.
pub fn way(of: Way<'_>, policy: &Policy, today: NaiveDate) -> Vec<Stop> {
    let Some(state) = of.state else {
        let text = "中心还没有把名单送到银行".to_owned();
        return vec![Stop { name: "报送银行", text, done: false }];
    };
    let stop = |name, text: String, done| Stop { name, text, done };
    let day = |on: NaiveDate| in_words(on, today);
    let yuan = |amount: Fen| format!("¥{}", amount.to_page_text());
    let sent = of.ordered_on.map_or_else(|| "已报送".to_owned(), |on| format!("{}报送", day(on)));
    let mut stops = vec![stop("报送银行", sent, true)];
    match state {
        State::Cancelled => {
            let text = format!("银行发放失败：{}。中心会重新报送，有疑问请打电话", of.reason);
            stops.push(stop("到本人账户", text, false));
        }
        State::Returned => {
            let text = format!("已全部退回银行：{}。请联系中心", of.reason);
            stops.push(stop("到本人账户", text, false));
        }
        State::Ordered => {
            let text = "等银行发放，一般在 11月到12月".to_owned();
            stops.push(stop("到本人账户", text, false));
        }
        _ => {}
    }
    if state.is_unpaid() {
        return stops;
    }
    let paid_on = of.paid_on.unwrap_or(today);
    let days = policy.disbursement_days.on(paid_on);
    let later = |count| policy.calendar().add_working_days(paid_on, count);
    stops.push(stop("到本人账户", format!("{}已到账", day(paid_on)), true));
    if of.to_university.is_positive() {
        let (amount, by) = (yuan(of.to_university), day(later(days.to_university)));
        let done = matches!(state, State::AtUniversity | State::PartlyReturned);
        let text = match (state, done) {
            (State::PartlyReturned, _) => {
                format!("{amount} 已到高校，退回 {}，多交的由高校退给学生", yuan(of.returned))
            }
            (_, true) => format!("{amount} 已到高校，抵学费和住宿费"),
            (_, false) => format!("{amount} 正转给高校，一般到 {by}；以高校入账为准"),
        };
        stops.push(stop("到高校", text, done));
    }
    if of.to_account.is_positive() {
        let (amount, by) = (yuan(of.to_account), day(later(days.rest)));
        let text = match state {
            State::Frozen => format!("{amount} 被银行冻结：{}。请带身份证到中心", of.reason),
            _ => format!("余款 {amount} 留在本人账户，一般到 {by}可以取"),
        };
        stops.push(stop("余款", text, state != State::Frozen && later(days.rest) <= today));
    }
    stops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_against_a_contract_is_said() {
        let ready = Standing { has_receipt: true, has_account: true, ..Standing::default() };
        for (standing, why) in [
            (ready, None),
            (Standing::default(), Some(Why::NoReceipt)),
            (Standing { differs: true, ..ready }, Some(Why::Differs)),
            (Standing { has_account: false, ..ready }, Some(Why::NoAccount)),
            (Standing { enlisted: true, ..ready }, Some(Why::Enlisted)),
            (Standing { paid_out: true, ..ready }, Some(Why::PaidOut)),
            (Standing { withdrawn: true, enlisted: true, ..ready }, Some(Why::Withdrawn)),
        ] {
            assert_eq!(standing.why_not(), why, "{standing:?}");
        }
    }

    #[test]
    fn money_is_split_to_the_fen() {
        let yuan = Fen::from_yuan;
        for (amount, fees, university, account) in [
            (8_000, Some(5_400), 5_400, 2_600),
            (8_000, Some(9_400), 8_000, 0),
            (8_000, Some(0), 0, 8_000),
            (8_000, None, 8_000, 0),
        ] {
            let found = split(yuan(amount), fees.map(yuan));
            assert_eq!(found, (yuan(university), yuan(account)), "{amount} {fees:?}");
            assert_eq!(found.0 + found.1, yuan(amount));
        }
    }

    #[test]
    fn every_state_is_reached_and_money_that_came_is_not_paid_again() {
        for state in State::ALL {
            let reached = MOVES.iter().any(|(_, _, to)| to == state) || *state == State::Ordered;
            assert!(reached, "{state:?}");
            assert_eq!(state.after(Move::Pay).is_some(), *state == State::Ordered, "{state:?}");
        }
        assert_eq!(State::Frozen.by_hand(), [Move::Release, Move::Return]);
        assert!(State::Ordered.by_hand().is_empty());
    }

    #[test]
    fn a_family_reads_where_the_money_is() {
        let policy = Policy::embedded().unwrap();
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let way_of = |state, today: &str| {
            let (ordered_on, paid_on) = (Some(day("2026-11-16")), Some(day("2026-11-18")));
            let (to_university, to_account) = (Fen::from_yuan(5_400), Fen::from_yuan(2_600));
            let returned = Fen::from_yuan(400);
            let reason = "账户被冻结";
            let of =
                Way { state, to_university, to_account, returned, ordered_on, paid_on, reason };
            let stops = way(of, &policy, day(today));
            let words = |one: &Stop| {
                format!("{} {}{}", one.name, one.text, if one.done { "。" } else { "" })
            };
            stops.iter().map(words).collect::<Vec<_>>().join("；")
        };
        assert_eq!(way_of(None, "2026-11-10"), "报送银行 中心还没有把名单送到银行");
        let ordered = way_of(Some(State::Ordered), "2026-11-17");
        assert!(ordered.ends_with("到本人账户 等银行发放，一般在 11月到12月"), "{ordered}");
        let paid = way_of(Some(State::Paid), "2026-11-20");
        assert!(paid.contains("到高校 ¥5,400.00 正转给高校，一般到 11月25日"), "{paid}");
        assert!(paid.contains("余款 ¥2,600.00 留在本人账户，一般到 12月2日可以取"), "{paid}");
        let there = way_of(Some(State::PartlyReturned), "2026-12-20");
        assert!(there.contains("退回 ¥400.00") && there.ends_with('。'), "{there}");
        assert!(way_of(Some(State::Frozen), "2026-12-20").contains("被银行冻结：账户被冻结"));
        assert!(way_of(Some(State::Cancelled), "2026-12-20").contains("银行发放失败：账户被冻结"));
    }
}
