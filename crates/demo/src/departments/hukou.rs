//! Public security: the household register, CSV in GB 18030.

use std::path::Path;

use chrono::{Days, NaiveDate};

use super::{Department, file};
use crate::city::{City, Neighbourhood, Person, Role, Sex};
use crate::draw::Draw;
use crate::error::Result;
use crate::format::{Csv, Encoding};
use crate::options::DemoFile;
use crate::rates;
use crate::spelling::{DateStyle, Habit, Shown, date, identity, name, phone, spell};
use crate::truth::Truth;

const PATH: &str = "data/public_security/户籍人口登记.csv";
const SOURCE: &str = "hukou";
const HEADER: [&str; 14] = [
    "人员编号",
    "户号",
    "姓名",
    "曾用名",
    "性别",
    "民族",
    "出生日期",
    "公民身份号码",
    "与户主关系",
    "户籍地址",
    "派出所",
    "社区代码",
    "联系电话",
    "登记日期",
];

/// The household register.
pub struct Hukou {
    csv: Csv,
}

impl Hukou {
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self { csv: Csv::create(&dir.join(PATH), Encoding::Gb18030, &HEADER)? })
    }

    fn row(&mut self, city: &City, home: &Neighbourhood, person: &Person, copy: u64, truth: &mut Truth) -> Result<()> {
        let mut draw = Draw::new(city.seed, "hukou", person.number * 2 + copy);
        let number = format!("RK{:012}", person.number * 10 + copy);
        let written = name(&person.name, &mut draw);
        // The older of two entries is the one at the former address.
        let dwelling = if copy == 1 {
            draw.below(home.dwellings.len() as u64) as usize
        } else {
            person.registered_at.unwrap_or(person.dwelling)
        };
        let place = home.place_of(dwelling);
        let address = spell(home, place, Habit::Police, &mut draw);
        let registered = registered_on(city, person, copy, &mut draw);
        let id = identity(person, Shown::Official, &mut draw);
        let birth = birth(person.birth, &mut draw);
        let station = format!("{}派出所", home.town.trim_end_matches("街道").trim_end_matches("地区"));
        let household = format!("{}{:06}", home.code, person.household % 1_000_000);
        let fields = [
            number.as_str(),
            &household,
            written.as_deref().unwrap_or(""),
            "",
            person.sex.zh(),
            person.ethnicity,
            &date(birth, DateStyle::Compact),
            &id,
            relation(person),
            &address,
            &station,
            &home.code,
            &phone(person, home, &mut draw),
            &date(registered, DateStyle::Iso),
        ];
        if draw.chance(rates::ROW_RAGGED) {
            return self.csv.literal(&format!("{},补录", fields.join(",")), true);
        }
        self.csv.row(fields)?;
        if written.is_some() {
            truth.person(SOURCE, "people", &number, &person.entity())?;
            truth.address(SOURCE, "people", &number, home, place)?;
        }
        Ok(())
    }
}

fn birth(birth: NaiveDate, draw: &mut Draw) -> NaiveDate {
    if draw.chance(rates::BIRTH_WRONG / 4.0) { birth.checked_add_days(Days::new(1)).unwrap_or(birth) } else { birth }
}

fn registered_on(city: &City, person: &Person, copy: u64, draw: &mut Draw) -> NaiveDate {
    let lived = (city.until - person.birth).num_days().max(2);
    let ago = draw.between(1, (lived - 1).min(9_000)).unsigned_abs();
    city.until - Days::new(if copy == 1 { (ago + 2_000).min(lived.unsigned_abs() - 1) } else { ago })
}

const fn relation(person: &Person) -> &'static str {
    match (person.role, person.sex) {
        (Role::Head, _) => "户主",
        (Role::Spouse, Sex::Male) => "夫",
        (Role::Spouse, Sex::Female) => "妻",
        (Role::Child, Sex::Male) => "子",
        (Role::Child, Sex::Female) => "女",
        (Role::Parent, Sex::Male) => "父亲",
        (Role::Parent, Sex::Female) => "母亲",
        (Role::Tenant, _) => "非亲属",
    }
}

impl Department for Hukou {
    fn write(&mut self, city: &City, home: &Neighbourhood, truth: &mut Truth) -> Result<()> {
        for person in home.people.iter().filter(|person| person.local) {
            self.row(city, home, person, 0, truth)?;
            if Draw::new(city.seed, "hukou twice", person.number).chance(rates::HUKOU_TWICE) {
                self.row(city, home, person, 1, truth)?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<DemoFile>> {
        Ok(vec![file(PATH, self.csv.finish()?)])
    }
}
