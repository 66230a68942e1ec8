//! Each kind of fault once, with what is done about it and how it is said.

use zhuxue::imports::kinds::{BorrowerRow, ContractRow};
use zhuxue::imports::layout::Severity::{Refused, Repaired, Warning};
use zhuxue::imports::layout::{Fault, Hook, Layout, Row, RowMessage, Severity, explain};

use super::{Said, import, one_row, table};

/// A clean line of 学生名单, with some cells replaced.
fn borrower(changed: &[(&'static str, &'static str)]) -> Said {
    let mut values = vec![
        ("name", "程林㼆"),
        ("id_number", "512098200012207855"),
        ("sex", "男"),
        ("birth_date", "2000-12-20"),
        ("university", "西南医科大学"),
        ("phone", "16411034442"),
        ("co_name", "程彪庆"),
        ("co_id_number", "512090197809044998"),
    ];
    for (key, value) in changed {
        values.retain(|(old, _)| old != key);
        values.push((key, value));
    }
    one_row(Layout::BORROWERS, &values)
}

fn contract(changed: &[(&'static str, &'static str)]) -> Said {
    let mut values = vec![
        ("contract_number", "51202220200000005"),
        ("name", "程林㼆"),
        ("id_number", "512098200012207855"),
        ("loan_year", "2024-2025"),
        ("amount", "16000.00"),
        ("due_on", "2038-09-20"),
        ("co_name", "程彪庆"),
    ];
    for (key, value) in changed {
        values.retain(|(old, _)| old != key);
        values.push((key, value));
    }
    one_row(Layout::CONTRACTS, &values)
}

/// The only note, checked for kind and weight.
fn only(said: &Said, fault: Fault, severity: Severity) -> RowMessage {
    let notes = said.notes();
    assert_eq!(notes.len(), 1, "{notes:#?}");
    let (line, note) = notes.into_iter().next().unwrap();
    assert!(line >= 3);
    assert_eq!((note.fault, note.severity), (fault, severity), "{note:#?}");
    let refused = said.rows.iter().any(|(_, parsed)| parsed.is_refused());
    let duplicate = fault == Fault::DuplicateRow;
    assert_eq!(refused && !duplicate, severity == Refused && !duplicate);
    note
}

fn first_row(said: &Said) -> &Row {
    said.rows[0].1.row.as_ref().unwrap()
}

#[test]
fn lines_without_a_fault() {
    assert_eq!(borrower(&[]).notes(), []);
    assert_eq!(contract(&[]).notes(), []);
}

#[test]
fn outer_blanks_are_dropped() {
    let said = borrower(&[("name", " \u{3000}程林㼆\u{a0}")]);
    only(&said, Fault::OuterBlanks, Repaired);
    assert_eq!(first_row(&said).name(), Some("程林㼆"));
    assert_eq!(borrower(&[("id_number", "512098200012207855\t")]).notes(), []);
}

#[test]
fn a_wrong_check_digit_refuses() {
    let said = borrower(&[("id_number", "512098200012207851")]);
    let note = only(&said, Fault::WrongCheckDigit, Refused);
    assert_eq!(
        note.sentence(),
        "身份证号：身份证号的校验码对不上，其中有一位抄错或相邻两位颠倒了。\
         请对照身份证原件更正。（原值 512***********7851）"
    );
    assert!(!said.rows[0].1.can_be_saved());
}

#[test]
fn full_width_digits_are_made_half_width() {
    only(
        &borrower(&[("id_number", "５１２０９８２０００１２２０７８５５")]),
        Fault::FullWidthDigits,
        Repaired,
    );
    only(&borrower(&[("phone", "１６４１１０３４４４２")]), Fault::FullWidthDigits, Repaired);
    let said = contract(&[("amount", "１６０００.００")]);
    only(&said, Fault::FullWidthDigits, Repaired);
}

#[test]
fn scientific_notation_refuses() {
    only(&borrower(&[("id_number", "5.12099E+17")]), Fault::ScientificNotation, Refused);
    only(&contract(&[("contract_number", "5.12022E+16")]), Fault::ScientificNotation, Refused);
}

