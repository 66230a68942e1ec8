//! A round of 困难认定 at the school of 吕凤欢: recognised as applied for, changed by an objection and
//! published again, and refused with a reason that the family reads.

use super::{CLERK, DIRECTOR, Story, story};

/// The day of the looks.
const ON: (&str, &str) = ("on_day", "2026-11-02");

const PAPER: [(&str, &str); 5] = [
    ("grade", "高三"),
    ("class_name", "1班"),
    ("applied_on", "2026-11-02"),
    ("signed_by", "self"),
    ("consent", "yes"),
];

/// The same sheet of paper for another pupil.
async fn applies(s: &mut Story, round: &str, what: &str, pupil: &[(&str, &str)]) -> String {
    let fields = [&PAPER[..], pupil].concat();
    let new = format!("{round}/new");
    s.does(CLERK, what, (&new, &new), &fields).await;
    let all = format!("/hardship/applications?round={}", round.rsplit('/').next().unwrap());
    let name = pupil.iter().find(|(field, _)| *field == "name").unwrap().1;
    s.link(CLERK, &all, name).await
}

#[test]
fn a_round_goes_from_three_applications_to_its_filed_result() {
    story("recognition", "吕凤欢", async |s| {
        s.t.set_day("2026-11-02");
        let opened = [("school", "乐至中学"), ("quota", "1"), ("year", "2026"), ("term", "autumn")];
        let opened = [&opened[..], &[("apply_until", "2026-11-30")]].concat();
        s.does(CLERK, "开始一轮困难认定", ("/hardship/new", "/hardship/new"), &opened).await;
        let round = s.link(CLERK, "/hardship", "乐至中学").await;
        let allowance = [("classes", "allowance"), ("evidence", "低保证复印件")];
        let first =
            [("name", "吕凤欢"), ("id_number", "51209720080127996X"), ("level", "特别困难")];
        let first = [&first[..], &allowance].concat();
        let lv = applies(s, &round, "登记吕凤欢的申请：低保", &first).await;
        let li = [("name", "李秋生"), ("id_number", "110101200802020024"), ("level", "困难")];
        applies(s, &round, "登记李秋生的申请", &li).await;
        let zhou = [("name", "周小满"), ("id_number", "110101200801010019"), ("level", "一般困难")];
        let zhou = applies(s, &round, "登记周小满的申请", &zhou).await;

        let form = (round.as_str(), round.as_str());
        for (step, what, who) in [
            ("class", "班级评议", "班主任周敏"),
            ("grade", "年级认定", "年级组长谭建国"),
            ("school", "学校审核", "资助专干何秀英"),
        ] {
            let opinion = [("what", "step"), ("step", step), ("by_name", who), ON];
            let opinion = [&opinion[..], &[("opinion", "情况属实，同意"), ("class", "")]].concat();
            s.does(CLERK, what, form, &opinion).await;
        }
        let why = "家里新办了养殖场，年收入高于本县认定线";
        let refuse = [("step", "refuse"), ("opinion", why), ON];
        s.does(CLERK, "周小满不予认定", (&zhou, &zhou), &refuse).await;
        s.reads(CLERK, &format!("{zhou}/letter"), ("认定结果：", "</section>")).await;
        let publish = [("what", "publish"), ("place", "学校公示栏"), ("phone", "028-23350000")];
        let hang = |until| [&publish[..], &[("until", until)]].concat();
        let village = [("what", "step"), ("step", "village"), ("by_name", "太平寺村王主任"), ON];
        let stamped = [("opinion", "情况属实"), ("papers", "证明一份，已盖章"), ("class", "")];
        s.does(CLERK, "村（社区）核实", form, &[&village[..], &stamped].concat()).await;
        s.tries(CLERK, "公示三天", form, &hang("2026-11-05")).await;
        s.does(CLERK, "公示到 11月9日", form, &hang("2026-11-09")).await;
        let notice = format!("{round}/notice");
        s.reads(CLERK, &notice, ("<h1>", "<table class=\"sign\">")).await;

        s.t.set_day("2026-11-05");
        let object = [("what", "object"), ("about", "=高三1班 李秋生"), ("said", "家里在县城开店")];
        s.does(CLERK, "有人反映李秋生，公示暂停", form, &object).await;
        s.t.set_day("2026-11-12");
        s.tries(CLERK, "登记核查结果，什么都没有写", form, &[("what", "answer")]).await;
        let answer = [("what", "answer"), ("outcome", "changed"), ("new_level", "一般困难")];
        let answer = [&answer[..], &[("reason", "店是租的，收入不稳定，改为一般困难")]].concat();
        s.does(CLERK, "核查：改为一般困难，名单撤下", form, &answer).await;
        s.does(CLERK, "重新公示到 11月19日", form, &hang("2026-11-19")).await;
        s.reads(CLERK, &notice, ("<h1>", "<table class=\"sign\">")).await;

        s.t.set_day("2026-11-20");
        s.does(CLERK, "公示期满，撤下名单", form, &[("what", "end")]).await;
        let county = [("what", "step"), ("step", "county"), ("opinion", "材料齐全，同意认定")];
        s.does(DIRECTOR, "县级复核，全部通过", form, &county).await;
        s.does(CLERK, "建档", form, &[("what", "file")]).await;
        s.reads(CLERK, &format!("{round}/result"), ("<h1>", "<div class=\"foot\">")).await;
        s.reads(CLERK, &lv, ("<h2>每一步</h2>", "</section>")).await;
        s.reads(CLERK, "/loans/{}/contracts", ("2026 年困难认定", "</dd>")).await;
        s.does(CLERK, "抽查，种子 20261120", form, &[("what", "draw"), ("seed", "20261120")]).await;
    });
}
