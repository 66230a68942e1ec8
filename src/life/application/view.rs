//! A case in words: the check page that is read aloud, what a reviewer reads, the way of a loan.
//! Identity numbers are masked for everybody but the counter.

use serde::Serialize;

use super::contract;
use super::facts::Whole;
use super::form::{Party, Study};
use super::kinds::Step;
use super::rules::{self, product_words};
use crate::base::capital::capital;
use crate::base::choice::Choice;
use crate::base::dates::{age_on, in_words, local};
use crate::base::money::Fen;
use crate::book::policy::{CounterPaper, Policy};
use crate::book::review::{Fact, Kind, Proposal};
use crate::book::statement::Product;
use crate::error::{AppError, AppResult};

/// The fact with the author's reason.
pub const WHY: &str = "原因";

/// A line of the check page.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub label: &'static str,
    pub text: String,
    /// Said smaller: a number, an amount in capitals.
    pub more: String,
    /// Where it is mended.
    pub step: &'static str,
}

pub fn yuan(fen: Fen) -> String {
    format!("¥{}", fen.to_page_text())
}

impl Whole {
    pub fn papers<'a>(&self, policy: &'a Policy) -> Vec<&'a CounterPaper> {
        let all = &policy.counter_papers.on(self.set.today).papers;
        rules::papers(all, &self.read, &self.known, &self.set)
    }

    pub fn missing_papers(&self, policy: &Policy) -> Vec<String> {
        let missing = self.papers(policy).into_iter();
        let missing = missing.filter(|paper| !self.draft.papers.contains(&paper.key));
        missing.map(|paper| paper.name.clone()).collect()
    }

    fn step_of(&self, first: Step) -> &'static str {
        let step =
            if self.app.is_first || self.steps.contains(&first) { first } else { Step::Renewal };
        step.as_text()
    }

    fn person(&self, party: &Party, relation: &str) -> String {
        let age = age_on(party.id.birth_on(), self.set.today);
        let middle = if relation.is_empty() { party.id.sex().to_chinese() } else { relation };
        format!("{}，{middle}，{age} 岁", party.name)
    }

    /// The group 人 of the check page.
    pub fn people(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut add = |label, text: String, more: String, step| {
            lines.push(Line { label, text, more, step });
        };
        let who = self.step_of(Step::Who);
        if let Some(student) = &self.read.student {
            let id = student.id.as_str().to_owned();
            add("借款学生", self.person(student, ""), id, who);
            add("家庭住址", student.address.clone(), String::new(), who);
        }
        if let Some(co) = &self.read.co {
            let text = self.person(&co.party, co.relation.in_words());
            add("共同借款人", text, co.party.id.as_str().to_owned(), self.step_of(Step::Co));
        }
        if let (Some(student), Some(co)) = (&self.read.student, &self.read.co) {
            let relation = co.relation.in_words();
            let phones = (student.phone.as_str(), co.party.phone.as_str());
            let text = format!("学生 {}，{relation} {}", phones.0, phones.1);
            add("电话", text, String::new(), self.step_of(Step::Co));
        }
        lines
    }

    /// Years of the loan, as asked for or the longest.
    pub fn years(&self, study: &Study) -> i32 {
        study.years.unwrap_or_else(|| self.set.term.longest(study.remaining(self.app.loan_year)))
    }

    /// The group 钱.
    pub fn money(&self, policy: &Policy) -> Vec<Line> {
        let Some(study) = &self.read.study else { return Vec::new() };
        let product = self.app.product();
        let today = self.set.today;
        let signed_on = self.app.submitted_at.map_or(today, |at| local(at).date());
        let (terms, years) =
            contract::terms(policy, (product, ""), study, (self.app.loan_year, signed_on));
        let step = self.step_of(Step::Study);
        let line = |label, text: String, more: &str, step| Line {
            label,
            text,
            more: more.to_owned(),
            step,
        };
        let to_school = study.fees().at_most(study.amount);
        let rest = (study.amount - to_school).or_zero();
        let (school, payer) = (&study.university, self.payer());
        let entered = format!(
            "{}，{} 年入学，{} 年毕业",
            study.degree.in_words(),
            study.entered,
            study.graduates
        );
        let ends = in_words(terms.final_due_on, chrono::NaiveDate::MIN);
        let first = terms.subsidy_ends_on;
        let is_free = matches!(
            terms.pricing,
            crate::book::statement::Pricing::Fixed(rate) if rate.get() == 0
        );
        let interest = match is_free {
            true => "一直不收利息".to_owned(),
            false => {
                format!("读书期间国家承担，{}起自己付，利率每年调整", in_words(next(first), today))
            }
        };
        let grace = match terms.grace_years {
            0 if is_free => "每年还一次本金".to_owned(),
            years if is_free => format!("毕业当年起 {years} 年里不用还，之后每年还一次本金"),
            0 => "每年还一次本金和利息".to_owned(),
            years => format!("毕业当年起 {years} 年里每年 12月20日只还利息，之后还本付息"),
        };
        vec![
            line("学校", school.clone(), &entered, step),
            line("今年借", yuan(study.amount), &capital(study.amount), step),
            line("先交学费住宿费", format!("{}，{payer}付给{school}", yuan(to_school)), "", ""),
            line("余下生活费", format!("{}，到学生账户", yuan(rest)), "", ""),
            line("期限", format!("{years} 年，{ends}前还清"), "", step),
            line("利息", interest, "", ""),
            line("什么时候还", grace, "", ""),
            line("别处的贷款", "学生声明：本学年没有在学校或别的银行办助学贷款".to_owned(), "", ""),
        ]
    }

    fn payer(&self) -> &'static str {
        if self.app.product() == Product::Local { "本中心" } else { "银行" }
    }

    pub fn kind_words(&self) -> &'static str {
        if self.app.is_first { "首贷" } else { "续贷" }
    }

    /// `2026-2027 学年国家开发银行助学贷款首贷`
    pub fn summary(&self) -> String {
        let (year, product) = (self.app.loan_year, product_words(self.app.product()));
        format!("{year}-{} 学年{product}{}", year + 1, self.kind_words())
    }
}

