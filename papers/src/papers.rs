//! The papers of a batch in the order in which they are packed, and how a template gets them.
//! Figures become text here; a template only sets them.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::Stop;
use crate::batch::{Batch, Cover, Office, Sheet};
use crate::fonts::Fonts;
use crate::qr;

/// What a paper is. A template says in its first line which kinds it sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What whoever collects the papers of a township signs.
    Slip,
    /// The letter to a receiver with the list of its households.
    Letter,
    /// The sheet of one household.
    Sheet,
}

impl Kind {
    /// `slip`, `letter` or `sheet`.
    pub fn read(word: &str) -> Option<Kind> {
        match word {
            "slip" => Some(Kind::Slip),
            "letter" => Some(Kind::Letter),
            "sheet" => Some(Kind::Sheet),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub enum Paper<'a> {
    /// The covers of one township.
    Slip(Vec<&'a Cover>),
    /// One receiver; whether its sheets carry a QR code.
    Letter(&'a Cover, bool),
    /// One household; 1 for the copy that comes back, 2 for the office's own.
    Sheet(&'a Sheet, u8),
}

impl Paper<'_> {
    /// What it is, for a message.
    pub fn name(&self) -> String {
        match self {
            Paper::Slip(covers) => {
                format!("slip of {}", covers.first().map_or("", |cover| &cover.township))
            }
            Paper::Letter(cover, _) => format!("cover {}", cover.addressee),
            Paper::Sheet(sheet, _) => format!("sheet {}", sheet.number),
        }
    }

    /// Lines of its list.
    fn lines(&self) -> usize {
        match self {
            Paper::Slip(covers) => covers.len(),
            Paper::Letter(cover, _) => cover.lines.len(),
            Paper::Sheet(..) => 0,
        }
    }

    /// A sheet has one page and no more.
    pub fn is_one_page(&self) -> bool {
        matches!(self, Paper::Sheet(..))
    }
}

/// The papers of these kinds in the order of packing: by township its slip, then each receiver's
/// letter and its sheets; then sheets that no letter lists; then the second copies.
pub fn in_order<'a>(batch: &'a Batch, kinds: &[Kind]) -> Vec<Paper<'a>> {
    let wants = |kind| kinds.contains(&kind);
    let sheets: HashMap<&str, &Sheet> =
        batch.sheets.iter().map(|sheet| (sheet.number.as_str(), sheet)).collect();
    let mut papers = Vec::new();
    let mut packed = HashSet::new();
    // With letters the sheets follow their letter; without, the order of the data is kept.
    if wants(Kind::Slip) || wants(Kind::Letter) {
        for covers in townships(&batch.covers) {
            if wants(Kind::Slip) && batch.covers.len() > 1 {
                papers.push(Paper::Slip(covers.clone()));
            }
            for cover in covers {
                let own: Vec<&Sheet> = cover
                    .lines
                    .iter()
                    .filter_map(|l| sheets.get(l.number.as_str()).copied())
                    .collect();
                if wants(Kind::Letter) {
                    papers.push(Paper::Letter(cover, own.iter().any(|s| s.return_url.is_some())));
                }
                if wants(Kind::Sheet) {
                    packed.extend(own.iter().map(|sheet| sheet.number.as_str()));
                    papers.extend(own.into_iter().map(|sheet| Paper::Sheet(sheet, 1)));
                }
            }
        }
    }
    if wants(Kind::Sheet) {
        let rest = batch.sheets.iter().filter(|sheet| !packed.contains(sheet.number.as_str()));
        papers.extend(rest.map(|sheet| Paper::Sheet(sheet, 1)));
        if batch.stubs {
            papers.extend(batch.sheets.iter().map(|sheet| Paper::Sheet(sheet, 2)));
        }
    }
    papers
}

/// Lines of a list that take as much room in memory as a sheet.
const LINES_OF_A_SHEET: usize = 8;

/// Shares the papers out to documents that take as much memory as `sheets` sheets, or more when
/// one paper alone does.
pub fn documents<'p, 'a>(papers: &'p [Paper<'a>], sheets: usize) -> Vec<&'p [Paper<'a>]> {
    let most = sheets * LINES_OF_A_SHEET;
    let mut all = Vec::new();
    let (mut rest, mut at, mut held) = (papers, 0, 0);
    while let Some(paper) = rest.get(at) {
        let takes = LINES_OF_A_SHEET + paper.lines();
        if at > 0 && held + takes > most {
            let (full, others) = rest.split_at(at);
            all.push(full);
            (rest, at, held) = (others, 0, 0);
        } else {
            (at, held) = (at + 1, held + takes);
        }
    }
    all.push(rest);
    all
}

