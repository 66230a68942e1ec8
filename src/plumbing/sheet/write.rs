//! Workbooks out: lists and reports, and the user's own sheet with the results beside it.
//!
//! Text stays text: a cell that begins with `=`, `+`, `-` or `@` is written so that no
//! spreadsheet program ever runs it, and long numbers keep all their digits.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    ChartType, Color, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
    XlsxError,
};

use super::{CellKind, Table};
use crate::base::money::Fen;

/// One cell to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Out {
    #[default]
    Blank,
    /// Text, whatever it looks like.
    Text(String),
    /// Yuan with two decimals, right-aligned, as a number.
    Money(Fen),
    Whole(i64),
    /// Hundredths of a percent, as a number that is shown as `94.21%`.
    Share(i64),
    Day(NaiveDate),
}

macro_rules! cell_of {
    ($($from:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$from> for Out {
            fn from(value: $from) -> Out { Out::$variant(value.into()) }
        }
    )+};
}

cell_of!(&str => Text, &String => Text, String => Text, Fen => Money, i32 => Whole, i64 => Whole,
    NaiveDate => Day);

impl<T: Into<Out>> From<Option<T>> for Out {
    fn from(value: Option<T>) -> Out {
        value.map_or(Out::Blank, Into::into)
    }
}

/// Columns of more pixels than this together are printed on a page that lies.
const PORTRAIT_MAX: u32 = 715;

/// What a lying A4 page takes before letters of 11 pt are printed smaller than 8 pt: 277 mm are
/// 1,046 pixels at full size.
const LANDSCAPE_MAX: u32 = 1_438;

/// The head of a list to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Name on the tab; 31 characters at most, without `[]:*?/\`.
    pub sheet: String,
    /// Lines above the headings; the first is the title.
    pub titles: Vec<String>,
    /// Heading and width (in characters) of each column.
    pub columns: Vec<(String, u16)>,
    /// So many columns from the left are printed; 0: all.
    pub on_paper: usize,
    /// Rows can be chosen by what stands in a column; not for a table that ends with its total.
    pub filter: bool,
    /// A line below the rows: who made it, room for a stamp.
    pub foot: String,
    /// Columns of a picture below the rows, over the first column.
    pub chart: Option<Chart>,
}

/// One column of a list as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    pub title: String,
    /// Index of the column, of shares.
    pub of: u16,
    /// How what stands in the first column is written below the picture; empty: as it is.
    pub labels: &'static str,
}

/// What became of one row of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineResult {
    /// The row number in the user's sheet.
    pub line: u32,
    /// One word for the column 结果: `已导入`, `已跳过`, `未导入`.
    pub outcome: String,
    /// The reasons, for the column 说明.
    pub explanation: String,
    /// True when somebody must do something; such rows are tinted.
    pub needs_attention: bool,
}

struct Looks {
    title: Format,
    heading: Format,
    text: Format,
    money: Format,
    share: Format,
    day: Format,
    wrapped: Format,
    attention: Format,
}

impl Looks {
    fn new() -> Self {
        Looks {
            title: Format::new().set_bold().set_font_size(14),
            heading: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0xEEF2F0))
                .set_border_bottom(FormatBorder::Thin),
            text: Format::new().set_num_format("@"),
            money: Format::new().set_num_format("#,##0.00"),
            share: Format::new().set_num_format("0.00%"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            wrapped: Format::new().set_num_format("@").set_text_wrap(),
            attention: Format::new()
                .set_num_format("@")
                .set_text_wrap()
                .set_background_color(Color::RGB(0xFFF3D6)),
        }
    }
}

/// The format that keeps a text a text: a program that reads the sheet, later saved as CSV, might
/// take it for a formula.
pub fn guarded<'a>(format: &'a Format, text: &str) -> Cow<'a, Format> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format.clone().set_quote_prefix()),
        false => Cow::Borrowed(format),
    }
}

/// Writes a list: titles, headings, rows as they come. Memory does not grow with the rows.
///
/// # Errors
/// When the sheet name is not allowed, or more rows come than a sheet can hold.
pub fn list(head: &Head, rows: impl Iterator<Item = Vec<Out>>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    add_list(&mut book, head, rows)?;
    book.save_to_buffer()
}

