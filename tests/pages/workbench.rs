//! 工作台 and 查找.

use super::site::{Site, encoded, says};

#[actix_web::test]
async fn a_new_installation_says_what_to_do_first() {
    let site = Site::empty();
    let words = site.words("/home").await;
    says(&words, &["10月31日 星期六", "从导入开始", "导入第一份名单"]);
    says(&site.words("/loans").await, &["还没有贷款档案", "去导入"]);
    says(&site.words("/overdue").await, &["现在没有逾期", "还没有银行的还款数据", "去导入"]);
    says(&site.words("/differences").await, &["还没有可以核对的银行文件"]);
}

#[actix_web::test]
async fn the_workbench_tells_where_everybody_is() {
    let site = Site::small();
    let words = site.words("/home").await;
    says(
        &words,
        &["全县贷款生命线", "在管", "贷款余额", "距还款存款期开始（11月1日）还有 1 天", "行已入账"],
    );
    says(&words, &["12月20日", "人应还"]);
}

#[actix_web::test]
async fn one_hit_leads_straight_to_the_file() {
    let site = Site::small();
    for q in ["51209920080403125X", "512099 20080403 125x", "16410994847", "51202220260000000"] {
        let answer = site.open(&format!("/search?q={}", encoded(q)), false).await;
        assert_eq!(answer.status, 303, "{q}: {}", answer.words());
        let words = site.words(&answer.location).await;
        says(&words, &["廖中旭"]);
    }
}

#[actix_web::test]
async fn a_co_borrower_leads_to_the_student() {
    let site = Site::small();
    let answer = site.open(&format!("/search?q={}", encoded("512093198203204305")), false).await;
    assert_eq!(answer.status, 303, "{}", answer.words());
    says(&site.words(&answer.location).await, &["廖中旭", "郭素琼，母亲，共同借款人"]);
}

#[actix_web::test]
async fn part_of_a_name_lists_everybody_and_a_rare_character_is_found() {
    let site = Site::small();
    says(&site.words(&format!("/search?q={}", encoded("程"))).await, &["查找结果"]);
    let answer = site.open(&format!("/search?q={}", encoded("林㼆")), false).await;
    assert_eq!(answer.status, 303, "{}", answer.words());
    says(&site.words(&format!("/search?q={}", encoded("没有此人"))).await, &["没有找到“没有此人”"]);
    says(&site.words("/search?q=12").await, &["数字太短了"]);
}

#[actix_web::test]
async fn an_identity_number_that_nobody_has_does_not_stay_in_the_address() {
    let site = Site::small();
    let answer = site.open("/search?q=110101199003070032", false).await;
    assert_eq!((answer.status, answer.location.as_str()), (303, "/search?miss=id"));
    says(&site.words("/search?miss=id").await, &["本县没有这个身份证号"]);
}
