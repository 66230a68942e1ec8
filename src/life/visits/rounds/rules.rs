//! In which order two visitors go to whom, how a plan is read, and where a stop is. Pure.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use crate::base::ids::{FileId, RoundId, SheetId, text_enum};
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
pub fn villages(houses: &[House], chosen: &HashSet<&str>) -> Vec<Village> {
    let mut found: Vec<Village> = Vec::new();
    for house in houses {
        let place = house.place();
        match found.last_mut() {
            Some(last) if last.place == place => last.households += 1,
            _ => found.push(Village {
                township: house.township.clone(),
                chosen: chosen.contains(place.as_str()),
                place,
                households: 1,
            }),
        }
    }
    found
}

/// What was typed, or the places: `中天镇大楼湾村等 3 个村（社区）`.
pub fn title(typed: &str, houses: &[House]) -> String {
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
pub(super) mod tests {
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

    pub fn county() -> Vec<House> {
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
        let found = villages(&all, &HashSet::from(["柳溪镇下湾村"]));
        let counts: Vec<_> = found.iter().map(|v| (v.place.as_str(), v.households)).collect();
        assert_eq!(counts, [("柳溪镇上湾村", 2), ("柳溪镇下湾村", 2)]);
        assert!(!found[0].chosen && found[1].chosen);
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
