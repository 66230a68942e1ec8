//! A database of our own, filled, measured and removed: a temporary folder with SQLite, or a new
//! database of the server that was named. Never the county's.

use std::path::PathBuf;

use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::app::App;
use crate::base::dates::{Clock, day_in};
use crate::base::ids::{RowId, StaffId};
use crate::base::scope::Scope;
use crate::book::audit_log::Actor;
use crate::book::office::{self, Office};
use crate::book::payments_known::{self, PaymentsKnown, Source};
use crate::book::staff::{self, Role, Staff};
use crate::book::statement::Product;
use crate::command::{CliError, open_or_make};
use crate::plumbing::config::Config;
use crate::plumbing::crypto::random_hex;
use crate::plumbing::db::Db;

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// In a temporary folder.
    Sqlite,
    Postgres(String),
}

impl Kind {
    /// The server of a `postgres://` URL.
    pub(super) fn postgres(url: &str) -> Result<Kind, CliError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Kind::Postgres(url.to_owned()));
        }
        Err(CliError::input("--database: expected postgres://... (SQLite is measured in any case)"))
    }

    /// As the table says it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Kind::Sqlite => "SQLite",
            Kind::Postgres(_) => "PostgreSQL",
        }
    }

    pub(super) fn described(&self) -> Result<String, CliError> {
        let broken = |e: &dyn std::fmt::Display| CliError::failed(format!("{}: {e}", self.name()));
        let version: String = match self {
            Kind::Sqlite => {
                let mut c = SqliteConnection::establish(":memory:").map_err(|e| broken(&e))?;
                diesel::select(sql::<Text>("sqlite_version()"))
                    .get_result(&mut c)
                    .map_err(|e| broken(&e))?
            }
            Kind::Postgres(url) => {
                let mut c = PgConnection::establish(url).map_err(|e| broken(&e))?;
                diesel::select(sql::<Text>("current_setting('server_version')"))
                    .get_result(&mut c)
                    .map_err(|e| broken(&e))?
            }
        };
        Ok(format!("database: {} {version}", self.name()))
    }
}

/// A database with an office and one clerk. Dropping it removes it.
pub(super) struct Place {
    /// The program on it.
    pub(super) app: App,
    pub(super) scope: Scope,
    pub(super) by: Actor,
    /// Which database it is.
    pub(super) kind: Kind,
    // Dropped after the app.
    ground: Ground,
}

/// What has to be removed.
struct Ground {
    folder: PathBuf,
    database: Option<(String, String)>,
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.database {
            let gone = on_server(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
            if let Err(error) = gone {
                tracing::error!(%error, name, "a database of the bench stays behind");
            }
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::error!(%error, folder = %self.folder.display(),
                "a folder of the bench stays behind");
        }
    }
}

impl Place {
    /// A fresh one, whose clock begins at noon of `today`.
    pub(super) fn made(kind: &Kind, today: NaiveDate) -> Result<Place, CliError> {
        let chance = random_hex(6).map_err(CliError::failed)?;
        let folder = std::env::temp_dir().join(format!("zhuxue-bench-{chance}"));
        make_folder(&folder)?;
        let mut ground = Ground { folder: folder.clone(), database: None };
        let mut config = Config { data_dir: folder, ..Config::default() };
        if let Kind::Postgres(server) = kind {
            let name = format!("zhuxue_bench_{chance}");
            on_server(server, &format!("CREATE DATABASE {name}")).map_err(CliError::failed)?;
            config.database_url = with_database(server, &name)?;
            ground.database = Some((server.clone(), name));
        }
        let app = open_or_make(config, Clock::starting_on(today))?;
        let by = set_up(&app)?;
        let scope = Scope::of(&by.office_code);
        Ok(Place { app, scope, by, kind: kind.clone(), ground })
    }

    /// The folder of its files.
    pub(super) fn folder(&self) -> &std::path::Path {
        &self.ground.folder
    }
}

/// A folder that only we can read: the keys are in it.
fn make_folder(folder: &std::path::Path) -> Result<(), CliError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .map_err(|e| CliError::failed(format!("{}: cannot be made ({e})", folder.display())))
}

fn on_server(server: &str, order: &str) -> Result<(), String> {
    let mut connection = PgConnection::establish(server).map_err(|e| e.to_string())?;
    connection.batch_execute(order).map_err(|e| e.to_string())
}

/// The server's URL with another database in it.
fn with_database(server: &str, name: &str) -> Result<String, CliError> {
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let host = rest.split('/').next().unwrap_or_default();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    if host.is_empty() && query.is_empty() {
        return Err(CliError::input("--database: names no server"));
    }
    Ok(format!("{scheme}://{host}/{name}{query}"))
}

impl Place {
    /// One more person of the office.
    pub(super) fn add_staff(&self, name: &str, role: Role) -> Result<StaffId, CliError> {
        let one = someone(&self.app, self.scope.own(), (&format!("bench-{name}"), name), role);
        self.app.db.write("bench staff", |db| staff::add(db, &self.app.sealer, &one))?;
        Ok(one.id)
    }
}

fn someone(app: &App, office_code: &str, (login, name): (&str, &str), role: Role) -> Staff {
    Staff {
        id: StaffId::new(app.next_id()),
        office_code: office_code.to_owned(),
        login: login.to_owned(),
        name: name.to_owned(),
        role,
        password_hash: String::new(),
        active: true,
        created_at: app.clock.now_at(),
        last_signed_in_at: None,
        version: 1,
    }
}

/// One office, one clerk.
fn set_up(app: &App) -> Result<Actor, CliError> {
    let now = app.clock.now_at();
    let office = Office {
        code: "512022".to_owned(),
        name: "乐至县学生资助管理中心".to_owned(),
        letters: "LZ".to_owned(),
        phone: String::new(),
        address: String::new(),
        created_at: now,
        amounts_on_papers_by: "主任".to_owned(),
    };
    let clerk = someone(app, &office.code, ("bench", "韦清越"), Role::Clerk);
    // The bank has told everything: who has not paid is late.
    let lender = (office.code.as_str(), Product::Cdb);
    let id = RowId::new(app.next_id());
    let known = PaymentsKnown::new(id, lender, Source::Declaration, day_in(2100, 1, 1), now);
    app.db.write("bench office", |db| {
        office::add(db, &office)?;
        payments_known::add(db, &known)?;
        staff::add(db, &app.sealer, &clerk)
    })?;
    Ok(Actor { staff_id: Some(clerk.id), name: clerk.name, office_code: office.code })
}

/// What PostgreSQL does by itself a little after much was written, and the program for SQLite after
/// an import and every night.
pub(super) fn analyze(place: &Place) -> Result<(), CliError> {
    place.app.db.learn_sizes();
    place.app.db.write("bench settle", |db| {
        if let Db::Postgres(c) = db {
            c.batch_execute("ANALYZE")?;
        }
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_database_takes_the_place_of_the_old_in_the_url() {
        let with = |url: &str| with_database(url, "x").unwrap();
        assert_eq!(
            with("postgres://a:b@h:5433/old?sslmode=disable"),
            "postgres://a:b@h:5433/x?sslmode=disable"
        );
        assert_eq!(with("postgres://h"), "postgres://h/x");
        assert_eq!(with("postgres:///old?host=/run/pg"), "postgres:///x?host=/run/pg");
        assert!(with_database("postgres:///", "x").is_err());
    }
}
