//! A contract whose figures differ from the bank's is looked into once, and again when they change.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use zhuxue::base::ids::LoanId;
use zhuxue::base::scope::Scope;
use zhuxue::book::bank_difference;
use zhuxue::book::staff::Role;
use zhuxue::plumbing::schema::bank_difference as rows;

use super::{AFTER, each};
use crate::borrower::town::read;
use crate::support::{OFFICE, TestApp};

fn differ(t: &TestApp) -> LoanId {
    for (id, figure, ours) in [(1, "应还利息", 7), (2, "贷款余额", 9), (3, "免除利息", 11)]
    {
        let sql = format!(
            "INSERT INTO bank_difference (id, office_code, loan_id, figure, on_day, bank_fen, \
             ours_fen, import_id, found_at) SELECT {id}, office_code, MIN(id), '{figure}', \
             '2026-10-31', 5, {ours}, (SELECT MIN(id) FROM import_job), '2026-11-01 00:00:00' \
             FROM loan GROUP BY office_code"
        );
        t.app.db.write("test", |db| Ok(db.batch_execute(&sql)?)).unwrap();
    }
    read(t, |db| Ok(rows::table.select(rows::loan_id).first(db)?))
}

#[test]
fn a_contract_is_one_row_and_leaves_the_list_when_it_was_looked_into() {
    each(AFTER, async |t| {
        let loan = differ(&t);
        let mut clerk = t.sign_in(Role::Clerk);
        let page = clerk.get("/differences").await;
        page.is(200).says(&[
            "1 份合同与银行文件不同",
            "应还利息",
            "贷款余额",
            "免除利息",
            "导出 Excel",
        ]);
        // Name, contract, cause and what was done about it.
        assert_eq!(page.text.matches("rowspan=\"3\"").count(), 4);
        clerk.get("/home").await.says(&["份合同与银行数字不同"]);
        let at = format!("/differences/{loan}");
        let seen = ("seen", "1.2.3");
        clerk.get(&at).await.is(200).says(&["记为已核对"]);
        let empty = [seen, ("reason", " ")];
        clerk.post(&at, &empty).await.is(422).says(&["请写明核对的结果"]);
        let old = [("seen", "1.2"), ("reason", "银行口径不同")];
        clerk.post(&at, &old).await.is(409).says(&["数字刚刚变了", "银行口径不同"]);
        let form = [seen, ("reason", "银行口径不同")];
        clerk.post(&at, &form).await.is(303);
        clerk.get("/differences").await.says(&["不同的数字都核对过了"]);
        clerk.get("/differences?tab=checked").await.says(&[
            "银行口径不同",
            "撤回",
            "已核对 <b>1</b>",
        ]);
        clerk.get("/differences.xlsx?tab=checked").await.is(200);
        t.sign_in(Role::Auditor).post(&at, &form).await.is(403);
        let log = t.sign_in(Role::Director).get("/audit?action=difference_checked").await;
        log.says(&["银行 ¥0.05，本系统 ¥0.07", "原因：银行口径不同"]);

        // The same figures of a newer file stay looked into; another figure does not.
        let scope = Scope::of(OFFICE);
        let all = read(&t, |db| bank_difference::of_loans(db, &scope, &[loan]));
        let mut newer = all.clone();
        for (at, one) in newer.iter_mut().enumerate() {
            one.on_day = one.on_day.succ_opt().unwrap();
            one.id = zhuxue::base::ids::RowId::new(10 + i64::try_from(at).unwrap());
        }
        let put = |new: &[bank_difference::BankDifference]| {
            t.app.db.write("test", |db| bank_difference::put(db, &scope, &[loan], new)).unwrap();
            read(&t, |db| bank_difference::open_contracts(db, &scope))
        };
        assert_eq!(put(&newer), 0);
        newer[1].ours_fen = newer[1].bank_fen + newer[1].bank_fen;
        newer[1].id = zhuxue::base::ids::RowId::new(20);
        assert_eq!(put(&newer), 1);
        clerk.post(&format!("{at}/reopen"), &[]).await.is(303);
        clerk.get("/differences?tab=checked").await.says(&["还没有核对过的"]);
    });
}
