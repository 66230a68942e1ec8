//! The words of the ladder: stages, states, next steps, why a case is off the ladder. Texts of the
//! database and what pages say, nothing else.

use crate::base::ids::text_enum;

text_enum! {
    /// The five stages, lowest first.
    Stage {
        Student = "student", "短信电话";
        /// 共同借款人.
        CoBorrower = "co_borrower", "共同借款人";
        /// The senior high school.
        School = "school", "学校";
        /// The village or community committee.
        Village = "village", "村委会";
        /// The police station's assistance.
        Police = "police", "派出所";
    }
}

impl Stage {
    /// Its place, counted from 1.
    pub const fn place(self) -> u8 {
        match self {
            Stage::Student => 1,
            Stage::CoBorrower => 2,
            Stage::School => 3,
            Stage::Village => 4,
            Stage::Police => 5,
        }
    }

    pub const fn above(self) -> Option<Stage> {
        match self {
            Stage::Student => Some(Stage::CoBorrower),
            Stage::CoBorrower => Some(Stage::School),
            Stage::School => Some(Stage::Village),
            Stage::Village => Some(Stage::Police),
            Stage::Police => None,
        }
    }

    /// Who is asked in this stage.
    pub const fn whom(self) -> &'static str {
        match self {
            Stage::Student => "本人",
            Stage::CoBorrower => "共同借款人",
            Stage::School => "毕业高中",
            Stage::Village => "村（社区）",
            Stage::Police => "派出所",
        }
    }

    /// What is done first in this stage.
    pub const fn first_step(self) -> NextStep {
        match self {
            Stage::Student => NextStep::CallStudent,
            Stage::CoBorrower => NextStep::CallCoBorrower,
            Stage::School => NextStep::AskSchool,
            Stage::Village => NextStep::AskVillage,
            Stage::Police => NextStep::AskPolice,
        }
    }
}

text_enum! {
    /// How a case stands.
    State {
        Open = "open", "跟进中";
        /// On the ladder, nothing to do until a day.
        Paused = "paused", "已暂停";
        /// Off the ladder until a day; somebody looks after it another way.
        Parked = "parked", "已转其他业务";
        Closed = "closed", "已结束";
    }
}

text_enum! {
    /// What is done next.
    NextStep {
        CallStudent = "call_student", "联系本人";
        CallCoBorrower = "call_co_borrower", "联系共同借款人";
        AskSchool = "ask_school", "请毕业高中帮助联系";
        /// The village or community.
        AskVillage = "ask_village", "请村（社区）帮助走访";
        AskPolice = "ask_police", "请派出所协助联系";
        /// Nobody answered: once more.
        Again = "again", "再联系一次";
        /// The number is dead or somebody else's.
        FindNumber = "find_number", "找新号码";
        /// Spoken with: see whether they pay.
        KeepTouch = "keep_touch", "看是否已还";
        /// The promised day is over.
        PromiseDue = "promise_due", "承诺到期回访";
        /// The pause or the time off the ladder is over.
        LookAgain = "look_again", "到期再看一次";
        Relief = "relief", "办理还款救助";
        Service = "service", "核实服役，办理代偿";
        Enrolment = "enrolment", "核实学籍，办理变更";
        Reconcile = "reconcile", "与银行核对";
    }
}

text_enum! {
    /// Why a case is off the ladder.
    HoldReason {
        Nothing = "", "";
        /// Hardship: leads to relief.
        Hardship = "hardship", "有困难，转还款救助";
        /// In service: leads to compensation.
        InService = "in_service", "在服役，转入伍代偿";
        /// Studying: leads to an enrolment change.
        Studying = "studying", "在读书，转学籍变更";
        /// The figure is disputed: leads to reconciliation.
        Dispute = "dispute", "对金额有疑问，转核对账目";
        /// They say that it is paid: leads to reconciliation.
        SaysPaid = "says_paid", "说已还，转核对到账";
        /// The borrower has died: leads to relief.
        Died = "died", "本人已去世，转还款救助";
    }
}

impl HoldReason {
    /// What is done meanwhile.
    pub const fn step(self) -> NextStep {
        match self {
            HoldReason::Hardship | HoldReason::Died => NextStep::Relief,
            HoldReason::InService => NextStep::Service,
            HoldReason::Studying => NextStep::Enrolment,
            HoldReason::Dispute | HoldReason::SaysPaid => NextStep::Reconcile,
            HoldReason::Nothing => NextStep::LookAgain,
        }
    }
}

text_enum! {
    /// What the director is asked for.
    AskedFor {
        Nothing = "", "";
        /// The police station's assistance.
        Police = "police", "请派出所协助";
        Notice = "notice", "请贷款银行发还款通知";
    }
}

text_enum! {
    /// Why a case is over.
    ClosedWhy {
        Nothing = "", "";
        /// Nothing past due is open any more.
        Paid = "paid", "已还清欠款";
        /// The figure was wrong.
        Corrected = "corrected", "账目更正，或结果还不知道";
    }
}

text_enum! {
    /// What happened to a case.
    StepKind {
        Opened = "opened", "进入逾期跟进";
        MovedUp = "moved_up", "转到下一阶段";
        MovedDown = "moved_down", "退回前面的阶段";
        /// The director was asked.
        Asked = "asked", "请示主任";
        /// The director allowed it.
        Allowed = "allowed", "主任同意";
        Declined = "declined", "主任没有同意";
        Notice = "notice", "请贷款银行发还款通知";
        Paused = "paused", "暂停";
        /// A pause is over.
        Resumed = "resumed", "恢复跟进";
        Parked = "parked", "转其他业务";
        /// Back on the ladder.
        Returned = "returned", "回到跟进";
        /// A day was agreed on.
        Promised = "promised", "约定还款日";
        /// The day went by.
        PromiseBroken = "promise_broken", "约定的日子到了，没有按约定还";
        PromiseKept = "promise_kept", "按约定还了";
        /// Somebody else looks after it.
        Owner = "owner", "改责任人";
        /// A contact, and the next step.
        NextSet = "next_set", "联系";
        Closed = "closed", "结束";
        /// A contact or a move was taken back.
        Undone = "undone", "撤销上一步";
    }
}

impl StepKind {
    /// A step as its log says it, each part set off from the next:
    /// `转到下一阶段：学校 → 村委会，电话多次无人接听`.
    pub fn sentence(self, stages: Option<(Stage, Stage)>, reason: &str) -> String {
        let mut words = self.in_words().to_owned();
        if let Some((from, to)) = stages {
            words.push_str(&format!("：{} → {}", from.in_words(), to.in_words()));
        }
        if !reason.is_empty() {
            words.push_str(if stages.is_some() { "，" } else { "：" });
            words.push_str(reason);
        }
        words
    }
}
