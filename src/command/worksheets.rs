//! `zhuxue worksheets --as-of DAY --by village|school|police --out DIR`: the workbooks of the page
//! `/visits` and their cover list, in one folder.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::CliError;
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::scope::Scope;
use crate::book::act;
use crate::book::audit_log::{Actor as InNameOf, AuditEntry};
use crate::book::office::Office;
use crate::book::payments_known::{self, BankData};
use crate::life::visits::folder::{self, NotWritten};
use crate::life::visits::formats::Wishes;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::rules::{self, Batch, ReceiverKind, Selection};
use crate::life::visits::text::{self, Sender};
use crate::life::visits::web::{summary_of, usual_return};
use crate::life::visits::{names, store};
use crate::plumbing::config::Config;

/// Writes the overdue follow-up worksheets: one workbook for each receiver, and a cover list.
#[derive(Clone, Debug, Args)]
pub struct Worksheets {
    /// The day of the figures, such as 2026-10-31.
    #[arg(long, value_name = "DAY")]
    pub as_of: NaiveDate,
    /// One workbook for each village, (senior high) school or police station.
    #[arg(long, value_name = "village|school|police")]
    pub by: String,
    /// Folder for the workbooks; made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Households of this township only (乡镇).
    #[arg(long, value_name = "NAME")]
    pub township: Option<String>,
    /// Households of this village only (村).
    #[arg(long, value_name = "NAME")]
    pub village: Option<String>,
    /// Borrowers from this senior high school only (毕业高中).
    #[arg(long, value_name = "NAME")]
    pub school: Option<String>,
    /// Households of this police station only (派出所).
    #[arg(long, value_name = "NAME")]
    pub police: Option<String>,
    /// These loan files only, such as LZ2015-0483,LZ2016-0012.
    #[arg(long, value_name = "FILE_NO", value_delimiter = ',')]
    pub files: Vec<String>,
    /// Arrears of at least so many yuan only.
    #[arg(long, value_name = "YUAN")]
    pub min: Option<String>,
    /// Leaves the amounts out.
    #[arg(long)]
    pub no_amounts: bool,
    /// The day by which sheets should come back; two weeks after the day of the figures without it.
    #[arg(long, value_name = "DAY")]
    pub return_by: Option<NaiveDate>,
    /// Whom to ask for, printed beside the office's telephone.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub contact: String,
    /// Code of the office; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    pub office: Option<String>,
}

impl Worksheets {
    /// Writes the workbooks and prints a line for each.
    ///
    /// # Errors
    /// Exit code 2 for a wrong word, day, amount, folder or office; 1 when the disk or the
    /// database says no. Nothing half-written is left.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let by = ReceiverKind::from_text(&self.by).ok_or_else(|| {
            CliError::input(format!(
                "--by: expected village, school or police, found {:?}",
                self.by
            ))
        })?;
        let selection = self.selection()?;
        folder::make_folder(&self.out).map_err(stop)?;
        let app = super::open(config, Clock::real())?;
        let office = super::office::chosen(&app, self.office.as_deref())?;
        let scope = Scope::of(&office.code);
        let (found, bank_data) = app.db.read(|db| {
            let found = store::overdue_on(db, &scope, &app.basis(), self.as_of)?;
            Ok((found, payments_known::bank_data(db, &scope, self.as_of)?))
        })?;
        let batch = rules::batch(by, self.as_of, found.households, &selection);
        if self.as_of > app.clock.today() {
            writeln!(out, "{}还没有到，金额是预计。", text::full_day(self.as_of))?;
        }
        if bank_data.day_of(self.as_of) < self.as_of || bank_data.until.is_none() {
            let known = bank_data.in_words();
            writeln!(out, "{known}，以后到期的不知道有没有还，不在名单里。")?;
        }
        for line in &found.left_out {
            writeln!(out, "没有算出，不在名单里：{line}")?;
        }
        if batch.receivers.is_empty() {
            writeln!(out, "{}没有符合条件的逾期户，没有写文件。", text::full_day(self.as_of))?;
            return Ok(());
        }
        // Recorded first: no export without a line in the history.
        record(&app, &office, by, &selection, &batch)?;
        let names = folder::write(&batch, &self.wishes(&app, &office, bank_data), &self.out)
            .map_err(stop)?;
        report(&batch, &names, &self.out, !self.amounts(&office), out)
    }

    fn selection(&self) -> Result<Selection, CliError> {
        let least = match &self.min {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                CliError::input(format!(
                    "--min: expected yuan such as 1000 or 1000.50, found {text:?}"
                ))
            })?),
        };
        Ok(Selection {
            township: self.township.clone(),
            village: self.village.clone(),
            school: self.school.clone(),
            police: self.police.clone(),
            files: self.files.iter().map(|file_no| file_no.trim().to_uppercase()).collect(),
            least,
            ..Selection::default()
        })
    }

    fn wishes(&self, app: &App, office: &Office, bank_data: BankData) -> Wishes {
        Wishes {
            purpose: Purpose::Overdue,
            amounts: self.amounts(office),
            assumed: app.policy().assumed_in_arrears(self.as_of).unwrap_or_default(),
            bank_data,
            return_by: self.return_by.unwrap_or_else(|| usual_return(app, self.as_of)),
            sender: Sender {
                office: office.name.clone(),
                address: office.address.clone(),
                phone: office.phone.clone(),
                contact: self.contact.clone(),
            },
        }
    }

    /// As on the pages: no paper shows an amount before the director has allowed it.
    fn amounts(&self, office: &Office) -> bool {
        !self.no_amounts && office.allows_amounts_on_papers()
    }
}

fn stop(why: NotWritten) -> CliError {
    match why {
        NotWritten::BadFolder(line) => CliError::input(line),
        NotWritten::Failed(line) => CliError::failed(line),
    }
}

fn record(
    app: &App,
    office: &Office,
    by: ReceiverKind,
    selection: &Selection,
    batch: &Batch,
) -> Result<(), CliError> {
    let name = InNameOf::program("命令行", &office.code);
    let note = AuditEntry::of(
        "exported",
        "走访表",
        summary_of("导出走访名单", by, &selection.in_words(), batch),
    );
    let (name, scope) = (name, Scope::of(&office.code));
    Ok(act::run(app, (&name, &scope), "worksheets noted", |act| act.audit(note.clone()))?)
}

fn report(
    batch: &Batch,
    names: &[String],
    folder: &Path,
    no_amounts: bool,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    for receiver in &batch.receivers {
        let amount = if no_amounts {
            String::new()
        } else {
            format!("，{} 元", receiver.total_fen().to_page_text())
        };
        writeln!(out, "{}.xlsx：{} 户{amount}", receiver.stem, receiver.sheets.len())?;
    }
    let total = if no_amounts {
        String::new()
    } else {
        format!("，到期未还 {} 元", batch.total_fen().to_page_text())
    };
    writeln!(
        out,
        "共 {} 个单位，{} 户{total}，算到 {}。写入 {}，总表是 {}。",
        batch.receivers.len(),
        batch.households(),
        batch.as_of,
        folder.display(),
        names::COVER
    )?;
    let older = others(folder, names);
    if older > 0 {
        writeln!(out, "这个文件夹里还有 {older} 个别的工作簿，不是这一次写的。")?;
    }
    Ok(out.flush()?)
}

/// Workbooks of the folder that this run did not write: perhaps of an earlier day.
fn others(folder: &Path, names: &[String]) -> usize {
    let ours: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".xlsx") && !ours.contains(name.as_str()))
        .count()
}
