//! 毕业确认: what a form must say, for which year a confirmation counts, and which days do not agree
//! (rules-more.md 3.4). Pure.

use chrono::{Datelike, Months, NaiveDate};

use crate::base::dates::{day_in, in_words};
use crate::base::ids::text_enum;
use crate::base::person_name::name_key;
use crate::base::phone_number::PhoneNumber;
use crate::book::policy::GraduationDays;
use crate::error::FieldError;

text_enum! {
    /// By which way it came.
    #[derive(Default)]
    Way {
        /// 高校名单, by import.
        #[default]
        Upload = "upload", "高校名单";
        Desk = "desk", "柜台";
        /// The borrower on the phone page.
        Phone = "phone", "本人手机";
    }
}

text_enum! {
    /// 去向.
    Destination {
        Employed = "employed", "毕业已就业";
        Unemployed = "unemployed", "毕业暂未就业";
        Further = "further", "升学";
    }
}

text_enum! {
    /// 单位性质.
    EmployerKind {
        State = "state", "机关事业单位";
        StateOwned = "state_owned", "国有企业";
        Private = "private", "民营企业";
        Foreign = "foreign", "外资企业";
        Army = "army", "部队";
        /// Keeps the personal file of somebody without an employer (人事代理).
        Agency = "agency", "人事代理机构";
        Own = "own", "自主创业";
        Other = "other", "其他";
    }
}

/// How lists of universities say that somebody goes on studying.
pub const FURTHER: [&str; 6] = ["升学", "升本", "考研", "读研", "读博", "深造"];

pub fn goes_on(destination: &str) -> bool {
    FURTHER.iter().any(|word| destination.contains(word))
}

/// How far ahead a graduation may lie, in months.
const AHEAD_MONTHS: u32 = 12;

/// What somebody has typed.
#[derive(Clone, Debug)]
pub struct Typed {
    /// First day of the month.
    pub graduated_on: NaiveDate,
    pub destination: Destination,
    pub department: String,
    pub major: String,
    pub student_number: String,
    pub qq: String,
    pub postcode: String,
    pub email: String,
    pub employer: String,
    pub employer_kind: Option<EmployerKind>,
    pub employer_address: String,
    pub employer_phone: Option<PhoneNumber>,
    pub next_school: String,
    /// The student's: mobile, second, third; none where nothing new was said.
    pub phones: [Option<PhoneNumber>; 3],
    pub contact_name: String,
    pub contact_phone: Option<PhoneNumber>,
    pub note: String,
    /// The year of graduation on the file is wrong, and this is the right one.
    pub corrects_file: bool,
}

/// What the form is held against.
#[derive(Clone, Debug)]
pub struct Against<'a> {
    pub student: &'a str,
    /// When the study began.
    pub began_on: Option<NaiveDate>,
    /// The student can be reached already.
    pub has_number: bool,
    /// The contact's number is on file as the student's.
    pub contact_is_own: bool,
    pub today: NaiveDate,
}

/// What cannot be taken, field by field.
pub fn check(typed: &Typed, against: &Against<'_>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut say = |field: &str, message: String| {
        errors.push(FieldError { field: field.to_owned(), message });
    };
    let today = against.today;
    let latest = today.checked_add_months(Months::new(AHEAD_MONTHS)).unwrap_or(today);
    if typed.graduated_on > latest {
        say("graduated", format!("毕业年月不能晚于{}", month(latest)));
    } else if let Some(began_on) = against.began_on.filter(|on| typed.graduated_on <= *on) {
        say("graduated", format!("毕业年月早于入学（{}入学），请核对", month(began_on)));
    }
    match typed.destination {
        Destination::Employed if typed.employer.is_empty() => {
            say("employer", "请填就业单位全称；人事代理的填代理机构".to_owned());
        }
        Destination::Further if typed.next_school.is_empty() => {
            say("next_school", "请填升入的学校全称".to_owned());
        }
        _ => {}
    }
    let [mobile, second, third] = &typed.phones;
    if mobile.is_none() && !against.has_number {
        say("phone", "名下没有能用的号码，请填一个手机号".to_owned());
    }
    for (field, number, others) in
        [("phone2", second, vec![mobile]), ("phone3", third, vec![mobile, second])]
    {
        if number.is_some() && others.contains(&number) {
            say(field, "和前面的号码一样，没有别的号码就空着".to_owned());
        }
    }
    if typed.contact_name.is_empty() {
        say("contact_name", "请填联系人的姓名，一般是共同借款人".to_owned());
    } else if name_key(&typed.contact_name) == name_key(against.student) {
        say("contact_name", "联系人不能是本人，请填共同借款人".to_owned());
    }
    let typed_as_own = typed.phones.iter().flatten();
    let is_typed = typed
        .contact_phone
        .as_ref()
        .is_some_and(|one| typed_as_own.into_iter().any(|own| own == one));
    if is_typed || against.contact_is_own {
        say("contact_phone", "这是本人的号码，联系人的电话要填联系人自己的".to_owned());
    }
    errors
}

/// `2026年7月`
pub fn month(on: NaiveDate) -> String {
    format!("{}年{}月", on.year(), on.month())
}

