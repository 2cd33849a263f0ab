//! `PostgreSQL`: a query's rows through `COPY`, typed by what the server says of its columns.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use futures::{StreamExt, TryStreamExt, stream};
use jingwei_geo::WRITTEN_CRS;
use jingwei_model::Reason;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, CopyOutStream};

use super::copy::{self, Lines};
use super::source::Request;
use super::tls::{Trust, connector};
use crate::error::{Result, SourceError};
use crate::part::Part;
use crate::typed::{GEOMETRY, TypedRows, Value};

/// How long a server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(15);

/// Settings that make the text of values the same on every server.
const SESSION: &str = "SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex'; \
                       SET client_encoding = 'UTF8'; BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Date,
    Moment,
    Instant,
    Bytes,
    Geometry,
}

struct Column {
    name: String,
    kind: Kind,
    /// Schema of the type: that of the `PostGIS` functions.
    schema: String,
    crs: Option<String>,
}

/// Opens the part.
pub async fn open(request: Request) -> Result<Part> {
    let client = connect(&request).await?;
    client.batch_execute(SESSION).await.map_err(|error| failed(&request, &error))?;
    let statement = client.prepare(&request.statement).await.map_err(|error| failed(&request, &error))?;
    let mut columns: Vec<Column> = statement
        .columns()
        .iter()
        .map(|column| Column {
            name: column.name().to_owned(),
            kind: kind_of(column.type_()),
            schema: column.type_().schema().to_owned(),
            crs: None,
        })
        .collect();
    if columns.is_empty() {
        return Err(request.error("from.query gives no columns").with_hint("write one SELECT that gives the rows"));
    }
    for place in 0..columns.len() {
        if columns[place].kind == Kind::Geometry {
            columns[place].crs = Some(crs_of(&client, &request, &columns, place).await?);
        }
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
        let sql = copy_statement(&request, &columns);
        let copy = client.copy_out(sql.as_str()).await.map_err(|error| failed(&request, &error))?;
        let reading = Reading {
            copy: Box::pin(copy),
            _client: client,
            request,
            columns,
            rows,
            lines: Lines::default(),
            number: 0,
            ended: false,
        };
        Ok::<_, SourceError>(stream::try_unfold(reading, |mut reading| async move {
            Ok::<_, SourceError>(reading.batch().await?.map(|batch| (batch, reading)))
        }))
    };
    Ok(Part { file, sheet, schema, rows: Box::pin(stream::once(begun).try_flatten()) })
}

/// A copy in progress.
struct Reading {
    copy: std::pin::Pin<Box<CopyOutStream>>,
    /// The connection ends with its client.
    _client: Client,
    request: Request,
    columns: Vec<Column>,
    rows: TypedRows,
    lines: Lines,
    number: i64,
    ended: bool,
}

impl Reading {
    async fn batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            while let Some(line) = self.lines.next() {
                self.number += 1;
                match put(&mut self.rows, &self.columns, line) {
                    Ok(()) => self.rows.end(self.number),
                    Err(reason) => self.rows.fail(self.number, reason, String::from_utf8_lossy(line)),
                }
                if self.rows.is_full() {
                    return self.rows.finish().map(Some);
                }
            }
            if self.ended {
                return if self.rows.is_empty() { Ok(None) } else { self.rows.finish().map(Some) };
            }
            match self.copy.next().await {
                Some(Ok(bytes)) => self.lines.push(&bytes),
                Some(Err(error)) => return Err(failed(&self.request, &error)),
                None => self.ended = true,
            }
        }
    }
}

