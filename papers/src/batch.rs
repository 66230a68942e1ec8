//! What is to be printed, as JSON: the layout that `papers/README.md` describes. Reads it whole
//! or says in one line what is wrong and where; never guesses a missing figure.

use std::collections::HashSet;

use serde::Deserialize;

use crate::Stop;
use crate::qr;

/// A batch: what all papers share, the receivers and the households.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// What all papers share.
    pub office: Office,
    /// One for each receiver, in the order of packing; a township's stay together.
    #[serde(default)]
    pub covers: Vec<Cover>,
    /// One for each household, in the order of the road.
    #[serde(default)]
    pub sheets: Vec<Sheet>,
    /// Print a second copy of every sheet for the office's folder, at the end.
    #[serde(default)]
    pub stubs: bool,
}

/// What all papers of a batch share.
#[derive(Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// The office in the letterhead.
    pub office: String,
    /// `青资助访〔2026〕12 号`; empty when the letter has no number.
    #[serde(default)]
    pub letter: String,
    /// `2026年8月3日`, under a cover letter; empty for none.
    #[serde(default)]
    pub dated: String,
    /// `2026年8月15日`.
    pub return_by: String,
    /// A yearly contact: nothing is owed, and no paper says so.
    #[serde(default)]
    pub yearly: bool,
    /// `8月3日`: the day of the amounts.
    #[serde(default)]
    pub as_of_short: String,
    /// `2026年8月3日 9:20 打印　经办 韦清越`.
    #[serde(default)]
    pub printed: String,
    /// Where the desk is.
    #[serde(default)]
    pub address: String,
    /// `联系人：韦清越　电话：0000-6180312`.
    #[serde(default)]
    pub contact: String,
    /// `https://zhuxue.county.example`: where a code is typed; empty for nowhere.
    #[serde(default)]
    pub site: String,
    /// `村（社区）`, `学校`, `派出所`: how the batch is shared out.
    #[serde(default = "village")]
    pub by: String,
    /// What every paper asks for.
    #[serde(default)]
    pub discretion: String,
    /// Amounts are printed; each sheet and line must then have one.
    #[serde(default)]
    pub amounts: bool,
}

/// What goes to one receiver.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// `柳溪镇`: what is packed together.
    pub township: String,
    /// `柳溪镇上湾村村民委员会`.
    pub addressee: String,
    /// `村民委员会`, `学校`, `派出所`.
    pub filled_by: String,
    /// What is missing before anything can be sent; mostly empty.
    #[serde(default)]
    pub missing: String,
    /// Its households in the order of the road.
    pub lines: Vec<Line>,
}

/// One household of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// `HZ-0803-012`.
    pub number: String,
    pub name: String,
    pub address: String,
    /// What is overdue, in fen.
    #[serde(default)]
    pub amount_fen: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// `HZ-0803-012`.
    pub number: String,
    /// `柳溪镇上湾村村民委员会`.
    pub addressee: String,
    /// `村民委员会`, `学校`, `派出所`.
    pub filled_by: String,
    /// The four boxes to sign and seal.
    pub seals: [String; 4],
    /// `贵村村民`.
    pub of_yours: String,
    pub name: String,
    /// `国家助学贷款`.
    pub programme: String,
    /// `有一期还款到期未还`.
    pub instalments: String,
    /// `男　29 岁`.
    pub sex_and_age: String,
    pub id_mask: String,
    pub address: String,
    /// `西岭师范学院，2019 年毕业`.
    pub studies: String,
    /// `父亲 覃志强　187****3350`; empty when there is none.
    #[serde(default)]
    pub co_borrower: String,
    /// The borrower's telephones, masked; printed when amounts are not.
    #[serde(default)]
    pub phones: String,
    /// What is overdue, in fen.
    #[serde(default)]
    pub amount_fen: Option<i64>,
    /// `7K3M-9QXP`: what is said on the telephone.
    #[serde(default)]
    pub return_code: Option<String>,
    /// What the QR code says.
    #[serde(default)]
    pub return_url: Option<String>,
}

/// Longest text of a field in characters: what fits its place on paper.
const TEXT_MAX: usize = 60;

/// Longest text of a field that has a line of its own.
const LINE_MAX: usize = 120;

fn village() -> String {
    "村（社区）".to_owned()
}

/// Reads and checks a batch. `name` is the file, for the message.
pub fn read(name: &str, json: &[u8]) -> Result<Batch, Stop> {
    let batch: Batch = serde_json::from_slice(json)
        .map_err(|error| Stop::input(format!("{name}: {error}; see papers/README.md")))?;
    check(&batch).map_err(|wrong| Stop::input(format!("{name}: {wrong}")))?;
    Ok(batch)
}

fn check(batch: &Batch) -> Result<(), String> {
    if batch.office.office.trim().is_empty() {
        return Err("office.office is empty; give the name for the letterhead".to_owned());
    }
    let mut numbers = HashSet::new();
    for sheet in &batch.sheets {
        let at = format!("sheet {}", sheet.number);
        if !numbers.insert(sheet.number.as_str()) {
            return Err(format!("{at} is there twice; give every sheet its own number"));
        }
        amount(&at, batch.office.amounts, sheet.amount_fen)?;
        code(&at, sheet)?;
    }
    let mut listed = HashSet::new();
    for cover in &batch.covers {
        if cover.lines.is_empty() {
            return Err(format!("cover {} has no lines; leave it out", cover.addressee));
        }
        for line in &cover.lines {
            let at = format!("cover {}, line {}", cover.addressee, line.number);
            if !listed.insert(line.number.as_str()) {
                return Err(format!("{at} is listed twice; list every household once"));
            }
            amount(&at, batch.office.amounts, line.amount_fen)?;
        }
    }
    batch.texts().try_for_each(|text| text.check())
}

