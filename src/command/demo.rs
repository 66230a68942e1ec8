//! `zhuxue demo`: a whole county to look around in, on this machine only. Loads the sample county
//! through the real import the first time, and lives on the sample's day. The bank's sheets of
//! December lie in the data folder, for somebody who wants to live through them.

mod life;
mod summer;
mod work;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use clap::Args;

use self::summer::Summer;
use super::{CliError, serve};
use crate::app::{App, DemoSignIn};
use crate::base::dates::{Clock, day_in};
use crate::base::ids::{LiaisonId, RowId, StaffId};
use crate::base::language::cause;
use crate::base::scope::Scope;
use crate::base::url::is_loopback;
use crate::book::audit_log::Actor;
use crate::book::liaison::{self, Kind, Liaison};
use crate::book::office::{self, Office};
use crate::book::policy;
use crate::book::season::{self, Season};
use crate::book::staff::{self, Right, Role, Staff};
use crate::book::statement::Product;
use crate::desk::start;
use crate::imports::batch::{self, Upload};
use crate::imports::layout::Layout;
use crate::jobs;
use crate::localized;
use crate::plumbing::config::Config;
use crate::plumbing::db::Address;
use crate::plumbing::sheet::SheetLimits;
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::plumbing::{self, meta, password};

const LOADED: &str = "loaded";
/// Folder of the bank's December sheets in the data folder, the day they are of, and which.
const DECEMBER: &str = "银行12月";
const DECEMBER_DAY: &str = "2026-12-22";
const DECEMBER_SHEETS: [&str; 3] = ["contracts", "repayments", "overdue"];
const OFFICE: &str = "512022";

/// Name to sign in with, password, name, role. Known to everybody; the demo listens on this
/// machine only.
const STAFF: [(&str, &str, &str, Role); 5] = [
    ("jingban", "demo-jingban", "韦清越", Role::Clerk),
    ("fuhe", "demo-fuhe", "蓝敬安", Role::Reviewer),
    ("zhuren", "demo-zhuren", "覃望舒", Role::Director),
    ("shenji", "demo-shenji", "莫照邻", Role::Auditor),
    ("guanli", "demo-guanli", "农知行", Role::Administrator),
];

/// A borrower of the sample to sign in as on `/m`: one instalment is late. Nobody's number.
const BORROWER: (&str, &str) = ("叶敏", "512098199711164246");

/// Their loan file.
const BORROWER_FILE: &str = "LZ2017-0006";

/// 乡镇 and village of the sample that get sheets of visits.
const VILLAGE: (&str, &str) = ("东山镇", "方广村村民委员会");

/// Liaisons of the sample who sign in on `/l`: name to sign in with, password, name, 乡镇 of a
/// village, place.
const LIAISONS: [(Kind, [&str; 5]); 2] = [
    (Kind::Village, ["cunli", "demo-cunli", "班守田", VILLAGE.0, VILLAGE.1]),
    (Kind::School, ["xuexiao", "demo-xuexiao", "梁知远", "", "乐至县第四中学"]),
];

const SHEETS: [&str; 10] = [
    "borrowers",
    "contracts",
    "repayments",
    "overdue",
    "graduation",
    "preapply",
    "hardship",
    "enlistment",
    "receipts",
    "monthly",
];

/// Shows a whole county of invented loans in a browser.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// The day the demo lives on; the sample's day without it.
    #[arg(long, value_name = "DAY")]
    pub today: Option<NaiveDate>,
    /// Throws the demo's data away and starts anew.
    #[arg(long)]
    pub reset: bool,
}

