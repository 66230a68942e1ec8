//! One typed struct for each layout: what a line says once it is understood.
//!
//! Values of the sheet only; whether the person is known is for others to find out. What an
//! identity number says (birthday, sex) is asked from the number.

use chrono::NaiveDate;

use super::words::{ContractState, Degree, Difficulty, LoanKind, Relation, RepaymentKind};
use crate::base::id_number::IdNumber;
use crate::base::money::Fen;
use crate::base::phone_number::PhoneNumber;

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty = $heading:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $(#[doc = $heading] pub $field: $kind,)* }

        impl $name {
            /// Headings of the fields that differ.
            pub fn differences(&self, other: &Self) -> Vec<&'static str> {
                let mut headings = Vec::new();
                $(if self.$field != other.$field { headings.push($heading); })*
                headings
            }
        }
    )*};
}

rows! {
    /// A line of 学生名单.
    BorrowerRow {
        name: String = "借款学生姓名",
        id_number: IdNumber = "身份证号",
        ethnic: Option<String> = "民族",
        household_type: Option<String> = "户口性质",
        township: Option<String> = "乡镇（街道）",
        village: Option<String> = "村（社区）",
        village_code: Option<String> = "村级代码",
        address: Option<String> = "家庭详细地址",
        police_station: Option<String> = "派出所",
        high_school: Option<String> = "毕业高中",
        university: Option<String> = "就读高校",
        university_code: Option<String> = "学校代码",
        major: Option<String> = "专业",
        student_number: Option<String> = "学号",
        degree: Option<Degree> = "学历层次",
        study_years: Option<i32> = "学制（年）",
        enrolment: Option<NaiveDate> = "入学年月",
        graduation: Option<NaiveDate> = "毕业年月",
        family_category: Option<String> = "家庭类型",
        difficulty: Option<Difficulty> = "困难等级",
        phones: Vec<PhoneNumber> = "手机",
        email: Option<String> = "电子邮箱",
        co_name: Option<String> = "共同借款人姓名",
        co_relation: Option<Relation> = "与学生关系",
        co_id_number: Option<IdNumber> = "共同借款人身份证号",
        co_phones: Vec<PhoneNumber> = "共同借款人手机",
        remark: Option<String> = "备注",
    }
    /// A line of 合同明细. The term is in years, whatever the sheet counts in.
    ContractRow {
        contract_number: String = "合同编号",
        name: Option<String> = "借款学生姓名",
        id_number: IdNumber = "身份证号",
        loan_year: i32 = "贷款学年",
        kind: Option<LoanKind> = "首贷续贷",
        amount: Fen = "贷款金额（元）",
        tuition: Option<Fen> = "学费（元）",
        lodging: Option<Fen> = "住宿费（元）",
        term_years: Option<i32> = "贷款期限（年）",
        signed_on: Option<NaiveDate> = "合同签订日期",
        disbursed_on: Option<NaiveDate> = "发放日期",
        due_on: NaiveDate = "到期日期",
        subsidy_until: Option<NaiveDate> = "贴息截止日",
        grace_years: Option<i32> = "还本宽限期（年）",
        receipt_code: Option<String> = "回执校验码",
        receipt_on: Option<NaiveDate> = "回执录入日期",
        agent: Option<String> = "代理结算机构",
        account: Option<String> = "还款账户",
        co_name: Option<String> = "共同借款人姓名",
        co_id_number: Option<IdNumber> = "共同借款人身份证号",
        status: Option<ContractState> = "合同状态",
        balance: Option<Fen> = "贷款余额（元）",
    }
    /// A line of 还款明细.
    RepaymentRow {
        contract_number: String = "合同编号",
        name: Option<String> = "借款学生姓名",
        id_number: Option<IdNumber> = "身份证号",
        due_on: NaiveDate = "应还日期",
        due_principal: Option<Fen> = "应还本金（元）",
        due_interest: Option<Fen> = "应还利息（元）",
        waived_interest: Option<Fen> = "免除利息（元）",
        paid_on: Option<NaiveDate> = "还款日期",
        paid_principal: Fen = "实还本金（元）",
        paid_interest: Option<Fen> = "实还利息（元）",
        paid_penalty: Option<Fen> = "实还罚息（元）",
        paid_total: Option<Fen> = "实还合计（元）",
        kind: RepaymentKind = "还款类型",
        channel: Option<String> = "还款渠道",
        balance_after: Option<Fen> = "还款后贷款余额（元）",
    }
    /// A line of 逾期名单.
    OverdueRow {
        contract_number: String = "合同编号",
        name: Option<String> = "借款学生姓名",
        id_number: Option<IdNumber> = "身份证号",
        university: Option<String> = "毕业高校",
        graduation: Option<NaiveDate> = "毕业年月",
        township: Option<String> = "乡镇（街道）",
        village: Option<String> = "村（社区）",
        police_station: Option<String> = "派出所",
        phones: Vec<PhoneNumber> = "手机",
        co_name: Option<String> = "共同借款人姓名",
        co_relation: Option<Relation> = "与学生关系",
        co_phones: Vec<PhoneNumber> = "共同借款人手机",
        balance: Option<Fen> = "贷款余额（元）",
        overdue_principal: Fen = "逾期本金（元）",
        overdue_interest: Fen = "逾期利息（元）",
        penalty: Option<Fen> = "罚息（元）",
        overdue_total: Option<Fen> = "逾期合计（元）",
        first_overdue_on: Option<NaiveDate> = "首次逾期日期",
        overdue_days: Option<i32> = "逾期天数",
        cut_off: Option<NaiveDate> = "截止日期",
        contact_result: Option<String> = "联系情况",
    }
    /// A line of 毕业确认名单.
    GraduationRow {
        name: Option<String> = "借款学生姓名",
        id_number: IdNumber = "身份证号",
        university: Option<String> = "就读高校",
        graduation: NaiveDate = "毕业年月",
        confirmed_on: NaiveDate = "毕业确认日期",
        destination: Option<String> = "毕业去向",
        phones: Vec<PhoneNumber> = "手机",
        contracts: Option<i32> = "贷款笔数",
        principal: Option<Fen> = "贷款本金合计（元）",
        self_pay_from: Option<NaiveDate> = "自付利息起始日",
        remark: Option<String> = "备注",
    }
    /// A line of 预申请名单.
    PreapplicationRow {
        name: String = "学生姓名",
        id_number: IdNumber = "身份证号",
        high_school: Option<String> = "毕业高中",
        class_name: Option<String> = "班级",
        township: Option<String> = "乡镇（街道）",
        village: Option<String> = "村（社区）",
        family_category: Option<String> = "家庭类型",
        phones: Vec<PhoneNumber> = "联系电话",
        applied_on: NaiveDate = "申请日期",
        school_opinion: Option<String> = "学校审核意见",
        county_opinion: Option<String> = "县级资助中心审核意见",
    }
    /// A line of 困难认定汇总表.
    HardshipRow {
        name: String = "姓名",
        id_type: Option<String> = "身份证件类型",
        id_number: IdNumber = "身份证件号",
        difficulty: Difficulty = "认定困难级别名称",
        recognised_on: NaiveDate = "认定时间",
        reason: Option<String> = "认定原因",
        class_opinion: Option<String> = "班级认定意见",
        grade_opinion: Option<String> = "年级认定意见",
    }
    /// A line of 服兵役代偿名单.
    EnlistmentRow {
        name: String = "姓名",
        id_number: IdNumber = "身份证号",
        university: Option<String> = "就读高校",
        enlisted_on: NaiveDate = "入伍时间",
        discharged_on: Option<NaiveDate> = "退役时间",
        contract_numbers: Vec<String> = "贷款合同号",
        principal: Option<Fen> = "贷款本金（元）",
        applied: Option<Fen> = "申请代偿金额（元）",
        approved: Option<Fen> = "批准代偿金额（元）",
        paid_on: Option<NaiveDate> = "拨付时间",
    }
    /// A line of 高校回执登记表.
    ReceiptRow {
        name: String = "姓名",
        class_name: Option<String> = "班级",
        student_number: String = "学号",
        province: Option<String> = "生源地省份",
        address: Option<String> = "生源地具体地址",
        receipt_code: String = "回执校验码",
        amount: Fen = "贷款金额（元）",
        is_new: Option<bool> = "是否新申请",
        phones: Vec<PhoneNumber> = "联系方式",
        university: Option<String> = "就读高校",
        loan_year: i32 = "贷款学年",
    }
    /// A line of 资助月报表.
    MonthlyRow {
        month: NaiveDate = "月份",
        signed: i32 = "新签合同（笔）",
        signed_amount: Fen = "新签合同金额（元）",
        disbursed: i32 = "发放（笔）",
        disbursed_amount: Fen = "发放金额（元）",
        repaid: i32 = "还款（笔）",
        principal: Fen = "收回本金（元）",
        interest: Fen = "收回利息（元）",
        penalty: Fen = "收回罚息（元）",
        compensated: Option<Fen> = "其中：国家代偿（元）",
        balance: Fen = "月末贷款余额（元）",
    }
}

