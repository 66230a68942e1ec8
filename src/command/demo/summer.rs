//! The sample county on a day of its last summer: what was signed, paid or entered after that day
//! is not there yet, and the households that sign on the day itself stand at the counter.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate};

use super::{OFFICE, unpacked};
use crate::app::App;
use crate::base::id_number::IdNumber;
use crate::base::money::Fen;
use crate::base::scope::Scope;
use crate::book::act::{self, Act, FormKey};
use crate::book::audit_log::Actor;
use crate::book::staff::{self, Right};
use crate::book::{loan, person};
use crate::command::CliError;
use crate::command::visit::{Counter, Reaches, Visitor};
use crate::error::AppResult;
use crate::life::application::kinds::{Degree, Relation};
use crate::life::booking::rules::{Kind, Source, Step};
use crate::life::booking::steps::{self, Household, Opened};
use crate::life::booking::store;
use crate::plumbing::crypto::Field;
use crate::web::fields::Seen;

/// The sheets that are made anew each month and say nothing of an earlier day.
const OF_ITS_DAY: [&str; 2] = ["overdue", "monthly"];
/// What has become by now of those who came today, in the order of their tickets; the rest waits.
const SERVED: [Reaches; 8] = [
    Reaches::Signed,
    Reaches::Approved,
    Reaches::Submitted,
    Reaches::Returned,
    Reaches::Signed,
    Reaches::Submitted,
    Reaches::Parked,
    Reaches::Draft,
];
const DESKS: i32 = 3;
/// Households in a half hour.
const PER_SLOT: usize = 4;
/// Pre-applications that the county has not reviewed yet.
const UNREVIEWED: usize = 8;
/// The half hours of the morning, in minutes of the day.
const MORNING: [i32; 7] = [510, 540, 570, 600, 630, 660, 690];

/// A sheet of the sample, line by line.
pub(super) struct Sheet {
    title: String,
    head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(super) fn read(name: &str) -> Result<Sheet, CliError> {
        let text = String::from_utf8_lossy(&unpacked("county", name)?).into_owned();
        let mut lines = text.lines();
        let cells = |line: &str| line.split(',').map(ToOwned::to_owned).collect::<Vec<String>>();
        let title = lines.next().unwrap_or_default().to_owned();
        let head = lines.next().map(cells).unwrap_or_default();
        Ok(Sheet { title, head, rows: lines.map(cells).collect() })
    }

    fn column(&self, heading: &str) -> Option<usize> {
        self.head.iter().position(|one| one == heading)
    }

    pub(super) fn get<'a>(&self, row: &'a [String], heading: &str) -> &'a str {
        let cell = self.column(heading).and_then(|at| row.get(at));
        cell.map_or("", |cell| cell.trim())
    }

    fn set(&mut self, heading: &str, mut to: impl FnMut(&Sheet, &[String]) -> Option<String>) {
        let Some(at) = self.column(heading) else { return };
        let new: Vec<Option<String>> = self.rows.iter().map(|row| to(self, row)).collect();
        for (row, new) in self.rows.iter_mut().zip(new) {
            if let (Some(cell), Some(new)) = (row.get_mut(at), new) {
                *cell = new;
            }
        }
    }

    fn keep(&mut self, stays: impl Fn(&Sheet, &[String]) -> bool) {
        let stays: Vec<bool> = self.rows.iter().map(|row| stays(self, row)).collect();
        let mut stays = stays.into_iter();
        self.rows.retain(|_| stays.next().unwrap_or_default());
    }

    fn bytes(&self, day: NaiveDate) -> Vec<u8> {
        let title = self.title.replace("2026-10-31", &day.to_string());
        let rows = self.rows.iter().map(|row| row.join(","));
        let lines = [title, self.head.join(",")].into_iter().chain(rows);
        let mut text = lines.collect::<Vec<_>>().join("\r\n");
        text.push_str("\r\n");
        text.into_bytes()
    }
}

/// What the sample says of the time after a day.
pub(super) struct Summer {
    day: NaiveDate,
    /// Contracts that are not signed before the day.
    later: HashSet<String>,
    /// Students who have no other contract.
    fresh: HashSet<String>,
    /// Code and school year of receipts that come after the day.
    receipts: HashSet<(String, String)>,
    /// Principal repaid after the day, by contract.
    repaid: HashMap<String, Fen>,
    /// Who signs on the day, and on the working day after it.
    today: Vec<Visitor>,
    tomorrow: Vec<Visitor>,
}

fn is_after(text: &str, day: NaiveDate) -> bool {
    text.parse::<NaiveDate>().is_ok_and(|on| on > day)
}

