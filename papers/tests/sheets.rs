//! What is printed.

use serde_json::json;
use zhuxue_papers::fonts::Shelf;
use zhuxue_papers::templates::Template;
use zhuxue_papers::{batch, join, set};

use super::support::{Desk, cover, office, one, sheet};

#[test]
fn a_sheet_says_what_it_must_and_its_code_is_read_from_the_page() {
    let desk = Desk::new();
    let mut batch = one();
    batch["stubs"] = json!(true);
    let ran = desk.print("visit-sheet", &batch, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "out.pdf: 2 papers, 2 pages\n");
    assert_eq!(desk.pages(), 2);
    let [first, second] = &desk.text()[..] else { panic!("two pages") };
    for page in [first, second] {
        for said in [
            "青禾县学生资助管理中心",
            "青资助访〔2026〕12号",
            "编号HZ-0803-012",
            "国家助学贷款还款提醒入户走访表",
            "柳溪镇上湾村村民委员会：",
            "覃思远男29岁",
            "990***********2136",
            "¥2,696.60（算到8月3日）",
            "近日还，约",
            "走访人（两人以上）",
            "派出所（盖章）",
            "第1页，共1页",
        ] {
            assert!(page.contains(said), "{said} in {page}");
        }
    }
    assert!(first.contains("第一联村民委员会填写后交回") && first.contains("7K3M-9QXP"));
    assert!(second.contains("第二联中心存根") && !second.contains("7K3M-9QXP"));
    assert_eq!(desk.codes(1), ["https://zizhu.example.cn/r/HZ-0803-012"]);
    assert_eq!(desk.codes(2), [""; 0]);
}

#[test]
fn amounts_and_codes_can_be_left_out() {
    let desk = Desk::new();
    let mut batch = one();
    batch["office"]["amounts"] = json!(false);
    batch["sheets"][0]["return_url"] = json!(null);
    batch["sheets"][0]["return_code"] = json!(null);
    assert_eq!(desk.print("visit-sheet", &batch, &[]).code, 0);
    let page = &desk.text()[0];
    assert!(!page.contains('¥') && !page.contains("2,696.60"), "{page}");
    assert!(page.contains("本人电话") && page.contains("139****2211"), "{page}");
    assert!(page.contains("报编号HZ-0803-012即可"), "{page}");
    assert_eq!(desk.codes(1), [""; 0]);
}

#[test]
fn a_yearly_contact_says_nothing_of_money_that_is_due() {
    let desk = Desk::new();
    let mut batch = one();
    batch["office"]["yearly"] = json!(true);
    batch["office"]["amounts"] = json!(false);
    batch["covers"] = json!([cover("柳溪镇", "上湾村", &["HZ-0803-012"])]);
    assert_eq!(desk.print("pack", &batch, &[]).code, 0);
    let all = desk.text().join("");
    for said in ["助学贷款家庭联系表", "家庭联系名单", "还款能力", "家里的想法", "联系日期"]
    {
        assert!(all.contains(said), "{said} in {all}");
    }
    for never in ["¥", "到期未还", "还款提醒", "近日还", "2,696.60", "1,000.50"] {
        assert!(!all.contains(never), "{never} in {all}");
    }
}

