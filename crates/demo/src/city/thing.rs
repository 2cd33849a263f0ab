//! Devices of operators and components of city management.

use chrono::{Days, NaiveDate};

use super::neighbourhood::{Neighbourhood, Place};
use super::plan::City;
use crate::draw::Draw;
use crate::geography::{Point, rounded};
use crate::rates;

/// A networked device.
#[derive(Debug, Clone)]
pub struct Device {
    /// Number in the operators' platform, `DEV` and ten digits.
    pub code: String,
    /// Place in [`DEVICES`].
    pub kind: usize,
    /// Where it hangs, as its ledger has it.
    pub place: Place,
    /// The building it hangs in, if it hangs in one.
    pub building: Option<usize>,
    /// Its point, as its ledger has it.
    pub point: Point,
    /// Installed.
    pub installed: NaiveDate,
    /// How much more often than usual it gives alarms nobody else confirms.
    pub factor: f64,
    /// Whether it is online.
    pub online: bool,
}

impl Device {
    /// Its kind.
    pub fn kind(&self) -> &'static DeviceKind {
        &DEVICES[self.kind]
    }
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

/// A kind of device.
#[derive(Debug)]
pub struct DeviceKind {
    /// What its operator calls it.
    pub name: &'static str,
    /// What others call it.
    pub short: &'static str,
    /// Operator.
    pub operator: &'static str,
    /// Whether it hangs in a building; otherwise it watches the ground of a compound.
    pub indoors: bool,
    /// Share of buildings or compounds that have one.
    share: f64,
    /// What its alarms are called, in the operator's words.
    pub alarms: [&'static str; 2],
    /// Last level of the hotline's category of what it notices; none where nobody calls about that.
    pub notices: Option<&'static str>,
    /// Of the incidents that people report as well, the share it notices.
    pub caught: f64,
    /// Hours, on average, from its first alarm to the first report.
    pub lead: f64,
    /// Incidents a year that it alone notices.
    pub alone: f64,
    /// False alarms a year.
    pub mistaken: f64,
}

const fn device(
    name: &'static str,
    short: &'static str,
    operator: &'static str,
    indoors: bool,
    share: f64,
) -> DeviceKind {
    let (alone, mistaken) = (0.5, 0.4);
    DeviceKind {
        name,
        short,
        operator,
        indoors,
        share,
        alarms: ["", ""],
        notices: None,
        caught: 0.0,
        lead: 0.0,
        alone,
        mistaken,
    }
}

/// The kinds of device.
pub const DEVICES: &[DeviceKind] = &[
    DeviceKind {
        alarms: ["烟雾浓度超限", "烟感报警"],
        notices: Some("楼道冒烟"),
        caught: 0.8,
        lead: 0.4,
        alone: 0.2,
        mistaken: 0.5,
        ..device("烟感探测器", "烟感", "京安物联", true, 0.9)
    },
    DeviceKind {
        alarms: ["电梯停梯", "电梯困人"],
        notices: Some("电梯故障"),
        caught: 0.75,
        lead: 3.0,
        alone: 1.0,
        mistaken: 0.6,
        ..device("电梯监测终端", "电梯物联终端", "速升科技", true, 0.5)
    },
    DeviceKind {
        alarms: ["电动车入梯", "充电回路过热"],
        notices: Some("电动自行车进楼充电"),
        caught: 0.6,
        lead: 2.0,
        alone: 0.9,
        mistaken: 0.5,
        ..device("电动自行车充电监测", "电动车充电监测", "绿行能源", true, 0.35)
    },
    DeviceKind {
        alarms: ["水压过低", "水压监测离线"],
        ..device("消防水压监测", "消防水压传感器", "京安物联", true, 0.4)
    },
    DeviceKind {
        alarms: ["疑似高空抛物", "抛物轨迹告警"],
        ..device("高空抛物摄像头", "高空抛物探头", "瞭望视讯", true, 0.25)
    },
    DeviceKind {
        alarms: ["燃气浓度超限", "可燃气体报警"],
        notices: Some("燃气异味"),
        caught: 0.7,
        lead: 0.5,
        alone: 0.15,
        mistaken: 0.35,
        ..device("燃气泄漏报警器", "燃气报警器", "华燃智能", true, 0.6)
    },
    DeviceKind {
        alarms: ["井盖倾斜", "井盖位移"],
        notices: Some("井盖损坏"),
        caught: 0.8,
        lead: 8.0,
        alone: 0.3,
        mistaken: 0.4,
        ..device("智能井盖监测", "智能井盖", "京安物联", false, 0.5)
    },
    DeviceKind {
        alarms: ["积水超警戒", "水位上涨"],
        notices: Some("道路积水"),
        caught: 0.85,
        lead: 1.5,
        alone: 0.8,
        mistaken: 0.3,
        ..device("积水监测", "积水监测仪", "京安物联", false, 0.35)
    },
    DeviceKind {
        alarms: ["消防通道占用", "机动车违停"],
        notices: Some("违规停车"),
        caught: 0.6,
        lead: 4.0,
        alone: 6.0,
        mistaken: 2.0,
        ..device("违停监测摄像头", "违停抓拍", "瞭望视讯", false, 0.4)
    },
    DeviceKind {
        alarms: ["垃圾满溢", "桶满告警"],
        notices: Some("垃圾清运不及时"),
        caught: 0.65,
        lead: 10.0,
        alone: 5.0,
        mistaken: 1.5,
        ..device("垃圾桶满溢监测", "满溢监测仪", "绿行能源", false, 0.45)
    },
];

/// The devices of a neighbourhood.
pub fn devices(city: &City, home: &Neighbourhood) -> Vec<Device> {
    let mut all = Vec::new();
    for (place, building) in home.buildings.iter().enumerate() {
        let compound = &home.compounds[building.compound];
        for (number, kind) in DEVICES.iter().enumerate().filter(|(_, kind)| kind.indoors) {
            let serial = (compound.number * 100 + u64::from(building.number)) * 10 + number as u64;
            let mut draw = Draw::new(city.seed, "device", serial);
            if !draw.chance(kind.share) || (kind.notices == Some("电梯故障") && building.floors < 7) {
                continue;
            }
            let factor = draw.real(0.4, 1.8);
            let near = (draw.real(-8e-5, 8e-5), draw.real(-4e-5, 4e-5));
            // The ledger says where it was to be hung; now and then it hangs in the building beside.
            let beside = compound.buildings.clone().find(|other| *other != place);
            let said = beside.filter(|_| draw.chance(rates::DEVICE_ELSEWHERE)).unwrap_or(place);
            let point = home.buildings[said].point;
            all.push(Device {
                code: format!("DEV{serial:010}"),
                kind: number,
                place: home.place_of_building(said),
                building: Some(place),
                point: (rounded(point.0 + near.0), rounded(point.1 + near.1)),
                installed: city.until - Days::new(draw.between(60, 2_500).unsigned_abs()),
                factor,
                online: draw.chance(0.94),
            });
        }
    }
    for (place, compound) in home.compounds.iter().enumerate() {
        for (number, kind) in DEVICES.iter().enumerate().filter(|(_, kind)| !kind.indoors) {
            // No building has the number zero.
            let serial = compound.number * 1_000 + number as u64;
            let mut draw = Draw::new(city.seed, "device", serial);
            if !draw.chance(kind.share) {
                continue;
            }
            let (x, y) = compound.gate;
            all.push(Device {
                code: format!("DEV{serial:010}"),
                kind: number,
                place: Place { compound: place, building: None, unit: None, dwelling: None },
                building: None,
                point: (rounded(x + draw.real(-5e-4, 5e-4)), rounded(y + draw.real(0.0, 6e-4))),
                installed: city.until - Days::new(draw.between(60, 2_500).unsigned_abs()),
                factor: draw.real(0.4, 1.8),
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
