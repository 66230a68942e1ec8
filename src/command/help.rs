//! `--help` in Chinese. The English texts stand at the commands and arguments themselves, and are
//! shown to who has set English (`base/language.rs`).

use clap::error::Error;
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _};

use super::Cli;
use crate::base::language::is_english;

/// By the words that are typed.
const COMMANDS: &[(&str, &str)] = &[
    ("", "助学：县级学生资助管理中心的生源地信用助学贷款"),
    ("serve", "启动网页服务"),
    ("demo", "在浏览器里看一个虚构的县"),
    ("verify", "重算全部结余，核对操作留痕和账号，列出不符的地方"),
    ("restore", "用备份换下现在的数据库，或者只演练一遍"),
    ("office", "建立中心，或列出已有的中心"),
    ("office add", "建立一个中心；空数据库的第一步"),
    ("office list", "列出已有的中心"),
    ("user", "工作人员的账号：添加、列出、停用、启用、改密码"),
    ("user add", "添加一个账号"),
    ("user list", "列出账号"),
    ("user disable", "停用账号，结束它的全部登录"),
    ("user enable", "重新启用账号"),
    ("user set-password", "重设密码，结束它的全部登录"),
    ("import", "导入名单（XLSX、XLS、ODS、CSV），按表头识别，先后不限"),
    ("import undo", "整份撤销一次导入；不加 --yes 时只说明会怎样"),
    ("statement", "按一份合同的条款和流水算出账目"),
    ("journal", "把全部账目写成纯文本复式记账，给 hledger 等程序用"),
    ("worksheets", "写逾期走访表：每个接收单位一个工作簿，另有一份总表"),
    ("rehearse", "在数据库的副本里一天天过下去，列出会发生什么"),
    ("job", "列出定时任务，或者现在运行一个"),
    ("job list", "列出定时任务：时间、上次、下次"),
    ("job run", "现在运行一个，运行过也再运行；列出做了什么"),
    ("bench", "用自造的数据测速度和内存"),
];

/// By command and name; one that several have, by its name alone.
const ARGUMENTS: &[(&str, &str)] = &[
    ("config", "配置文件；不写时用当前文件夹的 zhuxue.toml（有的话）"),
    ("office", "中心的代码；只有一个中心时不用写"),
    ("user", "以谁的名义（登录名）；不写时用第一位能登录的经办、复核或主任"),
    ("demo.today", "演示里的今天；不写时用样本自己的日子"),
    ("demo.reset", "丢掉演示数据，重新开始"),
    ("verify.repair", "把不符的结余按流水重新存好，按现状认可账号；流水从不改动"),
    ("restore.file", "备份文件夹里的一个文件，例如 zhuxue-2026-11-28.db"),
    ("restore.rehearse", "放进临时文件夹，核对每个数；什么都不改，什么都不发"),
    (
        "restore.release",
        "恢复以后，几个中心共用一个数据库时：先让定时任务继续（jobs），再让消息继续：\
         作废等着的（drop）或发出（send）",
    ),
    ("office add.code", "县的行政区划代码，6 位，例如 512022"),
    ("office add.name", "中心的全称，例如 乐至县学生资助管理中心"),
    ("office add.letters", "档案号开头的字母，例如 LZ"),
    ("office add.phone", "印在页面和走访表上的电话"),
    ("office add.address", "办公地点"),
    ("user add.login", "登录名，例如工号"),
    ("user add.name", "姓名"),
    (
        "user add.role",
        "clerk（经办）、reviewer（复核）、director（主任）、auditor（审计）或 administrator（管理员）",
    ),
    ("login", "登录名"),
    ("password_stdin", "从标准输入的第一行读密码，不再询问"),
    ("import.files", "要导入的文件；和 --template 一起时是要写的文件"),
    ("import.as_of", "余额截至哪天，表里没写时用，例如 2026-10-31"),
    ("import.dry_run", "只核对，不入账"),
    ("import.product", "合同的品种：cdb（国家开发银行）或 local（地方免息）"),
    (
        "import.kind",
        "标题和表头认不出时，写明是哪一类表（borrowers、contracts、repayments 等）；下次同样表头的表照此办理",
    ),
    ("import.binds", "和 --kind 一起：哪个表头是哪一列，例如 合同号码=合同编号"),
    ("import.confirmed", "有先前列出过的异常，仍然入账"),
    ("import.remarks", "每一行有说明的都列出，不只是没收下的"),
    ("import.template", "不导入，写一张这一类的空表（.xlsx）"),
    ("import undo.import", "它的编号（页面网址里的），或文件名"),
    ("import undo.user", "以谁的名义（登录名）：一位复核或主任"),
    ("import undo.yes", "真的撤销"),
    ("import undo.reason", "理由，记入操作记录"),
    ("statement.file", "写有条款和流水的 JSON 文件；- 表示读标准输入"),
    ("statement.as_of", "账目是哪天的，例如 2046-01-01"),
    ("statement.known_until", "还款结果已知到哪天；以后的还款日待银行结果"),
    ("statement.json", "输出 JSON，给程序用"),
    ("statement.working", "输出 JSON：每个数怎么算出来，依据哪条规定、哪个文件"),
    ("statement.product", "和 --working 一起：按哪个品种的规定，cdb 或 local"),
    ("statement.stream", "一行一份合同，一行一个结果；算不出的，那一行写明为什么"),
    ("statement.brief", "和 --stream 一起：只要余额和合计"),
    ("journal.until", "到哪一天为止；不写时到还款结果已知的最后一天"),
    ("statement.policies", "本县后来的政策数值所在的文件夹"),
    ("worksheets.as_of", "数字截至哪天，例如 2026-10-31"),
    ("worksheets.by", "按村（village）、毕业高中（school）或派出所（police）分"),
    ("worksheets.out", "工作簿放进哪个文件夹；没有时新建"),
    ("worksheets.township", "只要这个乡镇的"),
    ("worksheets.village", "只要这个村的"),
    ("worksheets.school", "只要这所毕业高中的"),
    ("worksheets.police", "只要这个派出所的"),
    ("worksheets.files", "只要这些档案，例如 LZ2015-0483,LZ2016-0012"),
    ("worksheets.min", "只要欠款不少于这么多元的"),
    ("worksheets.no_amounts", "不写金额"),
    ("worksheets.return_by", "请哪天前交回；不写时是截至日以后两周"),
    ("worksheets.contact", "联系人，印在中心电话旁"),
    ("rehearse.from", "第一天"),
    ("rehearse.to", "最后一天"),
    ("rehearse.paying", "一千户里有多少户到期前还清"),
    (
        "rehearse.first_on",
        "取这天逾期名单的两种排法（按日期、优先级），比较各自靠前的三十天后还了多少",
    ),
    ("rehearse.students", "夏天有多少名学生来办首贷，从窗口办到放款"),
    ("rehearse.all_days", "没有事的日子也列出"),
    ("job run.name", "名称，例如 close_day"),
    ("job run.day", "为哪天运行，不晚于今天；不写时是今天"),
    ("bench.loans", "夜间重算和页面用多少份合同"),
    ("bench.borrowers", "逾期跟进用多少个借款人，每人两份半合同"),
    ("bench.database", "另测一台 PostgreSQL：能建数据库的用户的 postgres:// 地址"),
    ("bench.rows", "负载里两次导入各有多少行"),
    ("bench.clerks", "同时有多少位经办在操作"),
    ("bench.visits", "每秒打开多少个借款人页面"),
    ("bench.rest", "最后看内存以前静置多少秒"),
    (
        "bench.only",
        "只测一项：statement（账目）、import（导入）、nightly（夜间）、reminders（提醒）、\
         page（页面）、follow-up（跟进）、\
         books（预测和对账）、load（负载）、size（程序大小）",
    ),
];

