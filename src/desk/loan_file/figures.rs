//! The four figures at the head of the account: what is owed of arrears, or what comes next.

use chrono::NaiveDate;
use serde::Serialize;

use super::load::Facts;
use crate::base::dates::in_words;
use crate::base::money::Fen;
use crate::book::file::plan::{Plan, PlanRow, Standing};
use crate::book::file::{self, Contract};

/// One of the four figures at the head of the statement.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    label: String,
    amount: Fen,
    bad: bool,
    /// The word that asks for its working; a due day when it is one.
    figure: &'static str,
    due_on: String,
}

/// The figures at the head, of arrears or of what comes next.
pub(super) fn figures(facts: &Facts, plan: &Plan, today: NaiveDate) -> Vec<Figure> {
    let total = |figure: fn(&Contract) -> Fen| -> Fen { facts.contracts.iter().map(figure).sum() };
    let principal = total(|c| c.statement.position.overdue_principal);
    let interest = total(|c| c.statement.position.overdue_interest);
    let penalty = total(|c| c.statement.position.penalty);
    let balance = total(|c| c.statement.position.principal_outstanding);
    let arrears = principal + interest + penalty;
    let is_late = plan.rows.iter().any(|row| row.standing == Standing::Overdue);
    let none = String::new;
    if is_late {
        let day = file::as_known(&facts.contracts, facts.as_of, today);
        let a_day = facts.penalty_a_day();
        let penalty_words = if a_day.is_positive() {
            format!("其中罚息，每天约 ¥{}", a_day.to_page_text())
        } else {
            "其中罚息".to_owned()
        };
        let mut late = plan.rows.iter().filter(|row| row.standing == Standing::Overdue);
        let assumed = late.find(|row| !row.assumed.is_empty()).map_or("", |row| row.assumed);
        let assumed = if assumed.is_empty() { assumed.to_owned() } else { format!("，{assumed}") };
        let due = if interest.is_positive() {
            let words = format!("其中本金和利息（利息 ¥{}{assumed}）", interest.to_page_text());
            (words, principal + interest)
        } else {
            ("其中本金".to_owned(), principal)
        };
        return vec![
            figure(format!("{day}还清逾期，要还"), arrears, true, "arrears", none()),
            figure(due.0, due.1, false, "arrears", none()),
            figure(penalty_words, penalty, false, "penalty", none()),
            figure("本金余额（含逾期）".to_owned(), balance, false, "balance", none()),
        ];
    }
    let next =
        plan.rows.iter().find(|row| matches!(row.standing, Standing::Next | Standing::Today));
    let mut figures = Vec::new();
    for row in plan.rows.iter().filter(|row| row.standing == Standing::Awaiting) {
        let words = in_words(row.due_on, today);
        let label = format!("{words}应还，待银行结果");
        figures.push(figure(label, row.open, false, "", row.due_on.to_string()));
    }
    figures.extend(next.into_iter().flat_map(|row| of_day(row, today)));
    if arrears.is_positive() {
        let label = "上一期还差（随下一次一起还）".to_owned();
        figures.push(figure(label, arrears, false, "arrears", none()));
    }
    figures.push(figure("本金余额".to_owned(), balance, false, "balance", none()));
    figures
}

fn figure(label: String, amount: Fen, bad: bool, figure: &'static str, due_on: String) -> Figure {
    Figure { label, amount, bad, figure, due_on }
}

/// What one due day asks for: on the day itself what is open of it, before it what is expected.
fn of_day(row: &PlanRow, today: NaiveDate) -> [Figure; 3] {
    let (day, words) = (row.due_on.to_string(), in_words(row.due_on, today));
    let (label, sum, guess) = match row.standing {
        Standing::Today => (format!("{words}到期，要还"), row.open, ""),
        _ => (format!("{words}要还（预计）"), row.principal + row.interest, "预计"),
    };
    let guess: Vec<&str> =
        [guess, row.assumed].into_iter().filter(|word| !word.is_empty()).collect();
    let interest = match guess.is_empty() {
        true => "其中利息".to_owned(),
        false => format!("其中利息（{}）", guess.join("，")),
    };
    [
        figure(label, sum, false, "", day.clone()),
        figure("其中本金".to_owned(), row.principal, false, "", day.clone()),
        figure(interest, row.interest, false, "", day),
    ]
}
