//! 查重名单: the file that goes from one county to another, and how it is read. Pure. It holds keyed
//! hashes and who made it until when; no name and no number of a person.

use chrono::NaiveDate;

use crate::book::partner::{Hashes, Partner, PartnerKey};
use crate::plumbing::crypto::{from_hex, to_hex};

const TITLE: &str = "跨县查重名单";
const CHECKSUM: &str = "校验：";
const STUDENT: &str = "借款学生";
const CO_BORROWER: &str = "共同借款人";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartnerFile {
    /// The office that made it, and what it calls the receiver.
    pub from: String,
    pub to: String,
    /// By it the maker knows its own lists.
    pub mark: String,
    pub fingerprint: String,
    pub year: i32,
    pub made_on: NaiveDate,
    pub expires_on: NaiveDate,
    pub hashes: Hashes,
    /// In hex; empty until it is written.
    pub checksum: String,
    /// All that the checksum is about.
    pub body: String,
}

impl PartnerFile {
    /// The text of the file.
    pub fn write(&self, key: &PartnerKey) -> String {
        let head = [
            TITLE.to_owned(),
            format!("来自：{}", self.from),
            format!("给：{}", self.to),
            format!("标记：{}", self.mark),
            format!("口令指纹：{}", self.fingerprint),
            format!("学年：{}", self.year),
            format!("生成：{}", self.made_on),
            format!("用到：{}", self.expires_on),
            format!("行数：{}", self.hashes.len()),
        ];
        let role = |is_co: bool| if is_co { CO_BORROWER } else { STUDENT };
        let line = |(hash, is_co): &(Vec<u8>, bool)| format!("{},{}", to_hex(hash), role(*is_co));
        let lines: Vec<String> = head.into_iter().chain(self.hashes.iter().map(line)).collect();
        let body = lines.join("\n");
        format!("{body}\n{CHECKSUM}{}\n", key.checksum(&body))
    }

    /// Reads what [`PartnerFile::write`] wrote, also when an editor has changed its ends of lines.
    ///
    /// # Errors
    /// One sentence.
    pub fn read((name, bytes): (&str, &[u8])) -> Result<PartnerFile, String> {
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim_start_matches('\u{feff}');
        let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        if lines.first() != Some(&TITLE) {
            return Err(format!("“{name}”不是跨县查重名单，请选对方生成的那个文件，不要改动"));
        }
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        read_lines(&lines).ok_or_else(|| changed(name))
    }

    /// # Errors
    /// One sentence, when it was changed on its way.
    pub fn check(&self, name: &str, key: &PartnerKey) -> Result<(), String> {
        match key.checksum(&self.body) == self.checksum {
            true => Ok(()),
            false => Err(changed(name)),
        }
    }

    /// Whose key it was written with.
    ///
    /// # Errors
    /// One sentence, when it is nobody's.
    pub fn sender<'a>(&self, partners: &'a [Partner]) -> Result<&'a Partner, String> {
        partners.iter().find(|one| one.fingerprint == self.fingerprint).ok_or_else(|| {
            let (from, fingerprint) = (&self.from, &self.fingerprint);
            format!(
                "{from}生成这份名单用的口令指纹是 {fingerprint}，本县约好的县里没有：\
                 打电话和对方核对口令指纹，两边要一样"
            )
        })
    }

    /// # Errors
    /// One sentence, when it says nothing of the season.
    pub fn is_of(&self, today: NaiveDate, year: i32) -> Result<(), String> {
        let (of, until) = (self.year, self.expires_on);
        if of != year {
            return Err(format!("这份名单是 {of} 学年的，现在办的是 {year} 学年，请对方重新生成"));
        }
        match until < today {
            true => Err(format!("这份名单只用到 {until}，已经过期，请对方重新生成")),
            false => Ok(()),
        }
    }
}

fn changed(name: &str) -> String {
    format!("“{name}”被改动过，或者没有传完整，请对方重新生成一份")
}

fn read_lines(lines: &[&str]) -> Option<PartnerFile> {
    let (last, body) = lines.split_last()?;
    let mut rest = body.iter().skip(1);
    let mut field = |label: &str| rest.next()?.strip_prefix(label)?.strip_prefix('：');
    let mut file = PartnerFile {
        from: field("来自")?.to_owned(),
        to: field("给")?.to_owned(),
        mark: field("标记")?.to_owned(),
        fingerprint: field("口令指纹")?.to_owned(),
        year: field("学年")?.parse().ok()?,
        made_on: field("生成")?.parse().ok()?,
        expires_on: field("用到")?.parse().ok()?,
        checksum: last.strip_prefix(CHECKSUM)?.to_owned(),
        body: body.join("\n"),
        ..PartnerFile::default()
    };
    let count: usize = field("行数")?.parse().ok()?;
    for line in rest {
        let (hash, role) = line.split_once(',')?;
        let is_co = match role {
            STUDENT => false,
            CO_BORROWER => true,
            _ => return None,
        };
        file.hashes.insert((from_hex(hash).filter(|hash| hash.len() == 32)?, is_co));
    }
    (file.hashes.len() == count).then_some(file)
}
