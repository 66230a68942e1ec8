//! What a line changes about something stored, as old and new value. Nothing sealed is shown.

use chrono::NaiveDate;

use crate::base::money::Fen;
use crate::book::bank::BankFigure;
use crate::book::loan::{Loan, LoanFile};
use crate::book::person::Person;

/// Heading, old value, new value.
pub(super) type Moved = (&'static str, String, String);

/// A value as a clerk reads it; blank when there is none.
trait InWords {
    fn in_words(&self) -> String;
}

impl InWords for String {
    fn in_words(&self) -> String {
        self.clone()
    }
}

impl InWords for i32 {
    fn in_words(&self) -> String {
        self.to_string()
    }
}

impl InWords for bool {
    fn in_words(&self) -> String {
        if *self { "首贷" } else { "续贷" }.to_owned()
    }
}

impl InWords for NaiveDate {
    fn in_words(&self) -> String {
        self.to_string()
    }
}

impl InWords for Fen {
    fn in_words(&self) -> String {
        self.to_page_text()
    }
}

impl<T: InWords> InWords for Option<T> {
    fn in_words(&self) -> String {
        self.as_ref().map(InWords::in_words).unwrap_or_default()
    }
}

macro_rules! differences {
    ($old:expr, $new:expr, $($heading:literal = $field:ident,)*) => {{
        let mut moved: Vec<Moved> = Vec::new();
        $(if $old.$field != $new.$field {
            moved.push(($heading, $old.$field.in_words(), $new.$field.in_words()));
        })*
        moved
    }};
}

pub(super) fn person(old: &Person, new: &Person) -> Vec<Moved> {
    differences!(
        old,
        new,
        "民族" = ethnic,
        "户口性质" = household_type,
        "乡镇（街道）" = township,
        "村（社区）" = village,
        "村级代码" = village_code,
        "家庭详细地址" = address,
        "派出所" = police_station,
        "电子邮箱" = email,
    )
}

pub(super) fn file(old: &LoanFile, new: &LoanFile) -> Vec<Moved> {
    differences!(
        old,
        new,
        "毕业高中" = high_school,
        "就读高校" = university,
        "学校代码" = university_code,
        "专业" = major,
        "学号" = student_number,
        "学历层次" = degree,
        "学制（年）" = school_years,
        "入学年月" = entered_on,
        "毕业年月" = graduates_on,
        "家庭类型" = family_kind,
        "困难等级" = hardship_level,
        "与学生关系" = co_relation,
        "备注" = note,
    )
}

pub(super) fn loan(old: &Loan, new: &Loan) -> Vec<Moved> {
    differences!(
        old,
        new,
        "贷款学年" = loan_year,
        "首贷续贷" = is_first,
        "贷款金额（元）" = principal_fen,
        "学费（元）" = tuition_fen,
        "住宿费（元）" = lodging_fen,
        "贷款期限（年）" = term_years,
        "合同签订日期" = signed_on,
        "到期日期" = final_due_on,
        "贴息截止日" = subsidy_ends_on,
        "还本宽限期（年）" = grace_years,
        "回执校验码" = receipt_code,
        "回执录入日期" = receipt_on,
        "代理结算机构" = agent,
        "合同状态" = bank_state,
        "还款账户" = account_mask,
    )
}

/// A line of the bank, corrected.
pub(super) fn figure(old: &BankFigure, new: &BankFigure) -> Vec<Moved> {
    let mut moved = differences!(
        old,
        new,
        "实还合计（元）" = paid_fen,
        "还款类型" = kind,
        "还款渠道" = channel,
        "还款后贷款余额（元）" = balance_fen,
    );
    let due = |one: &BankFigure| one.due_principal_fen + one.due_interest_fen;
    let late =
        |one: &BankFigure| one.overdue_principal_fen + one.overdue_interest_fen + one.penalty_fen;
    let sums = [("应还金额（元）", due(old), due(new)), ("逾期金额", late(old), late(new))];
    moved.extend(
        sums.into_iter()
            .filter(|(_, old, new)| old != new)
            .map(|(heading, old, new)| (heading, old.in_words(), new.in_words())),
    );
    moved
}

/// The headings that change, each with what stood there and what stands there now: `学号（1 → 2）`.
pub(super) fn words(headings: &[&'static str], moved: &[Moved]) -> String {
    let shown = |text: &str| if text.is_empty() { "空".to_owned() } else { text.to_owned() };
    let of = |heading: &&'static str| match moved.iter().find(|(own, ..)| own == heading) {
        Some((_, old, new)) => format!("{heading}（{} → {}）", shown(old), shown(new)),
        None => (*heading).to_owned(),
    };
    headings.iter().map(of).collect::<Vec<_>>().join("、")
}
