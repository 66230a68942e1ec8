//! Words of the counter: where an application stands, its steps, who signs with the student.

use crate::base::ids::text_enum;

text_enum! {
    State {
        Draft = "draft", "办理中";
        Parked = "parked", "挂起";
        Submitted = "submitted", "待复核";
        Returned = "returned", "退回补正";
        /// The contract's number and code come from the bank's system.
        Approved = "approved", "待登记合同号";
        Signed = "signed", "已签约";
        Refused = "refused", "未通过";
        Withdrawn = "withdrawn", "已撤销";
        Void = "void", "已作废";
    }
}

impl State {
    /// What was typed may still be changed.
    pub const fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Parked | State::Returned)
    }

    /// A student may have another one for the same year.
    pub const fn is_over(self) -> bool {
        matches!(self, State::Refused | State::Withdrawn | State::Void)
    }
}

text_enum! {
    Source {
        Desk = "desk", "窗口受理";
        Phone = "phone", "手机页面发起";
    }
}

text_enum! {
    Step {
        Who = "who", "学生";
        Co = "co", "共同借款人";
        Study = "study", "学校与金额";
        /// Everything of a renewal on one page.
        Renewal = "renewal", "续贷";
        Papers = "papers", "材料";
        Check = "check", "核对";
    }
}

impl Step {
    /// The steps of a case, in order.
    pub fn all(is_first: bool, changes_co: bool) -> Vec<Step> {
        match (is_first, changes_co) {
            (true, _) => vec![Step::Who, Step::Co, Step::Study, Step::Papers, Step::Check],
            (false, true) => vec![Step::Renewal, Step::Co, Step::Papers, Step::Check],
            (false, false) => vec![Step::Renewal, Step::Papers, Step::Check],
        }
    }
}

text_enum! {
    /// In the order in which they are asked.
    Relation {
        Father = "father", "父亲";
        Mother = "mother", "母亲";
        Guardian = "guardian", "监护人";
        Relative = "relative", "近亲属";
        Other = "other", "其他";
    }
}

impl Relation {
    pub const fn is_parent(self) -> bool {
        matches!(self, Relation::Father | Relation::Mother)
    }

    /// As the loan file keeps it.
    pub fn from_words(words: &str) -> Option<Relation> {
        Relation::ALL.iter().copied().find(|one| one.in_words() == words)
    }
}

text_enum! {
    /// Why no parent signs.
    Case {
        Plain = "plain", "父母之一到场";
        Delegated = "delegated", "父母都不在家，书面委托";
        Unable = "unable", "父母没有能力（残疾、重病等）";
        Orphan = "orphan", "孤儿或没有父母监护";
    }
}

text_enum! {
    Degree {
        Bachelor = "bachelor", "本科";
        Associate = "associate", "专科";
        Preparatory = "preparatory", "预科";
        SecondBachelor = "second_bachelor", "第二学士学位";
        Master = "master", "硕士研究生";
        Doctor = "doctor", "博士研究生";
    }
}

impl Degree {
    pub const fn is_graduate(self) -> bool {
        matches!(self, Degree::Master | Degree::Doctor)
    }

    /// As the loan file keeps it.
    pub fn from_words(words: &str) -> Option<Degree> {
        Degree::ALL.iter().copied().find(|one| one.in_words() == words)
    }
}

text_enum! {
    /// Who has come for a renewal: either is enough.
    Present {
        Student = "student", "学生到场";
        CoBorrower = "co", "共同借款人到场";
        Both = "both", "两人都到场";
    }
}
