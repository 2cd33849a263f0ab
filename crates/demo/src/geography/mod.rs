//! The real districts, streets and communities of Beijing. Codes and names are real; the borders of the
//! districts are simplified, and those below them are made: each area is cut until every child has its share.

mod cell;
mod districts;
mod divisions;

pub use cell::{Cell, Point, rounded};

use crate::draw::Draw;
use crate::error::Result;

/// What an area is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaLevel {
    /// 区.
    District,
    /// 街道, 镇, 乡.
    Street,
    /// 社区, 村.
    Community,
    /// 单元网格.
    Grid,
}

impl AreaLevel {
    /// The level's name in the base tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::District => "district",
            Self::Street => "street",
            Self::Community => "community",
            Self::Grid => "grid",
        }
    }
}

/// A district, street, community or grid.
#[derive(Debug, Clone)]
pub struct Area {
    /// 6, 9, 12 or 15 digits.
    pub code: String,
    /// Official name.
    pub name: String,
    /// What it is.
    pub level: AreaLevel,
    /// Where it lies.
    pub cell: Cell,
    /// Place of its parent in the vector of the level above.
    pub parent: usize,
}

/// All areas of the city, each level in order of its codes.
#[derive(Debug)]
pub struct Geography {
    /// 16 districts.
    pub districts: Vec<Area>,
    /// 349 streets, towns and townships.
    pub streets: Vec<Area>,
    /// 7,301 communities and villages.
    pub communities: Vec<Area>,
    /// Unit grids, two to four a community.
    pub grids: Vec<Area>,
    /// The grids of each community: a range of `grids`.
    pub grids_of: Vec<std::ops::Range<usize>>,
}

/// How much larger than a street in the core an area is.
fn weight(name: &str, code: &str) -> f64 {
    let rural = code.get(9..).is_some_and(|community| community >= "200");
    match () {
        () if code.len() == 12 && rural => 4.0,
        () if code.len() == 12 || name.ends_with("街道") => 1.0,
        () if name.ends_with("地区") => 2.5,
        () if name.ends_with('镇') => 6.0,
        () if name.ends_with('乡') => 8.0,
        () => 3.0,
    }
}

/// Divides a cell among areas, the first of `weights` nearest to `near`.
fn divide(cell: &Cell, weights: &[f64], near: Point, out: &mut Vec<Cell>) {
    if weights.len() <= 1 {
        out.push(cell.clone());
        return;
    }
    let total: f64 = weights.iter().sum();
    let mut count = 0;
    let mut sum = 0.0;
    while count + 1 < weights.len() && (count == 0 || sum + weights[count] / 2.0 < total / 2.0) {
        sum += weights[count];
        count += 1;
    }
    let (first, second) = cell.cut(sum / total, near);
    divide(&first, &weights[..count], near, out);
    divide(&second, &weights[count..], near, out);
}

/// The cells of children of a cell, in the children's order.
fn cells_of(cell: &Cell, children: &[(&str, &str)], near: Point) -> Vec<Cell> {
    let weights = children.iter().map(|(code, name)| weight(name, code)).collect::<Vec<_>>();
    let mut order: Vec<usize> = (0..children.len()).collect();
    order.sort_by(|a, b| weights[*a].total_cmp(&weights[*b]));
    let sorted = order.iter().map(|place| weights[*place]).collect::<Vec<_>>();
    let mut parts = Vec::with_capacity(children.len());
    divide(cell, &sorted, near, &mut parts);
    let mut cells = vec![Cell::default(); children.len()];
    for (place, part) in order.into_iter().zip(parts) {
        cells[place] = part;
    }
    cells
}

impl Geography {
    /// Reads the divisions and cuts the land among them.
    pub fn new() -> Result<Self> {
        let tree = divisions::read()?;
        let borders = districts::read()?;
        let mut geography = Self {
            districts: Vec::new(),
            streets: Vec::new(),
            communities: Vec::new(),
            grids: Vec::new(),
            grids_of: Vec::new(),
        };
        for district in tree {
            let border = borders.iter().find(|border| border.code == district.code);
            let Some(border) = border else {
                return Err(crate::DemoError::Internal(format!("district {} has no border", district.code)));
            };
            let district_place = geography.districts.len();
            let children =
                district.children.iter().map(|town| (town.code.as_str(), town.name.as_str())).collect::<Vec<_>>();
            let cells = street_cells(&border.cell, &children, border.seat);
            for (town, cell) in district.children.iter().zip(cells) {
                let street_place = geography.streets.len();
                let children =
                    town.children.iter().map(|child| (child.code.as_str(), child.name.as_str())).collect::<Vec<_>>();
                let near = cell.centroid();
                for (child, cell) in town.children.iter().zip(cells_of(&cell, &children, near)) {
                    geography.add_grids(&child.code, &cell);
                    geography.communities.push(Area {
                        code: child.code.clone(),
                        name: child.name.clone(),
                        level: AreaLevel::Community,
                        cell,
                        parent: street_place,
                    });
                }
                geography.streets.push(Area {
                    code: town.code.clone(),
                    name: town.name.clone(),
                    level: AreaLevel::Street,
                    cell,
                    parent: district_place,
                });
            }
            geography.districts.push(Area {
                code: district.code,
                name: district.name,
                level: AreaLevel::District,
                cell: border.cell.clone(),
                parent: 0,
            });
        }
        Ok(geography)
    }

