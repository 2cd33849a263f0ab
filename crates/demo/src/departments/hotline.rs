//! The 12345 hotline: work orders, CSV in UTF-8 with a byte-order mark.

use std::path::Path;

use chrono::{Datelike, NaiveDateTime, TimeDelta};
use jingwei_geo::{Crs, Transformer};

use super::{Department, file};
use crate::city::{CATEGORIES, City, Incident, Neighbourhood, Network, Report, property_company};
use crate::draw::Draw;
use crate::error::{DemoError, Result};
use crate::format::{Csv, Encoding};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{Habit, masked_phone, phone, spell};
use crate::truth::Truth;

const PATH: &str = "data/hotline/12345工单.csv";
const SOURCE: &str = "work_orders";
const HEADER: [&str; 32] = [
    "工单编号",
    "工单类型",
    "问题分类",
    "标签",
    "标题",
    "主要内容",
    "工单状态",
    "来电人",
    "来电人电话",
    "被反映区",
    "被反映街乡镇",
    "村/社区",
    "小区点位",
    "经度",
    "纬度",
    "承办单位",
    "创建时间",
    "派单时间",
    "处理时限",
    "办结时间",
    "是否有效回访",
    "是否联系",
    "是否解决",
    "是否满意",
    "工单性质",
    "企业名称",
    "紧急程度",
    "数据来源",
    "月次",
    "年次",
    "驳回原因",
    "小区名称",
];

/// The hotline.
pub struct Hotline {
    csv: Csv,
    to_gcj02: Transformer,
    orders: u64,
}

impl Hotline {
    pub fn create(dir: &Path) -> Result<Self> {
        let gcj02 = Crs::parse("GCJ-02").and_then(|crs| Transformer::new(&Crs::wgs84(), &crs));
        Ok(Self {
            csv: Csv::create(&dir.join(PATH), Encoding::Utf8Bom, &HEADER)?,
            to_gcj02: gcj02.map_err(|error| DemoError::Internal(error.to_string()))?,
            orders: 0,
        })
    }

    fn order(
        &mut self,
        city: &City,
        home: &Neighbourhood,
        incident: &Incident,
        report: &Report,
        times: (u32, u32),
        truth: &mut Truth,
    ) -> Result<()> {
        self.orders += 1;
        let mut draw = Draw::new(city.seed, "order", self.orders);
        let category = &CATEGORIES[incident.category];
        let number = format!("{}{:08}", report.at.format("%Y%m%d"), self.orders);
        let place = incident.place;
        let address = spell(home, place, Habit::Caller, &mut draw);
        let compound = &home.compounds[place.compound];
        let point = if draw.chance(rates::ORDER_WITH_POINT) {
            let (x, y) = incident.spot;
            let near = (x + draw.real(-2.5e-4, 2.5e-4), y + draw.real(-2e-4, 2e-4));
            let (x, y) =
                self.to_gcj02.transform(near.0, near.1).map_err(|error| DemoError::Internal(error.to_string()))?;
            (format!("{x:.6}"), format!("{y:.6}"))
        } else {
            (String::new(), String::new())
        };
        let caller = &home.people[report.caller.unwrap_or(0)];
        let title = match caller.sex.zh() {
            "男" => "先生",
            _ => "女士",
        };
        let nameless = draw.chance(rates::ORDER_NAMELESS);
        let name = if nameless {
            format!("{}{title}", caller.name.chars().next().unwrap_or('王'))
        } else {
            caller.name.clone()
        };
        let called_from = phone(caller, home, &mut draw);
        let called_from = if draw.chance(0.1) { masked_phone(&called_from) } else { called_from };
        let dispatched = report.at + TimeDelta::minutes(draw.between(5, 150));
        let due = dispatched + TimeDelta::hours(category.hours);
        let taken = (category.hours as f64 * 60.0 * draw.real(0.1, 1.25)) as i64;
        let end = city.until.and_hms_opt(23, 59, 59).unwrap_or(report.at);
        let closed = Some(dispatched + TimeDelta::minutes(taken)).filter(|closed| *closed <= end);
        let after = closed.map(|_| follow_up(&mut draw));
        let company = property_company(city, home.number).1;
        let text = draw.pick(&category.texts).replace("{}", &address);
        let yes_no = |yes: Option<bool>| yes.map_or("", |yes| if yes { "是" } else { "否" });
        let (month, year) = times;
        let fields = [
            number.as_str(),
            category.order,
            &category.levels.join("->"),
            category.label,
            &format!("{}{}问题", compound.name, category.levels[2]),
            &text,
            if closed.is_some() { "已办结" } else { "办理中" },
            &name,
            &called_from,
            &home.district,
            &home.town,
            &home.official_name,
            &address,
            &point.0,
            &point.1,
            category.handler,
            &moment(report.at),
            &moment(dispatched),
            &moment(due),
            &closed.map(moment).unwrap_or_default(),
            yes_no(after.as_ref().map(|after| after.valid)),
            yes_no(after.as_ref().map(|after| after.contacted)),
            yes_no(after.as_ref().map(|after| after.resolved)),
            after.as_ref().map_or("", |after| after.satisfied),
            if draw.chance(0.85) { "主办" } else { "协办" },
            if category.levels[1] == "物业管理" { &company } else { "" },
            if category.hours <= 24 { "紧急" } else { "一般" },
            if draw.chance(0.7) { "直派" } else { "区分转" },
            &month.to_string(),
            &year.to_string(),
            if draw.chance(0.02) { "不属于本辖区" } else { "" },
            &format!("{}{}", compound.name, compound.part),
        ];
        if draw.chance(rates::ROW_RAGGED) {
            return self.csv.literal(&format!("{},备注", fields.join(",").replace('"', "")), true);
        }
        self.csv.row(fields)?;
        truth.incident(SOURCE, "events", &number, &incident.entity())?;
        if !nameless && !called_from.is_empty() && !called_from.contains('*') {
            truth.person(SOURCE, "caller", &number, &caller.entity())?;
        }
        truth.address(SOURCE, "events", &number, home, place)
    }
}

/// What the caller says when called back.
struct FollowUp {
    valid: bool,
    contacted: bool,
    resolved: bool,
    satisfied: &'static str,
}

fn follow_up(draw: &mut Draw) -> FollowUp {
    let valid = draw.chance(0.92);
    let contacted = draw.chance(0.985);
    let resolved = contacted && draw.chance(0.88);
    let satisfied = match draw.below(100) {
        _ if !valid => "未评价",
        0..=83 if resolved => "满意",
        84..=93 if resolved => "基本满意",
        0..=20 => "基本满意",
        _ => "不满意",
    };
    FollowUp { valid, contacted, resolved, satisfied }
}

fn moment(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

impl Department for Hotline {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        // How often somebody has called about the same thing in a month and a year.
        let mut calls: hashbrown::HashMap<(usize, usize, i32), Vec<u32>> = hashbrown::HashMap::new();
        for incident in &home.incidents {
            for report in incident.reports.iter().filter(|report| report.network == Network::Hotline) {
                let key = (report.caller.unwrap_or(0), incident.category, report.at.year());
                let months = calls.entry(key).or_default();
                months.push(report.at.month());
                let month = months.iter().filter(|month| **month == report.at.month()).count() as u32;
                let times = (month, months.len() as u32);
                self.order(city, home, incident, report, times, truth)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(PATH, self.csv.finish()?)])
    }
}