#[test]
fn the_longest_texts_still_fit_one_page() {
    let desk = Desk::new();
    let mut batch = one();
    let fields = [
        ("address", 60),
        ("studies", 60),
        ("co_borrower", 60),
        ("addressee", 60),
        ("name", 40),
        ("instalments", 24),
        ("programme", 12),
    ];
    for (field, most) in fields {
        batch["sheets"][0][field] = json!("柳".repeat(most));
    }
    batch["office"]["discretion"] = json!("请".repeat(80));
    batch["office"]["address"] = json!("县".repeat(40));
    batch["office"]["contact"] = json!("联".repeat(60));
    let ran = desk.print("visit-sheet", &batch, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(desk.pages(), 1);
    assert_eq!(desk.codes(1).len(), 1);
}

#[test]
fn lists_are_packed_by_township_and_a_long_one_counts_its_own_pages() {
    let desk = Desk::new();
    let many: Vec<String> = (1..=40).map(|n| format!("HZ-0803-{n:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let covers = [
        cover("柳溪镇", "上湾村", &many),
        cover("青石乡", "石桥村", &["HZ-0803-101", "HZ-0803-102"]),
        cover("柳溪镇", "下湾村", &["HZ-0803-201"]),
    ];
    let batch = json!({"office": office(), "covers": covers});
    let ran = desk.print("cover-list", &batch, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "out.pdf: 5 papers, 6 pages\n");
    let pages = desk.text();
    assert!(pages[0].contains("柳溪镇：按村（社区）分发，2个单位，41户"), "{}", pages[0]);
    assert!(pages[0].contains("¥41,020.50") && pages[0].contains("HZ-0803-001至040"));
    assert!(pages[1].contains("第1页，共2页") && pages[2].contains("第2页，共2页"));
    assert!(pages[2].contains("HZ-0803-040") && pages[2].contains("合计40户40,020.00"));
    assert!(pages[3].contains("柳溪镇下湾村村民委员会：") && pages[3].contains("第1页，共1页"));
    assert!(pages[4].contains("青石乡：") && pages[5].contains("石桥村"));
}

#[test]
fn a_pack_puts_each_sheet_behind_its_letter() {
    let desk = Desk::new();
    let batch = json!({
        "office": office(),
        "covers": [cover("柳溪镇", "上湾村", &["A-1", "A-2"]), cover("青石乡", "石桥村", &["B-1"])],
        "sheets": [sheet("B-1", "莫强"), sheet("A-2", "罗英"), sheet("A-1", "覃思远")],
        "stubs": true,
    });
    let ran = desk.print("pack", &batch, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let begins = [
        "柳溪镇：",
        "上湾村村民委员会：",
        "编号A-1",
        "编号A-2",
        "青石乡：",
        "石桥村村民委员会：",
        "编号B-1",
        "编号B-1",
        "编号A-2",
        "编号A-1",
    ];
    let pages = desk.text();
    assert_eq!(pages.len(), begins.len());
    for (page, begin) in pages.iter().zip(begins) {
        assert!(page.contains(begin), "{begin} in {page}");
    }
    // Its sheets carry codes, so the letter says that they can be used.
    assert!(pages[1].contains("扫表上的二维码"), "{}", pages[1]);
    assert_eq!(desk.codes(4), ["https://zizhu.example.cn/r/A-2"]);
}

#[test]
fn parts_become_one_file_in_order() {
    let desk = Desk::new();
    let sheets: Vec<_> = (1..=7).map(|n| sheet(&format!("P-{n}"), "覃思远")).collect();
    let json = json!({"office": office(), "sheets": sheets}).to_string();
    let batch = batch::read("test", json.as_bytes()).unwrap();
    let shelf = Shelf::find(None).unwrap();
    let template = Template::find("visit-sheet", None).unwrap();
    let done = set::all(&batch, &template, &shelf, 3).unwrap();
    assert_eq!((done.papers, done.pages), (7, 7));
    assert_eq!(join::pages(done.pdf.clone()).unwrap(), 7);
    std::fs::write(desk.path("out.pdf"), &done.pdf).unwrap();
    for (n, page) in (1..).zip(desk.text()) {
        assert!(page.contains(&format!("编号P-{n}")), "{page}");
    }
    assert_eq!(desk.codes(7), ["https://zizhu.example.cn/r/P-7"]);
    // The same data is the same file: whoever prints again can compare.
    assert_eq!(set::all(&batch, &template, &shelf, 3).unwrap().pdf, done.pdf);
}

#[test]
fn the_countys_own_look_is_used_by_all_templates() {
    let desk = Desk::new();
    let ours = include_str!("../../templates/documents/paper.typ");
    let own = ours.replace("office.letter, serial", "[自己的样式], serial");
    assert_ne!(own, ours);
    desk.write("own/documents/paper.typ", &own);
    let ran = desk.print("visit-sheet", &one(), &["--templates", "own"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(desk.text()[0].contains("自己的样式"));
}