    /// Numbers the grids of the next community from north to south and west to east.
    fn add_grids(&mut self, community: &str, cell: &Cell) {
        let place = self.communities.len();
        let count = 2 + Draw::new(0, "grids", place as u64).below(3) as usize;
        let mut cells = Vec::with_capacity(count);
        divide(cell, &vec![1.0; count], cell.centroid(), &mut cells);
        cells.retain(|cell| !cell.rings().is_empty());
        cells.sort_by(|a, b| {
            let (a, b) = (a.centroid(), b.centroid());
            b.1.total_cmp(&a.1).then(a.0.total_cmp(&b.0))
        });
        let start = self.grids.len();
        for (number, cell) in cells.into_iter().enumerate() {
            let code = format!("{community}{:03}", number + 1);
            let name = format!("第{}网格", number + 1);
            self.grids.push(Area { code, name, level: AreaLevel::Grid, cell, parent: place });
        }
        self.grids_of.push(start..self.grids.len());
    }

    /// The grid of a community that a point lies in, else its first one.
    pub fn grid_of(&self, community: usize, point: Point) -> &str {
        let grids = &self.grids[self.grids_of[community].clone()];
        let found = grids.iter().find(|grid| grid.cell.contains(point)).or_else(|| grids.first());
        found.map_or("", |grid| grid.code.as_str())
    }
}

/// An exclave belongs to the development zone or airport that it is, where the district has one.
fn street_cells(cell: &Cell, children: &[(&str, &str)], near: Point) -> Vec<Cell> {
    let outer = cell.rings().iter().filter(|ring| cell::signed_area(ring) > 0.0).count();
    let apart = children.iter().position(|(code, _)| code.get(6..).is_some_and(|town| town >= "400"));
    let (Some(apart), true) = (apart, outer > 1) else { return cells_of(cell, children, near) };
    let mut rings = cell.rings().to_vec();
    rings.sort_by(|a, b| cell::signed_area(b).total_cmp(&cell::signed_area(a)));
    let exclave = Cell::new(rings.split_off(1));
    let others =
        children.iter().enumerate().filter(|(place, _)| *place != apart).map(|(_, child)| *child).collect::<Vec<_>>();
    let mut cells = cells_of(&Cell::new(rings), &others, near);
    cells.insert(apart, exclave);
    cells
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_city_has_its_districts_streets_and_communities() {
        let city = Geography::new().unwrap();
        assert_eq!((city.districts.len(), city.streets.len(), city.communities.len()), (16, 349, 7301));
        assert!((15_000..30_000).contains(&city.grids.len()));
        let codes = city.grids.iter().map(|grid| &grid.code).collect::<BTreeSet<_>>();
        assert_eq!(codes.len(), city.grids.len());
        assert!(codes.iter().all(|code| code.len() == 15));
    }

    #[test]
    fn the_areas_of_each_level_add_up_to_the_level_above() {
        let city = Geography::new().unwrap();
        for (parents, children) in
            [(&city.districts, &city.streets), (&city.streets, &city.communities), (&city.communities, &city.grids)]
        {
            let mut sums = vec![0.0; parents.len()];
            for child in children {
                assert!(child.cell.area() > 0.0, "{} has no area", child.code);
                assert!(child.code.starts_with(&parents[child.parent].code));
                sums[child.parent] += child.cell.area();
            }
            for (parent, sum) in parents.iter().zip(sums) {
                let area = parent.cell.area();
                assert!((sum - area).abs() < 1e-4 * area + 1e-10, "{}: {sum} of {area}", parent.code);
            }
        }
    }

    #[test]
    fn a_point_of_the_city_lies_in_one_community_only() {
        let city = Geography::new().unwrap();
        let mut found = 0;
        for number in 0..300 {
            let mut draw = Draw::new(9, "probe", number);
            let point = (draw.real(115.45, 117.5), draw.real(39.45, 41.05));
            let inside = city.communities.iter().filter(|area| area.cell.contains(point)).count();
            let district = city.districts.iter().filter(|area| area.cell.contains(point)).count();
            assert_eq!(inside, district, "{point:?}");
            found += inside;
        }
        assert!(found > 100);
    }

    #[test]
    fn every_polygon_is_valid() {
        let city = Geography::new().unwrap();
        for area in city.districts.iter().chain(&city.streets).chain(&city.communities).chain(&city.grids) {
            let polygon = geo::Geometry::MultiPolygon(area.cell.to_multi_polygon());
            assert_eq!(jingwei_geo::why_invalid(&polygon), None, "{}", area.code);
        }
    }
}
