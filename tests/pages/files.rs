//! 贷款档案: one file, its tabs, and how each figure came about.

use super::site::{Site, says};

#[actix_web::test]
async fn a_loan_file_reads_like_this() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    let page = site.open(&format!("/loans/{file_no}"), false).await;
    insta::assert_snapshot!(page.lines());
}

#[actix_web::test]
async fn every_tab_opens_and_the_plan_is_whole() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    let base = format!("/loans/{file_no}");
    says(
        &site.words(&format!("{base}/ledger")).await,
        &["放款", "contracts.csv 第 16 行", "流水只增不改"],
    );
    says(&site.words(&format!("{base}/contracts")).await, &["合同编号", "罚息 合同利率的 130%"]);
    says(&site.words(&format!("{base}/history")).await, &["操作记录"]);
    let all = site.words(&format!("{base}?rows=all")).await;
    assert!(!all.contains("展开"), "{all}");
}

#[actix_web::test]
async fn each_figure_opens_to_its_working_as_page_and_as_part() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    let path = format!("/loans/{file_no}/explain?due_on=2026-12-20");
    let page = site.open(&path, false).await;
    let part = site.open(&format!("{path}&row=w3"), true).await;
    says(&page.words(), &["怎么算的", "× 年利率", "÷ 360", "LPR", "回到档案"]);
    says(&page.words(), &["合起来", "合计 201.56 + 340.67 + 454.22 = 996.45 元"]);
    says(&page.words(), &["÷ 360：利率按年，银行按一年 360 天折算成每天的利率"]);
    assert!(part.body.contains("<tr id=\"w3\"") && !part.body.contains("<html"), "{}", part.body);
    let balance = site.words(&format!("/loans/{file_no}/explain?figure=balance")).await;
    says(&balance, &["本金余额怎么算的", "放款"]);
    says(&balance, &["合计 7,100.00 + 12,000.00 + 16,000.00 = 35,100.00 元"]);
    assert_eq!(site.open(&format!("/loans/{file_no}/explain?figure=x"), false).await.status, 404);
}

#[actix_web::test]
async fn the_working_is_a_sum_to_be_read_aloud() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    let page = site.words(&format!("/loans/{file_no}/explain?due_on=2030-12-20")).await;
    // A sentence for each amount, which it begins with, and no second one for the same amount.
    says(&page, &["本金 710.00 元：7,100.00 元 ÷ 10 期（2029 年到 2038 年）"]);
    says(&page, &["利息 181.41 元：本金 6,390.00 元 × 年利率 2.80% × 365 天 ÷ 360"]);
    assert_eq!(page.matches("本金 710.00").count(), 2, "its sentence and the sum: {page}");
    says(&page, &["本金 710.00 + 1,090.91 + 1,454.55 = 3,255.46 元"]);
    says(&page, &["利息 181.41 + 309.70 + 412.93 = 904.04 元"]);
    says(&page, &["合计 3,255.46 + 904.04 = 4,159.50 元", "依据的规定（"]);
    assert!(!page.contains("未到期本金"), "{page}");
    let one = site.open(&format!("/loans/{file_no}/explain?due_on=2030-12-20"), false).await;
    assert!(one.body.contains("<details"), "rules are folded, a line each");
}

#[actix_web::test]
async fn a_day_outside_of_all_years_is_refused_in_one_sentence() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    for day in ["0001-01-01", "1989-12-31", "2100-01-01", "9999-12-31"] {
        for query in [format!("?as_of={day}"), format!("/explain?due_on={day}")] {
            let page = site.open(&format!("/loans/{file_no}{query}"), false).await;
            assert_eq!(page.status, 422, "{query}");
            says(&page.words(), &["日期要在 1990 年到 2099 年之间"]);
        }
        let report = site.words(&format!("/reports/recovery?as_of={day}")).await;
        says(&report, &["日期要在 1990 年到 2099 年之间，下面按"]);
    }
    let last = site.open(&format!("/loans/{file_no}?as_of=2099-12-31"), false).await;
    assert_eq!(last.status, 200);
}

#[actix_web::test]
async fn a_day_to_come_is_marked_as_a_forecast_and_a_day_past_as_past() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    let later = site.words(&format!("/loans/{file_no}?as_of=2027-12-31")).await;
    says(&later, &["这是 2027-12-31 的账", "以后的金额是预计"]);
    let before = site.words(&format!("/loans/{file_no}?as_of=2024-01-01")).await;
    says(&before, &["只算到那一天为止发生的事"]);
}

#[actix_web::test]
async fn on_a_chosen_due_day_the_band_says_what_is_due_and_the_line_calls_no_chosen_day_today() {
    let site = Site::small();
    let file_no = site.file_no("程林㼆").await;
    let page = site.words(&format!("/loans/{file_no}?as_of=2026-12-20")).await;
    says(&page, &["12月20日到期 ，要还 ¥996.45", "当天应还", "截至 12月20日", "这一天 申请"]);
    assert!(!page.contains("下一次还款日"), "{page}");
    assert!(!page.contains("今天 12月20日 预申请"), "{page}");
    assert_eq!(page.matches("下一次").count(), 3, "line, its ring, the plan: {page}");
}

#[actix_web::test]
async fn a_contract_without_money_waits_for_it() {
    let site = Site::small();
    let file_no = site.file_no("廖中旭").await;
    let words = site.words(&format!("/loans/{file_no}")).await;
    says(&words, &["待放款", "正在等 2026 学年放款", "+20,000"]);
    assert_eq!(site.open("/loans/LZ1999-0001", false).await.status, 404);
}
