//! The program on a free port with data of its own, and a browser with a profile of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// The widths every page is looked at: name, width, height.
pub const WINDOWS: [(&str, u32, u32); 3] =
    [("wide", 1440, 900), ("laptop", 1366, 768), ("phone", 390, 844)];

/// Where pictures go: `target/shots/NAME-wide.png`.
fn shots() -> PathBuf {
    // CARGO_TARGET_TMPDIR is target/tmp.
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("shots")
}

/// A folder with a database, keys and what else the program keeps, and its address.
pub struct Program {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Program {
    /// An empty data folder and a free port.
    pub fn new() -> Program {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Program { folder: TempDir::new().unwrap(), port, running: None }
    }

    /// Such as `http://127.0.0.1:41234/login`.
    pub fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A file in the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it has printed since it was started.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.file("output.txt")).unwrap_or_default()
    }

    /// The status of a GET, asked without a browser.
    pub fn status(&self, path: &str) -> Option<u16> {
        status(self.port, path)
    }

    /// An office and an administrator `admin01`, as the first day of a real installation.
    pub fn set_up(&self, password: &str) {
        self.run(&[
            "office",
            "add",
            "--code",
            "512022",
            "--name",
            "乐至县学生资助管理中心",
            "--letters",
            "LZ",
        ]);
        self.run_with(
            &[
                "user",
                "add",
                "--login",
                "admin01",
                "--name",
                "张三",
                "--role",
                "administrator",
                "--password-stdin",
            ],
            &format!("{password}\n"),
        );
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zhuxue"));
        // What somebody has set for a program of their own is not for this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ZHUXUE_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("ZHUXUE_DATA_DIR", self.folder.path())
            .env("ZHUXUE_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("ZHUXUE_PUBLIC_URL", format!("http://127.0.0.1:{}", self.port))
            .stdin(Stdio::null());
        command
    }

    /// Runs one command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// The same with something on standard input, such as a password.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read has closed its end: no matter.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "zhuxue {arguments:?}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Whether the program has this command yet.
    pub fn knows(&self, command: &str) -> bool {
        let help = self.command(&["--help"]).output().unwrap();
        String::from_utf8_lossy(&help.stdout)
            .lines()
            .any(|line| line.split_whitespace().next() == Some(command))
    }

    /// Starts a command that serves (`serve`, `demo`) and waits until it answers. What it prints
    /// goes to `output.txt` in its folder.
    pub fn start(&mut self, arguments: &[&str]) {
        let output = std::fs::File::create(self.file("output.txt")).unwrap();
        let child = self
            .command(arguments)
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let child = self.running.insert(child);
        let started = Instant::now();
        let ended = loop {
            if answers(self.port) {
                return;
            }
            if let Some(status) = child.try_wait().unwrap() {
                break status.to_string();
            }
            // A debug build imports the demo's county in about a minute.
            if started.elapsed() > Duration::from_secs(240) {
                break "no answer after 240 seconds".to_owned();
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let said = std::fs::read_to_string(self.file("output.txt")).unwrap_or_default();
        panic!("zhuxue {arguments:?}: {ended}\n{said}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            // Killed, not asked: the folder goes away with everything in it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether the program accepts connections and answers them at all.
fn answers(port: u16) -> bool {
    status(port, "/healthz").is_some()
}

/// The status of a GET without a browser.
fn status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let head = String::from_utf8_lossy(&answer).into_owned();
    head.split_whitespace().nth(1)?.parse().ok()
}

/// A browser window at one address of the program.
pub struct Browser {
    pub driver: WebDriver,
    address: String,
}

impl Browser {
    /// Goes to a path of the program.
    pub async fn open(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.address)).await.unwrap();
    }

    /// The one element of a CSS selector, waited for.
    pub async fn find(&self, selector: &str) -> WebElement {
        let found = self.driver.query(By::Css(selector.to_owned())).first().await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{selector}: {error}\n{}", self.text().await),
        }
    }

    /// Writes into a field, in place of what is there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks; a page that follows is waited for by the next `find`.
    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    /// All words a person sees.
    pub async fn text(&self) -> String {
        match self.driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page says this: a click comes back before the next page is there.
    pub async fn says(&self, words: &str) {
        for _ in 0..300 {
            if self.text().await.contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{words:?} is not on {}: {}", self.path().await, self.text().await);
    }

    /// Path and query of where the browser is now.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.address).unwrap_or(url.as_str()).to_owned()
    }

    /// Shows pages at this size. Through the emulation of a device: a window is at least 500
    /// pixels wide.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = serde_json::json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500
        });
        self.driver
            .cdp()
            .send_raw("Emulation.setDeviceMetricsOverride", size)
            .await
            .expect("a page size");
    }

    /// Pictures of the current page at every width; fails when it must be scrolled sideways.
    pub async fn shoot(&self, name: &str) {
        std::fs::create_dir_all(shots()).unwrap();
        for (window, width, height) in WINDOWS {
            self.resize(width, height).await;
            let file = shots().join(format!("{name}-{window}.png"));
            self.driver.screenshot(&file).await.unwrap();
            let script = "return document.documentElement.scrollWidth;";
            let needed: u32 =
                self.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
            assert!(needed <= width, "{name} at {width} pixels needs {needed}: {}", file.display());
        }
        let (_, width, height) = WINDOWS[0];
        self.resize(width, height).await;
    }

    /// A picture of the whole page, as long as it is, at a width.
    pub async fn photograph(&self, name: &str, width: u32) {
        std::fs::create_dir_all(shots()).unwrap();
        self.resize(width, 844).await;
        let script = "return document.documentElement.scrollHeight;";
        let height: u32 = self.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap();
        self.resize(width, height).await;
        let file = shots().join(format!("{name}-{width}.png"));
        self.driver.screenshot(&file).await.unwrap();
        self.resize(width, 844).await;
    }

    /// What a command of the browser answers as a file: a picture, a PDF.
    pub async fn file_of(&self, command: &str, how: serde_json::Value) -> Vec<u8> {
        let answer = self.driver.cdp().send_raw(command, how).await.unwrap();
        from_base64(answer["data"].as_str().expect("a file"))
    }

    /// Answers of 400 and above to what the page asked for by itself (style, script, icon).
    pub async fn failed_requests(&self) -> Vec<String> {
        let script = "return performance.getEntriesByType('resource')\
             .filter(e => e.responseStatus >= 400).map(e => e.responseStatus + ' ' + e.name);";
        self.driver.execute(script, Vec::new()).await.unwrap().convert().unwrap()
    }
}

