//! Coordinate systems written as constants in a call, known before any row is read.

use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::ReturnFieldArgs;

use crate::GeoError;
use crate::crs::Crs;

/// The system that a constant argument names, by SRID or by text; `None` where it is no constant, null or 0.
pub fn literal_crs(args: &ReturnFieldArgs, place: usize) -> Result<Option<Crs>> {
    let Some(Some(value)) = args.scalar_arguments.get(place) else { return Ok(None) };
    scalar_crs(value).map_err(|error| DataFusionError::Plan(error.to_string()))
}

/// The system of a constant.
pub fn scalar_crs(value: &ScalarValue) -> Result<Option<Crs>, GeoError> {
    if value.is_null() {
        return Ok(None);
    }
    if let Some(Some(text)) = value.try_as_str() {
        return Crs::parse(text).map(Some);
    }
    let number = value.cast_to(&arrow::datatypes::DataType::Int64).ok();
    match number {
        Some(ScalarValue::Int64(Some(srid))) => crs_of_srid(srid),
        _ => Ok(None),
    }
}

/// The system of an SRID; `None` for 0, the unknown one.
pub fn crs_of_srid(srid: i64) -> Result<Option<Crs>, GeoError> {
    if srid == 0 {
        return Ok(None);
    }
    let unknown = || GeoError::UnknownCrs {
        name: format!("SRID {srid}"),
        hint: "an SRID is an EPSG code such as 4326 or 4548".to_owned(),
    };
    let srid = u32::try_from(srid).map_err(|_| unknown())?;
    Crs::from_srid(srid).map(Some).map_err(|_| unknown())
}
