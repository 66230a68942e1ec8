//! The workbook a receiver gets: its households in the order of the road, white cells to fill in,
//! ready to print on A4. And the cover list of all receivers.
//!
//! Equal input gives equal bytes (the creation date is the day of the figures), so a second run
//! shows whether anything changed. Text is always written as text, never as a formula. The sheet
//! is protected without a password: only the cells to fill in take typing, whoever must change
//! more can lift it. The last column, hidden, is the file number by which the sheet is read back.

use chrono::{Datelike, Days, NaiveDate};
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, DocProperties, ExcelDateTime, Format, FormatAlign,
    FormatBorder, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

use super::rules::{Batch, By, Household, Receiver, Sheet};
use super::text::{self, Sender};
use crate::book::money::Fen;
use crate::error::{AppError, AppResult};

/// Heading of the column that says which sheet a row is.
pub const NUMBER: &str = "编号";
/// Heading of the hidden column by which a returned sheet finds its loan file.
pub const FILE_NO: &str = "档案号";
/// Heading of the amounts.
pub const AMOUNT: &str = "到期未还（元）";
/// Heading of the cells with the drop-down list.
pub const RESULT: &str = "走访结果";

/// What whoever makes the batch may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Amounts are written.
    pub amounts: bool,
    /// The day by which sheets should come back.
    pub return_by: NaiveDate,
    /// In whose name.
    pub sender: Sender,
}

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
    /// To be filled in: text.
    Fill,
}

