//! From the configuration of a database to its one part.

use jingwei_model::config::SourceConfig;

use super::address::{Address, Kind};
use super::{mysql, postgres};
use crate::error::{Result, SourceError};
use crate::part::Part;

/// What is to be read.
pub struct Request {
    /// Where.
    pub address: Address,
    /// One SELECT.
    pub statement: String,
    /// The table, when one was named.
    pub table: Option<String>,
    /// Coordinate system of the geometry, when configured.
    pub crs: Option<String>,
}

impl Request {
    /// An error of this database.
    pub fn error(&self, message: impl Into<String>) -> SourceError {
        let error = SourceError::data(&self.address.display, message);
        match &self.table {
            Some(table) => error.in_sheet(table),
            None => error,
        }
    }

    /// Column names must differ.
    pub fn refuse_doubled(&self, names: &[String]) -> Result<()> {
        match names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
            Some((_, name)) => Err(self
                .error(format!("the query gives two columns called `{name}`"))
                .with_hint("give each column a name of its own with AS")),
            None => Ok(()),
        }
    }
}

/// The part of a database source.
///
/// # Errors
/// A database that cannot be reached, a query it does not understand.
pub(crate) async fn open(config: &SourceConfig) -> Result<Vec<Part>> {
    let address = Address::parse(config.from.url.as_deref().unwrap_or_default())?;
    let quote = match address.kind {
        Kind::Postgres => '"',
        Kind::Mysql => '`',
    };
    let (statement, table) = match (&config.from.query, &config.from.table) {
        (Some(query), _) => (query.trim().trim_end_matches(';').to_owned(), None),
        (None, Some(table)) => (format!("SELECT * FROM {}", quoted(table, quote)), Some(table.clone())),
        (None, None) => {
            let error = SourceError::data(&address.display, "neither from.query nor from.table says what to read");
            return Err(error.with_hint("write from.table = \"SCHEMA.TABLE\" or from.query = \"SELECT …\""));
        }
    };
    let request = Request { address, statement, table, crs: config.format.crs.clone() };
    let part = match request.address.kind {
        Kind::Postgres => postgres::open(request).await?,
        Kind::Mysql => mysql::open(request).await?,
    };
    Ok(vec![part])
}

/// `schema.table` with each part quoted.
fn quoted(table: &str, quote: char) -> String {
    let double = quote.to_string().repeat(2);
    table.split('.').map(|part| format!("{quote}{}{quote}", part.replace(quote, &double))).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_part_of_a_table_s_name_is_quoted() {
        assert_eq!(super::quoted("public.人口", '"'), "\"public\".\"人口\"");
        assert_eq!(super::quoted("a`b", '`'), "`a``b`");
    }
}
