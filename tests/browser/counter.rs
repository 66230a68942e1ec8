//! The counter by keyboard alone: a first loan of somebody whose pre-application has passed takes
//! at most forty key strokes beyond names; cards are read by a reader, which types like a
//! keyboard.

use super::accessibility::expect_accessible;
use super::harness::{Browser, Program, driver_url, in_browser};
use crate::counter::{FATHER, GIRL, id};

const ENTER: &str = "\u{e007}";
const SAVE: &str = "\u{e009}\u{e007}";
const STROKES_MAX: usize = 40;

/// A keyboard that counts.
struct Keyboard<'a> {
    browser: &'a Browser,
    strokes: usize,
}

impl Keyboard<'_> {
    async fn send(&self, keys: &str) {
        let now = self.browser.driver.active_element().await.unwrap();
        now.send_keys(keys).await.unwrap();
    }

    /// A name, or what a card reader types: not counted.
    async fn free(&self, text: &str) {
        self.send(text).await;
    }

    async fn press(&mut self, keys: &str) {
        self.strokes += if keys == SAVE { 1 } else { keys.chars().count() };
        self.send(keys).await;
    }

    /// Waits for a step's page.
    async fn at(&self, step: &str) {
        self.browser.find(&format!("form[action$='/{step}'] .act")).await;
    }
}

async fn sign_in(browser: &Browser, login: &str) {
    browser.driver.delete_all_cookies().await.unwrap();
    browser.open("/login").await;
    browser.fill("[name=login]", login).await;
    browser.fill("[name=password]", &format!("demo-{login}")).await;
    browser.click(".btn.pri").await;
    browser.find("#main .head").await;
}

async fn look(browser: &Browser, name: &str) {
    browser.shoot(name).await;
    expect_accessible(browser, name).await;
}

#[test]
fn a_first_loan_takes_forty_key_strokes() {
    if driver_url().is_none() {
        return;
    }
    let mut program = Program::new();
    program.start(&["demo", "--today", "2027-07-20"]);
    let list = format!(
        "序号,学生姓名,身份证号,毕业高中,班级,乡镇（街道）,村（社区）,家庭类型,联系电话,申请日期,\
         学校审核意见,县级资助中心审核意见\n1,罗一禾,{},乐至县第一中学,高三（4）班,宝林镇,\
         太平寺村村民委员会,脱贫户,16410000316,2027-05-10,情况属实,通过\n",
        id(GIRL)
    );
    std::fs::write(program.file("预申请.csv"), list).unwrap();
    program.run(&["import", "预申请.csv"]);
    in_browser("counter", &program, async |browser| {
        sign_in(browser, "jingban").await;
        browser.open("/applications").await;
        look(browser, "applications").await;
        let mut keys = Keyboard { browser, strokes: 0 };
        keys.press("n").await;
        browser.find("#q:focus").await;
        keys.free("罗一禾").await;
        keys.press(SAVE).await;
        keys.at("who").await;
        look(browser, "counter-who").await;
        keys.press(SAVE).await;
        keys.at("co").await;
        browser.find("#co_name:focus").await;
        keys.free("罗建松").await;
        keys.press(ENTER).await;
        keys.free(&format!("{}{ENTER}", id(FATHER))).await;
        keys.press("16410007702").await;
        look(browser, "counter-co").await;
        keys.press(SAVE).await;
        keys.at("study").await;
        browser.find("#university:focus").await;
        keys.free("四川大学").await;
        for amount in ["4600", "1200", "12000"] {
            keys.press(ENTER).await;
            keys.press(amount).await;
        }
        look(browser, "counter-study").await;
        keys.press(SAVE).await;
        keys.at("papers").await;
        look(browser, "counter-papers").await;
        keys.press(SAVE).await;
        keys.at("check").await;
        browser.find("#agreed:focus").await;
        look(browser, "counter-check").await;
        keys.press(" ").await;
        keys.press(SAVE).await;
        browser.says("由另一个人来看").await;
        eprintln!("{} key strokes beyond names", keys.strokes);
        assert!(keys.strokes <= STROKES_MAX, "{} key strokes", keys.strokes);
        look(browser, "application").await;
        let at = browser.path().await;
        sign_in(browser, "fuhe").await;
        browser.open("/reviews").await;
        look(browser, "reviews").await;
        browser.click("td a.b").await;
        browser.find("[value=approve]").await;
        look(browser, "review").await;
        browser.click("[value=approve]").await;
        browser.says("已同意").await;
        sign_in(browser, "jingban").await;
        browser.open(&at).await;
        browser.click("[data-copy]").await;
        browser.find("#c-name:checked").await;
        browser.fill("#contract_no", "5120222027000001").await;
        browser.fill("#code", "007316").await;
        browser.click("form.stk[action$='/bank'] .btn.pri").await;
        browser.says("合同已生成").await;
        for paper in ["form", "contract", "plan", "certificate", "cover"] {
            browser.open(&format!("{at}/print/{paper}")).await;
            browser.find(".a4").await;
            browser.photograph(&format!("paper-{paper}"), 900).await;
        }
    });
}
