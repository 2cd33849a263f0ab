//! One inhabited community with everything in it.

use super::alarm::{Alarm, alarms};
use super::home::{self, Building, Compound, Dwelling};
use super::household::settle;
use super::identity::IdBook;
use super::incident::{Incident, incidents};
use super::organization::{Organization, organizations};
use super::person::{Person, Role};
use super::plan::{City, Inhabited};
use super::thing::{Component, Device, components, devices};
use crate::draw::Draw;
use crate::geography::Point;
use crate::rates;

/// One inhabited community with everything in it.
#[derive(Debug)]
pub struct Neighbourhood {
    /// Its number among the inhabited communities.
    pub number: usize,
    /// Its place among the communities of the geography.
    pub place: usize,
    /// Community code, 12 digits.
    pub code: String,
    /// Official name, as the statistics office writes it.
    pub official_name: String,
    /// Name as addresses write it: 花家地社区, 辛庄村.
    pub name: String,
    /// Street or town.
    pub town: String,
    /// District.
    pub district: String,
    /// Compounds.
    pub compounds: Vec<Compound>,
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Dwellings.
    pub dwellings: Vec<Dwelling>,
    /// Residents.
    pub people: Vec<Person>,
    /// Organizations.
    pub organizations: Vec<Organization>,
    /// Devices on buildings and at gates.
    pub devices: Vec<Device>,
    /// City-management components.
    pub components: Vec<Component>,
    /// Two years of incidents, by time.
    pub incidents: Vec<Incident>,
    /// Two years of alarms of the devices, by time.
    pub alarms: Vec<Alarm>,
}

/// A place in a neighbourhood, as fine as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The compound.
    pub compound: usize,
    /// The building.
    pub building: Option<usize>,
    /// The entrance.
    pub unit: Option<u32>,
    /// The dwelling.
    pub dwelling: Option<usize>,
}

impl Neighbourhood {
    /// Makes neighbourhood number `number`. Neighbourhoods must be made in order: registries give out numbers
    /// one after the other.
    pub fn make(city: &City, number: usize, book: &mut IdBook) -> Self {
        let inhabited = &city.inhabited[number];
        let area = &city.geography.communities[inhabited.place];
        let street = &city.geography.streets[area.parent];
        let district = &city.geography.districts[street.parent];
        let mut homes = home::build(city, inhabited);
        let mut people = settle(city, inhabited, &district.code, &mut homes.dwellings, book);
        assign_owners(city, inhabited, &mut homes.dwellings, &people);
        assign_registration(city, &homes.dwellings, &mut people);
        let mut neighbourhood = Self {
            number,
            place: inhabited.place,
            code: area.code.clone(),
            official_name: area.name.clone(),
            name: address_name(&area.name),
            town: street.name.clone(),
            district: district.name.clone(),
            compounds: homes.compounds,
            buildings: homes.buildings,
            dwellings: homes.dwellings,
            people,
            organizations: Vec::new(),
            devices: Vec::new(),
            components: Vec::new(),
            incidents: Vec::new(),
            alarms: Vec::new(),
        };
        neighbourhood.organizations = organizations(city, &neighbourhood);
        neighbourhood.devices = devices(city, &neighbourhood);
        neighbourhood.components = components(city, &neighbourhood);
        neighbourhood.incidents = incidents(city, &neighbourhood);
        neighbourhood.alarms = alarms(city, &neighbourhood);
        neighbourhood
    }

    /// District code, six digits.
    pub fn district_code(&self) -> &str {
        &self.code[..6]
    }

    /// The place of a dwelling.
    pub fn place_of(&self, dwelling: usize) -> Place {
        let building = self.dwellings[dwelling].building;
        Place {
            compound: self.buildings[building].compound,
            building: Some(building),
            unit: Some(self.dwellings[dwelling].unit),
            dwelling: Some(dwelling),
        }
    }

    /// The place of a building.
    pub fn place_of_building(&self, building: usize) -> Place {
        Place { compound: self.buildings[building].compound, building: Some(building), unit: None, dwelling: None }
    }

