//! In which order two visitors go to whom, how a plan is read, and where a stop is. Pure.

use std::collections::{BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use serde::Serialize;

use crate::base::ids::{FileId, RoundId, SheetId, text_enum};
use crate::error::FieldError;
use crate::life::visits::purpose::Purpose;
use crate::life::visits::road;
use crate::life::visits::rules::Order;
use crate::life::visits::sheets::store::State as SheetState;

text_enum! {
    /// Whether a round is still to be walked.
    RoundState {
        /// Planned or under way.
        Open = "open", "进行中";
        /// Over; what is still on a phone is taken all the same.
        Closed = "closed", "已结束";
    }
}

text_enum! {
    /// What became of a stop.
    StopState {
        /// Still to be gone to.
        Open = "open", "待走访";
        /// Filled in on the phone.
        Done = "done", "已走访";
        /// Left out of this round.
        Passed = "passed", "这次不去";
    }
}

/// Most stops of a round: more than two people can do in a day.
pub const STOPS_MAX: usize = 60;
/// Days ahead a round may be planned.
const DAYS_AHEAD: u64 = 180;
/// Longest title and name in characters.
const TEXT_MAX: usize = 40;

/// A household of which a sheet is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct House {
    pub sheet_id: SheetId,
    pub number: String,
    /// It went to the village: the sheet to take when a family has several.
    pub of_village: bool,
    /// About something overdue, or the yearly contact.
    pub purpose: Purpose,
    pub file_id: FileId,
    pub name: String,
    /// 乡镇（街道）.
    pub township: String,
    /// 村（社区）.
    pub village: String,
    /// 12-digit code of the village, may be empty.
    pub village_code: String,
    /// Home address in full.
    pub address: String,
}

impl House {
    /// `中天镇大楼湾村`: the place, not its committee.
    pub fn place(&self) -> String {
        let village = ["村民委员会", "居民委员会"]
            .iter()
            .find_map(|committee| self.village.strip_suffix(committee))
            .unwrap_or(&self.village);
        match (self.township.as_str(), village) {
            ("", "") => "没有写村（社区）".to_owned(),
            (township, village) => format!("{township}{village}"),
        }
    }
}

/// One sheet for each family, in the order of going: township, village, road, house.
pub fn in_order(mut houses: Vec<House>) -> Vec<House> {
    houses.sort_by(|a, b| {
        (a.file_id, !a.of_village, &a.number).cmp(&(b.file_id, !b.of_village, &b.number))
    });
    houses.dedup_by_key(|house| house.file_id);
    let order = Order::of(
        houses.iter().map(|h| (h.township.as_str(), h.village.as_str(), h.village_code.as_str())),
    );
    houses.sort_by_cached_key(|h| {
        let (township, village) = order.rank(&h.township, &h.village);
        let road = (road::road(&h.address), road::place(&h.address));
        (township, village, road, h.name.clone(), h.number.clone())
    });
    houses
}

/// A village to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Village {
    /// 乡镇（街道）.
    pub township: String,
    /// `中天镇大楼湾村`: what the form sends.
    pub place: String,
    /// Households whose sheets are out.
    pub households: usize,
    pub chosen: bool,
}

/// The villages of houses that are in order; `chosen` are ticked.
pub fn villages(houses: &[House], chosen: &HashSet<String>) -> Vec<Village> {
    let mut found: Vec<Village> = Vec::new();
    for house in houses {
        let place = house.place();
        match found.last_mut() {
            Some(last) if last.place == place => last.households += 1,
            _ => found.push(Village {
                township: house.township.clone(),
                chosen: chosen.contains(&place),
                place,
                households: 1,
            }),
        }
    }
    found
}

/// A form that plans a round, as it was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Typed {
    pub on_day: String,
    /// What it is called; mostly empty.
    pub title: String,
    /// The visitor with the phone.
    pub first: String,
    /// The other one when they are staff.
    pub second: String,
    /// The other one when they are not: a village official.
    pub second_name: String,
    pub places: Vec<String>,
}

