//! 归档: which papers belong into the file of a contract, in the order they lie in it
//! (rules-more.md 3.6). Pure.

use serde::Serialize;

/// A paper of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Paper {
    pub what: &'static str,
    /// A renewal leaves some out: they lie with the first loan.
    pub is_part: bool,
}

const fn paper(what: &'static str, is_part: bool) -> Paper {
    Paper { what, is_part }
}

/// The papers of a contract; one that was refused leaves no contract behind.
pub const fn papers(is_first: bool, has_contract: bool) -> [Paper; 5] {
    [
        paper(if is_first { "申请表" } else { "续贷申请表" }, true),
        paper("学生身份证复印件", is_first),
        paper("共同借款人身份证复印件", is_first),
        paper("录取通知书或学生证复印件", is_first),
        paper("借款合同原件", has_contract),
    ]
}
