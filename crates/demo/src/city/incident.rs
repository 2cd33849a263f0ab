//! What happens: incidents with daily and seasonal rhythm, and who reports them through which network.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::neighbourhood::{Neighbourhood, Place};
use super::plan::City;
use crate::draw::Draw;
use crate::geography::Point;
use crate::rates;

/// The network a report came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// 12345.
    Hotline,
    /// Grid inspectors of city management.
    Inspection,
}

/// When in the year something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Season {
    Even,
    /// 15 November to 15 March.
    Heating,
    Summer,
    Rain,
    Spring,
}

/// A kind of incident.
#[derive(Debug)]
pub struct Category {
    /// Hotline categories, three levels.
    pub levels: [&'static str; 3],
    /// Kind of work order.
    pub order: &'static str,
    /// Label of the hotline.
    pub label: &'static str,
    /// Who is to deal with it.
    pub handler: &'static str,
    /// What callers say; `{}` is the place.
    pub texts: [&'static str; 2],
    /// Reports to the hotline for 1,000 people a year.
    pub called: f64,
    /// Cases found by inspectors for 1,000 people a year, with the code and name of the inspectors' subclass.
    pub inspected: Option<(f64, &'static str, &'static str)>,
    /// Hours in which it should be dealt with.
    pub hours: i64,
    season: Season,
    at_night: bool,
    /// Whether it belongs to a dwelling rather than to the compound.
    at_home: bool,
}

/// The kinds of incident.
pub const CATEGORIES: &[Category] = &[
    Category {
        levels: ["市政公用", "供热", "室温不达标"],
        order: "诉求",
        label: "七有五性",
        handler: "城市管理委",
        texts: ["{}暖气不热，室温只有15度，要求尽快解决。", "反映{}供暖不达标，家中有老人。"],
        called: 60.0,
        inspected: None,
        hours: 24,
        season: Season::Heating,
        at_night: false,
        at_home: true,
    },
    Category {
        levels: ["市政公用", "供水", "水压不足"],
        order: "诉求",
        label: "七有五性",
        handler: "自来水集团",
        texts: ["{}水压低，高层用水困难。", "{}今早开始停水，未见通知。"],
        called: 18.0,
        inspected: None,
        hours: 24,
        season: Season::Summer,
        at_night: false,
        at_home: true,
    },
    Category {
        levels: ["环境保护", "噪声污染", "社会生活噪声"],
        order: "投诉",
        label: "",
        handler: "公安分局",
        texts: ["{}楼下夜间施工噪音扰民。", "{}旁广场舞音响声音过大，影响休息。"],
        called: 30.0,
        inspected: None,
        hours: 48,
        season: Season::Summer,
        at_night: true,
        at_home: false,
    },
    Category {
        levels: ["城乡建设", "违法建设", "私搭乱建"],
        order: "投诉",
        label: "每月一题",
        handler: "城管执法队",
        texts: ["{}一层住户私搭乱建，占用绿地。", "{}楼顶有违建，存在安全隐患。"],
        called: 12.0,
        inspected: Some((8.0, "0101", "私搭乱建")),
        hours: 168,
        season: Season::Even,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["交通管理", "停车管理", "违规停车"],
        order: "诉求",
        label: "每月一题",
        handler: "交通支队",
        texts: ["{}消防通道被私家车占用。", "{}门口乱停车，出入困难。"],
        called: 30.0,
        inspected: Some((25.0, "0503", "机动车乱停放")),
        hours: 72,
        season: Season::Even,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["市容环卫", "生活垃圾", "垃圾清运不及时"],
        order: "投诉",
        label: "每月一题",
        handler: "环卫中心",
        texts: ["{}垃圾桶满溢，异味大，清运不及时。", "{}垃圾堆放点多日未清理。"],
        called: 25.0,
        inspected: Some((40.0, "0102", "暴露垃圾")),
        hours: 24,
        season: Season::Summer,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["住房", "物业管理", "物业服务不到位"],
        order: "投诉",
        label: "每月一题",
        handler: "房管局",
        texts: ["{}物业保洁不到位，楼道脏乱。", "{}物业收费不透明，要求公示。"],
        called: 40.0,
        inspected: None,
        hours: 120,
        season: Season::Even,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["住房", "房屋维修", "电梯故障"],
        order: "求助",
        label: "",
        handler: "房管局",
        texts: ["{}电梯停运三天，老人无法下楼。", "{}电梯频繁故障，有困人现象。"],
        called: 14.0,
        inspected: None,
        hours: 24,
        season: Season::Even,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["住房", "房屋维修", "房屋漏雨"],
        order: "求助",
        label: "",
        handler: "房管局",
        texts: ["{}屋顶漏雨，墙面发霉。", "{}下水堵塞返水，要求疏通。"],
        called: 18.0,
        inspected: None,
        hours: 72,
        season: Season::Rain,
        at_night: false,
        at_home: true,
    },
    Category {
        levels: ["住房", "房屋租赁", "群租房"],
        order: "投诉",
        label: "每月一题",
        handler: "派出所",
        texts: ["{}有群租，住了十几个人，存在隐患。", "{}群租房扰民，要求清理。"],
        called: 6.0,
        inspected: None,
        hours: 120,
        season: Season::Even,
        at_night: true,
        at_home: true,
    },
    Category {
        levels: ["公共安全", "消防安全", "电动自行车进楼充电"],
        order: "投诉",
        label: "",
        handler: "消防支队",
        texts: ["{}有人把电动车推进楼道充电，飞线严重。", "{}楼道堆放杂物并给电动车充电。"],
        called: 12.0,
        inspected: None,
        hours: 48,
        season: Season::Even,
        at_night: true,
        at_home: false,
    },
    Category {
        levels: ["市政公用", "道路", "道路破损"],
        order: "诉求",
        label: "",
        handler: "市政处",
        texts: ["{}门前道路坑洼，雨天积水。", "{}外人行道地砖破损，绊倒老人。"],
        called: 8.0,
        inspected: Some((20.0, "0301", "道路破损")),
        hours: 120,
        season: Season::Rain,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["市政公用", "井盖", "井盖损坏"],
        order: "求助",
        label: "",
        handler: "市政处",
        texts: ["{}门口井盖松动异响。", "{}内井盖缺失，非常危险。"],
        called: 4.0,
        inspected: Some((8.0, "0305", "井盖缺损")),
        hours: 24,
        season: Season::Rain,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["园林绿化", "绿化养护", "树木修剪"],
        order: "建议",
        label: "",
        handler: "园林绿化局",
        texts: ["{}树木遮挡阳光，希望修剪。", "{}杨柳絮严重，建议治理。"],
        called: 8.0,
        inspected: Some((15.0, "0106", "绿地养护")),
        hours: 168,
        season: Season::Spring,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["社会保障", "养老", "养老服务咨询"],
        order: "咨询",
        label: "七有五性",
        handler: "民政局",
        texts: ["咨询{}附近养老驿站的服务项目。", "咨询{}老年人助餐点在哪里。"],
        called: 10.0,
        inspected: None,
        hours: 48,
        season: Season::Even,
        at_night: false,
        at_home: true,
    },
    Category {
        levels: ["公共安全", "消防安全", "楼道冒烟"],
        order: "求助",
        label: "",
        handler: "消防支队",
        texts: ["{}楼道有烧焦味并冒烟。", "{}有住户窗口冒烟，担心着火。"],
        called: 3.0,
        inspected: None,
        hours: 24,
        season: Season::Even,
        at_night: false,
        at_home: false,
    },
    Category {
        levels: ["市政公用", "燃气", "燃气异味"],
        order: "求助",
        label: "",
        handler: "燃气集团",
        texts: ["{}楼道里有很重的燃气味。", "{}闻到煤气味，要求上门检测。"],
        called: 3.0,
        inspected: None,
        hours: 24,
        season: Season::Even,
        at_night: true,
        at_home: false,
    },
    Category {
        levels: ["市政公用", "排水", "道路积水"],
        order: "诉求",
        label: "",
        handler: "排水集团",
        texts: ["{}门口积水没过脚踝，行人绕行。", "{}雨后积水一直排不掉。"],
        called: 6.0,
        inspected: Some((6.0, "0302", "路面积水")),
        hours: 24,
        season: Season::Rain,
        at_night: false,
        at_home: false,
    },
];

/// A report of an incident.
#[derive(Debug, Clone)]
pub struct Report {
    /// Through which network.
    pub network: Network,
    /// When.
    pub at: NaiveDateTime,
    /// Who called: a resident's place in the neighbourhood.
    pub caller: Option<usize>,
}

/// Something that happened, once.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Number in the city.
    pub number: u64,
    /// Place in [`CATEGORIES`].
    pub category: usize,
    /// Where, as those who report it name it.
    pub place: Place,
    /// The building it happened in or beside, named or not.
    pub building: usize,
    /// The spot: within some tens of metres of that building.
    pub spot: Point,
    /// Its reports, first one first.
    pub reports: Vec<Report>,
}

impl Incident {
    /// The entity in the truth.
    pub fn entity(&self) -> String {
        entity(self.number)
    }
}

/// The entity of an incident's number in the truth.
pub fn entity(number: u64) -> String {
    format!("E{number:012}")
}

/// Incidents of a neighbourhood are numbered from its first number on.
pub const fn first_number(home: &Neighbourhood) -> u64 {
    home.number as u64 * 10_000_000
}

fn season(season: Season, day: NaiveDate) -> f64 {
    let yearly = |peak: f64| ((f64::from(day.ordinal()) - peak) / 365.25 * std::f64::consts::TAU).cos();
    match season {
        Season::Even => 1.0,
        Season::Heating => match (day.month(), day.day()) {
            // The first weeks of heating bring most complaints.
            (11, 10..=30) => 4.5,
            (12 | 1 | 2, _) | (11, _) => 2.2,
            (3, 1..=15) => 1.3,
            _ => 0.02,
        },
        Season::Summer => 1.0 + 0.55 * yearly(200.0),
        Season::Rain => (1.0 + 0.9 * yearly(205.0)).max(0.1),
        Season::Spring => (1.0 + 0.8 * yearly(125.0)).max(0.1),
    }
}

fn weekday(day: NaiveDate) -> f64 {
    match day.weekday() {
        Weekday::Mon => 1.18,
        Weekday::Sat => 0.82,
        Weekday::Sun => 0.74,
        _ => 1.05,
    }
}

/// Share of reports in each hour of the day.
const BY_DAY: [f64; 24] = [
    0.6, 0.4, 0.3, 0.2, 0.2, 0.4, 1.0, 2.5, 5.5, 8.5, 9.0, 8.0, 5.0, 5.0, 7.0, 7.5, 7.0, 6.5, 5.5, 5.5, 5.5, 4.0, 2.5,
    1.2,
];
const BY_NIGHT: [f64; 24] = [
    6.0, 4.5, 3.0, 1.5, 1.0, 1.0, 1.5, 2.0, 3.0, 3.5, 3.0, 2.5, 2.5, 2.5, 2.0, 2.0, 2.0, 3.0, 4.0, 6.0, 9.0, 12.0,
    13.0, 10.0,
];

/// The incidents of a neighbourhood, by day and category.
pub fn incidents(city: &City, home: &Neighbourhood) -> Vec<Incident> {
    let thousands = home.people.len() as f64 / 1000.0;
    let bursts = city
        .bursts
        .iter()
        .filter(|burst| burst.inhabited == home.number && burst.category < CATEGORIES.len())
        .collect::<Vec<_>>();
    let mut all = Vec::new();
    let mut serial = first_number(home);
    for offset in 0..=(city.until - city.from).num_days() {
        let day = city.from + Days::new(offset.unsigned_abs());
        let week = weekday(day);
        let mut draw = Draw::new(city.seed, "day", home.place as u64 * 4_096 + offset.unsigned_abs());
        for (number, category) in CATEGORIES.iter().enumerate() {
            let usual = thousands / 365.25 * season(category.season, day) * week;
            let mut called = category.called * usual;
            for burst in bursts.iter().filter(|burst| burst.category == number && burst.covers(day)) {
                called = called * burst.factor + burst.extra;
            }
            for _ in 0..draw.poisson(called) {
                all.push(incident(city, home, &mut serial, number, day, Network::Hotline));
            }
            if let Some((rate, ..)) = category.inspected {
                for _ in 0..draw.poisson(rate * usual) {
                    all.push(incident(city, home, &mut serial, number, day, Network::Inspection));
                }
            }
        }
    }
    all
}

fn incident(
    city: &City,
    home: &Neighbourhood,
    serial: &mut u64,
    category: usize,
    day: NaiveDate,
    network: Network,
) -> Incident {
    *serial += 1;
    let mut draw = Draw::new(city.seed, "incident", *serial);
    let kind = &CATEGORIES[category];
    let compound = draw.below(home.compounds.len() as u64) as usize;
    let buildings = home.compounds[compound].buildings.clone();
    let building = buildings.start + draw.below(buildings.len() as u64) as usize;
    let dwellings = home.buildings[building].dwellings.clone();
    let dwelling = dwellings.start + draw.below(dwellings.len() as u64) as usize;
    let at_home = kind.at_home && network == Network::Hotline;
    let place = Place {
        compound,
        building: (at_home || draw.chance(0.45)).then_some(building),
        unit: at_home.then(|| home.dwellings[dwelling].unit),
        dwelling: at_home.then_some(dwelling),
    };
    let first = moment(&mut draw, day, kind.at_night, network);
    let mut reports = vec![Report {
        network,
        at: first,
        caller: (network == Network::Hotline).then(|| caller(&mut draw, home, place)),
    }];
    if network == Network::Hotline && draw.chance(rates::INCIDENT_SHARED) {
        let mut at = first;
        for _ in 0..1 + draw.poisson(0.6) {
            at += TimeDelta::minutes(draw.between(20, 1_500));
            reports.push(Report { network, at, caller: Some(caller(&mut draw, home, place)) });
        }
    }
    if network == Network::Hotline && kind.inspected.is_some() && draw.chance(rates::INCIDENT_INSPECTED / 0.3) {
        let at = moment(&mut draw, day + Days::new(1), false, Network::Inspection);
        reports.push(Report { network: Network::Inspection, at, caller: None });
    }
    let end = city.until.and_hms_opt(23, 59, 59).unwrap_or(first);
    reports.retain(|report| report.at <= end);
    let (x, y) = home.buildings[building].point;
    let spot = (x + draw.real(-4e-4, 4e-4), y + draw.real(-3e-4, 3e-4));
    Incident { number: *serial, category, place, building, spot, reports }
}

/// Somebody grown up, from the building where it is known.
fn caller(draw: &mut Draw, home: &Neighbourhood, place: Place) -> usize {
    for _ in 0..12 {
        let person = draw.below(home.people.len() as u64) as usize;
        let near =
            place.building.is_none_or(|building| home.dwellings[home.people[person].dwelling].building == building);
        if near && home.people[person].phone.is_some() {
            return person;
        }
    }
    draw.below(home.people.len() as u64) as usize
}

fn moment(draw: &mut Draw, day: NaiveDate, at_night: bool, network: Network) -> NaiveDateTime {
    let hour = if network == Network::Inspection {
        draw.between(8, 17) as u32
    } else {
        let hours = if at_night { &BY_NIGHT } else { &BY_DAY };
        draw.weighted(hours.iter().copied()) as u32
    };
    let (minute, second) = (draw.below(60) as u32, draw.below(60) as u32);
    day.and_hms_opt(hour, minute, second).unwrap_or_default()
}
