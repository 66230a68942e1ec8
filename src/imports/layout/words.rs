//! Words of a list: what a sheet may say for a relation, a level of study, a kind of repayment.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$each:meta])* $variant:ident = $word:literal / $others:literal,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* #[doc = $word] $variant,)* }

        impl $name {
            /// All of them, in the order of the list.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The word as the program writes it.
            pub const fn to_chinese(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The meaning of a word, also of other words for the same.
            pub fn from_chinese(text: &str) -> Option<$name> {
                $(if text == $word || $others.split('|').any(|other| other == text) {
                    return Some($name::$variant);
                })*
                None
            }
        }

        impl Word for $name {
            fn read(text: &str) -> Option<$name> { $name::from_chinese(text) }
            fn list() -> String {
                let words: Vec<_> = $name::ALL.iter().map(|word| word.to_chinese()).collect();
                words.join("、")
            }
        }
    )*};
}

/// A column of words.
pub trait Word: Sized {
    /// The meaning of a word.
    fn read(text: &str) -> Option<Self>;
    /// All that may be written, for a message.
    fn list() -> String;
}

impl Word for crate::base::id_number::Sex {
    fn read(text: &str) -> Option<Self> {
        match text {
            "男" | "男性" | "M" | "m" => Some(Self::Male),
            "女" | "女性" | "F" | "f" => Some(Self::Female),
            _ => None,
        }
    }

    fn list() -> String {
        "男、女".to_owned()
    }
}

words! {
    /// What the co-borrower is to the student.
    Relation {
        Father = "父亲" / "父|爸爸|父子|父女",
        Mother = "母亲" / "母|妈妈|母子|母女",
        NearRelative = "近亲属" / "亲属|祖父|祖母|爷爷|奶奶|外祖父|外祖母|外公|外婆|哥哥|姐姐|兄|姐|弟|妹|兄弟|姐妹|叔叔|伯父|姑姑|舅舅|姨妈|配偶",
        Other = "其他" / "其它|监护人|其他监护人|非亲属",
    }
    Degree {
        Preparatory = "预科" / "少数民族预科|预科生",
        Associate = "专科" / "大专|高职|高职专科|高职(专科)|高职（专科）|专科(高职)|专科（高职）|专科生",
        Bachelor = "本科" / "大学本科|普通本科|学士|本科生",
        SecondBachelor = "第二学士学位" / "第二学士|二学位",
        Master = "硕士研究生" / "硕士|研究生|全日制硕士|硕士生",
        Doctor = "博士研究生" / "博士|全日制博士|博士生",
    }
    Difficulty {
        Ordinary = "一般困难" / "一般|家庭经济一般困难",
        Hard = "困难" / "比较困难|家庭经济困难",
        Severe = "特别困难" / "特困|特殊困难|家庭经济特别困难",
    }
    /// First loan or renewal.
    LoanKind {
        First = "首贷" / "首次|首次贷款|新贷|是",
        Renewal = "续贷" / "续|续贷款|否",
    }
    /// State of a contract.
    ContractState {
        Signed = "已签订待发放" / "待发放|已签订|未发放",
        InStudy = "在校贴息" / "贴息期|在校|在读|已发放",
        Repaying = "还款期" / "还款中|正常还款|自付息期|宽限期",
        Overdue = "逾期" / "已逾期|拖欠",
        Settled = "已结清" / "结清|已还清|已还清贷款",
        Cancelled = "已撤销" / "撤销|作废|已作废|取消",
    }
    /// Kind of a repayment line.
    RepaymentKind {
        Regular = "正常还款" / "按期还款|正常|到期还款",
        Early = "提前还款" / "提前结清|提前",
        Late = "逾期还款" / "逾期已还|补还",
        Unpaid = "逾期未还" / "未还|逾期",
        Waived = "免息" / "免除利息|利息免除",
        Compensated = "国家代偿" / "代偿|财政代偿",
    }
    YesNo {
        Yes = "是" / "有|Y|y|√|1|TRUE",
        No = "否" / "无|N|n|×|0|FALSE",
    }
}
