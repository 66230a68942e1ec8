//! `/disbursements/accounts`: the accounts that are missing, all at once. The bank fills in a
//! workbook, the desk uploads it; a row is taken when contract, holder and account agree with ours,
//! and each row that is not taken says why.

use std::collections::HashMap;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::list::{ListParams, NO_ACCOUNT};
use super::steps;
use crate::app::App;
use crate::base::ids::{FileId, LoanId};
use crate::base::person_name::may_be_same;
use crate::book::act::Act;
use crate::book::audit_log::AuditEntry;
use crate::book::loan::{self, Loan};
use crate::book::person::{self, Person};
use crate::error::{AppError, AppResult};
use crate::plumbing::crypto::Field;
use crate::plumbing::schema::loan as loans;
use crate::plumbing::sheet::write::{self, Head, Out};
use crate::plumbing::sheet::{self, SheetLimits, SheetRow, Table};
use crate::web::desk_request::DeskRequest;
use crate::web::download::{WORKBOOK, attachment};
use crate::web::fields::{Fields, Form, FormPage, Rejected, reject};
use crate::web::list::declare::List as _;
use crate::web::list::export::foot;
use crate::web::session::SignedIn;
use crate::web::upload;

/// A head stands within so many rows.
const HEAD_WITHIN: usize = 15;
/// So many rows that were not taken are named on the page.
const NAMED_MAX: usize = 200;

/// A row of the bank's sheet; `at` is its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    at: u32,
    contract_no: String,
    name: String,
    id_number: String,
    account: String,
    agent: String,
}

/// What came of a sheet.
#[derive(Clone, Debug, Default, Serialize)]
struct Taken {
    filled: usize,
    /// Rows that say what is known already.
    known: usize,
    blank: usize,
    /// Row and why it was not taken.
    left: Vec<(u32, String)>,
}

#[derive(Serialize)]
struct AccountsPage {
    year: i32,
    count: usize,
    taken: Option<Taken>,
}

impl FormPage for AccountsPage {
    const TEMPLATE: &'static str = "disbursement/accounts.html";
    const REFUSED_AT: &'static str = "files";
}

async fn page(desk: &DeskRequest) -> AppResult<AccountsPage> {
    let list = missing(desk);
    let year = list.year;
    let found: Vec<LoanId> = desk.read(move |db, scope| list.only(db, scope, loans::id)).await?;
    Ok(AccountsPage { year, count: found.len(), taken: None })
}

fn missing(desk: &DeskRequest) -> super::list::Disbursements {
    let params = ListParams { tab: NO_ACCOUNT.to_owned(), ..ListParams::default() };
    params.to_list(desk.today())
}

/// `GET /disbursements/accounts`
pub async fn show(desk: DeskRequest) -> AppResult<HttpResponse> {
    desk.show(&page(&desk).await?)
}

/// `POST /disbursements/accounts/file`: the workbook for the bank, numbers in full. Who took it is
/// written down.
pub async fn file(desk: DeskRequest, _: Form) -> AppResult<HttpResponse> {
    let (list, sealer) = (missing(&desk), std::sync::Arc::clone(&desk.app.sealer));
    let rows = desk
        .act("accounts file", move |act| {
            let ids: Vec<LoanId> = list.only(act.db, act.scope, loans::id)?;
            let mut rows = Vec::new();
            for one in loan::by_ids(act.db, act.scope, &ids)? {
                let file = loan::file(act.db, act.scope, one.file_id)?;
                let student = person::find(act.db, act.scope, file.person_id)?;
                rows.push([
                    one.contract_no,
                    student.name.clone(),
                    person::open_id(&sealer, &student)?,
                    file.university,
                ]);
            }
            let summary = format!("下载待补账号名单，{} 份合同", rows.len());
            act.audit(AuditEntry::of("exported", "放款账号", summary))?;
            Ok(rows)
        })
        .await?;
    let columns = [
        ("合同编号", 24),
        ("姓名", 10),
        ("身份证号", 22),
        ("高校", 26),
        ("账号", 26),
        ("开户行", 20),
    ];
    let head = Head {
        sheet: "待补账号".to_owned(),
        titles: vec![format!(
            "{} 待补放款账号，{} 份合同，请填账号和开户行",
            desk.me.office.name,
            rows.len()
        )],
        columns: columns.map(|(name, width)| (name.to_owned(), width)).to_vec(),
        foot: foot(&desk.me, desk.today()),
        ..Head::default()
    };
    let bytes = web::block(move || {
        let row = |cells: [String; 4]| -> Vec<Out> { cells.iter().map(Out::from).collect() };
        write::list(&head, rows.into_iter().map(row))
    });
    let bytes = bytes.await.map_err(AppError::broken)?.map_err(AppError::broken)?;
    Ok(attachment("待补放款账号.xlsx", WORKBOOK, bytes))
}

