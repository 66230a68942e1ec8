//! `zhuxue serve`: opens, listens, says where, and stops gracefully on SIGTERM or SIGINT.

use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;
use clap::Args;
use futures_util::future::select;
use tokio::sync::watch;

use super::{CliError, restore as restore_command};
use crate::app::App;
use crate::base::dates::Clock;
use crate::base::language::cause;
use crate::book::audit_log::Heads;
use crate::book::notice::own_texts;
use crate::book::{office, staff};
use crate::error::AppError;
use crate::imports::runner::Runner;
use crate::localized;
use crate::plumbing::attached::folder;
use crate::plumbing::config::Config;
use crate::plumbing::meta;
use crate::plumbing::restore::{self, PutBack, Restart};
use crate::web::connections::Connections;
use crate::{clock, jobs, site};

/// Requests still running when the program is told to stop get this long to end.
const STOP_WITHIN_S: u64 = 15;

/// A restore asked for on a page begins so long after its answer.
const RESTART_AFTER: Duration = Duration::from_secs(3);

/// Imports that run get this long to end the lines they are at.
const IMPORTS_STOP_WITHIN: Duration = Duration::from_secs(10);

/// Starts the web server.
#[derive(Clone, Copy, Debug, Args)]
pub struct Serve {}

impl Serve {
    /// Runs until told to stop.
    pub fn run(self, config: Config, out: &mut dyn Write) -> Result<(), CliError> {
        let settings = config.clone();
        let mut app = super::open(config, Clock::real())?;
        if app.db.read(|db| meta::get(db, meta::DEMO))?.is_some() {
            return Err(CliError::input(localized!(
                "data_dir {}：这是演示数据，密码人人知道；请用 zhuxue demo 打开，或把 data_dir 改成自己的文件夹",
                "data_dir {}: is the demo's, whose passwords everybody knows; start it with: \
                 zhuxue demo, or set data_dir to a folder of your own",
                app.config.data_dir.display()
            )));
        }
        own_texts::move_files(&app, &app.config.templates())?;
        own_texts::follow(&app)?;
        let (offices, people) =
            app.db.read(|db| Ok((office::all(db)?.len(), staff::count(db)?)))?;
        if offices == 0 {
            return Err(CliError::failed(localized!(
                "数据库是空的，请先建立资助中心：zhuxue office add --code 512022 \
                 --name 乐至县学生资助管理中心 --letters LZ（想先看看，可以运行 zhuxue demo）",
                "the database is empty; set up the office first: zhuxue office add --code 512022 \
                 --name 乐至县学生资助管理中心 --letters LZ (or look around with: zhuxue demo)"
            )));
        }
        if people == 0 {
            return Err(CliError::failed(localized!(
                "还没有人能登录，请先添加管理员：zhuxue user add --login admin01 --name 张三 --role administrator",
                "nobody can sign in yet; add an administrator first: zhuxue user add --login \
                 admin01 --name 张三 --role administrator"
            )));
        }
        app.shared.set(Heads::beside(&settings.keys()));
        serve(&app, out)?;
        while let Some(request) = app.shared.get::<Restart>().take() {
            app = put_back(app, &settings, &request)?;
            serve(&app, out)?;
        }
        Ok(())
    }
}

/// Puts the copy in place that somebody chose on the page; when that cannot be done, the database
/// that stood there serves on.
fn put_back(app: App, config: &Config, request: &PutBack) -> Result<App, CliError> {
    let contents = restore::look_at(&request.copy.file, &app.sealer).map_err(AppError::from);
    let (file, now) = (app.db.sqlite_file().map(Path::to_path_buf), app.clock.now_at());
    drop(app);
    let done = contents.and_then(|contents| {
        let file = file.ok_or_else(|| AppError::broken("no SQLite database"))?;
        let by = &request.by_name;
        let restored = restore_command::marked(&request.copy.name, contents.as_of, now, by);
        restore::put_in_place(&request.copy.file, &file, &restored).map(|aside| (restored, aside))
    });
    let heads = Heads::beside(&config.keys());
    if done.is_ok() {
        heads.forget();
    }
    let app = super::open(config.clone(), Clock::real())?;
    app.shared.set(heads);
    match done {
        Ok((restored, aside)) => {
            tracing::warn!(copy = request.copy.name, ?aside, "the database was put back");
            let scans = restore_command::scans_beside(&request.copy.file);
            folder::bring_back(&scans, &config.attachments(), &app.sealer)?;
            restore_command::note(&app, &restored)?;
        }
        Err(error) => {
            tracing::error!(%error, "a copy could not be put back; nothing changed");
            restore_command::note_failed(&app, &request.copy.name, &error)?;
        }
    }
    Ok(app)
}

/// Serves `app` until SIGTERM or SIGINT. `demo` ends here, too.
pub fn serve(app: &App, out: &mut dyn Write) -> Result<(), CliError> {
    actix_web::rt::System::new().block_on(run(app.clone(), out))
}

