//! What the receiver of a list takes, line by line, and the seal of a list. Pure: an account comes
//! in the clear and goes nowhere.

use std::collections::HashMap;

use serde::Serialize;

use super::store::Line;
use crate::base::money::Fen;
use crate::book::policy::BatchTemplate;

/// What is wrong with a line (0: with the list), and by which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub line: i32,
    pub name: String,
    pub rule: &'static str,
    pub words: String,
}

impl Violation {
    pub fn of(line: &Line, rule: &'static str, words: impl Into<String>) -> Violation {
        Violation { line: line.line, name: line.name.clone(), rule, words: words.into() }
    }

    fn of_all(rule: &'static str, words: String) -> Violation {
        Violation { line: 0, name: String::new(), rule, words }
    }
}

/// Letters of a name: Chinese characters, letters, and the dot of longer names.
fn is_of_name(one: char) -> bool {
    one.is_alphabetic() || matches!(one, '·' | '•' | ' ')
}

fn yuan(amount: Fen) -> String {
    format!("¥{}", amount.to_page_text())
}

/// Every violation, in the order of the list; `accounts` in the clear, line by line.
pub fn check(template: &BatchTemplate, lines: &[Line], accounts: &[String]) -> Vec<Violation> {
    let mut found = Vec::new();
    if lines.is_empty() {
        found.push(Violation::of_all("笔数", "名单是空的".to_owned()));
    }
    if lines.len() > template.lines_max {
        let (count, most) = (lines.len(), template.lines_max);
        found.push(Violation::of_all("笔数", format!("共 {count} 笔，一批最多 {most} 笔")));
    }
    let sum: Fen = lines.iter().map(|line| line.amount_fen).sum();
    if sum > template.sum_max {
        let most = yuan(template.sum_max);
        let words = format!("合计 {}，一批最多 {most}", yuan(sum));
        found.push(Violation::of_all("合计", words));
    }
    let mut seen: HashMap<&str, &Line> = HashMap::new();
    for (line, account) in lines.iter().zip(accounts) {
        check_line(template, line, account, &mut found);
        let first = *seen.entry(account).or_insert(line);
        if !account.is_empty() && first.person_id != line.person_id {
            let words = format!("账号与第 {} 笔（{}）相同", first.line, first.name);
            found.push(Violation::of(line, "账号", words));
        }
    }
    found
}

fn check_line(template: &BatchTemplate, line: &Line, account: &str, found: &mut Vec<Violation>) {
    let mut add = |rule, words: String| found.push(Violation::of(line, rule, words));
    let most = template.name_max;
    match line.name.chars().count() {
        0 => add("姓名", "没有姓名".to_owned()),
        length if length > most => add("姓名", format!("{length} 个字，最多 {most} 个字")),
        _ => {}
    }
    if let Some(odd) = line.name.chars().find(|one| !is_of_name(*one)) {
        add("姓名", format!("不能有“{odd}”"));
    }
    let (length, most) = (line.number.chars().count(), template.number_max);
    if length == 0 || length > most {
        add("合同编号", format!("要有 1 到 {most} 个字符，现在是 {length} 个"));
    }
    let (amount, step) = (line.amount_fen, template.amount_step);
    if !amount.is_positive() {
        add("金额", format!("{}，应大于零", yuan(amount)));
    } else if step.is_positive() && amount.get() % step.get() != 0 {
        add("金额", format!("{} 不是 {} 的整数倍", yuan(amount), yuan(step)));
    }
    if amount > template.amount_max {
        add("金额", format!("{}，一笔最多 {}", yuan(amount), yuan(template.amount_max)));
    }
    account_problems(template, account).into_iter().for_each(|words| add("账号", words));
}

/// What the receiver does not take of an account.
pub fn account_problems(template: &BatchTemplate, account: &str) -> Vec<String> {
    let length = account.chars().count();
    if length == 0 {
        return vec!["还没有登记".to_owned()];
    }
    let (least, most) = (template.account_min, template.account_max);
    let mut found = Vec::new();
    if !(least..=most).contains(&length) {
        found.push(format!("{length} 位，应为 {least} 到 {most} 位"));
    }
    let allowed = |one: &char| one.is_ascii_digit() || template.account.contains(*one);
    if !account.chars().all(|one| allowed(&one)) {
        found.push("有不允许的字符".to_owned());
    }
    found
}