impl Demo {
    /// Loads what is missing, says where it is, serves.
    ///
    /// # Errors
    /// Exit code 1 when the folder, the database or the port cannot be used; 2 when the folder
    /// holds a real county.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let sample_day = day_in(2026, 10, 31);
        if self.today.is_some_and(|day| day < day_in(2026, 7, 1)) {
            return Err(CliError::input(localized!(
                "--today：示例县的数据从 2026-07-01 起，请选这一天或以后的日子",
                "--today: the sample county begins on 2026-07-01; choose that day or a later one"
            )));
        }
        stays_here(&config)?;
        serve::check_listen(&config)?;
        if self.reset {
            reset(&config)?;
        }
        let clock = Clock::starting_on(self.today.unwrap_or(sample_day));
        let mut app = super::open_or_make(with_spool(config), clock)?;
        let state = app.db.read(|db| meta::get(db, meta::DEMO))?;
        if state.is_none() && !app.db.read(office::all)?.is_empty() {
            return Err(CliError::input(localized!(
                "data_dir {}：里面是真实数据，请用 zhuxue serve 打开",
                "data_dir {}: holds a real county; start it with: zhuxue serve",
                app.config.data_dir.display()
            )));
        }
        if state.as_deref() != Some(LOADED) {
            load(&app, out)?;
        }
        jobs::close_day::refresh_all(&app)?;
        app.demo = sign_ins();
        writeln!(out, "\n  {}\n", app.config.public_url)?;
        for (login, password, name, role) in STAFF {
            writeln!(out, "  {login:<8} {password:<13} {name} · {}", role.in_words())?;
        }
        let url = &app.config.public_url;
        let liaisons = localized!("联络员页面", "Page of liaisons");
        writeln!(out, "\n  {liaisons} {url}/l")?;
        for (_, [login, password, name, _, place]) in LIAISONS {
            writeln!(out, "  {login:<8} {password:<13} {name} · {place}")?;
        }
        let (name, id_number) = BORROWER;
        let phones = localized!("手机页面", "Page of borrowers");
        writeln!(out, "\n  {phones} {url}/m  {name} {id_number}")?;
        let codes = app.config.data_dir.join("spool/sms");
        let december = put_december(&app)?;
        let words = localized!(
            "  验证码在 {} 最新的文件里\n\n  银行 12 月的表在 {}\n  先加 --today {DECEMBER_DAY} \
             开到等银行结果的那一天，再从“导入与批处理”选这几份\n\n  \
             演示日期 {}；数据全部虚构。按 Ctrl-C 结束。\n",
            "  The code is in the newest file of {}\n\n  The bank's December sheets are in {}\n  \
             Start with --today {DECEMBER_DAY}, when their result is awaited, and choose them \
             on 导入与批处理\n\n  The demo lives on {}; all data is invented. Ctrl-C ends it.\n",
            codes.display(),
            december.display(),
            app.clock.today()
        );
        writeln!(out, "{words}")?;
        serve::serve(&app, out)
    }
}

/// Everybody knows the demo's passwords: it is for this machine only.
fn stays_here(config: &Config) -> Result<(), CliError> {
    for (key, address) in [("listen", &config.listen), ("public_url", &config.public_url)] {
        if !is_loopback(address) {
            return Err(CliError::input(localized!(
                "{key} {address}：演示的密码人人知道，只能在本机使用，请用 127.0.0.1",
                "{key} {address}: the demo, whose passwords everybody knows, is for this machine \
                 only; use 127.0.0.1"
            )));
        }
    }
    Ok(())
}

/// Messages of the demo go into folders, where they can be looked at.
fn with_spool(mut config: Config) -> Config {
    for gateway in [&mut config.sms.gateway, &mut config.mail.gateway] {
        if gateway == "off" {
            "spool".clone_into(gateway);
        }
    }
    config
}

fn sign_ins() -> Arc<[DemoSignIn]> {
    STAFF
        .iter()
        .map(|(login, password, name, role)| DemoSignIn {
            login: (*login).to_owned(),
            password: (*password).to_owned(),
            who: format!("{name} · {}", role.in_words()),
        })
        .collect()
}

/// Removes the demo's database and keys; refuses to touch anything else.
fn reset(config: &Config) -> Result<(), CliError> {
    let Ok(Address::Sqlite(file)) = Address::parse(&config.database()) else {
        return Err(CliError::input("--reset: works on the demo's own SQLite file only"));
    };
    if !file.exists() {
        return Ok(());
    }
    let app = super::open(config.clone(), Clock::real())?;
    let is_demo = app.db.read(|db| meta::get(db, meta::DEMO))?.is_some();
    let is_empty = app.db.read(office::all)?.is_empty();
    drop(app);
    if !is_demo && !is_empty {
        return Err(CliError::input(localized!(
            "--reset：{} 里面是真实数据，什么都没有删",
            "--reset: {} holds a real county; nothing was removed",
            file.display()
        )));
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut name = file.clone().into_os_string();
        name.push(suffix);
        remove(Path::new(&name))?;
    }
    remove(&config.keys())
}

fn remove(file: &Path) -> Result<(), CliError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::failed(localized!(
                "{}：删不掉（{error}）",
                "{}: cannot be removed ({error})",
                file.display(),
                error = cause(&error)
            )))
        }
        _ => Ok(()),
    }
}

