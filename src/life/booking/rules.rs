//! Half hours, whose turn it is, how long it takes, what to bring. Pure: knows no database, web or
//! clock; the day and the minute of the day come in as arguments.

use chrono::NaiveDate;

use crate::base::ids::text_enum;
use crate::book::policy::CounterPaper;

/// Minutes of a slot.
pub const SLOT: i32 = 30;
/// Minutes between ticket and done where nobody has been served yet: what counters report
/// (Fuling 2020, Yingdong 2023; rules-more.md 4).
pub const USUAL_MINUTES: i64 = 10;
/// From so many on the day's own pace is used.
const ENOUGH: usize = 5;
const DAY_MINUTES: i32 = 24 * 60;

text_enum! {
    State {
        Booked = "booked", "已预约";
        Waiting = "waiting", "等候";
        Called = "called", "办理中";
        Done = "done", "已办";
        NoShow = "no_show", "没有来";
        Cancelled = "cancelled", "已取消";
    }
}

text_enum! {
    Source {
        Phone = "phone", "手机预约";
        Desk = "desk", "代为预约";
        School = "school", "学校统一安排";
        Door = "door", "现场取号";
    }
}

text_enum! {
    Kind {
        First = "first", "首贷";
        Renewal = "renewal", "续贷";
    }
}

text_enum! {
    Step {
        Arrive = "arrive", "取号";
        Call = "call", "叫号";
        Back = "back", "过号重排";
        Finish = "finish", "办完";
        Miss = "miss", "没有来";
        Cancel = "cancel", "取消";
        Reopen = "reopen", "撤回";
    }
}

/// Every move that is allowed.
pub const MOVES: &[(State, Step, State)] = &[
    (State::Booked, Step::Arrive, State::Waiting),
    (State::Booked, Step::Miss, State::NoShow),
    (State::Booked, Step::Cancel, State::Cancelled),
    (State::Waiting, Step::Call, State::Called),
    (State::Waiting, Step::Miss, State::NoShow),
    (State::Waiting, Step::Cancel, State::Cancelled),
    (State::Called, Step::Back, State::Waiting),
    (State::Called, Step::Finish, State::Done),
    (State::Called, Step::Miss, State::NoShow),
    (State::NoShow, Step::Arrive, State::Waiting),
    (State::Done, Step::Reopen, State::Called),
];

impl State {
    /// Where a step leads; none where it is not allowed.
    pub fn after(self, step: Step) -> Option<State> {
        let found = MOVES.iter().find(|(from, by, _)| (*from, *by) == (self, step));
        found.map(|(.., to)| *to)
    }

    /// The steps that a page offers.
    pub fn steps(self) -> impl Iterator<Item = Step> {
        MOVES.iter().filter(move |(from, ..)| *from == self).map(|(_, step, _)| *step)
    }

    /// It takes a place of its half hour.
    pub const fn takes_place(self) -> bool {
        matches!(self, State::Booked | State::Waiting | State::Called | State::Done)
    }
}

/// The minute of the day that `8:30` or `08：30` says.
fn minute(text: &str) -> Option<i32> {
    let text = text.trim().replace('：', ":");
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (i32, i32) = (hour.parse().ok()?, minute.parse().ok()?);
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute);
    is_time.then_some(hour * 60 + minute)
}

/// `08:30`
pub fn time(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The half hours of hours such as `08:30-12:00 14:00-17:30`, each by its first minute.
///
/// # Errors
/// One sentence: what is wrong and how hours are written.
pub fn slots(hours: &str) -> Result<Vec<i32>, &'static str> {
    const HOW: &str = "时间请写成 08:30-12:00 14:00-17:30 这样，按整点或半点";
    let mut found: Vec<i32> = Vec::new();
    for part in hours.split([' ', '，', ',', '、', '\u{3000}']).filter(|part| !part.is_empty()) {
        let part = part.replace(['—', '–', '~', '～', '至'], "-");
        let (from, to) = part.split_once('-').ok_or(HOW)?;
        let (from, to) = (minute(from).ok_or(HOW)?, minute(to).ok_or(HOW)?);
        if from % SLOT != 0 || to % SLOT != 0 || from >= to {
            return Err(HOW);
        }
        if found.last().is_some_and(|last| from < last + SLOT) {
            return Err("几段时间请按先后写，不能重叠");
        }
        found.extend((from..to).step_by(30));
    }
    if found.is_empty() { Err(HOW) } else { Ok(found) }
}

