//! `cargo run --release --package zhuxue-papers --example bench [-- SHEETS]`: how long a large
//! batch takes and how much memory, each time in a process of its own that does what the program
//! does: reads JSON, looks through the fonts, sets, joins, writes. Prints one table; asserts
//! nothing, for a busy machine is no defect of the program.
//!
//! The raw limit is the same number of pages with a name and a rule on each, set and joined in the
//! same way: what the typesetter and the fonts cost whatever stands on a page.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zhuxue_papers::fonts::Shelf;
use zhuxue_papers::templates::Template;
use zhuxue_papers::{Stop, batch, set};

/// As many households as a county visits in a season.
const SHEETS: usize = 1_000;
/// What is promised of so many.
const GOAL: (Duration, u64) = (Duration::from_secs(20), 300);
/// Each is set so often; the slowest time and the most memory count.
const TIMES: usize = 3;
/// Households of a receiver, and receivers of a township.
const VILLAGE: usize = 20;
const TOWNSHIP: usize = 8;

const BARE: &str = "// papers: sheet
#import \"paper.typ\": *
#show: look
#for p in data.papers { page[#metadata(none)<paper>#p.name#line(length: 100%)] }
";

/// The first argument of the process that sets one batch.
const ONE: &str = "--one";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.as_slice() {
        [one, template, folder] if one == ONE => set_one(template, Path::new(folder)),
        [] => measure(SHEETS),
        [count] => match count.parse() {
            Ok(count @ 1..=100_000) => measure(count),
            _ => Err(Stop::input(format!("expected a number of sheets up to 100000, not {count}"))),
        },
        _ => Err(Stop::input("expected at most a number of sheets")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            let _ = writeln!(std::io::stderr(), "{}", stop.line);
            ExitCode::from(stop.code)
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::failed(error.to_string())
}

fn measure(count: usize) -> Result<(), Stop> {
    let folder = tempfile::tempdir().map_err(failed)?;
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("batch.json"), county(count).to_string()).map_err(failed)?;
    std::fs::write(at("bare.typ"), BARE).map_err(failed)?;
    let bare = at("bare.typ").display().to_string();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let build = if cfg!(debug_assertions) { "debug: figures mean nothing" } else { "release" };
    say(&format!("{cores} cores, load before the run {load}; {build}; each {TIMES} times"))?;
    let raw = often(&bare, folder.path())?;
    say(&format!("raw limit: {}", raw.in_words()))?;
    for template in ["visit-sheet", "pack"] {
        let found = often(template, folder.path())?;
        let (time, megabytes) = GOAL;
        let goal = if count == SHEETS {
            let met = found.slowest <= time && found.most <= megabytes;
            let met = if met { "met" } else { "MISSED" };
            format!("; goal <= {} s, <= {megabytes} MB: {met}", time.as_secs())
        } else {
            String::new()
        };
        say(&format!("{template}, {count} sheets: {}{goal}", found.in_words()))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), Stop> {
    writeln!(std::io::stdout(), "{line}").map_err(failed)
}

/// What some runs of the same took.
struct Found {
    fastest: Duration,
    slowest: Duration,
    /// Memory of the hungriest, MB.
    most: u64,
    said: String,
}

impl Found {
    fn in_words(&self) -> String {
        let seconds = |time: Duration| {
            let hundredths = time.subsec_millis() / 10;
            format!("{}.{hundredths:02}", time.as_secs())
        };
        let (fastest, slowest) = (seconds(self.fastest), seconds(self.slowest));
        format!("{}, {fastest} to {slowest} s, peak {} MB", self.said, self.most)
    }
}

fn often(template: &str, folder: &Path) -> Result<Found, Stop> {
    let none = (Duration::MAX, Duration::ZERO);
    let mut found = Found { fastest: none.0, slowest: none.1, most: 0, said: String::new() };
    let program = std::env::current_exe().map_err(failed)?;
    for _ in 0..TIMES {
        let started = Instant::now();
        let ran = Command::new(&program).args([ONE, template]).arg(folder).output();
        let ran = ran.map_err(failed)?;
        let took = started.elapsed();
        if !ran.status.success() {
            return Err(Stop::failed(String::from_utf8_lossy(&ran.stderr).trim().to_owned()));
        }
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        let (said, memory) = out.trim().rsplit_once(' ').unwrap_or((&out, "0"));
        said.clone_into(&mut found.said);
        found.fastest = found.fastest.min(took);
        found.slowest = found.slowest.max(took);
        found.most = found.most.max(memory.parse().map_err(failed)?);
    }
    Ok(found)
}

/// The whole way of the program; says pages, size and the most memory it had, in MB.
fn set_one(template: &str, folder: &Path) -> Result<(), Stop> {
    let template = Template::find(template, None)?;
    let data: PathBuf = folder.join("batch.json");
    let batch = batch::read("batch.json", &std::fs::read(&data).map_err(failed)?)?;
    let mut shelf = Shelf::find(None)?;
    shelf.cover(&batch)?;
    let done = set::all(&batch, &template, &shelf, set::AT_ONCE)?;
    std::fs::write(folder.join("out.pdf"), &done.pdf).map_err(failed)?;
    let kilobytes = done.pdf.len() / 1_000;
    say(&format!("{} pages, {kilobytes} kB {}", done.pages, peak().unwrap_or_default()))
}

/// The most memory this process had, in MB. None where there is no `/proc`.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1_024 / 1_000_000)
}