impl Summer {
    pub(super) fn of(day: NaiveDate, next: NaiveDate) -> Result<Summer, CliError> {
        let (contracts, borrowers) = (Sheet::read("contracts")?, Sheet::read("borrowers")?);
        let people: HashMap<&str, &Vec<String>> =
            borrowers.rows.iter().map(|row| (borrowers.get(row, "身份证号"), row)).collect();
        let mut summer = Summer {
            day,
            later: HashSet::new(),
            fresh: HashSet::new(),
            receipts: HashSet::new(),
            repaid: HashMap::new(),
            today: Vec::new(),
            tomorrow: Vec::new(),
        };
        let mut known = HashSet::new();
        for row in &contracts.rows {
            let of = |heading: &str| contracts.get(row, heading).to_owned();
            if is_after(&of("回执录入日期"), day) {
                summer.receipts.insert((of("回执校验码"), of("贷款学年")));
            }
            let signed_on = of("合同签订日期").parse::<NaiveDate>();
            if signed_on.is_ok_and(|on| on < day) {
                known.insert(of("身份证号"));
                continue;
            }
            summer.later.insert(of("合同编号"));
            summer.fresh.insert(of("身份证号"));
            let person = people.get(of("身份证号").as_str());
            let visitor = person.and_then(|one| visitor((&contracts, row), (&borrowers, one)));
            match signed_on {
                Ok(on) if on == day => summer.today.extend(visitor),
                Ok(on) if on == next => summer.tomorrow.extend(visitor),
                _ => {}
            }
        }
        summer.fresh.retain(|one| !known.contains(one));
        let repayments = Sheet::read("repayments")?;
        for row in &repayments.rows {
            if is_after(repayments.get(row, "还款日期"), day) {
                let fen = fen(repayments.get(row, "实还本金（元）")).unwrap_or_default();
                let contract = repayments.get(row, "合同编号").to_owned();
                *summer.repaid.entry(contract).or_default() += fen;
            }
        }
        Ok(summer)
    }

    /// A sheet as it stood on the day; none when there was none.
    pub(super) fn sheet(&self, name: &str) -> Result<Option<Vec<u8>>, CliError> {
        if OF_ITS_DAY.contains(&name) {
            return Ok(None);
        }
        let (day, mut sheet) = (self.day, Sheet::read(name)?);
        let year = day.format("%Y").to_string();
        sheet.keep(|sheet, row| {
            let is_fresh = self.fresh.contains(sheet.get(row, "身份证号"));
            let is_later = self.later.contains(sheet.get(row, "合同编号"));
            match name {
                "preapply" => true,
                "hardship" => !is_after(sheet.get(row, "认定时间"), day),
                "enlistment" => !is_after(sheet.get(row, "入伍时间"), day),
                "repayments" => !is_later && !is_after(sheet.get(row, "还款日期"), day),
                // Who has no work yet has not confirmed either.
                "graduation" => {
                    let is_of_year = sheet.get(row, "毕业年月").starts_with(&year);
                    !(is_fresh || is_of_year && sheet.get(row, "毕业去向") == "未就业")
                }
                "receipts" => {
                    let of = |heading| sheet.get(row, heading).to_owned();
                    !self.receipts.contains(&(of("回执校验码"), of("贷款学年")))
                }
                _ => !is_fresh && !is_later,
            }
        });
        sheet.set("回执录入日期", |sheet, row| {
            is_after(sheet.get(row, "回执录入日期"), day).then(String::new)
        });
        if name == "preapply" {
            let mut left = UNREVIEWED;
            sheet.set("县级资助中心审核意见", |sheet, row| {
                let id_number = sheet.get(row, "身份证号");
                let is_of_year = sheet.get(row, "申请日期").starts_with(&year);
                let comes_later = self.fresh.contains(id_number) && !self.is_expected(id_number);
                let waits = left > 0 && is_of_year && comes_later;
                left -= usize::from(waits);
                waits.then(String::new)
            });
        }
        if name == "contracts" {
            sheet.set("贷款余额（元）", |sheet, row| {
                let more = self.repaid.get(sheet.get(row, "合同编号")).copied()?;
                let then = fen(sheet.get(row, "贷款余额（元）"))? + more;
                Some(then.to_string())
            });
        }
        Ok(Some(sheet.bytes(day)))
    }

    /// Whether this student signs on the day or on the next one.
    fn is_expected(&self, id_number: &str) -> bool {
        self.today.iter().chain(&self.tomorrow).any(|one| one.id.as_str() == id_number)
    }

    /// The day is under way: some households have been served, others wait with their tickets,
    /// those of tomorrow have their half hours.
    pub(super) fn live(&self, app: &App, clerk: &Actor) -> AppResult<()> {
        let scope = Scope::of(OFFICE);
        let reviewer = app.db.read(|db| staff::who_may(db, OFFICE, Right::Review, Some("fuhe")))?;
        let reviewer = reviewer.unwrap_or_else(|| clerk.clone());
        let counter = Counter { app, scope: &scope, clerk, reviewer: &reviewer };
        act::run(app, (clerk, &scope), "demo: counter", |act| self.book(act))?;
        for (who, reaches) in self.today.iter().zip(SERVED) {
            counter.serve(who, reaches)?;
        }
        Ok(())
    }

