//! What a receiver answers: read from its sheet by the headings of the template, or typed by hand,
//! and held against the list. Pure. An answer is taken whole or not at all: each thing that is
//! wrong has its own sentence.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::store::{Line, LineState};
use crate::base::money::Fen;
use crate::book::policy::BatchTemplate;
use crate::plumbing::sheet::{SheetRow, Table};

/// As receivers write it.
const PAID: [&str; 9] =
    ["成功", "已到账", "到账", "已发放", "发放成功", "入账成功", "交易成功", "处理成功", "已入账"];
const FAILED: [&str; 8] =
    ["失败", "发放失败", "入账失败", "交易失败", "处理失败", "不成功", "退回", "已退回"];
/// Headings of the number of the batch, in the files that we send and in answers.
const BATCH: [&str; 3] = ["批次", "批次号", "批号"];
const TOTAL: [&str; 3] = ["合计", "总计", "总额"];
/// A head stands within so many rows.
const HEAD_WITHIN: usize = 15;
/// So many sentences at once.
const SENTENCES_MAX: usize = 10;

/// One answered line; `at` is the row of the sheet, 0 when it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: u32,
    pub number: String,
    pub amount: Option<Fen>,
    /// The money arrived; none: the word is unknown.
    pub is_paid: Option<bool>,
    pub result: String,
    pub day: Option<NaiveDate>,
    pub reason: String,
}

/// A sheet of answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub rows: Vec<Row>,
    /// What its own last row says.
    pub total: Option<Fen>,
    /// Batches that its rows name.
    pub batches: Vec<String>,
}

/// What an answer moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    pub paid: Vec<Line>,
    pub failed: Vec<Line>,
    /// Rows that had been taken before.
    pub known: usize,
    /// Lines without an answer afterwards.
    pub open: usize,
}

struct Columns {
    number: usize,
    amount: Option<usize>,
    result: usize,
    reason: Option<usize>,
    day: Option<usize>,
    batch: Option<usize>,
}

fn cell(row: &SheetRow, at: usize) -> &str {
    row.cells.get(at).map(|cell| cell.text.trim()).unwrap_or_default()
}

fn columns(row: &SheetRow, template: &BatchTemplate) -> Option<Columns> {
    let find = |one_of: &[&str]| {
        one_of.iter().find_map(|heading| {
            row.cells.iter().position(|cell| cell.text.trim().replace(' ', "") == *heading)
        })
    };
    let find_all =
        |headings: &[String]| find(&headings.iter().map(String::as_str).collect::<Vec<&str>>());
    Some(Columns {
        number: find_all(&template.answer_number)?,
        result: find_all(&template.answer_result)?,
        amount: find_all(&template.answer_amount),
        reason: find_all(&template.answer_reason),
        day: find_all(&template.answer_day),
        batch: find(&BATCH),
    })
}

/// `8,000.00`, `¥8000`.
pub fn read_money(text: &str) -> Option<Fen> {
    text.replace([',', '，', '¥', '￥', ' ', '元'], "").parse().ok()
}

/// `2026-11-18`, `2026/11/18`, `2026年11月18日`, `20261118`; a time behind it is left out.
pub fn read_day(text: &str) -> Option<NaiveDate> {
    let text = text.split([' ', 'T']).next().unwrap_or_default();
    if text.len() == 8 && text.bytes().all(|one| one.is_ascii_digit()) {
        return NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    }
    let parts: Vec<u32> = text
        .split(|one: char| !one.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        [year, month, day] => NaiveDate::from_ymd_opt(i32::try_from(*year).ok()?, *month, *day),
        _ => None,
    }
}

/// Whether a word of a receiver says that the money arrived.
pub fn read_result(text: &str) -> Option<bool> {
    let text = text.trim();
    let is = |words: &[&str]| words.contains(&text);
    is(&PAID).then_some(true).or(is(&FAILED).then_some(false))
}