async fn run(app: App, out: &mut dyn Write) -> Result<(), CliError> {
    let config = app.config.clone();
    if config.public_url.starts_with("http://") && config.allow_plain_http {
        tracing::warn!(
            "allow_plain_http: passwords and pages cross the network unprotected; for a closed \
             county network only"
        );
    }
    let server = server(&app).map_err(|e| why_not(&config.listen, &e))?;
    let (tell, shutdown) = watch::channel(false);
    let jobs = actix_web::rt::spawn(background(app.clone(), shutdown));
    writeln!(out, "{}", localized!("助学已启动：{}", "助学 is ready: {}", config.public_url))?;
    out.flush()?;
    let (handle, stop_for) = (server.handle(), app.clone());
    actix_web::rt::spawn(async move {
        let restart = stop_for.shared.get::<Restart>();
        let requested = async {
            restart.requested().await;
            // The page that says so has its style and its icons by then.
            tokio::time::sleep(RESTART_AFTER).await;
        };
        select(pin!(told_to_stop()), pin!(requested)).await;
        tracing::info!("stopping: requests that run may end");
        handle.stop(true).await;
    });
    let ended = server.await;
    let _ = tell.send(true);
    let imports = Runner::of(&app);
    if actix_web::web::block(move || imports.stop(IMPORTS_STOP_WITHIN)).await.is_err() {
        tracing::error!("an import could not be stopped; it goes on at the next start");
    }
    if let Err(error) = jobs.await {
        tracing::error!(%error, "the background work ended badly");
    }
    tracing::info!("stopped");
    ended.map_err(|e| CliError::failed(localized!("服务：{e}", "server: {e}")))
}

/// The server as it listens; it answers once it is polled.
///
/// # Errors
/// The address cannot be had.
pub fn server(app: &App) -> std::io::Result<Server> {
    let for_workers = app.clone();
    let connections = Connections::new(&app.config);
    let server = actix_web::HttpServer::new(move || site::site(&for_workers))
        .workers(app.config.workers)
        .worker_max_blocking_threads(16)
        .client_request_timeout(Duration::from_secs(15))
        .keep_alive(Duration::from_secs(75))
        .on_connect(move |connection, data| connections.come(connection, data))
        // A compressed page leaves in pieces; without this each waits 40 ms for the one before.
        .tcp_nodelay(true)
        .shutdown_timeout(STOP_WITHIN_S)
        .disable_signals()
        .bind(&app.config.listen)?;
    Ok(server.run())
}

/// Can the port be had? Asked before a long loading, so that a taken port is said at once.
///
/// # Errors
/// One line that names the address and what to do.
pub fn check_listen(config: &Config) -> Result<(), CliError> {
    match std::net::TcpListener::bind(&config.listen) {
        Ok(free) => {
            drop(free);
            Ok(())
        }
        Err(error) => Err(why_not(&config.listen, &error)),
    }
}

fn why_not(listen: &str, error: &std::io::Error) -> CliError {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => localized!(
            "正被另一个程序使用，请停掉那一个，或改 listen",
            "another program uses it; stop that one, or set listen"
        ),
        std::io::ErrorKind::PermissionDenied => localized!(
            "1024 以下的端口需要特权，请改 listen",
            "ports below 1024 need a privilege; set listen"
        ),
        std::io::ErrorKind::AddrNotAvailable => localized!(
            "本机没有这个地址，请改 listen",
            "this machine has no such address; set listen"
        ),
        _ => localized!("不能使用，请改 listen", "cannot be used; set listen"),
    };
    CliError::failed(localized!(
        "listen {listen}：{advice}（{error}）",
        "listen {listen}: {advice} ({error})",
        error = cause(error)
    ))
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard; end the program by force");
        return std::future::pending().await;
    };
    select(pin!(terminate.recv()), pin!(interrupt.recv())).await;
}

/// What goes on without a request until the program stops.
async fn background(app: App, shutdown: watch::Receiver<bool>) {
    // What else listens while the program serves is joined to this one.
    let mail = actix_web::rt::spawn(jobs::deliver_messages::listen(app.clone(), shutdown.clone()));
    let rules = actix_web::rt::spawn(jobs::close_day::listen(app.clone(), shutdown.clone()));
    clock::serve(app.clone(), shutdown).await;
    if let Err(error) = rules.await {
        tracing::error!(%error, "following the rules ended badly");
    }
    if let Err(error) = mail.await {
        tracing::error!(%error, "sending ended badly");
    }
    // Once more after the last request, so that a stopped program leaves nothing unchained.
    let last = actix_web::web::block(move || jobs::chain_history::chain_all(&app)).await;
    if let Ok(Err(error)) = last {
        tracing::error!(%error, "the history could not be chained");
    }
}
