//! Addresses: the standard spelling for the truth, and each department's own.

use super::number::full_width;
use crate::city::Neighbourhood;
use crate::city::Place;
use crate::draw::Draw;
use crate::rates;
use crate::words::confuse;

/// A department's way of writing an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Public security: from the city down, road before compound.
    Police,
    /// Civil affairs: from the street down, community before compound.
    Civil,
    /// Health: as the patient says it.
    Patient,
    /// Real-estate register: formal, with floors.
    Estate,
    /// Hotline: a place by its compound, seldom more.
    Caller,
    /// Market supervision: from the city down, without community.
    Business,
    /// Planning: district, road, compound and building.
    Planning,
}

/// The standard spelling, and the level it reaches.
pub fn canonical(home: &Neighbourhood, place: Place) -> (&'static str, String) {
    let compound = &home.compounds[place.compound];
    let mut text = format!(
        "北京市{}{}{}{}{}号{}{}",
        home.district, home.town, home.name, compound.road, compound.road_number, compound.name, compound.part
    );
    let Some(building) = place.building else { return ("compound", text) };
    text.push_str(&format!("{}号楼", home.buildings[building].number));
    let with_units = home.buildings[building].units > 1;
    if let (Some(unit), true) = (place.unit, with_units) {
        text.push_str(&format!("{unit}单元"));
    }
    let Some(dwelling) = place.dwelling else {
        return (if place.unit.is_some() && with_units { "unit" } else { "building" }, text);
    };
    text.push_str(&format!("{}室", home.dwellings[dwelling].room));
    ("room", text)
}

/// A department's spelling.
pub fn spell(home: &Neighbourhood, place: Place, habit: Habit, draw: &mut Draw) -> String {
    let compound = &home.compounds[place.compound];
    let mut name = format!("{}{}", compound.name, compound.part);
    let mut road = compound.road.clone();
    if draw.chance(rates::ADDRESS_TYPO) {
        let target = if draw.chance(0.5) { &mut name } else { &mut road };
        *target = target.chars().map(|character| confuse(character, 0).unwrap_or(character)).collect();
    }
    let number = compound.road_number;
    let mut text = match habit {
        Habit::Police => match draw.below(20) {
            0 => format!("北京市{}{road}{number}号院", home.district),
            1..=3 => format!("北京市{}{}{road}{number}号{name}", home.district, home.town),
            4..=6 => format!("{}{road}{number}号{name}", home.district),
            _ => format!("北京市{}{road}{number}号{name}", home.district),
        },
        Habit::Civil => match draw.below(10) {
            0..=1 => format!("{}{name}", home.name),
            2..=4 => format!("{}{}{}{name}", home.district, home.town, home.name),
            _ => format!("{}{}{name}", home.town, home.name),
        },
        Habit::Patient => match draw.below(10) {
            0..=2 => format!("{}{name}", home.district),
            3 => format!("{}{name}", home.district.trim_end_matches('区')),
            4 => format!("北京市{}{road}{number}号{name}", home.district),
            _ => name,
        },
        Habit::Estate => format!("{}{road}{number}号{name}", home.district),
        Habit::Caller => match draw.below(10) {
            0..=1 => format!("{}{}{name}", home.district, home.town),
            2 => format!("{road}{number}号{name}"),
            3 => format!("{road}{name}"),
            _ => name,
        },
        Habit::Business => match draw.below(10) {
            0..=1 => format!("{}{road}{number}号{name}", home.district),
            _ => format!("北京市{}{road}{number}号{name}", home.district),
        },
        Habit::Planning => format!("北京市{}{}{road}{number}号{name}", home.district, home.town),
    };
    tail(&mut text, home, place, habit, draw);
    if draw.chance(rates::ADDRESS_NUMERALS) {
        text = text.chars().map(|character| numeral(character).unwrap_or(character)).collect();
    } else if draw.chance(rates::ADDRESS_FULL_WIDTH) {
        text = full_width(&text);
    }
    text
}

fn tail(text: &mut String, home: &Neighbourhood, place: Place, habit: Habit, draw: &mut Draw) {
    let Some(building) = place.building else { return };
    let units = home.buildings[building].units;
    let building = home.buildings[building].number;
    let dwelling = place.dwelling.map(|dwelling| &home.dwellings[dwelling]);
    let room = dwelling.map(|dwelling| dwelling.room);
    let unit = place.unit.filter(|_| units > 1);
    // 3-2-501 stands for building, entrance and room in whole registers.
    let dashed = match habit {
        Habit::Patient => 0.3,
        Habit::Civil => 0.12,
        Habit::Caller => 0.05,
        _ => 0.0,
    };
    if let (Some(room), true) = (room, draw.chance(dashed)) {
        match unit {
            Some(unit) => text.push_str(&format!("{building}-{unit}-{room}")),
            None => text.push_str(&format!("{building}-{room}")),
        }
        return;
    }
    text.push_str(&match habit {
        Habit::Patient if draw.chance(0.3) => format!("{building}楼"),
        Habit::Estate if draw.chance(0.2) => format!("{building}幢"),
        Habit::Civil if draw.chance(0.1) => format!("{building}#楼"),
        _ => format!("{building}号楼"),
    });
    if let Some(unit) = unit {
        text.push_str(&match habit {
            Habit::Patient | Habit::Police if draw.chance(0.3) => format!("{unit}门"),
            _ => format!("{unit}单元"),
        });
    }
    if let (Habit::Estate, Some(dwelling)) = (habit, dwelling) {
        text.push_str(&format!("{}层", dwelling.floor));
    }
    if let Some(room) = room {
        text.push_str(&match habit {
            Habit::Police if draw.chance(0.4) => format!("{room}号"),
            Habit::Patient | Habit::Civil if draw.chance(0.5) => room.to_string(),
            _ => format!("{room}室"),
        });
    } else if habit == Habit::Caller && draw.chance(0.25) {
        let side: &&str = draw.pick(&["门口", "楼下", "北侧", "附近", "旁边"]);
        text.push_str(side);
    }
}

const fn numeral(character: char) -> Option<char> {
    Some(match character {
        '0' => '〇',
        '1' => '一',
        '2' => '二',
        '3' => '三',
        '4' => '四',
        '5' => '五',
        '6' => '六',
        '7' => '七',
        '8' => '八',
        '9' => '九',
        _ => return None,
    })
}
