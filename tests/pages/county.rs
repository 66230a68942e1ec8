//! A county for the tests of pages: the sample lists put straight into the stores, without the
//! import, so that these tests fail for reasons of their own.

use std::collections::HashMap;
use std::path::Path;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::RunQueryDsl;
use zhuxue::app::App;
use zhuxue::book::events::{self, EventRow, Origin};
use zhuxue::book::ids::{EventId, FileId, ImportId, LoanId, PersonId, PhoneId, RowId, StaffId};
use zhuxue::book::loan::{self, Loan, LoanFile};
use zhuxue::book::money::Fen;
use zhuxue::book::office::{self, Office, Scope};
use zhuxue::book::person::{self, Person, Phone, PhoneState, Sex};
use zhuxue::book::position;
use zhuxue::book::staff::{Role, Staff};
use zhuxue::book::statement::{Event, EventKind};
use zhuxue::desk::imports::name::name_key;
use zhuxue::life::{preapplication, study};
use zhuxue::plumbing::crypto::Field;
use zhuxue::plumbing::schema::staff;
use zhuxue::plumbing::session::{self, NewSession};

pub const OFFICE: &str = "512022";

type Rows = Vec<HashMap<String, String>>;

fn table(folder: &Path, name: &str) -> Rows {
    let mut reader = csv::Reader::from_path(folder.join(format!("{name}.csv"))).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn day(text: &str) -> Option<NaiveDate> {
    match text.len() {
        10 => text.parse().ok(),
        7 => format!("{text}-01").parse().ok(),
        _ => None,
    }
}

fn fen(text: &str) -> Fen {
    text.parse().unwrap_or(Fen::ZERO)
}

/// Puts office, staff and the lists of `folder` into the database; gives the session cookie of
/// a clerk.
pub fn settle(app: &App, folder: &Path) -> String {
    let token = staff_and_session(app);
    let mut county = County { app, now: app.clock.now_at(), people: HashMap::new() };
    let files = county.borrowers(&table(folder, "borrowers"));
    let loans = county.contracts(&table(folder, "contracts"), &files);
    county.repayments(&table(folder, "repayments"), &loans);
    county.papers(folder, &files);
    county.positions();
    token
}

/// Office and one clerk, signed in.
pub fn staff_and_session(app: &App) -> String {
    let now = app.clock.now_at();
    let new = NewSession::new("127.0.0.1".to_owned(), "test").unwrap();
    let token = new.cookie(&app.config).value().to_owned();
    app.db
        .write("set up", |db| {
            office::add(
                db,
                &Office {
                    code: OFFICE.to_owned(),
                    name: "乐至县学生资助管理中心".to_owned(),
                    letters: "LZ".to_owned(),
                    phone: "028-23350000".to_owned(),
                    address: String::new(),
                    created_at: now,
                },
            )?;
            diesel::insert_into(staff::table)
                .values(&Staff {
                    id: StaffId::new(1),
                    office_code: OFFICE.to_owned(),
                    login: "wei".to_owned(),
                    name: "韦清越".to_owned(),
                    role: Role::Director,
                    password_hash: String::new(),
                    active: true,
                    created_at: now,
                    last_signed_in_at: None,
                    version: 1,
                })
                .execute(db)?;
            session::begin(db, &app.config, StaffId::new(1), &new, now)
        })
        .unwrap();
    token
}

struct County<'a> {
    app: &'a App,
    now: NaiveDateTime,
    people: HashMap<String, PersonId>,
}

