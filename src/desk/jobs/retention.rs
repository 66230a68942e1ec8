//! 保存期限: every record of this program, how long it is there, which job removes it, and why.
//! `tests/tidy/retention.rs` compares it with the tables and the jobs. What no job removes stays:
//! no rule of ours shortens what an office has to file.

use crate::jobs::{follow_matching, retire_sessions_and_codes as retire};

/// How long records are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// For good, as far as this program is concerned.
    Always,
    /// So many days after nobody can use it any more.
    Days(i64),
    Words(&'static str),
}

/// Some tables that live equally long.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub what: &'static str,
    pub tables: &'static [&'static str],
    pub until: Until,
    /// The name of the job that removes them.
    pub job: Option<&'static str>,
    pub why: &'static str,
}

const fn stays(what: &'static str, tables: &'static [&'static str], why: &'static str) -> Rule {
    Rule { what, tables, until: Until::Always, job: None, why }
}

const fn retired(
    what: &'static str,
    tables: &'static [&'static str],
    days: i64,
    why: &'static str,
) -> Rule {
    Rule { what, tables, until: Until::Days(days), job: Some(retire::JOB.name), why }
}

const fn by_people(
    what: &'static str,
    tables: &'static [&'static str],
    until: &'static str,
    why: &'static str,
) -> Rule {
    Rule { what, tables, until: Until::Words(until), job: None, why }
}

/// In the order of the page.
pub const RULES: &[Rule] = &[
    stays(
        "贷款档案、合同、放款和还款记录",
        &[
            "loan_file",
            "loan",
            "loan_event",
            "person",
            "file_serial",
            "disbursement",
            "posting",
            "early_repayment",
        ],
        "合同和还款的凭据，结清以后也要能查、能证明",
    ),
    stays(
        "结清证明和归档",
        &["certificate", "certificate_line", "archive_entry", "archive_paper"],
        "公众随时核对证明；纸质档案放在哪里",
    ),
    stays(
        "还款救助和财政资金登记",
        &["relief", "relief_line", "fund_entry"],
        "救助、贴息和风险补偿金的凭据，审计要查",
    ),
    by_people(
        "由记录算出来的数字",
        &["loan_position", "file_position", "overdue_family"],
        "记录变了就重算",
        "随时可以再算，不是凭据",
    ),
    stays(
        "申请、复核、扫描件和归档检查",
        &[
            "loan_application",
            "review",
            "review_look",
            "attachment",
            "archive_check",
            "study_change",
            "university_receipt",
            "graduation",
            "enlistment",
        ],
        "合同的来历，属于合同档案",
    ),
    stays(
        "困难认定和预申请",
        &[
            "recognition",
            "hardship_round",
            "hardship_application",
            "hardship_step",
            "publication",
            "objection",
            "preapplication",
            "demand_survey",
        ],
        "资助档案；以后的学年要看",
    ),
    Rule {
        what: "别的部门给的比对名单",
        tables: &["matching_entry"],
        until: Until::Words("到名单上写的最后一天"),
        job: Some(follow_matching::JOB.name),
        why: "只为这一次比对，用完就清除",
    },
    stays("比对的结果", &["matching_list", "matching_hit"], "谁、凭哪份名单、怎样核实的"),
    by_people(
        "别的县的匹配号",
        &["partner", "partner_list", "partner_entry"],
        "由经办清除，或者这个县不再合作",
        "不含姓名和身份证号",
    ),
    stays(
        "联系、跟进和走访",
        &[
            "contact_record",
            "contact_point",
            "contact_change",
            "contact_confirmation",
            "contact_duty",
            "file_note",
            "overdue_case",
            "overdue_step",
            "sheet",
            "sheet_batch",
            "sheet_return",
            "sheet_photo",
            "visit_round",
            "visit_stop",
            "receipt_chase",
            "university_contact",
            "person_phone",
        ],
        "说明中心尽了联系和提醒的责任",
    ),
    stays(
        "发过的消息",
        &["message", "message_wish", "message_stop"],
        "家里和上级问起时要能说清；内容加密保存",
    ),
    stays(
        "银行的数字和核对",
        &["bank_figure", "bank_difference", "monthly_figure", "payments_known"],
        "和银行对账的依据",
    ),
    by_people(
        "导入的文件",
        &["import_job", "import_file", "import_profile", "import_row", "import_written"],
        "没有用的由经办丢弃；收进来的保留",
        "每一笔记录都能查到来自哪个文件哪一行",
    ),
    stays("给银行的批次", &["batch", "batch_step", "batch_line"], "报出去的名单和银行的答复"),
    stays(
        "年度、预约和政策",
        &[
            "season",
            "counter_day",
            "booking",
            "policy_proposal",
            "policy_decision",
            "policy_compared",
        ],
        "哪一年按什么办的",
    ),
    stays("操作留痕", &["history"], "谁在什么时候做了什么，一环扣一环，删一条就对不上"),
    stays(
        "人员、联络员和设置",
        &[
            "staff",
            "liaison",
            "office",
            "office_setting",
            "account_seal",
            "meta",
            "job_pause",
            "warning",
            "saved_list",
        ],
        "以前的记录上有他们的名字",
    ),
    retired("登录", &["session"], retire::SESSIONS_DAYS, "有人会问那天谁在登录"),
    retired("登录验证码", &["borrower_code"], retire::CODES_DAYS, "几分钟就过期"),
    retired("登录试错的次数", &["sign_in_attempt"], retire::GUARDS_DAYS, "只用来挡住乱试"),
    retired("提交过的表单的记号", &["form_done"], retire::FORMS_DAYS, "只用来认出点了两次"),
    retired(
        "定时任务的运行",
        &["job_run"],
        retire::RUNS_DAYS.cast_signed(),
        "两年以内查得到哪晚没有运行",
    ),
];