/// A county's batch: letters with their lists, a sheet for each line.
fn county(count: usize) -> Value {
    let numbers: Vec<usize> = (0..count).collect();
    let covers: Vec<Value> = numbers
        .chunks(VILLAGE)
        .enumerate()
        .map(|(village, numbers)| {
            let township = township(village);
            json!({
                "township": township,
                "addressee": format!("{township}{}村村民委员会", place(village)),
                "filled_by": "村民委员会",
                "lines": numbers.iter().map(|&n| line(n)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "office": {
            "office": "青禾县学生资助管理中心",
            "letter": "青资助访〔2026〕12 号",
            "dated": "2026年8月3日",
            "return_by": "2026年8月15日",
            "as_of_short": "8月3日",
            "printed": "2026年8月3日 9:20 打印　经办 韦清越",
            "address": "县教育局一楼资助中心 3 号窗口",
            "contact": "联系人：韦清越　电话：0000-6180312",
            "discretion": "请勿将还款交给个人，请勿对外张贴或转发本表。",
            "amounts": true,
        },
        "covers": covers,
        "sheets": numbers.iter().map(|&n| sheet(n)).collect::<Vec<_>>(),
    })
}

/// One of some characters, another for each number.
fn pick(from: &str, n: usize) -> char {
    let all: Vec<char> = from.chars().collect();
    all.get(n % all.len().max(1)).copied().unwrap_or('一')
}

fn township(village: usize) -> String {
    format!("{}溪镇", pick("柳桐枫桂松杉梅竹榕樟", village / TOWNSHIP))
}

fn place(village: usize) -> String {
    let (first, second) =
        (pick("上下东西南北新古大小", village), pick("湾坪岭塘桥寨洞坡", village / 3));
    format!("{first}{second}")
}

fn name(n: usize) -> String {
    let family = pick("覃韦蒙潘石杨吴陆黄罗莫农蓝班叶岑", n);
    let given = (pick("思晓建文清丽小国玉海春秀", n / 3), pick("远兰军斌越华梅平珍荣燕", n / 7));
    format!("{family}{}{}", given.0, given.1)
}

fn number(n: usize) -> String {
    format!("HZ-0803-{n:04}")
}

fn fen(n: usize) -> usize {
    100_000 + n * 7_919 % 900_000
}

fn line(n: usize) -> Value {
    let village = n / VILLAGE;
    json!({
        "number": number(n),
        "name": name(n),
        "address": format!("{}村{}组{}号", place(village), n % 9 + 1, n % 97 + 1),
        "amount_fen": fen(n),
    })
}

fn sheet(n: usize) -> Value {
    let village = n / VILLAGE;
    let (township, place) = (township(village), place(village));
    let seals = ["走访人（两人以上）", "借款人或家人", "村民委员会（盖章）", "派出所（盖章）"];
    json!({
        "number": number(n),
        "addressee": format!("{township}{place}村村民委员会"),
        "filled_by": "村民委员会",
        "seals": seals,
        "of_yours": "贵村村民",
        "name": name(n),
        "programme": "国家助学贷款",
        "instalments": "有一期还款到期未还",
        "sex_and_age": format!("{}　{} 岁", pick("男女", n), n % 14 + 23),
        "id_mask": format!("990***********{:04}", n * 37 % 10_000),
        "address": format!("{township}{place}村{}组{}号", n % 9 + 1, n % 97 + 1),
        "studies": format!("{}岭师范学院，{} 年毕业", pick("西东南北", n), n % 9 + 2015),
        "co_borrower": format!("父亲 {}　187****{:04}", name(n + 11), n * 53 % 10_000),
        "amount_fen": fen(n),
        "return_code": code(n),
        "return_url": format!("https://zizhu.example.cn/r/{}{n}", code(n)),
    })
}

fn code(n: usize) -> String {
    let letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let of =
        |n: usize| (0..4_u32).map(|at| pick(letters, n / 32_usize.pow(at))).collect::<String>();
    format!("{}-{}", of(n * 7_919), of(n * 104_729))
}
