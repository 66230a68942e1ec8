//! Why a text is not an identity number, and how that is told to a clerk.

/// Why a text is not an identity number. One problem, the most telling one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdProblem {
    Empty,
    /// `5.12099E+17`: a spreadsheet took the number for a quantity.
    ScientificNotation,
    /// The last three digits became 000: a number cell keeps 15 digits.
    ExcelPrecision,
    /// Neither 18 nor 15 characters, but this many.
    Length(usize),
    /// Something that is no digit (the last may be X).
    Characters,
    /// The first two digits are no province.
    Province,
    /// Digits 7 to 14 are no date of the calendar.
    BirthDate,
    BornInFuture,
    /// The check character does not fit: some digit is wrong, or two are exchanged.
    CheckDigit,
}

impl IdProblem {
    /// What is wrong and what to do, as a clerk reads it. Holds no digit of the number.
    pub fn to_chinese(self) -> String {
        match self {
            IdProblem::Empty => "身份证号是空的，请补填后重新导入。".to_owned(),
            IdProblem::ScientificNotation => {
                "身份证号被表格软件变成了科学计数法，后面的数字已经丢失，无法还原。\
                 请把这一列设为“文本”格式，从原始资料重新填写。"
                    .to_owned()
            }
            IdProblem::ExcelPrecision => {
                "身份证号的末三位是 000 且校验码对不上，多半是表格软件按数字保存时丢失了。\
                 请把这一列设为“文本”格式，从原始资料重新填写。"
                    .to_owned()
            }
            IdProblem::Length(found) => {
                format!("身份证号应为 18 位，这里有 {found} 位。请对照身份证原件更正。")
            }
            IdProblem::Characters => "身份证号里有数字以外的字符（只有最后一位可以是 X），\
                 例如把数字 0 写成了字母 O。请对照身份证原件更正。"
                .to_owned(),
            IdProblem::Province => {
                "身份证号的前两位不是任何省份的代码。请对照身份证原件更正。".to_owned()
            }
            IdProblem::BirthDate => {
                "身份证号第 7 至 14 位不是有效的出生日期。请对照身份证原件更正。".to_owned()
            }
            IdProblem::BornInFuture => {
                "身份证号里的出生日期晚于今天。请对照身份证原件更正。".to_owned()
            }
            IdProblem::CheckDigit => {
                "身份证号的校验码对不上，其中有一位抄错或相邻两位颠倒了。请对照身份证原件更正。"
                    .to_owned()
            }
        }
    }
}
