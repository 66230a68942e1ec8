//! Real workbooks: numbers, dates and text in cells; results written back; strange bytes.

use encoding_rs::GB18030;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zhuxue::base::money::Fen;
use zhuxue::imports::kinds::ContractRow;
use zhuxue::imports::layout::{Fault, Layout, parse_row, recognise};
use zhuxue::plumbing::sheet::write::{Chart, Head, LineResult, Out, list, results};
use zhuxue::plumbing::sheet::{CellKind, SheetLimits, SheetProblem, SheetRow, read};

use super::{import, limits, table, today};

/// Line 1 a title, line 3 the headings, line 4 data, line 60 more data.
fn workbook(id_as_number: bool) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "合同明细（截至2026-10-31）").unwrap();
    let headings =
        ["合同编号", "姓名", "身份证号", "贷款学年", "贷款金额", "到期日期", "合同签订日期"];
    for (column, heading) in (0..).zip(headings) {
        sheet.write_string(2, column, heading).unwrap();
    }
    let day = Format::new().set_num_format("yyyy/m/d");
    for row in [3, 59] {
        let number = format!("5120222020{row:07}");
        sheet.write_string(row, 0, &number).unwrap();
        sheet.write_string(row, 1, "程林㼆").unwrap();
        if id_as_number {
            sheet.write_number(row, 2, 512_098_200_012_207_855_f64).unwrap();
        } else {
            sheet.write_string(row, 2, "512098200012207855").unwrap();
        }
        sheet.write_number(row, 3, 2026).unwrap();
        sheet.write_number(row, 4, 11_500.5).unwrap();
        let due = ExcelDateTime::from_ymd(2038, 9, 20).unwrap();
        sheet.write_datetime_with_format(row, 5, &due, &day).unwrap();
        sheet.write_number(row, 6, 46_227).unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn cells_of_a_workbook_keep_what_they_are() {
    let said = import(&table(&workbook(false)));
    assert_eq!(said.binding.heading_line, 3);
    assert_eq!(said.binding.as_of, "2026-10-31".parse().ok());
    let lines: Vec<_> = said.rows.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [4, 60]);
    let row: &ContractRow = said.rows[0].1.row.as_ref().unwrap().of().unwrap();
    assert_eq!(row.amount, Fen::new(1_150_050));
    assert_eq!(row.due_on.to_string(), "2038-09-20");
    assert_eq!(row.signed_on.unwrap().to_string(), "2026-07-24");
    // The date without a date format, and an amount that is no multiple of 100 yuan.
    let faults: Vec<_> = said.rows[0].1.notes.iter().map(|note| note.fault).collect();
    assert_eq!(faults, [Fault::AmountStep, Fault::ExcelSerialDate]);
}

#[test]
fn an_identity_number_in_a_number_cell_is_lost() {
    let said = import(&table(&workbook(true)));
    let parsed = &said.rows[0].1;
    assert!(parsed.is_refused() && !parsed.can_be_saved());
    assert!(parsed.notes.iter().any(|note| note.fault == Fault::ScientificNotation));
}

#[test]
fn gb_18030_with_rare_characters() {
    let text = "姓名;身份证号;学号\n程林㼆;512098200012207855;1\n赵𬱖;512099200712310019;2\n";
    let bytes = GB18030.encode(text).0.into_owned();
    let said = import(&table(&bytes));
    assert_eq!(said.rows[0].1.row.as_ref().unwrap().name(), Some("程林㼆"));
    assert_eq!(said.rows.len(), 2);
}

#[test]
fn an_old_name_for_the_file_does_not_matter_but_its_bytes_do() {
    let whole = workbook(false);
    let cut = &whole[..whole.len() / 2];
    assert_eq!(read(cut, &SheetLimits::default()), Err(SheetProblem::Damaged));
    let small = SheetLimits { unpacked_bytes: 2_000, ..SheetLimits::default() };
    assert_eq!(read(&whole, &small), Err(SheetProblem::TooBig));
    let few = SheetLimits { places: 10, ..SheetLimits::default() };
    assert_eq!(read(&whole, &few), Err(SheetProblem::TooManyCells));
}

