//! Devices of operators and components of city management.

use chrono::{Days, NaiveDate};

use super::neighbourhood::{Neighbourhood, Place};
use super::plan::City;
use crate::draw::Draw;
use crate::geography::{Point, rounded};

/// A networked device.
#[derive(Debug, Clone)]
pub struct Device {
    /// Number in the operators' platform, `DEV` and ten digits.
    pub code: String,
    /// Kind.
    pub kind: &'static str,
    /// Where it hangs.
    pub place: Place,
    /// Its point.
    pub point: Point,
    /// Installed.
    pub installed: NaiveDate,
    /// Operator.
    pub operator: &'static str,
    /// Alarms a year.
    pub alarms_a_year: f64,
    /// Whether it is online.
    pub online: bool,
}

/// A component (部件) of city management.
#[derive(Debug, Clone)]
pub struct Component {
    /// 16 digits: district, class, subclass and serial.
    pub code: String,
    /// Name of the subclass.
    pub kind: &'static str,
    /// Class.
    pub class: &'static str,
    /// Its point.
    pub point: Point,
    /// Unit grid.
    pub grid: String,
    /// State: 完好, 破损, 丢失.
    pub state: &'static str,
    /// First surveyed.
    pub surveyed: NaiveDate,
}

const DEVICES: &[(&str, &str, f64, f64)] = &[
    // Kind, operator, share of buildings that have one, alarms a year.
    ("烟感探测器", "京安物联", 0.9, 0.9),
    ("电梯监测终端", "速升科技", 0.5, 2.2),
    ("电动自行车充电监测", "绿行能源", 0.35, 1.6),
    ("消防水压监测", "京安物联", 0.4, 0.8),
    ("高空抛物摄像头", "瞭望视讯", 0.25, 1.2),
    ("燃气泄漏报警器", "华燃智能", 0.6, 0.5),
];

/// The devices of a neighbourhood.
pub fn devices(city: &City, home: &Neighbourhood) -> Vec<Device> {
    let mut all = Vec::new();
    for (place, building) in home.buildings.iter().enumerate() {
        let compound = &home.compounds[building.compound];
        for (number, (kind, operator, share, alarms)) in DEVICES.iter().enumerate() {
            let serial = (compound.number * 100 + u64::from(building.number)) * 10 + number as u64;
            let mut draw = Draw::new(city.seed, "device", serial);
            if !draw.chance(*share) || (*kind == "电梯监测终端" && building.floors < 7) {
                continue;
            }
            all.push(Device {
                code: format!("DEV{serial:010}"),
                kind,
                place: home.place_of_building(place),
                point: (
                    rounded(building.point.0 + draw.real(-8e-5, 8e-5)),
                    rounded(building.point.1 + draw.real(-4e-5, 4e-5)),
                ),
                installed: city.until - Days::new(draw.between(60, 2_500).unsigned_abs()),
                operator,
                alarms_a_year: alarms * draw.real(0.4, 1.8),
                online: draw.chance(0.94),
            });
        }
    }
    all
}

const COMPONENTS: &[(&str, &str, &str, &str, u32)] = &[
    // Class code, subclass code, class, subclass, how many in an ordinary community.
    ("01", "01", "公用设施", "上水井盖", 5),
    ("01", "02", "公用设施", "污水井盖", 5),
    ("01", "03", "公用设施", "雨水井盖", 4),
    ("01", "20", "公用设施", "路灯", 8),
    ("01", "28", "公用设施", "消火栓", 2),
    ("02", "01", "道路交通", "停车场", 1),
    ("02", "11", "道路交通", "交通信号灯", 2),
    ("03", "02", "市容环境", "公共厕所", 1),
    ("03", "05", "市容环境", "垃圾箱", 5),
    ("04", "01", "园林绿化", "古树名木", 1),
    ("04", "06", "园林绿化", "行道树", 6),
    ("05", "02", "其他", "宣传栏", 2),
];

/// The components of a neighbourhood, along its roads and in its compounds.
pub fn components(city: &City, home: &Neighbourhood) -> Vec<Component> {
    let mut all = Vec::new();
    for (number, (class_code, kind_code, class, kind, count)) in COMPONENTS.iter().enumerate() {
        for serial in 0..*count {
            // Serial numbers run through a district: by community, so that none is given out twice.
            let serial_in_district = (home.place as u32 * 8 + serial) % 1_000_000;
            let mut draw =
                Draw::new(city.seed, "component", (home.place as u64 * 100 + number as u64) * 100 + u64::from(serial));
            let compound = draw.pick(&home.compounds);
            let corner = draw.pick(&compound.parcel_ring);
            let next = draw.pick(&compound.parcel_ring);
            let share = draw.unit();
            let point =
                (rounded(corner.0 + (next.0 - corner.0) * share), rounded(corner.1 + (next.1 - corner.1) * share));
            all.push(Component {
                code: format!("{}{class_code}{kind_code}{serial_in_district:06}", home.district_code()),
                kind,
                class,
                point,
                grid: city.geography.grid_of(home.place, point).to_owned(),
                state: match draw.below(40) {
                    0 => "丢失",
                    1..=2 => "破损",
                    _ => "完好",
                },
                surveyed: city.until - Days::new(draw.between(200, 4_000).unsigned_abs()),
            });
        }
    }
    all
}
