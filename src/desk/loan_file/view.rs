//! The loan file in words: what the template shows, nothing else.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::contacts::{self, ContactsView};
use super::figures::{Figure, figures};
use super::ledger;
use super::load::Facts;
use super::waiting::{Known, Waiting, waiting};
use crate::base::dates::{age_on, day_in, in_words, local};
use crate::base::money::Fen;
use crate::base::place::short_village;
use crate::book::audit_log;
use crate::book::file::life::life;
use crate::book::file::plan::{Plan, PlanRow, Standing, plan};
use crate::book::file::{self, Contract};
use crate::book::lifeline::{self, Line};
use crate::book::person::{Phone, PhoneState};
use crate::book::policy::Policy;
use crate::book::statement::{Product, Stage};
use crate::life::disbursement::rules::{Stop, Way, way};
use crate::web::fields::FormPage;
use crate::web::list::words::stage_tag;

/// Rows of the plan after the next one that are shown before they are folded together.
const AHEAD: usize = 0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tab {
    /// 还款计划
    Plan,
    /// 流水
    Ledger,
    /// 合同
    Contracts,
    /// 操作记录
    History,
}

/// A tag: class and words.
#[derive(Clone, Debug, Serialize)]
pub struct Tag {
    kind: &'static str,
    words: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Head {
    name: String,
    initial: String,
    file_no: String,
    person_id: String,
    id_mask: String,
    sex: &'static str,
    age: i32,
    home: String,
    township: String,
    university: String,
    graduates: String,
    owner: Option<String>,
    tags: Vec<Tag>,
    overdue: bool,
    /// A contract of it is paid off, here or in the books of the bank.
    settled: bool,
    /// Its study ends this year, or did last year.
    graduates_now: bool,
}

/// Later due days folded into one row.
#[derive(Clone, Debug, Serialize)]
pub struct Folded {
    years: String,
    count: usize,
    principal: Fen,
    interest: Fen,
    balance: Fen,
}

/// The plan as shown.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    rows: Vec<PlanRow>,
    folded: Option<Folded>,
    principal: Fen,
    interest: Fen,
    penalty: Fen,
    paid: Fen,
}

/// A contract with all its terms.
#[derive(Clone, Debug, Serialize)]
pub struct ContractView {
    contract_no: String,
    product: &'static str,
    year: String,
    first: &'static str,
    level: &'static str,
    principal: Fen,
    tuition: Option<Fen>,
    lodging: Option<Fen>,
    term_years: Option<i32>,
    signed_on: NaiveDate,
    subsidy_ends_on: NaiveDate,
    subsidy_moved: bool,
    /// Where its money is, while a list of ours pays it out.
    money: Vec<Stop>,
    first_principal_on: NaiveDate,
    final_due_on: NaiveDate,
    grace_years: i32,
    rate: String,
    penalty: String,
    receipt_code: String,
    receipt_on: Option<NaiveDate>,
    agent: String,
    account_mask: String,
    loan_id: String,
    co_borrower: String,
    stage: Tag,
    bank_state: String,
    disbursed: Fen,
    outstanding: Fen,
}

/// A person on the card of people.
#[derive(Clone, Debug, Serialize)]
pub struct PersonView {
    who: String,
    person_id: String,
    id_mask: String,
    address: String,
    phones: Vec<PhoneView>,
    /// `14:05`: until then an unknown phone gets no code; empty while it does.
    no_code_until: String,
}

/// A telephone number, masked.
#[derive(Clone, Debug, Serialize)]
pub struct PhoneView {
    id: String,
    mask: String,
    kind: &'static str,
    state: &'static str,
    /// What came of the last try: `能打通，11月28日`.
    tried: String,
    source: String,
}

/// A line of the card of studies or of what other stages know.
#[derive(Clone, Debug, Serialize)]
pub struct Known2 {
    name: String,
    value: String,
    /// Where it is dealt with.
    link: Option<String>,
}