/// What a place can take on a day.
#[derive(Clone, Debug)]
pub struct Capacity<'a> {
    pub on: NaiveDate,
    pub slots: &'a [i32],
    pub per_slot: i64,
    pub is_closed: bool,
    /// For these townships alone; empty: for everybody.
    pub townships: &'a str,
}

/// Why a half hour cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFree {
    Over,
    Closed,
    NoSlot,
    Full,
    OtherTownship,
}

impl NotFree {
    pub const fn in_words(self) -> &'static str {
        match self {
            NotFree::Over => "这个时间已经过了，请另选一个",
            NotFree::Closed => "这一天不办理，请另选一天",
            NotFree::NoSlot => "这一天没有这个时间，请另选一个",
            NotFree::Full => "这个时间刚刚约满，请另选一个",
            NotFree::OtherTownship => "这一天只办理指定的乡镇，请另选一天",
        }
    }
}

/// Whether a household of a township may have a half hour of which `taken` are given.
///
/// # Errors
/// The first reason against it.
pub fn can_book(
    day: &Capacity<'_>,
    (slot, taken): (i32, i64),
    township: &str,
    (today, now): (NaiveDate, i32),
) -> Result<(), NotFree> {
    if day.on < today || (day.on == today && slot + SLOT <= now) {
        return Err(NotFree::Over);
    }
    if day.is_closed {
        return Err(NotFree::Closed);
    }
    if !day.slots.contains(&slot) {
        return Err(NotFree::NoSlot);
    }
    if !serves(day.townships, township) {
        return Err(NotFree::OtherTownship);
    }
    if taken >= day.per_slot { Err(NotFree::Full) } else { Ok(()) }
}

impl Capacity<'_> {
    /// The half hours that a household of a township may have, with how many are given of each.
    pub fn free(
        &self,
        taken: impl Fn(i32) -> i64,
        township: &str,
        now: (NaiveDate, i32),
    ) -> Vec<(i32, i64)> {
        let given = self.slots.iter().map(|slot| (*slot, taken(*slot)));
        given.filter(|of| can_book(self, *of, township, now).is_ok()).collect()
    }
}

/// Whether a day for some townships (`青山镇、白水乡`; nothing: all) is for one of this township. One
/// whose township nobody knows may come.
pub fn serves(townships: &str, township: &str) -> bool {
    let mut all = townships.split(['、', '，', ',', ' ']).filter(|one| !one.is_empty()).peekable();
    all.peek().is_none() || township.is_empty() || all.any(|one| one == township)
}

/// The minute by which tickets are called: who comes in time keeps the half hour that was promised,
/// who comes late or without one stands where they came.
pub fn turn(slot: Option<i32>, now: i32) -> i32 {
    slot.filter(|slot| now <= slot + SLOT).unwrap_or(now).min(DAY_MINUTES)
}

/// Minutes until `ahead` households have been served at so many desks; `pace` is what each of those
/// who were served today took.
pub fn forecast(ahead: i64, desks: i64, pace: &[i64]) -> i64 {
    let each = match i64::try_from(pace.len()) {
        Ok(count) if pace.len() >= ENOUGH => {
            // Tickets that were called away by mistake promise nobody a minute.
            (pace.iter().sum::<i64>() / count).max(USUAL_MINUTES / 3)
        }
        _ => USUAL_MINUTES,
    };
    let desks = desks.max(1);
    (ahead * each + desks - 1) / desks
}

/// `A007`
pub fn ticket(series: &str, number: i32) -> String {
    format!("{series}{number:03}")
}

/// The letter of a place: the first that no other place has.
pub fn next_series(known: &[String]) -> String {
    let free = ('A'..='Z').map(String::from).find(|letter| !known.contains(letter));
    free.unwrap_or_else(|| "Z".to_owned())
}