/// What a line is sealed by: everything that the receiver is told, the account as it is kept.
pub fn sealed_text(line: &Line) -> String {
    let account = line.account_sealed.as_deref().map(crate::base::hex::hex).unwrap_or_default();
    let (subject, person) = (line.subject_id, line.person_id);
    let words = format!("{}\n{}\n{account}", line.name, line.number);
    format!("{}\n{subject}\n{person}\n{}\n{words}", line.line, line.amount_fen.get())
}

/// What the whole is sealed by.
pub fn sealed_whole(lines: &[Line]) -> String {
    let sum: Fen = lines.iter().map(|line| line.amount_fen).sum();
    let seals = lines.iter().map(|line| line.seal.as_str());
    let seals = seals.collect::<Vec<_>>().join("\n");
    format!("{}\n{}\n{seals}", lines.len(), sum.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::PersonId;
    use crate::book::policy::Policy;
    use crate::book::statement::Product;

    fn line(number: i32, name: &str, yuan: &str) -> Line {
        let person_id = PersonId::new(i64::from(number));
        let (name, amount_fen) = (name.to_owned(), yuan.parse().unwrap());
        Line { line: number, name, number: "X1".to_owned(), amount_fen, person_id, ..Line::blank() }
    }

    /// One line of a list to what is wrong with it.
    fn violations(name: &str, yuan: &str, account: &str) -> String {
        let policy = Policy::embedded().unwrap();
        let day = "2026-11-18".parse().unwrap();
        let template = policy.disbursement_template(Product::Local, day);
        let found = check(template, &[line(1, name, yuan)], &[account.to_owned()]);
        let words = found.iter().map(|one| format!("{} {}", one.rule, one.words));
        words.collect::<Vec<_>>().join("；")
    }

    #[test]
    fn a_receiver_says_what_it_does_not_take() {
        for (name, yuan, account, words) in [
            ("廖中旭", "8000", "6217000012345678", ""),
            ("阿依古丽·买买提", "800", "6217000012345678", ""),
            ("廖中旭1", "8000", "6217000012345678", "姓名 不能有“1”"),
            ("", "8000", "6217000012345678", "姓名 没有姓名"),
            ("廖中旭", "7950", "6217000012345678", "金额 ¥7,950.00 不是 ¥100.00 的整数倍"),
            ("廖中旭", "9000", "6217000012345678", "金额 ¥9,000.00，一笔最多 ¥8,000.00"),
            ("廖中旭", "0", "6217000012345678", "金额 ¥0.00，应大于零"),
            ("廖中旭", "8000", "", "账号 还没有登记"),
            ("廖中旭", "8000", "62170000", "账号 8 位，应为 12 到 22 位"),
            ("廖中旭", "8000", "6217 0000 1234 5678", "账号 有不允许的字符"),
        ] {
            assert_eq!(violations(name, yuan, account), words, "{name} {yuan} {account}");
        }
    }

    #[test]
    fn an_account_of_two_people_and_a_list_that_is_too_long_are_named() {
        let policy = Policy::embedded().unwrap();
        let day = "2026-11-18".parse().unwrap();
        let mut template = policy.disbursement_template(Product::Local, day).clone();
        let account = "6217000012345678".to_owned();
        let lines = [line(1, "甲", "100"), line(2, "乙", "200")];
        let found = check(&template, &lines, &[account.clone(), account.clone()]);
        assert_eq!(found[0].words, "账号与第 1 笔（甲）相同");
        (template.lines_max, template.sum_max) = (1, Fen::from_yuan(299));
        let other = "6217000012345679".to_owned();
        let found = check(&template, &lines, &[account, other]);
        let words: Vec<&str> = found.iter().map(|one| one.words.as_str()).collect();
        assert_eq!(words, ["共 2 笔，一批最多 1 笔", "合计 ¥300.00，一批最多 ¥299.00"]);
        assert_eq!(check(&template, &[], &[])[0].words, "名单是空的");
    }

    #[test]
    fn a_seal_tells_every_change() {
        let whole = line(1, "甲", "100");
        let mut others = vec![whole.clone(); 4];
        others[0].amount_fen = Fen::from_yuan(101);
        others[1].name = "乙".to_owned();
        others[2].number = "X2".to_owned();
        others[3].account_sealed = Some(vec![1]);
        assert!(others.iter().all(|other| sealed_text(other) != sealed_text(&whole)));
    }
}
