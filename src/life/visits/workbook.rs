//! The workbook a receiver gets: its households in the order of the road, white cells to fill in,
//! ready to print on A4.
//!
//! Equal input gives equal bytes (the creation date is the day of the figures), so a second run
//! shows whether anything changed. Text is always written as text, never as a formula. The sheet
//! is protected without a password: only the cells to fill in take typing, whoever must change
//! more can lift it. The last columns, hidden, are the
//! file number and the code by which a row is known when the workbook comes back.

use chrono::{Days, NaiveDate};
use rust_xlsxwriter::{
    DataValidation, DataValidationRule, Format, ProtectionOptions, Worksheet, XlsxError,
};

use super::formats::{HEADING_ROW, Looks, Wishes, excel_day, new_book, page, write_heads};
use super::purpose::Purpose;
use super::rules::{Batch, Household, Receiver, ReceiverKind, Sheet};
use super::text;
use crate::base::money::Fen;
use crate::book::contact::record::Ability;
use crate::error::{AppError, AppResult};
use crate::plumbing::sheet::write::guarded;

/// Heading of the column that says which sheet a row is.
pub const NUMBER: &str = "编号";
/// Heading of the hidden column by which a returned sheet finds its loan file.
pub const FILE_NO: &str = "档案号";
/// Heading of how far the family can pay, in a yearly contact.
pub const ABILITY: &str = "还款能力";
/// Heading of what the family wishes, in a yearly contact.
pub const WISH: &str = "家里的想法";
/// Heading of the borrower's name.
pub const NAME: &str = "姓名";
/// Heading of the hidden column with the code that shows that a row is from the sheet.
pub const CODE: &str = "回报码";
/// Heading of the days that were promised.
pub const PROMISED: &str = "约定还款日";
/// Heading of the day of the visit.
pub const VISITED: &str = "走访日期";
/// Heading of new numbers.
pub const NEW_PHONE: &str = "新的电话";
/// Heading of the names of those who visited.
pub const VISITOR: &str = "走访人";
pub const REMARK: &str = "说明（去向、打算、困难）";
/// Heading of the amounts.
pub const AMOUNT: &str = "到期未还（元）";
/// Heading of the cells with the drop-down list.
pub const RESULT: &str = "走访结果";

/// What a cell of a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text in the middle of the cell.
    Short,
    /// Text from the left, in several lines.
    Long,
    /// Yuan as a number.
    Money,
    /// To be filled in: a day.
    FillDay,
    /// To be filled in: one of the results.
    FillResult,
    /// To be filled in: how far they can pay.
    FillAbility,
    /// To be filled in: text.
    Fill,
}

impl Kind {
    fn is_filled_in(self) -> bool {
        matches!(self, Kind::FillDay | Kind::FillResult | Kind::FillAbility | Kind::Fill)
    }

    fn format(self, looks: &Looks) -> &Format {
        match self {
            Kind::Short => &looks.short,
            Kind::Long => &looks.long,
            Kind::Money => &looks.money,
            Kind::FillDay => &looks.fill_day,
            Kind::FillResult | Kind::FillAbility | Kind::Fill => &looks.fill,
        }
    }
}

struct Column {
    heading: &'static str,
    width: u16,
    kind: Kind,
    text: fn(&Sheet, &Batch) -> String,
}

const fn column(
    heading: &'static str,
    width: u16,
    kind: Kind,
    text: fn(&Sheet, &Batch) -> String,
) -> Column {
    Column { heading, width, kind, text }
}

fn columns(wishes: &Wishes) -> Vec<Column> {
    let empty = |_: &Sheet, _: &Batch| String::new();
    let mut columns = vec![
        column(NUMBER, 12, Kind::Short, |s, _| s.number.clone()),
        column(NAME, 8, Kind::Short, |s, _| s.household.name.clone()),
        column("性别", 5, Kind::Short, |s, _| s.household.sex.in_words().to_owned()),
        column("年龄", 5, Kind::Short, |s, _| s.household.age.to_string()),
        column("证件号", 18, Kind::Short, |s, _| s.household.id_mask.clone()),
        column("住址", 19, Kind::Long, |s, _| s.household.address.clone()),
        column("就读高校", 15, Kind::Long, |s, b| text::studies(&s.household, b.as_of)),
        column("本人电话", 12, Kind::Short, |s, _| lines(&s.household.phones)),
        column("共同借款人", 13, Kind::Short, |s, _| co_borrower(&s.household)),
    ];
    if wishes.amounts {
        columns.push(column(AMOUNT, 11, Kind::Money, empty));
    }
    columns.extend([
        column(VISITED, 10, Kind::FillDay, empty),
        column(RESULT, 10, Kind::FillResult, empty),
    ]);
    if wishes.purpose.is_yearly() {
        columns.extend([
            column(ABILITY, 10, Kind::FillAbility, empty),
            column(WISH, 14, Kind::Fill, empty),
        ]);
    } else {
        columns.push(column(PROMISED, 10, Kind::FillDay, empty));
    }
    columns.extend([
        column(NEW_PHONE, 13, Kind::Fill, empty),
        column(REMARK, 20, Kind::Fill, empty),
        column(VISITOR, 8, Kind::Fill, empty),
    ]);
    columns
}