/// One cell in the last corner would claim 17 thousand million cells.
#[test]
fn a_far_corner_costs_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "姓名").unwrap();
    sheet.write_string(1_048_575, 1, "角").unwrap();
    sheet.write_string(1_048_575, 16_383, "角").unwrap();
    let rows = table(&book.save_to_buffer().unwrap()).rows;
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 1_048_576]);
}

#[test]
fn results_stand_beside_the_users_own_rows() {
    let text = "名单（截至2026-10-31）,,\n姓名,身份证号,备注\n\
        程林㼆,512098200012207855,=1+1\n,,\n何□,512099199808224352,-2\n";
    let sheet = table(text.as_bytes());
    let said = |line, outcome: &str, explanation: &str, needs_attention| LineResult {
        line,
        outcome: outcome.into(),
        explanation: explanation.into(),
        needs_attention,
    };
    let lines = [
        said(3, "已导入", "", false),
        said(4, "已跳过", "空行，已跳过。", false),
        said(5, "未导入", "借款学生姓名：请补上这个字。", true),
    ];
    let back = table(&results(&sheet, 2, &lines, |_, _| None).unwrap());
    let texts = |line: usize| -> Vec<String> {
        back.rows.get(line - 1).unwrap().cells.iter().map(|cell| cell.text.to_string()).collect()
    };
    assert_eq!(texts(1), ["名单（截至2026-10-31）"]);
    assert_eq!(texts(2), ["姓名", "身份证号", "备注", "结果", "说明"]);
    assert_eq!(texts(3)[..4], ["程林㼆", "512098200012207855", "=1+1", "已导入"]);
    assert_eq!(texts(4), ["", "", "", "已跳过", "空行，已跳过。"]);
    assert_eq!(texts(5)[2..], ["-2", "未导入", "借款学生姓名：请补上这个字。"]);
    assert!(back.rows.get(2).unwrap().cells.iter().all(|cell| cell.kind == CellKind::Text));
}

#[test]
fn lists_hold_numbers_and_days_as_such() {
    let head = Head {
        sheet: "逾期名单".into(),
        titles: vec!["乐至县逾期名单".into()],
        columns: vec![("姓名".into(), 12), ("逾期本金".into(), 14), ("应还日期".into(), 12)],
        ..Head::default()
    };
    let rows = vec![
        vec![
            Out::Text("@李某".into()),
            Out::Money(Fen::new(269_740)),
            Out::Day("2026-12-20".parse().unwrap()),
        ],
        vec![Out::Blank, Out::Whole(7), Out::Whole(51_202_220_200_000_005)],
    ];
    let back = table(&list(&head, rows.into_iter()).unwrap());
    assert_eq!(back.name, "逾期名单");
    let cells = back.rows.get(2).unwrap().cells;
    assert_eq!((&*cells[0].text, cells[0].kind), ("@李某", CellKind::Text));
    assert_eq!((&*cells[1].text, cells[1].kind), ("2697.4", CellKind::Number));
    assert_eq!((&*cells[2].text, cells[2].kind), ("2026-12-20", CellKind::Date));
    assert_eq!(&*back.rows.get(3).unwrap().cells[2].text, "51202220200000005");
}

/// What the workbook's file says of its first sheet.
fn xml(book: &[u8], part: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name(part).unwrap(), &mut text).unwrap();
    text
}

