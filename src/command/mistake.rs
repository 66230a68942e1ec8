//! What is wrong with a command line, in one line; clap itself speaks English.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::base::language::is_english;

/// The line for the person who typed it.
pub fn in_words(error: &Error) -> String {
    let text = error.to_string();
    let english = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    if is_english() {
        return english.to_owned();
    }
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => one.clone(),
        Some(ContextValue::Strings(all)) => all.join("、"),
        _ => String::new(),
    };
    let (argument, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let known = of(ContextKind::ValidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => format!("没有 {argument} 这个参数，见 --help"),
        ErrorKind::InvalidSubcommand => {
            format!("没有 {} 这个命令，见 --help", of(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("缺少 {argument}，见 --help"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "请写明要做什么，见 --help".to_owned()
        }
        ErrorKind::ArgumentConflict => {
            format!("{argument} 不能和 {} 一起用", of(ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 后面要写一个值"),
        ErrorKind::InvalidValue => format!("{argument}：没有 {value}，可以是 {known}"),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("{argument}：{value} 不对，{why}")
        }
        _ => format!("命令写得不对，见 --help（{english}）"),
    }
}
