//! The list of what a school year needs: each line says what is known, from which document, until
//! when, where to enter what is missing, and whether the year can be opened without it. Pure but
//! for [`Days::load`].

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;

use crate::base::dates::{day_in, in_words};
use crate::base::scope::Scope;
use crate::book::policy::{Policy, Rule, RuleValue};
use crate::book::statement::{Product, StudyLevel};
use crate::book::university::{LIST_OF, listed_count};
use crate::error::AppResult;
use crate::life::booking::store::{self, CounterDay};
use crate::plumbing::db::Db;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub title: &'static str,
    /// What is known; when nothing is, what is missing.
    pub found: String,
    /// The document, and how certain it is.
    pub source: String,
    /// How long it holds.
    pub until: String,
    /// Where it is entered or to be read.
    pub link: &'static str,
    pub link_text: &'static str,
    pub is_missing: bool,
    /// Without it the year cannot be opened.
    pub blocks: bool,
}

/// When somebody can come to the counter: days from today on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days(Vec<CounterDay>);

impl Days {
    pub fn load(db: &mut Db, scope: &Scope, (year, today): (i32, NaiveDate)) -> AppResult<Days> {
        let from = day_in(year, 1, 1).max(today);
        let days = store::days(db, scope, (from, day_in(year, 12, 31)))?;
        Ok(Days(days.into_iter().filter(|day| day.closed_reason.is_empty()).collect()))
    }
}

/// What stops the opening.
pub fn missing(lines: &[Line]) -> Vec<&'static str> {
    lines.iter().filter(|line| line.is_missing && line.blocks).map(|line| line.title).collect()
}

/// The rules of a year, as its season finds them.
struct Of<'a> {
    policy: &'a Policy,
    rules: Vec<Rule>,
    year: i32,
    today: NaiveDate,
}

const POLICY: (&str, &str) = ("/policy", "看政策与利率");

/// Everything, in the order of the page.
pub fn lines(policy: &Policy, days: &Days, (year, today): (i32, NaiveDate)) -> Vec<Line> {
    let of = Of { policy, rules: policy.listed(day_in(year, 9, 1)), year, today };
    vec![
        of.caps(),
        of.lpr(),
        of.holidays(),
        of.deadlines(),
        of.rule("申请材料", &["counter_papers"], of.papers()),
        of.rule("合同条件", &["term_rule", "grace_rule", "due_days"], of.terms()),
        of.desks(days),
        universities(),
        of.rule(
            "放款名单格式",
            &["cdb.disbursement_template", "local.disbursement_template"],
            of.receivers(),
        ),
    ]
}