impl Kind {
    fn is_filled_in(self) -> bool {
        matches!(self, Kind::FillDay | Kind::FillResult | Kind::Fill)
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

fn columns(amounts: bool) -> Vec<Column> {
    let empty = |_: &Sheet, _: &Batch| String::new();
    let mut columns = vec![
        column(NUMBER, 12, Kind::Short, |s, _| s.number.clone()),
        column("姓名", 8, Kind::Short, |s, _| s.household.name.clone()),
        column("性别", 5, Kind::Short, |s, _| s.household.sex.in_words().to_owned()),
        column("年龄", 5, Kind::Short, |s, _| s.household.age.to_string()),
        column("证件号", 18, Kind::Short, |s, _| s.household.id_mask.clone()),
        column("住址", 19, Kind::Long, |s, _| s.household.address.clone()),
        column("就读高校", 15, Kind::Long, |s, b| text::studies(&s.household, b.as_of)),
        column("本人电话", 12, Kind::Short, |s, _| lines(&s.household.phones)),
        column("共同借款人", 13, Kind::Short, |s, _| co_borrower(&s.household)),
    ];
    if amounts {
        columns.push(column(AMOUNT, 11, Kind::Money, empty));
    }
    columns.extend([
        column("走访日期", 10, Kind::FillDay, empty),
        column(RESULT, 10, Kind::FillResult, empty),
        column("新的电话", 13, Kind::Fill, empty),
        column("说明（去向、打算、困难）", 20, Kind::Fill, empty),
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

struct Looks {
    title: Format,
    plain: Format,
    note: Format,
    heading: Format,
    short: Format,
    long: Format,
    money: Format,
    whole: Format,
    fill: Format,
    fill_day: Format,
    sum: Format,
    sum_money: Format,
}

impl Looks {
    fn new() -> Looks {
        let base = Format::new()
            .set_font_name("宋体")
            .set_font_size(10)
            .set_align(FormatAlign::VerticalCenter)
            .set_text_wrap();
        let cell = base.clone().set_border(FormatBorder::Thin).set_border_color(LINE);
        let short = cell.clone().set_align(FormatAlign::Center).set_num_format("@");
        let bold = cell.clone().set_bold().set_align(FormatAlign::Center);
        let fill = short.clone().set_background_color(Color::RGB(0xFFFDF2)).set_unlocked();
        Looks {
            title: base.clone().set_font_size(16).set_bold().set_align(FormatAlign::Center),
            plain: base.clone().set_font_size(11),
            note: base.clone().set_font_size(9),
            heading: bold.clone().set_background_color(Color::RGB(0xE9E9E6)),
            long: cell.clone().set_num_format("@").set_align(FormatAlign::Left).set_indent(1),
            money: cell
                .clone()
                .set_num_format("#,##0.00")
                .set_align(FormatAlign::Right)
                .set_indent(1),
            whole: cell.clone().set_num_format("0").set_align(FormatAlign::Center),
            fill_day: fill.clone().set_num_format("yyyy-mm-dd"),
            fill,
            short,
            sum_money: cell
                .set_bold()
                .set_num_format("#,##0.00")
                .set_align(FormatAlign::Right)
                .set_indent(1),
            sum: bold,
        }
    }

    fn of(&self, kind: Kind) -> &Format {
        match kind {
            Kind::Short => &self.short,
            Kind::Long => &self.long,
            Kind::Money => &self.money,
            Kind::FillDay => &self.fill_day,
            Kind::FillResult | Kind::Fill => &self.fill,
        }
    }
}

/// The workbook for one receiver of the batch.
pub fn for_receiver(batch: &Batch, receiver: &Receiver, wishes: &Wishes) -> AppResult<Vec<u8>> {
    receiver_book(batch, receiver, wishes).map_err(AppError::broken)
}

/// The list of all receivers: what goes where, with room to sign for it. `names` are the files.
pub fn cover(batch: &Batch, wishes: &Wishes) -> AppResult<Vec<u8>> {
    cover_book(batch, wishes).map_err(AppError::broken)
}

fn receiver_book(
    batch: &Batch,
    receiver: &Receiver,
    wishes: &Wishes,
) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks::new();
    let columns = columns(wishes.amounts);
    let mut book = new_book(batch, &text::addressee(batch.by, receiver), wishes)?;
    let sheet = book.add_worksheet();
    sheet.set_name("走访名单")?;
    let last = last_column(&columns);
    let heads = [
        "助学贷款还款提醒走访名单".to_owned(),
        format!("{}：", text::addressee(batch.by, receiver)),
        request(batch, receiver, wishes),
        sent_by(batch, receiver, wishes),
    ];
    write_heads(sheet, last, &heads, [30, 20, 50, 18], &looks)?;
    for (at, column) in (0_u16..).zip(&columns) {
        sheet.set_column_width(at, f64::from(column.width))?;
        sheet.write_string_with_format(HEADING_ROW, at, column.heading, &looks.heading)?;
    }
    sheet.set_row_height(HEADING_ROW, 30)?;
    sheet.write_string_with_format(HEADING_ROW, last + 1, FILE_NO, &looks.heading)?;
    sheet.set_column_hidden(last + 1)?;
    let mut row = HEADING_ROW;
    for one in &receiver.sheets {
        row += 1;
        write_row(sheet, row, one, batch, &columns, &looks)?;
        sheet.write_string_with_format(row, last + 1, &one.household.file_no, &looks.short)?;
    }
    validate(sheet, row, batch.as_of, &columns)?;
    let end = write_foot(sheet, row + 1, batch.by, receiver, &columns, &looks)?;
    page(sheet, end, last, &format!("{}　{}", wishes.sender.office, receiver.stem))?;
    protect(sheet);
    book.save_to_buffer()
}

/// Lines of tables: dark enough for a copy of a copy, lighter than print.
const LINE: Color = Color::RGB(0x5A5A5A);

/// The row of headings: a title, the receiver, the request and the sender stand above it.
const HEADING_ROW: u32 = 4;

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
        let format = looks.of(column.kind);
        if column.kind.is_filled_in() {
            sheet.write_blank(row, at, format)?;
        } else if column.kind == Kind::Money {
            write_money(sheet, row, at, one.household.arrears.total_fen(), format)?;
        } else {
            sheet.write_string_with_format(row, at, (column.text)(one, batch), format)?;
        }
    }
    Ok(())
}

/// Yuan as a number. The only place of the stage where an amount becomes a binary number: the
/// file format has no other, and below 90 trillion yuan two decimals survive it.
fn write_money(
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
    as_of: NaiveDate,
    columns: &[Column],
) -> Result<(), XlsxError> {
    let first = HEADING_ROW + 1;
    for (at, column) in (0_u16..).zip(columns) {
        let rule = match column.kind {
            Kind::FillResult => DataValidation::new()
                .allow_list_strings(&text::RESULTS)?
                .set_input_message("点右边的箭头，选最合适的一项")?
                .set_error_title("请从列表里选")?
                .set_error_message("走访结果请从列表里选一项，别的情况写在“说明”里。")?,
            Kind::FillDay => {
                let until = as_of.checked_add_days(Days::new(366)).unwrap_or(as_of);
                let (Some(from), Some(until)) = (excel_day(as_of), excel_day(until)) else {
                    continue;
                };
                DataValidation::new()
                    .allow_date(DataValidationRule::Between(from, until))
                    .set_input_message("写成 2026-11-05 这样")?
                    .set_error_title("日期不对")?
                    .set_error_message("走访日期请写成 2026-11-05 这样，在名单日期以后一年之内。")?
            }
            _ => continue,
        };
        sheet.add_data_validation(first, at, last_row, at, &rule)?;
    }
    Ok(())
}

fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    let (year, month) = (u16::try_from(day.year()).ok()?, u8::try_from(day.month()).ok()?);
    ExcelDateTime::from_ymd(year, month, u8::try_from(day.day()).ok()?).ok()
}

/// The row of sums and the line to sign; returns the last row.
fn write_foot(
    sheet: &mut Worksheet,
    row: u32,
    by: By,
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
        text::filled_by(by),
        room = "　".repeat(22),
    );
    sheet.merge_range(seal, 0, seal, last_column(columns), &words, &looks.plain)?;
    Ok(seal)
}

