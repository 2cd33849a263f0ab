//! The three lists (三个清单) of party-building work: resources, demands and projects, sheets of one workbook.

use std::path::{Path, PathBuf};

use chrono::Days;

use super::{Department, parts};
use crate::city::{City, Neighbourhood, Place};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Layout, Value, Workbooks};
use crate::options::DemoFile;
use crate::spelling::{DateStyle, Habit, date, spell};
use crate::truth::Truth;

const RESOURCES: Layout = Layout {
    sheet: "资源清单",
    titles: &["社区资源清单"],
    header: &[
        "社区（村）",
        "资源编号",
        "资源名称",
        "资源类别",
        "提供单位",
        "地址",
        "容量（人）",
        "开放时间",
        "联系人",
        "联系电话",
    ],
    merged: 1,
    footer: None,
};
const DEMANDS: Layout = Layout {
    sheet: "需求清单",
    titles: &["群众需求清单"],
    header: &[
        "社区（村）",
        "需求编号",
        "需求内容",
        "需求类别",
        "提出方式",
        "提出日期",
        "涉及地点",
        "涉及人数",
        "办理状态",
        "办结日期",
    ],
    merged: 1,
    footer: None,
};
const PROJECTS: Layout = Layout {
    sheet: "项目清单",
    titles: &["服务项目清单"],
    header: &[
        "社区（村）",
        "项目编号",
        "项目名称",
        "对应需求编号",
        "承接单位",
        "资金（万元）",
        "开工日期",
        "完成日期",
        "项目状态",
        "居民评价",
    ],
    merged: 1,
    footer: Some("合计"),
};
const KINDS: &[(&str, &str)] = &[
    ("会议室", "场地"),
    ("老年餐桌", "养老"),
    ("图书室", "文化"),
    ("健身广场", "体育"),
    ("停车场错时共享", "停车"),
    ("亲子活动室", "托育"),
    ("卫生服务站", "医疗"),
    ("便民维修点", "便民"),
];
const WISHES: &[(&str, &str)] = &[
    ("加装电梯", "住房"),
    ("增设电动自行车充电桩", "安全"),
    ("增加停车位", "停车"),
    ("开设老年餐桌", "养老"),
    ("修缮健身器材", "体育"),
    ("增设托育点", "托育"),
    ("更换老旧管线", "住房"),
    ("楼道粉刷", "环境"),
];

/// The three lists.
pub struct Lists {
    dir: PathBuf,
    book: Workbooks,
}

impl Lists {
    pub fn create(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            book: Workbooks::new(&dir.join("data/party_building/三个清单.xlsx"), &[RESOURCES, DEMANDS, PROJECTS]),
        }
    }

    fn resource(&mut self, city: &City, home: &Neighbourhood, number: u64, truth: &mut Truth) -> Result<()> {
        let mut draw = Draw::new(city.seed, "resource", home.number as u64 * 100 + number);
        let code = format!("ZY{:06}{number:02}", home.number);
        let (name, kind) = draw.pick(KINDS);
        let organization = draw.pick(&home.organizations);
        let place = home.place_of_building(draw.below(home.buildings.len() as u64) as usize);
        self.book.row(
            0,
            vec![
                home.official_name.as_str().into(),
                code.as_str().into(),
                format!("{}{name}", home.name).into(),
                (*kind).into(),
                organization.name.as_str().into(),
                spell(home, place, Habit::Civil, &mut draw).into(),
                Value::Number(draw.between(8, 120) as f64),
                (*draw.pick(&["9:00-17:00", "全天", "8:30-20:00"])).into(),
                organization.legal_person.as_str().into(),
                organization.phone.as_str().into(),
            ],
        )?;
        truth.address("resources", "objects", &code, home, place)
    }

    fn demand(&mut self, city: &City, home: &Neighbourhood, number: u64, truth: &mut Truth) -> Result<()> {
        let mut draw = Draw::new(city.seed, "demand", home.number as u64 * 100 + number);
        let code = format!("XQ{:06}{number:02}", home.number);
        let (wish, kind) = draw.pick(WISHES);
        let place = Place {
            compound: draw.below(home.compounds.len() as u64) as usize,
            building: None,
            unit: None,
            dwelling: None,
        };
        let asked = city.until - Days::new(draw.between(5, 700).unsigned_abs());
        let done = Some(asked + Days::new(draw.between(10, 240).unsigned_abs()))
            .filter(|done| *done <= city.until && draw.chance(0.8));
        self.book.row(
            1,
            vec![
                home.official_name.as_str().into(),
                code.as_str().into(),
                (*wish).into(),
                (*kind).into(),
                (*draw.pick(&["居民议事会", "入户走访", "线上征集"])).into(),
                date(asked, DateStyle::Dots).into(),
                spell(home, place, Habit::Caller, &mut draw).into(),
                Value::Number(draw.between(3, 300) as f64),
                if done.is_some() { "已办结" } else { "办理中" }.into(),
                done.map(|done| date(done, DateStyle::Dots)).unwrap_or_default().into(),
            ],
        )?;
        truth.address("demands", "events", &code, home, place)?;
        if number.is_multiple_of(3) {
            self.project(city, home, number, &code, wish)?;
        }
        Ok(())
    }

    fn project(&mut self, city: &City, home: &Neighbourhood, number: u64, demand: &str, wish: &str) -> Result<()> {
        let mut draw = Draw::new(city.seed, "project", home.number as u64 * 100 + number);
        let started = city.until - Days::new(draw.between(5, 500).unsigned_abs());
        let done = Some(started + Days::new(draw.between(20, 300).unsigned_abs())).filter(|done| *done <= city.until);
        self.book.row(
            2,
            vec![
                home.official_name.as_str().into(),
                format!("XM{:06}{number:02}", home.number).into(),
                format!("{}{wish}项目", home.name).into(),
                demand.into(),
                draw.pick(&home.organizations).name.as_str().into(),
                Value::Number((draw.real(0.5, 80.0) * 10.0).round() / 10.0),
                date(started, DateStyle::Dots).into(),
                done.map(|done| date(done, DateStyle::Dots)).unwrap_or_default().into(),
                if done.is_some() { "已完工" } else { "实施中" }.into(),
                if done.is_some() { *draw.pick(&["满意", "满意", "基本满意", "不满意"]) } else { "" }.into(),
            ],
        )
    }
}

impl Department for Lists {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for number in 0..5 {
            self.resource(city, home, number, truth)?;
        }
        for number in 0..9 {
            self.demand(city, home, number, truth)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(parts(&self.dir, self.book.finish()?))
    }
}
