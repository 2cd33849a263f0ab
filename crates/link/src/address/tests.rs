//! What finding promises, over a small town and over towns at random.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jingwei_model::{Address, Level, Levels};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{AddressIndex, Outcome, Search, Verdict};

/// Levels in the order of [`Level::ALL`], separated by bars.
fn address(text: &str) -> Address {
    let mut address = Address::default();
    for part in text.split('|').filter(|part| !part.is_empty()) {
        let (level, value) = part.split_once('=').unwrap_or_else(|| panic!("{part}"));
        let level = Level::ALL.into_iter().find(|known| known.name() == level).unwrap_or_else(|| panic!("{part}"));
        address.set(level, Some(value.to_owned()));
    }
    address
}

const TOWN: [&str; 14] = [
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=6号院|poi=方恒国际",
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=6号院|poi=方恒国际|houseno=5号楼",
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=6号院|poi=方恒国际|houseno=5号楼|cellno=2单元|roomno=501室",
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=6号院|poi=方恒国际|houseno=5号楼|cellno=3单元|roomno=501室",
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=6号院|poi=方恒国际|houseno=5号楼|cellno=3单元|roomno=602室",
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=8号院|poi=华国小区|subpoi=一区|houseno=1号楼|roomno=101室",
    "district=朝阳区|town=望京街道|road=阜通东大街|roadno=10号院|poi=华国小区|subpoi=二区|houseno=1号楼|roomno=101室",
    "district=通州区|town=西集镇|community=沙古堆村|roadno=232号",
    "district=顺义区|town=杨镇地区|community=沙古堆村|roadno=232号",
    "district=通州区|town=西集镇|community=侯各庄村|roadno=12号",
    "district=东城区|town=东直门街道|road=南门仓胡同|roadno=甲5号|roomno=3号",
    "city=上海市|district=浦东新区|road=张江路|roadno=1027弄|subroadno=5号|roomno=302室",
    "district=朝阳区|town=望京街道|road=望京街|roadno=9号|poi=望京大厦|houseno=A座|floorno=12层|roomno=1203室",
    "district=通州区|town=西集镇|community=侯各庄村|road=三组|roadno=7号",
];

fn town() -> AddressIndex {
    let mut index = AddressIndex::new();
    for text in TOWN {
        index.add(&address(text));
    }
    index
}

fn find(index: &AddressIndex, text: &str) -> Verdict {
    index.find(&address(text), &mut Search::default())
}

#[test]
fn an_address_is_found_however_it_is_written() {
    let index = town();
    for (text, row) in [
        (TOWN[2], 2),
        ("poi=方恒国际|houseno=5幢|cellno=2门|roomno=0501", 2),
        ("district=朝阳|road=阜通东大街|roadno=六号|houseno=五号楼|cellno=三单元|roomno=501", 3),
        ("road=阜通东大街|roadno=6号|houseno=5#|roomno=602", 4),
        ("poi=方恒国际|floorno=5楼|roomno=602", 4),
        ("road=阜通東大街|roadno=6号|poi=方恒国标|houseno=5号楼|roomno=602", 4),
        ("poi=方恒国际中心|road=阜通东大街|roadno=6号|houseno=5号楼", 1),
        ("poi=华国|subpoi=一区|houseno=1号楼|roomno=101", 5),
        ("poi=华国小区二区|houseno=1号楼|roomno=101", 6),
        ("district=通州区|community=沙古堆|roadno=232号", 7),
        ("town=杨镇|poi=沙古堆|roadno=232号", 8),
        ("road=南门仓胡同|roadno=5号甲|houseno=3号楼", 10),
        ("road=张江路|roadno=1027弄|houseno=5号楼|roomno=302室", 11),
        ("poi=望京大厦|houseno=A座|roomno=1203", 12),
        ("poi=望京大夏|houseno=a座|floorno=12楼|roomno=1203", 12),
        ("community=侯各庄村|road=三组|roadno=7号", 13),
    ] {
        assert_eq!(find(&index, text).row(), Some(row), "{text}");
    }
}