/// The covers of each township together, townships in the order of their first cover.
fn townships(covers: &[Cover]) -> Vec<Vec<&Cover>> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut all: Vec<Vec<&Cover>> = Vec::new();
    for cover in covers {
        let n = *at.entry(cover.township.as_str()).or_insert(all.len());
        match all.get_mut(n) {
            Some(covers) => covers.push(cover),
            None => all.push(vec![cover]),
        }
    }
    all
}

/// What a template reads as `papers.json`.
#[derive(Debug, Serialize)]
struct Data<'a> {
    office: &'a Office,
    fonts: &'a Fonts,
    papers: Vec<PaperData<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum PaperData<'a> {
    Slip(SlipData<'a>),
    Letter(LetterData<'a>),
    Sheet(Box<SheetData<'a>>),
}

#[derive(Debug, Serialize)]
struct SlipData<'a> {
    township: &'a str,
    receivers: usize,
    households: usize,
    total: String,
    lines: Vec<SlipLine<'a>>,
}

#[derive(Debug, Serialize)]
struct SlipLine<'a> {
    n: usize,
    addressee: &'a str,
    missing: &'a str,
    households: usize,
    total: String,
    numbers: String,
}

#[derive(Debug, Serialize)]
struct LetterData<'a> {
    addressee: &'a str,
    filled_by: &'a str,
    scan: bool,
    households: usize,
    total: String,
    lines: Vec<LetterLine<'a>>,
}

#[derive(Debug, Serialize)]
struct LetterLine<'a> {
    number: &'a str,
    name: &'a str,
    address: &'a str,
    amount: String,
}

#[derive(Debug, Serialize)]
struct SheetData<'a> {
    copy: u8,
    number: &'a str,
    addressee: &'a str,
    filled_by: &'a str,
    seals: &'a [String; 4],
    of_yours: &'a str,
    name: &'a str,
    programme: &'a str,
    instalments: &'a str,
    sex_and_age: &'a str,
    id_mask: &'a str,
    address: &'a str,
    studies: &'a str,
    co_borrower: &'a str,
    phones: &'a str,
    amount: Option<String>,
    return_code: Option<&'a str>,
    qr: Option<String>,
}

/// The data for one document, as bytes of JSON.
pub fn json(office: &Office, fonts: &Fonts, papers: &[Paper<'_>]) -> Result<Vec<u8>, Stop> {
    let papers =
        papers.iter().map(|paper| paper_data(office, paper)).collect::<Result<Vec<_>, Stop>>()?;
    serde_json::to_vec(&Data { office, fonts, papers })
        .map_err(|error| Stop::failed(format!("data for the template: {error}")))
}

fn paper_data<'a>(office: &Office, paper: &Paper<'a>) -> Result<PaperData<'a>, Stop> {
    Ok(match paper {
        Paper::Slip(covers) => PaperData::Slip(slip(covers)),
        Paper::Letter(cover, scan) => PaperData::Letter(letter(cover, *scan)),
        Paper::Sheet(sheet, copy) => PaperData::Sheet(Box::new(sheet_data(office, sheet, *copy)?)),
    })
}

fn slip<'a>(covers: &[&'a Cover]) -> SlipData<'a> {
    let lines = (1..).zip(covers).map(|(n, cover)| SlipLine {
        n,
        addressee: &cover.addressee,
        missing: &cover.missing,
        households: cover.lines.len(),
        total: yuan(total(cover)),
        numbers: numbers(cover),
    });
    SlipData {
        township: covers.first().map_or("", |cover| &cover.township),
        receivers: covers.len(),
        households: covers.iter().map(|cover| cover.lines.len()).sum(),
        total: yuan(covers.iter().map(|cover| total(cover)).sum()),
        lines: lines.collect(),
    }
}

fn letter(cover: &Cover, scan: bool) -> LetterData<'_> {
    let lines = cover.lines.iter().map(|line| LetterLine {
        number: &line.number,
        name: &line.name,
        address: &line.address,
        amount: line.amount_fen.map(|fen| yuan(i128::from(fen))).unwrap_or_default(),
    });
    LetterData {
        addressee: &cover.addressee,
        filled_by: &cover.filled_by,
        scan,
        households: cover.lines.len(),
        total: yuan(total(cover)),
        lines: lines.collect(),
    }
}

fn sheet_data<'a>(office: &Office, sheet: &'a Sheet, copy: u8) -> Result<SheetData<'a>, Stop> {
    // The office's own copy carries no code: it would open the sheet for whoever files it.
    let url = sheet.return_url.as_deref().filter(|_| copy == 1);
    let qr = url
        .map(qr::svg)
        .transpose()
        .map_err(|stop| Stop { line: format!("sheet {}: {}", sheet.number, stop.line), ..stop })?;
    let amount = sheet.amount_fen.filter(|_| office.amounts);
    Ok(SheetData {
        copy,
        number: &sheet.number,
        addressee: &sheet.addressee,
        filled_by: &sheet.filled_by,
        seals: &sheet.seals,
        of_yours: &sheet.of_yours,
        name: &sheet.name,
        programme: &sheet.programme,
        instalments: &sheet.instalments,
        sex_and_age: &sheet.sex_and_age,
        id_mask: &sheet.id_mask,
        address: &sheet.address,
        studies: &sheet.studies,
        co_borrower: &sheet.co_borrower,
        phones: &sheet.phones,
        amount: amount.map(|fen| format!("¥{}", yuan(i128::from(fen)))),
        return_code: sheet.return_code.as_deref().filter(|_| copy == 1),
        qr,
    })
}