/// A line of the audit log.
#[derive(Clone, Debug, Serialize)]
pub struct AuditLine {
    at: String,
    who: String,
    action: String,
    summary: String,
    reason: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Page {
    head: Head,
    tab: Tab,
    as_of: NaiveDate,
    today: NaiveDate,
    is_today: bool,
    /// `?as_of=…` for links that stay on the day, or nothing.
    on_day: String,
    life: Option<Line>,
    waiting: Option<Waiting>,
    contracts_words: String,
    checked: String,
    differences: i64,
    figures: Vec<Figure>,
    unapplied: Fen,
    surplus: Fen,
    plan: Option<PlanView>,
    ledger: Vec<ledger::Line>,
    events: usize,
    contracts: Vec<ContractView>,
    contract_count: usize,
    audit: Vec<AuditLine>,
    people: Vec<PersonView>,
    studies: Vec<Known2>,
    related: Vec<Known2>,
    /// A change of contacts waits for a decision.
    contact_change: bool,
    /// This year's contact with the family: its state in words.
    family_contact: Option<&'static str>,
    contacts: ContactsView,
    /// New for every form: the second try of one form adds nothing.
    key: String,
}

impl FormPage for Page {
    const TEMPLATE: &'static str = "loans/file.html";
    const REFUSED_AT: &'static str = "note";
}

impl Page {
    /// Puts a file into words.
    pub fn new(facts: &Facts, policy: &Policy, today: NaiveDate, tab: Tab, all_rows: bool) -> Page {
        let statements = facts.statements();
        let plan = plan(&statements, today, |day| facts.early_word(day)).under(policy);
        let is_today = facts.as_of == today;
        let line = life(&facts.contracts, facts.papers, facts.as_of, &plan)
            .map(|life| lifeline::draw(&life));
        let life = match is_today {
            true => line,
            false => line.map(|line| line.on_chosen_day(facts.as_of)),
        };
        let waiting = waiting(&known(facts, &plan, (policy, today)), facts.as_of);
        let total =
            |figure: fn(&Contract) -> Fen| -> Fen { facts.contracts.iter().map(figure).sum() };
        Page {
            head: head(facts, &plan),
            tab,
            as_of: facts.as_of,
            today,
            is_today,
            on_day: if is_today { String::new() } else { format!("?as_of={}", facts.as_of) },
            life,
            waiting,
            contracts_words: format!(
                "{} 份合同，共 ¥{}",
                facts.contracts.len(),
                total(|c| c.loan.principal_fen).to_page_text()
            ),
            checked: checked(facts, today),
            differences: facts.differences,
            figures: figures(facts, &plan, today),
            unapplied: total(|c| c.statement.position.unapplied),
            surplus: total(|c| c.statement.position.surplus),
            plan: (tab == Tab::Plan).then(|| folded(plan, all_rows)),
            events: facts.contracts.iter().map(|c| c.rows.len()).sum(),
            ledger: Vec::new(),
            contracts: if tab == Tab::Contracts { contracts(facts, policy) } else { Vec::new() },
            contract_count: facts.contracts.len(),
            audit: Vec::new(),
            people: people(facts, today),
            studies: studies(facts),
            related: related(facts),
            contact_change: facts.contact_change,
            family_contact: facts.contact_duty.as_ref().map(|duty| duty.state.in_words()),
            contacts: contacts::view(&facts.contacts, today),
            key: String::new(),
        }
    }

    pub fn set_key(&mut self, key: i64) {
        self.key = key.to_string();
    }

    /// Adds the lines of the tab 流水.
    pub fn set_ledger(&mut self, lines: Vec<ledger::Line>) {
        self.ledger = lines;
    }