async fn connect(request: &Request) -> Result<Client> {
    let mut url = request.address.url.clone();
    let options: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let option = |name: &str| options.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (mode, trust) = match option("sslmode") {
        None | Some("prefer" | "allow") => (SslMode::Prefer, Trust::Anyone),
        Some("disable") => (SslMode::Disable, Trust::Anyone),
        Some("require") if option("sslrootcert").is_none() => (SslMode::Require, Trust::Anyone),
        Some("require" | "verify-ca" | "verify-full") => {
            (SslMode::Require, Trust::Verified { roots: option("sslrootcert").map(str::to_owned) })
        }
        Some(_) => {
            return Err(request
                .error("sslmode in from.url is none")
                .with_hint("write disable, prefer, require or verify-full"));
        }
    };
    let kept: Vec<&(String, String)> =
        options.iter().filter(|(key, _)| key != "sslmode" && key != "sslrootcert").collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    // The error would show the option it does not know, which may be a mistyped password.
    let mut config: Config = url.as_str().parse().map_err(|_| {
        request
            .error("from.url has options that PostgreSQL does not know")
            .with_hint("the usual form is postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require")
    })?;
    config.ssl_mode(mode).application_name("jingwei");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    let tls = connector(&trust).map_err(|message| {
        request.error(message).with_hint("name a PEM file of the authority that signed the server's certificate")
    })?;
    let (client, connection) = config.connect(tls).await.map_err(|error| failed(request, &error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a database connection ended");
        }
    });
    Ok(client)
}

fn failed(request: &Request, error: &tokio_postgres::Error) -> SourceError {
    let Some(database) = error.as_db_error() else {
        let mut message = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            message = format!("{message}: {cause}");
        }
        return request
            .error(message)
            .with_hint("check host, port and network, and whether the server wants sslmode=require");
    };
    let place = match database.position() {
        Some(tokio_postgres::error::ErrorPosition::Original(place)) => format!(" (at character {place})"),
        _ => String::new(),
    };
    let hint = match database.code().code() {
        "28P01" | "28000" => "check user and password in from.url, and that the server lets this machine in".to_owned(),
        "3D000" => "check the database's name in from.url".to_owned(),
        "42P01" => "check from.table: write SCHEMA.TABLE when the table is not in public".to_owned(),
        "42501" => "the user needs the right to SELECT".to_owned(),
        "25006" => "from.query may read only".to_owned(),
        _ => database.hint().unwrap_or("check from.table and from.query").to_owned(),
    };
    request.error(format!("the database says: {}{place}", database.message())).with_hint(hint)
}

fn kind_of(kind: &Type) -> Kind {
    match *kind {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => Kind::Integer,
        Type::FLOAT4 | Type::FLOAT8 => Kind::Number,
        Type::BOOL => Kind::Boolean,
        Type::DATE => Kind::Date,
        Type::TIMESTAMP => Kind::Moment,
        Type::TIMESTAMPTZ => Kind::Instant,
        Type::BYTEA => Kind::Bytes,
        _ if matches!(kind.name(), "geometry" | "geography") => Kind::Geometry,
        // Exact numbers stay text: no other type here keeps their digits.
        _ => Kind::Text,
    }
}

fn field(column: &Column) -> Field {
    let kind = match column.kind {
        Kind::Text => DataType::Utf8,
        Kind::Integer => DataType::Int64,
        Kind::Number => DataType::Float64,
        Kind::Boolean => DataType::Boolean,
        Kind::Date => DataType::Date32,
        Kind::Moment => DataType::Timestamp(TimeUnit::Microsecond, None),
        Kind::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Bytes | Kind::Geometry => DataType::Binary,
    };
    let field = Field::new(&column.name, kind, true);
    match &column.crs {
        Some(crs) => field.with_metadata([(WRITTEN_CRS.to_owned(), crs.clone())].into()),
        None => field,
    }
}

/// The query as a table whose columns are named by place: their own names may be odd. The line break ends
/// a comment the query may end with.
fn from_clause(request: &Request, columns: &[Column]) -> String {
    let names: Vec<String> = (0..columns.len()).map(|place| format!("c{place}")).collect();
    format!("FROM ({}\n) AS rows_ ({})", request.statement, names.join(", "))
}