fn amount(at: &str, printed: bool, fen: Option<i64>) -> Result<(), String> {
    match fen {
        None if printed => Err(format!(
            "{at} has no amount_fen but office.amounts is true; give the amount or print without"
        )),
        Some(fen) if fen < 0 => Err(format!("{at}: amount_fen is {fen}; it must not be negative")),
        _ => Ok(()),
    }
}

fn code(at: &str, sheet: &Sheet) -> Result<(), String> {
    if let Some(code) = &sheet.return_code
        && !qr::is_spoken_code(code)
    {
        return Err(format!(
            "{at}: return_code {code:?} is not like 7K3M-9QXP (capitals and digits without 0 O 1 I)"
        ));
    }
    match &sheet.return_url {
        Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            Err(format!("{at}: return_url {url:?} is not a web address; begin with https://"))
        }
        Some(_) if sheet.return_code.is_none() => {
            Err(format!("{at} has a return_url but no return_code; give both or only the code"))
        }
        _ => Ok(()),
    }
}

/// A text that will be printed, and where it stands in the data.
#[derive(Clone, Debug)]
pub struct Text<'a> {
    /// `sheet HZ-0803-012`.
    pub of: String,
    /// `name`.
    pub field: &'static str,
    pub text: &'a str,
    max: usize,
}

impl Text<'_> {
    fn check(&self) -> Result<(), String> {
        let (of, field) = (&self.of, self.field);
        let long = self.text.chars().count();
        if long > self.max {
            let max = self.max;
            return Err(format!("{of}: {field} has {long} characters; {max} fit, shorten it"));
        }
        match self.text.chars().find(|c| c.is_control()) {
            Some(c) => Err(format!(
                "{of}: {field} has the control character U+{:04X}; take it out",
                u32::from(c)
            )),
            None => Ok(()),
        }
    }
}

impl Batch {
    /// All texts that come from the data, with their places.
    pub fn texts(&self) -> impl Iterator<Item = Text<'_>> {
        let covers = self.covers.iter().flat_map(Cover::texts);
        self.office
            .texts()
            .into_iter()
            .chain(covers)
            .chain(self.sheets.iter().flat_map(Sheet::texts))
    }
}

fn texts<'a, const N: usize>(
    of: &str,
    fields: [(&'static str, &'a str, usize); N],
) -> Vec<Text<'a>> {
    let place = |(field, text, max)| Text { of: of.to_owned(), field, text, max };
    fields.into_iter().map(place).collect()
}

impl Office {
    fn texts(&self) -> Vec<Text<'_>> {
        texts(
            "office",
            [
                ("office", &self.office, 22),
                ("letter", &self.letter, TEXT_MAX),
                ("dated", &self.dated, TEXT_MAX),
                ("return_by", &self.return_by, TEXT_MAX),
                ("as_of_short", &self.as_of_short, TEXT_MAX),
                ("printed", &self.printed, TEXT_MAX),
                ("address", &self.address, 40),
                ("contact", &self.contact, TEXT_MAX),
                ("site", &self.site, TEXT_MAX),
                ("by", &self.by, TEXT_MAX),
                ("discretion", &self.discretion, 80),
            ],
        )
    }
}

impl Cover {
    fn texts(&self) -> Vec<Text<'_>> {
        let mut all = texts(
            &format!("cover {}", self.addressee),
            [
                ("township", &self.township, TEXT_MAX),
                ("addressee", &self.addressee, TEXT_MAX),
                ("filled_by", &self.filled_by, TEXT_MAX),
                ("missing", &self.missing, LINE_MAX),
            ],
        );
        for line in &self.lines {
            let of = format!("cover {}, line {}", self.addressee, line.number);
            let fields = [
                ("number", line.number.as_str(), 24),
                ("name", &line.name, TEXT_MAX),
                ("address", &line.address, LINE_MAX),
            ];
            all.extend(texts(&of, fields));
        }
        all
    }
}

impl Sheet {
    fn texts(&self) -> Vec<Text<'_>> {
        let of = format!("sheet {}", self.number);
        let mut all = texts(
            &of,
            [
                ("number", &self.number, 24),
                ("addressee", &self.addressee, TEXT_MAX),
                ("filled_by", &self.filled_by, 20),
                ("of_yours", &self.of_yours, 20),
                ("name", &self.name, 40),
                ("programme", &self.programme, 12),
                ("instalments", &self.instalments, 24),
                ("sex_and_age", &self.sex_and_age, 16),
                ("id_mask", &self.id_mask, 24),
                ("address", &self.address, TEXT_MAX),
                ("studies", &self.studies, TEXT_MAX),
                ("co_borrower", &self.co_borrower, TEXT_MAX),
                ("phones", &self.phones, TEXT_MAX),
                ("return_code", self.return_code.as_deref().unwrap_or_default(), 24),
            ],
        );
        let seals = self.seals.each_ref().map(|seal| ("seals", seal.as_str(), 24));
        all.extend(texts(&of, seals));
        all
    }
}