#[test]
fn a_list_can_be_printed_filtered_and_handed_in() {
    let head = |width| Head {
        sheet: "逾期跟进".into(),
        titles: vec!["乐至县学生资助管理中心 逾期跟进".into(), "银行数据截至 10月31日".into()],
        columns: vec![("姓名".into(), width), ("回收率".into(), 12)],
        filter: true,
        foot: "制表人：韦清越　单位（盖章）：".into(),
        chart: Some(Chart { title: "回收率".into(), of: 1, labels: "" }),
        ..Head::default()
    };
    let rows = || {
        let row = |name: &str, share| vec![Out::Text(name.into()), Out::Share(share)];
        [row("甲", 9_421), row("乙", 10_000), row("丙", 5)].into_iter()
    };
    let wide = list(&head(90), rows()).unwrap();
    let sheet = xml(&wide, "xl/worksheets/sheet1.xml");
    for setting in [
        "<autoFilter ref=\"A3:B6\"/>",
        "paperSize=\"9\"",
        "fitToHeight=\"0\" orientation=\"landscape\"",
        "第 &amp;P 页，共 &amp;N 页",
        "<drawing ",
    ] {
        assert!(sheet.contains(setting), "{setting} is not in {sheet}");
    }
    assert!(xml(&wide, "xl/workbook.xml").contains("逾期跟进!$3:$3"), "headings on each page");
    assert!(xml(&wide, "xl/charts/chart1.xml").contains("逾期跟进!$B$4:$B$6"));
    let back = table(&wide);
    let share = |row: SheetRow| (row.cells[1].text.to_string(), row.cells[1].kind);
    let shares: Vec<_> = back.rows.iter().skip(3).take(3).map(share).collect();
    let number = |text: &str| (text.to_owned(), CellKind::Number);
    assert_eq!(shares, [number("0.9421"), number("1"), number("0.0005")]);
    assert_eq!(&*back.rows.iter().last().unwrap().cells[0].text, "制表人：韦清越　单位（盖章）：");
    let narrow = xml(&list(&head(12), rows()).unwrap(), "xl/worksheets/sheet1.xml");
    assert!(narrow.contains("orientation=\"portrait\""), "{narrow}");
    let some = list(&Head { on_paper: 1, ..head(12) }, rows()).unwrap();
    assert!(xml(&some, "xl/workbook.xml").contains("逾期跟进!$A$1:$A$8"), "only what is printed");
    let columns = [("姓名", 12), ("说明", 130), ("原因", 130)];
    let columns = columns.map(|(name, width)| (name.to_owned(), width)).to_vec();
    let beside = list(&Head { columns, ..head(12) }, rows()).unwrap();
    let sheet = xml(&beside, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("fitToWidth=\"2\""), "what is too wide goes on beside: {sheet}");
    assert!(xml(&beside, "xl/workbook.xml").contains("逾期跟进!$A:$A,逾期跟进!$3:$3"));
}

proptest! {
    /// Whatever stands in the cells, a line is read without panic, and the number of a note's
    /// columns never grows beyond sense.
    #[test]
    fn no_cell_is_too_strange(
        layout in prop::sample::select(Layout::ALL.to_vec()),
        cells in prop::collection::vec("\\PC{0,12}|[0-9Xx ./年月万元-]{0,20}", 0..40),
    ) {
        let headings: Vec<_> = layout.columns().iter().map(|c| c.heading).collect();
        let sheet = table(headings.join(",").as_bytes());
        let binding = recognise(&sheet).unwrap();
        let cells: Vec<_> =
            cells.into_iter().map(zhuxue::plumbing::sheet::Cell::text).collect();
        let parsed = parse_row(&binding, &cells, today(), &limits());
        prop_assert!(parsed.notes.len() < 100);
        prop_assert!(parsed.notes.iter().all(|note| !note.message.is_empty()));
    }

    /// A damaged workbook is refused or read, but never a reason to panic.
    #[test]
    fn no_damage_is_too_strange(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = workbook(false);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes, &SheetLimits::default());
    }
}

/// Files written by another program; the same table in the old and in the open format.
#[test]
fn old_and_open_workbooks() {
    for name in ["small.xls", "small.ods"] {
        let bytes = std::fs::read(format!("tests/sample/books/{name}")).unwrap();
        let said = import(&table(&bytes));
        assert_eq!(said.binding.layout, Layout::CONTRACTS, "{name}");
        assert_eq!(said.binding.heading_line, 3, "{name}");
        let lines: Vec<_> = said.rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 6], "{name}");
        let faults: Vec<_> = said.notes().iter().map(|(_, note)| note.fault).collect();
        assert_eq!(faults, [Fault::AmountStep, Fault::BlankRowBefore], "{name}");
        let row: &ContractRow = said.rows[0].1.row.as_ref().unwrap().of().unwrap();
        assert_eq!((row.amount, row.loan_year), (Fen::new(1_150_050), 2026), "{name}");
        assert_eq!(row.due_on.to_string(), "2038-09-20", "{name}");
        assert_eq!(said.rows[1].1.row.as_ref().unwrap().name(), Some("赵𬱖"), "{name}");
    }
}

