//! The cover list of a batch as a workbook: what goes where, with room to sign for it.

use rust_xlsxwriter::{Format, Worksheet, XlsxError};

use super::formats::{HEADING_ROW, Looks, Wishes, new_book, page, write_heads};
use super::rules::{Batch, Receiver, ReceiverKind};
use super::text;
use super::workbook::{AMOUNT, based_on, write_money};
use crate::base::money::Fen;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::guarded;

/// The list of all receivers: what goes where, with room to sign for it. `names` are the files.
pub fn cover(batch: &Batch, wishes: &Wishes) -> AppResult<Vec<u8>> {
    cover_book(batch, wishes).map_err(AppError::broken)
}

fn cover_book(batch: &Batch, wishes: &Wishes) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks::new();
    let columns = cover_columns(wishes.amounts);
    let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let mut book = new_book(batch, "总表", wishes)?;
    let sheet = book.add_worksheet();
    sheet.set_name("总表")?;
    write_heads(sheet, last, &cover_heads(batch, wishes), [30, 20, 20, 18], &looks)?;
    for (at, (heading, width)) in (0_u16..).zip(&columns) {
        sheet.set_column_width(at, *width)?;
        sheet.write_string_with_format(HEADING_ROW, at, *heading, &looks.heading)?;
    }
    sheet.set_row_height(HEADING_ROW, 24)?;
    let mut row = HEADING_ROW;
    for (n, receiver) in (1_u32..).zip(&batch.receivers) {
        row += 1;
        sheet.set_row_height(row, 32)?;
        let mut at = Cells { sheet: &mut *sheet, row, column: 0 };
        at.whole(n, &looks.whole)?;
        at.text(&cover_name(batch.by, receiver), &looks.long)?;
        at.whole(count(receiver.sheets.len()), &looks.whole)?;
        if wishes.amounts {
            at.money(receiver.total_fen(), &looks.money)?;
        }
        at.text(&numbers(receiver), &looks.short)?;
        at.text(&format!("{}.xlsx", receiver.stem), &looks.long)?;
        at.text("", &looks.short)?;
        at.text("", &looks.short)?;
    }
    row += 1;
    sheet.set_row_height(row, 24)?;
    let mut at = Cells { sheet: &mut *sheet, row, column: 0 };
    at.text("", &looks.sum)?;
    at.text("合计", &looks.sum)?;
    at.whole(count(batch.households()), &looks.sum)?;
    if wishes.amounts {
        at.money(batch.total_fen(), &looks.sum_money)?;
    }
    while at.column <= last {
        at.text("", &looks.sum)?;
    }
    page(sheet, row, last, &wishes.sender.office)?;
    book.save_to_buffer()
}

fn cover_columns(amounts: bool) -> Vec<(&'static str, u16)> {
    let mut columns = vec![("序号", 6), ("收件单位", 40), ("户数", 7)];
    if amounts {
        columns.push((AMOUNT, 15));
    }
    columns.extend([("编号", 22), ("文件名", 44), ("领取人签字", 18), ("领取日期", 14)]);
    columns
}

fn cover_heads(batch: &Batch, wishes: &Wishes) -> [String; 4] {
    let by = batch.by.in_words();
    let day = text::full_day(batch.as_of);
    let sender = &wishes.sender;
    [
        format!("{}名单总表", text::matter(wishes.purpose)),
        format!("按{by}分发，{} 个单位，{} 户", batch.receivers.len(), batch.households()),
        format!("请当面交接，请 {} 前交回。", text::full_day(wishes.return_by)),
        format!("{}　{}　名单截至 {day}{}", sender.office, sender.contact_line(), based_on(wishes)),
    ]
}

fn cover_name(by: ReceiverKind, receiver: &Receiver) -> String {
    if receiver.is_unknown() {
        let name = text::receiver_name(by, receiver);
        format!("{}{name}（{}）", receiver.township, text::unknown_note(by))
    } else {
        text::addressee(by, receiver)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// `HZ26-1031-001 至 014`.
pub fn numbers(receiver: &Receiver) -> String {
    match (receiver.sheets.first(), receiver.sheets.last()) {
        (Some(first), Some(last)) if first.number != last.number => {
            let end = last.number.rsplit('-').next().unwrap_or_default();
            format!("{} 至 {end}", first.number)
        }
        (Some(only), _) => only.number.clone(),
        _ => String::new(),
    }
}

/// Writes one row from left to right.
struct Cells<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    column: u16,
}

impl Cells<'_> {
    fn text(&mut self, text: &str, format: &Format) -> Result<(), XlsxError> {
        if text.is_empty() {
            self.sheet.write_blank(self.row, self.column, format)?;
        } else {
            let format = guarded(format, text);
            self.sheet.write_string_with_format(self.row, self.column, text, &format)?;
        }
        self.column += 1;
        Ok(())
    }

    fn whole(&mut self, number: u32, format: &Format) -> Result<(), XlsxError> {
        self.sheet.write_number_with_format(self.row, self.column, number, format)?;
        self.column += 1;
        Ok(())
    }

    fn money(&mut self, fen: Fen, format: &Format) -> Result<(), XlsxError> {
        write_money(self.sheet, self.row, self.column, fen, format)?;
        self.column += 1;
        Ok(())
    }
}