#[test]
fn a_duplicate_is_skipped_or_refused() {
    let lines = |second: &str| {
        let text = format!(
            "姓名,身份证号,学号,手机,家庭类型\n\
             程林㼆,512098200012207855,1,16411034442,孤儿\n{second}\n"
        );
        import(&table(text.as_bytes()))
    };
    let said = lines("程林㼆,512098200012207855,1,16411034442,孤儿");
    let note = only(&said, Fault::DuplicateRow, Repaired);
    assert_eq!(note.message, "与第 2 行完全相同，已跳过。");
    let said = lines("程林㼆,512098200012207855,1,16411034443,城乡低保");
    let note = only(&said, Fault::DuplicateRow, Refused);
    assert_eq!(
        note.message,
        "与第 2 行重复，但家庭类型、手机不同。请核对后只保留一行，再重新导入。"
    );
}

#[test]
fn a_small_x_is_made_capital() {
    only(
        &borrower(&[("id_number", "51209920041227261x"), ("birth_date", "2004-12-27")]),
        Fault::LowerCaseX,
        Repaired,
    );
}

#[test]
fn fifteen_digits_wait_for_a_known_person() {
    let said = borrower(&[("id_number", "512099970701609"), ("birth_date", "1997-07-01")]);
    let note = only(&said, Fault::Id15Digits, Refused);
    let mut parsed = said.rows[0].1.clone();
    assert!(parsed.can_be_saved());
    let candidate = parsed.upgraded().unwrap();
    assert_eq!(candidate.as_str(), "512099199707016095");
    assert_eq!(note.hook, Some(Hook::Upgraded(candidate)));
    parsed.accept_upgraded();
    assert!(!parsed.is_refused());
    assert_eq!(parsed.notes[0].severity, Warning);
}

#[test]
fn more_than_the_cap_refuses() {
    let note = only(&contract(&[("amount", "25100")]), Fault::AmountOverCap, Refused);
    assert_eq!(
        note.message,
        "25,100.00 元超过 2024-2025 学年的上限（本专科 20,000.00 元，研究生 25,000.00 元）。\
         请核对金额后更正。"
    );
    assert_eq!(contract(&[("amount", "25000")]).notes(), []);
    only(&contract(&[("amount", "0")]), Fault::BadMoney, Refused);
}

#[test]
fn amounts_in_words_are_read() {
    for text in ["16000元", "16,000", "1.6万", "￥16000"] {
        let said = contract(&[("amount", text)]);
        let note = only(&said, Fault::AmountAsText, Repaired);
        assert_eq!(note.message, format!("“{text}”已按 16000.00 元读取。"));
    }
    only(&contract(&[("amount", "一万六")]), Fault::BadMoney, Refused);
}

#[test]
fn serial_dates_and_other_forms_are_read() {
    let note = only(&contract(&[("due_on", "50668")]), Fault::ExcelSerialDate, Repaired);
    assert_eq!(note.message, "“50668”已按 2038-09-20 读取。");
    for text in ["2038/9/20", "2038.09.20", "20380920", "2038年9月20日", "38-09-20"] {
        only(&contract(&[("due_on", text)]), Fault::OtherDateForm, Repaired);
    }
    only(&contract(&[("due_on", "2038-09-31")]), Fault::BadDate, Refused);
    only(&contract(&[("signed_on", "七月")]), Fault::BadDate, Warning);
}

#[test]
fn a_missing_co_borrower_warns() {
    only(&borrower(&[("co_name", ""), ("co_id_number", "")]), Fault::MissingCoBorrower, Warning);
    let said = borrower(&[("co_id_number", "512090197809044990")]);
    let note = only(&said, Fault::WrongCheckDigit, Warning);
    assert!(note.message.ends_with("本行先不登记这个号码。"), "{}", note.message);
}

#[test]
fn the_identity_number_wins() {
    let note = only(&borrower(&[("birth_date", "2001-01-01")]), Fault::BirthDateConflict, Warning);
    assert_eq!(note.heading, "出生日期");
    assert!(note.message.contains("2000-12-20"));
    only(&borrower(&[("sex", "女")]), Fault::SexConflict, Warning);
    only(&borrower(&[("sex", "雄")]), Fault::UnknownWord, Warning);
}

#[test]
fn a_blank_id_refuses() {
    only(&borrower(&[("id_number", "")]), Fault::BlankId, Refused);
}

#[test]
fn what_is_no_address_of_mail_is_left_out() {
    use zhuxue::imports::kinds::BorrowerRow;
    let email = |said: &Said| first_row(said).of::<BorrowerRow>().unwrap().email.clone();
    let good = borrower(&[("email", "s00000000@example.invalid")]);
    assert_eq!(
        (email(&good).as_deref(), good.notes().len()),
        (Some("s00000000@example.invalid"), 0)
    );
    let bad = borrower(&[("email", "无")]);
    let note = only(&bad, Fault::NoEmail, Warning);
    assert_eq!(note.message, "“无”不是电子邮箱地址，没有导入这一格。请核对后更正。");
    assert_eq!(email(&bad), None);
}