/// Reads the first sheet with the columns of the template.
///
/// # Errors
/// A sentence when there is none, or nothing stands under its head.
pub fn read(tables: &[Table], template: &BatchTemplate) -> Result<Answers, String> {
    for table in tables {
        let mut head = table.rows.iter().take(HEAD_WITHIN).enumerate();
        let found = head.find_map(|(at, row)| Some((at, columns(&row, template)?)));
        let Some((at, columns)) = found else { continue };
        let answers = read_rows(table, at + 1, &columns);
        if answers.rows.is_empty() {
            return Err("表里只有表头，没有一笔结果".to_owned());
        }
        return Ok(answers);
    }
    let (number, result) = (template.answer_number.first(), template.answer_result.first());
    let [number, result] = [number, result].map(|one| one.map_or("", String::as_str));
    Err(format!("没有找到“{number}”和“{result}”两列，请用银行返回的结果表"))
}

fn read_rows(table: &Table, from: usize, of: &Columns) -> Answers {
    let mut found = Answers::default();
    for row in table.rows.from(from).filter(|row| !row.is_blank()) {
        let text = |at: Option<usize>| at.map(|at| cell(&row, at)).unwrap_or_default();
        let (number, amount) = (cell(&row, of.number), read_money(text(of.amount)));
        if row.cells.iter().any(|cell| TOTAL.iter().any(|word| cell.text.trim().starts_with(word)))
        {
            found.total = amount;
            continue;
        }
        // A line for signatures below the table.
        if number.is_empty() && amount.is_none() {
            continue;
        }
        let batch = text(of.batch).to_owned();
        if !batch.is_empty() && !found.batches.contains(&batch) {
            found.batches.push(batch);
        }
        let result = cell(&row, of.result);
        found.rows.push(Row {
            at: row.line,
            number: number.to_owned(),
            amount,
            is_paid: read_result(result),
            result: result.to_owned(),
            day: read_day(text(of.day)),
            reason: text(of.reason).to_owned(),
        });
    }
    found
}

fn place(row: &Row) -> String {
    if row.at == 0 { format!("合同 {}", row.number) } else { format!("第 {} 行", row.at) }
}

/// What is wrong with a row of a line, in a sentence.
fn against(line: &Line, row: &Row, (sent_on, today): (NaiveDate, NaiveDate)) -> Option<String> {
    let place = place(row);
    if let Some(amount) = row.amount.filter(|amount| *amount != line.amount_fen) {
        let [there, here] = [amount, line.amount_fen].map(Fen::to_page_text);
        return Some(format!("{place}：金额 ¥{there}，名单上是 ¥{here}"));
    }
    let Some(is_paid) = row.is_paid else {
        let word = &row.result;
        return Some(format!("{place}：结果“{word}”看不懂，请写“成功”或者“失败”"));
    };
    let before = match line.state {
        LineState::Open => None,
        LineState::Paid => Some(true),
        LineState::Failed => Some(false),
    };
    if before.is_some_and(|before| before != is_paid) {
        let words = line.state.in_words();
        return Some(format!("{place}：合同 {} 已经登记过“{words}”，两次结果不一样", line.number));
    }
    match (is_paid, row.day) {
        _ if before.is_some() => None,
        (true, None) => Some(format!("{place}：没有到账日期")),
        (true, Some(day)) if day > today => Some(format!("{place}：到账日期 {day} 晚于今天")),
        (true, Some(day)) if day < sent_on => {
            Some(format!("{place}：到账日期 {day} 早于名单送出的 {sent_on}"))
        }
        (false, _) if row.reason.is_empty() => Some(format!("{place}：发放失败要写原因")),
        _ => None,
    }
}

