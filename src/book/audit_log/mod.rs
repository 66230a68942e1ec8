//! Who did what, when and why. The only file that writes the table `history`.
//!
//! Rows are appended freely, in the transaction of what they tell of; a moment later a job gives
//! each its number and hash in the chain of its office, so that no write waits for a hot row.
//! A row never holds an identity number, a telephone number or an account, not even masked.
//!
//! The chain shows a change, a gap or a cut made behind the program's back. It needs no key, so
//! an auditor can recompute it; against somebody who rewrites all of it, the number and hash of
//! the last link also go to the log.

mod check;
mod heads;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use sm3::{Digest as _, Sm3};

use crate::base::hex::hex;
use crate::base::ids::{FileId, StaffId};
use crate::base::scope::Scope;
use crate::error::AppResult;
use crate::plumbing::db::Db;
use crate::plumbing::meta;
use crate::plumbing::schema::history;

pub use check::{ChainState, keep_verified, last_verified, verify_chain};
pub use heads::Heads;

/// In whose name something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The member of staff; nobody for the program itself.
    pub staff_id: Option<StaffId>,
    /// Their name as pages show it; history keeps it even when the person is renamed.
    pub name: String,
    /// The office it is done for.
    pub office_code: String,
}

impl Actor {
    /// The program itself (a job, the command line) in the name of an office.
    pub fn program(name: &str, office_code: &str) -> Actor {
        Actor { staff_id: None, name: name.to_owned(), office_code: office_code.to_owned() }
    }
}

/// What is to be written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// What was done, one word of [`in_words`]: `signed_in`, `revealed`.
    pub action: &'static str,
    /// The loan file it was done to.
    pub file_id: Option<FileId>,
    /// Whom or what it was done to, as pages show it: a name, a file number.
    pub subject: String,
    pub summary: String,
    /// Why, in the person's own words; may be empty.
    pub reason: String,
}

impl AuditEntry {
    /// What was done to whom or what; of no loan file, and without a reason.
    pub fn of(action: &'static str, subject: &str, summary: impl Into<String>) -> AuditEntry {
        let (subject, summary) = (subject.to_owned(), summary.into());
        AuditEntry { action, subject, summary, ..AuditEntry::default() }
    }

    /// The same in the history of a loan file.
    #[must_use]
    pub fn on_file(self, file: FileId) -> AuditEntry {
        AuditEntry { file_id: Some(file), ..self }
    }
}

