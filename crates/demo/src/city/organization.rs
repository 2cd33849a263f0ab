//! Organizations and where they have their seat.

use chrono::{Days, NaiveDate};
use jingwei_model::id::credit;

use super::identity::fixed_line;
use super::neighbourhood::{Neighbourhood, Place};
use super::plan::City;
use crate::draw::{Draw, scatter};
use crate::geography::{Point, rounded};
use crate::rates;
use crate::words::{company_name, given_name, shop_name, social_name, surname};

/// What an organization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganizationKind {
    /// 有限责任公司.
    Company,
    /// 个体工商户.
    Shop,
    /// 物业服务企业.
    Property,
    /// 民办非企业单位, 社会团体.
    Social,
    /// 居民委员会.
    Residents,
    /// 业主委员会 or 物业管理委员会 of a compound.
    Owners,
    /// 养老驿站.
    Care,
}

impl OrganizationKind {
    /// In Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Company => "有限责任公司",
            Self::Shop => "个体工商户",
            Self::Property => "物业服务企业",
            Self::Social => "民办非企业单位",
            Self::Residents => "居民委员会",
            Self::Owners => "业主委员会",
            Self::Care => "养老服务驿站",
        }
    }

    /// Authority and kind, the first two characters of its credit code.
    const fn letters(self) -> (char, char) {
        match self {
            Self::Company | Self::Property => ('9', '1'),
            Self::Shop => ('9', '2'),
            Self::Social | Self::Care => ('5', '2'),
            Self::Residents => ('5', '5'),
            Self::Owners => ('5', '9'),
        }
    }
}

/// An organization.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Number in the city.
    pub number: u64,
    /// What it is.
    pub kind: OrganizationKind,
    /// Registered name.
    pub name: String,
    /// Unified social credit code; empty where it has none.
    pub code: String,
    /// Legal representative or head.
    pub legal_person: String,
    /// Industry.
    pub industry: &'static str,
    /// Whether it still exists.
    pub active: bool,
    /// Founded.
    pub founded: NaiveDate,
    /// Phone.
    pub phone: String,
    /// Seat.
    pub place: Place,
    /// Number of the shop front or office on the ground floor.
    pub front: u32,
    /// Point of the seat.
    pub point: Point,
    /// Registered capital in 万元.
    pub capital: f64,
    /// Staff.
    pub staff: u32,
}

impl Organization {
    /// The entity in the truth.
    pub fn entity(&self) -> String {
        format!("G{:09}", self.number)
    }
}

/// Organizations of one community have numbers below this, after the community's own.
const A_COMMUNITY: u64 = 100_000;
/// Communities in a row that one property company serves.
const SERVED: u64 = 5;
const PROPERTY: u64 = 90_000;

fn credit_code(kind: OrganizationKind, district: &str, number: u64) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut rest = scatter(number, 387_420_489, 31_u64.pow(6));
    let mut body = String::from(if kind == OrganizationKind::Residents { "00" } else { "MA" });
    for _ in 0..6 {
        body.push(char::from(LETTERS[(rest % 31) as usize]));
        rest /= 31;
    }
    let (authority, letter) = kind.letters();
    credit::make(authority, letter, district, &body).unwrap_or_default()
}

/// The property company that serves a neighbourhood: its number, name and credit code.
pub fn property_company(city: &City, neighbourhood: usize) -> (u64, String, String) {
    let first = neighbourhood as u64 / SERVED * SERVED;
    let place = city.inhabited[first as usize].place;
    let district = &city.geography.communities[place].code[..6];
    let number = first * A_COMMUNITY + PROPERTY;
    let (stem, _) = company_name(20 * (first + 3));
    let name = stem.replace("科技有限公司", "物业管理有限公司");
    (number, name, credit_code(OrganizationKind::Property, district, number))
}

