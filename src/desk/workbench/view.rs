//! The workbench in words. Pure.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::counted::Counted;
use super::facts::Facts;
use super::own::Own;
use crate::base::dates::{days_between, in_words, local, weekday_in_words};
use crate::base::money::Fen;
use crate::base::url::link;
use crate::book::importing;
use crate::book::lifeline::county::{self, Segment};
use crate::book::policy::Policy;
use crate::book::staff::{Right, Role};
use crate::book::warning::{DEADLINE, Warning};
use crate::imports::ask::Awaiting;
use crate::web::waiting::Waiting;

/// One stage of the county's line.
#[derive(Clone, Debug, Serialize)]
pub struct StageCard {
    stage: &'static str,
    name: &'static str,
    people: i64,
    note: String,
    link: String,
    bad: bool,
    class: &'static str,
    segment: Segment,
}

/// A day to come.
#[derive(Clone, Debug, Serialize)]
pub struct Deadline {
    on: NaiveDate,
    kind: &'static str,
    words: String,
    what: String,
    /// The same, short enough for the sentence at the head.
    short: String,
    link: String,
}

/// Something that is not in order: what, since when, what to do, where.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    class: &'static str,
    title: String,
    advice: String,
    since: String,
    link: String,
}

/// Something to be done.
#[derive(Clone, Debug, Serialize)]
pub struct Todo {
    count: i64,
    what: &'static str,
    link: &'static str,
}

/// A township of the overdue card.
#[derive(Clone, Debug, Serialize)]
pub struct TownshipView {
    name: String,
    link: String,
    /// The list of just these people; nothing when no township is on file.
    people_link: String,
    people: i64,
    sum: Fen,
}