/// Actions under one heading: each word of the log and how pages call it.
pub type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// Every action, in the order a list to choose from shows them.
pub const ACTIONS: &[Group] = &[
    (
        "登录和账号",
        &[
            ("signed_in", "登录"),
            ("signed_out", "退出"),
            ("sign_in_failed", "登录没有成功"),
            ("sign_in_released", "解除登录暂停"),
            ("sessions_ended", "结束登录"),
            ("password_changed", "改密码"),
            ("staff_added", "添加人员"),
            ("staff_changed", "修改人员"),
            ("staff_disabled", "停用账号"),
            ("staff_enabled", "启用账号"),
            ("liaison_added", "添加联络员"),
            ("liaison_changed", "修改联络员"),
            ("liaison_amounts", "联络员看金额"),
            ("accounts_accepted", "认可账号现状"),
            ("handed_over", "交接工作"),
            ("handover_undone", "撤销交接"),
        ],
    ),
    (
        "查看和导出",
        &[
            ("revealed", "查看完整号码"),
            ("reveal_refused", "查看号码被拒"),
            ("sheet_revealed", "下载完整号码"),
            ("sheets_previewed", "查看走访表预览"),
            ("printed", "打印"),
            ("exported", "导出"),
            ("sheet_photo_seen", "看走访表照片"),
            ("attachment_seen", "看扫描件"),
            ("liaison_listed", "联络员看名单"),
            ("liaison_looked", "联络员看走访表"),
            ("liaison_refused", "联络员打开别处的地址"),
        ],
    ),
    (
        "档案和联系方式",
        &[
            ("note_added", "添加备注"),
            ("note_changed", "修改备注"),
            ("contacts_confirmed", "确认联系方式"),
            ("contact_change_asked", "提出修改联系方式"),
            ("contact_change_accepted", "接受联系方式修改"),
            ("contact_change_refused", "不接受联系方式修改"),
            ("contact_changed", "修改联系方式"),
            ("contact_tree_changed", "修改联系人"),
            ("borrower_signed_in", "手机登录"),
        ],
    ),
    (
        "银行数据和导入",
        &[
            ("imported", "导入"),
            ("import_stopped", "停止导入"),
            ("import_undone", "撤销导入"),
            ("payments_declared", "确认还款都已入账"),
            ("payments_withdrawn", "撤回还款已入账"),
            ("bank_not_awaited", "不等银行先行跟进"),
            ("waiting_resumed", "撤回先行跟进"),
            ("receipt_entered", "登记高校回执"),
            ("receipt_decided", "核对高校回执"),
            ("preapplication_reviewed", "审核预申请"),
            ("preapplication_entered", "登记预申请"),
            ("demand_reported", "报需求调查"),
            ("preapplication_changed", "修改预申请"),
            ("preapplication_withdrawn", "撤回预申请"),
            ("preapplication_handed_in", "交预申请名单"),
            ("hardship_opened", "开始困难认定"),
            ("hardship_entered", "登记困难认定申请"),
            ("hardship_stepped", "困难认定一步"),
            ("hardship_published", "困难认定公示"),
            ("hardship_objection", "困难认定异议"),
            ("hardship_filed", "困难认定建档"),
            ("hardship_rechecked", "困难认定抽查"),
            ("matching_received", "收下外单位名单"),
            ("matching_compared", "名单比对"),
            ("matching_roster", "花名册比对"),
            ("matching_answered", "核实名单比对结果"),
            ("matching_removed", "清除外单位名单"),
            ("partner_added", "约定跨县查重"),
            ("partner_removed", "停止跨县查重"),
            ("partner_list_made", "生成查重名单"),
            ("partner_list_received", "收下查重名单"),
            ("partner_list_removed", "清除查重名单"),
            ("partner_match_looked_up", "按匹配号查找"),
            ("receipt_chased", "催高校录入回执"),
            ("university_contact", "修改高校联系方式"),
            ("batch_drawn", "放款编批"),
            ("batch_line_removed", "放款名单去掉一笔"),
            ("batch_frozen", "放款名单提交审批"),
            ("batch_sent_back", "退回放款名单"),
            ("batch_approved", "批准放款名单"),
            ("batch_file_taken", "下载放款名单"),
            ("batch_sent", "放款名单送银行"),
            ("batch_answered", "登记放款结果"),
            ("batch_closed", "关闭放款名单"),
            ("batch_dropped", "作废放款名单"),
            ("disbursed", "放款结果"),
            ("account_entered", "登记账号"),
            ("disbursement_moved", "登记放款到了哪里"),
            ("difference_checked", "核对与银行的差异"),
            ("difference_reopened", "撤回差异核对"),
        ],
    ),
    (
        "办理季",
        &[
            ("season_opened", "开办学年"),
            ("season_changed", "修改受理时间"),
            ("season_closed", "关闭受理"),
            ("counter_opened", "开放办理时间"),
            ("counter_changed", "修改办理时间"),
            ("booking", "预约叫号"),
        ],
    ),
    (
        "签约受理和复核",
        &[
            ("application_begun", "开始受理"),
            ("application_saved", "保存受理"),
            ("application_taken", "接着办理"),
            ("application_withdrawn", "撤销受理"),
            ("application_bank", "登记合同号和校验码"),
            ("contract_signed", "生成合同"),
            ("contract_raised", "提额"),
            ("contract_voided", "合同作废"),
            ("study_change_saved", "登记就学信息变更"),
            ("study_change_withdrawn", "撤销就学信息变更"),
            ("study_changed", "就学信息变更生效"),
            ("posting_submitted", "提交记账"),
            ("posted", "记账"),
            ("relief_applied", "受理还款救助"),
            ("relief_submitted", "还款救助提交审核"),
            ("relief_reviewed", "还款救助审核"),
            ("relief_published", "还款救助公示"),
            ("relief_objection", "还款救助异议"),
            ("relief_sent", "还款救助报市报省"),
            ("relief_refused", "还款救助不同意"),
            ("relief_money", "还款救助拨款"),
            ("relief_withdrawn", "撤回还款救助"),
            ("fund_submitted", "提交资金登记"),
            ("fund_decided", "资金登记复核"),
            ("certificate_issued", "开结清证明"),
            ("certificate_reissued", "补发结清证明"),
            ("certificate_voided", "作废结清证明"),
            ("file_archived", "结清归档"),
            ("early_requested", "申请提前还款"),
            ("early_withdrawn", "撤回提前还款"),
            ("early_list_sent", "送出提前还款名单"),
            ("early_answered", "登记提前还款结果"),
            ("early_settled", "提前还款生效"),
            ("early_lapsed", "提前还款失效"),
            ("graduation_confirmed", "毕业确认"),
            ("attachment_added", "加扫描件"),
            ("attachment_removed", "移除扫描件"),
            ("archive_checked", "归档检查"),
            ("review_proposed", "提交复核"),
            ("review_decided", "复核"),
            ("review_withdrawn", "撤回提交"),
            ("review_urged", "催办复核"),
        ],
    ),
    (
        "逾期跟进",
        &[
            ("case_contact", "逾期跟进：联系"),
            ("case_contact_undone", "逾期跟进：撤销联系"),
            ("case_moved", "逾期跟进：转阶段"),
            ("case_asked", "逾期跟进：请示"),
            ("case_decided", "逾期跟进：批示"),
            ("case_set_aside", "逾期跟进：暂停、转其他业务、恢复"),
            ("case_owner", "逾期跟进：改责任人"),
        ],
    ),
    (
        "家庭联系",
        &[
            ("family_contacted", "联系家庭"),
            ("family_contact_undone", "撤销联系记录"),
            ("family_lost", "标记失联"),
            ("family_sought_again", "继续联系"),
            ("contact_duties_shared", "分配家庭联系"),
        ],
    ),
    (
        "走访",
        &[
            ("sheets_made", "生成走访表"),
            ("sheets_handed", "交付走访表"),
            ("sheets_chased", "催走访表"),
            ("sheet_voided", "作废走访表"),
            ("sheet_returned", "走访表回来"),
            ("sheet_accepted", "采用走访结果"),
            ("sheet_refused", "不采用走访结果"),
            ("round_made", "安排走访"),
            ("round_changed", "改走访安排"),
            ("papers_amounts", "走访表印出金额"),
        ],
    ),
    (
        "消息",
        &[
            ("messages_released", "放行消息"),
            ("messages_held", "停下消息"),
            ("messages_cancelled", "不发消息"),
            ("message_resent", "再发消息"),
            ("message_written", "单独发消息"),
            ("messages_stopped", "停发消息"),
            ("messages_resumed", "恢复消息"),
            ("message_text", "修改消息内容"),
            ("message_setting", "修改放行设置"),
            ("gateway_tested", "发测试消息"),
        ],
    ),
    (
        "设置和运行",
        &[
            ("office_added", "建立中心"),
            ("office_changed", "修改中心资料"),
            ("rules_proposed", "提出政策数值"),
            ("rules_decided", "确认政策数值"),
            ("rules_compared", "核对政策"),
            ("job_paused", "暂停定时任务"),
            ("job_resumed", "恢复定时任务"),
            ("job_run", "运行定时任务"),
            ("restored", "从备份恢复"),
            ("restore_released", "恢复以后放行"),
            ("positions_repaired", "重新计算结余"),
        ],
    ),
];