#[test]
fn what_the_table_lacks_is_not_found() {
    let index = town();
    for text in [
        "poi=方恒国际|houseno=8号楼",
        "poi=方恒国际|houseno=5号楼|roomno=999室",
        "poi=方恒国际|houseno=5号楼|cellno=1单元|roomno=602室",
        "poi=华国小区三区|houseno=1号楼|roomno=101",
        "district=通州区|community=侯各庄村|roadno=13号",
        "road=阜通东大街|roadno=66号",
        "road=阜通东大街|roadno=66号|roomno=6室",
        "road=阜通东大街|roadno=66号|houseno=6号楼",
        "community=望京村|road=阜通东大街|roadno=66号|roomno=6室",
        "road=张江路|roadno=1027号|houseno=5号楼|roomno=302室",
        "poi=阳光花园|houseno=5号楼|roomno=501",
        "district=朝阳区|road=南湖南路|roadno=16号|poi=望江大厦|houseno=A座|roomno=1203",
        "",
        "roomno=501室",
    ] {
        let verdict = find(&index, text);
        assert!(matches!(verdict, Verdict::NoSuchAddress | Verdict::Unknown), "{text}: {verdict:?}");
    }
    assert_eq!(find(&index, "poi=方恒国际|houseno=5号楼|roomno=999室"), Verdict::NoSuchAddress);
    assert_eq!(find(&index, "poi=阳光花园|houseno=5号楼"), Verdict::Unknown);
}

#[test]
fn the_building_or_compound_is_named_where_the_room_is_missing() {
    let index = town();
    let mut search = Search::default();
    for (text, nearest) in [
        ("poi=方恒国际|houseno=5号楼|roomno=999室", Some(1)),
        ("poi=方恒国际|houseno=8号楼|roomno=999室", Some(0)),
        ("poi=阳光花园|houseno=5号楼", None),
        ("poi=方恒国际|houseno=5号楼", None),
    ] {
        index.find(&address(text), &mut search);
        assert_eq!(search.nearest(), nearest, "{text}");
    }
}

#[test]
fn several_that_fit_alike_tie() {
    let index = town();
    let mut search = Search::default();
    for (text, rows) in [
        ("poi=方恒国际|houseno=5号楼|roomno=501室", [2, 3]),
        ("community=沙古堆村|roadno=232号", [7, 8]),
        ("poi=华国小区|houseno=1号楼|roomno=101室", [5, 6]),
    ] {
        assert_eq!(index.find(&address(text), &mut search), Verdict::Tied, "{text}");
        assert_eq!(search.candidates().iter().take(2).map(|one| one.row).collect::<Vec<_>>(), rows, "{text}");
    }
}

#[test]
fn names_cut_wrongly_are_read_anew() {
    let mut index = town();
    let misspelt = index.add(&address("district=海淀区|community=肿瘤医院社区|road=肿瘤医院东街|roadno=7号|poi=肿瘤医院雅苑|subpoi=二期|houseno=12号楼"));
    let lane = index.add(&address("district=平谷区|town=滨河街道|road=金海三条|roadno=11号|roomno=17号"));
    for (text, row) in [
        ("district=海淀区|community=肿瘤医院社区|poi=雅菀|subpoi=二期|houseno=12号楼", misspelt),
        ("poi=肿瘤医院社区肿瘤医院雅苑二期|houseno=12号楼", misspelt),
        ("poi=望京方恒国际|houseno=5号楼", 1),
        ("poi=金三海条|houseno=11号楼|roomno=17室", lane),
    ] {
        assert_eq!(find(&index, text).row(), Some(row), "{text}");
    }
}

#[test]
fn a_second_spelling_leads_to_the_same_row() {
    let mut index = town();
    index.add_spelling(1, &address("district=朝阳区|poi=西门子大厦|houseno=5号楼"));
    assert_eq!(find(&index, "poi=西门子大厦|houseno=5座").row(), Some(1));
    assert_eq!(find(&index, "poi=方恒国际|houseno=5座").row(), Some(1));
    assert_eq!(index.len(), TOWN.len());
}

#[test]
fn a_removed_address_is_no_more_and_others_stay() {
    let mut index = town();
    index.remove(2);
    index.remove(2);
    index.remove(9999);
    assert_eq!(index.len(), TOWN.len() - 1);
    assert_eq!(find(&index, TOWN[2]), Verdict::NoSuchAddress);
    assert_eq!(find(&index, TOWN[3]).row(), Some(3));
}