/// Whether a confirmation counts for a year of graduation. Who went on studying after one year
/// graduates again in a later one.
pub fn is_for(
    year: i32,
    (graduated_on, confirmed_on): (Option<NaiveDate>, Option<NaiveDate>),
) -> bool {
    let begins_on = day_in(year, 1, 1);
    confirmed_on.is_some_and(|on| on >= begins_on || graduated_on >= Some(begins_on))
}

/// The days of a graduation, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// As it was confirmed.
    pub confirmed: Option<NaiveDate>,
    /// As the file has it.
    pub file: Option<NaiveDate>,
    /// Last day that the state pays for what is not settled.
    pub ends_on: Option<NaiveDate>,
}

/// Which of them do not agree. What is not known contradicts nothing.
pub fn differences(days: Days) -> Vec<String> {
    let Some(ends_on) = days.ends_on else { return Vec::new() };
    let until = in_words(ends_on, NaiveDate::MIN);
    let differs = |on: NaiveDate| on.year() != ends_on.year();
    let mut found = Vec::new();
    if let Some(on) = days.confirmed.filter(|on| differs(*on)) {
        found.push(format!("确认的毕业年月是{}，合同的贴息到{until}为止", month(on)));
    }
    if let Some(on) = days.file.filter(|on| differs(*on)) {
        found.push(format!("档案上的毕业年月是{}，合同的贴息到{until}为止", month(on)));
    }
    found
}

/// The year is one in which the file's study ends.
pub fn is_year(year: i32, days: Days) -> bool {
    [days.file, days.ends_on].into_iter().flatten().any(|on| on.year() == year)
}

/// Borrowers see the form on their phones, from its first day to the end of the year.
pub fn is_open(days: &GraduationDays, today: NaiveDate) -> bool {
    today >= days.opens.in_year(today.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            graduated_on: day_in(2026, 7, 1),
            destination: Destination::Unemployed,
            department: String::new(),
            major: String::new(),
            student_number: String::new(),
            qq: String::new(),
            postcode: String::new(),
            email: String::new(),
            employer: String::new(),
            employer_kind: None,
            employer_address: String::new(),
            employer_phone: None,
            next_school: String::new(),
            phones: [None, None, None],
            contact_name: "吕建国".to_owned(),
            contact_phone: None,
            note: String::new(),
            corrects_file: false,
        }
    }

    fn against() -> Against<'static> {
        Against {
            student: "吕凤欢",
            began_on: Some(day_in(2022, 9, 1)),
            has_number: true,
            contact_is_own: false,
            today: day_in(2026, 6, 1),
        }
    }

    fn fields(typed: &Typed, against: &Against<'_>) -> Vec<String> {
        check(typed, against).into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn each_thing_that_cannot_be_is_said_where_it_stands() {
        let number = PhoneNumber::parse("16411009999").unwrap();
        let one = || Some(number.clone());
        assert_eq!(fields(&typed(), &against()), [""; 0]);
        let cases: [(Typed, &str); 9] = [
            (Typed { graduated_on: day_in(2022, 7, 1), ..typed() }, "graduated"),
            (Typed { graduated_on: day_in(2027, 7, 1), ..typed() }, "graduated"),
            (Typed { destination: Destination::Employed, ..typed() }, "employer"),
            (Typed { destination: Destination::Further, ..typed() }, "next_school"),
            (Typed { contact_name: String::new(), ..typed() }, "contact_name"),
            (Typed { contact_name: "吕 凤欢".to_owned(), ..typed() }, "contact_name"),
            (Typed { phones: [one(), one(), None], ..typed() }, "phone2"),
            (Typed { phones: [None, one(), one()], ..typed() }, "phone3"),
            (
                Typed { phones: [one(), None, None], contact_phone: one(), ..typed() },
                "contact_phone",
            ),
        ];
        for (typed, field) in cases {
            assert_eq!(fields(&typed, &against()), [field], "{typed:?}");
        }
        let own = Against { contact_is_own: true, ..against() };
        assert_eq!(fields(&typed(), &own), ["contact_phone"]);
        let mute = Against { has_number: false, ..against() };
        assert_eq!(fields(&typed(), &mute), ["phone"]);
    }

    #[test]
    fn days_that_are_not_known_contradict_nothing() {
        let end = Some(day_in(2026, 8, 31));
        let of = |confirmed, file, ends_on| differences(Days { confirmed, file, ends_on }).len();
        let (right, wrong) = (Some(day_in(2026, 6, 1)), Some(day_in(2027, 7, 1)));
        assert_eq!(of(right, right, end), 0);
        assert_eq!(of(None, None, end), 0);
        assert_eq!(of(wrong, wrong, None), 0);
        assert_eq!(of(wrong, right, end), 1);
        assert_eq!(of(wrong, wrong, end), 2);
    }

    #[test]
    fn who_goes_on_graduates_again() {
        let first = (Some(day_in(2026, 7, 1)), Some(day_in(2026, 6, 20)));
        assert!(is_for(2026, first));
        assert!(!is_for(2029, first));
        assert!(is_for(2026, (Some(day_in(2026, 7, 1)), Some(day_in(2025, 12, 30)))), "early");
        assert!(!is_for(2026, (Some(day_in(2026, 7, 1)), None)));
        assert!(goes_on("专升本") && goes_on("考研升学") && !goes_on("签约就业"));
    }
}
