//! `reverse_geocode(geom)`: the standard address nearest to a geometry.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_geo::representative_point;

use super::geocode::{SECTION, loaded};
use crate::geocode::SharedGeocoder;

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Fields::from(vec![text("id"), text("canonical"), text("level"), Field::new("distance_m", DataType::Float64, true)])
});

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        SECTION,
        "The standard address nearest to a geometry in EPSG:4326 (of a line or polygon, a point on or in it), no finer than a \
         building: id, canonical, level, distance_m. Null where there is none within two kilometres.",
        "reverse_geocode(geom)",
    )
    .with_argument("geom", "WKB, longitude and latitude")
    .with_sql_example("SELECT reverse_geocode(ST_Point(116.47, 39.99))['canonical'];")
    .build()
});

/// The function over a session's geocoder.
#[must_use]
pub fn udf(shared: &Arc<SharedGeocoder>) -> ScalarUDF {
    ScalarUDF::from(ReverseGeocode { shared: Arc::clone(shared), signature: Signature::any(1, Volatility::Stable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ReverseGeocode {
    shared: Arc<SharedGeocoder>,
    signature: Signature,
}

impl ScalarUDFImpl for ReverseGeocode {
    fn name(&self) -> &'static str {
        "reverse_geocode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let geocoder = loaded(&self.shared, self.name())?;
        let geometries = cast(&args.args[0].to_array(args.number_rows)?, &DataType::Binary)?;
        let geometries = geometries.as_binary::<i32>();
        let mut texts: [StringBuilder; 3] = std::array::from_fn(|_| StringBuilder::new());
        let mut distances = Float64Builder::with_capacity(geometries.len());
        let mut valid = Vec::with_capacity(geometries.len());
        for (row, bytes) in geometries.iter().enumerate() {
            let point = match bytes.map(representative_point).transpose() {
                Ok(point) => point.flatten(),
                Err(error) => return exec_err!("{}, row {} of the batch: {error}", self.name(), row + 1),
            };
            let found = point.and_then(|(lon, lat)| geocoder.reverse(lon, lat));
            let [id, canonical, level] = &mut texts;
            id.append_option(found.map(|found| geocoder.id(found.row)));
            canonical.append_option(found.map(|found| geocoder.canonical(found.row)));
            level.append_option(found.and_then(|found| geocoder.level(found.row)));
            distances.append_option(found.map(|found| found.distance_m));
            valid.push(found.is_some());
        }
        let [id, canonical, level] = texts.map(|mut column| Arc::new(column.finish()) as ArrayRef);
        let arrays: Vec<ArrayRef> = vec![id, canonical, level, Arc::new(distances.finish())];
        let array = StructArray::try_new(FIELDS.clone(), arrays, Some(NullBuffer::from(valid)))?;
        Ok(ColumnarValue::Array(Arc::new(array)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}