/// The organizations of a neighbourhood whose dwellings and people are there already.
pub fn organizations(city: &City, home: &Neighbourhood) -> Vec<Organization> {
    let people = home.people.len() as u64;
    let base = home.number as u64 * A_COMMUNITY;
    let before = city.inhabited[home.number].first_person;
    let mut all = Vec::new();
    for place in 0..people / 28 + 3 {
        all.push(one(
            city,
            home,
            OrganizationKind::Company,
            base + place,
            company_name(before / 28 + 4 * home.number as u64 + place),
        ));
    }
    for place in 0..people / 33 + 3 {
        let name = shop_name(before / 33 + 4 * home.number as u64 + place, &home.district);
        all.push(one(city, home, OrganizationKind::Shop, base + 20_000 + place, name));
    }
    for place in 0..people / 400 + 1 {
        let name = social_name(home.name.trim_end_matches("社区"), &home.town, place + home.number as u64);
        all.push(one(city, home, OrganizationKind::Social, base + 40_000 + place, (name, "社会组织")));
    }
    let committee = format!("北京市{}{}{}", home.district, home.town, residents_committee(&home.official_name));
    all.push(one(city, home, OrganizationKind::Residents, base + 50_000, (committee, "群众自治组织")));
    for (place, compound) in home.compounds.iter().enumerate() {
        let mut draw = Draw::new(city.seed, "owners", compound.number);
        let title = match draw.below(10) {
            0..=4 => "业主委员会",
            5..=7 => "物业管理委员会",
            _ => continue,
        };
        let name = format!("{}{}{}{title}", home.town, compound.name, compound.part);
        let mut committee =
            one(city, home, OrganizationKind::Owners, base + 60_000 + place as u64, (name, "业主自治组织"));
        committee.place = Place { compound: place, building: None, unit: None, dwelling: None };
        committee.point = compound.gate;
        committee.code = String::new();
        all.push(committee);
    }
    if home.number.is_multiple_of(2) {
        let name = format!("北京市{}{}{}养老服务驿站", home.district, home.town, home.name.trim_end_matches("社区"));
        all.push(one(city, home, OrganizationKind::Care, base + 70_000, (name, "养老服务")));
    }
    if (home.number as u64).is_multiple_of(SERVED) {
        let (number, name, code) = property_company(city, home.number);
        let mut company = one(city, home, OrganizationKind::Property, number, (name, "物业管理"));
        company.code = code;
        company.active = true;
        all.push(company);
    }
    all
}

fn residents_committee(official: &str) -> String {
    match official {
        name if name.ends_with("委会") || name.ends_with("委员会") => name.to_owned(),
        name => format!("{name}居民委员会"),
    }
}

fn one(
    city: &City,
    home: &Neighbourhood,
    kind: OrganizationKind,
    number: u64,
    (name, industry): (String, &'static str),
) -> Organization {
    let mut draw = Draw::new(city.seed, "organization", number);
    let building = draw.below(home.buildings.len() as u64) as usize;
    let point = home.buildings[building].point;
    let age = draw.between(120, 9_000);
    let male = draw.chance(0.68);
    let pilot = matches!(kind, OrganizationKind::Company | OrganizationKind::Shop) && draw.chance(rates::CREDIT_PILOT);
    let mut code = credit_code(kind, home.district_code(), number);
    if pilot && let Some(last) = code.pop() {
        code.push(if last == 'N' { 'R' } else { 'N' });
    }
    Organization {
        number,
        kind,
        name,
        code,
        legal_person: format!("{}{}", surname(&mut draw), given_name(&mut draw, male, 1970)),
        industry,
        active: !matches!(kind, OrganizationKind::Company | OrganizationKind::Shop) || draw.chance(0.88),
        founded: city.until - Days::new(age.unsigned_abs()),
        phone: fixed_line(7_000_000 + number % 2_900_000),
        place: home.place_of_building(building),
        front: draw.between(1, 12) as u32,
        point: (rounded(point.0 + draw.real(-1e-4, 1e-4)), rounded(point.1 - 8e-5)),
        capital: *draw.pick(&[3.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0]),
        staff: draw.between(1, 60) as u32,
    }
}