/// Runs `test` in a new browser on `program`, which has been started. Returns false, having said
/// so, when there is no chromedriver. A test that fails leaves `target/shots/failed-NAME.png`.
pub fn in_browser(name: &str, program: &Program, test: impl AsyncFnOnce(&Browser)) -> bool {
    let Some(driver_url) = driver_url() else { return false };
    let profile = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let driver = WebDriver::new(&driver_url, chromium(profile.path())).await.unwrap();
        let browser = Browser { driver, address: program.address("") };
        let (_, width, height) = WINDOWS[0];
        browser.resize(width, height).await;
        let outcome = std::panic::AssertUnwindSafe(test(&browser)).catch_unwind().await;
        if outcome.is_err() {
            let _ = std::fs::create_dir_all(shots());
            let file = shots().join(format!("failed-{name}.png"));
            if browser.driver.screenshot(&file).await.is_ok() {
                eprintln!("at {}; picture: {}", browser.path().await, file.display());
            }
        }
        // Also after a failure: a browser left alone would outlive the test.
        browser.driver.quit().await.unwrap();
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    true
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|c| *c != b'=').map(value).collect();
    let mut out = Vec::with_capacity(text.len());
    for four in digits.chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, digit| (bits << 6) | u32::from(*digit));
        let bits = bits << (6 * (4 - four.len()));
        out.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}

/// Where the chromedriver of `scripts/test` listens.
pub fn driver_url() -> Option<String> {
    let url = std::env::var("TEST_WEBDRIVER_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("TEST_WEBDRIVER_URL is not set: no browser test (scripts/test runs them)");
    }
    url
}

fn chromium(profile: &Path) -> Capabilities {
    let mut wanted = DesiredCapabilities::chrome();
    if let Some(program) = std::env::var_os("TEST_CHROMIUM").filter(|path| !path.is_empty()) {
        wanted.set_binary(&program.to_string_lossy()).unwrap();
    }
    for flag in [
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        "--lang=zh-CN",
        // It must not look for anything outside this machine.
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ] {
        wanted.add_arg(flag).unwrap();
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
    wanted.into()
}