/// What clap itself writes.
const OWN_WORDS: [(&str, &str); 10] = [
    ("Usage:", "用法："),
    ("Commands:", "命令："),
    ("Arguments:", "参数："),
    ("Options:", "选项："),
    ("[OPTIONS]", "[选项]"),
    ("<COMMAND>", "<命令>"),
    ("[COMMAND]", "[命令]"),
    ("Print this message or the help of the given subcommand(s)", "显示帮助，或者某个命令的帮助"),
    ("Print help", "显示帮助"),
    ("Print version", "显示版本"),
];

fn find(texts: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    texts.iter().find(|(known, _)| *known == key).map(|(_, text)| *text)
}

fn argument(argument: Arg, path: &str) -> Arg {
    let name = argument.get_id().as_str();
    let own = find(ARGUMENTS, &format!("{path}.{name}")).or_else(|| find(ARGUMENTS, name));
    let Some(text) = own else { return argument };
    let hides = argument.get_action().takes_values();
    let default = argument.get_default_values().iter().find(|value| !value.is_empty());
    let text = match default {
        None => text.to_owned(),
        Some(default) => format!("{text}（默认 {}）", default.to_string_lossy()),
    };
    argument.help(text).long_help(None).hide_default_value(hides).hide_possible_values(hides)
}

fn in_chinese(command: Command, path: &str) -> Command {
    let command = match find(COMMANDS, path) {
        Some(text) => command.about(text).long_about(None),
        None => command,
    };
    let below = |one: Command| {
        let path = format!("{path} {}", one.get_name());
        in_chinese(one, path.trim_start())
    };
    command.mut_args(|one| argument(one, path)).mut_subcommands(below)
}

/// The command line with its texts in the language of who reads them.
pub fn command() -> Command {
    let command = Cli::command();
    if is_english() { command } else { in_chinese(command, "") }
}

/// What was typed.
///
/// # Errors
/// A mistake, or a help that was asked for.
pub fn parse(typed: impl Iterator<Item = std::ffi::OsString>) -> Result<Cli, Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(typed)?)
}

/// A help or a version as it is shown.
pub fn in_words(error: &Error) -> String {
    let text = error.to_string();
    match is_english() {
        true => text,
        false => OWN_WORDS.iter().fold(text, |text, (own, ours)| text.replace(own, ours)),
    }
}
