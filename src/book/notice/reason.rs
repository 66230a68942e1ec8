//! Why a message is written, and the kind under which a person can switch it off.

use crate::base::ids::text_enum;

/// Why a message is written. One template each: `templates/messages/NAME.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A due day comes near.
    DueReminder,
    /// A due day has passed and something of it is unpaid.
    OverdueNotice,
    /// A due day has passed, and the director does not wait for the bank's result of it.
    DueUnconfirmed,
    /// The university has not entered the receipt of this year's contract.
    ReceiptMissing,
    /// The university entered other fees than the contract says.
    ReceiptDiffers,
    /// The county's counter opens for renewing.
    Renewal,
    /// A graduate should have the graduation confirmed.
    GraduationConfirmation,
    /// Until when an early repayment saves a graduate all interest.
    EarlyRepaymentWindow,
    /// A one-time code to sign in with. Cannot be switched off, waits for nothing.
    SignInCode,
    /// What became of a change of contacts that the person asked for.
    ContactDecided,
    /// Please call the centre, written by hand from a loan file.
    PleaseCall,
    /// Does the gateway work? To a number or an address that somebody at the desk has typed.
    GatewayTest,
}

text_enum! {
    /// What a person can switch off, as the settings page calls it.
    Kind {
        /// 还款提醒
        Repayment = "repayment", "还款提醒";
        /// 到期未还提醒
        Overdue = "overdue", "到期未还提醒";
        /// 办理提醒
        Procedure = "procedure", "办理提醒";
        /// 联系方式
        Contact = "contact", "联系方式";
    }
}

impl Kind {
    /// What comes under it, one line for the settings page.
    pub const fn explained(self) -> &'static str {
        match self {
            Kind::Repayment => "还款日之前，告诉您哪天还、还多少；提前还款的日子也在这里",
            Kind::Overdue => "有一期到期没有还上时，告诉您一声",
            Kind::Procedure => "高校回执、续贷、毕业确认",
            Kind::Contact => "有事要和您当面说，请您来电",
        }
    }
}

impl Reason {
    /// Every reason, in the order pages show them.
    pub const ALL: [Reason; 12] = [
        Reason::DueReminder,
        Reason::OverdueNotice,
        Reason::DueUnconfirmed,
        Reason::ReceiptMissing,
        Reason::ReceiptDiffers,
        Reason::Renewal,
        Reason::GraduationConfirmation,
        Reason::EarlyRepaymentWindow,
        Reason::SignInCode,
        Reason::ContactDecided,
        Reason::PleaseCall,
        Reason::GatewayTest,
    ];

