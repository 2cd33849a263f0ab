//! The `GeoPackage` format: a part for each layer that is asked for.

use std::sync::Arc;

use arrow::datatypes::DataType;
use jingwei_model::config::SourceConfig;
use rusqlite::Connection;

use super::blob::{self, Blob};
use super::layers::{self, Layer};
use crate::error::{Result, SourceError};
use crate::guard::guarded;
use crate::part::{Format, LocalFile, Part};
use crate::sqlite::{Columns, connect, declared, failed, no_table, quoted, read};
use crate::stream::{blocking, produce};
use crate::typed::{GEOMETRY, TypedRows, Value, geometry_field};

/// OGC `GeoPackage` files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Geopackage;

impl Format for Geopackage {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let config = config.clone();
        blocking(move || guarded(&file.display, || parts(&file, &config))).await
    }
}

fn parts(file: &LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
    let connection = connect(file)?;
    let Some(layers) = layers::layers(&connection).map_err(|error| failed(&file.display, &error))? else {
        let error =
            SourceError::data(&file.display, "the file is an SQLite database, but no GeoPackage: it lists no layers");
        return Err(error.with_hint("set format.kind = \"sqlite\" to read its tables"));
    };
    let features = || layers.iter().filter(|layer| layer.geometry.is_some());
    let chosen: Vec<&Layer> = match &config.from.table {
        None => features().collect(),
        Some(wanted) => {
            let named = layers.iter().find(|layer| layer.table.eq_ignore_ascii_case(wanted));
            let titled = || layers.iter().find(|layer| layer.identifier.as_ref() == Some(wanted));
            let known: Vec<String> = layers.iter().map(|layer| layer.table.clone()).collect();
            vec![named.or_else(titled).ok_or_else(|| no_table(&file.display, wanted, &known))?]
        }
    };
    if chosen.is_empty() {
        let error = SourceError::data(&file.display, "the GeoPackage has no layer of features");
        return Err(
            error.with_hint("name a table of attributes in from.table, or check whether the right file was delivered")
        );
    }
    chosen.into_iter().map(|layer| part(file, config, connect(file)?, layer)).collect()
}

fn part(file: &LocalFile, config: &SourceConfig, connection: Connection, layer: &Layer) -> Result<Part> {
    let (display, table) = (&file.display, &layer.table);
    let database = |error: rusqlite::Error| failed(display, &error).in_sheet(table);
    let statement = format!("SELECT * FROM {}", quoted(table));
    let declared = declared(&connection, table).map_err(database)?;
    let columns = Columns::find(&connection, &statement, &declared).map_err(database)?;
    let mut fields = columns.fields();
    let mut geometry = None;
    if let Some((column, srs)) = &layer.geometry {
        let place = columns.names.iter().position(|name| name.eq_ignore_ascii_case(column)).ok_or_else(|| {
            let error = SourceError::data(
                display,
                format!("the layer has no column `{column}`, which should hold its geometry"),
            );
            error.in_sheet(table).with_hint("export the layer again")
        })?;
        let crs = match &config.format.crs {
            Some(crs) => crs.clone(),
            None => layers::crs(&connection, *srs).map_err(database)?.ok_or_else(|| {
                let error = SourceError::data(display, format!("the layer's coordinate system ({srs}) is not defined"));
                error.in_sheet(table).with_hint("set format.crs, e.g. \"EPSG:4548\"")
            })?,
        };
        fields[place] = geometry_field(&crs);
        if fields.iter().enumerate().any(|(other, field)| other != place && field.name() == GEOMETRY) {
            let error = SourceError::data(
                display,
                format!("a column of attributes is called `{GEOMETRY}`, as the geometry is"),
            );
            return Err(error.in_sheet(table).with_hint("give the column another name and export the layer again"));
        }
        geometry = Some((place, *srs));
    }
    debug_assert!(geometry.is_none_or(|(place, _)| fields[place].data_type() == &DataType::Binary));
    let rows = TypedRows::new(display, Some(table.clone()), fields)?;
    let schema = Arc::clone(rows.provenance().schema());
    let (name, sheet) = (display.clone(), table.clone());
    let batches = produce(move |sink| {
        guarded(&name, || {
            let read = read(&connection, &name, &statement, rows, None, sink, |column, scratch, value| {
                match (geometry, value) {
                    (Some((place, srs)), value) if column == place => convert(value, srs, scratch),
                    (_, value) => Some(value),
                }
            });
            read.map_err(|error| error.in_sheet(&sheet))
        })
    });
    Ok(Part { file: display.clone(), sheet: Some(table.clone()), schema, rows: batches })
}

/// The geometry of a cell; `None` when it is none, or is in another coordinate system than its layer.
fn convert<'a>(value: Value<'a>, layer: i32, scratch: &'a mut Vec<u8>) -> Option<Value<'a>> {
    match value {
        Value::Null => Some(Value::Null),
        Value::Bytes(bytes) => match blob::read(bytes, scratch)? {
            Blob::Empty => Some(Value::Null),
            // 0 and -1 say nothing, and many programs write them.
            Blob::Geometry { srs } if srs <= 0 || srs == layer || layer <= 0 => Some(Value::Bytes(scratch)),
            Blob::Geometry { .. } => None,
        },
        _ => None,
    }
}
