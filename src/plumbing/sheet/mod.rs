//! Spreadsheets in and out: XLSX, XLS, ODS and CSV become rows of cells, rows become XLSX.
//!
//! Knows nothing about loans. Never trusts a file: sizes are limited before anything is
//! unpacked, and every refusal is one Chinese sentence that says what to do.

mod archive;
mod kind;
mod parts;
mod rows;
mod text;
mod workbook;
pub mod write;
mod xls;

pub use rows::Rows;
pub use text::TextRows;

/// One sheet of a file, without the blank rows at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Name on the tab; empty for CSV.
    pub name: String,
    /// Its place among all sheets of the file, hidden ones too, from 0.
    pub place: usize,
    /// The rows in order.
    pub rows: Rows,
    /// What a person who looks at the sheet does not see.
    pub hidden: Hidden,
    /// Days are counted from 1904 on, not from 1900.
    pub from_1904: bool,
}

/// What is hidden in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Hidden or filtered rows of this sheet, numbered from 1. They are read.
    pub lines: Vec<u32>,
    /// Hidden columns of this sheet, from 0. They are read.
    pub columns: Vec<usize>,
    /// Names of the hidden sheets of the file. They are not read.
    pub sheets: Vec<String>,
}

/// One row as the user sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetRow {
    /// The row number that a spreadsheet program shows, from 1.
    pub line: u32,
    /// The cells from column A on; trailing empty ones may be missing.
    pub cells: Vec<Cell>,
}

impl SheetRow {
    /// True when no cell holds anything but blanks, or what a merged cell lends it.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// What is in one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The content as text: numbers in plain decimals, dates as `2026-10-31`.
    pub text: Box<str>,
    /// How the file stores it.
    pub kind: CellKind,
    /// The content stands above: this cell is merged with the one that holds it.
    pub merged: bool,
}

/// How a file stores a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellKind {
    /// Text; everything in CSV is.
    #[default]
    Text,
    /// A number cell of a workbook (15 significant digits at most).
    Number,
    /// A cell with a date format; the text is the date, or date and time.
    Date,
    /// No value: an error such as `#N/A`, or a formula whose result was never computed.
    Error,
}

impl Cell {
    pub fn text(text: impl Into<Box<str>>) -> Cell {
        Cell::new(text, CellKind::Text)
    }

    /// A cell of a kind.
    pub(super) fn new(text: impl Into<Box<str>>, kind: CellKind) -> Cell {
        Cell { text: text.into(), kind, merged: false }
    }

    /// True when nothing stands in it, or only what a merged cell lends it.
    pub fn is_blank(&self) -> bool {
        self.merged || self.text.trim().is_empty()
    }
}

/// What a file may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetLimits {
    /// Bytes of the file itself.
    pub file_bytes: usize,
    /// Bytes after unpacking (workbooks are zip archives).
    pub unpacked_bytes: u64,
    /// Places over all sheets: a row takes as many as it has columns up to its last value, and one.
    pub places: usize,
    /// Columns of a row.
    pub columns: usize,
}

impl Default for SheetLimits {
    /// Room for some 120,000 contracts in one file.
    fn default() -> Self {
        SheetLimits {
            file_bytes: 40 << 20,
            unpacked_bytes: 400 << 20,
            places: 3_500_000,
            columns: 200,
        }
    }
}

/// Why a file cannot be read as a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetProblem {
    /// No bytes, or no cell with content.
    Empty,
    /// More bytes than [`SheetLimits::file_bytes`] or, unpacked, than allowed.
    TooBig,
    /// More places than [`SheetLimits::places`].
    TooManyCells,
    /// Begins like a workbook, but cannot be read to its end.
    Damaged,
    /// Opens with a password only.
    Password,
    /// Something else: the Chinese name of what it is.
    NotASheet(&'static str),
    /// Text, but in no encoding we know.
    Encoding,
    /// A quotation mark opens in this line and swallows the lines behind it.
    OpenQuote(u32),
}