fn copy_statement(request: &Request, columns: &[Column]) -> String {
    let values: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column.kind {
            Kind::Geometry => {
                let schema = crate::sqlite::quoted(&column.schema);
                format!("{schema}.ST_AsBinary({schema}.ST_Force2D(c{place}::{schema}.geometry), 'NDR')")
            }
            _ => format!("c{place}"),
        })
        .collect();
    format!("COPY (SELECT {} {}) TO STDOUT", values.join(", "), from_clause(request, columns))
}

/// The coordinate system of a geometry column: as configured, else that of its first geometry.
async fn crs_of(client: &Client, request: &Request, columns: &[Column], place: usize) -> Result<String> {
    if let Some(crs) = &request.crs {
        return Ok(crs.clone());
    }
    let schema = crate::sqlite::quoted(&columns[place].schema);
    let from = from_clause(request, columns);
    let sql = format!("SELECT {schema}.ST_SRID(c{place}::{schema}.geometry) {from} WHERE c{place} IS NOT NULL LIMIT 1");
    let row = client.query_opt(sql.as_str(), &[]).await.map_err(|error| failed(request, &error))?;
    match row.map(|row| row.try_get::<_, i32>(0)).transpose().map_err(|error| failed(request, &error))? {
        None => Ok("EPSG:4326".to_owned()),
        Some(srid) if srid > 0 => Ok(format!("EPSG:{srid}")),
        Some(_) => {
            let error = request
                .error(format!("the geometry `{}` does not say its coordinate system (SRID 0)", columns[place].name));
            Err(error.with_hint("set format.crs, e.g. \"EPSG:4548\""))
        }
    }
}

/// Puts the fields of a row.
fn put(rows: &mut TypedRows, columns: &[Column], line: &[u8]) -> Result<(), Reason> {
    let (mut scratch, mut bytes) = (Vec::new(), Vec::new());
    let mut fields = copy::fields(line);
    for column in columns {
        let Some(field) = fields.next().ok_or(Reason::Malformed)? else {
            if rows.put(Value::Null) {
                continue;
            }
            return Err(Reason::Malformed);
        };
        let text = std::str::from_utf8(copy::unescape(field, &mut scratch)).map_err(|_| Reason::Undecodable)?;
        let value = match column.kind {
            Kind::Text => Some(Value::Text(text)),
            Kind::Integer => text.parse().ok().map(Value::Integer),
            Kind::Number => text.parse().ok().map(Value::Number),
            Kind::Boolean => Some(Value::Boolean(text == "t")),
            // An end that never comes is no day.
            _ if text == "infinity" || text == "-infinity" => Some(Value::Null),
            Kind::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|date| days(date).map(Value::Date)),
            Kind::Moment => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f")
                .ok()
                .map(|moment| Value::Moment(moment.and_utc().timestamp_micros())),
            Kind::Instant => DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z")
                .ok()
                .map(|moment| Value::Moment(moment.timestamp_micros())),
            Kind::Bytes | Kind::Geometry => {
                text.strip_prefix("\\x").filter(|hex| from_hex(hex, &mut bytes)).map(|_| Value::Bytes(&bytes))
            }
        };
        if !value.is_some_and(|value| rows.put(value)) {
            return Err(Reason::Malformed);
        }
    }
    Ok(())
}

fn days(date: NaiveDate) -> Option<i32> {
    date.signed_duration_since(NaiveDate::default()).num_days().try_into().ok()
}

fn from_hex(hex: &str, bytes: &mut Vec<u8>) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    bytes.clear();
    let pairs = hex.as_bytes().chunks_exact(2);
    let whole = pairs.remainder().is_empty();
    bytes.extend(pairs.map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)));
    whole && bytes.len() == hex.len() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_their_hexadecimal_form() {
        let mut bytes = Vec::new();
        assert!(from_hex("00ffA1", &mut bytes));
        assert_eq!(bytes, [0, 255, 161]);
        assert!(!from_hex("0", &mut bytes));
        assert!(!from_hex("0g", &mut bytes));
    }
}