/// Sets up the office and its staff and imports the ten sheets. Killed half-way, the next start
/// goes on: importing again changes nothing.
fn load(app: &App, out: &mut dyn Write) -> Result<(), CliError> {
    set_up(app)?;
    let clerk = app.db.read(|db| staff::who_may(db, OFFICE, Right::Import, Some("jingban")))?;
    let by = clerk.ok_or_else(|| {
        CliError::failed(localized!(
            "演示的经办账号不在了，请加 --reset 重新开始",
            "the demo's clerk is missing; use --reset"
        ))
    })?;
    let by = Actor { office_code: OFFICE.to_owned(), ..by };
    let scope = Scope::of(OFFICE);
    writeln!(
        out,
        "{}",
        localized!("导入示例县的十张表 …", "Importing the ten sheets of the sample county …")
    )?;
    out.flush()?;
    let (today, sample_day) = (app.clock.today(), day_in(2026, 10, 31));
    let next = app.policy().calendar().add_working_days(today, 1);
    let summer = (today < sample_day).then(|| Summer::of(today, next)).transpose()?;
    let mut uploads = Vec::new();
    for name in SHEETS {
        uploads.extend(sheet(name, summer.as_ref())?);
    }
    let day = Some(today.min(sample_day));
    let batch = batch::receive_files(app, &scope, &by, &uploads, day, Product::Cdb)?;
    batch::check(app, &scope, &batch, |_| {})?;
    let differ = batch::post(app, &scope, &batch, |_| {})?;
    if differ > 0 {
        writeln!(
            out,
            "{}",
            localized!("与银行数字不一致 {differ} 处", "{differ} figures differ from the bank's")
        )?;
    }
    life::live(app, &by)?;
    if let Some(summer) = summer {
        summer.live(app, &by)?;
        work::live(app, &by)?;
    }
    app.db.write("demo loaded", |db| meta::set(db, meta::DEMO, LOADED))?;
    Ok(())
}

fn set_up(app: &App) -> Result<(), CliError> {
    if !app.db.read(office::all)?.is_empty() {
        return Ok(());
    }
    let now = app.clock.now_at();
    let office = Office {
        code: OFFICE.to_owned(),
        name: "乐至县学生资助管理中心".to_owned(),
        letters: "LZ".to_owned(),
        phone: "0000-6180312".to_owned(),
        address: "县教育局一楼资助中心".to_owned(),
        created_at: now,
        amounts_on_papers_by: String::new(),
    };
    let mut people = Vec::new();
    for (login, password, name, role) in STAFF {
        people.push(Staff {
            id: StaffId::new(app.next_id()),
            office_code: OFFICE.to_owned(),
            login: login.to_owned(),
            name: name.to_owned(),
            role,
            password_hash: password::hash(password)?,
            active: true,
            created_at: now,
            last_signed_in_at: None,
            version: 1,
        });
    }
    let liaisons: Vec<Liaison> =
        LIAISONS.into_iter().map(|one| liaison(app, one)).collect::<Result<_, _>>()?;
    // The sample county has opened the year that it is in, as its director does on `/season`.
    let (year, policy) = (app.clock.today().year(), app.policy());
    let (opens_on, closes_on) = policy.application_window(OFFICE, year);
    let season = Season {
        id: RowId::new(app.next_id()),
        office_code: OFFICE.to_owned(),
        year,
        state: season::State::Open,
        opens_on,
        closes_on,
        by_name: "覃望舒".to_owned(),
        changed_at: now,
        reason: String::new(),
        version: 0,
    };
    app.db.write("demo set-up", |db| {
        office::add(db, &office)?;
        start::keep_hidden(db, &Scope::of(OFFICE))?;
        season::keep(db, &season)?;
        for one in &liaisons {
            liaison::add(db, &app.sealer, one)?;
        }
        for one in &people {
            staff::add(db, &app.sealer, one)?;
        }
        meta::set(db, meta::DEMO, "loading")
    })?;
    Ok(())
}

fn liaison(app: &App, (kind, texts): (Kind, [&str; 5])) -> Result<Liaison, CliError> {
    let [login, password, name, township, place] = texts.map(ToOwned::to_owned);
    Ok(Liaison {
        id: LiaisonId::new(app.next_id()),
        office_code: OFFICE.to_owned(),
        kind,
        township,
        place,
        login,
        name,
        phone_sealed: None,
        phone_mask: String::new(),
        password_hash: password::hash(&password)?,
        own_password: true,
        active: true,
        amounts_allowed_by: String::new(),
        created_at: app.clock.now_at(),
        created_by: "演示".to_owned(),
        last_signed_in_at: None,
        version: 1,
    })
}

