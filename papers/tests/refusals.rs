//! What is not printed, and how that is said.

use serde_json::{Value, json};

use super::support::{Desk, cover, office, one};

/// Changes the batch, prints it and gives exit code and message; nothing may be left behind.
fn refused(change: impl FnOnce(&mut Value)) -> (i32, String) {
    let desk = Desk::new();
    let mut batch = one();
    change(&mut batch);
    let ran = desk.print("visit-sheet", &batch, &[]);
    assert!(!desk.path("out.pdf").exists());
    assert_eq!((ran.out.as_str(), ran.err.lines().count()), ("", 1), "{}", ran.err);
    (ran.code, ran.err.trim_end().to_owned())
}

#[test]
fn wrong_data_is_refused_in_one_line() {
    let cases: [(&str, Value, &str); 9] = [
        ("nmae", json!("x"), "unknown field `nmae`"),
        ("name", json!(null), "invalid type: null, expected a string"),
        (
            "amount_fen",
            json!(null),
            "sheet HZ-0803-012 has no amount_fen but office.amounts is true",
        ),
        ("amount_fen", json!(-1), "sheet HZ-0803-012: amount_fen is -1; it must not be negative"),
        ("amount_fen", json!(1.5), "invalid type: floating point `1.5`, expected i64"),
        ("return_code", json!("7K3M-9QX0"), "is not like 7K3M-9QXP"),
        ("return_url", json!("javascript:x"), "is not a web address; begin with https://"),
        ("name", json!("柳".repeat(41)), "sheet HZ-0803-012: name has 41 characters; 40 fit"),
        ("name", json!("覃\n远"), "name has the control character U+000A; take it out"),
    ];
    for (field, value, says) in cases {
        let (code, line) = refused(|batch| batch["sheets"][0][field] = value.clone());
        assert!(line.contains(says), "{line}");
        assert!(line.starts_with("batch.json: "), "{line}");
        assert_eq!(code, 2, "{line}");
    }
    let (_, line) = refused(|batch| {
        let again = batch["sheets"][0].clone();
        batch["sheets"].as_array_mut().unwrap().push(again);
    });
    assert!(line.contains("sheet HZ-0803-012 is there twice"), "{line}");
    let (_, line) = refused(|batch| batch["sheets"] = json!([]));
    assert_eq!(line, "nothing to print: the data has no covers or sheets for visit-sheet.typ");
}

#[test]
fn what_is_not_json_or_not_there_is_said_with_its_place() {
    let desk = Desk::new();
    desk.write("bad.json", "{\"office\": ");
    let ran = desk.run(&["--template", "pack", "--data", "bad.json", "--out", "out.pdf"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("bad.json: EOF while parsing a value at line 1 column 11"),
        "{}",
        ran.err
    );
    let ran = desk.run(&["--template", "pack", "--data", "none.json", "--out", "out.pdf"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("none.json: cannot be read: "), "{}", ran.err);
    let ran = desk.run(&["--template", "pack", "--data", "-"]);
    assert_eq!(ran.code, 2);
    assert_eq!(ran.err, "the following required arguments were not provided: --out <FILE>\n");
    desk.write("batch.json", &one().to_string());
    let words = ["--template", "visit-sheet", "--data", "batch.json", "--out", "none/out.pdf"];
    let ran = desk.run(&words);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("none/out.pdf: cannot be written: "), "{}", ran.err);
}

#[test]
fn a_character_that_no_font_has_is_named_with_its_place() {
    // U+E000 stands for a rare character in some old county systems; no font can know it.
    let (code, line) = refused(|batch| batch["sheets"][0]["name"] = json!("覃\u{e000}远"));
    assert_eq!(code, 1);
    assert!(line.contains("sheet HZ-0803-012: name: \u{e000} (U+E000); put a font"), "{line}");
    let desk = Desk::new();
    let mut list = json!({"office": office(), "covers": [cover("柳溪镇", "上湾村", &["A-1"])]});
    list["covers"][0]["lines"][0]["name"] = json!("覃\u{e001}");
    let ran = desk.print("cover-list", &list, &[]);
    assert!(ran.err.contains("cover 柳溪镇上湾村村民委员会, line A-1: name: "), "{}", ran.err);
}

#[test]
fn a_character_that_another_font_has_is_set_in_that_font_and_noted() {
    // Noto Sans CJK SC has it, Noto Serif CJK SC has not; other machines may have both or none.
    let desk = Desk::new();
    let mut batch = one();
    batch["sheets"][0]["name"] = json!("覃\u{20024}");
    let ran = desk.print("visit-sheet", &batch, &[]);
    if ran.code == 0 {
        assert!(desk.text()[0].contains("覃\u{20024}读大学"), "{}", desk.text()[0]);
        assert!(ran.err.is_empty() || ran.err.contains("(U+20024) is not in "), "{}", ran.err);
    } else {
        assert!(ran.err.contains("no font has this character: sheet HZ-0803-012: name"));
    }
}

#[test]
fn a_folder_without_chinese_fonts_is_refused() {
    let desk = Desk::new();
    let ran = desk.print("visit-sheet", &one(), &["--fonts", "."]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("no Chinese font in .; install one"), "{}", ran.err);
}

#[test]
fn a_mistake_in_a_countys_template_is_said_with_file_and_line() {
    let desk = Desk::new();
    let set = |body: &str| {
        let head = "// papers: sheet\n#import \"paper.typ\": *\n#show: look\n";
        desk.write("own.typ", &format!("{head}#for p in data.papers {{ page[{body}] }}"));
        let ran = desk.print("own.typ", &one(), &[]);
        assert!(!desk.path("out.pdf").exists());
        (ran.code, ran.err.trim_end().to_owned())
    };
    let cases = [
        ("#letterhead[] #p.nmae", "template own.typ, line 4: dictionary does not contain key"),
        ("#letterhead[] #text(font: \"None\")[x]", "line 4: unknown font family: none"),
        ("#letterhead[] #read(\"/etc/passwd\")", "line 4: file not found"),
        ("#letterhead[] #import \"@preview/a:1.0.0\"", "packages are not fetched"),
        (
            "#letterhead[] \u{e000}",
            "sheet HZ-0803-012: the template own.typ sets \u{e000} (U+E000)",
        ),
        ("#letterhead[] #pagebreak()", "sheet HZ-0803-012 does not fill exactly one page"),
        ("#p.name", "1 papers to set, but 0 began; begin each with letterhead()"),
    ];
    for (body, says) in cases {
        let (code, line) = set(body);
        assert!(line.contains(says), "{line}");
        assert!((1..=2).contains(&code) && line.lines().count() == 1, "{code} {line}");
    }
    desk.write("own.typ", "#import \"paper.typ\": *");
    let ran = desk.print("own.typ", &one(), &[]);
    assert!(ran.err.contains("own.typ: line 1: write what it sets"), "{}", ran.err);
}