#[test]
fn a_workbook_behind_a_password() {
    let bytes = std::fs::read("tests/sample/books/locked.xlsx").unwrap();
    let problem = read(&bytes, &SheetLimits::default()).unwrap_err();
    assert_eq!(problem, SheetProblem::Password);
    assert!(problem.to_chinese().contains("密码"));
}

#[test]
fn what_is_out_of_sight_is_known() {
    let tables = |name: &str| {
        let bytes = std::fs::read(format!("tests/sample/field/{name}")).unwrap();
        read(&bytes, &SheetLimits::default()).unwrap()
    };
    let rows = tables("F05_hidden_rows.xlsx");
    assert_eq!(rows[0].hidden.lines, [3, 5]);
    assert_eq!(rows[0].rows.len(), 6);
    let sheets = tables("F06_hidden_sheet.xlsx");
    assert_eq!((sheets.len(), &sheets[0].hidden.sheets), (1, &vec!["2024级".to_owned()]));
    assert!(tables("F11b_1904_general.xlsx")[0].from_1904);
    assert!(!tables("F05_hidden_rows.xlsx")[0].from_1904);
}

/// An XLSX with these rows, each with one cell, in the order given.
fn rows_in_order(lines: impl Iterator<Item = u32>, column: &str) -> Vec<u8> {
    let rows: String = lines
        .map(|line| format!("<row r=\"{line}\"><c r=\"{column}{line}\"><v>{line}</v></c></row>"))
        .collect();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    for (name, text) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" \
                 Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"rId1\" \
                 Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>\
                 <sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn what_a_row_spans_counts_and_not_how_many_cells_it_has() {
    let limits = SheetLimits { places: 10_000, ..SheetLimits::default() };
    // 100 cells in the last column that is read: 200 places each.
    let wide = rows_in_order(1..=100, "GR");
    assert_eq!(read(&wide, &limits), Err(SheetProblem::TooManyCells));
    assert_eq!(read(&rows_in_order(1..=100, "B"), &limits).unwrap()[0].rows.len(), 100);
    let commas = format!("姓名,学校\n{}", ",".repeat(1_000_000));
    assert_eq!(read(commas.as_bytes(), &limits).unwrap()[0].rows.len(), 1);
    let far = format!("{commas}x\n");
    assert_eq!(read(far.as_bytes(), &limits), Err(SheetProblem::TooManyCells));
}

#[test]
fn rows_may_stand_in_any_order() {
    let read = |bytes: &[u8]| -> Vec<(u32, String)> {
        let rows = table(bytes).rows;
        rows.iter().map(|row| (row.line, row.cells[0].text.to_string())).collect()
    };
    let first = read(&rows_in_order(1..=100_000, "A"));
    assert_eq!(read(&rows_in_order((1..=100_000).rev(), "A")), first);
    assert_eq!(first.len(), 100_000);
    assert_eq!(first[99_999], (100_000, "100000".to_owned()));
}

/// Two cells in the corners of an old workbook: the library lays out sixteen million places.
#[test]
fn the_rectangle_of_an_old_workbook_is_measured_first() {
    let mut bytes = std::fs::read("tests/sample/books/small.xls").unwrap();
    // A cell with a text, of which the last is moved into the corner.
    let at = bytes.windows(4).rposition(|four| four == [0xFD, 0x00, 0x0A, 0x00]).unwrap();
    bytes[at + 4..at + 8].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0x00]);
    assert_eq!(read(&bytes, &SheetLimits::default()), Err(SheetProblem::TooManyCells));
}

#[test]
fn a_title_that_looks_like_a_formula_stays_text_in_a_csv_too() {
    let guarded = |title: &str| {
        let head = Head { sheet: "a".into(), titles: vec![title.into()], ..Head::default() };
        xml(&list(&head, std::iter::empty()).unwrap(), "xl/styles.xml").contains("quotePrefix")
    };
    assert!(!guarded("乐至县中学"));
    assert!(guarded("=HYPERLINK(1)") && guarded("@某校"));
}