/// At most two numbers, one below the other.
fn lines(phones: &[String]) -> String {
    let two: Vec<&str> = phones.iter().take(2).map(String::as_str).collect();
    two.join("\n")
}

fn co_borrower(household: &Household) -> String {
    household
        .co_borrower
        .as_ref()
        .map(|co| text::co_borrower(co).replace('　', "\n"))
        .unwrap_or_default()
}

/// The workbook for one receiver of the batch.
pub fn for_receiver(batch: &Batch, receiver: &Receiver, wishes: &Wishes) -> AppResult<Vec<u8>> {
    receiver_book(batch, receiver, wishes).map_err(AppError::broken)
}

fn receiver_book(
    batch: &Batch,
    receiver: &Receiver,
    wishes: &Wishes,
) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks::new();
    let columns = columns(wishes);
    let mut book = new_book(batch, &text::addressee(batch.by, receiver), wishes)?;
    let sheet = book.add_worksheet();
    sheet.set_name("走访名单")?;
    let last = last_column(&columns);
    let heads = [
        format!("{}名单", text::matter(wishes.purpose)),
        format!("{}：", text::addressee(batch.by, receiver)),
        request(batch, receiver, wishes),
        sent_by(batch, receiver, wishes),
    ];
    write_heads(sheet, last, &heads, [30, 20, 50, 18], &looks)?;
    for (at, column) in (0_u16..).zip(&columns) {
        sheet.set_column_width(at, column.width)?;
        sheet.write_string_with_format(HEADING_ROW, at, column.heading, &looks.heading)?;
    }
    sheet.set_row_height(HEADING_ROW, 30)?;
    sheet.write_string_with_format(HEADING_ROW, last + 1, FILE_NO, &looks.heading)?;
    sheet.set_column_hidden(last + 1)?;
    sheet.write_string_with_format(HEADING_ROW, last + 2, CODE, &looks.heading)?;
    sheet.set_column_hidden(last + 2)?;
    let mut row = HEADING_ROW;
    for one in &receiver.sheets {
        row += 1;
        write_row(sheet, row, one, batch, &columns, &looks)?;
        sheet.write_string_with_format(row, last + 1, &one.household.file_no, &looks.short)?;
        sheet.write_string_with_format(row, last + 2, &one.code, &looks.short)?;
    }
    validate(sheet, row, (batch.as_of, wishes.purpose), &columns)?;
    let end = write_foot(sheet, row + 1, batch.by, receiver, &columns, &looks)?;
    page(sheet, end, last, &format!("{}　{}", wishes.sender.office, receiver.stem))?;
    protect(sheet);
    book.save_to_buffer()
}

fn last_column(columns: &[Column]) -> u16 {
    u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX)
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    one: &Sheet,
    batch: &Batch,
    columns: &[Column],
    looks: &Looks,
) -> Result<(), XlsxError> {
    // Three lines of print, and room to write by hand.
    sheet.set_row_height(row, 42)?;
    for (at, column) in (0_u16..).zip(columns) {
        let format = column.kind.format(looks);
        if column.kind.is_filled_in() {
            sheet.write_blank(row, at, format)?;
        } else if column.kind == Kind::Money {
            write_money(sheet, row, at, one.household.arrears.total_fen(), format)?;
        } else {
            let text = (column.text)(one, batch);
            let format = guarded(format, &text);
            sheet.write_string_with_format(row, at, text, &format)?;
        }
    }
    Ok(())
}

/// Yuan as a number. The only place of the stage where an amount becomes a binary number: the
/// file format has no other, and below 90 trillion yuan two decimals survive it.
pub(super) fn write_money(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    fen: Fen,
    format: &Format,
) -> Result<(), XlsxError> {
    match fen.to_yuan_text().parse::<f64>() {
        Ok(yuan) => sheet.write_number_with_format(row, column, yuan, format)?,
        Err(_) => sheet.write_string_with_format(row, column, fen.to_yuan_text(), format)?,
    };
    Ok(())
}