    /// Where a place is on the map.
    pub fn point_of(&self, place: Place) -> Point {
        place.building.map_or(self.compounds[place.compound].gate, |building| self.buildings[building].point)
    }

    /// The head of a resident's household.
    pub fn head_of(&self, person: &Person) -> &Person {
        &self.people[person.head]
    }

    /// Households that live here.
    pub fn households(&self) -> usize {
        self.dwellings.iter().filter(|dwelling| dwelling.occupied).count()
    }
}

/// 花家地社区居委会 → 花家地社区; 辛庄村委会 → 辛庄村.
fn address_name(official: &str) -> String {
    for suffix in ["社区居民委员会", "社区居委会", "社区"] {
        if let Some(stem) = official.strip_suffix(suffix) {
            return format!("{stem}社区");
        }
    }
    for suffix in ["村民委员会", "村委会", "村"] {
        if let Some(stem) = official.strip_suffix(suffix) {
            return format!("{}村", stem.trim_end_matches('村'));
        }
    }
    for suffix in ["居民委员会", "居委会"] {
        if let Some(stem) = official.strip_suffix(suffix) {
            return format!("{stem}社区");
        }
    }
    format!("{official}社区")
}

fn assign_owners(city: &City, inhabited: &Inhabited, dwellings: &mut [Dwelling], people: &[Person]) {
    let heads =
        people.iter().enumerate().filter(|(_, person)| person.role == Role::Head && person.age(city.until) >= 25);
    let heads = heads.map(|(place, _)| place).collect::<Vec<_>>();
    let mut resident_head = vec![None; dwellings.len()];
    for place in &heads {
        resident_head[people[*place].dwelling] = Some(*place);
    }
    for (place, dwelling) in dwellings.iter_mut().enumerate() {
        let mut draw = Draw::new(city.seed, "owner", (inhabited.first_compound << 16) + place as u64);
        let elsewhere = draw.chance(rates::OWNER_ELSEWHERE);
        dwelling.owner = match resident_head[place] {
            Some(head) if !elsewhere => head,
            _ if heads.is_empty() => 0,
            _ => *draw.pick(&heads),
        };
    }
}

fn assign_registration(city: &City, dwellings: &[Dwelling], people: &mut [Person]) {
    for place in 0..people.len() {
        let head = people[place].head;
        if head != place {
            people[place].registered_at = people[head].registered_at;
            continue;
        }
        let mut draw = Draw::new(city.seed, "registration", people[place].number);
        if draw.chance(rates::REGISTERED_ELSEWHERE) {
            people[place].registered_at = Some(draw.below(dwellings.len() as u64) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::options::DemoOptions;

    #[test]
    fn official_names_become_names_of_addresses() {
        for (official, name) in [
            ("花家地社区居委会", "花家地社区"),
            ("夏都雅园社区居民委员会", "夏都雅园社区"),
            ("机场工作区社区", "机场工作区社区"),
            ("辛庄村委会", "辛庄村"),
            ("小井村", "小井村"),
            ("大稿村村委会", "大稿村"),
        ] {
            assert_eq!(address_name(official), name);
        }
    }

    #[test]
    fn a_neighbourhood_houses_exactly_its_people_inside_its_borders() {
        let city = City::plan(&DemoOptions::new("")).unwrap();
        let mut book = IdBook::new();
        for number in 0..city.inhabited.len() {
            let neighbourhood = Neighbourhood::make(&city, number, &mut book);
            assert_eq!(neighbourhood.people.len() as u64, city.inhabited[number].people);
            let cell = &city.geography.communities[neighbourhood.place].cell;
            for building in &neighbourhood.buildings {
                assert!(building.ring.iter().all(|corner| cell.contains(*corner)), "{}", building.code);
            }
            for compound in &neighbourhood.compounds {
                assert!(cell.contains(compound.gate));
            }
            let vacant = neighbourhood.dwellings.iter().filter(|dwelling| !dwelling.occupied).count();
            assert!(vacant * 2 < neighbourhood.dwellings.len(), "{vacant} of {}", neighbourhood.dwellings.len());
        }
    }
}
