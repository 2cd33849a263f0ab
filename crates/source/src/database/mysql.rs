//! `MySQL` and `MariaDB`: a query's rows streamed as text, typed by what the server says of its columns.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime};
use futures::{TryStreamExt, stream};
use jingwei_geo::WRITTEN_CRS;
use jingwei_geo::{from_geometry, point_of, to_geometry};
use jingwei_model::Reason;
use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::{Query, Queryable};
use mysql_async::{Conn, Opts, QueryResult, Row, TextProtocol};

use super::source::Request;
use crate::error::{Result, SourceError};
use crate::part::Part;
use crate::typed::{GEOMETRY, TypedRows, Value};

/// The character set that means bytes.
const BINARY: u16 = 63;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Number,
    Date,
    Moment,
    Bits,
    Bytes,
    Geometry,
}

struct Column {
    name: String,
    kind: Kind,
    crs: Option<String>,
}

/// Opens the part.
pub async fn open(request: Request) -> Result<Part> {
    let database = |error: mysql_async::Error| failed(&request, &error);
    // The error could show the URL.
    let opts = Opts::from_url(request.address.url.as_str()).map_err(|_| {
        request
            .error("from.url is not as MySQL wants it")
            .with_hint("the usual form is mysql://USER:PASSWORD@HOST:3306/DATABASE?require_ssl=true")
    })?;
    let mut connection = Conn::new(opts).await.map_err(database)?;
    connection.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await.map_err(database)?;
    let statement = connection.prep(request.statement.as_str()).await.map_err(database)?;
    let mut columns: Vec<Column> = statement
        .columns()
        .iter()
        .map(|column| Column { name: column.name_str().into_owned(), kind: kind_of(column), crs: None })
        .collect();
    connection.close(statement).await.map_err(database)?;
    if columns.is_empty() {
        return Err(request.error("from.query gives no columns").with_hint("write one SELECT that gives the rows"));
    }
    for column in columns.iter_mut().filter(|column| column.kind == Kind::Geometry) {
        column.crs = Some(crs_of(&mut connection, &request, &column.name).await?);
    }
    // The first geometry is the table's; others keep their names.
    if let Some(first) = columns.iter().position(|column| column.kind == Kind::Geometry)
        && !columns.iter().any(|column| column.name == GEOMETRY)
    {
        columns[first].name = GEOMETRY.to_owned();
    }
    request.refuse_doubled(&columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>())?;
    let rows = TypedRows::new(&request.address.display, request.table.clone(), columns.iter().map(field).collect())?;
    let schema = Arc::clone(rows.provenance().schema());
    let (file, sheet) = (request.address.display.clone(), request.table.clone());
    let begun = async move {
        let result = request.statement.clone().run(connection).await.map_err(|error| failed(&request, &error))?;
        let reading = Reading { result, request, columns, rows, number: 0 };
        Ok::<_, SourceError>(stream::try_unfold(reading, |mut reading| async move {
            Ok::<_, SourceError>(reading.batch().await?.map(|batch| (batch, reading)))
        }))
    };
    Ok(Part { file, sheet, schema, rows: Box::pin(stream::once(begun).try_flatten()) })
}

/// A result in progress.
struct Reading {
    result: QueryResult<'static, 'static, TextProtocol>,
    request: Request,
    columns: Vec<Column>,
    rows: TypedRows,
    number: i64,
}

impl Reading {
    async fn batch(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(row) = self.result.next().await.map_err(|error| failed(&self.request, &error))? {
            self.number += 1;
            match put(&mut self.rows, &self.columns, &row) {
                Ok(()) => self.rows.end(self.number),
                Err(reason) => self.rows.fail(self.number, reason, shown(&row)),
            }
            if self.rows.is_full() {
                return self.rows.finish().map(Some);
            }
        }
        if self.rows.is_empty() { Ok(None) } else { self.rows.finish().map(Some) }
    }
}

fn failed(request: &Request, error: &mysql_async::Error) -> SourceError {
    match error {
        mysql_async::Error::Server(server) => {
            let hint = match server.code {
                1044 | 1045 | 1698 => "check user and password in from.url, and that the server lets this machine in",
                1049 => "check the database's name in from.url",
                1142 => "the user needs the right to SELECT",
                1792 => "from.query may read only",
                _ => "check from.table and from.query",
            };
            request.error(format!("the database says: {}", server.message)).with_hint(hint)
        }
        mysql_async::Error::Url(_) => request
            .error("from.url is not as MySQL wants it")
            .with_hint("the usual form is mysql://USER:PASSWORD@HOST:3306/DATABASE"),
        other => request
            .error(other.to_string())
            .with_hint("check host, port and network, and whether the server wants require_ssl=true"),
    }
}

