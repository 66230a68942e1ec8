//! Every dated rule in words, for the page 政策与利率: what holds from when, by which document.
//! Values are put into words from the files themselves, so that no rule can be forgotten here.

use chrono::{Datelike, NaiveDate};

use super::Policy;
use super::dated::RawEntry;
use super::later::Waiver;

/// One table of rules.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Rule {
    /// `cdb.loan_cap`
    pub key: String,
    /// `贷款额度`
    pub title: String,
    /// Its values, the newest first.
    pub values: Vec<RuleValue>,
}

/// One value of a table.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RuleValue {
    /// From when, as the file says it.
    pub from: String,
    pub text: String,
    /// Number of the document.
    pub source: String,
    /// How certain it is.
    pub certain: &'static str,
    pub now: bool,
    /// It was entered on the page.
    pub by_hand: bool,
}

/// Tables in the order of the page, with their names.
const TITLES: &[(&str, &str)] = &[
    ("waiver_year", "免息的年份"),
    ("lpr", "五年期以上 LPR"),
    ("holidays", "节假日与补班"),
    ("cdb.loan_cap", "国开行助学贷款额度"),
    ("cdb.pricing_rule", "国开行助学贷款利率"),
    ("cdb.penalty_multiplier", "国开行助学贷款罚息"),
    ("cdb.benchmark_rule", "按旧基准利率定价的合同"),
    ("local.loan_cap", "县自办贷款额度"),
    ("local.pricing_rule", "县自办贷款利率"),
    ("local.penalty_multiplier", "县自办贷款罚息"),
    ("loan_step", "贷款起点"),
    ("use_of_funds", "贷款用途"),
    ("term_rule", "贷款期限"),
    ("grace_rule", "还本宽限期"),
    ("due_days", "还款日"),
    ("co_borrower", "共同借款人条件"),
    ("renewal", "续贷"),
    ("counter_papers", "受理材料"),
    ("deferral_rule", "延期还本"),
    ("day_count", "计息天数"),
    ("self_pay_starts", "开始自付利息"),
    ("allocation", "还款先后"),
    ("recut_after_prepayment", "提前还款后重排"),
    ("prepay_window", "提前还款时间"),
    ("prepay_step", "提前还款起点"),
    ("prepay_days", "提前还款的名单和失效"),
    ("receipt_deadline", "高校回执截止"),
    ("receipt_recheck", "高校回执复核上报"),
    ("preapplication_window", "预申请时间"),
    ("preapplication_columns", "预申请名单的列"),
    ("application_window", "受理时间"),
    ("desk_day", "一年里的日子"),
    ("contact_duty", "每年联系"),
    ("contact_plan", "联系时间安排"),
    ("lost_rule", "失联认定"),
    ("ladder", "逾期跟进"),
    ("cdb.disbursement_template", "国开行发放名单的格式"),
    ("local.disbursement_template", "县自办发放名单的格式"),
    ("disbursement_days", "放款要几天"),
    ("study_change_days", "就学信息变更的截止日"),
    ("graduation_confirmation", "毕业确认的时间"),
    ("code_limit", "登录验证码上限"),
    ("publicity_days", "公示天数"),
    ("hardship_levels", "困难等级"),
    ("hardship_class", "困难认定类型"),
    ("hardship_line", "困难认定指标"),
    ("hardship_recheck", "困难认定抽查"),
    ("hardship_signing_age", "本人签字的年龄"),
    ("matching_list", "名单比对的名单"),
    ("military_cap", "服兵役资助上限"),
    ("grassroots_rule", "基层就业代偿"),
    ("relief_classes", "还款救助的情形"),
    ("risk_fund_rate", "风险补偿金比例"),
    ("risk_fund_sharing", "风险补偿金的分担和奖励"),
];