/// `POST /disbursements/accounts`: the workbook as the bank has filled it in.
pub async fn fill(
    app: web::Data<App>,
    me: SignedIn,
    req: HttpRequest,
    desk: DeskRequest,
    payload: Multipart,
) -> AppResult<HttpResponse> {
    let mut form = upload::read(&req, &me, payload, app.config.upload_mb).await?;
    let fields = std::mem::take(&mut form.fields);
    match uploaded(&desk, form).await {
        Ok(taken) => {
            app.note_change();
            desk.show(&AccountsPage { taken: Some(taken), ..page(&desk).await? })
        }
        Err(error) => refused((&app, &me, &req), &desk, &fields, error).await,
    }
}

async fn refused(
    at: (&App, &SignedIn, &HttpRequest),
    desk: &DeskRequest,
    fields: &Fields,
    error: AppError,
) -> AppResult<HttpResponse> {
    let rejected = Rejected::from(error, "files", AccountsPage::CHANGED)?;
    reject(at, &page(desk).await?, fields, rejected)
}

async fn uploaded(desk: &DeskRequest, form: upload::UploadForm) -> AppResult<Taken> {
    if let Some(problem) = form.problem(desk.app.config.upload_mb) {
        return Err(AppError::Invalid(vec![problem]));
    }
    if form.files.is_empty() {
        let words = "还没有选择文件，请选择银行填好的账号表";
        return Err(AppError::field("files", words));
    }
    let rows = web::block(move || {
        let file = form.files.into_iter().next().map(|file| file.bytes).unwrap_or_default();
        let tables = sheet::read(&file, &SheetLimits::default());
        read(&tables.map_err(sheet::SheetProblem::to_chinese)?)
    })
    .await
    .map_err(AppError::broken)?
    .map_err(|why| AppError::field("files", why))?;
    desk.act("accounts filled in", move |act| take(act, &rows)).await
}

/// Rows of the first sheet that has the headings.
fn read(tables: &[Table]) -> Result<Vec<Row>, String> {
    for table in tables {
        let mut head = table.rows.iter().take(HEAD_WITHIN).enumerate();
        let found = head.find_map(|(at, row)| Some((at, columns(&row)?)));
        let Some((at, columns)) = found else { continue };
        let rows = table.rows.iter().skip(at + 1).filter(|row| !row.is_blank());
        let rows = rows.map(|row| row_of(&row, &columns));
        let rows: Vec<Row> = rows.filter(|row| !row.contract_no.is_empty()).collect();
        if rows.is_empty() {
            return Err("表头下面没有一行合同编号，请检查这份表".to_owned());
        }
        return Ok(rows);
    }
    Err("没有找到表头：要有合同编号、姓名、账号这几列".to_owned())
}

/// Places of contract, name, number, account and bank.
type Columns = (usize, usize, Option<usize>, usize, Option<usize>);

fn columns(row: &SheetRow) -> Option<Columns> {
    let find =
        |headings: &[&str]| row.cells.iter().position(|cell| headings.contains(&cell.text.trim()));
    let account = find(&["账号", "放款账号", "账户", "卡号", "银行卡号", "还款账户"])?;
    let name = find(&["姓名", "户名", "借款学生姓名", "学生姓名"])?;
    let number = find(&["身份证号", "身份证号码", "证件号码"]);
    let bank = find(&["开户行", "银行", "代理结算机构", "开户银行"]);
    Some((find(&["合同编号", "合同号"])?, name, number, account, bank))
}

fn row_of(row: &SheetRow, (no, name, number, account, bank): &Columns) -> Row {
    let cell = |at: usize| row.cells.get(at).map(|cell| cell.text.trim()).unwrap_or_default();
    let plain = |at: usize| -> String { cell(at).chars().filter(|c| !c.is_whitespace()).collect() };
    Row {
        at: row.line,
        contract_no: plain(*no),
        name: cell(*name).to_owned(),
        id_number: number.map(plain).unwrap_or_default().to_uppercase(),
        account: plain(*account),
        agent: bank.map(cell).unwrap_or_default().to_owned(),
    }
}