    /// Adds the lines of the tab 操作记录.
    pub fn set_audit(&mut self, entries: &[audit_log::Entry]) {
        self.audit = entries
            .iter()
            .map(|entry| AuditLine {
                at: local(entry.at).format("%Y-%m-%d %H:%M").to_string(),
                who: entry.staff_name.clone(),
                action: audit_log::in_words(&entry.action).to_owned(),
                summary: entry.summary.clone(),
                reason: entry.reason.clone(),
            })
            .collect();
    }
}

fn head(facts: &Facts, plan: &Plan) -> Head {
    let (file, student) = (&facts.file, &facts.student);
    let overdue = plan.rows.iter().filter(|row| row.standing == Standing::Overdue).count();
    let mut tags = Vec::new();
    if plan.rows.iter().any(|row| row.standing == Standing::Awaiting) {
        tags.push(Tag { kind: "wait", words: "待银行结果".to_owned() });
    }
    if overdue > 0 {
        tags.push(Tag { kind: "bad", words: format!("逾期 {overdue} 期") });
    }
    let stages = || facts.contracts.iter().map(|c| c.statement.position.stage);
    let stage = stages().filter(|stage| *stage != Stage::Settled).max();
    let (kind, words) = stage_tag(stage.unwrap_or(Stage::Settled));
    if !facts.contracts.is_empty() {
        tags.push(Tag { kind, words: words.to_owned() });
    }
    if !facts.stages.enlistments.is_empty() {
        tags.push(Tag { kind: "", words: "入伍".to_owned() });
    }
    Head {
        name: student.name.clone(),
        initial: student.name.chars().take(1).collect(),
        file_no: file.file_no.clone(),
        person_id: student.id.to_string(),
        id_mask: student.id_mask.clone(),
        sex: student.sex.in_words(),
        age: age_on(student.born_on, facts.as_of),
        home: format!("{}{}", student.township, short_village(&student.village)),
        township: student.township.clone(),
        university: file.university.clone(),
        graduates: file.graduates_on.map(|on| format!("{} 届", on.year())).unwrap_or_default(),
        owner: facts.owner.clone(),
        tags,
        overdue: overdue > 0,
        settled: facts.contracts.iter().any(is_settled),
        graduates_now: graduates_now(facts),
    }
}

fn graduates_now(facts: &Facts) -> bool {
    let open = facts.contracts.iter().map(|c| &c.statement.position);
    let ends = open.filter(|position| position.settled_on.is_none());
    let years = ends.map(|position| facts.as_of.year() - position.subsidy_ends_on.year());
    years.min().is_some_and(|years| (0..=1).contains(&years))
}

fn checked(facts: &Facts, today: NaiveDate) -> String {
    match facts.checked_on {
        Some(on) => {
            let known = facts.contracts.iter().map(|c| c.statement.known_until).min();
            match known.filter(|known| *known < on) {
                Some(known) => format!(
                    "到 {}为止与银行一致；{}的文件要等还款明细",
                    in_words(known, today),
                    in_words(on, today)
                ),
                None => format!("与银行 {}对账文件一致", in_words(on, today)),
            }
        }
        None => "还没有银行文件可以核对".to_owned(),
    }
}

fn folded(plan: Plan, all_rows: bool) -> PlanView {
    let next = plan.rows.iter().position(|row| row.standing == Standing::Next);
    let cut = next.map_or(plan.rows.len(), |at| at + 1 + AHEAD);
    let (principal, interest, penalty, paid) =
        (plan.principal, plan.interest, plan.penalty, plan.paid);
    let mut rows = plan.rows;
    let later = if all_rows || rows.len() <= cut + 1 { Vec::new() } else { rows.split_off(cut) };
    let folded = match (later.first(), later.last()) {
        (Some(first), Some(last)) => Some(Folded {
            years: format!("{} 至 {}", first.due_on.year(), last.due_on.year()),
            count: later.len(),
            principal: later.iter().map(|row| row.principal).sum(),
            interest: later.iter().map(|row| row.interest).sum(),
            balance: last.balance,
        }),
        _ => None,
    };
    PlanView { rows, folded, principal, interest, penalty, paid }
}

fn known(facts: &Facts, plan: &Plan, (policy, today): (&Policy, NaiveDate)) -> Known {
    let undisbursed = || facts.contracts.iter().filter(|c| c.is_undisbursed());
    let no_receipt: Vec<i32> =
        undisbursed().filter(|c| c.loan.receipt_on.is_none()).map(|c| c.loan.loan_year).collect();
    let sum: Fen =
        plan.rows.iter().filter(|row| row.standing == Standing::Overdue).map(|row| row.open).sum();
    let times = plan.rows.iter().filter(|row| row.standing == Standing::Overdue).count();
    let graduated = facts.file.graduates_on.filter(|on| *on <= facts.as_of);
    let all_settled = facts.contracts.iter().all(|c| c.statement.position.settled_on.is_some());
    let confirmed = facts
        .stages
        .graduation
        .as_ref()
        .is_some_and(|one| graduated.is_none_or(|on| one.is_of(on.year())));
    // Graduations of years ago that nobody confirmed are history, not something to wait for.
    let recent = graduated.filter(|on| *on >= day_in(facts.as_of.year() - 1, 1, 1));
    Known {
        overdue: facts.overdue_since().filter(|_| times > 0).map(|(since, _)| (sum, since, times)),
        penalty_a_day: facts.penalty_a_day(),
        as_known: file::as_known(&facts.contracts, facts.as_of, facts.as_of),
        awaiting: plan
            .rows
            .iter()
            .find(|row| row.standing == Standing::Awaiting)
            .map(|row| (row.due_on, row.open)),
        bank_settled: facts.contracts.iter().filter_map(|c| c.bank_settled_on).max(),
        receipts_until: no_receipt.last().map(|year| policy.receipt_deadline(*year)),
        no_receipt,
        no_money: undisbursed()
            .filter(|c| c.loan.receipt_on.is_some())
            .map(|c| c.loan.loan_year)
            .collect(),
        university: facts.file.university.clone(),
        unconfirmed_since: recent.filter(|_| !confirmed && !all_settled),
        due_today: plan
            .rows
            .iter()
            .find(|row| row.standing == Standing::Today)
            .map(|row| (row.due_on, row.open, row.assumed)),
        is_chosen_day: facts.as_of != today,
        next: plan
            .rows
            .iter()
            .find(|row| row.standing == Standing::Next)
            .filter(|row| row.due_on.year() <= facts.as_of.year() + 1)
            .map(|row| (row.due_on, row.principal + row.interest, row.principal)),
        settled_on: facts
            .contracts
            .iter()
            .filter_map(|c| c.statement.position.settled_on)
            .max()
            .filter(|_| all_settled),
    }
}

fn contracts(facts: &Facts, policy: &Policy) -> Vec<ContractView> {
    facts.contracts.iter().rev().map(|contract| contract_view(facts, contract, policy)).collect()
}

fn contract_view(facts: &Facts, contract: &Contract, policy: &Policy) -> ContractView {
    let (loan, position) = (&contract.loan, &contract.statement.position);
    let (kind, words) = stage_tag(position.stage);
    let co = loan.co_person_id.and_then(|id| facts.co_borrowers.iter().find(|p| p.id == id));
    let in_force = position.rate.map(|rate| format!("{rate}%"));
    ContractView {
        contract_no: loan.contract_no.clone(),
        product: match loan.product() {
            Some(Product::Local) => "地方免息助学贷款",
            _ => "国家开发银行生源地信用助学贷款",
        },
        year: format!("{}-{} 学年", loan.loan_year, loan.loan_year + 1),
        first: if loan.is_first { "首贷" } else { "续贷" },
        level: if loan.level == "graduate" { "研究生" } else { "本专科" },
        principal: loan.principal_fen,
        tuition: loan.tuition_fen,
        lodging: loan.lodging_fen,
        term_years: loan.term_years,
        signed_on: loan.signed_on,
        subsidy_ends_on: position.subsidy_ends_on,
        subsidy_moved: position.subsidy_ends_on != loan.subsidy_ends_on,
        money: match facts.stages.disbursements.get(&loan.id) {
            None if !contract.is_undisbursed() => Vec::new(),
            row => way(Way::of(row), policy, facts.as_of),
        },
        first_principal_on: position.first_principal_on,
        final_due_on: loan.final_due_on,
        grace_years: loan.grace_years,
        rate: match (loan.fixed_rate_ppm, in_force) {
            (Some(rate), _) => format!("固定 {rate}%"),
            (None, Some(rate)) => format!("浮动，现在 {rate}"),
            (None, None) => "浮动，放款时定价".to_owned(),
        },
        penalty: format!("合同利率的 {}%", loan.penalty_percent),
        receipt_code: loan.receipt_code.clone(),
        receipt_on: loan.receipt_on,
        agent: loan.agent.clone(),
        account_mask: loan.account_mask.clone(),
        loan_id: loan.id.to_string(),
        co_borrower: co.map(|person| person.name.clone()).unwrap_or_default(),
        stage: Tag { kind, words: words.to_owned() },
        bank_state: loan.bank_state.clone(),
        disbursed: contract.statement.totals.disbursed,
        outstanding: position.principal_outstanding,
    }
}

fn people(facts: &Facts, today: NaiveDate) -> Vec<PersonView> {
    let relation = &facts.file.co_relation;
    let mut views = Vec::new();
    for person in std::iter::once(&facts.student).chain(&facts.co_borrowers) {
        let is_student = person.id == facts.student.id;
        let who = match (is_student, facts.file.co_person_id == Some(person.id)) {
            (true, _) => "本人".to_owned(),
            (false, true) if !relation.is_empty() => {
                format!("{}，{relation}，共同借款人", person.name)
            }
            (false, _) => format!("{}，共同借款人", person.name),
        };
        let own = || facts.phones.iter().filter(|phone| phone.person_id == person.id);
        let newest = own().next().map(|phone| phone.recorded_at);
        let is_former = |phone: &Phone| {
            phone.state == PhoneState::OnFile && newest.is_some_and(|at| phone.recorded_at < at)
        };
        let phones = own()
            .map(|phone| PhoneView {
                id: phone.id.to_string(),
                mask: phone.phone_mask.clone(),
                kind: match phone.state.as_text() {
                    "on_file" if is_former(phone) => "",
                    "on_file" => "ok",
                    "to_confirm" => "wait",
                    "dead" => "bad",
                    _ => "",
                },
                state: if is_former(phone) { "原号码" } else { phone.state.in_words() },
                tried: facts.contacts.tried(phone, today),
                source: phone.source.clone(),
            })
            .collect();
        views.push(PersonView {
            who,
            person_id: person.id.to_string(),
            id_mask: person.id_mask.clone(),
            address: person.address.clone(),
            phones,
            no_code_until: facts.no_code_until_of(person.id),
        });
    }
    views
}

fn studies(facts: &Facts) -> Vec<Known2> {
    let file = &facts.file;
    let month = |day: Option<NaiveDate>| {
        day.map(|d| format!("{}年{}月", d.year(), d.month())).unwrap_or_default()
    };
    let years = file.school_years.map(|years| format!("，学制 {years} 年")).unwrap_or_default();
    let rows = [
        ("毕业高中", file.high_school.clone()),
        ("就读高校", file.university.clone()),
        ("专业", file.major.clone()),
        ("学历层次", format!("{}{years}", file.degree)),
        ("学号", file.student_number.clone()),
        ("入学", month(file.entered_on)),
        ("毕业", month(file.graduates_on)),
        ("家庭类型", file.family_kind.clone()),
        ("困难等级", file.hardship_level.clone()),
        ("派出所", facts.student.police_station.clone()),
        ("备注", file.note.clone()),
    ];
    rows.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| Known2 { name: name.to_owned(), value, link: None })
        .collect()
}