/// How pages call an action. An action without a word in [`ACTIONS`] is shown as it is.
pub fn in_words(action: &str) -> &str {
    let mut all = ACTIONS.iter().flat_map(|(_, actions)| *actions);
    all.find(|(known, _)| *known == action).map_or(action, |(_, words)| words)
}

#[derive(Insertable)]
#[diesel(table_name = history, treat_none_as_default_value = false)]
struct NewRow {
    id: i64,
    office_code: String,
    at: NaiveDateTime,
    staff_id: Option<StaffId>,
    staff_name: String,
    action: &'static str,
    file_id: Option<FileId>,
    subject: String,
    summary: String,
    reason: String,
}

/// How many columns [`NewRow`] has; bulk inserts count binds by it.
const COLUMNS: usize = 10;

fn row(by: &Actor, id: i64, at: NaiveDateTime, note: AuditEntry) -> NewRow {
    NewRow {
        id,
        office_code: by.office_code.clone(),
        at,
        staff_id: by.staff_id,
        staff_name: by.name.clone(),
        action: note.action,
        file_id: note.file_id,
        subject: note.subject,
        summary: note.summary,
        reason: note.reason,
    }
}

/// Appends one entry. `id` from `App::next_id` and `at` from the clock are taken before the write,
/// so that a retry writes the same row.
pub fn append(
    db: &mut Db,
    by: &Actor,
    id: i64,
    at: NaiveDateTime,
    note: AuditEntry,
) -> AppResult<()> {
    append_all(db, by, at, vec![(id, note)])
}