impl Typed {
    /// Takes the fields of a form.
    pub fn of(pairs: &[(String, String)]) -> Typed {
        let one = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let places = pairs.iter().filter(|(key, _)| key == "place").map(|(_, v)| v.clone());
        Typed {
            on_day: one("on_day"),
            title: one("title"),
            first: one("first"),
            second: one("second"),
            second_name: one("second_name"),
            places: places.collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub on_day: NaiveDate,
    /// What it is called.
    pub title: String,
    /// The visitor with the phone: identity and name.
    pub first: (i64, String),
    /// The other: identity when they are staff, and name.
    pub second: (Option<i64>, String),
    /// Whom they go to, in order.
    pub houses: Vec<House>,
}

fn wrong(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

/// Reads a plan made on `today`, or says what is to be put right. `houses` are in order, `staff`
/// are those who may go.
pub fn read(
    typed: &Typed,
    today: NaiveDate,
    houses: &[House],
    staff: &[(i64, String)],
) -> Result<Plan, Vec<FieldError>> {
    let mut errors = Vec::new();
    let until = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    let on_day: Option<NaiveDate> = typed.on_day.parse().ok();
    let on_day = on_day.filter(|day| (today..=until).contains(day));
    if on_day.is_none() {
        errors.push(wrong("on_day", "走访的日子请选今天起半年以内的一天"));
    }
    let known = |id: &str| staff.iter().find(|(one, _)| one.to_string() == id).cloned();
    let first = known(&typed.first);
    if first.is_none() {
        errors.push(wrong("first", "请选由谁带手机"));
    }
    let second = match (known(&typed.second), typed.second_name.as_str()) {
        (Some((id, name)), "") => Some((Some(id), name)),
        (None, name) if !name.is_empty() && typed.second.is_empty() => {
            Some((None, name.to_owned()))
        }
        (Some(_), _) => {
            errors.push(wrong("second_name", "同行的人只写一位：选本中心的人，或写别人的名字"));
            None
        }
        _ => {
            errors.push(wrong("second", "走访要两个人同去，请选同行的人，或写村组干部的名字"));
            None
        }
    };
    if let (Some((one, _)), Some((Some(other), _))) = (&first, &second)
        && one == other
    {
        errors.push(wrong("second", "同行的人和带手机的是同一个人，请另选一位"));
    }
    for (field, text) in [("title", &typed.title), ("second_name", &typed.second_name)] {
        if text.chars().count() > TEXT_MAX {
            errors.push(wrong(field, format!("写得太长，请写在 {TEXT_MAX} 个字以内")));
        }
    }
    let chosen: Vec<House> =
        houses.iter().filter(|h| typed.places.contains(&h.place())).cloned().collect();
    if chosen.is_empty() {
        errors.push(wrong("places", "请至少选一个村（社区）"));
    } else if chosen.len() > STOPS_MAX {
        errors.push(wrong(
            "places",
            format!("选了 {} 户，一天走不完：一次最多 {STOPS_MAX} 户，请少选几个村", chosen.len()),
        ));
    }
    match (on_day, first, second) {
        (Some(on_day), Some(first), Some(second)) if errors.is_empty() => {
            Ok(Plan { on_day, title: title(&typed.title, &chosen), first, second, houses: chosen })
        }
        _ => Err(errors),
    }
}

/// What was typed, or the places: `中天镇大楼湾村等 3 个村（社区）`.
fn title(typed: &str, houses: &[House]) -> String {
    if !typed.is_empty() {
        return typed.to_owned();
    }
    let places: BTreeSet<String> = houses.iter().map(House::place).collect();
    let first = houses.first().map(House::place).unwrap_or_default();
    match places.len() {
        0 | 1 => first,
        many => format!("{first}等 {many} 个村（社区）"),
    }
}

/// Where a stop is, as visitors and the desk are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// To be gone to.
    Open,
    /// Gone to, refused by the desk: to be gone to again.
    Again,
    /// Left out of this round.
    Passed,
    /// Came back from this round, the desk has it.
    Done,
    /// Came back from this round and was accepted.
    Accepted,
    /// Came back by another way.
    Elsewhere,
    /// The sheet was taken out of use.
    Void,
}

impl Shown {
    /// A form is offered for it.
    pub const fn is_open(self) -> bool {
        matches!(self, Shown::Open | Shown::Again)
    }

    /// Kind of tag and words.
    pub const fn tag(self) -> (&'static str, &'static str) {
        match self {
            Shown::Open => ("wait", "待走访"),
            Shown::Again => ("bad", "没有采用，要再去"),
            Shown::Passed => ("", "这次不去"),
            Shown::Done => ("acc", "已报回，待核对"),
            Shown::Accepted => ("ok", "已采用"),
            Shown::Elsewhere => ("ok", "已由别的方式交回"),
            Shown::Void => ("", "走访表已作废"),
        }
    }
}

/// Where a stop is, from itself and its sheet.
pub const fn shown(stop: StopState, sheet: SheetState) -> Shown {
    match (stop, sheet) {
        (_, SheetState::Void) => Shown::Void,
        (StopState::Done, SheetState::Out) => Shown::Again,
        (StopState::Done, SheetState::Returned) => Shown::Done,
        (StopState::Done, SheetState::Accepted) => Shown::Accepted,
        (_, SheetState::Returned | SheetState::Accepted) => Shown::Elsewhere,
        (StopState::Passed, SheetState::Out) => Shown::Passed,
        (StopState::Open, SheetState::Out) => Shown::Open,
    }
}

/// The key under which one filling-in of a stop arrives once, or none when the form brought
/// nothing that a phone or a page of ours makes.
pub fn command_key(round: RoundId, no: i32, typed: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ours = (16..=64).contains(&typed.len()) && typed.chars().all(plain);
    ours.then(|| format!("round-{round}-{no}-{typed}"))
}

/// Stops under their headings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InVillage<T> {
    /// `中天镇大楼湾村`.
    pub place: String,
    pub households: usize,
    pub roads: Vec<OnRoad<T>>,
}

/// Stops of one road.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnRoad<T> {
    /// `5组`.
    pub road: String,
    pub stops: Vec<T>,
}

