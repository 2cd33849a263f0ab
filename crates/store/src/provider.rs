//! A table's files as a DataFusion table: plain Parquet scans, so that every pruning rule applies and the
//! plan serializes.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};

use crate::location::Location;
use crate::{StoreError, TableName, TableState};

/// The provider of exactly the state's files.
pub fn provider(
    location: &Location,
    table: &TableName,
    state: &TableState,
) -> Result<Arc<dyn TableProvider>, StoreError> {
    let schema = state.schema()?;
    if state.files.is_empty() {
        return Ok(Arc::new(EmptyTable::new(schema)));
    }
    let urls = state
        .files
        .iter()
        .map(|file| ListingTableUrl::parse(format!("{}{}/{}", location.url, table.folder(), file.path)))
        .collect::<Result<Vec<_>, _>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config)?))
}