/// What an answer moves.
///
/// # Errors
/// Sentences, when a row is not of this list, is there twice, or says something else than the list
/// or an answer before; when all of it was taken before.
pub fn decide(
    lines: &[Line],
    rows: &[Row],
    days: (NaiveDate, NaiveDate),
) -> Result<Decided, Vec<String>> {
    let by_number: HashMap<&str, &Line> =
        lines.iter().map(|line| (line.number.as_str(), line)).collect();
    let mut decided = Decided::default();
    let (mut wrong, mut seen) = (Vec::new(), HashSet::new());
    for row in rows {
        let Some(line) = by_number.get(row.number.as_str()) else {
            wrong.push(format!("{}：合同 {} 不在这一批里", place(row), row.number));
            continue;
        };
        if !seen.insert(row.number.as_str()) {
            wrong.push(format!("{}：合同 {} 写了两次", place(row), row.number));
            continue;
        }
        if let Some(why) = against(line, row, days) {
            wrong.push(why);
            continue;
        }
        if line.state != LineState::Open {
            decided.known += 1;
            continue;
        }
        let mut line = (*line).clone();
        if row.is_paid == Some(true) {
            (line.state, line.answered_on) = (LineState::Paid, row.day);
            decided.paid.push(line);
        } else {
            (line.state, line.answered_on) = (LineState::Failed, row.day);
            (line.reason, line.running) = (row.reason.chars().take(80).collect(), false);
            decided.failed.push(line);
        }
    }
    if wrong.len() > SENTENCES_MAX {
        let rest = wrong.len() - SENTENCES_MAX;
        wrong.truncate(SENTENCES_MAX);
        wrong.push(format!("另有 {rest} 处"));
    }
    if wrong.is_empty() && decided.paid.is_empty() && decided.failed.is_empty() {
        wrong.push("这份结果以前已经登记过，没有再改动".to_owned());
    }
    let open = lines.iter().filter(|line| line.state == LineState::Open).count();
    decided.open = open.saturating_sub(decided.paid.len() + decided.failed.len());
    if wrong.is_empty() { Ok(decided) } else { Err(wrong) }
}

