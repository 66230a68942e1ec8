//! `zhuxue user`: accounts from the command line, for the first administrator and for the day
//! nobody can sign in. There is no default password; it is asked for on the terminal, unseen, or
//! read from standard input.

use std::io::{BufRead as _, IsTerminal as _, Write};
use std::process::{Command, Stdio};

use clap::{Args, Subcommand};

use super::CliError;
use crate::app::App;
use crate::base::dates::{self, Clock};
use crate::base::ids::StaffId;
use crate::base::scope::Scope;
use crate::book::act::{self, Act};
use crate::book::audit_log::{Actor, AuditEntry};
use crate::book::office;
use crate::book::staff::{self, Role, Staff};
use crate::error::{AppError, AppResult};
use crate::localized;
use crate::plumbing::config::Config;
use crate::plumbing::password;
use crate::web::session;
use crate::web::session::guard::{self, Kind, Whom};

/// Accounts of staff.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Makes an account.
    Add(Add),
    /// Lists the accounts.
    List,
    /// Ends all sessions of an account and lets nobody sign in with it.
    Disable(Login),
    /// Lets an account sign in again.
    Enable(Login),
    /// Sets a new password and ends all sessions.
    SetPassword(SetPassword),
}

/// A new account.
#[derive(Debug, Args)]
pub struct Add {
    /// The name to sign in with, such as a staff number.
    #[arg(long)]
    login: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// clerk, reviewer, director, auditor or administrator.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Division code of the office; may be left out when there is one only.
    #[arg(long)]
    office: Option<String>,
    #[command(flatten)]
    password: PasswordFrom,
}

/// Which account.
#[derive(Debug, Args)]
pub struct Login {
    /// The name it signs in with.
    login: String,
}

/// A new password for an account.
#[derive(Debug, Args)]
pub struct SetPassword {
    /// The name it signs in with.
    login: String,
    #[command(flatten)]
    password: PasswordFrom,
}

/// Where the password comes from.
#[derive(Debug, Args)]
pub struct PasswordFrom {
    /// Reads the password from the first line of standard input instead of asking.
    #[arg(long)]
    password_stdin: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_text(text).ok_or_else(|| {
        localized!(
            "应为 clerk（经办）、reviewer（复核）、director（主任）、auditor（审计）或 \
             administrator（管理员）",
            "expected clerk, reviewer, director, auditor or administrator"
        )
    })
}

impl User {
    /// Runs it.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let app = super::open(config, Clock::real())?;
        match self {
            User::List => list(&app, out),
            User::Add(new) => add(&app, new, out),
            User::Disable(which) => set_active(&app, &which.login, false, out),
            User::Enable(which) => set_active(&app, &which.login, true, out),
            User::SetPassword(which) => set_password(&app, which, out),
        }
    }
}

fn list(app: &App, out: &mut dyn Write) -> Result<(), CliError> {
    let people = app.db.read(|db| {
        let mut people = Vec::new();
        for office in office::all(db)? {
            people.extend(staff::all(db, &Scope::of(&office.code))?);
        }
        Ok(people)
    })?;
    for one in people {
        let last = one.last_signed_in_at.map_or_else(
            || localized!("没有登录过", "never"),
            |at| dates::local(at).date().to_string(),
        );
        let state =
            if one.active { String::new() } else { localized!("  已停用", "  disabled") };
        writeln!(
            out,
            "{}",
            localized!(
                "{}  {}  {}  {}  上次登录 {last}{state}",
                "{}  {}  {}  {}  last sign-in {last}{state}",
                one.office_code,
                one.login,
                one.name,
                one.role.as_text()
            )
        )?;
    }
    Ok(())
}

fn add(app: &App, new: Add, out: &mut dyn Write) -> Result<(), CliError> {
    let offices = app.db.read(office::all)?;
    let office_code = match (&new.office, offices.as_slice()) {
        (_, []) => {
            return Err(CliError::failed(localized!(
                "还没有资助中心，请先建立：zhuxue office add --code 512022 --name 乐至县学生资助管理中心 --letters LZ",
                "there is no office yet; set it up first: zhuxue office add --code 512022 \
                 --name 乐至县学生资助管理中心 --letters LZ"
            )));
        }
        (Some(code), all) if all.iter().any(|office| office.code == *code) => code.clone(),
        (None, [only]) => only.code.clone(),
        _ => {
            let codes: Vec<&str> = offices.iter().map(|office| office.code.as_str()).collect();
            return Err(CliError::input(localized!(
                "--office：应为其中之一：{}",
                "--office: expected one of {}",
                codes.join(", ")
            )));
        }
    };
    let (login, name) = (staff::login_from(&new.login), new.name.trim().to_owned());
    let errors = staff::check(&login, &name);
    if let Some(first) = errors.first() {
        return Err(CliError::input(format!("--{}: {}", first.field, first.message)));
    }
    let password = ask(&new.password, &login, &name, out)?;
    let made = Staff {
        id: StaffId::new(app.next_id()),
        office_code,
        login,
        name,
        role: new.role,
        password_hash: password::hash(&password)?,
        active: true,
        created_at: app.clock.now_at(),
        last_signed_in_at: None,
        version: 1,
    };
    let summary = format!("添加{}，{}", made.name, made.role.in_words());
    record(app, &made, "staff_added", summary, |act| staff::add(act.db, &act.parts.sealer, &made))?;
    writeln!(
        out,
        "{}",
        localized!("{} 可以用 {} 登录了", "{} may sign in as {}", made.name, made.login)
    )?;
    Ok(())
}