/// Writes several lists into one workbook, each on a sheet of its own.
///
/// # Errors
/// When a sheet name is not allowed or twice there, or a sheet cannot hold its rows.
pub fn lists(sheets: &[(Head, Vec<Vec<Out>>)]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    for (head, rows) in sheets {
        add_list(&mut book, head, rows.iter().cloned())?;
    }
    book.save_to_buffer()
}

fn add_list(
    book: &mut Workbook,
    head: &Head,
    rows: impl Iterator<Item = Vec<Out>>,
) -> Result<(), XlsxError> {
    let looks = Looks::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(&head.sheet)?;
    let mut row = 0;
    for title in &head.titles {
        let format = if row == 0 { &looks.title } else { &looks.text };
        sheet.write_string_with_format(row, 0, title, &guarded(format, title))?;
        row += 1;
    }
    for (column, (heading, width)) in (0_u16..).zip(&head.columns) {
        sheet.set_column_width(column, f64::from(*width))?;
        sheet.write_string_with_format(row, column, heading, &looks.heading)?;
    }
    sheet.set_repeat_rows(row, row)?;
    let heading = row;
    row += 1;
    sheet.set_freeze_panes(row, 0)?;
    for cells in rows {
        for (column, cell) in (0_u16..).zip(&cells) {
            put(sheet, (row, column), cell, &looks)?;
        }
        row += 1;
    }
    let (first, last) = (heading + 1, row.saturating_sub(1));
    let right = u16::try_from(head.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
    if head.filter && last >= first {
        sheet.autofilter(heading, 0, last, right)?;
    }
    let printed = if head.on_paper == 0 { head.columns.len() } else { head.on_paper };
    let widths: Vec<u16> = head.columns.iter().take(printed).map(|(_, width)| *width).collect();
    for_paper(sheet, &widths)?;
    if printed < head.columns.len() && printed > 0 {
        let right = u16::try_from(printed).unwrap_or(u16::MAX) - 1;
        sheet.set_print_area(0, 0, row + 1, right)?;
    }
    if !head.foot.is_empty() {
        sheet.write_string_with_format(
            row + 1,
            0,
            &head.foot,
            &guarded(&looks.text, &head.foot),
        )?;
    }
    if let Some(chart) = head.chart.as_ref().filter(|_| last >= first) {
        insert(sheet, &head.sheet, chart, (first, last))?;
    }
    Ok(())
}

/// A4, as wide as can be read, with its headings on each page and the pages counted. What is wider
/// than a page goes on beside it, with its first column again.
fn for_paper(sheet: &mut Worksheet, widths: &[u16]) -> Result<(), XlsxError> {
    let pixels = |width: &u16| u32::from(*width) * 7 + 5;
    let (all, first) = (widths.iter().map(pixels).sum(), widths.first().map_or(0, pixels));
    let fits = |wide: &u16| {
        let repeated = first.saturating_mul(u32::from(*wide) - 1);
        u32::saturating_add(all, repeated) <= LANDSCAPE_MAX * u32::from(*wide)
    };
    let wide = (1..=9).find(fits).unwrap_or(9);
    sheet.set_paper_size(9).set_print_fit_to_pages(wide, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3).set_footer("&C第 &P 页，共 &N 页");
    if all > PORTRAIT_MAX {
        sheet.set_landscape();
    }
    if wide > 1 {
        sheet.set_repeat_columns(0, 0)?;
    }
    Ok(())
}

fn insert(
    sheet: &mut Worksheet,
    name: &str,
    chart: &Chart,
    (first, last): (u32, u32),
) -> Result<(), XlsxError> {
    let mut columns = rust_xlsxwriter::Chart::new(ChartType::Column);
    columns.title().set_name(&chart.title);
    columns.legend().set_hidden();
    columns.y_axis().set_num_format("0%").set_min(0);
    if !chart.labels.is_empty() {
        columns.x_axis().set_num_format(chart.labels);
    }
    columns
        .add_series()
        .set_categories((name, first, 0, last, 0))
        .set_values((name, first, chart.of, last, chart.of));
    columns.set_width(900).set_height(320);
    sheet.insert_chart(last + 4, 0, &columns)?;
    Ok(())
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Out,
    looks: &Looks,
) -> Result<(), XlsxError> {
    match cell {
        Out::Blank => {}
        Out::Text(text) => {
            sheet.write_string_with_format(row, column, fit(text), &guarded(&looks.text, text))?;
        }
        Out::Money(fen) => match fen.to_yuan_text().parse::<f64>() {
            Ok(yuan) => {
                sheet.write_number_with_format(row, column, yuan, &looks.money)?;
            }
            Err(_) => {
                sheet.write_string(row, column, fen.to_yuan_text())?;
            }
        },
        Out::Share(share) => {
            let text = format!("{}.{:04}", share / 10_000, share.rem_euclid(10_000));
            match text.parse::<f64>() {
                Ok(number) => sheet.write_number_with_format(row, column, number, &looks.share)?,
                Err(_) => sheet.write_string(row, column, text)?,
            };
        }
        Out::Whole(number) => match i32::try_from(*number) {
            Ok(small) => {
                sheet.write_number(row, column, small)?;
            }
            Err(_) => {
                sheet.write_string_with_format(row, column, number.to_string(), &looks.text)?;
            }
        },
        Out::Day(day) => match excel_day(*day) {
            Some(at) => {
                sheet.write_datetime_with_format(row, column, at, &looks.day)?;
            }
            None => {
                sheet.write_string(row, column, day.to_string())?;
            }
        },
    }
    Ok(())
}

fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok()?;
    let month = u8::try_from(day.month()).ok()?;
    ExcelDateTime::from_ymd(year, month, u8::try_from(day.day()).ok()?).ok()
}