#[test]
fn phones_are_sorted_out_or_left_out() {
    let said = borrower(&[("phone", "+8616411034442/16411034440")]);
    let note = only(&said, Fault::PhoneForm, Repaired);
    assert_eq!(note.message, "电话已整理为 164****4442、164****4440。");
    let said = borrower(&[("phone", "1641103444")]);
    let note = only(&said, Fault::PhoneForm, Warning);
    assert_eq!(
        note.message,
        "手机号应为 11 位，这里有 10 位，请核对后补录，这个号码没有采用。（原值 164***3444）"
    );
}

#[test]
fn traditional_names_are_kept_and_places_simplified() {
    let said = borrower(&[("name", "馬龍平")]);
    let note = only(&said, Fault::TraditionalCharacters, Warning);
    assert_eq!(note.hook, Some(Hook::KnownName));
    assert_eq!(first_row(&said).name(), Some("馬龍平"));
    let said = borrower(&[("township", "中天鎮")]);
    only(&said, Fault::TraditionalCharacters, Repaired);
    let row: &BorrowerRow = first_row(&said).of().unwrap();
    assert_eq!(row.township.as_deref(), Some("中天镇"));
}

#[test]
fn blanks_and_dots_in_names() {
    let said = borrower(&[("name", "程\u{3000}林㼆")]);
    only(&said, Fault::BlankInsideName, Repaired);
    assert_eq!(first_row(&said).name(), Some("程林㼆"));
    only(&borrower(&[("name", "艾力・买买提")]), Fault::MiddleDot, Repaired);
    assert_eq!(borrower(&[("name", "艾力·买买提")]).notes(), []);
    assert_eq!(borrower(&[("name", "赵𬱖")]).notes(), []);
}

#[test]
fn a_lost_character_waits_for_a_known_person() {
    for name in ["程林?", "程林□", "程林\u{E000}", "程林\u{FFFD}"] {
        let said = borrower(&[("name", name)]);
        only(&said, Fault::RareCharacterLost, Refused);
        let mut parsed = said.rows[0].1.clone();
        assert!(parsed.can_be_saved());
        parsed.keep_known_name("程林㼆");
        assert!(!parsed.is_refused());
        assert_eq!(parsed.row.unwrap().name(), Some("程林㼆"));
    }
    only(&borrower(&[("co_name", "程彪?")]), Fault::RareCharacterLost, Warning);
}

#[test]
fn university_names_follow_the_list() {
    for text in ["西南医科大学（本部）", "《西南医科大学》", "西南医科"] {
        let said = borrower(&[("university", text)]);
        let note = only(&said, Fault::UniversityVariant, Repaired);
        assert_eq!(note.message, format!("“{text}”已按高校名单改为“西南医科大学”。"));
    }
    only(&borrower(&[("university", "某某大学")]), Fault::UnknownUniversity, Warning);
}

#[test]
fn lines_that_are_no_data_are_skipped() {
    let text = "姓名,身份证号,学号\n\
        程林㼆,512098200012207855,1\n\
        ,,\n\
        姓名,身份证号,学号\n\
        合  计,,1行\n\
        填表人：李某,,审核人：王某\n";
    let said = import(&table(text.as_bytes()));
    let faults: Vec<_> = said.notes().iter().map(|(line, note)| (*line, note.fault)).collect();
    assert_eq!(
        faults,
        [
            (3, Fault::BlankRowBefore),
            (4, Fault::HeadingRepeated),
            (5, Fault::TotalRow),
            (6, Fault::FooterRow)
        ]
    );
    assert_eq!(said.rows.len(), 1);
}

