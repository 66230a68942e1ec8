//! What decides about applications and rounds, without a database: the allowed moves, who signs,
//! which lines exclude each other, who is drawn for the yearly check.

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::dates::age_on;
use crate::base::hex::{hash_of, hex};
use crate::base::ids::{RowId, text_enum};
use crate::book::policy::HardshipLine;

text_enum! {
    /// How far an application is.
    State {
        Applied = "applied", "已申请";
        Class = "class", "班级评议过";
        Grade = "grade", "年级认定过";
        School = "school", "学校审核过";
        Village = "village", "村（社区）核实过";
        Public = "public", "公示中";
        Cleared = "cleared", "公示期满";
        Recognised = "recognised", "已认定";
        Refused = "refused", "不予认定";
        Withdrawn = "withdrawn", "已撤回";
    }
}

text_enum! {
    /// What is done with an application.
    Step {
        Apply = "apply", "申请";
        Class = "class", "班级评议";
        Grade = "grade", "年级认定";
        School = "school", "学校审核";
        Village = "village", "村（社区）核实";
        Publish = "publish", "公示";
        Clear = "clear", "公示期满";
        /// An objection has changed the level.
        Object = "object", "异议成立，调整";
        County = "county", "县级复核";
        Refuse = "refuse", "不予认定";
        Return = "return", "退回补正";
        Withdraw = "withdraw", "撤回申请";
    }
}

text_enum! {
    /// Who has signed the application.
    Signer {
        Own = "self", "学生本人";
        Guardian = "guardian", "学生和父母或监护人";
        /// The signed papers of a list lie at the school.
        Paper = "paper", "纸质表存学校";
    }
}

text_enum! {
    /// The yearly check of some.
    Recheck {
        None = "none", "";
        Drawn = "drawn", "抽中，待复查";
        Same = "same", "复查属实";
        Changed = "changed", "复查有变";
    }
}

text_enum! {
    /// Recognised once a year, adjusted each term.
    Term {
        Autumn = "autumn", "秋季";
        Spring = "spring", "春季调整";
    }
}

/// Every allowed move; what is not here is refused. Drawn in `docs/hardship.md`.
pub const MOVES: &[(State, Step, State)] = &[
    // Put right after it was sent back; applied for again.
    (State::Applied, Step::Apply, State::Applied),
    (State::Withdrawn, Step::Apply, State::Applied),
    (State::Applied, Step::Class, State::Class),
    (State::Class, Step::Grade, State::Grade),
    (State::Grade, Step::School, State::School),
    (State::School, Step::Village, State::Village),
    (State::Village, Step::Publish, State::Public),
    (State::Public, Step::Publish, State::Public),
    (State::Public, Step::Clear, State::Cleared),
    (State::Public, Step::Object, State::Village),
    (State::Public, Step::Refuse, State::Refused),
    (State::Cleared, Step::County, State::Recognised),
    (State::Cleared, Step::Refuse, State::Refused),
    (State::Applied, Step::Refuse, State::Refused),
    (State::Class, Step::Refuse, State::Refused),
    (State::Grade, Step::Refuse, State::Refused),
    (State::School, Step::Refuse, State::Refused),
    (State::Village, Step::Refuse, State::Refused),
    (State::Class, Step::Return, State::Applied),
    (State::Grade, Step::Return, State::Applied),
    (State::School, Step::Return, State::Applied),
    (State::Village, Step::Return, State::Applied),
    (State::Applied, Step::Withdraw, State::Withdrawn),
    (State::Class, Step::Withdraw, State::Withdrawn),
    (State::Grade, Step::Withdraw, State::Withdrawn),
    (State::School, Step::Withdraw, State::Withdrawn),
    (State::Village, Step::Withdraw, State::Withdrawn),
];

/// Where a step leads; none where it is not allowed.
pub fn after(state: State, step: Step) -> Option<State> {
    MOVES.iter().find(|(from, by, _)| (*from, *by) == (state, step)).map(|(_, _, to)| *to)
}

impl State {
    pub const fn is_final(self) -> bool {
        matches!(self, State::Recognised | State::Refused | State::Withdrawn)
    }

    /// The look that comes next, before the list hangs.
    pub const fn next_look(self) -> Option<Step> {
        match self {
            State::Applied => Some(Step::Class),
            State::Class => Some(Step::Grade),
            State::Grade => Some(Step::School),
            State::School => Some(Step::Village),
            _ => None,
        }
    }
}

impl Step {
    /// The state from which it goes on.
    pub fn begins(self) -> Option<State> {
        State::ALL.iter().copied().find(|state| state.next_look() == Some(self))
    }