/// A cell holds 32,767 characters; nothing we keep is longer, but a user's cell may be.
fn fit(text: &str) -> &str {
    match text.char_indices().nth(32_000) {
        Some((at, _)) => text.get(..at).unwrap_or_default(),
        None => text,
    }
}

/// Writes the user's own sheet back, row for row as it was (titles included), with the columns
/// 结果 and 说明 behind it. Always XLSX, also for a CSV that was uploaded: identity numbers
/// stay text when it is opened. `results` must be in the order of their lines.
///
/// `mask` says what stands in a cell below the heading instead of its text, if anything.
///
/// # Errors
/// When the file cannot be written; the content cannot cause it.
pub fn results(
    table: &Table,
    heading_line: u32,
    results: &[LineResult],
    mask: impl Fn(usize, &str) -> Option<String>,
) -> Result<Vec<u8>, XlsxError> {
    let looks = Looks::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("导入结果")?;
    let widest = table.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let width = u16::try_from(widest).unwrap_or(u16::MAX - 2).min(16_000);
    for column in 0..width {
        sheet.set_column_width(column, 14)?;
    }
    sheet.set_column_width(width, 10)?;
    sheet.set_column_width(width + 1, 70)?;
    let heading = heading_line.saturating_sub(1);
    sheet.set_repeat_rows(heading, heading)?;
    let mut widths = vec![14; usize::from(width)];
    widths.extend([10, 70]);
    for_paper(sheet, &widths)?;
    let mut results = results.iter().peekable();
    for row in table.rows.iter() {
        let at = row.line.saturating_sub(1);
        for (column, cell) in (0..width).zip(&row.cells) {
            let below = row.line > heading_line;
            if let Some(masked) = mask(usize::from(column), &cell.text).filter(|_| below) {
                sheet.write_string_with_format(at, column, fit(&masked), &looks.text)?;
                continue;
            }
            let short_number = cell.kind == CellKind::Number && cell.text.len() <= 11;
            match cell.text.parse::<f64>().ok().filter(|_| short_number) {
                Some(number) => {
                    sheet.write_number(at, column, number)?;
                }
                None if cell.text.is_empty() => {}
                None if row.line == heading_line => {
                    let text = fit(&cell.text);
                    sheet.write_string_with_format(at, column, text, &looks.heading)?;
                }
                None => {
                    let format = &guarded(&looks.text, &cell.text);
                    sheet.write_string_with_format(at, column, fit(&cell.text), format)?;
                }
            }
        }
        if row.line == heading_line {
            sheet.write_string_with_format(at, width, "结果", &looks.heading)?;
            sheet.write_string_with_format(at, width + 1, "说明", &looks.heading)?;
        }
        while results.next_if(|result| result.line < row.line).is_some() {}
        if let Some(result) = results.next_if(|result| result.line == row.line) {
            let format = if result.needs_attention { &looks.attention } else { &looks.wrapped };
            sheet.write_string_with_format(at, width, &result.outcome, format)?;
            sheet.write_string_with_format(at, width + 1, fit(&result.explanation), format)?;
        }
    }
    book.save_to_buffer()
}
