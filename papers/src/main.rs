//! The command line of zhuxue-papers: JSON and a template in, one PDF out.
//!
//! Exit codes: 0 written, 1 could not (file, disk, fonts), 2 wrong data, template or argument.
//! The PDF appears under its name when it is whole, or not at all.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use zhuxue_papers::fonts::Shelf;
use zhuxue_papers::templates::Template;
use zhuxue_papers::{Stop, batch, set};

/// Sets a batch of papers (visit sheets, cover letters, lists) as one PDF.
#[derive(Debug, Parser)]
#[command(name = "zhuxue-papers", version)]
struct Cli {
    /// visit-sheet, cover-list, pack (all in the order of packing), or a file ending in .typ
    #[arg(long, value_name = "NAME|FILE")]
    template: String,
    /// The batch as JSON (see papers/README.md); - reads standard input
    #[arg(long, value_name = "FILE|-")]
    data: PathBuf,
    /// Where the PDF goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Take fonts from this folder only
    #[arg(long, value_name = "DIR")]
    fonts: Option<PathBuf>,
    /// The county's own templates: DIR/documents/NAME.typ wins over the built-in one
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no mistakes; a mistake is one line that names the argument.
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let text = error.to_string();
            let lines = text.lines().map_while(|line| Some(line.trim()).filter(|l| !l.is_empty()));
            say(lines.collect::<Vec<_>>().join(" ").trim_start_matches("error: "));
            return ExitCode::from(2);
        }
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            say(&stop.line);
            ExitCode::from(stop.code)
        }
    }
}

/// Nothing is left to do when standard error is closed.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn run(cli: &Cli) -> Result<(), Stop> {
    let template = Template::find(&cli.template, cli.templates.as_deref())?;
    let batch = batch::read(&cli.data.display().to_string(), &read(&cli.data)?)?;
    let mut shelf = Shelf::find(cli.fonts.as_deref())?;
    for note in shelf.cover(&batch)? {
        say(&format!("note: {note}"));
    }
    let done = set::all(&batch, &template, &shelf, set::AT_ONCE)?;
    write(&cli.out, &done.pdf)?;
    let line = format!("{}: {} papers, {} pages", cli.out.display(), done.papers, done.pages);
    writeln!(std::io::stdout(), "{line}").map_err(|error| Stop::failed(format!("output: {error}")))
}

fn read(file: &Path) -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    read.map_err(|error| Stop::failed(format!("{}: cannot be read: {error}", file.display())))
}

/// Under another name first: whoever waits for the file never sees half of it.
fn write(file: &Path, pdf: &[u8]) -> Result<(), Stop> {
    let mut part = file.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    std::fs::write(&part, pdf).and_then(|()| std::fs::rename(&part, file)).map_err(|error| {
        let _ = std::fs::remove_file(&part);
        Stop::failed(format!("{}: cannot be written: {error}", file.display()))
    })
}
