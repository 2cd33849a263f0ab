//! The civil administration's areas and the city management's unit grids, `GeoJSON`.

use std::path::Path;

use serde_json::json;

use super::file;
use crate::city::City;
use crate::error::Result;
use crate::format::GeoJson;
use crate::options::DemoFile;

const AREAS: &str = "data/civil_affairs/行政区划.geojson";
const GRIDS: &str = "data/city_management/单元网格.geojson";

/// Writes all districts, streets, communities and grids of the city.
pub fn write_areas(dir: &Path, city: &City) -> Result<Vec<DemoFile>> {
    let geography = &city.geography;
    let mut people = vec![0_u64; geography.communities.len()];
    for community in &city.inhabited {
        people[community.place] = community.people;
    }
    let mut areas = GeoJson::create(&dir.join(AREAS), "行政区划")?;
    let city_shape =
        geo::MultiPolygon(geography.districts.iter().flat_map(|district| district.cell.to_multi_polygon().0).collect());
    areas.area(
        &json!({"code": "1101", "name": "北京市", "level": "city", "parent_code": null, "population": city.people}),
        &city_shape,
    )?;
    let levels = [
        (&geography.districts, None),
        (&geography.streets, Some(&geography.districts)),
        (&geography.communities, Some(&geography.streets)),
    ];
    for (level, (list, parents)) in levels.into_iter().enumerate() {
        for (place, area) in list.iter().enumerate() {
            let parent = parents.map_or("1101", |parents| parents[area.parent].code.as_str());
            let population = (level == 2).then(|| people[place]);
            let properties = json!({"code": area.code, "name": area.name, "level": area.level.name(), "parent_code": parent, "population": population});
            areas.area(&properties, &area.cell.to_multi_polygon())?;
        }
    }
    let mut grids = GeoJson::create(&dir.join(GRIDS), "单元网格")?;
    for grid in &geography.grids {
        let community = &geography.communities[grid.parent];
        let properties = json!({"BGID": grid.code, "BGNAME": format!("{}{}", community.name, grid.name), "COMMUNITY": community.code, "LANDUSE": "居住", "GRADE": "一级"});
        grids.area(&properties, &grid.cell.to_multi_polygon())?;
    }
    Ok(vec![file(AREAS, areas.finish()?), file(GRIDS, grids.finish()?)])
}