/// What the lists of other stages say about this person.
fn related(facts: &Facts) -> Vec<Known2> {
    let day = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    let mut rows = Vec::new();
    let mut row = |name: String, value: String| rows.push(Known2 { name, value, link: None });
    for p in &facts.stages.preapplications {
        row(format!("{} 年预申请", p.year), format!("{} {}", p.county_opinion, day(p.applied_on)));
    }
    for r in &facts.stages.recognitions {
        row(format!("{} 年困难认定", r.year), format!("{} {}", r.level, day(r.recognised_on)));
    }
    for c in facts.contracts.iter().filter(|c| c.loan.receipt_on.is_some()) {
        row(format!("{} 学年回执", c.loan.loan_year), day(c.loan.receipt_on));
    }
    if let Some(g) = &facts.stages.graduation {
        row("毕业确认".to_owned(), format!("{} {}", g.destination, day(g.confirmed_on)));
    }
    for e in &facts.stages.enlistments {
        let granted = format!("{} 入伍，批准代偿 ¥{}", e.enlisted_on, e.granted_fen.to_page_text());
        row("服兵役".to_owned(), granted);
    }
    for r in &facts.stages.reliefs {
        let state = format!("{}，{}", r.class_name, r.state.in_words());
        rows.push(Known2 {
            name: format!("{} 还款救助", r.applied_on),
            value: state,
            link: Some(format!("/reliefs/{}", r.id)),
        });
    }
    rows
}

fn is_settled(one: &Contract) -> bool {
    one.statement.position.settled_on.is_some() || one.bank_settled_on.is_some()
}