impl SheetProblem {
    /// One sentence for the person who uploaded the file.
    pub fn to_chinese(self) -> String {
        match self {
            SheetProblem::Empty => {
                "文件是空的，没有可导入的内容。请检查是否选错了文件。".to_owned()
            }
            SheetProblem::TooBig => {
                "文件太大，无法导入。请按年度或乡镇拆成几个文件，分别导入。".to_owned()
            }
            SheetProblem::TooManyCells => {
                "表格的内容太多，无法一次导入。请按年度或乡镇拆成几个文件，分别导入。".to_owned()
            }
            SheetProblem::Damaged => {
                "文件已损坏，读不完整。请用表格软件打开后另存为 .xlsx，再重新导入。".to_owned()
            }
            SheetProblem::Password => {
                "文件设有打开密码。请用表格软件取消密码后另存，再重新导入。".to_owned()
            }
            SheetProblem::NotASheet(what) => {
                format!("这是{what}，不是表格。请导入 .xlsx、.xls、.ods 或 .csv 文件。")
            }
            SheetProblem::Encoding => {
                "认不出文件的文字编码。请用表格软件打开后另存为 .xlsx，再重新导入。".to_owned()
            }
            SheetProblem::OpenQuote(line) => format!(
                "第 {line} 行有一个多余的英文双引号，从那里起后面的行都会被当成一个格子。\
                 请删去这个引号后重新导入。"
            ),
        }
    }
}

/// Reads every visible sheet that has content.
///
/// # Errors
/// One [`SheetProblem`]; a file is read whole or not at all.
pub fn read(bytes: &[u8], limits: &SheetLimits) -> Result<Vec<Table>, SheetProblem> {
    if bytes.is_empty() {
        return Err(SheetProblem::Empty);
    }
    if bytes.len() > limits.file_bytes {
        return Err(SheetProblem::TooBig);
    }
    let tables = match kind::recognise(bytes)? {
        kind::Kind::Xlsx => {
            archive::check(bytes, limits.unpacked_bytes)?;
            workbook::read_xlsx(bytes, limits)?
        }
        kind::Kind::Ods => {
            archive::check(bytes, limits.unpacked_bytes)?;
            workbook::read_ods(bytes, limits)?
        }
        kind::Kind::Xls => {
            xls::check(bytes, limits.places)?;
            workbook::read_xls(bytes, limits)?
        }
        kind::Kind::Text => vec![text::read(bytes, limits)?],
    };
    let tables: Vec<Table> = tables.into_iter().filter_map(without_blank_end).collect();
    if tables.is_empty() { Err(SheetProblem::Empty) } else { Ok(tables) }
}

/// The table without blank rows at its end; nothing when nothing is left.
fn without_blank_end(mut table: Table) -> Option<Table> {
    table.rows = table.rows.without_blank_end();
    (!table.rows.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(bytes: &[u8]) -> SheetProblem {
        read(bytes, &SheetLimits::default()).unwrap_err()
    }

    #[test]
    fn other_files_are_named() {
        assert_eq!(refusal(b""), SheetProblem::Empty);
        assert_eq!(refusal(b"\r\n,,\r\n  ,\r\n"), SheetProblem::Empty);
        for (bytes, what) in [
            (&b"%PDF-1.7 ..."[..], "PDF 文件"),
            (b"\x89PNG\r\n\x1a\n....", "图片"),
            (b"\xFF\xD8\xFF\xE0....", "图片"),
            (
                b"<html><table></table></html>",
                "网页格式的文件（用表格软件打开后另存为 .xlsx 即可）",
            ),
            (b"Rar!\x1a\x07....", "压缩包"),
        ] {
            assert_eq!(refusal(bytes), SheetProblem::NotASheet(what));
        }
        assert_eq!(refusal(b"PK\x03\x04 and then nothing"), SheetProblem::Damaged);
        assert_eq!(refusal(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 nothing"), SheetProblem::Damaged);
        let small = SheetLimits { file_bytes: 3, ..SheetLimits::default() };
        assert_eq!(read(b"1234", &small), Err(SheetProblem::TooBig));
        let narrow = SheetLimits { places: 3, ..SheetLimits::default() };
        assert_eq!(read(b"1,2\n3,4\n", &narrow), Err(SheetProblem::TooManyCells));
    }

    #[test]
    fn a_password_and_a_letter_are_told_apart() {
        let utf16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let ole = |name: &str| [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), utf16(name)].concat();
        assert_eq!(refusal(&ole("EncryptedPackage")), SheetProblem::Password);
        assert_eq!(refusal(&ole("WordDocument")), SheetProblem::NotASheet("Word 文档"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(
            head in prop::sample::select(vec![
                &b""[..], b"PK\x03\x04", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", b"\xEF\xBB\xBF",
                b"\xFF\xFE", b"\"",
            ]),
            tail in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let _ = read(&[head, tail.as_slice()].concat(), &SheetLimits::default());
        }
    }
}