    /// As kept in the database; also the name of the template's file.
    pub const fn as_text(self) -> &'static str {
        match self {
            Reason::DueReminder => "due_reminder",
            Reason::OverdueNotice => "overdue_notice",
            Reason::DueUnconfirmed => "due_unconfirmed",
            Reason::ReceiptMissing => "receipt_missing",
            Reason::ReceiptDiffers => "receipt_differs",
            Reason::Renewal => "renewal",
            Reason::GraduationConfirmation => "graduation_confirmation",
            Reason::EarlyRepaymentWindow => "early_repayment_window",
            Reason::SignInCode => "sign_in_code",
            Reason::ContactDecided => "contact_decided",
            Reason::PleaseCall => "please_call",
            Reason::GatewayTest => "gateway_test",
        }
    }

    /// The reason a text of the database or a page's address names.
    pub fn from_text(text: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_text() == text)
    }

    /// As pages say it, and the subject line of an e-mail.
    pub const fn in_words(self) -> &'static str {
        match self {
            Reason::DueReminder => "还款提醒",
            Reason::OverdueNotice => "到期未还提醒",
            Reason::DueUnconfirmed => "到期待确认提醒",
            Reason::ReceiptMissing => "高校回执还没有录入",
            Reason::ReceiptDiffers => "高校回执与合同不同",
            Reason::Renewal => "续贷办理时间",
            Reason::GraduationConfirmation => "毕业确认",
            Reason::EarlyRepaymentWindow => "提前还款的日子",
            Reason::SignInCode => "登录验证码",
            Reason::ContactDecided => "联系方式的修改结果",
            Reason::PleaseCall => "请来电联系",
            Reason::GatewayTest => "测试消息",
        }
    }

    /// When it is sent, one line for the page of templates.
    pub const fn explained(self) -> &'static str {
        match self {
            Reason::DueReminder => "还款日之前几次，发给学生和共同借款人",
            Reason::OverdueNotice => "还款日过后几天，还有没还的，发给学生和共同借款人",
            Reason::DueUnconfirmed => "银行的结果没到、主任决定先行跟进的日子，代替到期未还提醒",
            Reason::ReceiptMissing => "高校录入回执的最后一天之前，发给学生",
            Reason::ReceiptDiffers => "高校录入的费用与合同不同时，每份回执发一次，发给学生",
            Reason::Renewal => "本县受理开始之前，发给在读的学生",
            Reason::GraduationConfirmation => "毕业那年春天，发给学生",
            Reason::EarlyRepaymentWindow => {
                "毕业那年，提前还款还不用付利息的最后几天之前，发给学生"
            }
            Reason::SignInCode => "本人在手机上登录时，马上发出",
            Reason::ContactDecided => "经办决定之后，发给本人",
            Reason::PleaseCall => "由经办在贷款档案里单独发出",
            Reason::GatewayTest => "由管理员在“开始使用”里发给自己，看网关通不通",
        }
    }

    /// The kind under which it can be switched off; none for a one-time code.
    pub const fn kind(self) -> Option<Kind> {
        match self {
            Reason::DueReminder | Reason::EarlyRepaymentWindow => Some(Kind::Repayment),
            Reason::OverdueNotice | Reason::DueUnconfirmed => Some(Kind::Overdue),
            Reason::ReceiptMissing
            | Reason::ReceiptDiffers
            | Reason::Renewal
            | Reason::GraduationConfirmation => Some(Kind::Procedure),
            Reason::PleaseCall => Some(Kind::Contact),
            // The alarm of somebody whose number another person changes cannot be switched off.
            Reason::SignInCode | Reason::ContactDecided | Reason::GatewayTest => None,
        }
    }

    /// True when the co-borrower gets it too.
    pub const fn to_co_borrower(self) -> bool {
        matches!(self, Reason::DueReminder | Reason::OverdueNotice | Reason::DueUnconfirmed)
    }

    /// Goes at once, at any hour.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Reason::SignInCode | Reason::GatewayTest)
    }

    /// The fields its template may use, each with what it holds, in words.
    pub const fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Reason::DueReminder => &[("due_on", "还款日"), ("amount", "这一期要还的钱")],
            Reason::OverdueNotice => {
                &[("due_on", "还款日"), ("as_of", "银行数据截至"), ("amount", "还清要的钱，含罚息")]
            }
            Reason::DueUnconfirmed => &[("due_on", "还款日"), ("why", "主任先行跟进的理由")],
            Reason::ReceiptMissing => {
                &[("school_year", "学年"), ("last_on", "高校录入回执的最后一天")]
            }
            Reason::ReceiptDiffers => {
                &[("school_year", "学年"), ("difference", "哪里不同，少了怎么办，多了怎么办")]
            }
            Reason::Renewal => &[("opens_on", "受理开始"), ("closes_on", "受理结束")],
            Reason::GraduationConfirmation => &[("university", "高校")],
            Reason::EarlyRepaymentWindow => &[
                ("ask_by", "最晚申请的日子"),
                ("settles_on", "扣款的日子"),
                ("gain", "赶上这一天有什么好处"),
            ],
            Reason::SignInCode => &[("sign_in_code", "验证码"), ("minutes", "几分钟内有效")],
            Reason::ContactDecided => &[("what", "改的是什么"), ("answer", "结果")],
            Reason::PleaseCall | Reason::GatewayTest => &[],
        }
    }

    /// The name of its template.
    pub fn template(self) -> String {
        format!("messages/{}.txt", self.as_text())
    }
}

/// The fields that every template may use.
pub const COMMON_FIELDS: [(&str, &str); 6] = [
    ("name", "收信人的姓名"),
    ("whose", "「您的」；对共同借款人是「您和某某的」"),
    ("student", "学生的姓名"),
    ("centre", "中心的名称"),
    ("phone", "中心的电话（必须有）"),
    ("check_code", "核对码（必须有）"),
];
