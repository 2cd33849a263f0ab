//! The file formats of the departments, written as streams with fixed bytes: no clock, no host, no version
//! of the day gets into a file.

mod columns;
mod csv;
mod geojson;
mod geopackage;
mod shapefile;
mod text;
mod workbook;

pub use columns::{Cell, ColumnsFile};
pub use csv::{Csv, Encoding};
pub use geojson::GeoJson;
pub use geopackage::GeoPackage;
pub use shapefile::{Field, FieldKind, Shapefile};
pub use text::Lines;
pub use workbook::{Layout, Value, Workbooks};