impl RepaymentRow {
    /// Two lines are one when they say the same money, paid on the same day by the same way and
    /// leaving the same to pay: part payments of one instalment, even of one day, are two. What
    /// has no money is there once for a due day.
    fn line_key(&self) -> String {
        let key = format!("{} {} {}", self.contract_number, self.due_on, self.kind.to_chinese());
        let parts = [Some(self.paid_principal), self.paid_interest, self.paid_penalty];
        if parts.iter().chain([&self.paid_total]).flatten().all(|fen| fen.is_zero()) {
            return key;
        }
        let rest = (self.paid_on, parts, self.paid_total, &self.channel, self.balance_after);
        format!("{key} {rest:?}")
    }
}

/// A typed line of any layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// 学生名单
    Borrower(Box<BorrowerRow>),
    /// 合同明细
    Contract(Box<ContractRow>),
    /// 还款明细
    Repayment(Box<RepaymentRow>),
    /// 逾期名单
    Overdue(Box<OverdueRow>),
    /// 毕业确认名单
    Graduation(Box<GraduationRow>),
    /// 预申请名单
    Preapplication(Box<PreapplicationRow>),
    /// 困难认定汇总表
    Hardship(Box<HardshipRow>),
    /// 服兵役代偿名单
    Enlistment(Box<EnlistmentRow>),
    /// 高校回执登记表
    Receipt(Box<ReceiptRow>),
    /// 资助月报表
    Monthly(Box<MonthlyRow>),
}