fn set_active(app: &App, login: &str, active: bool, out: &mut dyn Write) -> Result<(), CliError> {
    let mut one = named(app, login)?;
    one.active = active;
    let (action, word) =
        if active { ("staff_enabled", "启用") } else { ("staff_disabled", "停用") };
    record(app, &one, action, format!("{word}{}的账号", one.name), |act| {
        staff::change(act.db, &act.parts.sealer, &one)?;
        if !active {
            session::end_all(act.db, one.id, None, act.now)?;
        }
        Ok(())
    })?;
    let state = match active {
        true => localized!("{}：已启用", "{}: enabled", one.login),
        false => localized!("{}：已停用", "{}: disabled", one.login),
    };
    writeln!(out, "{state}")?;
    Ok(())
}

fn set_password(app: &App, which: SetPassword, out: &mut dyn Write) -> Result<(), CliError> {
    let mut one = named(app, &which.login)?;
    let password = ask(&which.password, &one.login, &one.name, out)?;
    one.password_hash = password::hash(&password)?;
    record(app, &one, "password_changed", format!("重设{}的密码", one.name), |act| {
        staff::change(act.db, &act.parts.sealer, &one)?;
        session::end_all(act.db, one.id, None, act.now)?;
        guard::release(act.db, Kind::Password, &Whom::staff(&one.login), act.now)
    })?;
    writeln!(
        out,
        "{}",
        localized!(
            "{}：密码已重设，已登录的地方都已退出",
            "{}: the password is set, all sessions are ended",
            one.login
        )
    )?;
    Ok(())
}

fn named(app: &App, login: &str) -> Result<Staff, CliError> {
    let login = staff::login_from(login);
    app.db.read(|db| staff::by_login(db, &login))?.ok_or_else(|| {
        CliError::input(localized!("{login}：没有这个登录名", "{login}: nobody has this login"))
    })
}

fn record(
    app: &App,
    one: &Staff,
    action: &'static str,
    summary: String,
    mut change: impl FnMut(&mut Act<'_>) -> AppResult<()>,
) -> Result<(), CliError> {
    let by = Actor::program("命令行", &one.office_code);
    let note = AuditEntry::of(action, &one.name, summary);
    let result = act::run(app, (&by, &Scope::of(&one.office_code)), "account", |act| {
        change(act)?;
        act.audit(note.clone())
    });
    result.map_err(|error| match error {
        AppError::Changed => CliError::failed(localized!(
            "别人刚刚改过这个账号，请再试一次",
            "somebody changed this account just now; try again"
        )),
        other => other.into(),
    })
}

/// The new password: from standard input, or asked for twice.
fn ask(
    from: &PasswordFrom,
    login: &str,
    name: &str,
    out: &mut dyn Write,
) -> Result<String, CliError> {
    let password = if from.password_stdin {
        read_line()?
    } else if std::io::stdin().is_terminal() {
        let first = unseen(&localized!("密码：", "Password: "), out)?;
        if unseen(&localized!("再输一次：", "Again: "), out)? != first {
            return Err(CliError::input(localized!(
                "两次输入的密码不一样，没有改动",
                "the two passwords differ; nothing was changed"
            )));
        }
        first
    } else {
        return Err(CliError::input(localized!(
            "这里不能输入密码，请用 --password-stdin",
            "no terminal to ask for the password; use --password-stdin"
        )));
    };
    password::check(&password, login, name).map_err(|weak| CliError::input(weak.in_words()))?;
    Ok(password)
}

fn read_line() -> Result<String, CliError> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| CliError::failed(localized!("标准输入：{e}", "standard input: {e}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks with the terminal's echo off. `stty` is on every Unix; without it the password is seen,
/// which is better than no way to set one.
fn unseen(question: &str, out: &mut dyn Write) -> Result<String, CliError> {
    write!(out, "{question}")?;
    out.flush()?;
    let hidden = stty("-echo");
    let line = read_line();
    if hidden {
        stty("echo");
        writeln!(out)?;
    }
    line
}

fn stty(argument: &str) -> bool {
    Command::new("stty")
        .arg(argument)
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