fn request(batch: &Batch, receiver: &Receiver, wishes: &Wishes) -> String {
    format!(
        "　　{}中有下列人员读大学期间办理了助学贷款，有还款到期未还。请协助上门告知，了解家庭实际情况，\
         把结果填在右边各栏，于 {} 前交回。可用手机银行、支付宝或到县资助中心还款，不收手续费；\
         暂时有困难、正在服役或继续读书的，请尽快告诉我们，可以依政策办理。{}谢谢支持。",
        text::of_yours(batch.by, receiver),
        text::full_day(wishes.return_by),
        text::DISCRETION,
    )
}

fn sent_by(batch: &Batch, receiver: &Receiver, wishes: &Wishes) -> String {
    let sender = &wishes.sender;
    let mut parts = vec![sender.office.clone()];
    if !sender.address.is_empty() {
        parts.push(format!("地址：{}", sender.address));
    }
    parts.push(sender.contact_line());
    parts.push(format!(
        "名单截至 {}，共 {} 户",
        text::full_day(batch.as_of),
        receiver.sheets.len()
    ));
    parts.retain(|part| !part.is_empty());
    parts.join("　")
}

fn new_book(batch: &Batch, subject: &str, wishes: &Wishes) -> Result<Workbook, XlsxError> {
    let mut properties = DocProperties::new()
        .set_title("助学贷款还款提醒走访名单")
        .set_subject(subject)
        .set_author(&wishes.sender.office);
    if let Some(day) = excel_day(batch.as_of) {
        properties = properties.set_creation_datetime(&day);
    }
    let mut book = Workbook::new();
    book.set_properties(&properties);
    Ok(book)
}

/// A4 landscape, one page wide, headings on every page, numbered.
fn page(sheet: &mut Worksheet, last_row: u32, last: u16, left: &str) -> Result<(), XlsxError> {
    sheet
        .set_paper_size(9)
        .set_landscape()
        .set_print_fit_to_pages(1, 0)
        .set_print_center_horizontally(true)
        .set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3)
        // An ampersand begins a command in a footer.
        .set_footer(format!("&L&9{}&R&9第 &P 页，共 &N 页", left.replace('&', "&&")))
        .set_screen_gridlines(false);
    sheet.set_print_area(0, 0, last_row, last)?;
    sheet.set_repeat_rows(HEADING_ROW, HEADING_ROW)?;
    sheet.set_freeze_panes(HEADING_ROW + 1, 2)?;
    Ok(())
}

fn protect(sheet: &mut Worksheet) {
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::default()
    });
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
        sheet.set_column_width(at, f64::from(*width))?;
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
    columns.extend([("编号", 28), ("文件名", 44), ("领取人签字", 18), ("领取日期", 14)]);
    columns
}

fn cover_heads(batch: &Batch, wishes: &Wishes) -> [String; 4] {
    let by = batch.by.in_words();
    let day = text::full_day(batch.as_of);
    let sender = &wishes.sender;
    [
        "助学贷款还款提醒走访名单总表".to_owned(),
        format!("按{by}分发，{} 个单位，{} 户", batch.receivers.len(), batch.households()),
        format!("请当面交接，请 {} 前交回。", text::full_day(wishes.return_by)),
        format!("{}　{}　名单截至 {day}", sender.office, sender.contact_line()),
    ]
}

fn cover_name(by: By, receiver: &Receiver) -> String {
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

/// The four lines above the headings, each over the whole width.
fn write_heads(
    sheet: &mut Worksheet,
    last: u16,
    heads: &[String; 4],
    heights: [u8; 4],
    looks: &Looks,
) -> Result<(), XlsxError> {
    let formats = [&looks.title, &looks.plain, &looks.plain, &looks.note];
    for (row, ((words, format), height)) in (0_u32..).zip(heads.iter().zip(formats).zip(heights)) {
        sheet.merge_range(row, 0, row, last, words, format)?;
        sheet.set_row_height(row, height)?;
    }
    Ok(())
}

/// `HZ-1031-001 至 HZ-1031-014`.
pub fn numbers(receiver: &Receiver) -> String {
    match (receiver.sheets.first(), receiver.sheets.last()) {
        (Some(first), Some(last)) if first.number != last.number => {
            format!("{} 至 {}", first.number, last.number)
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
            self.sheet.write_string_with_format(self.row, self.column, text, format)?;
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
