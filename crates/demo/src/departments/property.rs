//! Housing administration: property management of compounds, and owners' committees.

use std::path::{Path, PathBuf};

use chrono::Days;

use super::{Department, parts};
use crate::city::{City, Neighbourhood, OrganizationKind, Place, property_company};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Layout, Value, Workbooks};
use crate::options::DemoFile;
use crate::spelling::{DateStyle, Habit, date, spell};
use crate::truth::Truth;

const SERVICES: Layout = Layout {
    sheet: "物业服务项目",
    titles: &["住宅小区物业服务项目台账", "单位：平方米、个、元/平方米·月"],
    header: &[
        "街道（乡镇）",
        "项目编号",
        "小区名称",
        "小区地址",
        "物业企业_名称",
        "物业企业_统一社会信用代码",
        "物业企业_电话",
        "规模_户数",
        "规模_楼栋数",
        "规模_停车位",
        "收费标准",
        "合同起始",
        "合同终止",
        "履约评价得分",
    ],
    merged: 1,
    footer: Some("合计"),
};
const COMMITTEES: Layout = Layout {
    sheet: "业委会",
    titles: &["业主委员会（物业管理委员会）备案表"],
    header: &[
        "备案号",
        "小区名称",
        "组织名称",
        "类型",
        "主任",
        "联系电话",
        "成立日期",
        "任期届满",
        "党组织覆盖",
        "小区地址",
    ],
    merged: 0,
    footer: None,
};

/// Registers of property management.
pub struct Property {
    dir: PathBuf,
    services: Workbooks,
    committees: Workbooks,
}

impl Property {
    pub fn create(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            services: Workbooks::new(&dir.join("data/housing/物业服务台账.xlsx"), &[SERVICES]),
            committees: Workbooks::new(&dir.join("data/housing/业委会备案.xlsx"), &[COMMITTEES]),
        }
    }
}

impl Department for Property {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        let (number, company, code) = property_company(city, home.number);
        for (place, compound) in home.compounds.iter().enumerate() {
            let mut draw = Draw::new(city.seed, "property", compound.number);
            // Compounds that no company looks after are what the rate of coverage is about.
            let served = draw.chance(0.92);
            let project = format!("WY{:08}", compound.number + 1);
            let at = Place { compound: place, building: None, unit: None, dwelling: None };
            let dwellings =
                compound.buildings.clone().map(|building| home.buildings[building].dwellings.len()).sum::<usize>();
            let started = city.until - Days::new(draw.between(60, 900).unsigned_abs());
            let short = company.replace("管理有限公司", "");
            let name = if draw.chance(0.12) { short } else { company.clone() };
            let with_code = draw.chance(0.85);
            let served_text = |text: String| Value::from(if served { text } else { "无".to_owned() });
            self.services.row(
                0,
                vec![
                    home.town.as_str().into(),
                    project.as_str().into(),
                    format!("{}{}", compound.name, compound.part).into(),
                    spell(home, at, Habit::Business, &mut draw).into(),
                    served_text(name),
                    if with_code { served_text(code.clone()) } else { "".into() },
                    served_text(format!("010-6{:07}", 1_000_000 + compound.number % 8_000_000)),
                    Value::Number(dwellings as f64),
                    Value::Number(compound.buildings.len() as f64),
                    Value::Number(f64::from(compound.parking)),
                    if served { Value::Number((draw.real(0.6, 4.8) * 100.0).round() / 100.0) } else { "".into() },
                    served_text(date(started, DateStyle::Dots)),
                    served_text(date(started + Days::new(1_095), DateStyle::Dots)),
                    if served { Value::Number((draw.real(62.0, 98.0) * 10.0).round() / 10.0) } else { "".into() },
                ],
            )?;
            truth.housing("property_services", "compound", &project, &compound.parcel)?;
            if served {
                truth.organization("property_services", "company", &project, &format!("G{number:09}"))?;
            }
        }
        for organization in
            home.organizations.iter().filter(|organization| organization.kind == OrganizationKind::Owners)
        {
            let mut draw = Draw::new(city.seed, "committee", organization.number);
            let compound = &home.compounds[organization.place.compound];
            let filing = format!("YWH{:011}", organization.number);
            let kind = if organization.name.ends_with("业主委员会") {
                "业主委员会"
            } else {
                "物业管理委员会"
            };
            let founded = city.until - Days::new(draw.between(30, 1_900).unsigned_abs());
            self.committees.row(
                0,
                vec![
                    filing.as_str().into(),
                    format!("{}{}", compound.name, compound.part).into(),
                    organization.name.as_str().into(),
                    kind.into(),
                    organization.legal_person.as_str().into(),
                    organization.phone.as_str().into(),
                    date(founded, DateStyle::Dots).into(),
                    date(founded + Days::new(1_826), DateStyle::Dots).into(),
                    (*draw.pick(&["是", "是", "否"])).into(),
                    spell(home, organization.place, Habit::Business, &mut draw).into(),
                ],
            )?;
            truth.organization("owners_committees", "organizations", &filing, &organization.entity())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        let mut written = self.services.finish()?;
        written.extend(self.committees.finish()?);
        Ok(parts(&self.dir, written))
    }
}
