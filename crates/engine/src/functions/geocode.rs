//! `geocode(text)`: the standard address that a text means.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, BinaryBuilder, Float64Builder, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use jingwei_geo::{Crs, geometry_field, point_to_wkb};

use super::text_args::text_args;
use crate::geocode::{Geocoder, SharedGeocoder};

/// Where the functions over addresses stand in the reference.
pub(super) const SECTION: DocSection = DocSection { include: true, label: "Addresses", description: None };

static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Fields::from(vec![
        text("id"),
        text("canonical"),
        text("level"),
        Field::new("probability", DataType::Float64, true),
        geometry_field("point", Some(&Crs::wgs84())),
        text("verdict"),
        text("nearest_id"),
    ])
});

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Documentation::builder(
        SECTION,
        "The standard address of `base.addresses` that a text means: id, canonical, level, probability, point (WKB). They are \
         null where there is none; `verdict` then says why: `tied` (several fit alike), `no_such_address` (the compound or \
         village has no such number) or `unknown`, and `nearest_id` names the building or compound where it is known.",
        "geocode(text)",
    )
    .with_argument("text", "the address as written")
    .with_sql_example("SELECT geocode('望京方恒国际5幢2门501')['canonical'];")
    .build()
});

/// The function over a session's geocoder.
#[must_use]
pub fn udf(shared: &Arc<SharedGeocoder>) -> ScalarUDF {
    ScalarUDF::from(Geocode { shared: Arc::clone(shared), signature: Signature::any(1, Volatility::Stable) })
}

/// The loaded geocoder.
pub(super) fn loaded(shared: &SharedGeocoder, name: &str) -> Result<Arc<Geocoder>> {
    match shared.get() {
        Some(geocoder) => Ok(Arc::clone(geocoder)),
        None => exec_err!("{name}: base.addresses has not been loaded in this session"),
    }
}

/// `geocode`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Geocode {
    pub(crate) shared: Arc<SharedGeocoder>,
    signature: Signature,
}

impl ScalarUDFImpl for Geocode {
    fn name(&self) -> &'static str {
        "geocode"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(FIELDS.clone()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let geocoder = loaded(&self.shared, self.name())?;
        let texts = &text_args(&args)?[0];
        let rows = texts.len();
        let mut lookup = geocoder.lookup();
        let mut columns: [StringBuilder; 5] = std::array::from_fn(|_| StringBuilder::with_capacity(rows, rows * 24));
        let mut probabilities = Float64Builder::with_capacity(rows);
        let mut points = BinaryBuilder::with_capacity(rows, rows * 21);
        for text in texts.iter() {
            let found = text.map(|text| lookup.find(text));
            let row = found.and_then(|found| found.row);
            let [id, canonical, level, verdict, nearest] = &mut columns;
            id.append_option(row.map(|row| geocoder.id(row)));
            canonical.append_option(row.map(|row| geocoder.canonical(row)));
            level.append_option(row.and_then(|row| geocoder.level(row)));
            verdict.append_option(found.map(|found| found.verdict));
            nearest.append_option(found.and_then(|found| found.nearest).map(|row| geocoder.id(row)));
            probabilities.append_option(found.filter(|_| row.is_some()).map(|found| found.probability));
            points.append_option(row.and_then(|row| geocoder.point(row)).map(|(lon, lat)| point_to_wkb(lon, lat)));
        }
        let [id, canonical, level, verdict, nearest] = columns.map(|mut column| Arc::new(column.finish()) as ArrayRef);
        let valid = NullBuffer::from((0..rows).map(|row| texts.is_valid(row)).collect::<Vec<_>>());
        let arrays: Vec<ArrayRef> =
            vec![id, canonical, level, Arc::new(probabilities.finish()), Arc::new(points.finish()), verdict, nearest];
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(FIELDS.clone(), arrays, Some(valid))?)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}
