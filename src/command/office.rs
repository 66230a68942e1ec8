//! `zhuxue office add` and `zhuxue office list`.

use std::io::Write;

use clap::Subcommand;

use super::CliError;
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::office;
use crate::localized;
use crate::plumbing::config::Config;

/// Offices of this database.
#[derive(Debug, Subcommand)]
pub enum Office {
    /// Sets up an office. The first thing to do with an empty database.
    Add {
        /// Division code of the county, 6 digits: 512022.
        #[arg(long)]
        code: String,
        /// 乐至县学生资助管理中心
        #[arg(long)]
        name: String,
        /// Letters that begin the numbers of loan files: LZ.
        #[arg(long)]
        letters: String,
        /// Telephone shown on pages and papers.
        #[arg(long, default_value = "")]
        phone: String,
        /// Where to find the desk.
        #[arg(long, default_value = "")]
        address: String,
    },
    /// Lists the offices.
    List,
}

impl Office {
    /// Runs it.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let app = match &self {
            Office::Add { .. } => super::open_or_make(config, Clock::real())?,
            Office::List => super::open(config, Clock::real())?,
        };
        match self {
            Office::List => {
                for office in app.db.read(office::all)? {
                    writeln!(out, "{}  {}  {}", office.code, office.letters, office.name)?;
                }
            }
            Office::Add { code, name, letters, phone, address } => {
                let new = office::Office {
                    code: code.trim().to_owned(),
                    name: name.trim().to_owned(),
                    letters: letters.trim().to_uppercase(),
                    phone: phone.trim().to_owned(),
                    address: address.trim().to_owned(),
                    created_at: app.clock.now_at(),
                    amounts_on_papers_by: String::new(),
                };
                check(&new)?;
                let by = Actor::program("命令行", &new.code);
                act::run(&app, (&by, &Scope::of(&new.code)), "add office", |act| {
                    let all = office::all(act.db)?;
                    let refuse = |line: String| Err(crate::error::AppError::refused(line));
                    if all.iter().any(|known| known.code == new.code) {
                        return refuse(localized!(
                            "--code：{} 已经建立过",
                            "--code: {} is set up already",
                            new.code
                        ));
                    }
                    // File numbers are read out on the telephone: no two offices begin alike.
                    if let Some(known) = all.iter().find(|known| known.letters == new.letters) {
                        return refuse(localized!(
                            "--letters：{} 已由 {} 使用，请换一个，例如 {}{}",
                            "--letters: {} are those of {}; choose others, such as {}{}",
                            new.letters,
                            known.name,
                            new.letters.get(..3).unwrap_or(&new.letters),
                            'A'
                        ));
                    }
                    office::add(act.db, &new)?;
                    act.audit(AuditEntry::of(
                        "office_added",
                        &new.name,
                        format!("建立{}，代码 {}", new.name, new.code),
                    ))
                })?;
                writeln!(
                    out,
                    "{}",
                    localized!("已建立 {} {}", "{} {} is set up", new.code, new.name)
                )?;
            }
        }
        Ok(())
    }
}

fn check(new: &office::Office) -> Result<(), CliError> {
    let wrong = |line: String| Err(CliError::input(line));
    if new.code.len() != 6 || !new.code.bytes().all(|b| b.is_ascii_digit()) {
        return wrong(localized!(
            "--code：应为县级行政区划代码 6 位数字，例如 512022",
            "--code: expected the 6 digits of the county's division, such as 512022"
        ));
    }
    if new.name.is_empty() {
        return wrong(localized!(
            "--name：请写资助中心的名称",
            "--name: expected the name of the office"
        ));
    }
    let letters = new.letters.as_bytes();
    if !(1..=4).contains(&letters.len()) || !letters.iter().all(u8::is_ascii_uppercase) {
        return wrong(localized!(
            "--letters：应为 1 到 4 个字母，例如 LZ",
            "--letters: expected 1 to 4 letters, such as LZ"
        ));
    }
    Ok(())
}

/// The office that a command is about: the one that is named, or the only one.
pub fn chosen(app: &App, code: Option<&str>) -> Result<office::Office, CliError> {
    let mut offices = app.db.read(office::all)?;
    if let Some(code) = code {
        offices.retain(|office| office.code == code);
        return offices.pop().ok_or_else(|| {
            CliError::input(localized!(
                "--office：没有代码为 {code} 的资助中心",
                "--office: there is no office {code}"
            ))
        });
    }
    match (offices.pop(), offices.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(CliError::input(localized!(
            "--office：有几个资助中心，请指明是哪一个",
            "--office: there are several offices, name one"
        ))),
        (None, _) => Err(CliError::input(localized!(
            "还没有资助中心，请先建立：zhuxue office add --help",
            "there is no office yet; set one up first: zhuxue office add --help"
        ))),
    }
}
