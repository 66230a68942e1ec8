//! Why a message is written, and the kind under which a person can switch it off.

use crate::base::ids::text_enum;

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

/// To whom a message goes besides the person it is about, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// In the hours of sending.
    InHours,
    /// In the hours of sending; the co-borrower gets it too.
    WithCoBorrower,
    /// At once, at any hour.
    AtOnce,
}

/// A field of a template, and what it holds, in words.
type Field = (&'static str, &'static str);

/// What belongs to a reason beside its name.
#[derive(Clone, Copy, Debug)]
struct Facts {
    explained: &'static str,
    kind: Option<Kind>,
    delivery: Delivery,
    fields: &'static [Field],
}

macro_rules! reasons {
    (enum $reason:ident; $($(#[$doc:meta])* $name:ident = $text:literal, $words:literal,
        $explained:literal, $kind:expr, $delivery:ident, $fields:expr;)+) => {
        text_enum! {
            /// Why a message is written. Its text is the name of its template's file, too:
            /// `templates/messages/NAME.txt`; its words are the subject line of an e-mail.
            $reason { $($(#[$doc])* $name = $text, $words;)+ }
        }

        impl $reason {
            const fn facts(self) -> Facts {
                match self {$(
                    $reason::$name => Facts {
                        explained: $explained,
                        kind: $kind,
                        delivery: Delivery::$delivery,
                        fields: &$fields,
                    }
                ),+}
            }
        }
    };
}

// In the order pages show them. Without a kind a message cannot be switched off.
reasons! {
    enum Reason;
    /// A due day comes near.
    DueReminder = "due_reminder", "还款提醒", "还款日之前几次，发给学生和共同借款人",
        Some(Kind::Repayment), WithCoBorrower,
        [("due_on", "还款日"), ("amount", "这一期要还的钱")];
    /// A due day has passed and something of it is unpaid.
    OverdueNotice = "overdue_notice", "到期未还提醒",
        "还款日过后几天，还有没还的，发给学生和共同借款人",
        Some(Kind::Overdue), WithCoBorrower,
        [("due_on", "还款日"), ("as_of", "银行数据截至"), ("amount", "还清要的钱，含罚息")];
    /// A due day has passed, and the director does not wait for the bank's result of it.
    DueUnconfirmed = "due_unconfirmed", "到期待确认提醒",
        "银行的结果没到、主任决定先行跟进的日子，代替到期未还提醒",
        Some(Kind::Overdue), WithCoBorrower,
        [("due_on", "还款日"), ("why", "主任先行跟进的理由")];
    /// The university has not entered the receipt of this year's contract.
    ReceiptMissing = "receipt_missing", "高校回执还没有录入",
        "高校录入回执的最后一天之前，发给学生",
        Some(Kind::Procedure), InHours,
        [("school_year", "学年"), ("last_on", "高校录入回执的最后一天")];
    /// The university entered other fees than the contract says.
    ReceiptDiffers = "receipt_differs", "高校回执与合同不同",
        "高校录入的费用与合同不同时，每份回执发一次，发给学生",
        Some(Kind::Procedure), InHours,
        [("school_year", "学年"), ("difference", "哪里不同，少了怎么办，多了怎么办")];
    /// The county's counter opens for renewing.
    Renewal = "renewal", "续贷办理时间", "本县受理开始之前，发给在读的学生",
        Some(Kind::Procedure), InHours,
        [("opens_on", "受理开始"), ("closes_on", "受理结束")];
    /// The household has a time at the counter tomorrow.
    BookingTomorrow = "booking_tomorrow", "预约办理提醒", "预约时间的前一天早上，发给学生",
        Some(Kind::Procedure), InHours,
        [("on", "哪天"), ("time", "时间"), ("place", "地点"), ("bring", "带什么")];
    /// A graduate should have the graduation confirmed.
    GraduationConfirmation = "graduation_confirmation", "毕业确认", "毕业那年春天，发给学生",
        Some(Kind::Procedure), InHours, [("university", "高校")];
    /// Until when an early repayment saves a graduate all interest.
    EarlyRepaymentWindow = "early_repayment_window", "提前还款的日子",
        "毕业那年，提前还款还不用付利息的最后几天之前，发给学生",
        Some(Kind::Repayment), InHours,
        [
            ("ask_by", "最晚申请的日子"),
            ("settles_on", "扣款的日子"),
            ("gain", "赶上这一天有什么好处"),
        ];
    /// The settling day of an early repayment that the family has requested.
    EarlyRepaymentDay = "early_repayment_day", "提前还款的扣款日",
        "申请了提前还款的，扣款日之前几天，发给学生和共同借款人",
        Some(Kind::Repayment), WithCoBorrower,
        [("settles_on", "扣款的日子"), ("amount", "那天账户里要有的钱")];
    /// A one-time code to sign in with. Waits for nothing.
    SignInCode = "sign_in_code", "登录验证码", "本人在手机上登录时，马上发出",
        None, AtOnce, [("sign_in_code", "验证码"), ("minutes", "几分钟内有效")];
    /// What became of a change of contacts that the person asked for. The alarm of somebody whose
    /// number another person changes cannot be switched off.
    ContactDecided = "contact_decided", "联系方式的修改结果", "经办决定之后，发给本人",
        None, InHours, [("what", "改的是什么"), ("answer", "结果")];
    /// Please call the centre, written by hand from a loan file.
    PleaseCall = "please_call", "请来电联系", "由经办在贷款档案里单独发出",
        Some(Kind::Contact), InHours, [];
    /// Does the gateway work? To a number or an address that somebody at the desk has typed.
    GatewayTest = "gateway_test", "测试消息",
        "由管理员在“开始使用”里发给自己，看网关通不通",
        None, AtOnce, [];
}

impl Reason {
    /// When it is sent, one line for the page of templates.
    pub const fn explained(self) -> &'static str {
        self.facts().explained
    }

    /// The kind under which it can be switched off; none for a one-time code.
    pub const fn kind(self) -> Option<Kind> {
        self.facts().kind
    }

    /// True when the co-borrower gets it too.
    pub fn to_co_borrower(self) -> bool {
        self.facts().delivery == Delivery::WithCoBorrower
    }

    /// Goes at once, at any hour.
    pub fn is_urgent(self) -> bool {
        self.facts().delivery == Delivery::AtOnce
    }

    /// The fields its template may use, beside [`COMMON_FIELDS`].
    pub const fn fields(self) -> &'static [Field] {
        self.facts().fields
    }

    /// The name of its template.
    pub fn template(self) -> String {
        format!("messages/{}.txt", self.as_text())
    }
}

/// The fields that every template may use.
pub const COMMON_FIELDS: [Field; 6] = [
    ("name", "收信人的姓名"),
    ("whose", "「您的」；对共同借款人是「您和某某的」"),
    ("student", "学生的姓名"),
    ("centre", "中心的名称"),
    ("phone", "中心的电话（必须有）"),
    ("check_code", "核对码（必须有）"),
];