/// Puts the bank's December sheets where somebody can choose them; what is there stays.
fn put_december(app: &App) -> Result<PathBuf, CliError> {
    let folder = app.config.data_dir.join(DECEMBER);
    let failed = |error: std::io::Error| {
        CliError::failed(localized!(
            "{}：写不进去（{error}）",
            "{}: cannot be written ({error})",
            folder.display(),
            error = cause(&error)
        ))
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    for name in DECEMBER_SHEETS {
        let file = folder.join(december_name(name));
        if !file.exists() {
            std::fs::write(file, december_sheet(name)?.bytes).map_err(failed)?;
        }
    }
    Ok(folder)
}

fn december_name(name: &'static str) -> String {
    let title = Layout::from_text(name).map_or(name, Layout::short_title);
    format!("{title}-{DECEMBER_DAY}.xlsx")
}

/// The bank's sheets of 2026-12-22, as workbooks: the deductions of the year are booked, who has
/// not paid is on the list of those overdue.
///
/// # Errors
/// When one is not in this program, or damaged.
pub fn december_sheets() -> Result<Vec<Upload>, CliError> {
    DECEMBER_SHEETS.iter().map(|name| december_sheet(name)).collect()
}

fn december_sheet(name: &'static str) -> Result<Upload, CliError> {
    let damaged = |why: String| {
        CliError::failed(localized!("12 月的表 {name}：{why}", "the December sheet {name}: {why}"))
    };
    let csv = unpacked("december", name)?;
    let tables = plumbing::sheet::read(&csv, &SheetLimits::default())
        .map_err(|problem| damaged(problem.to_chinese()))?;
    let rows = tables.iter().flat_map(|table| table.rows.iter());
    let mut texts = rows.map(|row| {
        row.cells.iter().map(|cell| cell.text.trim().to_owned()).collect::<Vec<String>>()
    });
    let title = texts.next().unwrap_or_default().concat();
    let headings = texts.next().unwrap_or_default();
    let is_money: Vec<bool> = headings.iter().map(|heading| heading.ends_with("（元）")).collect();
    let head = Head {
        sheet: Layout::from_text(name).map_or(name, Layout::short_title).to_owned(),
        titles: vec![title],
        columns: headings.into_iter().map(|heading| (heading, 16)).collect(),
        ..Head::default()
    };
    let cells = texts.map(|row| {
        row.into_iter()
            .zip(&is_money)
            .map(|(text, money)| match text.parse() {
                Ok(fen) if *money => Out::Money(fen),
                _ if text.is_empty() => Out::Blank,
                _ => Out::Text(text),
            })
            .collect()
    });
    let bytes = write::list(&head, cells).map_err(|error| damaged(error.to_string()))?;
    Ok(Upload { name: december_name(name), bytes })
}

/// A sheet of the sample, as it stood on a day of its summer; none when there was none.
fn sheet(name: &'static str, summer: Option<&Summer>) -> Result<Option<Upload>, CliError> {
    let bytes = match summer {
        Some(summer) => summer.sheet(name)?,
        None => Some(unpacked("county", name)?),
    };
    let title = Layout::from_text(name).map_or(name, Layout::short_title);
    let upload = |bytes| Upload { name: format!("{title}.csv"), bytes: with_own_numbers(bytes) };
    Ok(bytes.map(upload))
}

/// The sample gives student and co-borrower numbers that look alike once masked: those of
/// co-borrowers end otherwise here.
fn with_own_numbers(sheet: Vec<u8>) -> Vec<u8> {
    const HEADING: &str = "共同借款人手机";
    let Ok(text) = String::from_utf8(sheet.clone()) else { return sheet };
    let column = text.lines().nth(1).and_then(|row| row.split(',').position(|one| one == HEADING));
    let Some(column) = column else { return sheet };
    let other = |cell: &str| -> String {
        let turned = |c: char| c.to_digit(10).and_then(|d| char::from_digit((d + 3) % 10, 10));
        let (start, end) = cell.split_at_checked(7).unwrap_or((cell, ""));
        start.chars().chain(end.chars().map(|c| turned(c).unwrap_or(c))).collect()
    };
    let row = |line: &str| -> String {
        let cells = line.split(',').enumerate();
        let cells = cells.map(|(n, cell)| if n == column { other(cell) } else { cell.to_owned() });
        cells.collect::<Vec<_>>().join(",")
    };
    let rows = text.lines().enumerate();
    let rows = rows.map(|(n, line)| if n < 2 { line.to_owned() } else { row(line) });
    let mut changed = rows.collect::<Vec<_>>().join("\r\n");
    changed.push_str("\r\n");
    changed.into_bytes()
}

fn unpacked(set: &str, name: &str) -> Result<Vec<u8>, CliError> {
    let packed = policy::sample_file(&format!("{set}/{name}.csv.gz")).ok_or_else(|| {
        CliError::failed(localized!(
            "本程序里没有示例表 {name}",
            "the sample sheet {name} is not in this program"
        ))
    })?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).map_err(|e| {
        CliError::failed(localized!(
            "示例表 {name} 已损坏（{e}）",
            "the sample sheet {name} is damaged ({e})"
        ))
    })?;
    Ok(bytes)
}
