//! The parser as a whole: addresses checked by hand, and laws that hold for any text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use jingwei_model::Level;
use proptest::prelude::*;

use super::{AddressParser, Grain, Kind, KnownCompound, KnownRoad, Parsed, parse};

const CASES: &str = include_str!("cases.tsv");

fn cases() -> impl Iterator<Item = [&'static str; 5]> {
    CASES.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        cells.try_into().unwrap_or_else(|_| panic!("five cells: {line}"))
    })
}

fn written(parsed: &Parsed) -> String {
    let levels: Vec<String> = Level::ALL
        .iter()
        .filter_map(|level| parsed.get(*level).map(|text| format!("{}={text}", level.name())))
        .collect();
    levels.join("|")
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(
            |character| {
                if character.is_ascii_graphic() {
                    char::from_u32(character as u32 + 0xfee0).unwrap()
                } else {
                    character
                }
            },
        )
        .collect()
}

/// Some characters in their traditional form.
fn traditional(text: &str) -> String {
    const PAIRS: [(char, char); 22] = [
        ('号', '號'),
        ('楼', '樓'),
        ('单', '單'),
        ('层', '層'),
        ('东', '東'),
        ('门', '門'),
        ('区', '區'),
        ('县', '縣'),
        ('镇', '鎮'),
        ('乡', '鄉'),
        ('园', '園'),
        ('广', '廣'),
        ('场', '場'),
        ('厦', '廈'),
        ('顺', '順'),
        ('义', '義'),
        ('头', '頭'),
        ('沟', '溝'),
        ('庄', '莊'),
        ('华', '華'),
        ('阳', '陽'),
        ('龙', '龍'),
    ];
    text.chars()
        .map(|character| PAIRS.iter().find(|(simple, _)| *simple == character).map_or(character, |(_, old)| *old))
        .collect()
}

#[test]
fn addresses_checked_by_hand_are_read_so() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for [text, canonical, grain, rest, levels] in cases() {
        count += 1;
        let parsed = parse(text);
        let found = [parsed.canonical(), parsed.grain().map_or("", Grain::name), parsed.rest(), &written(&parsed)];
        if found != [canonical, grain, rest, levels] {
            wrong.push(format!("{text}\n  expected {:?}\n  found    {found:?}", [canonical, grain, rest, levels]));
        }
    }
    assert!(count >= 150, "{count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_standard_spelling_is_its_own() {
    for [text, canonical, ..] in cases() {
        let parsed = parse(canonical);
        assert_eq!(parsed.canonical(), canonical, "{text}");
        for grain in Grain::ALL {
            if let Some(key) = parse(text).key(grain) {
                assert_eq!(parse(key).key(grain), Some(key), "{text} at {}", grain.name());
            }
        }
    }
}

#[test]
fn width_and_traditional_forms_change_nothing() {
    for [text, canonical, ..] in cases() {
        assert_eq!(parse(&full_width(text)).canonical(), canonical, "{text}");
        assert_eq!(parse(&traditional(text)).canonical(), canonical, "{text}");
    }
}

#[test]
fn keys_stop_at_their_level() {
    let parsed = parse("朝阳区望京街道阜通东大街6号院方恒国际5号楼2单元501室");
    for (grain, key) in [
        (Grain::Province, "北京市"),
        (Grain::City, "北京市"),
        (Grain::District, "北京市朝阳区"),
        (Grain::Town, "北京市朝阳区望京街道"),
        (Grain::Road, "北京市朝阳区望京街道阜通东大街"),
        (Grain::Compound, "北京市朝阳区望京街道阜通东大街6号方恒国际"),
        (Grain::Building, "北京市朝阳区望京街道阜通东大街6号方恒国际5号楼"),
        (Grain::Unit, "北京市朝阳区望京街道阜通东大街6号方恒国际5号楼2单元"),
        (Grain::Room, "北京市朝阳区望京街道阜通东大街6号方恒国际5号楼2单元501室"),
    ] {
        assert_eq!(parsed.key(grain), Some(key));
    }
    assert_eq!(parsed.key(Grain::Community), None);
    assert_eq!(parsed.code(), "110105026");
    assert_eq!(parse("阜通东大街6号").key(Grain::Building), None);
}

