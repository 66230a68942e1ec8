//! Whom the desk speaks with in which part of the year, who is to do it, and what must have been
//! tried before a family counts as lost. Facts in, decisions out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, Days, NaiveDate};

use crate::base::dates::{day_in, days_between};
use crate::base::ids::{FileId, StaffId};
use crate::book::contact::record::{Channel, Outcome, Party};
use crate::book::contact::task::{Assignee, AssigneeKind, Reason};
use crate::book::policy::{Calendar, ContactPlan, LostRule};

/// What the plan knows of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub file_id: FileId,
    pub file_no: String,
    /// 乡镇 of the student.
    pub township: String,
    /// 村.
    pub village: String,
    /// 毕业高中.
    pub school: String,
    /// The earliest end of the subsidy among the contracts.
    pub subsidy_ends_on: Option<NaiveDate>,
    /// The day of the newest contract.
    pub signed_on: Option<NaiveDate>,
    /// The last day on which contacts were known to be right: a confirmation, a conversation.
    pub confirmed_on: Option<NaiveDate>,
}

/// Why a family is spoken with when it is, in a year.
pub fn reason(family: &Family, year: i32, plan: &ContactPlan) -> Reason {
    // The first own interest falls due on the due day of the year in which the subsidy ends.
    let first_due = family.subsidy_ends_on.map(|day| day.year());
    if first_due.is_some_and(|first| first == year || first == year + 1) {
        return Reason::EntersRepayment;
    }
    let known = family.confirmed_on.max(family.signed_on);
    if known.is_none_or(|day| day.year() + plan.unconfirmed_years < year) {
        return Reason::Unconfirmed;
    }
    match first_due {
        Some(first) if first < year => Reason::Repaying,
        _ => Reason::Studying,
    }
}

/// The part of the year for a reason: first and last day.
pub fn part_of_year(
    reason: Reason,
    year: i32,
    plan: &ContactPlan,
    calendar: &Calendar,
) -> (NaiveDate, NaiveDate) {
    let spring = || {
        let first = calendar.spring_festival(year);
        let first = first.unwrap_or_else(|| plan.spring_festival_if_unknown.in_year(year));
        first.pred_opt().unwrap_or(first)
    };
    match reason {
        Reason::EntersRepayment => (plan.enters_from.in_year(year), spring()),
        Reason::Unconfirmed => {
            (plan.unconfirmed_from.in_year(year), plan.unconfirmed_until.in_year(year))
        }
        Reason::Studying => (plan.studying_from.in_year(year), plan.studying_until.in_year(year)),
        Reason::Repaying => (plan.repaying_from.in_year(year), plan.repaying_until.in_year(year)),
    }
}

/// The same as seen on a day: what has gone by is not planned any more; when the whole part has,
/// the next weeks are taken, inside the year, the first third of them for who enters repayment.
pub fn part_from(
    (first, last): (NaiveDate, NaiveDate),
    today: NaiveDate,
    (reason, plan): (Reason, &ContactPlan),
) -> (NaiveDate, NaiveDate) {
    if today <= last {
        return (first.max(today), last);
    }
    let end = day_in(first.year(), 12, 31);
    let within = match reason {
        Reason::EntersRepayment => plan.added_days / 3,
        _ => plan.added_days,
    };
    let later = today.checked_add_days(Days::new(within)).unwrap_or(end);
    (today.min(end), later.min(end))
}

/// `count` days spread evenly over the working days of a part of the year, in order.
pub fn spread(
    count: usize,
    (first, last): (NaiveDate, NaiveDate),
    calendar: &Calendar,
) -> Vec<NaiveDate> {
    let mut days: Vec<NaiveDate> = first
        .iter_days()
        .take_while(|day| *day <= last)
        .filter(|day| calendar.is_working_day(*day))
        .collect();
    if days.is_empty() {
        days.push(last.max(first));
    }
    (0..count).filter_map(|n| days.get(n * days.len() / count.max(1)).copied()).collect()
}

/// How families are shared out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// To clerks by township, so that one clerk has whole villages; and who has which already.
    Clerks(Vec<(StaffId, String)>, BTreeMap<String, Assignee>),
    /// To the senior high schools.
    Schools,
    /// To the village committees.
    Villages,
}

/// Nobody yet: the desk as a whole.
pub fn nobody() -> Assignee {
    Assignee { kind: AssigneeKind::Clerk, staff_id: None, name: String::new() }
}

/// Who takes each family, in the order of the families.
pub fn share_out(families: &[Family], share: &Share) -> Vec<Assignee> {
    let named = |kind: AssigneeKind, name: String| match name.is_empty() {
        true => nobody(),
        false => Assignee { kind, staff_id: None, name },
    };
    match share {
        Share::Schools => families
            .iter()
            .map(|family| named(AssigneeKind::School, family.school.clone()))
            .collect(),
        Share::Villages => families
            .iter()
            .map(|family| match family.village.is_empty() {
                true => nobody(),
                false => {
                    named(AssigneeKind::Village, format!("{}{}", family.township, family.village))
                }
            })
            .collect(),
        Share::Clerks(clerks, taken) => {
            let by_township = townships(families, clerks, taken);
            families
                .iter()
                .map(|family| by_township.get(&family.township).cloned().unwrap_or_else(nobody))
                .collect()
        }
    }
}

