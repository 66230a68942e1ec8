//! Recognising layouts: any order, other headings, titles, two lines of headings, units.

use proptest::prelude::*;
use zhuxue::base::money::Fen;
use zhuxue::imports::kinds::{BorrowerRow, ContractRow, ReceiptRow};
use zhuxue::imports::layout::{Layout, LayoutProblem, recognise, recognise_any, recognise_as};
use zhuxue::plumbing::sheet::Table;

use super::{import, table};

fn problem(text: &str) -> LayoutProblem {
    recognise(&table(text.as_bytes())).unwrap_err()
}

#[test]
fn other_headings_in_another_order_below_four_titles() {
    let text = "生源地信用助学贷款合同明细,,\n\
        填表单位：乐至县学生资助管理中心,,\n\
        （乐至县，截至2026年10月31日）,,\n\
        ,填表人：李某,公章\n\
        贷款总金额(元) *,学年,公民身份证号码,到期日,贷款合同号,QQ,贷款期限（月）\n\
        16000,2026,512098200012207855,2038-09-20,51202220200000005,12345,216\n";
    let said = import(&table(text.as_bytes()));
    assert_eq!(said.binding.layout, Layout::CONTRACTS);
    assert_eq!(said.binding.heading_line, 5);
    assert_eq!(said.binding.as_of, "2026-10-31".parse().ok());
    assert_eq!(said.binding.extra, ["QQ"]);
    assert!(said.binding.absent.contains(&"发放日期"));
    assert_eq!(said.notes(), []);
    let row: &ContractRow = said.rows[0].1.row.as_ref().unwrap().of().unwrap();
    assert_eq!((row.amount, row.loan_year), (Fen::from_yuan(16_000), 2026));
    assert_eq!(row.term_years, Some(18));
}

#[test]
fn headings_over_two_lines() {
    let text = "序号,姓名,身份证号,共同借款人,,,学籍,\n\
        ,,,姓名,身份证号,手机,就读高校,学号\n\
        1,程林㼆,512098200012207855,程彪庆,512090197809044998,16461034442,西南医科大学,7\n";
    let said = import(&table(text.as_bytes()));
    assert_eq!((said.binding.layout, said.binding.heading_line), (Layout::BORROWERS, 2));
    assert_eq!(said.notes(), []);
    let row: &BorrowerRow = said.rows[0].1.row.as_ref().unwrap().of().unwrap();
    assert_eq!(row.co_name.as_deref(), Some("程彪庆"));
    assert_eq!(row.co_id_number.unwrap().as_str(), "512090197809044998");
    assert_eq!(row.co_phone[0].as_str(), "16461034442");
    assert_eq!(row.student_number.as_deref(), Some("7"));
}

#[test]
fn amounts_under_a_heading_in_ten_thousand_yuan() {
    let text = "姓名,学号,国开行回执校验码,貸款金額（万元）,是否新申请,贷款学年\n\
        程林㼆,202010632000005,338700,0.71,是,2020-2021\n";
    let said = import(&table(text.as_bytes()));
    assert_eq!(said.binding.layout, Layout::RECEIPTS);
    let row: &ReceiptRow = said.rows[0].1.row.as_ref().unwrap().of().unwrap();
    assert_eq!((row.amount, row.is_new), (Fen::from_yuan(7_100), Some(true)));
}

#[test]
fn what_is_missing_is_named() {
    let problem_of_contracts =
        problem("合同编号,姓名,贷款学年,合同状态,贴息截止日,还本宽限期\n1\n");
    let LayoutProblem::Missing { layout, headings } = &problem_of_contracts else { panic!() };
    assert_eq!(*layout, Layout::CONTRACTS);
    assert_eq!(headings, &["身份证号", "贷款金额（元）", "到期日期"]);
    assert_eq!(
        problem_of_contracts.to_chinese(),
        "这张表最像“合同明细”，但缺少必需的列：身份证号、贷款金额（元）、到期日期。\
         请补上这些列，或核对列名后重新导入。"
    );
    assert_eq!(problem("甲,乙,丙\n1,2,3\n"), LayoutProblem::NoHeadings);
    assert!(problem("甲,乙,丙\n1,2,3\n").to_chinese().contains("没有找到表头"));
}

#[test]
fn a_layout_can_be_chosen() {
    let text = "姓名,身份证号,申请日期\n程林㼆,512098200012207855,2026-04-01\n";
    let sheet = table(text.as_bytes());
    assert_eq!(recognise(&sheet).unwrap().layout, Layout::PREAPPLY);
    assert_eq!(recognise_as(&sheet, Layout::BORROWERS).unwrap().layout, Layout::BORROWERS);
    assert!(recognise_as(&sheet, Layout::CONTRACTS).is_err());
}