/// Appends many entries of one person and instant at once.
pub fn append_all(
    db: &mut Db,
    by: &Actor,
    at: NaiveDateTime,
    many: Vec<(i64, AuditEntry)>,
) -> AppResult<()> {
    let rows: Vec<NewRow> = many.into_iter().map(|(id, note)| row(by, id, at, note)).collect();
    crate::insert_rows!(db, history::table, COLUMNS, &rows)?;
    Ok(())
}

/// One line of the log, as it is read.
#[derive(Clone, Debug, Queryable, Selectable, serde::Serialize)]
#[diesel(table_name = history)]
pub struct Entry {
    /// Identity; grows with time.
    pub id: i64,
    /// The office it belongs to.
    pub office_code: String,
    pub at: NaiveDateTime,
    pub staff_id: Option<StaffId>,
    /// Who, as named then.
    pub staff_name: String,
    /// What; see [`in_words`].
    pub action: String,
    /// To which loan file.
    pub file_id: Option<FileId>,
    /// To whom or what.
    pub subject: String,
    pub summary: String,
    pub reason: String,
    /// Number in the chain of the office, once chained.
    pub chain_no: Option<i64>,
    /// Hash over this row and the one before it.
    #[serde(skip)]
    pub chain_hash: Option<Vec<u8>>,
}

/// The log of one loan file, newest first.
pub fn of_file(db: &mut Db, scope: &Scope, file_id: FileId, limit: i64) -> AppResult<Vec<Entry>> {
    Ok(history::table
        .filter(scope.holds(history::office_code))
        .filter(history::file_id.eq(file_id))
        .order(history::id.desc())
        .limit(limit)
        .select(Entry::as_select())
        .load(db)?)
}

/// What one run of [`chain`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chained {
    /// Rows that got a place.
    pub rows: usize,
    /// Number and hash (hex) of the last link now.
    pub head: Option<(i64, String)>,
}

/// True when rows of this office wait for their place in the chain.
pub fn has_unchained(db: &mut Db, office_code: &str) -> AppResult<bool> {
    let waiting = history::table
        .filter(history::office_code.eq(office_code))
        .filter(history::chain_no.is_null());
    Ok(diesel::select(diesel::dsl::exists(waiting)).get_result(db)?)
}

/// Gives the oldest `limit` rows without a place their number and hash. Run inside a write:
/// another instance doing the same is then a conflict and runs again.
pub fn chain(db: &mut Db, office_code: &str, limit: i64) -> AppResult<Chained> {
    let (mut number, mut hash) = head(db, office_code)?;
    let stored = meta::get(db, &head_key(office_code))?.unwrap_or_else(|| "0:".to_owned());
    if stored != format!("{number}:{}", hex(&hash)) {
        // Rows that were chained once are so no more: going on would hide it. The check says so.
        tracing::error!(office = office_code, "the history does not end where it ended before");
        return Ok(Chained::default());
    }
    let rows: Vec<Entry> = history::table
        .filter(history::office_code.eq(office_code))
        .filter(history::chain_no.is_null())
        .order(history::id)
        .limit(limit)
        .select(Entry::as_select())
        .load(db)?;
    for row in &rows {
        number += 1;
        hash = link(&hash, number, row);
        diesel::update(history::table.find(row.id))
            .set((history::chain_no.eq(number), history::chain_hash.eq(&hash)))
            .execute(db)?;
    }
    if rows.is_empty() {
        return Ok(Chained::default());
    }
    let text = hex(&hash);
    // Kept apart from the rows, so that cutting off the end of the chain shows, too.
    meta::set(db, &head_key(office_code), &format!("{number}:{text}"))?;
    Ok(Chained { rows: rows.len(), head: Some((number, text)) })
}