/// Puts stops that are in order under headings. A village comes again when the order leaves it
/// and returns: the headings follow the day, not the map.
pub fn under_headings<T>(stops: Vec<(String, String, T)>) -> Vec<InVillage<T>> {
    let mut all: Vec<InVillage<T>> = Vec::new();
    for (place, road, stop) in stops {
        if all.last().is_none_or(|last| last.place != place) {
            all.push(InVillage { place, households: 0, roads: Vec::new() });
        }
        let Some(village) = all.last_mut() else { continue };
        village.households += 1;
        match village.roads.last_mut() {
            Some(last) if last.road == road => last.stops.push(stop),
            _ => village.roads.push(OnRoad { road, stops: vec![stop] }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(file: i64, village: &str, code: &str, address: &str) -> House {
        House {
            sheet_id: SheetId::new(file * 10),
            number: format!("HZ26-1221-{file:03}"),
            of_village: true,
            purpose: Purpose::Overdue,
            file_id: FileId::new(file),
            name: format!("户{file}"),
            township: "柳溪镇".to_owned(),
            village: village.to_owned(),
            village_code: code.to_owned(),
            address: address.to_owned(),
        }
    }

    fn county() -> Vec<House> {
        let school = House {
            sheet_id: SheetId::new(7),
            of_village: false,
            number: "XZ26-1221-001".to_owned(),
            ..house(1, "下湾村村民委员会", "2", "下湾村2组11号")
        };
        in_order(vec![
            school,
            house(1, "下湾村", "2", "下湾村2组11号"),
            house(2, "下湾村", "2", "下湾村2组3号"),
            house(3, "上湾村", "1", "上湾村10组1号"),
            house(4, "上湾村", "1", "上湾村9组20号"),
        ])
    }

    #[test]
    fn the_way_goes_by_village_road_and_house_with_one_sheet_a_family() {
        let all = county();
        let way: Vec<i64> = all.iter().map(|house| house.file_id.get()).collect();
        assert_eq!(way, [4, 3, 2, 1]);
        assert_eq!(all[3].sheet_id, SheetId::new(10), "the village's sheet, not the school's");
        let found = villages(&all, &HashSet::from(["柳溪镇下湾村".to_owned()]));
        let counts: Vec<_> = found.iter().map(|v| (v.place.as_str(), v.households)).collect();
        assert_eq!(counts, [("柳溪镇上湾村", 2), ("柳溪镇下湾村", 2)]);
        assert!(!found[0].chosen && found[1].chosen);
    }

    #[test]
    fn a_plan_needs_two_people_a_day_and_a_village() {
        let (all, today) = (county(), "2026-12-21".parse().unwrap());
        let staff = [(1, "韦清越".to_owned()), (2, "覃立".to_owned())];
        let fields = |typed: &Typed| {
            let errors = read(typed, today, &all, &staff).unwrap_err();
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&Typed::default()), ["on_day", "first", "second", "places"]);
        let good = Typed {
            on_day: "2026-12-22".to_owned(),
            first: "1".to_owned(),
            second_name: "王主任".to_owned(),
            places: vec!["柳溪镇上湾村".to_owned(), "柳溪镇下湾村".to_owned()],
            ..Typed::default()
        };
        let plan = read(&good, today, &all, &staff).unwrap();
        assert_eq!(plan.title, "柳溪镇上湾村等 2 个村（社区）");
        assert_eq!((plan.houses.len(), plan.second), (4, (None, "王主任".to_owned())));
        let both = Typed { second: "2".to_owned(), ..good.clone() };
        assert_eq!(fields(&both), ["second_name"]);
        let alone = Typed { second: "1".to_owned(), second_name: String::new(), ..good.clone() };
        assert_eq!(fields(&alone), ["second"]);
        let past = Typed { on_day: "2026-12-20".to_owned(), ..good };
        assert_eq!(fields(&past), ["on_day"]);
    }

    #[test]
    fn headings_follow_the_order_and_keys_are_ours() {
        let stop = |place: &str, road: &str, n: i32| (place.to_owned(), road.to_owned(), n);
        let found = under_headings(vec![
            stop("甲", "1组", 1),
            stop("甲", "1组", 2),
            stop("乙", "1组", 3),
            stop("甲", "2组", 4),
        ]);
        let places: Vec<_> = found.iter().map(|v| (v.place.as_str(), v.households)).collect();
        assert_eq!(places, [("甲", 2), ("乙", 1), ("甲", 1)]);
        assert_eq!(found[0].roads[0].stops, [1, 2]);
        let round = RoundId::new(5);
        assert_eq!(command_key(round, 3, &"a1".repeat(8)).unwrap(), "round-5-3-a1a1a1a1a1a1a1a1");
        for odd in ["", "short", &"A".repeat(20), &"a".repeat(65), "a a a a a a a a a a a"] {
            assert_eq!(command_key(round, 3, odd), None, "{odd}");
        }
        assert_eq!(shown(StopState::Done, SheetState::Out), Shown::Again);
        assert_eq!(shown(StopState::Passed, SheetState::Accepted), Shown::Elsewhere);
    }
}
