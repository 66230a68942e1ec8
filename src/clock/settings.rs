//! Checks the tables `[jobs.NAME]` of the configuration where they stand in the file, so that a
//! mistake is told with its line.

use toml::de::{DeTable, DeValue};

use super::{Job, Times};

/// Every mistake in `[jobs.*]` of this text, as `file:line: what is wrong and what was expected`.
/// A text that is no TOML at all is told elsewhere.
pub fn mistakes(file: &str, text: &str, jobs: &[Job]) -> Vec<String> {
    let Ok(document) = DeTable::parse(text) else { return Vec::new() };
    let Some((key, value)) = document.get_ref().iter().find(|(key, _)| key.get_ref() == "jobs")
    else {
        return Vec::new();
    };
    let place = |at: usize| format!("{file}:{}", line_of(text, at));
    let DeValue::Table(all) = value.get_ref() else {
        return vec![format!(
            "{}: jobs: expected tables such as [jobs.close_day]",
            place(key.span().start)
        )];
    };
    let mut found = Vec::new();
    for (name, settings) in all {
        let at = place(name.span().start);
        let name = name.get_ref();
        if !jobs.iter().any(|job| job.name == name) {
            let known: Vec<&str> = jobs.iter().map(|job| job.name).collect();
            found.push(format!("{at}: jobs.{name}: no such job; known: {}", known.join(", ")));
            continue;
        }
        let DeValue::Table(settings) = settings.get_ref() else {
            found.push(format!("{at}: jobs.{name}: expected a table with cron or off"));
            continue;
        };
        for (setting, value) in settings {
            let at = place(setting.span().start);
            let what = match (setting.get_ref().as_ref(), value.get_ref()) {
                ("cron", DeValue::String(cron)) => Times::parse(cron).err(),
                ("cron", _) => Some("expected a text in quotes".to_owned()),
                ("off", DeValue::Boolean(_)) => None,
                ("off", _) => Some("expected true or false".to_owned()),
                _ => Some("no such setting; expected cron or off".to_owned()),
            };
            if let Some(what) = what {
                found.push(format!("{at}: jobs.{name}.{}: {what}", setting.get_ref()));
            }
        }
    }
    found
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs;

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let text = "log = \"info\"\n\n[jobs.close_day]\noff = false\ncron = \"0 5 * * *\"\n\
                    [jobs.close_dya]\ncron = \"0 0 1 * * *\"\n\
                    [jobs.check_books]\nof = true\n";
        let found = mistakes("zhuxue.toml", text, jobs::ALL);
        let starts = [
            "zhuxue.toml:5: jobs.close_day.cron: expected six fields",
            "zhuxue.toml:6: jobs.close_dya: no such job; known: ",
            "zhuxue.toml:9: jobs.check_books.of: no such setting",
        ];
        assert_eq!(found.len(), 3, "{found:?}");
        for start in starts {
            assert!(found.iter().any(|line| line.starts_with(start)), "{start}: {found:?}");
        }
        let inline = "jobs = { close_day = { cron = 5 } }";
        assert!(mistakes("f", inline, jobs::ALL)[0].starts_with("f:1: jobs.close_day.cron"));
        let right = "[jobs.close_day]\ncron = \"0 0 1 * * *\"\noff = true\n";
        assert_eq!(mistakes("f", right, jobs::ALL), Vec::<String>::new());
    }
}