#[test]
fn completed_levels_come_from_the_gazetteer() {
    let parsed = parse("崇文区东花市街道南里社区");
    assert_eq!(parsed.get(Level::District), Some("崇文区"));
    assert_eq!(parsed.completed(Level::District), Some("东城区"));
    assert_eq!(parsed.completed(Level::Prov), Some("北京市"));
    assert_eq!(parsed.completed(Level::City), Some("北京市"));
    assert_eq!(parsed.get(Level::Prov), None);
    // 朝阳区 is in Beijing and in Changchun; the street decides, else the home city.
    assert_eq!(parse("朝阳区望京街道").completed(Level::Prov), Some("北京市"));
    assert_eq!(parse("朝阳区清和街道").completed(Level::City), Some("长春市"));
    assert_eq!(parse("朝阳区人民路1号").completed(Level::Prov), Some("北京市"));
    let elsewhere = AddressParser::with_home(crate::codes::Divisions::builtin(), "2201");
    let mut out = Parsed::default();
    elsewhere.parse("朝阳区人民路1号", &mut out);
    assert_eq!(out.completed(Level::City), Some("长春市"));
}

#[test]
fn a_city_s_registers_sharpen_the_parser() {
    let mut parser = (**AddressParser::builtin()).clone();
    parser.learn(
        [KnownRoad { name: "阜通东大街", division: "110105026" }],
        [
            KnownCompound {
                name: "方恒国际", division: "110105026", road: Some("阜通东大街"), roadno: Some("6号院")
            },
            KnownCompound { name: "望京西园三区", division: "110105026", road: None, roadno: None },
        ],
    );
    let mut out = Parsed::default();
    let expected = "北京市朝阳区望京街道阜通东大街6号方恒国际5号楼501室";
    for text in
        ["方恒国际5号楼501", "阜通东大街6号院5-501", "朝阳区阜通东大街六号方恒国际5幢501室", "望京方恒国际5#501"]
    {
        parser.parse(text, &mut out);
        assert_eq!(out.canonical(), expected, "{text}");
    }
    parser.parse("望京西园三区305楼", &mut out);
    assert_eq!(out.canonical(), "北京市朝阳区望京街道望京西园三区305号楼");
    parser.parse("阜通东大街8号", &mut out);
    assert_eq!(out.canonical(), "北京市朝阳区望京街道阜通东大街8号");
}

#[test]
fn a_crossing_has_one_spelling_whichever_road_comes_first() {
    let expected = "北京市海淀区学院路与成府路交叉口";
    for text in ["海淀区学院路与成府路交叉口", "海淀区成府路和学院路交叉口东北角", "海淀区成府路学院路口"]
    {
        assert_eq!(parse(text).canonical(), expected, "{text}");
    }
}

#[test]
fn what_is_no_address_stays_in_the_rest() {
    for text in ["", " ", "\0\u{1}\u{2}", "？？？", "-", "()", "13800138000", "附近", "\u{feff}"] {
        let parsed = parse(text);
        assert_eq!(parsed.canonical(), "", "{text}");
        assert_eq!(parsed.grain(), None, "{text}");
    }
    assert_eq!(parse("13800138000").rest(), "13800138000");
    assert_eq!(parse("北京市西城区月坛北街25号 010-68310000").rest(), "010-68310000");
}

/// Pieces that begin every branch of the parser, to be said many times over.
const PIECES: &[&str] = &[
    "北京市",
    "朝阳",
    "城关镇",
    "(",
    "))",
    "一",
    "1",
    "号",
    "1-",
    "一1",
    "路",
    "街道",
    "三里",
    "A",
    "甲",
    "王先生",
    "花家地社区",
    "东",
    "6号楼",
    "\u{3000}",
    "村委会",
    "太平庄",
    "人民路5号",
    "十",
    "号楼之",
    "第",
    "区期",
    "望京SOHO",
    "工业区",
    "大厦",
    "市场",
    "新村",
    "弄",
    "组",
    "公司",
    "13800138000",
    "\u{fffd}",
    "强(qiáng)????",
];