#[test]
fn the_evidence_sums_to_the_weight() {
    let index = town();
    for text in [
        TOWN[2],
        TOWN[7],
        TOWN[12],
        "poi=方恒国标|houseno=5幢|cellno=2门|roomno=0501",
        "district=朝阳|road=阜通东大街|roadno=6号",
    ] {
        let (_, candidates) = index.find_explained(&address(text));
        let (first, evidence) = &candidates[0];
        let sum: f32 = evidence.iter().map(|one| one.weight).sum();
        // An address without a tail proves by being there at all.
        let bare = evidence.iter().all(|one| one.level < Level::Houseno);
        let sum = if bare { sum + super::weights::TAIL_EXISTS } else { sum };
        assert!((sum - first.weight).abs() < 1e-4, "{text}: {sum} is not {}: {evidence:?}", first.weight);
    }
    let evidence = index.explain(&address("poi=方恒国标|houseno=5幢"), 1);
    assert!(evidence.iter().any(|one| one.level == Level::Poi && one.outcome == Outcome::Misspelt), "{evidence:?}");
    assert!(index.explain(&address(""), 9999).is_empty());
}

#[test]
fn memory_of_an_address_stays_below_two_hundred_bytes() {
    let mut index = AddressIndex::new();
    for compound in 0..400 {
        for room in 0..50 {
            index.add(&address(&format!(
                "district=第{}区|town=第{}街道|road=人民{}路|roadno={}号|poi=幸福{compound}小区|houseno={}号楼|roomno={}室",
                compound % 9,
                compound % 40,
                compound % 70,
                compound / 70,
                room % 5,
                100 + room
            )));
        }
    }
    for village in 0..4000 {
        index.add(&address(&format!(
            "district=第{}区|community={}庄村|roadno={}号",
            village % 9,
            village % 50,
            village / 50
        )));
    }
    index.shrink();
    assert!(index.memory() <= 200 * index.len(), "{} bytes an address", index.memory() / index.len());
}

/// A name out of few characters, so that names are close to each other and repeat.
fn name(kinds: &'static str) -> impl Strategy<Value = String> {
    (
        vec(prop::sample::select(vec!['望', '京', '和', '园', '三', '东']), 1..4),
        prop::sample::select(kinds.chars().collect::<Vec<_>>()),
    )
        .prop_map(|(stem, kind)| stem.into_iter().chain([kind]).collect())
}

fn any_address() -> impl Strategy<Value = Address> {
    let number = || prop::option::of(1_u32..4);
    (
        prop::option::of(name("区")),
        prop::option::of(name("村镇")),
        prop::option::of(name("路街")),
        number(),
        prop::option::of(name("园苑区")),
        [number(), number(), number()],
    )
        .prop_map(|(district, village, road, roadno, place, [house, cell, room])| {
            let mut address = Address::default();
            address.set(Level::District, district);
            address.set(Level::Community, village);
            address.set(Level::Road, road);
            address.set(Level::Roadno, roadno.map(|number| format!("{number}号")));
            address.set(Level::Poi, place);
            address.set(Level::Houseno, house.map(|number| format!("{number}号楼")));
            address.set(Level::Cellno, cell.map(|number| format!("{number}单元")));
            address.set(Level::Roomno, room.map(|number| format!("{number}室")));
            address
        })
}