#[test]
fn required_values_and_words() {
    only(&contract(&[("loan_year", "")]), Fault::MissingValue, Refused);
    only(&contract(&[("loan_year", "去年")]), Fault::BadLoanYear, Refused);
    only(&contract(&[("status", "挂失")]), Fault::UnknownWord, Warning);
    only(&contract(&[("grace_years", "很久")]), Fault::BadNumber, Warning);
    only(&borrower(&[("enrolment", "九月")]), Fault::BadMonth, Warning);
    only(&borrower(&[("id_number", "5120982000122078")]), Fault::BadId, Refused);
    let repayment = |values: &[(&str, &str)]| {
        let known = [
            ("contract_number", "51202220200000005"),
            ("due_on", "2026-12-20"),
            ("paid_interest", "1.50"),
            ("paid_penalty", "0.00"),
            ("kind", "正常还款"),
        ];
        one_row(Layout::REPAYMENTS, &[&known, values].concat())
    };
    let said = repayment(&[("paid_principal", "100"), ("paid_total", "101.50")]);
    assert_eq!(said.notes(), []);
    let said = repayment(&[("paid_principal", "100"), ("paid_total", "101.00")]);
    only(&said, Fault::SumConflict, Warning);
}

#[test]
fn the_weightiest_note_is_told_first() {
    let said = borrower(&[("name", "程 林㼆"), ("sex", "女"), ("id_number", "51209820001220785")]);
    let notes: Vec<_> = said.notes().into_iter().map(|(_, note)| note).collect();
    let text = explain(&notes);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "the sex is not compared with a number that is none");
    assert!(lines[0].starts_with("身份证号：身份证号应为 18 位，这里有 17 位。"), "{text}");
    assert_eq!(lines[1], "借款学生姓名：姓名中间的空格已去掉：程林㼆。");
}

/// Every kind has a name of its own.
#[test]
fn codes_are_different() {
    let codes: std::collections::BTreeSet<_> = Fault::ALL.iter().map(|f| f.code()).collect();
    assert_eq!(codes.len(), Fault::ALL.len());
}

/// K4: in any column of any kind of sheet, an error is an error of that cell and never a value.
#[test]
fn an_error_in_any_column_is_that_columns_error() {
    for layout in Layout::ALL {
        for column in layout.columns() {
            for error in ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#n/a"] {
                let said = one_row(layout, &[(column.key, error)]);
                let notes = said.notes();
                let own: Vec<_> =
                    notes.iter().filter(|(_, n)| n.heading == column.heading).collect();
                assert_eq!(own.len(), 1, "{layout:?} {}: {notes:#?}", column.key);
                let (_, note) = own[0];
                let weight = if column.required { Refused } else { Warning };
                assert_eq!((note.fault, note.severity), (Fault::ErrorCell, weight), "{note:?}");
                assert!(note.message.contains(error), "{}", note.message);
            }
        }
    }
}

/// K5: amounts are in the unit that title or heading state, and one that the rules do not allow
/// is asked about.
#[test]
fn units_and_amounts_that_the_rules_do_not_allow() {
    let contract = |title: &str, heading: &str, amount: &str| {
        let text = format!(
            "{title}\n合同编号,姓名,身份证号,贷款学年,{heading},到期日期\n\
             51202220200000005,程林㼆,512098200012207855,2024-2025,{amount},2038-09-20\n"
        );
        let said = import(&table(text.as_bytes()));
        let row: &ContractRow = said.rows[0].1.row.as_ref().unwrap().of().unwrap();
        let faults: Vec<_> = said.notes().into_iter().map(|(_, note)| note.fault).collect();
        (row.amount.to_yuan_text(), faults)
    };
    let plain = "合同明细";
    for title in
        ["合同明细（单位：万元）", "合同明细 金额单位:万元", "合同明细（单位：人民币万元）"]
    {
        assert_eq!(contract(title, "贷款金额", "1.2"), ("12000.00".to_owned(), vec![]), "{title}");
        // A heading that says 元 itself is not overruled by the title.
        assert_eq!(contract(title, "贷款金额（元）", "12000"), ("12000.00".to_owned(), vec![]));
    }
    assert_eq!(contract(plain, "贷款金额（万元）", "1.2"), ("12000.00".to_owned(), vec![]));
    assert_eq!(
        contract("合同明细（单位：千元）", "贷款金额", "12"),
        ("12000.00".to_owned(), vec![])
    );
    assert_eq!(
        contract("合同明细（单位：元）", "贷款金额", "12000"),
        ("12000.00".to_owned(), vec![])
    );
    for (amount, fault) in [
        ("1.2", Fault::AmountStep),
        ("900", Fault::AmountStep),
        ("12050", Fault::AmountStep),
        ("25100", Fault::AmountOverCap),
        ("0", Fault::BadMoney),
    ] {
        assert_eq!(contract(plain, "贷款金额", amount).1, [fault], "{amount}");
    }
}
