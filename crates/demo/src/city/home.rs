//! Compounds, buildings and dwellings, and where they stand.

use super::plan::{City, Inhabited};
use crate::draw::Draw;
use crate::geography::{Cell, Point, rounded};
use crate::words::{compound_name, road_name};

/// A residential compound (小区) on one parcel.
#[derive(Debug, Clone)]
pub struct Compound {
    /// Number in the city.
    pub number: u64,
    /// Name that no other compound has, without its part.
    pub name: String,
    /// Part of a large compound (一区), or empty.
    pub part: &'static str,
    /// Road.
    pub road: String,
    /// Number on the road.
    pub road_number: u32,
    /// 19-character parcel code.
    pub parcel: String,
    /// Year of completion.
    pub built: i32,
    /// Corners of the parcel.
    pub parcel_ring: Vec<Point>,
    /// Gate.
    pub gate: Point,
    /// Its buildings: a range in the neighbourhood.
    pub buildings: std::ops::Range<usize>,
    /// Parking spaces.
    pub parking: u32,
}

/// A building (楼).
#[derive(Debug, Clone)]
pub struct Building {
    /// Its compound's place in the neighbourhood.
    pub compound: usize,
    /// Number in the compound.
    pub number: u32,
    /// Real-estate code down to the building, 24 characters.
    pub code: String,
    /// Storeys.
    pub floors: u32,
    /// Entrances (单元); one means that addresses leave it out.
    pub units: u32,
    /// Middle of the footprint.
    pub point: Point,
    /// Corners of the footprint.
    pub ring: Vec<Point>,
    /// Its dwellings: a range in the neighbourhood.
    pub dwellings: std::ops::Range<usize>,
}

/// A dwelling (户).
#[derive(Debug, Clone)]
pub struct Dwelling {
    /// Its building's place in the neighbourhood.
    pub building: usize,
    /// Entrance, counted from one.
    pub unit: u32,
    /// Floor, counted from one.
    pub floor: u32,
    /// Room number: floor and door.
    pub room: u32,
    /// 28-character real-estate unit code.
    pub code: String,
    /// Floor area in square metres.
    pub area_m2: f64,
    /// Who owns it: a resident's place in the neighbourhood.
    pub owner: usize,
    /// Whether a household lives in it.
    pub occupied: bool,
    /// Whether it is let to many unrelated tenants.
    pub group_rental: bool,
}

/// A style of building: storeys at most, entrances, doors a floor and entrance, and the years it was built in.
struct Style {
    floors: u32,
    units: u32,
    doors: u32,
    years: (i64, i64),
    area: (f64, f64),
    length: f64,
    width: f64,
}

const STYLES: [Style; 4] = [
    Style { floors: 6, units: 4, doors: 2, years: (1979, 1999), area: (48.0, 82.0), length: 60.0, width: 11.0 },
    Style { floors: 11, units: 2, doors: 2, years: (2000, 2014), area: (75.0, 130.0), length: 42.0, width: 13.0 },
    Style { floors: 18, units: 1, doors: 6, years: (1986, 2004), area: (45.0, 98.0), length: 30.0, width: 26.0 },
    Style { floors: 24, units: 2, doors: 3, years: (2003, 2020), area: (60.0, 140.0), length: 46.0, width: 20.0 },
];

const PEOPLE_OF_A_HOUSEHOLD: f64 = 2.4;
const OCCUPIED: f64 = 0.88;

/// How many compounds a community of so many people has.
pub const fn compounds_for(people: u64) -> u64 {
    let count = (people + 110) / 220;
    if count < 1 {
        1
    } else if count > 12 {
        12
    } else {
        count
    }
}

const METRES_OF_A_DEGREE: f64 = 111_320.0;

/// Degrees of longitude and latitude of so many metres at a latitude.
fn degrees(latitude: f64, east: f64, north: f64) -> Point {
    (east / (METRES_OF_A_DEGREE * latitude.to_radians().cos()), north / METRES_OF_A_DEGREE)
}

/// A rectangle around a point, with the inside on its left.
fn rectangle(middle: Point, wide: f64, high: f64) -> Vec<Point> {
    let (dx, dy) = (wide / 2.0, high / 2.0);
    [(-dx, -dy), (dx, -dy), (dx, dy), (-dx, dy)]
        .iter()
        .map(|(x, y)| (rounded(middle.0 + x), rounded(middle.1 + y)))
        .collect()
}