proptest! {
    #[test]
    fn the_order_of_adding_changes_no_answer(addresses in vec(any_address(), 1..40), texts in vec(any_address(), 1..20), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..addresses.len()).collect();
        order.sort_by_key(|at| (*at as u64 + 1).wrapping_mul(seed | 1));
        let mut index = AddressIndex::new();
        addresses.iter().for_each(|one| { index.add(one); });
        let mut shuffled = AddressIndex::new();
        order.iter().for_each(|at| { shuffled.add(&addresses[*at]); });
        let mut search = Search::default();
        for text in &texts {
            let first = index.find(text, &mut search);
            let best = search.candidates().first().map(|one| one.probability);
            let mut other = Search::default();
            let second = shuffled.find(text, &mut other);
            prop_assert_eq!(first.name(), second.name());
            prop_assert_eq!(first.row().map(|row| &addresses[row as usize]), second.row().map(|row| &addresses[order[row as usize]]));
            let again = other.candidates().first().map(|one| one.probability);
            prop_assert!((best.unwrap_or(0.0) - again.unwrap_or(0.0)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_text_alone_is_answered_as_in_a_batch(addresses in vec(any_address(), 1..30), texts in vec(any_address(), 1..20)) {
        let mut index = AddressIndex::new();
        addresses.iter().for_each(|one| { index.add(one); });
        let mut search = Search::default();
        for text in &texts {
            prop_assert_eq!(index.find(text, &mut search), index.find(text, &mut Search::default()));
        }
    }

    #[test]
    fn contradicting_numbers_are_never_one_address(addresses in vec(any_address(), 1..40), text in any_address()) {
        let mut index = AddressIndex::new();
        addresses.iter().for_each(|one| { index.add(one); });
        if let Some(row) = index.find(&text, &mut Search::default()).row() {
            let found = &addresses[row as usize];
            for level in [Level::Cellno, Level::Roomno] {
                let (said, known) = (text.get(level), found.get(level));
                // A lone number may be a building's or a room's.
                let lone = text.get(Level::Houseno).is_none() || text.get(Level::Roomno).is_none();
                prop_assert!(said.is_none() || known.is_none() || said == known || lone, "{text:?} {found:?}");
            }
            let road = text.get(Level::Road).is_some() && text.get(Level::Road) == found.get(Level::Road);
            let (said, known) = (text.get(Level::Roadno), found.get(Level::Roadno));
            prop_assert!(!road || said.is_none() || known.is_none() || said == known, "{text:?} {found:?}");
        }
    }

    #[test]
    fn an_address_without_a_twin_finds_itself(addresses in vec(any_address(), 1..40)) {
        let mut index = AddressIndex::new();
        addresses.iter().for_each(|one| { index.add(one); });
        let mut search = Search::default();
        for (row, one) in addresses.iter().enumerate() {
            let verdict = index.find(one, &mut search);
            if let Verdict::Found(found) = verdict {
                let same = &addresses[found.row as usize];
                let numbers = [Level::Houseno, Level::Cellno, Level::Roomno];
                prop_assert!(numbers.iter().all(|level| same.get(*level) == one.get(*level)) || found.probability < 0.9, "{row}: {one:?} {same:?}");
            }
        }
    }

    #[test]
    fn any_texts_in_any_levels_are_taken(levels in vec(prop::option::of(".{0,20}"), 16), more in vec(prop::option::of("[望京园0-9号甲区期一-九]{0,60}"), 16)) {
        let fill = |levels: &[Option<String>]| {
            let mut address = Address::default();
            for (level, text) in Level::ALL.into_iter().zip(levels) {
                address.set(level, text.clone());
            }
            address
        };
        let mut index = town();
        let (first, second) = (fill(&levels), fill(&more));
        index.add(&first);
        index.add(&second);
        for text in [&first, &second] {
            let (verdict, candidates) = index.find_explained(text);
            prop_assert!(candidates.iter().all(|one| (0.0..=1.0).contains(&one.0.probability)));
            prop_assert!(candidates.iter().map(|one| one.0.probability).sum::<f64>() <= 1.0 + 1e-9);
            prop_assert!(verdict.row().is_none_or(|row| (row as usize) < TOWN.len() + 2));
        }
    }
}

#[test]
fn a_text_of_ten_thousand_characters_takes_no_longer_than_its_length() {
    let mut index = town();
    let long: String = "望京花园".chars().cycle().take(10_000).collect();
    let mut text = Address::default();
    text.set(Level::Poi, Some(long.clone()));
    text.set(Level::Road, Some(long.clone()));
    text.set(Level::Roomno, Some("9".repeat(10_000)));
    assert!(index.find(&text, &mut Search::default()).row().is_none());
    let row = index.add(&text);
    assert_eq!(index.find(&text, &mut Search::default()).row(), Some(row));
    assert!(text.level(Level::Poi).is_some());
}