/// Fields of the files in words.
const FIELDS: &[(&str, &str)] = &[
    ("undergraduate", "本专科"),
    ("graduate", "研究生"),
    ("doctoral", "博士生"),
    ("reference", "参照"),
    ("margin_percent", "减点（百分点）"),
    ("fixed_percent", "固定利率（%）"),
    ("percent", "比例（%）"),
    ("signed_before", "早于这天签订"),
    ("priced_before", "早于这天定价"),
    ("minimum", "起点（元）"),
    ("amount", "金额（元）"),
    ("step", "按这个数递增（元）"),
    ("text", "内容"),
    ("living_costs", "可用于生活费"),
    ("min_years", "最短年数"),
    ("max_years", "最长年数"),
    ("added_years", "学制加年数"),
    ("years", "年数"),
    ("due_day", "还款日"),
    ("final_day", "最后还款日"),
    ("subsidy_end_day", "贴息到"),
    ("allowed", "可以办"),
    ("years_moved", "推迟年数"),
    ("request_working_days_before_due", "还款日前工作日"),
    ("first_request_day", "每月从几日起申请"),
    ("last_request_day", "每月到几日止"),
    ("settles_day", "几日扣款"),
    ("closed_month", "不受理的月份"),
    ("late_goes_to_next_month", "过后转下月"),
    ("december_from", "年底从"),
    ("december_until", "年底到"),
    ("same_year", "当年"),
    ("rule", "规则"),
    ("value", "规则"),
    ("day", "日子"),
    ("required", "要上报"),
    ("opens", "开始"),
    ("closes", "截止"),
    ("county", "县区代码"),
    ("columns", "列"),
    ("what", "内容"),
    ("times_a_year", "每年次数"),
    ("reminder_days_before_due", "还款日前提醒天数"),
    ("tries", "次数"),
    ("ways", "方式数"),
    ("days", "天数"),
    ("within_days", "多少天内"),
    ("working_days", "工作日"),
    ("an_hour", "一小时"),
    ("a_day", "一天"),
    ("fen_each", "每条（分）"),
    ("levels", "等级"),
    ("line", "序号"),
    ("name", "名称"),
    ("evidence", "证明材料"),
    ("excludes", "不能同时选"),
    ("points", "分值"),
    ("valid_until", "用到"),
    ("years_in_post", "服务年数"),
    ("instalments", "分几次"),
    ("hardship", "家庭困难"),
    ("share", "分给"),
    ("classes", "情形"),
    ("youngest", "不是父母的最小年龄"),
    ("oldest", "不是父母的最大年龄"),
    ("statement_characters", "续贷声明最少字数"),
    ("papers", "材料"),
    ("publicity_working_days", "公示工作日"),
    ("reward", "结余奖励县资助中心"),
    ("bank_percent", "不足由银行担（%）"),
    ("county_percent", "不足由县财政担（%）"),
    ("uses", "奖励可用于"),
    ("promise_days_most", "约定最远天数"),
    ("pause_days_most", "暂停最长天数"),
    ("receiver", "交给"),
    ("lines_max", "最多几笔"),
    ("amount_step", "金额按这个数递增（元）"),
    ("amount_max", "每笔最多（元）"),
    ("sum_max", "合计最多（元）"),
    ("account_min", "账号最短"),
    ("account_max", "账号最长"),
    ("to_university", "到高校（工作日）"),
    ("rest", "余款可取（工作日）"),
    ("warn_from", "从哪天起提醒"),
    ("unpaid_by", "最晚查清"),
    ("sheets", "第几张工作表"),
    ("id_columns", "身份证号的列"),
    ("first_line", "数据从第几行起"),
    ("counts", "算作命中"),
    ("days_most", "最多留几天"),
    ("state", "状态"),
    ("year", "年份"),
    ("to", "用到"),
    ("edge", "过后按毕业算"),
    ("last_chance", "银行最后更正"),
    ("remind", "告诉家庭的日子"),
    ("chase", "从哪天起催"),
    ("last", "最后一天"),
    ("enters_from", "今年开始还款的从"),
    ("spring_festival_if_unknown", "春节日期没有录入时按"),
    ("unconfirmed_from", "没有毕业确认的从"),
    ("unconfirmed_until", "没有毕业确认的到"),
    ("unconfirmed_years", "毕业几年以内"),
    ("studying_from", "在读的从"),
    ("studying_until", "在读的到"),
    ("repaying_from", "还款中的从"),
    ("repaying_until", "还款中的到"),
    ("added_days", "中途加入后天数"),
    ("asked", "问过谁"),
    ("advice", "要做的事"),
    ("lapse_after", "扣款日后几天失效"),
    ("list_before", "扣款日前几天送名单"),
    ("tell_before", "扣款日前几天告诉本人"),
    ("next_days_most", "下次联系最远天数"),
    ("park_days", "暂停天数"),
    ("parked_days_most", "暂停合计最长天数"),
    ("stages", "阶段"),
    ("weights", "优先级"),
    ("account", "账号里数字以外的字符"),
    ("memo", "附言"),
    ("name_max", "姓名最长"),
    ("number_max", "编号最长"),
    ("answer_number", "结果里的编号列"),
    ("answer_amount", "结果里的金额列"),
    ("answer_day", "结果里的日期列"),
    ("answer_result", "结果里的结果列"),
    ("answer_reason", "结果里的原因列"),
    ("successor", "改称"),
    ("valid_from", "启用"),
    ("against", "虚假材料，不予认定"),
];

