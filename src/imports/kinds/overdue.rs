//! 逾期名单: what the bank says is overdue, kept beside our figures; and telephones.

use crate::base::ids::PersonId;
use crate::book::person::PhoneState;
use crate::imports::kind::*;
use crate::imports::layout::words::Relation;
use crate::imports::money::same_figure;
use chrono::NaiveDate;

layout! {
    /// A line of 逾期名单.
    OVERDUE: OverdueRow = "overdue", "逾期名单", "生源地信用助学贷款逾期名单";
    key |row| row.contract_number.clone();
    seen seq: Unread = "序号" | "编号";
    may name: Name = "借款学生姓名" | NAMES;
    may id_number: Id = "身份证号" | IDS;
    must contract_number: Code = "合同编号" | CONTRACT_NUMBERS;
    may university: University = "毕业高校" | UNIVERSITIES;
    may graduation: Month = "毕业年月" | GRADUATIONS;
    may township: Place = "乡镇（街道）" | TOWNSHIPS;
    may village: Place = "村（社区）" | VILLAGES;
    may police_station: Place = "派出所" | "户籍派出所|辖区派出所";
    many phone: Phones = "手机" | PHONES;
    may co_name: Name = "共同借款人姓名" | CO_NAMES;
    may co_relation: Relation = "与学生关系" | RELATIONS;
    many co_phone: Phones = "共同借款人手机" | CO_PHONES;
    may balance: Money = "贷款余额（元）" | BALANCES;
    must overdue_principal: Money = "逾期本金（元）" | "拖欠本金|借款人拖欠本金总额";
    must overdue_interest: Money = "逾期利息（元）" | "拖欠利息|借款人拖欠利息总额";
    may penalty: Money = "罚息（元）" | "逾期罚息";
    may overdue_total: Money = "逾期合计（元）" | "逾期总额|逾期金额|合计" => note_sum(
        "overdue_total", &[overdue_principal, overdue_interest, penalty], overdue_total
    );
    may first_overdue_on: Day = "首次逾期日期" | "逾期日期|首次逾期时间|逾期起始日|违约时间";
    may overdue_days: Whole<20_000> = "逾期天数";
    may cut_off: DayOrTitle = "截止日期" | "数据截止日期|截至日期|统计日期";
    may contact_result: FreeText = "联系情况" | "是否联系到|跟进情况|违约详情";
}

impl ImportKind for OverdueRow {
    const AFTER: &'static [Layout] = &[Layout::BORROWERS, Layout::CONTRACTS, Layout::REPAYMENTS];
    const OF_BANK: bool = true;

    fn load(db: &mut Db, scope: &Scope, rows: &[&Self], facts: &mut Facts) -> AppResult<()> {
        let key = |row: &&Self| Some(figure_key(&row.contract_number, row.cut_off?));
        let keys: Vec<String> = rows.iter().filter_map(key).collect();
        facts.load_figures(db, scope, &keys)
    }

    fn decide(&self, plan: &mut Plan<'_>, line: u32) -> Result<Outcome, Refusal> {
        let expected = plan.set.companions.contract_nos.contains(&self.contract_number);
        if expected && !plan.facts.loans.contains_key(&self.contract_number) {
            return Ok(Outcome::New);
        }
        let loan = plan.loan_of(&self.contract_number, self.id_number, self.name.as_deref())?;
        let Some(as_of) = self.cut_off.or(plan.set.as_of) else {
            return Err("截止日期：不知道这些金额是哪一天的。请填写后重新导入。".to_owned());
        };
        if let Some(day) = self.first_overdue_on.filter(|day| *day > as_of) {
            return Err(format!(
                "首次逾期日期：{day} 晚于截止日期 {as_of}，请核对日期后重新导入。"
            ));
        }
        let key = figure_key(&self.contract_number, as_of);
        let mut figure = plan.blank_figure(loan, "overdue", key, as_of, line);
        figure.due_on = self.first_overdue_on;
        figure.balance_fen = self.balance;
        figure.overdue_principal_fen = self.overdue_principal;
        figure.overdue_interest_fen = self.overdue_interest;
        figure.penalty_fen = self.penalty.unwrap_or_default();
        figure.note = self.contact_result.clone().unwrap_or_default();
        let known = plan.keep_figure(figure.clone());
        let new = known.is_none();
        let mut changed = Vec::new();
        if known.is_some_and(|known| !same_figure(&known, &figure)) {
            changed.push("逾期金额");
        }
        if let Some(student) = student_of_loan(plan, &self.contract_number)
            && plan.add_phones(student, &self.phone, PhoneState::ToConfirm, "逾期名单")?
        {
            changed.push("手机");
        }
        Ok(Outcome::of(new, changed))
    }
}

fn student_of_loan(plan: &Plan<'_>, contract_no: &str) -> Option<PersonId> {
    let file = plan.facts.loans.get(contract_no)?.row.file_id;
    plan.facts.student_of.get(&file).copied()
}

fn figure_key(contract_no: &str, day: NaiveDate) -> String {
    format!("overdue:{contract_no}:{day}")
}