    /// A school does it; the rest is the county's.
    pub const fn is_of_school(self) -> bool {
        use Step::{Class, Grade, Refuse, Return, School, Village, Withdraw};
        matches!(self, Class | Grade | School | Village | Refuse | Return | Withdraw)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The step and how far the application is.
    Move(Step, State),
    /// The county's decision by somebody who has had a part in it.
    OwnWork,
    /// Of whom no level is said.
    NoLevel(String),
    /// How many have not been looked at by all, of those in the round.
    NotReady(usize),
    NothingToPublish,
    /// How many are not decided.
    Undecided(usize),
    /// A step of a day before the one before it.
    Before(NaiveDate),
    /// A family has not told the truth, so it can only be refused.
    Against(String),
    Filed,
    DrawnBefore,
}

impl Refusal {
    /// One sentence: why, and what can be done.
    pub fn in_words(&self) -> String {
        match self {
            Refusal::Move(step, state) => {
                format!("这份申请现在是“{}”，不能做“{}”", state.in_words(), step.in_words())
            }
            Refusal::OwnWork => {
                "县级复核要由没有录入、评议或审核过这份申请的人来做，请换一位同事".to_owned()
            }
            Refusal::NoLevel(name) => format!("{name}还没有写困难等级，公示前先补上"),
            Refusal::NotReady(count) => format!(
                "还有 {count} 人没有走完班级、年级、学校和村（社区）这几步，先办完、退回或者撤回，\
                 再一起公示"
            ),
            Refusal::NothingToPublish => {
                "没有可以公示的人：先走完学校和村（社区）的核实".to_owned()
            }
            Refusal::Undecided(count) => format!("还有 {count} 人没有办完，全部有结果以后才能建档"),
            Refusal::Against(name) => {
                format!("{name}的材料已记为不真实，不能再往下走，只能写明原因不予认定")
            }
            Refusal::Before(last) => {
                format!("日期早于上一步（{last}）：每一步的日期要按先后")
            }
            Refusal::Filed => {
                "这一轮已经建档，不能再改。家里情况突然变化的，请另开一轮春季调整".to_owned()
            }
            Refusal::DrawnBefore => "这一轮已经抽过，同一轮只抽一次".to_owned(),
        }
    }
}

/// From an age the student signs alone, below it with a parent or guardian.
///
/// # Errors
/// The sentence for the field.
pub fn check_signer(
    signer: Signer,
    born_on: NaiveDate,
    (on, age): (NaiveDate, i32),
) -> Result<(), String> {
    match (signer, age_on(born_on, on) >= age) {
        (Signer::Own, false) => Err(format!("申请那天还不满 {age} 周岁，要有父母或监护人一起签字")),
        (Signer::Guardian, true) => {
            Err(format!("申请那天已满 {age} 周岁，由学生本人签字就可以，请选“学生本人”"))
        }
        _ => Ok(()),
    }
}

/// The first two chosen lines that exclude each other.
pub fn excluding<'a>(
    chosen: &[u8],
    index: &[&'a HardshipLine],
) -> Option<(&'a HardshipLine, &'a HardshipLine)> {
    let mut lines = index.iter().filter(|line| chosen.contains(&line.line));
    lines.find_map(|one| {
        let other = index
            .iter()
            .find(|other| chosen.contains(&other.line) && one.excludes.contains(&other.line))?;
        Some((*one, *other))
    })
}

/// Who is drawn by a seed: the same list and seed give the same names. At least one.
pub fn draw(seed: &str, mut of: Vec<RowId>, percent: usize) -> Vec<RowId> {
    let count = (of.len() * percent).div_ceil(100).max(1).min(of.len());
    of.sort_by_cached_key(|id| hex(&hash_of(&format!("{seed} {id}"))));
    of.truncate(count);
    of
}

/// `2026-2027 学年秋季`
pub fn round_words(year: i32, term: Term) -> String {
    format!("{year}-{} 学年{}", year + 1, term.in_words())
}

/// Places and who would take them: shown, never a reason to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quota {
    pub places: i32,
    pub applied: i32,
    /// More than there are places.
    pub over: i32,
}

impl Quota {
    pub const fn new(places: i32, applied: i32) -> Quota {
        let over = if applied > places { applied - places } else { 0 };
        Quota { places, applied, over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dates::day_in;

    #[test]
    fn the_way_of_an_application_ends_and_skips_nothing() {
        let mut state = State::Applied;
        for step in [Step::Class, Step::Grade, Step::School, Step::Village] {
            assert_eq!(state.next_look(), Some(step));
            assert_eq!(after(state, Step::Publish), None);
            state = after(state, step).unwrap();
        }
        assert_eq!(after(state, Step::Publish), Some(State::Public));
        assert_eq!(after(State::Applied, Step::County), None);
        for (from, by, _) in MOVES.iter().filter(|(from, _, _)| from.is_final()) {
            assert_eq!((*from, *by), (State::Withdrawn, Step::Apply));
        }
        let reached = |state: &State| MOVES.iter().any(|(_, _, to)| to == state);
        assert!(State::ALL.iter().filter(|state| **state != State::Applied).all(reached));
    }

    #[test]
    fn who_signs_depends_on_the_day_of_birth() {
        let on = (day_in(2026, 9, 7), 16);
        assert!(check_signer(Signer::Own, day_in(2010, 9, 7), on).is_ok());
        assert!(check_signer(Signer::Own, day_in(2010, 9, 8), on).is_err());
        assert!(check_signer(Signer::Guardian, day_in(2010, 9, 8), on).is_ok());
        assert!(check_signer(Signer::Guardian, day_in(2010, 9, 7), on).is_err());
    }

    #[test]
    fn a_draw_is_the_same_again() {
        let all: Vec<RowId> = (1..=41).map(RowId::new).collect();
        let mut turned = all.clone();
        turned.reverse();
        let drawn = draw("20261130", all.clone(), 10);
        assert_eq!(drawn.len(), 5);
        assert_eq!(drawn, draw("20261130", turned, 10));
        assert_ne!(drawn, draw("20261201", all, 10));
    }
}