const WORDS: &[(&str, &str)] = &[
    ("lpr_5y", "五年期以上 LPR"),
    ("fixed", "固定利率"),
    ("act_360", "实际天数除以 360"),
    ("subsidy_end", "贴息结束的次日"),
    ("spread", "余下各期重新分摊"),
    ("penalty_interest_principal", "先罚息，再利息，后本金"),
    ("announced", "免除"),
    ("none", "不免除"),
    ("unknown", "还没有通知"),
    ("clerk", "经办"),
    ("school", "学校"),
    ("village", "村居"),
    ("student", "本人"),
    ("co_borrower|family", "共同借款人或家人"),
    ("school|village", "学校或村居"),
    ("*", "没有单独规定的县区"),
];

fn looked_up(table: &'static [(&str, &str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == word).map(|(_, words)| *words)
}

fn certainty(mark: &str) -> &'static str {
    match mark {
        "S" => "一个来源",
        "K" => "没有核实",
        "D" => "推算",
        "X" => "各处说法不一",
        "R" => "本程序的约定",
        _ => "多个来源",
    }
}

fn worded(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => looked_up(WORDS, text).unwrap_or(text).to_owned(),
        toml::Value::Boolean(yes) => if *yes { "是" } else { "否" }.to_owned(),
        toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
            let name = |item: &toml::Value| Some(item.get("name")?.as_str()?.to_owned());
            let names: Vec<String> = items.iter().filter_map(name).collect();
            if names.is_empty() { format!("共 {} 项", items.len()) } else { names.join("、") }
        }
        toml::Value::Array(items) => items.iter().map(worded).collect::<Vec<String>>().join("、"),
        toml::Value::Table(fields) => format!("共 {} 项", fields.len()),
        other => other.to_string(),
    }
}

fn value_of(raw: &RawEntry, now: bool) -> RuleValue {
    let text = |key: &str| raw.values.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let from = ["from", "from_year", "year", "published_on", "valid_from"]
        .iter()
        .find_map(|key| raw.values.get(*key))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let labelled = raw.values.iter().filter_map(|(key, value)| {
        let label = looked_up(FIELDS, key)?;
        Some(format!("{label} {}", worded(value)))
    });
    RuleValue {
        from: from.unwrap_or_default(),
        text: labelled.collect::<Vec<String>>().join("，"),
        source: text("source").to_owned(),
        certain: certainty(text("confidence")),
        now,
        by_hand: raw.is_by_hand(),
    }
}

impl Policy {
    /// Every table of rules, in the order of the page.
    pub fn listed(&self, today: NaiveDate) -> Vec<Rule> {
        let entries = self.files.entries().unwrap_or_default();
        let none = Vec::new();
        let mut rules: Vec<Rule> = Vec::new();
        for (key, title) in TITLES {
            let raw = entries.get(*key).unwrap_or(&none);
            let mut values = match *key {
                "waiver_year" => self.waivers_listed(raw, today),
                "lpr" => self.lpr_listed(raw, today),
                "holidays" => self.holidays_listed(raw, today),
                _ => dated_listed(raw, today),
            };
            values.reverse();
            rules.push(Rule { key: (*key).to_owned(), title: (*title).to_owned(), values });
        }
        rules
    }

