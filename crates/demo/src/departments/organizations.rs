//! Market supervision: businesses; civil affairs: social organizations and committees, and elderly-care stations.

use std::path::{Path, PathBuf};

use chrono::Days;
use serde_json::json;

use super::{Department, file, parts};
use crate::city::{City, Neighbourhood, Organization, OrganizationKind};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{GeoJson, Layout, Value, Workbooks};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, date, spell};
use crate::truth::Truth;

const BUSINESSES: Layout = Layout {
    sheet: "市场主体",
    titles: &["市场主体登记信息（在册）"],
    header: &[
        "登记号",
        "统一社会信用代码",
        "名称",
        "类型",
        "法定代表人",
        "成立日期",
        "注册资本（万元）",
        "行业",
        "登记状态",
        "住所",
        "联系电话",
        "从业人数",
    ],
    merged: 0,
    footer: None,
};
const SOCIAL: Layout = Layout {
    sheet: "社会组织",
    titles: &["社会组织及基层自治组织名录", "（截至2026年6月30日）"],
    header: &["登记证号", "名称", "统一社会信用代码", "类型", "负责人", "成立日期", "住所", "联系电话"],
    merged: 0,
    footer: Some("合计"),
};
const STATIONS: &str = "data/civil_affairs/养老驿站.geojson";

/// Registers of organizations.
pub struct Organizations {
    dir: PathBuf,
    businesses: Workbooks,
    social: Workbooks,
    stations: GeoJson,
}

impl Organizations {
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            businesses: Workbooks::new(&dir.join("data/market_supervision/市场主体.xlsx"), &[BUSINESSES]),
            social: Workbooks::new(&dir.join("data/civil_affairs/社会组织名录.xlsx"), &[SOCIAL]),
            stations: GeoJson::create(&dir.join(STATIONS), "养老驿站")?,
        })
    }

    fn business(
        &mut self,
        city: &City,
        home: &Neighbourhood,
        organization: &Organization,
        copy: u64,
        truth: &mut Truth,
    ) -> Result<()> {
        let mut draw = Draw::new(city.seed, "business", organization.number * 2 + copy);
        let number = format!("DJ{:013}", organization.number * 10 + copy);
        // The older entry of two is from before the credit codes, or at the former seat.
        let code = match copy {
            1 if draw.chance(0.6) => String::new(),
            _ if draw.chance(rates::CREDIT_LEGACY) => format!("110105{:09}", organization.number % 1_000_000_000),
            _ => organization.code.clone(),
        };
        let place = if copy == 1 && !code.is_empty() {
            home.place_of_building(draw.below(home.buildings.len() as u64) as usize)
        } else {
            organization.place
        };
        let mut address = spell(home, place, Habit::Business, &mut draw);
        let door = match draw.below(3) {
            0 => Some(format!("底商{}号", organization.front)),
            1 => Some(format!("1层{}", 100 + organization.front)),
            _ => None,
        };
        address.push_str(door.as_deref().unwrap_or_default());
        let state = match (organization.active, copy) {
            (true, 0) => "开业",
            (true, _) => "存续",
            (false, _) => *draw.pick(&["注销", "吊销，未注销"]),
        };
        let name = if draw.chance(0.01) {
            organization.name.replace("有限公司", "有限责任公司")
        } else {
            organization.name.clone()
        };
        self.businesses.row(
            0,
            vec![
                number.as_str().into(),
                code.into(),
                name.into(),
                organization.kind.zh().into(),
                organization.legal_person.as_str().into(),
                date(organization.founded, DateStyle::Iso).into(),
                Value::Number(organization.capital),
                organization.industry.into(),
                state.into(),
                address.into(),
                organization.phone.as_str().into(),
                Value::Number(f64::from(organization.staff)),
            ],
        )?;
        truth.organization("businesses", "organizations", &number, &organization.entity())?;
        truth.door("businesses", "organizations", &number, home, place, door.as_deref())
    }

    fn social(
        &mut self,
        city: &City,
        home: &Neighbourhood,
        organization: &Organization,
        truth: &mut Truth,
    ) -> Result<()> {
        let mut draw = Draw::new(city.seed, "social", organization.number);
        let number = format!("SZ{:012}", organization.number);
        self.social.row(
            0,
            vec![
                number.as_str().into(),
                organization.name.as_str().into(),
                if draw.chance(0.05) { "无".into() } else { organization.code.as_str().into() },
                organization.kind.zh().into(),
                organization.legal_person.as_str().into(),
                date(organization.founded, DateStyle::Chinese).into(),
                spell(home, organization.place, Habit::Civil, &mut draw).into(),
                organization.phone.as_str().into(),
            ],
        )?;
        truth.organization("social_organizations", "organizations", &number, &organization.entity())?;
        truth.address("social_organizations", "organizations", &number, home, organization.place)
    }

    fn station(
        &mut self,
        city: &City,
        home: &Neighbourhood,
        organization: &Organization,
        truth: &mut Truth,
    ) -> Result<()> {
        let mut draw = Draw::new(city.seed, "station", organization.number);
        let number = format!("YZ{:09}", home.number + 1);
        let properties = json!({
            "station_no": number,
            "name": organization.name,
            "credit_code": organization.code,
            "level": draw.pick(&["A型", "B型", "C型"]),
            "beds": draw.between(0, 20),
            "manager": organization.legal_person,
            "phone": organization.phone,
            "address": spell(home, organization.place, Habit::Business, &mut draw),
            "opened": date(city.until - Days::new(draw.between(100, 3000).unsigned_abs()), DateStyle::Iso),
        });
        self.stations.point(&properties, organization.point)?;
        truth.organization("care_stations", "organizations", &number, &organization.entity())?;
        truth.address("care_stations", "organizations", &number, home, organization.place)
    }
}

impl Department for Organizations {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for organization in &home.organizations {
            match organization.kind {
                OrganizationKind::Company | OrganizationKind::Shop | OrganizationKind::Property => {
                    self.business(city, home, organization, 0, truth)?;
                    if Draw::new(city.seed, "business twice", organization.number).chance(rates::ORGANIZATION_TWICE) {
                        self.business(city, home, organization, 1, truth)?;
                    }
                }
                OrganizationKind::Social | OrganizationKind::Residents => {
                    self.social(city, home, organization, truth)?
                }
                OrganizationKind::Care => {
                    self.social(city, home, organization, truth)?;
                    self.station(city, home, organization, truth)?;
                }
                OrganizationKind::Owners => {}
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        let mut written = self.businesses.finish()?;
        written.extend(self.social.finish()?);
        let mut files = parts(&self.dir, written);
        files.push(file(STATIONS, self.stations.finish()?));
        Ok(files)
    }
}