fn total(cover: &Cover) -> i128 {
    cover.lines.iter().filter_map(|line| line.amount_fen).map(i128::from).sum()
}

/// `HZ-0803-001 至 014`.
fn numbers(cover: &Cover) -> String {
    match (cover.lines.first(), cover.lines.last()) {
        (Some(first), Some(last)) if first.number != last.number => {
            let end = last.number.rsplit('-').next().unwrap_or_default();
            format!("{} 至 {end}", first.number)
        }
        (Some(only), _) => only.number.clone(),
        _ => String::new(),
    }
}

/// `2,696.60`.
fn yuan(fen: i128) -> String {
    let whole = (fen / 100).to_string();
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{:02}", fen % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_with_separators() {
        let cases = [(0, "0.00"), (5, "0.05"), (269_660, "2,696.60"), (99_999, "999.99")];
        for (fen, text) in cases {
            assert_eq!(yuan(fen), text);
        }
        assert_eq!(yuan(12_345_678_901), "123,456,789.01");
    }

    fn batch() -> Batch {
        let line = |n: &str| format!(r#"{{"number":"{n}","name":"甲","address":"一组"}}"#);
        let cover = |township: &str, lines: [&str; 2]| {
            format!(
                r#"{{"township":"{township}","addressee":"{township}某村","filled_by":"村民委员会",
                "lines":[{}]}}"#,
                lines.map(line).join(",")
            )
        };
        let sheet = |n: &str| {
            format!(
                r#"{{"number":"{n}","addressee":"某村","filled_by":"村民委员会",
                "seals":["","","",""],"of_yours":"","name":"甲","programme":"","instalments":"",
                "sex_and_age":"","id_mask":"","address":"","studies":""}}"#
            )
        };
        let json = format!(
            r#"{{"office":{{"office":"某县","return_by":"8月"}},"stubs":true,
            "covers":[{},{},{}],"sheets":[{}]}}"#,
            cover("东镇", ["A-1", "A-2"]),
            cover("西镇", ["B-1", "B-2"]),
            cover("东镇", ["C-1", "C-2"]),
            ["C-2", "A-1", "X-1", "A-2", "B-1"].map(sheet).join(",")
        );
        crate::batch::read("test", json.as_bytes()).unwrap()
    }

    #[test]
    fn papers_are_packed_by_township_and_second_copies_come_last() {
        let batch = batch();
        let order = |kinds: &[Kind]| -> Vec<String> {
            in_order(&batch, kinds)
                .iter()
                .map(|paper| match paper {
                    Paper::Slip(_) => paper.name().replace("slip of ", "交 "),
                    Paper::Letter(cover, _) => format!("函 {}", numbers(cover)),
                    Paper::Sheet(sheet, copy) => format!("{}/{copy}", sheet.number),
                })
                .collect()
        };
        assert_eq!(
            order(&[Kind::Slip, Kind::Letter, Kind::Sheet]),
            [
                "交 东镇",
                "函 A-1 至 2",
                "A-1/1",
                "A-2/1",
                "函 C-1 至 2",
                "C-2/1",
                "交 西镇",
                "函 B-1 至 2",
                "B-1/1",
                "X-1/1",
                "C-2/2",
                "A-1/2",
                "X-1/2",
                "A-2/2",
                "B-1/2",
            ]
        );
        assert_eq!(order(&[Kind::Slip]), ["交 东镇", "交 西镇"]);
        assert_eq!(order(&[Kind::Sheet]).first().unwrap(), "C-2/1");
    }

    #[test]
    fn documents_hold_so_many_sheets_and_long_lists_count_for_more() {
        let batch = batch();
        let sizes = |kinds: &[Kind], sheets| -> Vec<usize> {
            let papers = in_order(&batch, kinds);
            documents(&papers, sheets).iter().map(|some| some.len()).collect()
        };
        assert_eq!(sizes(&[Kind::Sheet], 4), [4, 4, 2]);
        assert_eq!(sizes(&[Kind::Sheet], 10), [10]);
        // Two lines more than a sheet each: 10 of 16.
        assert_eq!(sizes(&[Kind::Letter], 2), [1, 1, 1]);
        assert_eq!(sizes(&[Kind::Letter], 3), [2, 1]);
        assert_eq!(sizes(&[Kind::Letter], 0), [1, 1, 1]);
    }
}