    fn waivers_listed(&self, raw: &[RawEntry], today: NaiveDate) -> Vec<RuleValue> {
        let entry = |known: &super::WaiverYear| {
            let mine = raw.iter().rfind(|raw| raw.file == known.file);
            let now = known.year == today.year();
            RuleValue {
                from: format!("{} 年", known.year),
                text: known.waiver.in_words().to_owned(),
                source: known.source.clone(),
                certain: match (known.waiver, mine.is_some_and(RawEntry::is_by_hand)) {
                    (Waiver::Unknown, _) => "等通知",
                    (_, true) => certainty("S"),
                    _ => certainty("V2"),
                },
                now,
                by_hand: mine.is_some_and(RawEntry::is_by_hand),
            }
        };
        self.waivers.iter().map(entry).collect()
    }

    fn lpr_listed(&self, raw: &[RawEntry], today: NaiveDate) -> Vec<RuleValue> {
        let all = self.rates.lpr().values();
        let newest = all.iter().map(|(day, _)| *day).filter(|day| *day <= today).max();
        let entry = |(day, rate): &(NaiveDate, crate::base::rate::RatePpm)| {
            let text = day.to_string();
            let own = raw.iter().find(|raw| {
                raw.values.get("published_on").and_then(toml::Value::as_str) == Some(&text)
            });
            let source = own.and_then(|raw| raw.values.get("source")).and_then(toml::Value::as_str);
            RuleValue {
                from: text,
                text: format!("{}%", rate.to_percent_text()),
                source: source.unwrap_or("全国银行间同业拆借中心每月公布").to_owned(),
                certain: if own.is_some() { certainty("S") } else { certainty("V2") },
                now: Some(*day) == newest,
                by_hand: own.is_some_and(RawEntry::is_by_hand),
            }
        };
        all.iter().map(entry).collect()
    }

    fn holidays_listed(&self, raw: &[RawEntry], today: NaiveDate) -> Vec<RuleValue> {
        let entry = |year: i32| {
            let own = raw.iter().find(|raw| {
                raw.values.get("year").and_then(toml::Value::as_integer) == Some(i64::from(year))
            });
            let source = own.and_then(|raw| raw.values.get("source")).and_then(toml::Value::as_str);
            let (off, work) = self.calendar.counts(year);
            RuleValue {
                from: format!("{year} 年"),
                text: format!("放假 {off} 天，补班 {work} 天"),
                source: source.unwrap_or("国务院办公厅当年通知").to_owned(),
                certain: if own.is_some() { certainty("S") } else { certainty("V2") },
                now: year == today.year(),
                by_hand: own.is_some_and(RawEntry::is_by_hand),
            }
        };
        self.calendar.years().map(entry).collect()
    }
}

/// Dated entries: the last that has begun holds. Entries without a day (one for each day of the
/// desk's year) all hold.
fn dated_listed(raw: &[RawEntry], today: NaiveDate) -> Vec<RuleValue> {
    let begins = |raw: &RawEntry| {
        raw.values.get("from").and_then(toml::Value::as_str).and_then(|day| day.parse().ok())
    };
    let holds: Option<NaiveDate> = raw.iter().filter_map(begins).filter(|day| *day <= today).max();
    let is_over = |raw: &RawEntry| {
        let until = raw.values.get("valid_until").and_then(toml::Value::as_str);
        until.and_then(|day| day.parse::<NaiveDate>().ok()).is_some_and(|until| until < today)
    };
    let now = |raw: &RawEntry| begins(raw).is_none_or(|day| Some(day) == holds) && !is_over(raw);
    raw.iter().map(|raw| value_of(raw, now(raw))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields that are no part of what a rule says: where it stands, how the program calls it.
    const ASIDE: [&str; 10] = [
        "from",
        "from_year",
        "published_on",
        "source",
        "confidence",
        "note",
        "document",
        "key",
        "link",
        "short",
    ];

    #[test]
    fn every_field_of_every_rule_has_words() {
        let policy = Policy::embedded().unwrap();
        let entries = policy.files.entries().unwrap();
        for (table, _) in TITLES {
            for raw in entries.get(*table).into_iter().flatten() {
                for field in raw.values.keys().filter(|key| !ASIDE.contains(&key.as_str())) {
                    assert!(looked_up(FIELDS, field).is_some(), "{table}.{field}");
                }
            }
        }
    }
}
