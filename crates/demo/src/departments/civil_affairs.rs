//! Civil affairs: old people living alone, and households on low income. Workbooks with merged titles, a header
//! of two rows, merged groups, a footer, and identity numbers that a spreadsheet has rounded.

use std::path::{Path, PathBuf};

use chrono::Days;

use super::{Department, parts};
use crate::city::{City, Neighbourhood, Person, Role};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Layout, Value, Workbooks};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, Shown, damaged_by_excel, date, identity, name, phone, spell};
use crate::truth::Truth;

const ALONE: Layout = Layout {
    sheet: "独居老人",
    titles: &["独居老年人探访关爱台账", "填报单位：区民政局　　填报日期：2026年6月30日"],
    header: &[
        "街道（乡镇）",
        "社区（村）",
        "台账编号",
        "老人信息_姓名",
        "老人信息_性别",
        "老人信息_出生日期",
        "老人信息_身份证号",
        "联系方式_本人电话",
        "联系方式_紧急联系人",
        "联系方式_紧急联系电话",
        "居住地址",
        "探访频次",
        "登记日期",
    ],
    merged: 2,
    footer: Some("合计"),
};

const LOW_INCOME: Layout = Layout {
    sheet: "在册",
    titles: &["社会救助在册家庭花名册"],
    header: &[
        "社区（村）",
        "证号",
        "户主姓名",
        "身份证号",
        "家庭人口",
        "救助类别",
        "月救助金额（元）",
        "家庭住址",
        "联系电话",
        "起始日期",
    ],
    merged: 1,
    footer: Some("合计"),
};

/// Both registers.
pub struct CivilAffairs {
    dir: PathBuf,
    alone: Workbooks,
    low_income: Workbooks,
}

impl CivilAffairs {
    pub fn create(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            alone: Workbooks::new(&dir.join("data/civil_affairs/独居老人台账.xlsx"), &[ALONE]),
            low_income: Workbooks::new(&dir.join("data/civil_affairs/社会救助花名册.xlsx"), &[LOW_INCOME]),
        }
    }

    fn alone(&mut self, city: &City, home: &Neighbourhood, person: &Person, truth: &mut Truth) -> Result<()> {
        let mut draw = Draw::new(city.seed, "alone", person.number);
        if !draw.chance(rates::ALONE_COVERAGE) {
            return Ok(());
        }
        let number = format!("DJ{:011}", person.number);
        let written = name(&person.name, &mut draw);
        let place = home.place_of(person.dwelling);
        let relative = draw.pick(&home.people);
        let style = *draw.pick(&[DateStyle::Dots, DateStyle::Dots, DateStyle::Chinese, DateStyle::Iso]);
        self.alone.row(
            0,
            vec![
                home.town.as_str().into(),
                home.official_name.as_str().into(),
                number.as_str().into(),
                written.clone().unwrap_or_default().into(),
                person.sex.zh().into(),
                date(person.birth, style).into(),
                identity_cell(person, &mut draw),
                phone(person, home, &mut draw).into(),
                relative.name.as_str().into(),
                relative.phone.clone().unwrap_or_else(|| "无".to_owned()).into(),
                spell(home, place, Habit::Civil, &mut draw).into(),
                (*draw.pick(&["每日", "每周", "每周两次", "每月"])).into(),
                date(city.until - Days::new(draw.between(1, 900).unsigned_abs()), DateStyle::Slashes).into(),
            ],
        )?;
        if written.is_some() {
            truth.person("elderly_alone", "people", &number, &person.entity())?;
            truth.address("elderly_alone", "people", &number, home, place)?;
        }
        Ok(())
    }

    fn low_income(&mut self, city: &City, home: &Neighbourhood, person: &Person, truth: &mut Truth) -> Result<()> {
        let mut draw = Draw::new(city.seed, "low income", person.number);
        let number = format!("JZ{:011}", person.number);
        let written = name(&person.name, &mut draw);
        let place = home.place_of(person.dwelling);
        let members = home.people.iter().filter(|other| other.household == person.household).count();
        let minimum = draw.chance(0.6);
        self.low_income.row(
            0,
            vec![
                home.official_name.as_str().into(),
                number.as_str().into(),
                written.clone().unwrap_or_default().into(),
                identity_cell(person, &mut draw),
                Value::Number(members as f64),
                if minimum { "低保" } else { "低收入" }.into(),
                Value::Number(if minimum { 1395.0 * members as f64 } else { 0.0 }),
                spell(home, place, Habit::Civil, &mut draw).into(),
                phone(person, home, &mut draw).into(),
                date(city.until - Days::new(draw.between(30, 2_500).unsigned_abs()), DateStyle::Dots).into(),
            ],
        )?;
        if written.is_some() {
            truth.person("low_income", "people", &number, &person.entity())?;
            truth.address("low_income", "people", &number, home, place)?;
        }
        Ok(())
    }
}

/// Most cells hold the number as text; some were numbers once, and lost three digits.
fn identity_cell(person: &Person, draw: &mut Draw) -> Value {
    if draw.chance(rates::ID_EXCEL)
        && let Some(number) = damaged_by_excel(&person.id)
    {
        return Value::Code(number);
    }
    identity(person, Shown::Typed, draw).into()
}

impl Department for CivilAffairs {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for person in &home.people {
            if person.alone {
                self.alone(city, home, person, truth)?;
            }
            if person.low_income && person.role == Role::Head {
                self.low_income(city, home, person, truth)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        let mut written = self.alone.finish()?;
        written.extend(self.low_income.finish()?);
        Ok(parts(&self.dir, written))
    }
}