fn kind_of(column: &mysql_async::Column) -> Kind {
    let unsigned = column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    match column.column_type() {
        // Its upper half does not fit 64 bits with a sign.
        ColumnType::MYSQL_TYPE_LONGLONG if unsigned => Kind::Text,
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR => Kind::Integer,
        ColumnType::MYSQL_TYPE_FLOAT | ColumnType::MYSQL_TYPE_DOUBLE => Kind::Number,
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => Kind::Date,
        ColumnType::MYSQL_TYPE_DATETIME
        | ColumnType::MYSQL_TYPE_DATETIME2
        | ColumnType::MYSQL_TYPE_TIMESTAMP
        | ColumnType::MYSQL_TYPE_TIMESTAMP2 => Kind::Moment,
        ColumnType::MYSQL_TYPE_BIT => Kind::Bits,
        ColumnType::MYSQL_TYPE_GEOMETRY => Kind::Geometry,
        ColumnType::MYSQL_TYPE_TINY_BLOB
        | ColumnType::MYSQL_TYPE_MEDIUM_BLOB
        | ColumnType::MYSQL_TYPE_LONG_BLOB
        | ColumnType::MYSQL_TYPE_BLOB
        | ColumnType::MYSQL_TYPE_STRING
        | ColumnType::MYSQL_TYPE_VAR_STRING
        | ColumnType::MYSQL_TYPE_VARCHAR
            if column.character_set() == BINARY =>
        {
            Kind::Bytes
        }
        _ => Kind::Text,
    }
}

fn field(column: &Column) -> Field {
    let kind = match column.kind {
        Kind::Text => DataType::Utf8,
        Kind::Integer | Kind::Bits => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Date => DataType::Date32,
        Kind::Moment => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::Bytes | Kind::Geometry => DataType::Binary,
    };
    let field = Field::new(&column.name, kind, true);
    match &column.crs {
        Some(crs) => field.with_metadata([(WRITTEN_CRS.to_owned(), crs.clone())].into()),
        None => field,
    }
}

/// The coordinate system of a geometry column: as configured, else that of its first geometry.
async fn crs_of(connection: &mut Conn, request: &Request, name: &str) -> Result<String> {
    if let Some(crs) = &request.crs {
        return Ok(crs.clone());
    }
    let quoted = format!("`{}`", name.replace('`', "``"));
    let sql =
        format!("SELECT ST_SRID({quoted}) FROM ({}\n) AS rows_ WHERE {quoted} IS NOT NULL LIMIT 1", request.statement);
    match connection.query_first::<u32, _>(sql).await.map_err(|error| failed(request, &error))? {
        None => Ok("EPSG:4326".to_owned()),
        Some(srid) if srid > 0 => Ok(format!("EPSG:{srid}")),
        Some(_) => {
            let error = request.error(format!("the geometry `{name}` does not say its coordinate system (SRID 0)"));
            Err(error.with_hint("set format.crs, e.g. \"EPSG:4548\""))
        }
    }
}

/// Puts the values of a row.
fn put(rows: &mut TypedRows, columns: &[Column], row: &Row) -> Result<(), Reason> {
    for (place, column) in columns.iter().enumerate() {
        let bytes = match row.as_ref(place) {
            Some(mysql_async::Value::Bytes(bytes)) => bytes.as_slice(),
            Some(mysql_async::Value::NULL) => {
                if rows.put(Value::Null) {
                    continue;
                }
                return Err(Reason::Malformed);
            }
            _ => return Err(Reason::Malformed),
        };
        let text = || std::str::from_utf8(bytes).map_err(|_| Reason::Undecodable);
        let wkb;
        let value = match column.kind {
            Kind::Text => Value::Text(text()?),
            Kind::Integer => Value::Integer(text()?.parse().map_err(|_| Reason::Malformed)?),
            Kind::Number => Value::Number(text()?.parse().map_err(|_| Reason::Malformed)?),
            Kind::Bits if bytes.len() <= 8 => {
                Value::Integer(bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)).cast_signed())
            }
            Kind::Bits => return Err(Reason::Malformed),
            Kind::Bytes => Value::Bytes(bytes),
            // MySQL's way to write that there is no date.
            Kind::Date | Kind::Moment if text()?.starts_with("0000-00-00") => Value::Null,
            Kind::Date => {
                let date = NaiveDate::parse_from_str(text()?, "%Y-%m-%d").map_err(|_| Reason::BadDate)?;
                let days = date.signed_duration_since(NaiveDate::default()).num_days();
                Value::Date(days.try_into().map_err(|_| Reason::BadDate)?)
            }
            Kind::Moment => {
                let moment =
                    NaiveDateTime::parse_from_str(text()?, "%Y-%m-%d %H:%M:%S%.f").map_err(|_| Reason::BadDate)?;
                Value::Moment(moment.and_utc().timestamp_micros())
            }
            Kind::Geometry => {
                wkb = geometry(bytes).ok_or(Reason::InvalidGeometry)?;
                Value::Bytes(&wkb)
            }
        };
        if !rows.put(value) {
            return Err(Reason::Malformed);
        }
    }
    Ok(())
}

/// The server's own form: the number of the coordinate system, then WKB.
fn geometry(bytes: &[u8]) -> Option<Vec<u8>> {
    let body = bytes.get(4..)?;
    if point_of(body).is_some() {
        return Some(body.to_vec());
    }
    to_geometry(body).ok().map(|geometry| from_geometry(&geometry))
}

/// A row as a person would see it.
fn shown(row: &Row) -> String {
    let cells = (0..row.len()).map(|place| match row.as_ref(place) {
        Some(mysql_async::Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    });
    cells.collect::<Vec<_>>().join("\t")
}
