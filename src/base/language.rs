//! The language of the command line: Chinese, or English for who has set English as the language
//! of their terminal. Pages, messages and papers are Chinese always.

use std::sync::atomic::{AtomicBool, Ordering};

static ENGLISH: AtomicBool = AtomicBool::new(false);
static LOGS_IN_ENGLISH: AtomicBool = AtomicBool::new(false);

/// Whoever started the program reads English.
pub fn is_english() -> bool {
    ENGLISH.load(Ordering::Relaxed)
}

/// Chooses by `LC_ALL`, `LC_MESSAGES`, `LANG`: the first that is set, as the C library does.
pub fn follow(variable: impl Fn(&str) -> Option<String>) {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable);
    let language = set.into_iter().find(|value| !value.is_empty());
    let english = language.is_some_and(|value| value.starts_with("en"));
    ENGLISH.store(english, Ordering::Relaxed);
}

/// The log is JSON, for programs to read: English whatever the terminal speaks.
pub fn logs_in_english(is_json: bool) {
    LOGS_IN_ENGLISH.store(is_json, Ordering::Relaxed);
}

/// Of a text in Chinese and in English the one that the log speaks.
pub fn in_log([chinese, english]: [&'static str; 2]) -> &'static str {
    if is_english() || LOGS_IN_ENGLISH.load(Ordering::Relaxed) { english } else { chinese }
}

/// `localized!("数据库 {path}：不存在", "database {path}: is not there")`: as `format!`, in the
/// language of the command line.
#[macro_export]
macro_rules! localized {
    ($chinese:literal, $english:literal $(, $($arguments:tt)*)?) => {
        if $crate::base::language::is_english() {
            format!($english $(, $($arguments)*)?)
        } else {
            format!($chinese $(, $($arguments)*)?)
        }
    };
}

/// Why the system did not do it, in the same language; what has no words of ours by its number.
pub fn cause(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    if is_english() {
        return error.to_string();
    }
    match error.kind() {
        ErrorKind::NotFound => "不存在".to_owned(),
        ErrorKind::PermissionDenied => "没有权限".to_owned(),
        ErrorKind::AlreadyExists => "已经存在".to_owned(),
        ErrorKind::StorageFull => "磁盘已满".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "只读".to_owned(),
        ErrorKind::IsADirectory => "是一个文件夹".to_owned(),
        ErrorKind::NotADirectory => "路径里有一段不是文件夹".to_owned(),
        ErrorKind::AddrInUse => "端口被占用".to_owned(),
        _ => error.raw_os_error().map_or_else(|| error.to_string(), |n| format!("系统错误 {n}")),
    }
}