fn head_key(office_code: &str) -> String {
    format!("history_head:{office_code}")
}

/// Number and hash of the last link; 0 and nothing before the first.
fn head(db: &mut Db, office_code: &str) -> AppResult<(i64, Vec<u8>)> {
    let last: Option<(Option<i64>, Option<Vec<u8>>)> = history::table
        .filter(history::office_code.eq(office_code))
        .filter(history::chain_no.is_not_null())
        .order(history::chain_no.desc())
        .select((history::chain_no, history::chain_hash))
        .first(db)
        .optional()?;
    let (number, hash) = last.unwrap_or_default();
    Ok((number.unwrap_or(0), hash.unwrap_or_default()))
}

/// The hash of a link: SM3 over the hash before it and every column of the row, each with its
/// length in front, so that no text can slide from one column into the next.
fn link(before: &[u8], number: i64, row: &Entry) -> Vec<u8> {
    let mut hash = Sm3::new();
    let mut put = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    put(before);
    put(&number.to_be_bytes());
    put(&row.id.to_be_bytes());
    put(row.office_code.as_bytes());
    put(&row.at.and_utc().timestamp_micros().to_be_bytes());
    put(&row.staff_id.map_or(0, StaffId::get).to_be_bytes());
    put(row.staff_name.as_bytes());
    put(row.action.as_bytes());
    put(&row.file_id.map_or(0, FileId::get).to_be_bytes());
    put(row.subject.as_bytes());
    put(row.summary.as_bytes());
    put(row.reason.as_bytes());
    hash.finalize().to_vec()
}

/// The number of the last link, and how many rows wait for a place.
pub fn chain_progress(db: &mut Db, office_code: &str) -> AppResult<(i64, i64)> {
    let (number, _) = head(db, office_code)?;
    let waiting = history::table
        .filter(history::office_code.eq(office_code))
        .filter(history::chain_no.is_null())
        .count()
        .get_result(db)?;
    Ok((number, waiting))
}

/// How often somebody did this since an instant.
pub fn count_since(
    db: &mut Db,
    staff_id: StaffId,
    action: &str,
    since: NaiveDateTime,
) -> AppResult<i64> {
    Ok(history::table
        .filter(history::staff_id.eq(staff_id))
        .filter(history::action.eq(action))
        .filter(history::at.gt(since))
        .count()
        .get_result(db)?)
}

/// Headings of what changes nothing for a family: told last.
const ASIDE: [&str; 2] = ["登录和账号", "查看和导出"];

fn is_aside(action: &str) -> bool {
    let mut aside = ACTIONS.iter().filter(|(heading, _)| ASIDE.contains(heading));
    aside.any(|(_, actions)| actions.iter().any(|(known, _)| *known == action))
}

/// How often what was done after `at` in these offices, but for these actions: what somebody would
/// have to do again before signing in and looking, most often first; all of it without `at`.
pub fn counts_since(
    db: &mut Db,
    scope: &Scope,
    at: Option<NaiveDateTime>,
    but: &[&str],
) -> AppResult<Vec<(String, i64)>> {
    let mut found: Vec<(String, i64)> = history::table
        .filter(scope.holds(history::office_code))
        .filter(history::at.gt(at.unwrap_or(NaiveDateTime::MIN)))
        .group_by(history::action)
        .select((history::action, diesel::dsl::count_star()))
        .load(db)?;
    found.retain(|(action, _)| !but.contains(&action.as_str()));
    found.sort_by_key(|(action, count)| (is_aside(action), -count, action.clone()));
    Ok(found.into_iter().map(|(action, count)| (in_words(&action).to_owned(), count)).collect())
}

/// When the newest entry of all offices was written; nothing when there is none.
pub fn newest_at(db: &mut Db) -> AppResult<Option<NaiveDateTime>> {
    Ok(history::table.select(diesel::dsl::max(history::at)).get_result(db)?)
}