/// What the cells to fill in take.
fn validate(
    sheet: &mut Worksheet,
    last_row: u32,
    (as_of, purpose): (NaiveDate, Purpose),
    columns: &[Column],
) -> Result<(), XlsxError> {
    let first = HEADING_ROW + 1;
    let abilities: Vec<&str> = Ability::ALL.iter().map(|one| one.in_words()).collect();
    for (at, column) in (0_u16..).zip(columns) {
        let rule = match column.kind {
            Kind::FillResult => DataValidation::new()
                .allow_list_strings(text::results(purpose))?
                .set_input_message("点右边的箭头，选最合适的一项")?
                .set_error_title("请从列表里选")?
                .set_error_message("走访结果请从列表里选一项，别的情况写在“说明”里。")?,
            Kind::FillAbility => DataValidation::new()
                .allow_list_strings(&abilities)?
                .set_input_message("点右边的箭头，选最合适的一项")?
                .set_error_title("请从列表里选")?
                .set_error_message("还款能力请从列表里选一项，也可以不填。")?,
            Kind::FillDay => {
                let until = as_of.checked_add_days(Days::new(366)).unwrap_or(as_of);
                let (Some(from), Some(until)) = (excel_day(as_of), excel_day(until)) else {
                    continue;
                };
                DataValidation::new()
                    .allow_date(DataValidationRule::Between(from, until))
                    .set_input_message("写成 2026-11-05 这样")?
                    .set_error_title("日期不对")?
                    .set_error_message("日期请写成 2026-11-05 这样，在名单日期以后一年之内。")?
            }
            _ => continue,
        };
        sheet.add_data_validation(first, at, last_row, at, &rule)?;
    }
    Ok(())
}

/// The row of sums and the line to sign; returns the last row.
fn write_foot(
    sheet: &mut Worksheet,
    row: u32,
    by: ReceiverKind,
    receiver: &Receiver,
    columns: &[Column],
    looks: &Looks,
) -> Result<u32, XlsxError> {
    sheet.set_row_height(row, 22)?;
    for (at, column) in (0_u16..).zip(columns) {
        match column.kind {
            Kind::Money => {
                write_money(sheet, row, at, receiver.total_fen(), &looks.sum_money)?;
            }
            _ if at == 0 => {
                let count = format!("合计 {} 户", receiver.sheets.len());
                sheet.write_string_with_format(row, at, count, &looks.sum)?;
            }
            _ => {
                sheet.write_blank(row, at, &looks.sum)?;
            }
        }
    }
    let seal = row + 1;
    sheet.set_row_height(seal, 54)?;
    let words = format!(
        "走访人（两人以上）签字：{room}{}（盖章）：{room}年　　月　　日",
        text::filled_by(by, receiver),
        room = "　".repeat(22),
    );
    sheet.merge_range(seal, 0, seal, last_column(columns), &words, &looks.plain)?;
    Ok(seal)
}

fn request(batch: &Batch, receiver: &Receiver, wishes: &Wishes) -> String {
    if wishes.purpose.is_yearly() {
        return format!(
            "　　{}中有下列人员读大学期间办理了助学贷款。我中心每年和每个家庭联系一次，请协助上门或打电话，\
             了解家庭近况，把结果填在右边各栏，于 {} 前交回。{}谢谢支持。",
            text::of_yours(batch.by, receiver),
            text::full_day(wishes.return_by),
            text::KEEP,
        );
    }
    let open = match wishes.bank_data.ahead {
        Some(_) => text::MAY_BE_PAID,
        None => "有还款到期未还",
    };
    format!(
        "　　{}中有下列人员读大学期间办理了助学贷款，{open}。请协助上门告知，了解家庭实际情况，\
         把结果填在右边各栏，于 {} 前交回。可用手机银行、支付宝或到县资助中心还款，不收手续费；\
         暂时有困难、正在服役或继续读书的，请尽快告诉我们，可以依政策办理。{}谢谢支持。",
        text::of_yours(batch.by, receiver),
        text::full_day(wishes.return_by),
        text::DISCRETION,
    )
}

/// What a list of arrears is based on: how far the bank's data go, and what amounts assume.
pub(super) fn based_on(wishes: &Wishes) -> String {
    if wishes.purpose.is_yearly() {
        return String::new();
    }
    let says = wishes.amounts && !wishes.assumed.is_empty();
    format!("，{}", wishes.bank_data.based_on(says.then_some(wishes.assumed)))
}

fn sent_by(batch: &Batch, receiver: &Receiver, wishes: &Wishes) -> String {
    let sender = &wishes.sender;
    let mut parts = vec![sender.office.clone()];
    if !sender.address.is_empty() {
        parts.push(format!("地址：{}", sender.address));
    }
    parts.push(sender.contact_line());
    let day = text::full_day(batch.as_of);
    parts.push(format!("名单截至 {day}，共 {} 户{}", receiver.sheets.len(), based_on(wishes)));
    parts.retain(|part| !part.is_empty());
    parts.join("　")
}

fn protect(sheet: &mut Worksheet) {
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::default()
    });
}
