//! How workbooks look, and what they share: formats, the lines above the headings, the page.

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};

use super::purpose::Purpose;
use super::rules::Batch;
use super::text::Sender;
use crate::book::payments_known::BankData;
use crate::plumbing::sheet::write::guarded;

/// The formats of cells.
pub(super) struct Looks {
    pub(super) title: Format,
    pub(super) plain: Format,
    pub(super) note: Format,
    pub(super) heading: Format,
    pub(super) short: Format,
    pub(super) long: Format,
    pub(super) money: Format,
    pub(super) whole: Format,
    pub(super) fill: Format,
    pub(super) fill_day: Format,
    pub(super) sum: Format,
    pub(super) sum_money: Format,
}

impl Looks {
    pub(super) fn new() -> Looks {
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
}

/// Lines of tables: dark enough for a copy of a copy, lighter than print.
pub(super) const LINE: Color = Color::RGB(0x5A5A5A);

/// What whoever makes the batch may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// What the batch is about.
    pub purpose: Purpose,
    pub amounts: bool,
    /// What amounts say besides: 按没有免息政策计算; mostly nothing.
    pub assumed: &'static str,
    /// How far the bank's data go.
    pub bank_data: BankData,
    /// The day by which sheets should come back.
    pub return_by: NaiveDate,
    pub sender: Sender,
}

/// The row of headings: a title, the receiver, the request and the sender stand above it.
pub(super) const HEADING_ROW: u32 = 4;

pub(super) fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    let (year, month) = (u16::try_from(day.year()).ok()?, u8::try_from(day.month()).ok()?);
    ExcelDateTime::from_ymd(year, month, u8::try_from(day.day()).ok()?).ok()
}

pub(super) fn new_book(
    batch: &Batch,
    subject: &str,
    wishes: &Wishes,
) -> Result<Workbook, XlsxError> {
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

/// The four lines above the headings, each over the whole width.
pub(super) fn write_heads(
    sheet: &mut Worksheet,
    last: u16,
    heads: &[String; 4],
    heights: [u8; 4],
    looks: &Looks,
) -> Result<(), XlsxError> {
    let formats = [&looks.title, &looks.plain, &looks.plain, &looks.note];
    for (row, ((words, format), height)) in (0_u32..).zip(heads.iter().zip(formats).zip(heights)) {
        sheet.merge_range(row, 0, row, last, words, &guarded(format, words))?;
        sheet.set_row_height(row, height)?;
    }
    Ok(())
}

/// A4 landscape, one page wide, headings on every page, numbered.
pub(super) fn page(
    sheet: &mut Worksheet,
    last_row: u32,
    last: u16,
    left: &str,
) -> Result<(), XlsxError> {
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
