//! The workbook that comes back: rows moved, added, merged, of another village, twice, half filled.

use rust_xlsxwriter::{Format, Workbook};
use zhuxue::base::scope::Scope;
use zhuxue::life::visits::sheets::store::{self, Sheet};

use super::{batches, sent, sheets};
use crate::borrower::town::{each, read};
use crate::support::{Browser, TestApp};

const HEADS: [&str; 8] =
    ["编号", "姓名", "走访日期", "走访结果", "约定还款日", "新的电话", "说明", "走访人"];

/// A workbook with these rows below some lines of words; `code` stands in the last column.
fn book(rows: &[[&str; 9]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.merge_range(0, 0, 0, 7, "助学贷款还款提醒走访名单", &Format::new()).unwrap();
    for (at, head) in (0_u16..).zip(HEADS.iter().chain(&["回报码"])) {
        sheet.write_string(2, at, *head).unwrap();
    }
    for (row, cells) in (3_u32..).zip(rows) {
        for (at, text) in (0_u16..).zip(cells) {
            if !text.is_empty() {
                sheet.write_string(row, at, *text).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

fn row<'a>(number: &'a str, result: &'a str, phone: &'a str, code: &'a str) -> [&'a str; 9] {
    [number, "", "2026-12-21", result, "", phone, "", "王主任", code]
}

async fn send(clerk: &mut Browser, batch: &str, bytes: &[u8]) -> crate::support::Answer {
    let csrf = clerk.csrf.clone();
    let fields = [("csrf", csrf.as_str()), ("batch", batch)];
    clerk.upload("/visits/returns/import", &fields, &[("村名单.xlsx", bytes)]).await
}

/// Two batches with sheets and codes: one with two sheets or more, and another.
fn two(t: &TestApp) -> (Vec<(Sheet, String)>, (Sheet, String)) {
    let all = sheets(t);
    let large = batches(t)
        .into_iter()
        .map(|batch| batch.id)
        .max_by_key(|id| all.iter().filter(|(one, _)| one.batch_id == *id).count())
        .unwrap();
    let (own, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(one, _)| one.batch_id == large);
    (own, others.into_iter().next().unwrap())
}

#[test]
fn rows_are_known_wherever_they_stand_and_each_refusal_has_its_sentence() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (own, (other, other_code)) = two(&t);
        let first = &own[0];
        let bytes = book(&[
            row(&other.number, "有困难", "", ""),
            row(&first.0.number.to_lowercase(), "见到家人", "16410994847 王", &first.1),
            row(&first.0.number, "家中无人", "", ""),
            row("HZ26-1221-999", "家中无人", "", ""),
            row("", "家中无人", "", ""),
            row(&other.number, "家中无人", "", &first.1),
            ["合计 3 户", "", "", "", "", "", "", "", ""],
        ]);
        let batch = first.0.batch_id.to_string();
        let said = send(&mut clerk, &batch, &bytes).await;
        said.is(200).says(&[
            "收下 1 户，5 行没有收",
            "不在这一份里",
            "没有发出过这个编号",
            "没有编号",
            "出现了两次",
            "编号和回报码对不上",
        ]);
        // The same file again: nothing is taken twice.
        send(&mut clerk, &batch, &bytes).await.is(200).says(&["收下 0 户", "已经交回，正在核对"]);
        // Its own code shows that another village's row is from the sheet.
        let mixed = book(&[row(&other.number, "有困难", "", &other_code)]);
        let taken = send(&mut clerk, &batch, &mixed).await;
        taken.is(200).says(&["收下 1 户", "1 户在", "行上带着自己的回报码"]);
        let list = clerk.get("/visits/returns").await;
        let at = list.text.find("/visits/returns/").unwrap();
        let here = list.text[at..at + list.text[at..].find('"').unwrap()].to_owned();
        clerk.get(&here).await.is(200).says(&["16410994847 王", "请照着填一个号码"]);
        let read = [("decision", "accept"), ("phone", "16410994847")];
        clerk.post(&here, &read).await.is(303);
        clerk.get(&here).await.says(&["164****4847"]);
    });
}

#[test]
fn a_column_that_was_sorted_alone_is_noticed() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (own, _) = two(&t);
        let (first, code) = &own[0];
        let batch = first.batch_id.to_string();
        let name: String = read(&t, |db| {
            let scope = Scope::of(&first.office_code);
            Ok(store::people(db, &scope, &[first.file_id])?[&first.file_id].name.clone())
        });
        let named = |name: &'static str| {
            let mut cells = row(&first.number, "家中无人", "", code);
            cells[1] = name;
            book(&[cells])
        };
        let said = send(&mut clerk, &batch, &named("别人家")).await;
        said.is(200).says(&["收下 0 户", &name, "这一行写的是“别人家”，可能串了列"]);
        // Blanks in a name are nobody else's.
        let spaced: String = name.chars().flat_map(|c| [c, ' ']).collect();
        let mut cells = row(&first.number, "家中无人", "", code);
        cells[1] = &spaced;
        send(&mut clerk, &batch, &book(&[cells])).await.is(200).says(&["收下 1 户"]);
    });
}

