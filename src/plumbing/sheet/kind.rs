//! What kind of file some bytes are, by content; names and endings lie.

use super::SheetProblem;

/// The kinds that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Xlsx,
    Xls,
    Ods,
    Text,
}

const HTML: &str = "网页格式的文件（用表格软件打开后另存为 .xlsx 即可）";

/// Magic numbers of files that people upload by mistake.
const OTHERS: [(&[u8], &str); 12] = [
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xFF\xD8\xFF", "图片"),
    (b"GIF8", "图片"),
    (b"BM6", "图片"),
    (b"II*\0", "图片"),
    (b"MM\0*", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xBC\xAF", "压缩包"),
    (b"\x1F\x8B", "压缩包"),
    (b"{\\rtf", "Word 文档"),
    (b"MZ", "程序"),
];

/// Says what the bytes are.
pub(super) fn recognise(bytes: &[u8]) -> Result<Kind, SheetProblem> {
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(SheetProblem::NotASheet(what));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return archive(bytes);
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return compound(bytes);
    }
    if is_markup(bytes) {
        return Err(SheetProblem::NotASheet(HTML));
    }
    Ok(Kind::Text)
}

/// A page of the web, however long the remarks and styles before its table are.
fn is_markup(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    let most = if begins { 1 << 20 } else { 512 };
    let start = bytes.get(..bytes.len().min(most)).unwrap_or_default().to_ascii_lowercase();
    let words: [&[u8]; 4] = [b"<html", b"<table", b"<!doctype", b"<?xml"];
    words.iter().any(|word| find(&start, word))
}

/// A zip archive: which office program made it shows in the names of its parts, which stand
/// uncompressed in the file.
fn archive(bytes: &[u8]) -> Result<Kind, SheetProblem> {
    let holds = |what: &[u8]| find(bytes, what);
    if holds(b"xl/workbook.bin") {
        return Err(SheetProblem::NotASheet("二进制格式的工作簿（用表格软件另存为 .xlsx 即可）"));
    }
    if holds(b"xl/workbook.") || holds(b"xl/worksheets/") {
        return Ok(Kind::Xlsx);
    }
    if holds(b"opendocument.spreadsheet") {
        return Ok(Kind::Ods);
    }
    if holds(b"word/document.xml") || holds(b"opendocument.text") {
        return Err(SheetProblem::NotASheet("Word 文档"));
    }
    if holds(b"ppt/presentation.xml") {
        return Err(SheetProblem::NotASheet("演示文稿"));
    }
    // The list at the end of every whole archive.
    if holds(b"PK\x05\x06") {
        return Err(SheetProblem::NotASheet("压缩包"));
    }
    Err(SheetProblem::Damaged)
}

/// An OLE compound file: old workbooks, old letters, and workbooks behind a password.
fn compound(bytes: &[u8]) -> Result<Kind, SheetProblem> {
    let holds = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        find(bytes, &name)
    };
    if holds("EncryptedPackage") {
        return Err(SheetProblem::Password);
    }
    if holds("WordDocument") {
        return Err(SheetProblem::NotASheet("Word 文档"));
    }
    if holds("PowerPoint Document") {
        return Err(SheetProblem::NotASheet("演示文稿"));
    }
    Ok(Kind::Xls)
}

fn find(bytes: &[u8], what: &[u8]) -> bool {
    let Some(first) = what.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(what) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}