/// Takes what agrees; each row that does not is left with its reason.
fn take(act: &mut Act<'_>, rows: &[Row]) -> AppResult<Taken> {
    let numbers: Vec<String> = rows.iter().map(|row| row.contract_no.clone()).collect();
    let mut known = loan::by_contract_no(act.db, act.scope, &numbers)?;
    let ids: Vec<_> = known.values().map(|one| one.file_id).collect();
    let mut holders = HashMap::new();
    for file in ids {
        let of = loan::file(act.db, act.scope, file)?.person_id;
        holders.insert(file, person::find(act.db, act.scope, of)?);
    }
    let mut taken = Taken::default();
    for row in rows {
        if row.account.is_empty() {
            taken.blank += 1;
            continue;
        }
        let found = known.get(&row.contract_no).cloned();
        let why = match found {
            None => Err("没有这个合同编号".to_owned()),
            Some(one) => take_one(act, row, one, &holders)?,
        };
        match why {
            Ok(Some(filled)) => {
                known.insert(row.contract_no.clone(), filled);
                taken.filled += 1;
            }
            Ok(None) => taken.known += 1,
            Err(why) => {
                taken.left.push((row.at, format!("{} {}：{why}", row.contract_no, row.name)))
            }
        }
    }
    taken.left.truncate(NAMED_MAX);
    if taken.filled == 0 {
        act.needs_no_audit("no row was taken");
    }
    Ok(taken)
}

/// What can be no account at all, before it is said how long it is.
fn spoilt(account: &str) -> Option<&'static str> {
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'E' | 'e' | '+');
    if account.chars().all(|c| c.is_ascii_digit()) {
        None
    } else if account.contains(['E', 'e']) && account.chars().all(of_number) {
        Some("账号被 Excel 改成了科学计数，后面的数字已经丢了：先把这一列设成文本，再重新填")
    } else {
        Some("账号只能是数字，请照银行卡或存折写")
    }
}

/// The contract with its account; none when it has this one already; else why not.
type Filled = Result<Option<Loan>, String>;

fn take_one(
    act: &mut Act<'_>,
    row: &Row,
    one: Loan,
    holders: &HashMap<FileId, Person>,
) -> AppResult<Filled> {
    let holder = holders.get(&one.file_id).ok_or(AppError::NotFound)?;
    if !may_be_same(&row.name, &holder.name) {
        return Ok(Err("户名不是这份合同的学生，没有用".to_owned()));
    }
    let index = act.parts.sealer.index(Field::IdNumber, &row.id_number);
    if !row.id_number.is_empty() && index != holder.id_index {
        return Ok(Err("身份证号不是这名学生的，没有用".to_owned()));
    }
    if let Some(sealed) = &one.account_sealed {
        let known = act.parts.sealer.open_text(Field::Account, sealed)?;
        return Ok(match known == row.account {
            true => Ok(None),
            false => Err("已经登记了另一个账号，要改请逐份改".to_owned()),
        });
    }
    if let Some(why) = spoilt(&row.account) {
        return Ok(Err(why.to_owned()));
    }
    match steps::put_account(act, one, (&row.agent, &row.account)) {
        Ok(one) => Ok(Ok(Some(one))),
        Err(AppError::Refused(why)) => Ok(Err(why)),
        Err(AppError::Invalid(all)) => Ok(Err(all.into_iter().map(|one| one.message).collect())),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Vec<Table> {
        sheet::read(csv.as_bytes(), &SheetLimits::default()).unwrap()
    }

    #[test]
    fn an_account_has_digits_and_none_that_excel_has_lost() {
        assert_eq!(spoilt("6217000012345678"), None);
        assert!(spoilt("abcdefg").unwrap().contains("只能是数字"));
        assert!(spoilt("6.22202E+18").unwrap().contains("Excel"));
    }

    #[test]
    fn a_sheet_is_read_by_its_headings() {
        let csv = "待补账号\n合同编号,姓名,身份证号,高校,账号,开户行\n\
            123 ,周小满,,乐山师院,6217 0001 2345 6789,农行\n,合计,,,,\n";
        let rows = read(&table(csv)).unwrap();
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.contract_no.as_str(), row.agent.as_str()), ("123", "农行"));
        assert_eq!((row.account.as_str(), row.at), ("6217000123456789", 3));
        assert!(read(&table("姓名,账号\n周小满,1\n")).unwrap_err().contains("没有找到表头"));
        let empty = read(&table("合同编号,姓名,账号\n,周小满,1\n")).unwrap_err();
        assert!(empty.contains("没有一行合同编号"));
    }
}
