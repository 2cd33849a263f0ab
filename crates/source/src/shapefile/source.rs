//! The shapefile format: one part, a row for each record.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use jingwei_geo::from_geometry;
use jingwei_model::Reason;
use jingwei_model::config::SourceConfig;

use super::dbf::Dbf;
use super::shp::{Record, Shapes};
use super::siblings::Siblings;
use crate::error::{Result, SourceError};
use crate::guard::guarded;
use crate::part::{Format, LocalFile, Part};
use crate::stream::{Sink, blocking, produce};
use crate::typed::{GEOMETRY, TypedRows, Value, geometry_field};

/// ESRI shapefiles.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shapefile;

impl Format for Shapefile {
    async fn open(&self, file: LocalFile, config: &SourceConfig) -> Result<Vec<Part>> {
        let (crs, encoding) = (config.format.crs.clone(), config.format.encoding.clone());
        blocking(move || guarded(&file.display, || Ok(vec![part(&file, crs, encoding.as_deref())?]))).await
    }
}

fn part(file: &LocalFile, crs: Option<String>, encoding: Option<&str>) -> Result<Part> {
    let siblings = Siblings::find(file)?;
    let crs = match crs {
        Some(crs) => crs,
        None => crs_of(file, siblings.prj)?,
    };
    // A `.cpg` is a word; anything longer is none.
    let cpg = siblings.cpg.and_then(|path| fs::read_to_string(path).ok()).filter(|text| text.len() < 64);
    let dbf = Dbf::open(file, &siblings.dbf, encoding, cpg.as_deref())?;
    let shapes = Shapes::open(&file.display, &file.path, siblings.shx.as_deref())?;
    let mut fields = dbf.fields();
    if fields.iter().any(|field| field.name() == GEOMETRY) {
        let error = SourceError::data(
            &file.display,
            format!("a column of its .dbf file is called `{GEOMETRY}`, as the geometry is"),
        );
        return Err(error.with_hint("give the column another name and export the shapefile again"));
    }
    fields.push(geometry_field(&crs));
    let rows = TypedRows::new(&file.display, None, fields)?;
    let schema = Arc::clone(rows.provenance().schema());
    let display = file.display.clone();
    let batches = produce(move |sink| guarded(&display, || read(&display, dbf, shapes, rows, sink)));
    Ok(Part { file: file.display.clone(), sheet: None, schema, rows: batches })
}

fn crs_of(file: &LocalFile, prj: Option<PathBuf>) -> Result<String> {
    let text = match prj {
        Some(path) => fs::read_to_string(&path)
            .map_err(|error| SourceError::io(path.display().to_string(), error))?
            .trim()
            .to_owned(),
        None => String::new(),
    };
    if text.is_empty() {
        let error = SourceError::data(&file.display, "the .prj file that says which coordinates these are is missing");
        return Err(error.with_hint(
            "set format.crs, e.g. \"EPSG:4548\" for CGCS2000 / 3-degree Gauss-Kruger CM 117E, or deliver the .prj",
        ));
    }
    Ok(text)
}

fn read(display: &str, mut dbf: Dbf, mut shapes: Shapes, mut rows: TypedRows, sink: &Sink) -> Result<()> {
    let announced = i64::from(dbf.len());
    let mut number = 0;
    let mut shape = || {
        shapes.next().map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => SourceError::data(display, "the .shp file is cut off")
                .with_hint("deliver the shapefile again, with all its files"),
            _ => SourceError::io(display, error),
        })
    };
    while let Some(record) = dbf.next()? {
        number += 1;
        let shape = shape()?;
        if record.is_deleted() {
            continue;
        }
        if matches!(shape, Some(Record::Damaged)) {
            rows.fail(number, Reason::InvalidGeometry, record.text());
        } else {
            let read = record.values(|value| rows.put(value));
            let wkb = match shape {
                Some(Record::Shape(geometry)) => Some(from_geometry(&geometry)),
                _ => None,
            };
            match read {
                Ok(()) if rows.put(wkb.as_deref().map_or(Value::Null, Value::Bytes)) => rows.end(number),
                Ok(()) => rows.fail(number, Reason::Malformed, record.text()),
                Err(reason) => rows.fail(number, reason, record.text()),
            }
        }
        if rows.is_full() {
            sink.send(rows.finish()?)?;
        }
    }
    // Shapes without attributes are rows too: nothing says that they are meant to be left out.
    while let Some(shape) = shape()? {
        number += 1;
        let message = format!("a shape without attributes: the .dbf file has {announced} records");
        match shape {
            Record::Null => continue,
            Record::Shape(_) | Record::Damaged => rows.fail(number, Reason::Malformed, message),
        }
        if rows.is_full() {
            sink.send(rows.finish()?)?;
        }
    }
    if rows.is_empty() { Ok(()) } else { sink.send(rows.finish()?) }
}
