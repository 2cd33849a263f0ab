//! `area_of(geom)`, `community_of(geom)`, `street_of(geom)`, `district_of(geom)`, `grid_of(geom)`: the code of the area
//! of `base.areas` around a geometry.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BinaryArray, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result as PlanResult, exec_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::prelude::{SessionContext, ident};
use jingwei_geo::{AreaLocator, representative_point};
use tokio::sync::OnceCell;

use super::called::Called;
use crate::error::{EngineError, Result};

/// Where the areas are.
const TABLE: &str = "base.areas";

/// Levels that give an `area_code`, finest first.
pub const AREA_LEVELS: [&str; 4] = ["community", "street", "district", "city"];

/// Each function, the levels it looks at, finest first, and what it gives.
const FUNCTIONS: [(&str, &[&str], &str); 5] = [
    ("area_of", &AREA_LEVELS, "The code of the finest area (community, street, district, city)"),
    ("community_of", &["community"], "The code of the community"),
    ("street_of", &["street"], "The code of the street"),
    ("district_of", &["district"], "The code of the district"),
    ("grid_of", &["grid"], "The code of the grid"),
];

/// The functions, over areas that a session loads when a query first needs them.
#[must_use]
pub fn udfs() -> Vec<ScalarUDF> {
    let shared = Arc::new(SharedAreas::default());
    let function = |(place, (name, _, gives)): (usize, &(&'static str, &[&str], &str))| {
        ScalarUDF::from(AreaOf {
            name,
            place,
            shared: Arc::clone(&shared),
            signature: Signature::any(1, Volatility::Stable),
            documentation: documentation(name, gives),
        })
    };
    FUNCTIONS.iter().enumerate().map(function).collect()
}

fn documentation(name: &str, gives: &str) -> Documentation {
    let about = format!(
        "{gives} of `base.areas` around a geometry in EPSG:4326 (of a line or polygon, around a point on or in it). Null \
         where there is none. On a border of several areas the first code holds, as in the tables that `integrate` makes."
    );
    Documentation::builder(
        DocSection { include: true, label: "Areas", description: None },
        about,
        format!("{name}(geom)"),
    )
    .with_argument("geom", "WKB, longitude and latitude")
    .with_sql_example(format!("SELECT {name}(geom) AS code, count(*) AS events FROM events GROUP BY 1;"))
    .build()
}

/// The areas of a session, to come.
#[derive(Debug, Default)]
pub struct SharedAreas {
    /// For each function.
    cell: OnceCell<Vec<Levels>>,
}

/// The areas of some levels.
#[derive(Debug)]
struct Levels {
    codes: StringArray,
    areas: AreaLocator,
}

impl SharedAreas {
    /// Loads `base.areas` of `context`, once, if any of `called` needs it.
    ///
    /// # Errors
    /// A session without the table, a polygon that is no geometry.
    pub async fn prepare(context: &SessionContext, called: &Called) -> Result<()> {
        let names = FUNCTIONS.map(|(name, ..)| name).into_iter().filter(|name| called.any(&[name])).collect::<Vec<_>>();
        if names.is_empty() {
            return Ok(());
        }
        let Ok(function) = context.udf(FUNCTIONS[0].0) else { return Ok(()) };
        if !context.table_exist(TABLE).map_err(EngineError::plan("looking for base.areas"))? {
            return Err(EngineError::usage_with_hint(
                format!("{} needs the areas of a city, and there is no table {TABLE}", names.join(", ")),
                "ask in a project: jingwei --project DIR sql",
            ));
        }
        if let Some(function) = function.inner().downcast_ref::<AreaOf>() {
            function.shared.cell.get_or_try_init(|| load(context)).await?;
        }
        Ok(())
    }
}

async fn load(context: &SessionContext) -> Result<Vec<Levels>> {
    let step = || EngineError::plan("reading base.areas");
    let current = ident("valid_to").is_null().and(ident("geom").is_not_null()).and(ident("code").is_not_null());
    let batches = context
        .table(TABLE)
        .await
        .and_then(|areas| areas.filter(current))
        .and_then(|areas| areas.select(vec![ident("level"), ident("code"), ident("geom")]))
        .and_then(|areas| areas.sort(vec![ident("code").sort(true, false)]))
        .map_err(step())?
        .collect()
        .await
        .map_err(step())?;
    let mut of_level: HashMap<&str, Vec<(&str, &[u8])>> = HashMap::new();
    for batch in &batches {
        let (levels, codes) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let geometries = batch.column(2).as_binary::<i32>();
        for row in (0..batch.num_rows()).filter(|row| levels.is_valid(*row)) {
            of_level.entry(levels.value(row)).or_default().push((codes.value(row), geometries.value(row)));
        }
    }
    let none = Vec::new();
    let areas = FUNCTIONS.iter().map(|(_, levels, _)| {
        let areas = || levels.iter().flat_map(|level| of_level.get(level).unwrap_or(&none));
        let geometries = areas().map(|(_, geometry)| Some(*geometry)).collect::<BinaryArray>();
        let codes = areas().map(|(code, _)| Some(*code)).collect::<StringArray>();
        Ok(Levels { codes, areas: AreaLocator::new(&geometries).map_err(step())? })
    });
    areas.collect()
}

#[derive(Debug)]
struct AreaOf {
    name: &'static str,
    /// Among [`FUNCTIONS`].
    place: usize,
    shared: Arc<SharedAreas>,
    signature: Signature,
    documentation: Documentation,
}

// Functions of one name over the same areas are one function.
impl PartialEq for AreaOf {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place && Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for AreaOf {}

impl Hash for AreaOf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place.hash(state);
    }
}

impl ScalarUDFImpl for AreaOf {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> PlanResult<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        let Some(levels) = self.shared.cell.get().and_then(|levels| levels.get(self.place)) else {
            return exec_err!("{}: base.areas has not been loaded in this session", self.name);
        };
        let geometries = cast(&args.args[0].to_array(args.number_rows)?, &DataType::Binary)?;
        let mut points = Vec::with_capacity(geometries.len());
        for (row, bytes) in geometries.as_binary::<i32>().iter().enumerate() {
            match bytes.map(representative_point).transpose() {
                Ok(point) => points.push(point.flatten()),
                Err(error) => return exec_err!("{}, row {} of the batch: {error}", self.name, row + 1),
            }
        }
        let mut codes = StringBuilder::with_capacity(points.len(), points.len() * 12);
        for area in levels.areas.locate(&points)? {
            codes.append_option(area.map(|area| levels.codes.value(area as usize)));
        }
        Ok(ColumnarValue::Array(Arc::new(codes.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