#[test]
fn how_far_a_family_can_pay_comes_back_too() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let (first, code) = sheets(&t).remove(0);
        let book = |ability: &str| {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet();
            let heads = ["编号", "走访结果", "还款能力", "家里的想法", "回报码"];
            let cells = [&first.number, "见到家人", ability, "想分两年还", &code];
            for (at, (head, cell)) in (0_u16..).zip(heads.iter().zip(cells)) {
                sheet.write_string(0, at, *head).unwrap();
                sheet.write_string(1, at, cell).unwrap();
            }
            book.save_to_buffer().unwrap()
        };
        let batch = first.batch_id.to_string();
        let odd = send(&mut clerk, &batch, &book("看情况")).await;
        odd.is(200).says(&["还款能力“看情况”不在列表里"]);
        send(&mut clerk, &batch, &book("能还一部分")).await.is(200).says(&["收下 1 户"]);
        let list = clerk.get("/visits/returns").await;
        let at = list.text.find("/visits/returns/").unwrap();
        let here = list.text[at..at + list.text[at..].find('"').unwrap()].to_owned();
        clerk.get(&here).await.is(200).says(&["能还一部分", "想分两年还"]);
    });
}

#[test]
fn what_is_no_list_is_said() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let csrf = clerk.csrf.clone();
        let fields = [("csrf", csrf.as_str())];
        let none = clerk.upload("/visits/returns/import", &fields, &[]).await;
        none.is(422).says(&["还没有选择文件"]);
        send(&mut clerk, "", b"%PDF-1.7").await.is(422).says(&["这是PDF 文件"]);
        send(&mut clerk, "", b"a,b\n1,2\n").await.is(422).says(&["没有找到“编号”"]);
        let result = book(&[row("HZ26-1221-001", "不知道", "", "")]);
        send(&mut clerk, "", &result).await.is(200).says(&["不在列表里"]);
    });
}

#[test]
fn the_workbook_we_send_comes_back() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let one = &batches(&t)[0];
        let ours = clerk.get(&format!("/visits/batches/{}/workbook.xlsx", one.id)).await;
        ours.is(200);
        let answer = send(&mut clerk, &one.id.to_string(), &ours.bytes).await;
        answer.is(200).says(&["收下 0 户", "户还没有填"]);
    });
}

#[test]
fn of_a_thousand_rows_those_that_went_out_are_kept_and_each_other_one_is_said() {
    each(async |t| {
        let mut clerk = sent(&t).await;
        let out = sheets(&t);
        let known = out.len();
        let others: Vec<String> =
            (known..1_000).map(|n| format!("HZ26-1221-{:03}", n + 1)).collect();
        let mut rows: Vec<_> =
            out.iter().map(|(one, code)| row(&one.number, "家中无人", "", code)).collect();
        rows.extend(others.iter().map(|number| row(number, "家中无人", "", "")));
        let answer = send(&mut clerk, "", &book(&rows)).await;
        let said = format!("收下 {known} 户，{} 行没有收", 1_000 - known);
        answer.is(200).says(&[&said, "没有发出过这个编号"]);
    });
}