impl Of<'_> {
    /// The value of a table that holds in the season, and from when another one does.
    fn held(&self, key: &str) -> Option<(&RuleValue, Option<&RuleValue>)> {
        let values = &self.rules.iter().find(|rule| rule.key == key)?.values;
        let at = values.iter().position(|value| value.now)?;
        let later = at.checked_sub(1).and_then(|at| values.get(at));
        Some((values.get(at)?, later))
    }

    /// A line of rules of which none may be missing; `found` is said when all are there.
    fn rule(&self, title: &'static str, keys: &[&str], found: String) -> Line {
        let held: Vec<_> = keys.iter().filter_map(|key| self.held(key)).collect();
        let is_missing = held.len() < keys.len();
        let mut sources: Vec<String> = Vec::new();
        for (value, _) in &held {
            let one = format!("{}（{}）", value.source, value.certain);
            if !sources.contains(&one) {
                sources.push(one);
            }
        }
        let later = held.iter().filter_map(|(_, later)| later.map(|one| one.from.as_str())).min();
        Line {
            title,
            found: if is_missing { "没有这一年的规定".to_owned() } else { found },
            source: sources.join("；"),
            until: match later {
                Some(from) => format!("{from} 起另有规定"),
                None => "有新文件以前一直有效".to_owned(),
            },
            link: POLICY.0,
            link_text: POLICY.1,
            is_missing,
            blocks: true,
        }
    }

    fn caps(&self) -> Line {
        let cap = |product, level| self.policy.loan_cap(product, level, self.year).to_page_text();
        let of = |name: &str, product| {
            let (under, over) =
                (cap(product, StudyLevel::Undergraduate), cap(product, StudyLevel::Graduate));
            format!("{name}：本专科 {under} 元，研究生 {over} 元")
        };
        let words =
            [of("国开行助学贷款", Product::Cdb), of("县自办贷款", Product::Local)].join("；");
        self.rule("贷款上限", &["cdb.loan_cap", "local.loan_cap"], words)
    }

    /// The rate of the year is the LPR of the December before; that of this month may be late.
    fn lpr(&self) -> Line {
        let (year, rates) = (self.year, self.policy.rates());
        let known = rates.lpr().values().iter().map(|(on, _)| *on);
        let last = known.filter(|on| *on <= self.today).max();
        let (from, until) = (day_in(year - 1, 12, 1), day_in(year - 1, 12, 31));
        let of_year = rates.lpr().values().iter().find(|(on, _)| (from..=until).contains(on));
        let newest = last.map(|on| in_words(on, self.today)).unwrap_or_default();
        let found = match of_year {
            Some((on, rate)) => format!(
                "{}公布的五年期以上 LPR 是 {}%，系统里最新的是{newest}的",
                in_words(*on, self.today),
                rate.to_percent_text()
            ),
            None => format!("缺 {} 年 12 月的 LPR，系统里最新的是{newest}的", year - 1),
        };
        Line {
            title: "LPR",
            found,
            source: "全国银行间同业拆借中心每月公布".to_owned(),
            until: format!("用到 {year} 年 12月20日"),
            link: "/policy",
            link_text: "录入 LPR",
            is_missing: of_year.is_none(),
            blocks: true,
        }
    }

    fn holidays(&self) -> Line {
        let (year, calendar) = (self.year, self.policy.calendar());
        let is_known = calendar.knows(year);
        let (off, work) = calendar.counts(year);
        let listed = self.rules.iter().find(|rule| rule.key == "holidays");
        let of_year =
            listed.and_then(|rule| rule.values.iter().find(|one| one.from == format!("{year} 年")));
        let source = of_year.map_or_else(
            || "国务院办公厅每年的放假通知".to_owned(),
            |one| format!("{}（{}）", one.source, one.certain),
        );
        Line {
            title: "节假日与补班",
            found: match is_known {
                true => format!("{year} 年放假 {off} 天，补班 {work} 天"),
                false => format!("还没有录入 {year} 年的放假通知"),
            },
            source,
            until: format!("用到 {year} 年底"),
            link: "/policy",
            link_text: "录入放假通知",
            is_missing: !is_known,
            blocks: true,
        }
    }

    fn deadlines(&self) -> Line {
        let (policy, year) = (self.policy, self.year);
        let day = |on| in_words(on, self.today);
        let mut words = format!("高校录入回执到{}", day(policy.receipt_deadline(year)));
        if let Some(on) = policy.receipt_recheck(year) {
            words.push_str(&format!("，县里复核上报到{}", day(on)));
        }
        let unpaid_by = policy.disbursement_days.on(day_in(year, 9, 1)).unpaid_by.in_year(year);
        words.push_str(&format!("，签了没有放款的到{}前查清", day(unpaid_by)));
        let keys = ["receipt_deadline", "receipt_recheck", "disbursement_days"];
        self.rule("截止日期", &keys, words)
    }

    fn papers(&self) -> String {
        let papers = &self.policy.counter_papers.on(day_in(self.year, 9, 1)).papers;
        let mut names: Vec<&str> = papers.iter().map(|paper| paper.name.as_str()).collect();
        names.dedup();
        format!("申请表从系统打印；按情况收 {} 样：{}", names.len(), names.join("、"))
    }

    fn terms(&self) -> String {
        let on = day_in(self.year, 9, 1);
        let (term, days) = (self.policy.term_rule(on), self.policy.due_days.on(on));
        format!(
            "最长 {} 年，毕业以后先还利息 {} 年，每年 {} 还款",
            term.max_years,
            self.policy.grace_years(on),
            in_words(days.due_day.in_year(self.year), on)
        )
    }

    fn desks(&self, Days(days): &Days) -> Line {
        let places: BTreeSet<&str> = days.iter().map(|day| day.place.as_str()).collect();
        let stretch = days.first().zip(days.last());
        let (found, until) = match stretch {
            Some((first, last)) => {
                let count: BTreeSet<NaiveDate> = days.iter().map(|day| day.on_day).collect();
                let most = days.iter().map(|day| day.desks).max().unwrap_or_default();
                let first = in_words(first.on_day, self.today);
                let places: Vec<&str> = places.into_iter().collect();
                let found = format!(
                    "{first}起开放 {} 天，{}，最多 {most} 个窗口",
                    count.len(),
                    places.join("、")
                );
                (found, format!("到{}", in_words(last.on_day, self.today)))
            }
            None => ("今天以后还没有开放任何一天".to_owned(), String::new()),
        };
        Line {
            title: "窗口和日期",
            found,
            source: "本县自己安排".to_owned(),
            until,
            link: "/bookings/days",
            link_text: "安排窗口和日期",
            is_missing: days.is_empty(),
            blocks: true,
        }
    }

    fn receivers(&self) -> String {
        let on = day_in(self.year, 11, 1);
        let of = |product| {
            let template = self.policy.disbursement_template(product, on);
            format!("{}，一份最多 {} 行", template.receiver, template.lines_max)
        };
        [of(Product::Cdb), of(Product::Local)].join("；")
    }
}

fn universities() -> Line {
    Line {
        title: "高校名单",
        found: format!("{} 所；名单里没有的校名可以照通知书写", listed_count()),
        source: format!("教育部 {} 公布的全国高等学校名单", LIST_OF),
        until: "随程序更新".to_owned(),
        link: "/receipts/universities",
        link_text: "看各校联系方式",
        is_missing: false,
        blocks: false,
    }
}