impl Row {
    /// What makes two lines of one sheet the same thing. Holds identity numbers: for comparing
    /// in memory only, never shown or stored.
    pub fn natural_key(&self) -> String {
        use chrono::Datelike;
        match self {
            Row::Borrower(row) => row.id_number.as_str().to_owned(),
            Row::Contract(row) => row.contract_number.clone(),
            Row::Repayment(row) => row.line_key(),
            Row::Overdue(row) => row.contract_number.clone(),
            Row::Graduation(row) => row.id_number.as_str().to_owned(),
            Row::Preapplication(row) => row.id_number.as_str().to_owned(),
            Row::Hardship(row) => {
                format!("{} {}", row.id_number.as_str(), row.recognised_on.year())
            }
            Row::Enlistment(row) => format!("{} {}", row.id_number.as_str(), row.enlisted_on),
            Row::Receipt(row) => {
                format!("{} {} {}", row.student_number, row.loan_year, row.receipt_code)
            }
            Row::Monthly(row) => row.month.to_string(),
        }
    }

    /// Headings of the fields in which two rows of one layout differ.
    pub fn differences(&self, other: &Row) -> Vec<&'static str> {
        match (self, other) {
            (Row::Borrower(one), Row::Borrower(other)) => one.differences(other),
            (Row::Contract(one), Row::Contract(other)) => one.differences(other),
            (Row::Repayment(one), Row::Repayment(other)) => one.differences(other),
            (Row::Overdue(one), Row::Overdue(other)) => one.differences(other),
            (Row::Graduation(one), Row::Graduation(other)) => one.differences(other),
            (Row::Preapplication(one), Row::Preapplication(other)) => one.differences(other),
            (Row::Hardship(one), Row::Hardship(other)) => one.differences(other),
            (Row::Enlistment(one), Row::Enlistment(other)) => one.differences(other),
            (Row::Receipt(one), Row::Receipt(other)) => one.differences(other),
            (Row::Monthly(one), Row::Monthly(other)) => one.differences(other),
            _ => vec!["表格种类"],
        }
    }

    /// The identity number of the student, where the sheet has one.
    pub fn id_number(&self) -> Option<IdNumber> {
        match self {
            Row::Borrower(row) => Some(row.id_number),
            Row::Contract(row) => Some(row.id_number),
            Row::Repayment(row) => row.id_number,
            Row::Overdue(row) => row.id_number,
            Row::Graduation(row) => Some(row.id_number),
            Row::Preapplication(row) => Some(row.id_number),
            Row::Hardship(row) => Some(row.id_number),
            Row::Enlistment(row) => Some(row.id_number),
            Row::Receipt(_) | Row::Monthly(_) => None,
        }
    }

    /// The student's name as the sheet has it.
    pub fn name(&self) -> Option<&str> {
        match self {
            Row::Borrower(row) => Some(&row.name),
            Row::Contract(row) => row.name.as_deref(),
            Row::Repayment(row) => row.name.as_deref(),
            Row::Overdue(row) => row.name.as_deref(),
            Row::Graduation(row) => row.name.as_deref(),
            Row::Preapplication(row) => Some(&row.name),
            Row::Hardship(row) => Some(&row.name),
            Row::Enlistment(row) => Some(&row.name),
            Row::Receipt(row) => Some(&row.name),
            Row::Monthly(_) => None,
        }
    }

    /// Puts the known name in the place of the one in the sheet.
    pub fn set_name(&mut self, known: &str) {
        let known = known.to_owned();
        match self {
            Row::Borrower(row) => row.name = known,
            Row::Contract(row) => row.name = Some(known),
            Row::Repayment(row) => row.name = Some(known),
            Row::Overdue(row) => row.name = Some(known),
            Row::Graduation(row) => row.name = Some(known),
            Row::Preapplication(row) => row.name = known,
            Row::Hardship(row) => row.name = known,
            Row::Enlistment(row) => row.name = known,
            Row::Receipt(row) => row.name = known,
            Row::Monthly(_) => {}
        }
    }
}
