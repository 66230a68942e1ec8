//! 贷款档案 and 逾期跟进.

use super::site::{Site, encoded, says};

/// The file numbers of a list, in order.
fn numbers(body: &str) -> Vec<String> {
    body.split("href=\"/loans/LZ")
        .skip(1)
        .map(|rest| format!("LZ{}", rest.split('"').next().unwrap()))
        .collect()
}

#[actix_web::test]
async fn paging_by_key_meets_every_file_once_and_goes_back_again() {
    let site = Site::small();
    for sort in ["file_no", "next_due", "balance"] {
        let mut seen = Vec::new();
        let mut path = format!("/loans?size=10&sort={sort}");
        let mut pages = Vec::new();
        loop {
            let answer = site.open(&path, false).await;
            let rows = numbers(&answer.body);
            seen.extend(rows.clone());
            pages.push(rows);
            let Some(rest) = answer.body.split("rel=\"next\" href=\"").nth(1) else { break };
            path = rest.split('"').next().unwrap().replace("&amp;", "&").replace("&#x2f;", "/");
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (60, 60), "{sort}");
        let answer = site.open(&path, false).await;
        let back = answer.body.split("rel=\"prev\" href=\"").nth(1).unwrap();
        let back = back.split('"').next().unwrap().replace("&amp;", "&").replace("&#x2f;", "/");
        let before = numbers(&site.open(&back, false).await.body);
        assert_eq!(Some(&before), pages.get(pages.len() - 2), "{sort}");
    }
}

#[actix_web::test]
async fn the_sums_are_of_the_whole_selection() {
    let site = Site::small();
    let words = site.words("/loans?size=10").await;
    says(&words, &["共 60 人，本金余额 ¥"]);
    let some = site.words(&format!("/loans?township={}", encoded("宝林镇"))).await;
    says(&some, &["符合条件的有", "宝林镇"]);
    says(&site.words("/loans?stage=settled&overdue=yes").await, &["没有符合这些条件的档案"]);
}

#[actix_web::test]
async fn an_address_that_makes_no_sense_is_a_list_all_the_same() {
    let site = Site::small();
    for path in [
        "/loans?year=abc&sort=x&size=-1&after=nonsense",
        "/loans?q=%25_%27%22%3C",
        "/overdue?min=x&before=.",
    ] {
        assert_eq!(site.open(path, false).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn lists_can_be_taken_along_as_workbooks_and_that_is_written_down() {
    let site = Site::small();
    for path in ["/loans.xlsx?stage=grace", "/overdue.xlsx"] {
        let answer = site.open(path, false).await;
        assert!(answer.status == 200 && answer.is_workbook(), "{path}");
    }
}