    /// Opens the counter for two weeks, gives tickets to who has come and times for tomorrow.
    fn book(&self, act: &mut Act<'_>) -> AppResult<()> {
        let until = self.day.checked_add_days(Days::new(14)).unwrap_or(self.day);
        let opened = Opened {
            from: self.day,
            until,
            every_day: false,
            place: "县资助中心".to_owned(),
            hours: "8:30-12:00 14:00-17:30".to_owned(),
            desks: DESKS,
            per_slot: i32::try_from(PER_SLOT).unwrap_or_default(),
            townships: String::new(),
        };
        steps::open_days(act, &FormKey("demo counter".to_owned()), &opened)?;
        let days = store::days(act.db, act.scope, (self.day, until))?;
        let mut days = days.iter();
        if let Some(day) = days.next() {
            for who in &self.today {
                let who = household(act, who, Source::Door)?;
                steps::take_ticket(act, day.id, &who)?;
            }
            for (n, desk) in SERVED.iter().zip((1..=DESKS).cycle()) {
                let Some(called) = steps::call_next(act, day.id, desk)? else { break };
                if *n != Reaches::Draft {
                    let seen = Seen { id: called.id, version: called.version };
                    steps::step(act, seen, Step::Finish, Some(desk))?;
                }
            }
        }
        if let Some(day) = days.next() {
            for (many, slot) in self.tomorrow.chunks(PER_SLOT).zip(MORNING) {
                for who in many {
                    let who = household(act, who, Source::School)?;
                    steps::book(act, (day.id, slot), &who)?;
                }
            }
        }
        Ok(())
    }
}

fn household(act: &mut Act<'_>, who: &Visitor, source: Source) -> AppResult<Household> {
    let index = act.parts.sealer.index(Field::IdNumber, who.id.as_str());
    let known = person::by_index(act.db, act.scope, &[index])?.into_values().next();
    let file = match &known {
        Some(known) => loan::files_of(act.db, act.scope, &[known.id])?.into_values().next(),
        None => None,
    };
    Ok(Household {
        person: known.map(|one| one.id),
        name: who.typed.get("name").cloned().unwrap_or_default(),
        kind: if file.is_some() { Kind::Renewal } else { Kind::First },
        source,
    })
}

fn fen(text: &str) -> Option<Fen> {
    text.parse().ok()
}

/// Whoever signs this contract, with all that the sheets say of them.
fn visitor(
    (contracts, row): (&Sheet, &[String]),
    (borrowers, person): (&Sheet, &[String]),
) -> Option<Visitor> {
    let of = |heading: &str| contracts.get(row, heading).to_owned();
    let own = |heading: &str| borrowers.get(person, heading).to_owned();
    let year = |text: String| text.split('-').next().unwrap_or_default().to_owned();
    let relation = Relation::from_words(&own("与学生关系")).unwrap_or(Relation::Relative);
    let degree = Degree::from_words(&own("学历层次")).unwrap_or(Degree::Bachelor);
    let typed = BTreeMap::from([
        ("name", own("借款学生姓名")),
        ("phone", own("手机")),
        ("township", own("乡镇（街道）")),
        ("village", own("村（社区）")),
        ("address", own("家庭详细地址")),
        ("high_school", own("毕业高中")),
        ("co_name", of("共同借款人姓名")),
        ("co_id_number", of("共同借款人身份证号")),
        ("co_phone", own("共同借款人手机")),
        ("relation", relation.as_text().to_owned()),
        ("case", if relation.is_parent() { "plain" } else { "unable" }.to_owned()),
        ("university", own("就读高校")),
        ("major", own("专业")),
        ("degree", degree.as_text().to_owned()),
        ("school_years", own("学制（年）")),
        ("entered", year(own("入学年月"))),
        ("graduates", year(own("毕业年月"))),
        ("tuition", of("学费（元）")),
        ("lodging", of("住宿费（元）")),
        ("amount", of("贷款金额（元）")),
        ("present", "both".to_owned()),
        ("statement", STATEMENT.to_owned()),
    ]);
    Some(Visitor {
        id: IdNumber::from_stored(contracts.get(row, "身份证号"))?,
        typed,
        contract_no: of("合同编号"),
        receipt_code: of("回执校验码"),
    })
}

/// What a student writes who borrows again.
pub(super) const STATEMENT: &str = "我在大学这一年学习认真，成绩在班里前列，参加了学院的志愿服务，生活节俭，没有欠缴费用。\
    家里父亲在外务工，母亲在家照顾老人，收入不稳定，学费和住宿费仍然有困难，所以申请续贷。\
    我知道贷款要按时归还，毕业以后会主动联系资助中心，更换电话和住址会及时告知，珍惜国家给的机会。";