#[test]
fn long_texts_are_read_to_their_end() {
    let mut out = Parsed::default();
    for piece in PIECES {
        let text: String = piece.chars().cycle().take(10_000).collect();
        AddressParser::builtin().parse(&text, &mut out);
        assert_covered(&out, &text);
        // No piece is read twice: work is in proportion to the length.
        assert!(out.pieces.len() <= 10_000, "{piece}");
    }
}

#[test]
fn what_is_no_chinese_address_passes_through() {
    for text in ["1600 Pennsylvania Avenue NW, Washington, DC 20500", "221B Baker Street", "東京都千代田区丸の内1丁目"]
    {
        assert_covered(&parse(text), text);
        assert_eq!(parse(text).code(), "", "{text}");
    }
    let parsed = parse("强(qiáng)????");
    assert_eq!(parsed.grain(), None);
    assert_eq!(parsed.rest(), "强(QIáNG)");
    assert_eq!(parse("12").canonical(), "");
    assert_eq!(parse("12").rest(), "12");
}

#[test]
fn what_is_said_twice_is_read_once() {
    for text in [
        "杭州市西湖区文三路杭州市西湖区文三路477号",
        "浙江省杭州市浙江省杭州市西湖区文三路477号",
        "杭州市西湖区文三路477号文三路477号",
        "杭州市杭州市西湖区西湖区文三路477号",
    ] {
        assert_eq!(parse(text).canonical(), "浙江省杭州市西湖区文三路477号", "{text}");
        assert_eq!(parse(text).rest(), "", "{text}");
    }
    let parsed = parse("台州市椒江区解放南路58号解放南路菜场旁边");
    assert_eq!(parsed.get(Level::Poi), Some("解放南路菜场"));
}

#[test]
fn a_mobile_phone_s_number_is_no_room() {
    let parsed = parse("浙江省杭州市拱墅区莫干山路268号3幢20113957112345");
    assert_eq!(parsed.get(Level::Roomno), Some("201"));
    assert_eq!(parsed.rest(), "13957112345");
    let parsed = parse("杭州市西湖区文三路477号张国强13957112345");
    assert_eq!(parsed.get(Level::Poi), None);
    assert_eq!(parsed.rest(), "张国强13957112345");
}

#[test]
fn a_county_that_was_renamed_is_completed_as_its_successor() {
    let parsed = parse("浙江省绍兴县福全镇徐山村");
    assert_eq!(parsed.get(Level::District), Some("绍兴县"));
    assert_eq!(parsed.completed(Level::District), Some("柯桥区"));
    assert_eq!(parsed.get(Level::City), None);
    assert_eq!(parsed.completed(Level::City), Some("绍兴市"));
}

#[test]
fn a_company_in_a_building_is_named_and_not_spelled() {
    let parsed = parse("杭州市西湖区文三路477号3幢2楼杭州市宏达贸易有限公司");
    assert_eq!(parsed.get(Level::Poi), Some("杭州市宏达贸易有限公司"));
    assert_eq!(parsed.completed(Level::Poi), None);
    assert_eq!(parsed.canonical(), "浙江省杭州市西湖区文三路477号3号楼2层");
}

fn assert_covered(parsed: &Parsed, text: &str) {
    let mut at = 0;
    for segment in parsed.segments() {
        assert_eq!(segment.bytes.start, at, "{text}");
        assert!(segment.bytes.end > at && text.is_char_boundary(segment.bytes.end), "{text}");
        at = segment.bytes.end;
    }
    assert_eq!(at, text.len(), "{text}");
    for level in Level::ALL {
        let has_segment = parsed.segments().iter().any(|segment| segment.kind == Kind::Level(level));
        assert_eq!(parsed.get(level).is_some(), has_segment, "{text}: {}", level.name());
    }
}