impl County<'_> {
    fn scope(&self) -> Scope {
        Scope::of(OFFICE)
    }

    fn person(&mut self, row: &HashMap<String, String>, co: bool) -> Option<Person> {
        let (name, number) = match co {
            true => (&row["共同借款人姓名"], &row["共同借款人身份证号"]),
            false => (&row["借款学生姓名"], &row["身份证号"]),
        };
        if self.people.contains_key(number) {
            return None;
        }
        let id = PersonId::new(self.app.next_id());
        self.people.insert(number.clone(), id);
        let own = |key: &str| if co { String::new() } else { row[key].clone() };
        Some(Person {
            id,
            office_code: OFFICE.to_owned(),
            name: name.clone(),
            name_key: name_key(name),
            id_sealed: self.app.sealer.seal(Field::IdNumber, number.as_bytes()).unwrap(),
            id_index: self.app.sealer.index(Field::IdNumber, number),
            id_mask: format!("{}***********{}", &number[..3], &number[14..]),
            born_on: day(&format!("{}-{}-{}", &number[6..10], &number[10..12], &number[12..14]))
                .unwrap(),
            sex: if number.as_bytes()[16] % 2 == 1 { Sex::Male } else { Sex::Female },
            ethnic: own("民族"),
            household_type: own("户口性质"),
            email: own("电子邮箱"),
            address: row["家庭详细地址"].clone(),
            township: row["乡镇（街道）"].clone(),
            village: row["村（社区）"].replace("村民委员会", ""),
            village_code: row["村级代码"].clone(),
            police_station: row["派出所"].clone(),
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        })
    }

    fn phone(&self, person_id: PersonId, number: &str, state: PhoneState) -> Phone {
        Phone {
            id: PhoneId::new(self.app.next_id()),
            office_code: OFFICE.to_owned(),
            person_id,
            phone_sealed: self.app.sealer.seal(Field::Phone, number.as_bytes()).unwrap(),
            phone_index: self.app.sealer.index(Field::Phone, number),
            phone_mask: format!("{}****{}", &number[..3], &number[7..]),
            state,
            source: "学生名单".to_owned(),
            recorded_at: self.now,
        }
    }

    fn borrowers(&mut self, rows: &Rows) -> HashMap<String, LoanFile> {
        let (mut people, mut phones, mut files) = (Vec::new(), Vec::new(), HashMap::new());
        for (serial, row) in rows.iter().enumerate() {
            people.extend(self.person(row, false));
            people.extend(self.person(row, true));
            let (id, co) =
                (self.people[&row["身份证号"]], self.people[&row["共同借款人身份证号"]]);
            phones.push(self.phone(id, &row["手机"], PhoneState::OnFile));
            phones.push(self.phone(co, &row["共同借款人手机"], PhoneState::OnFile));
            let year: i32 = row["入学年月"][..4].parse().unwrap();
            let file = LoanFile {
                id: FileId::new(self.app.next_id()),
                office_code: OFFICE.to_owned(),
                file_no: loan::file_no("LZ", year, i32::try_from(serial).unwrap() + 1),
                person_id: id,
                co_person_id: Some(co),
                co_relation: row["与学生关系"].clone(),
                high_school: row["毕业高中"].clone(),
                university: row["就读高校"].clone(),
                university_code: row["学校代码"].clone(),
                major: row["专业"].clone(),
                student_number: row["学号"].clone(),
                degree: row["学历层次"].clone(),
                school_years: row["学制（年）"].parse().ok(),
                entered_on: day(&row["入学年月"]),
                graduates_on: day(&row["毕业年月"]),
                family_kind: row["家庭类型"].clone(),
                hardship_level: row["困难等级"].clone(),
                note: row["备注"].clone(),
                owner_id: None,
                created_at: self.now,
                updated_at: self.now,
                version: 1,
            };
            files.insert(row["身份证号"].clone(), file);
        }
        let all: Vec<LoanFile> = files.values().cloned().collect();
        self.app
            .db
            .write("people", |db| {
                person::insert_all(db, &people)?;
                person::insert_phones(db, &phones)?;
                loan::insert_files(db, &all)
            })
            .unwrap();
        files
    }

    fn contracts(&self, rows: &Rows, files: &HashMap<String, LoanFile>) -> HashMap<String, LoanId> {
        let (mut loans, mut paid_out) = (Vec::new(), Vec::new());
        for row in rows {
            let loan = self.loan(row, &files[&row["身份证号"]]);
            if let Some(on) = day(&row["发放日期"]) {
                let kind = EventKind::Disbursed { amount: loan.principal_fen };
                paid_out.push(self.event(loan.id, on, kind, "contracts", ""));
            }
            loans.push(loan);
        }
        self.app
            .db
            .write("loans", |db| {
                loan::insert_all(db, &loans)?;
                events::append_all(db, &paid_out)
            })
            .unwrap();
        loans.into_iter().map(|loan| (loan.contract_no, loan.id)).collect()
    }

    fn loan(&self, row: &HashMap<String, String>, file: &LoanFile) -> Loan {
        Loan {
            id: LoanId::new(self.app.next_id()),
            office_code: OFFICE.to_owned(),
            file_id: file.id,
            contract_no: row["合同编号"].clone(),
            product: "cdb".to_owned(),
            loan_year: row["贷款学年"][..4].parse().unwrap(),
            is_first: row["首贷续贷"] == "首贷",
            level: "undergraduate".to_owned(),
            principal_fen: fen(&row["贷款金额（元）"]),
            tuition_fen: Some(fen(&row["学费（元）"])),
            lodging_fen: Some(fen(&row["住宿费（元）"])),
            term_years: row["贷款期限（年）"].parse().ok(),
            signed_on: day(&row["合同签订日期"]).unwrap(),
            subsidy_ends_on: day(&row["贴息截止日"]).unwrap(),
            final_due_on: day(&row["到期日期"]).unwrap(),
            grace_years: row["还本宽限期（年）"].parse().unwrap(),
            due_month_day: "12-20".to_owned(),
            fixed_rate_ppm: None,
            penalty_percent: 130,
            day_count: "act_360".to_owned(),
            switches: String::new(),
            co_person_id: file.co_person_id,
            receipt_code: row["回执校验码"].clone(),
            receipt_on: day(&row["回执录入日期"]),
            agent: row["代理结算机构"].clone(),
            account_sealed: None,
            account_mask: String::new(),
            bank_state: row["合同状态"].clone(),
            created_at: self.now,
            updated_at: self.now,
            version: 1,
        }
    }

    fn event(&self, id: LoanId, on: NaiveDate, kind: EventKind, sheet: &str, by: &str) -> EventRow {
        let event = Event::new(self.app.next_id(), on, kind);
        assert_ne!(event.id, EventId::new(0));
        let origin = Origin {
            channel: by.to_owned(),
            source: format!("{sheet}.csv"),
            command_key: event.id.to_string(),
            ..Origin::default()
        };
        EventRow::new(OFFICE, id, &event, self.now, origin)
    }

    fn repayments(&self, rows: &Rows, loans: &HashMap<String, LoanId>) {
        let mut paid = Vec::new();
        for row in rows {
            let Some(on) = day(&row["还款日期"]) else { continue };
            let amount = fen(&row["实还合计（元）"]);
            let kind = match row["还款类型"].as_str() {
                "国家代偿" => EventKind::Compensated { amount },
                "提前还款" => EventKind::Prepaid { principal: None },
                _ => EventKind::Paid { amount },
            };
            let loan = loans[&row["合同编号"]];
            paid.push(self.event(loan, on, kind, "repayments", &row["还款渠道"]));
        }
        self.app.db.write("paid", |db| events::append_all(db, &paid)).unwrap();
    }

    fn papers(&self, folder: &Path, files: &HashMap<String, LoanFile>) {
        let applied: Vec<_> = table(folder, "preapply")
            .iter()
            .map(|row| preapplication::store::Preapplication {
                id: RowId::new(self.app.next_id()),
                office_code: OFFICE.to_owned(),
                person_id: self.people[&row["身份证号"]],
                year: row["申请日期"][..4].parse().unwrap(),
                high_school: row["毕业高中"].clone(),
                class_name: row["班级"].clone(),
                family_kind: row["家庭类型"].clone(),
                applied_on: day(&row["申请日期"]),
                school_opinion: row["学校审核意见"].clone(),
                county_opinion: row["县级资助中心审核意见"].clone(),
                import_id: ImportId::new(1),
            })
            .collect();
        let graduated: Vec<_> = table(folder, "graduation")
            .iter()
            .map(|row| study::store::Graduation {
                id: RowId::new(self.app.next_id()),
                office_code: OFFICE.to_owned(),
                file_id: files[&row["身份证号"]].id,
                university: row["就读高校"].clone(),
                graduated_on: day(&row["毕业年月"]),
                confirmed_on: day(&row["毕业确认日期"]),
                destination: row["毕业去向"].clone(),
                loans: row["贷款笔数"].parse().ok(),
                principal_fen: Some(fen(&row["贷款本金合计（元）"])),
                self_pay_from: day(&row["自付利息起始日"]),
                note: String::new(),
                import_id: ImportId::new(1),
            })
            .collect();
        self.app
            .db
            .write("papers", |db| {
                preapplication::store::put_all(db, &applied)?;
                study::store::put_all(db, &graduated)
            })
            .unwrap();
    }

    fn positions(&self) {
        let today = self.app.clock.today();
        self.app
            .db
            .write("positions", |db| {
                let files: Vec<FileId> = loan_files(db)?;
                let loans: Vec<LoanId> =
                    loan::chains(db, &self.scope(), &files)?.iter().map(|l| l.id).collect();
                for some in loans.chunks(2_000) {
                    position::refresh(db, &self.scope(), self.app.basis(), some, today)?;
                }
                Ok(())
            })
            .unwrap();
    }
}

fn loan_files(db: &mut zhuxue::plumbing::db::Db) -> zhuxue::error::AppResult<Vec<FileId>> {
    use diesel::QueryDsl;
    use zhuxue::plumbing::schema::loan_file;
    Ok(loan_file::table.select(loan_file::id).load(db)?)
}