/// Places for parcels: `count` equal rectangles inside a cell that do not touch, nearest to its middle first.
fn lots(cell: &Cell, count: usize) -> Vec<(Point, f64, f64)> {
    let (west, south, east, north) = cell.bounds();
    let (mut wide, mut high) = degrees(f64::midpoint(south, north), 260.0, 200.0);
    let middle = cell.centroid();
    for _ in 0..24 {
        let columns = ((east - west) / wide) as i64;
        let rows = ((north - south) / high) as i64;
        let mut found = Vec::new();
        // A large village has more room than anyone needs; look at a window around its middle.
        let (at_column, at_row) = (((middle.0 - west) / wide) as i64, ((middle.1 - south) / high) as i64);
        for row in (at_row - 12).max(0)..rows.min(at_row + 12) {
            for column in (at_column - 12).max(0)..columns.min(at_column + 12) {
                let point = (west + (column as f64 + 0.5) * wide, south + (row as f64 + 0.5) * high);
                if rectangle(point, wide, high).iter().chain([&point]).all(|corner| cell.contains(*corner)) {
                    let distance = ((point.0 - middle.0) / wide).powi(2) + ((point.1 - middle.1) / high).powi(2);
                    found.push((distance, point));
                }
            }
        }
        if found.len() >= count {
            found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.0.total_cmp(&b.1.0)).then(a.1.1.total_cmp(&b.1.1)));
            return found.into_iter().take(count).map(|(_, point)| (point, wide * 0.86, high * 0.86)).collect();
        }
        wide *= 0.8;
        high *= 0.8;
    }
    vec![(middle, wide, high); count]
}

/// The built world of a community.
pub struct Homes {
    pub compounds: Vec<Compound>,
    pub buildings: Vec<Building>,
    pub dwellings: Vec<Dwelling>,
}

/// Builds the compounds of a community with room for its people.
pub fn build(city: &City, inhabited: &Inhabited) -> Homes {
    let area = &city.geography.communities[inhabited.place];
    let count = compounds_for(inhabited.people);
    let mut homes = Homes { compounds: Vec::new(), buildings: Vec::new(), dwellings: Vec::new() };
    let rooms_wanted = inhabited.people as f64 / PEOPLE_OF_A_HOUSEHOLD / OCCUPIED + 4.0;
    let lots = lots(&area.cell, count as usize);
    for (place, (middle, wide, high)) in lots.into_iter().enumerate() {
        let number = inhabited.first_compound + place as u64;
        let mut draw = Draw::new(city.seed, "compound", number);
        let style = draw.pick(&STYLES);
        let target = rooms_wanted / count as f64;
        let a_floor = f64::from(style.units * style.doors);
        let buildings = (target / (a_floor * f64::from(style.floors))).ceil().max(1.0);
        let floors = ((target / buildings / a_floor).ceil() as u32).clamp(3, style.floors);
        let (name, part) = compound_name(number);
        // Two compounds share a road, so that numbers on it matter.
        let road = road_name(number / 2);
        let parcel = format!("{}GB{:05}", area.code, place + 1);
        let first = homes.buildings.len();
        let compound = Compound {
            number,
            name,
            part,
            road,
            road_number: (number % 2) as u32 + 2 * draw.between(1, 60) as u32,
            parcel,
            built: draw.between(style.years.0, style.years.1) as i32,
            parcel_ring: rectangle(middle, wide, high),
            gate: (rounded(middle.0), rounded(middle.1 - high / 2.0)),
            buildings: first..first + buildings as usize,
            parking: (target * draw.real(0.2, 1.1)) as u32,
        };
        let columns = (buildings.sqrt().ceil() as usize).max(1);
        let rows = (buildings as usize).div_ceil(columns);
        let (cell_wide, cell_high) = (wide / columns as f64, high / rows as f64);
        let (long, deep) = degrees(middle.1, style.length, style.width);
        for building in 0..buildings as usize {
            let (column, row) = (building % columns, building / columns);
            let point = (
                rounded(middle.0 - wide / 2.0 + (column as f64 + 0.5) * cell_wide),
                rounded(middle.1 + high / 2.0 - (row as f64 + 0.5) * cell_high),
            );
            let ring = rectangle(point, long.min(cell_wide * 0.8), deep.min(cell_high * 0.8));
            let code = format!("{}F{:04}", compound.parcel, building + 1);
            let first = homes.dwellings.len();
            let areas: Vec<f64> =
                (0..style.doors).map(|_| (draw.real(style.area.0, style.area.1) * 100.0).round() / 100.0).collect();
            let mut serial = 0;
            for unit in 1..=style.units {
                for floor in 1..=floors {
                    for door in 1..=style.doors {
                        serial += 1;
                        homes.dwellings.push(Dwelling {
                            building: homes.buildings.len(),
                            unit,
                            floor,
                            room: floor * 100 + door,
                            code: format!("{code}{serial:04}"),
                            area_m2: areas[door as usize - 1],
                            owner: 0,
                            occupied: false,
                            group_rental: false,
                        });
                    }
                }
            }
            homes.buildings.push(Building {
                compound: place,
                number: building as u32 + 1,
                code,
                floors,
                units: style.units,
                point,
                ring,
                dwellings: first..homes.dwellings.len(),
            });
        }
        homes.compounds.push(compound);
    }
    homes
}