/// Texts of the words that addresses are made of, in any order.
fn jumble() -> impl Strategy<Value = String> {
    let words = [
        "北京市",
        "北京",
        "朝阳区",
        "朝阳",
        "望京街道",
        "望京",
        "花家地社区",
        "六渡河村",
        "市辖区",
        "阜通东大街",
        "人民路",
        "和平巷",
        "三条",
        "胡同",
        "6号",
        "甲6号院",
        "12弄",
        "5号楼",
        "A座",
        "2单元",
        "三门",
        "5层",
        "3F",
        "501室",
        "五零一",
        "-",
        "/",
        "、",
        "(",
        ")",
        "1",
        "23",
        "一",
        "十二",
        "附近",
        "东门",
        "王先生",
        "方恒国际",
        "西园三区",
        "二期",
        "号",
        "楼",
        "院",
        "内",
        "之",
        "附",
        "第",
        "路",
        "区",
        "街",
        "村",
        "镇",
        "路口",
        "13800138000",
        "SOHO",
        "T1",
        "B",
        " ",
        "　",
        "，",
        "開發區",
        "组",
        "3组",
        "省",
        "市",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..14).prop_map(|words| words.concat())
}

/// Addresses as people mean them: each level or none, in order, in one of its spellings.
fn address() -> impl Strategy<Value = (String, String)> {
    let area = prop::sample::select(vec![
        ("北京市朝阳区望京街道", "北京市朝阳区望京街道"),
        ("朝阳区望京街道", "北京市朝阳区望京街道"),
        ("朝阳望京街道办事处", "北京市朝阳区望京街道"),
        ("海淀区", "北京市海淀区"),
        ("浙江省杭州市余杭区", "浙江省杭州市余杭区"),
        ("杭州市余杭区", "浙江省杭州市余杭区"),
        ("", ""),
    ]);
    let road = (
        prop::sample::select(vec!["阜通东大街", "文一西路", "学院路", "前门西大街", "和平巷", "东四十条"]),
        1_u32..400,
        prop::sample::select(vec!["号", "号院"]),
    );
    let compound = prop::sample::select(vec!["", "方恒国际", "西溪花园", "银河湾"]);
    let house = (1_u32..60, prop::sample::select(vec!["号楼", "幢", "栋", "#楼", "#"]));
    let unit = prop::option::of((1_u32..9, prop::sample::select(vec!["单元", "门", "单元门"])));
    let room = (1_u32..30, 1_u32..9, prop::sample::select(vec!["室", "", "号", "户"]));
    (area, road, compound, house, unit, room).prop_map(
        |((area, full), (road, door, yard), compound, (house, kind), unit, (floor, room, end))| {
            let mut text = format!("{area}{road}{door}{yard}{compound}{house}{kind}");
            let mut canonical = format!("{full}{road}{door}号{compound}{house}号楼");
            if let Some((unit, kind)) = unit {
                text += &format!("{unit}{kind}");
                canonical += &format!("{unit}单元");
            }
            text += &format!("{floor}{room:02}{end}");
            canonical += &format!("{floor}{room:02}室");
            (text, canonical)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases * 8))]

    #[test]
    fn spellings_of_one_address_are_one((text, canonical) in address()) {
        let parsed = parse(&text);
        prop_assert_eq!(parsed.canonical(), &canonical);
        prop_assert_eq!(parsed.rest(), "");
        let again = parse(&canonical);
        prop_assert_eq!(again.canonical(), &canonical);
    }

    #[test]
    fn spaces_change_nothing((text, canonical) in address(), places in prop::collection::vec(0_usize..40, 0..6)) {
        let mut spaced: Vec<char> = text.chars().collect();
        for place in places {
            spaced.insert(place.min(spaced.len()), ' ');
        }
        let parsed = parse(&spaced.into_iter().collect::<String>());
        prop_assert_eq!(parsed.canonical(), &canonical);
    }

    #[test]
    fn every_character_ends_somewhere(text in jumble()) {
        assert_covered(&parse(&text), &text);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,60}") {
        assert_covered(&parse(&text), &text);
    }

    #[test]
    fn control_characters_and_mojibake_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_covered(&parse(&text), &text);
    }

    #[test]
    fn a_used_buffer_leaves_no_trace(first in jumble(), second in jumble()) {
        let mut out = Parsed::default();
        AddressParser::builtin().parse(&first, &mut out);
        AddressParser::builtin().parse(&second, &mut out);
        let fresh = parse(&second);
        prop_assert_eq!(out.canonical(), fresh.canonical());
        prop_assert_eq!(out.rest(), fresh.rest());
        prop_assert_eq!(written(&out), written(&fresh));
        prop_assert_eq!(out.code(), fresh.code());
    }
}