/// An import of the card.
#[derive(Clone, Debug, Serialize)]
pub struct ImportView {
    id: String,
    file_name: String,
    on: String,
    kind: &'static str,
    words: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Page {
    day: String,
    sentence: String,
    is_new: bool,
    managed: i64,
    outstanding: Fen,
    stages: Vec<StageCard>,
    band_label: String,
    overdue_people: i64,
    overdue: Fen,
    overdue_bar: String,
    townships: Vec<TownshipView>,
    awaiting: Option<Awaiting>,
    notices: Vec<Notice>,
    deadlines: Vec<Deadline>,
    todos: Vec<Todo>,
    /// What others wait for: a decision, a second person.
    decisions: Vec<Todo>,
    /// Year and month at a glance are asked for.
    has_glance: bool,
    is_reviewer: bool,
    /// Reads, and does nothing of it.
    only_reads: bool,
    own: Option<Own>,
    counted: Arc<Counted>,
    imports: Vec<ImportView>,
    differences: i64,
}

impl Page {
    /// Puts the county into words.
    pub fn new(facts: &Facts, policy: &Policy, today: NaiveDate) -> Page {
        let people = |stage: &str| {
            facts.by_stage.iter().find(|(name, _)| name == stage).map_or(0, |(_, count)| *count)
        };
        let all: i64 = facts.by_stage.iter().map(|(_, count)| *count).sum();
        let stages = stages(facts, &people);
        let overdue_bar = stages
            .iter()
            .find(|stage| stage.stage == "repaying")
            .map(|stage| bar(facts.overdue_repaying, stage.people, &stage.segment))
            .unwrap_or_default();
        let named: Vec<String> =
            stages.iter().map(|stage| format!("{} {}", stage.name, stage.people)).collect();
        let deadlines = deadlines(facts, policy, today);
        Page {
            day: format!("{}月{}日 {}", today.month(), today.day(), weekday_in_words(today)),
            sentence: match facts.is_importing {
                true => importing::NOTE.to_owned(),
                false => sentence(&deadlines, today, all),
            },
            is_new: all == 0,
            managed: all - people("settled"),
            outstanding: facts.outstanding,
            band_label: format!("各阶段人数：{}", named.join("，")),
            stages,
            overdue_people: facts.overdue.0,
            overdue: facts.overdue.1,
            overdue_bar,
            awaiting: facts.awaiting,
            townships: facts
                .townships
                .iter()
                .map(|t| TownshipView {
                    link: link("/overdue", &[("township", &t.name)]),
                    people_link: match t.name.as_str() {
                        "" => String::new(),
                        name => link("/loans", &[("overdue", "yes"), ("township", name)]),
                    },
                    name: if t.name.is_empty() {
                        "没有登记乡镇".to_owned()
                    } else {
                        t.name.clone()
                    },
                    people: t.people,
                    sum: t.sum,
                })
                .collect(),
            notices: notices(facts, today),
            todos: todos(facts),
            decisions: waiting(facts, true),
            has_glance: false,
            is_reviewer: false,
            only_reads: false,
            own: None,
            counted: Arc::default(),
            deadlines,
            imports: imports(facts),
            differences: facts.differences,
        }
    }
}

impl Page {
    /// The same with what its reader is there for.
    #[must_use]
    pub fn for_role(mut self, role: Role, counted: Arc<Counted>, own: Option<Own>) -> Page {
        // What they can do something about stands first of what is equally bad.
        let theirs =
            |line: &Notice| !line.link.starts_with("/admin") || role.may(Right::SeeHistory);
        self.notices.sort_by_key(|line| (line.class != " bad", !theirs(line)));
        // What is one's own of a list is not told twice.
        let is_own = |todo: &Todo| own.as_ref().is_some_and(|own| own.has_of(todo.link));
        self.todos.retain(|todo| !is_own(todo));
        Page {
            has_glance: !self.is_new && matches!(role, Role::Director | Role::Auditor),
            is_reviewer: role == Role::Reviewer,
            only_reads: role == Role::Auditor,
            counted,
            own,
            ..self
        }
    }
}

/// What waits: decisions, or a day's work.
fn waiting(facts: &Facts, rings: bool) -> Vec<Todo> {
    let todo = |line: &Waiting| Todo { count: line.count, what: line.what, link: line.link };
    facts.waiting.iter().filter(|line| line.rings == rings).map(todo).collect()
}

/// The red edge along the lower side of the repaying segment: as long as their share of it.
fn bar(overdue: i64, repaying: i64, segment: &Segment) -> String {
    if overdue == 0 {
        return String::new();
    }
    let length = (96 * overdue / repaying.max(1)).clamp(6, 96);
    format!("M{} {}h{length}v-3h-{length}Z", segment.level_from, segment.lower)
}

fn stages(facts: &Facts, people: &dyn Fn(&str) -> i64) -> Vec<StageCard> {
    let overdue = facts.overdue.0;
    let rows = [
        ("undisbursed", "已签约待放款", "f2", waiting_note(facts)),
        ("in_study", "在读", "f1", "利息国家承担".to_owned()),
        ("grace", "宽限期", "f1", graduation_note(facts)),
        ("repaying", "还本付息", "f1", String::new()),
        ("settled", "已结清", "f3", format!("本年 +{}", facts.settled_this_year)),
    ];
    let counts: Vec<i64> = rows.iter().map(|(stage, ..)| people(stage)).collect();
    let segments = county::segments(&counts);
    rows.into_iter()
        .zip(counts)
        .zip(segments)
        .map(|(((stage, name, class, note), people), segment)| {
            let late = stage == "repaying" && overdue > 0;
            StageCard {
                stage,
                name,
                people,
                note: match (late, stage) {
                    (true, _) => format!("逾期 {overdue} 人"),
                    (false, "repaying") => match facts.awaiting {
                        Some(found) => format!("{} 户待银行结果", found.families),
                        None => "没有逾期".to_owned(),
                    },
                    _ => note,
                },
                link: match late {
                    true => format!("/loans?stage={stage}&overdue=yes"),
                    false => format!("/loans?stage={stage}"),
                },
                bad: late,
                class,
                segment,
            }
        })
        .collect()
}

fn waiting_note(facts: &Facts) -> String {
    match (facts.no_receipt, facts.no_money) {
        (0, 0) => "没有待放款的合同".to_owned(),
        (0, n) => format!("全县 {n} 份合同等放款"),
        (n, _) => format!("{n} 份合同没有回执"),
    }
}

fn graduation_note(facts: &Facts) -> String {
    match facts.unconfirmed {
        0 => "只还利息".to_owned(),
        n => format!("{n} 人待毕业确认"),
    }
}

fn sentence(deadlines: &[Deadline], today: NaiveDate, all: i64) -> String {
    match deadlines.first() {
        _ if all == 0 => "这里还没有贷款，先把名单和合同导进来".to_owned(),
        Some(first) => match days_between(today, first.on) {
            0 => format!("今天是{}", first.short),
            days => format!("距{}（{}）还有 {days} 天", first.short, in_words(first.on, today)),
        },
        None => String::new(),
    }
}

/// What is not in order, as the job or sender that found it wrote it down.
fn notices(facts: &Facts, today: NaiveDate) -> Vec<Notice> {
    facts
        .warnings
        .iter()
        .filter(|line| line.kind != DEADLINE)
        .map(|line| {
            let since = local(line.since);
            Notice {
                class: match line.level.as_str() {
                    "bad" => " bad",
                    "wait" => " wait",
                    _ => "",
                },
                title: line.title.clone(),
                advice: line.advice.clone(),
                since: format!("{} {} 起", in_words(since.date(), today), since.format("%H:%M")),
                link: line.url.clone(),
            }
        })
        .collect()
}

/// A day to come: when, one sentence, a few words for the head, the page.
type Row = (NaiveDate, String, String, String);

/// The deadlines that the job `warn_staff` wrote down, and the due day with its sum.
fn deadlines(facts: &Facts, policy: &Policy, today: NaiveDate) -> Vec<Deadline> {
    let known = policy.desk_days(today);
    let short = |line: &Warning| {
        let day = known.iter().find(|(_, day)| day.key == line.key);
        day.map_or_else(|| line.title.clone(), |(_, day)| day.short.clone())
    };
    let due = facts.next_due.map(|(day, people, sum)| {
        let what = format!("还款日，{people} 人应还 ¥{}（预计）", sum.to_page_text());
        (day, what, "还款日".to_owned(), "/loans?sort=next_due".to_owned())
    });
    let of_line = |line: &Warning| {
        let on = line.due_on.filter(|on| *on >= today)?;
        // The same day with its sum says more.
        let is_told = line.key == "due_day" && due.as_ref().is_some_and(|(day, ..)| *day == on);
        (!is_told).then(|| (on, line.title.clone(), short(line), line.url.clone()))
    };
    let lines = facts.warnings.iter().filter(|line| line.kind == DEADLINE);
    let mut rows: Vec<Row> = lines.filter_map(of_line).chain(due.clone()).collect();
    rows.sort();
    rows.truncate(6);
    rows.into_iter()
        .map(|(on, what, short, link)| Deadline {
            on,
            kind: match days_between(today, on) {
                0 => "bad",
                1..=14 => "wait",
                _ => "",
            },
            words: if on == today { "今天".to_owned() } else { in_words(on, today) },
            what,
            short,
            link,
        })
        .collect()
}

fn todos(facts: &Facts) -> Vec<Todo> {
    let open_imports = facts.imports.iter().filter(|import| {
        matches!(import.state.as_str(), "uploaded" | "checking" | "checked" | "posting" | "stopped")
    });
    let of_county = [
        (facts.differences, "份合同与银行数字不同", "/differences"),
        (i64::try_from(open_imports.count()).unwrap_or(0), "导入没有做完", "/imports"),
    ];
    let of_county = of_county
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, link)| Todo { count, what, link });
    waiting(facts, false).into_iter().chain(of_county).collect()
}

fn imports(facts: &Facts) -> Vec<ImportView> {
    facts
        .imports
        .iter()
        .map(|import| {
            let (kind, words) = match import.state.as_str() {
                _ if import.undone_at.is_some() => ("", "已撤销".to_owned()),
                "uploaded" | "checking" => ("acc", "正在核对".to_owned()),
                "checked" => ("wait", "待入账".to_owned()),
                "posting" => ("acc", format!("{} / {} 行", import.rows_done, import.rows_total)),
                "stopped" => ("wait", "已停下，可继续".to_owned()),
                "failed" => ("bad", "没有成功".to_owned()),
                _ if import.refused_rows > 0 => {
                    ("wait", format!("{} 行待人工", import.refused_rows))
                }
                _ => ("ok", format!("{} 行已入账", import.rows_done)),
            };
            let on = local(import.created_at);
            ImportView {
                id: import.id.to_string(),
                file_name: import.file_name.clone(),
                on: format!("{}月{}日", on.month(), on.day()),
                kind,
                words,
            }
        })
        .collect()
}