/// What is wrong with the totals: those of the sheet, and the one that was typed.
pub fn check_total(answers: &Answers, typed: Fen) -> Option<String> {
    let sum = |paid_only: bool| -> Fen {
        let rows = answers.rows.iter().filter(|row| !paid_only || row.is_paid == Some(true));
        rows.filter_map(|row| row.amount).sum()
    };
    let (all, paid) = (sum(false), sum(true));
    if answers.rows.iter().any(|row| row.amount.is_none()) {
        return Some("有的行没有金额，对不上合计".to_owned());
    }
    if let Some(total) = answers.total.filter(|total| *total != all && *total != paid) {
        let [total, all] = [total, all].map(Fen::to_page_text);
        return Some(format!("表上的合计是 ¥{total}，逐行加起来是 ¥{all}"));
    }
    let [own, rows] = [typed, paid].map(Fen::to_page_text);
    (typed != paid).then(|| format!("您填的成功金额是 ¥{own}，表里成功的逐行加起来是 ¥{rows}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::policy::Policy;
    use crate::book::statement::Product;
    use crate::plumbing::sheet::{SheetLimits, read as read_sheet};

    fn template() -> BatchTemplate {
        let policy = Policy::embedded().unwrap();
        policy.disbursement_template(Product::Cdb, "2026-11-18".parse().unwrap()).clone()
    }

    fn list() -> Vec<Line> {
        let line = |line: i32, number: &str, yuan| Line {
            line,
            number: number.to_owned(),
            amount_fen: Fen::from_yuan(yuan),
            ..Line::blank()
        };
        vec![line(1, "A1", 8_000), line(2, "A2", 12_000), line(3, "A3", 9_400)]
    }

    fn answers(text: &str) -> Answers {
        let tables = read_sheet(text.as_bytes(), &SheetLimits::default()).unwrap();
        read(&tables, &template()).unwrap()
    }

    const HEAD: &str = "发放结果表,,,,\n合同编号,金额,结果,日期,原因\n";

    fn decided(rows: &str) -> String {
        let answers = answers(&format!("{HEAD}{rows}"));
        let days = ("2026-11-18".parse().unwrap(), "2026-11-25".parse().unwrap());
        match decide(&list(), &answers.rows, days) {
            Err(wrong) => wrong.join("；"),
            Ok(found) => format!(
                "paid {} failed {} open {}",
                found.paid.len(),
                found.failed.len(),
                found.open
            ),
        }
    }

    #[test]
    fn an_answer_is_taken_whole_or_refused_with_a_sentence() {
        for (rows, words) in [
            ("A1,8000,成功,2026-11-20,\n", "paid 1 failed 0 open 2"),
            (
                "A1,\"8,000.00\",已到账,20261120,\nA2,12000,失败,,账户不存在\nA3,9400,成功,2026/11/21,\n",
                "paid 2 failed 1 open 0",
            ),
            ("B9,8000,成功,2026-11-20,\n", "第 3 行：合同 B9 不在这一批里"),
            ("A1,800,成功,2026-11-20,\n", "第 3 行：金额 ¥800.00，名单上是 ¥8,000.00"),
            ("A1,8000,好,2026-11-20,\n", "第 3 行：结果“好”看不懂，请写“成功”或者“失败”"),
            ("A1,8000,成功,,\n", "第 3 行：没有到账日期"),
            ("A1,8000,成功,2026-11-26,\n", "第 3 行：到账日期 2026-11-26 晚于今天"),
            (
                "A1,8000,成功,2026-11-01,\n",
                "第 3 行：到账日期 2026-11-01 早于名单送出的 2026-11-18",
            ),
            ("A1,8000,失败,2026-11-20,\n", "第 3 行：发放失败要写原因"),
            ("A1,8000,成功,2026-11-20,\nA1,8000,成功,2026-11-20,\n", "第 4 行：合同 A1 写了两次"),
        ] {
            assert_eq!(decided(rows), words, "{rows}");
        }
    }

    #[test]
    fn a_second_answer_says_the_same_or_is_refused() {
        let mut lines = list();
        lines[0].state = LineState::Paid;
        let days = ("2026-11-18".parse().unwrap(), "2026-11-25".parse().unwrap());
        let of = |rows: &str| decide(&lines, &answers(&format!("{HEAD}{rows}")).rows, days);
        let same = "A1,8000,成功,2026-11-20,\n";
        assert_eq!(of(same).unwrap_err(), ["这份结果以前已经登记过，没有再改动"]);
        let more = of(&format!("{same}A2,12000,成功,2026-11-20,\n")).unwrap();
        assert_eq!((more.paid.len(), more.known, more.open), (1, 1, 1));
        let other = of("A1,8000,失败,,账户不存在\n").unwrap_err();
        assert_eq!(other, ["第 3 行：合同 A1 已经登记过“已到账”，两次结果不一样"]);
    }

    #[test]
    fn totals_that_do_not_sum_are_said() {
        let rows = "A1,8000,成功,2026-11-20,\nA2,12000,失败,,账户不存在\n";
        let of = |total: &str| answers(&format!("{HEAD}{rows}{total}"));
        let yuan = Fen::from_yuan;
        assert_eq!(check_total(&of(""), yuan(8_000)), None);
        assert_eq!(check_total(&of("合计,20000,,,\n"), yuan(8_000)), None);
        assert_eq!(check_total(&of("合计,8000,,,\n"), yuan(8_000)), None);
        let own = check_total(&of(""), yuan(20_000)).unwrap();
        assert_eq!(own, "您填的成功金额是 ¥20,000.00，表里成功的逐行加起来是 ¥8,000.00");
        let total = check_total(&of("合计,19000,,,\n"), yuan(8_000)).unwrap();
        assert_eq!(total, "表上的合计是 ¥19,000.00，逐行加起来是 ¥20,000.00");
        assert!(read(&[], &template()).unwrap_err().contains("没有找到“合同编号”"));
    }
}
