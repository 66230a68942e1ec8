//! `zhuxue import` on the command line: which columns are read, every remark, kinds and columns by
//! hand, empty sheets.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn run(folder: &Path, args: &[&str], input: &str) -> Said {
    run_in("zh_CN.UTF-8", folder, args, input)
}

fn run_in(language: &str, folder: &Path, args: &[&str], input: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zhuxue"))
        .args(args)
        .current_dir(folder)
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES")
        .env("LANG", language)
        .env("ZHUXUE_DATA_DIR", folder.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn has(text: &str, all: &[&str]) {
    for words in all {
        assert!(text.contains(words), "“{words}” is not in\n{text}");
    }
}

#[test]
fn columns_remarks_and_kinds_are_said_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    let office = [&office[..], &["--letters", "LZ"]].concat();
    assert_eq!(run(folder, &office, "").code, 0);
    let user = ["user", "add", "--office", "512022", "--login", "clerk", "--name", "韦清越"];
    let user = [&user[..], &["--role", "clerk", "--password-stdin"]].concat();
    let said = run(folder, &user, "a long enough pass phrase\n");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();

    write("名单.csv", "学生名单\n姓名,身份证号,性别,QQ\n程林㼆,512098200012207855,女,1\n");
    let said = run(folder, &["import", "名单.csv"], "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    has(
        &said.out,
        &[
            "读取的列：姓名→借款学生姓名、身份证号、性别",
            "没有读取的列：QQ",
            "没有的列：序号、出生日期",
            "新增 1，一致 0",
            "有提示 1 行，有说明的共 1 行，加上 --remarks 逐行列出",
        ],
    );
    let said = run(folder, &["import", "名单.csv", "--remarks"], "");
    has(&said.out, &["新增 0，一致 1", "第 3 行 程林㼆：性别：填写的“女”与身份证号中的“男”不一致"]);

    // The title says one kind, a heading was renamed: nothing is guessed.
    write("新.csv", "学生名单\n姓名,证照,学号\n程林㼆,512098200012207855,7\n");
    let said = run(folder, &["import", "新.csv"], "");
    assert_eq!(said.code, 2);
    has(&said.err, &["最像“学生名单”，但缺少必需的列：身份证号", "--kind", "--bind"]);
    let twice = ["import", "新.csv", "--kind", "borrowers", "--bind", "证照=身份证号"];
    let wrong = [&twice[..], &["--bind", "学号=身份证号"]].concat();
    let said = run(folder, &wrong, "");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    has(&said.err, &["“证照”和“学号”都选成了“身份证号”，只能选一列"]);
    let said = run(folder, &twice, "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    has(&said.out, &["证照→身份证号", "更新 1"]);
    // Kept: the next such sheet needs no word.
    assert_eq!(run(folder, &["import", "新.csv"], "").code, 0);

    // Something that has to be confirmed: nothing is posted before.
    write(
        "合.csv",
        "合同明细\n合同编号,姓名,身份证号,贷款学年,贷款金额,到期日期,合同签订日期,\
        贴息截止日\n51202220240000001,程林㼆,512098200012207855,2024-2025,8000,2040-09-20,\
        2024-08-10,2026-08-31\n合计,,,,9000,,,\n",
    );
    let import = ["import", "合.csv", "--as-of", "2024-12-31"];
    let said = run(folder, &import, "");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    has(
        &said.out,
        &["请核对：第 4 行是合计，“贷款金额（元）”写的是 9,000.00 元，各行相加是 8,000.00 元"],
    );
    has(&said.err, &["什么都没有入账；核对过了，加上 --confirmed 再导入一次"]);
    let said = run(folder, &[&import[..], &["--confirmed"]].concat(), "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    has(&said.out, &["新增 1，一致 0"]);

    let said = run(folder, &["import", "--template", "repayments", "空表.xlsx"], "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let said = run(folder, &["import", "空表.xlsx", "--as-of", "2024-12-31"], "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    has(&said.out, &["（还款明细）入账：新增 0"]);
}

#[test]
fn an_import_is_undone_on_the_command_line_by_somebody_who_may() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let office = ["office", "add", "--code", "512022", "--name", "乐至县学生资助管理中心"];
    assert_eq!(run(folder, &[&office[..], &["--letters", "LZ"]].concat(), "").code, 0);
    for (login, name, role) in [("clerk", "韦清越", "clerk"), ("fuhe", "陆文谦", "reviewer")]
    {
        let user = ["user", "add", "--office", "512022", "--login", login, "--name", name];
        let user = [&user[..], &["--role", role, "--password-stdin"]].concat();
        assert_eq!(run(folder, &user, "a long enough pass phrase\n").code, 0);
    }
    let text = "学生名单\n姓名,身份证号,学号\n程林㼆,512098200012207855,7\n";
    std::fs::write(folder.join("名单.csv"), text).unwrap();
    assert_eq!(run(folder, &["import", "名单.csv"], "").code, 0);
    let undo = ["import", "undo", "名单.csv"];
    let by = |login: &'static str| [&undo[..], &["--user", login]].concat();
    // Without a person who may, nothing; without --yes only what it would come to.
    has(&run(folder, &undo, "").err, &["--user"]);
    let said = run(folder, &by("clerk"), "");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    has(&said.err, &["clerk", "复核"]);
    let said = run(folder, &by("fuhe"), "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    has(&said.out, &["新建的人员（没有其他记录的删除） 1", "没有撤销", "--yes"]);
    let said = run(folder, &[&by("fuhe")[..], &["--yes"]].concat(), "");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    has(&said.err, &["--reason"]);
    let yes = [&by("fuhe")[..], &["--yes", "--reason", "导错了县"]].concat();
    let said = run(folder, &yes, "");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    has(&said.out, &["已整份撤销"]);
    let said = run(folder, &yes, "");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    has(&said.err, &["这份表已经撤销过了"]);
    let said = run(folder, &["import", "undo", "没有.csv", "--user", "fuhe"], "");
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    has(&said.err, &["没有入过账的“没有.csv”"]);
}

/// Every mistake is one line in one language: Chinese, English only where the terminal is English.
#[test]
fn the_command_line_speaks_chinese_or_english_never_both() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let office = |code: &'static str| {
        ["office", "add", "--code", code, "--name", "乐至县学生资助管理中心", "--letters", "LZ"]
    };
    let user = ["user", "add", "--login", "clerk01", "--name", "张三", "--role"];
    let told = |args: &[&str]| {
        let [chinese, english] = ["zh_CN.UTF-8", "en_US.UTF-8"].map(|language| {
            let said = run_in(language, folder, args, "x\n");
            assert!(said.code != 0 && said.err.lines().count() == 1, "{args:?}: {}", said.err);
            said.err
        });
        let names = english.replace("乐至县学生资助管理中心", "").replace("张三", "");
        assert!(names.is_ascii(), "{args:?}: {english}");
        chinese
    };
    for (args, chinese) in [
        (["serve"].as_slice(), "不存在；请检查 data_dir"),
        (&["import", "none.csv"], "none.csv：读不出来（不存在）"),
        (&office("5120"), "--code：应为县级行政区划代码 6 位数字"),
        (&["sevre"], "没有 sevre 这个命令"),
        (&["serve", "--prot"], "没有 --prot 这个参数"),
        (&["office", "add"], "缺少 --code <CODE>、--name <NAME>、--letters <LETTERS>"),
        (&["demo", "--today"], "--today <DAY> 后面要写一个值"),
        (&["demo", "--today", "31.10."], "--today <DAY>：31.10. 不对"),
        (&["demo", "--today", "2026-01-01"], "请选这一天或以后的日子"),
        (&[&user[..], &["boss"]].concat(), "boss 不对，应为 clerk（经办）"),
    ] {
        let line = told(args);
        assert!(line.contains(chinese), "{args:?}: {line}");
    }
    assert_eq!(run(folder, &office("512022"), "").out, "已建立 512022 乐至县学生资助管理中心\n");
    assert!(told(&["serve"]).contains("还没有人能登录"));
    assert!(told(&office("512022")).contains("512022 已经建立过"));
    let weak = [&user[..], &["clerk", "--password-stdin"]].concat();
    assert!(run(folder, &weak, "short\n").err.contains("密码"));
}

/// Every command and every argument says in Chinese what it is for, or in English.
#[test]
fn help_speaks_the_language_of_the_terminal() {
    fn walk(folder: &Path, words: &[&str], command: &clap::Command) {
        let has_chinese = |text: String| text.chars().any(|c| ('一'..='龥').contains(&c));
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(has_chinese(about.clone()), "{words:?}: {about}");
        for one in command.get_arguments() {
            let text = one.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(has_chinese(text.clone()), "{words:?} {}: {text}", one.get_id());
        }
        let said = run(folder, &[words, &["--help"]].concat(), "");
        assert_eq!(said.code, 0, "{}", said.err);
        has(&said.out, &["用法：", "选项：", "显示帮助"]);
        for english in ["Usage", "Options", "Commands", "Print", "default", "possible"] {
            assert!(!said.out.contains(english), "{words:?}: {english} in\n{}", said.out);
        }
        for one in command.get_subcommands() {
            walk(folder, &[words, &[one.get_name()]].concat(), one);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    walk(folder.path(), &[], &zhuxue::command::help::command());
    let said = run_in("en_US.UTF-8", folder.path(), &["restore", "--help"], "");
    has(&said.out, &["Usage:", "Puts a backup in the place of the database"]);
    assert!(!said.out.contains('备'), "{}", said.out);
    let said = run_in("en_US.UTF-8", folder.path(), &["restore", "x.db"], "");
    assert_eq!((said.code, said.err.contains("key file")), (2, true), "{}", said.err);
}