fn next(day: chrono::NaiveDate) -> chrono::NaiveDate {
    day.succ_opt().unwrap_or(day)
}

/// What the reviewer reads of an application.
pub fn proposal(whole: &Whole) -> AppResult<Proposal> {
    let (Some(student), Some(co), Some(study)) =
        (&whole.read.student, &whole.read.co, &whole.read.study)
    else {
        return Err(AppError::broken("an application is submitted that cannot be read"));
    };
    let of = |party: &Party, relation: &str| whole.person(party, relation);
    let mut facts = vec![
        Fact::new("借款学生", of(student, "")),
        Fact::new("学生身份证", student.id.masked()),
        Fact::new("学生手机", student.phone.masked()),
        Fact::new("家庭住址", student.address.clone()),
        Fact::new("共同借款人", of(&co.party, co.relation.in_words())),
        Fact::new("共同借款人身份证", co.party.id.masked()),
        Fact::new("共同借款人手机", co.party.phone.masked()),
        Fact::new("由谁签字", co.case.in_words()),
        Fact::new("学校", format!("{}，{}", study.university, study.degree.in_words())),
        Fact::new("入学和毕业", format!("{} 年至 {} 年", study.entered, study.graduates)),
        Fact::new("学费和住宿费", format!("{}，{}", yuan(study.tuition), yuan(study.lodging))),
        Fact::new("贷款金额", format!("{}，{}", yuan(study.amount), capital(study.amount))),
    ];
    if let Some(renewal) = &whole.read.renewal {
        facts.push(Fact::new("到场", renewal.present.in_words()));
        facts.push(Fact::new("续贷声明", renewal.statement.clone()));
    }
    let asks = whole.rulings.iter().filter(|one| one.verdict == rules::Verdict::Ask);
    let exceptions: Vec<String> = asks.map(|one| one.words.clone()).collect();
    let papers = format!("收齐 {} 样", whole.draft.papers.len());
    facts.push(Fact::new("材料", papers));
    let steps = whole.steps.iter().map(|step| (*step).into()).collect();
    Ok(Proposal {
        kind: Kind::Application,
        subject_id: whole.app.id,
        link: format!("/applications/{}", whole.app.id),
        name: student.name.clone(),
        summary: whole.summary(),
        amount: Some(study.amount),
        facts,
        steps,
        exceptions,
        file_id: whole.app.file_id,
    })
}

/// A raise, or a contract that shall be void.
pub fn change(whole: &Whole, kind: Kind, (signed, to): (Fen, Option<Fen>), why: &str) -> Proposal {
    let app = &whole.app;
    let after = to.map_or_else(|| "作废".to_owned(), yuan);
    let mut facts = vec![
        Fact::new("合同", app.contract_no.clone()),
        Fact::new("贷款", whole.summary()),
        Fact::change("金额", yuan(signed), after),
    ];
    if !why.is_empty() {
        facts.push(Fact::new(WHY, why));
    }
    let exceptions = vec![format!("{}要逐份看", kind.in_words())];
    Proposal {
        kind,
        subject_id: app.id,
        link: format!("/applications/{}", app.id),
        name: app.name.clone(),
        summary: format!("合同 {}", app.contract_no),
        amount: to,
        facts,
        steps: Vec::<Choice>::new(),
        exceptions,
        file_id: app.file_id,
    }
}