/// What a household brings: the papers of the policy, and who has to come (rules.md 5.3); `other`
/// is the co-borrower of the contract before.
pub fn to_bring(papers: &[CounterPaper], kind: Kind, other: Option<&str>) -> Vec<String> {
    let (who, also) = match (kind, other) {
        (Kind::First, _) => ("学生和共同借款人两个人都来".to_owned(), "hardship"),
        (Kind::Renewal, Some(name)) => {
            (format!("学生本人或者共同借款人{name}，来一个人就可以"), "")
        }
        (Kind::Renewal, None) => ("学生本人，来一个人就可以".to_owned(), ""),
    };
    let of = |when: &'static str| papers.iter().filter(move |paper| paper.when == when);
    let unrecognised = of(also).map(|paper| format!("没有通过预申请的，还有{}", paper.name));
    let named = of(kind.as_text()).map(|paper| paper.name.clone());
    std::iter::once(who).chain(named).chain(unrecognised).collect()
}

/// The same in the few words of a text message.
pub const fn in_short(kind: Kind) -> &'static str {
    match kind {
        Kind::First => "两人的身份证、户口簿、录取通知书和申请表",
        Kind::Renewal => "身份证和续贷申请表",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn hours_become_half_hours() {
        assert_eq!(slots("08:30-10:00").unwrap(), vec![510, 540, 570]);
        assert_eq!(slots("8：30-9:00，14:00～15:00").unwrap(), vec![510, 840, 870]);
        for wrong in ["", "8点到12点", "08:45-12:00", "12:00-08:30", "14:00-15:00 08:30-09:00"] {
            assert!(slots(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_full_closed_past_or_foreign_half_hour_is_not_given() {
        let slots = [510, 540];
        let open = Capacity {
            on: day("2026-08-10"),
            slots: &slots,
            per_slot: 4,
            is_closed: false,
            townships: "青山镇、白水乡",
        };
        let at = |slot, taken, township: &str, now: (&str, i32)| {
            can_book(&open, (slot, taken), township, (day(now.0), now.1))
        };
        let early = ("2026-08-09", 900);
        assert_eq!(at(510, 3, "青山镇", early), Ok(()));
        assert_eq!(at(510, 3, "", early), Ok(()));
        assert_eq!(at(510, 4, "青山镇", early), Err(NotFree::Full));
        assert_eq!(at(510, 0, "黑石镇", early), Err(NotFree::OtherTownship));
        assert_eq!(at(570, 0, "青山镇", early), Err(NotFree::NoSlot));
        assert_eq!(at(510, 0, "青山镇", ("2026-08-10", 540)), Err(NotFree::Over));
        assert_eq!(at(510, 0, "青山镇", ("2026-08-10", 539)), Ok(()));
        let closed = Capacity { is_closed: true, ..open };
        let answer = can_book(&closed, (510, 0), "青山镇", (day("2026-08-09"), 0));
        assert_eq!(answer, Err(NotFree::Closed));
    }

    #[test]
    fn who_comes_in_time_keeps_the_promised_half_hour() {
        assert_eq!(turn(Some(600), 480), 600);
        assert_eq!(turn(Some(600), 630), 600);
        assert_eq!(turn(Some(600), 631), 631);
        assert_eq!(turn(None, 615), 615);
    }

    #[test]
    fn a_forecast_takes_the_pace_of_the_day_when_enough_were_served() {
        assert_eq!(forecast(9, 3, &[]), 30);
        assert_eq!(forecast(10, 3, &[]), 34);
        assert_eq!(forecast(9, 3, &[5, 5, 5, 5, 5]), 15);
        assert_eq!(forecast(0, 3, &[]), 0);
    }

    #[test]
    fn every_state_that_waits_can_be_left() {
        for state in [State::Booked, State::Waiting, State::Called] {
            assert!(state.steps().count() >= 3, "{}", state.as_text());
        }
        assert_eq!(State::Cancelled.steps().count(), 0);
        assert_eq!(State::Booked.after(Step::Call), None);
    }
}