#[test]
fn the_sheet_that_is_known_is_taken() {
    let cover: Table = table("说明,填写要求\n".as_bytes());
    let data = table("姓名,身份证号,学号\n程林㼆,512098200012207855,1\n".as_bytes());
    let (at, binding) = recognise_any(&[cover.clone(), data]).unwrap();
    assert_eq!((at, binding.layout), (1, Layout::BORROWERS));
    assert_eq!(recognise_any(&[cover]), Err(LayoutProblem::NoHeadings));
}

#[test]
fn every_layout_is_known_by_its_own_headings_alone() {
    for layout in Layout::ALL {
        let headings: Vec<_> = layout.columns().iter().rev().map(|c| c.heading).collect();
        let sheet = table(headings.join(",").as_bytes());
        assert_eq!(recognise(&sheet).unwrap().layout, layout);
        let required: Vec<_> =
            layout.columns().iter().filter(|c| c.required).map(|c| c.heading).collect();
        let sheet = table(required.join(",").as_bytes());
        if layout != Layout::BORROWERS {
            assert_eq!(recognise(&sheet).map(|b| b.layout), Ok(layout), "{required:?}");
        }
    }
}

#[test]
fn title_and_headings_agree_or_a_person_chooses() {
    let students =
        "生源地信用助学贷款逾期名单,,\n姓名,身份证号,学号\n程林㼆,512098200012207855,1\n";
    let said = problem(students);
    let LayoutProblem::Missing { layout, headings } = &said else { panic!("{said:?}") };
    assert_eq!(*layout, Layout::OVERDUE);
    assert_eq!(headings, &["合同编号", "逾期本金（元）", "逾期利息（元）"]);
    let months: Vec<_> = Layout::MONTHLY.columns().iter().map(|c| c.heading).collect();
    let said = problem(&format!("学生名单\n{},姓名,身份证号\n", months.join(",")));
    assert_eq!(
        said,
        LayoutProblem::Disagree { title: Layout::BORROWERS, headings: Layout::MONTHLY }
    );
    assert_eq!(
        said.to_chinese(),
        "标题写的是“学生名单”，列名却是“资助月报表”的列名。请核对后选定表格种类。"
    );
}

#[test]
fn a_column_that_two_headings_claim_is_asked_for() {
    let said = problem("姓名,身份证号,手机,联系电话\n程林㼆,512098200012207855,1,2\n");
    assert_eq!(said.to_chinese(), "有 2 列都可以当作“手机”：“手机”和“联系电话”。请选定用哪一列。");
    // Nothing stands below the second: nothing is lost by reading the first.
    let text = "姓名,身份证号,手机,联系电话\n程林㼆,512098200012207855,16411034442,\n";
    assert_eq!(recognise(&table(text.as_bytes())).unwrap().layout, Layout::BORROWERS);
}

proptest! {
    /// K1: whatever headings of a titled sheet are renamed, it is read as its kind with every
    /// renamed column named, or a person is asked; never as another kind.
    #[test]
    fn no_renamed_heading_is_silent(
        layout in prop::sample::select(Layout::ALL.to_vec()),
        renamed in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let columns = layout.columns();
        let renamed: std::collections::BTreeSet<usize> =
            renamed.into_iter().map(|at| at.index(columns.len())).collect();
        let headings: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                if renamed.contains(&at) { format!("新列{at}") } else { column.heading.to_owned() }
            })
            .collect();
        let text = format!("{}\n{}\n", layout.title(), headings.join(","));
        let required = renamed.iter().any(|at| columns[*at].required);
        match recognise(&table(text.as_bytes())) {
            Ok(binding) => {
                prop_assert_eq!(binding.layout, layout);
                prop_assert!(!required);
                let missing: Vec<_> = renamed.iter().map(|at| columns[*at].heading).collect();
                prop_assert_eq!(&binding.absent, &missing);
                let names: Vec<_> = renamed.iter().map(|at| format!("新列{at}")).collect();
                prop_assert_eq!(&binding.extra, &names);
            }
            Err(LayoutProblem::Missing { layout: nearest, headings }) => {
                prop_assert_eq!(nearest, layout);
                let missing: Vec<_> = renamed
                    .iter()
                    .filter(|at| columns[**at].required)
                    .map(|at| columns[*at].heading)
                    .collect();
                prop_assert_eq!(headings, missing);
            }
            Err(LayoutProblem::NoHeadings) => prop_assert!(columns.len() - renamed.len() < 2),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}
