//! A folder of its own for every test, a batch to print, and readers of what came out.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

pub struct Desk {
    folder: TempDir,
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Desk {
    pub fn new() -> Desk {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs the program in the folder with the batch as `batch.json`, to `out.pdf`.
    pub fn print(&self, template: &str, batch: &Value, more: &[&str]) -> Ran {
        self.write("batch.json", &batch.to_string());
        let mut words = vec!["--template", template, "--data", "batch.json", "--out", "out.pdf"];
        words.extend(more);
        self.run(&words)
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_zhuxue-papers"))
            .args(words)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn pages(&self) -> usize {
        zhuxue_papers::join::pages(std::fs::read(self.path("out.pdf")).unwrap()).unwrap()
    }

    /// The text of each page as a reader copies it, without spaces and line breaks.
    pub fn text(&self) -> Vec<String> {
        let output = self.poppler("pdftotext", &["-layout", "out.pdf", "-"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let pages = text.trim_end_matches('\u{c}').split('\u{c}');
        pages.map(|page| page.split_whitespace().collect()).collect()
    }

    /// What the QR codes on a page say, read from its picture.
    pub fn codes(&self, page: usize) -> Vec<String> {
        let page = page.to_string();
        let words = ["-f", &page, "-l", &page, "-r", "150", "-gray", "out.pdf"];
        let picture = self.poppler("pdftoppm", &words).stdout;
        let (width, height, pixels) = grey(&picture);
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            pixels[y * width + x]
        });
        picture.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
    }

    fn poppler(&self, program: &str, words: &[&str]) -> Output {
        let output = Command::new(program)
            .args(words)
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; install poppler-utils"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }
}

/// Width, height and pixels of a PGM picture: `P5 width height 255` and a byte for each pixel.
fn grey(picture: &[u8]) -> (usize, usize, &[u8]) {
    let mut words = picture.splitn(4, |b| b.is_ascii_whitespace());
    assert_eq!(words.next().unwrap(), b"P5");
    let mut number = || std::str::from_utf8(words.next().unwrap()).unwrap().parse().unwrap();
    let (width, height) = (number(), number());
    let rest = words.next().unwrap();
    let pixels = rest.strip_prefix(b"255\n").unwrap();
    assert_eq!(pixels.len(), width * height);
    (width, height, pixels)
}

pub fn office() -> Value {
    json!({
        "office": "青禾县学生资助管理中心",
        "letter": "青资助访〔2026〕12 号",
        "dated": "2026年8月3日",
        "return_by": "2026年8月15日",
        "as_of_short": "8月3日",
        "printed": "2026年8月3日 9:20 打印　经办 韦清越",
        "address": "县教育局一楼资助中心 3 号窗口",
        "contact": "联系人：韦清越　电话：0000-6180312",
        "by": "村（社区）",
        "discretion": "请勿将还款交给个人，请勿对外张贴或转发本表。",
        "amounts": true,
    })
}

pub fn sheet(number: &str, name: &str) -> Value {
    json!({
        "number": number,
        "addressee": "柳溪镇上湾村村民委员会",
        "filled_by": "村民委员会",
        "seals": ["走访人（两人以上）", "借款人或家人", "村民委员会（盖章）", "派出所（盖章）"],
        "of_yours": "贵村村民",
        "name": name,
        "programme": "国家助学贷款",
        "instalments": "有一期还款到期未还",
        "sex_and_age": "男　29 岁",
        "id_mask": "990***********2136",
        "address": "柳溪镇上湾村二组",
        "studies": "西岭师范学院，2019 年毕业",
        "co_borrower": "父亲 覃志强　187****3350",
        "phones": "139****2211",
        "amount_fen": 269_660,
        "return_code": "7K3M-9QXP",
        "return_url": format!("https://zizhu.example.cn/r/{number}"),
    })
}

pub fn cover(township: &str, village: &str, numbers: &[&str]) -> Value {
    let line = |number: &&str| {
        json!({
            "number": number,
            "name": "覃思远",
            "address": village,
            "amount_fen": 100_050,
        })
    };
    json!({
        "township": township,
        "addressee": format!("{township}{village}村民委员会"),
        "filled_by": "村民委员会",
        "lines": numbers.iter().map(line).collect::<Vec<_>>(),
    })
}

pub fn one() -> Value {
    json!({"office": office(), "sheets": [sheet("HZ-0803-012", "覃思远")]})
}