/// The clerk of each township: who has it already, else the one with the least, largest first.
fn townships(
    families: &[Family],
    clerks: &[(StaffId, String)],
    taken: &BTreeMap<String, Assignee>,
) -> HashMap<String, Assignee> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for family in families {
        *sizes.entry(&family.township).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut loads: Vec<(usize, StaffId, &String)> =
        clerks.iter().map(|(id, name)| (0, *id, name)).collect();
    let mut found = HashMap::new();
    for (township, size) in order {
        if let Some(assigned) = taken.get(township) {
            if let Some(load) = loads.iter_mut().find(|load| Some(load.1) == assigned.staff_id) {
                load.0 += size;
            }
            found.insert(township.to_owned(), assigned.clone());
            continue;
        }
        let Some(least) = loads.iter_mut().min_by_key(|load| load.0) else { continue };
        least.0 += size;
        let to =
            Assignee { kind: AssigneeKind::Clerk, staff_id: Some(least.1), name: least.2.clone() };
        found.insert(township.to_owned(), to);
    }
    found
}

/// A contact or try, as the rule about lost families sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    pub on_day: NaiveDate,
    pub channel: Channel,
    pub party: Party,
    /// What came of it.
    pub outcome: Outcome,
    /// The university was asked.
    pub university: bool,
}

/// One thing that must have been tried, and whether it was.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Want {
    /// `打过或走访至少 4 次（现在 2 次）`.
    pub words: String,
    pub met: bool,
}

/// The tries that count: since the family was last reached, and not too old.
pub fn counting(all: &[Try], rule: &LostRule, today: NaiveDate) -> Vec<Try> {
    let oldest = today.checked_sub_days(Days::new(rule.within_days)).unwrap_or(today);
    let reached = all.iter().filter(|one| one.outcome.is_reached()).map(|one| one.on_day).max();
    let mut found: Vec<Try> = all
        .iter()
        .filter(|one| !one.outcome.is_reached() && one.on_day >= oldest)
        .filter(|one| reached.is_none_or(|day| one.on_day >= day))
        .copied()
        .collect();
    found.sort_by_key(|one| one.on_day);
    found
}

/// What the rule asks for before a family counts as lost, each with whether it was done.
pub fn wants(all: &[Try], rule: &LostRule, today: NaiveDate) -> Vec<Want> {
    let tries = counting(all, rule, today);
    let ways: BTreeSet<Channel> = tries.iter().map(|one| one.channel).collect();
    let over = match (tries.first(), tries.last()) {
        (Some(first), Some(last)) => days_between(first.on_day, last.on_day),
        _ => 0,
    };
    let want = |met: bool, words: String| Want { words, met };
    let mut found = vec![
        want(
            tries.len() >= rule.tries,
            format!("一共试过 {} 次（现在 {} 次）", rule.tries, tries.len()),
        ),
        want(
            ways.len() >= rule.ways,
            format!("用过 {} 种方式（现在 {} 种）", rule.ways, ways.len()),
        ),
        want(over >= rule.days, format!("前后相隔 {} 天（现在 {over} 天）", rule.days)),
    ];
    for one in &rule.must_ask {
        let parties: Vec<Party> = one.split('|').filter_map(Party::from_text).collect();
        let names: Vec<&str> = parties.iter().map(|party| party.in_words()).collect();
        let met = tries.iter().any(|one| parties.contains(&one.party));
        found.push(want(met, format!("问过{}", names.join("或"))));
    }
    found
}

/// One step of finding somebody.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SearchStep {
    pub name: &'static str,
    /// How, and what they may be told.
    pub how: &'static str,
    /// The last time they were.
    pub asked_on: Option<NaiveDate>,
}

/// How somebody is found, in order, with what was done.
pub fn search_steps(all: &[Try]) -> Vec<SearchStep> {
    let last =
        |of: &dyn Fn(&Try) -> bool| all.iter().filter(|one| of(one)).map(|one| one.on_day).max();
    let party = |party: Party| last(&|one| one.party == party);
    vec![
        SearchStep {
            name: "本人",
            how: "在册的每个号码，换时间再打；微信、QQ 也试一试",
            asked_on: party(Party::Student),
        },
        SearchStep {
            name: "共同借款人和家人",
            how: "共同借款人可以说金额；其他家人只请转告回电",
            asked_on: party(Party::CoBorrower).max(party(Party::Family)),
        },
        SearchStep {
            name: "毕业高中",
            how: "问班主任和同学有没有新号码，不说金额",
            asked_on: party(Party::School),
        },
        SearchStep {
            name: "村（社区）",
            how: "请村干部带路或转告，只说有事要联系",
            asked_on: party(Party::Village),
        },
        SearchStep {
            name: "高校校友办、资助中心",
            how: "发函或打电话问毕业去向和单位",
            asked_on: last(&|one| one.university),
        },
        SearchStep {
            name: "工作单位",
            how: "只请转告回电，不说是什么事",
            asked_on: party(Party::Employer),
        },
        SearchStep {
            name: "派出所协助",
            how: "主任同意以后，持介绍信请户籍民警帮助联系",
            asked_on: party(Party::Police),
        },
    ]
}
