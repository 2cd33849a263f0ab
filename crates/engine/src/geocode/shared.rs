//! One geocoder a session, loaded from `base.addresses` when a query first needs it.

use std::sync::Arc;

use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use jingwei_model::config::AddressStyle;
use tokio::sync::OnceCell;

use super::{Geocoder, GeocoderBuilder, StandardColumns};
use crate::error::{EngineError, Result};
use crate::functions::{Called, Geocode};

/// The functions that need it.
const FUNCTIONS: [&str; 2] = ["geocode", "reverse_geocode"];

/// A geocoder to come.
#[derive(Debug, Default)]
pub struct SharedGeocoder {
    style: AddressStyle,
    cell: OnceCell<Arc<Geocoder>>,
}

// Functions over one geocoder are one function; two geocoders are never the same, whatever is in them.
impl PartialEq for SharedGeocoder {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for SharedGeocoder {}

impl std::hash::Hash for SharedGeocoder {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}

impl SharedGeocoder {
    /// One for addresses of a style.
    #[must_use]
    pub fn new(style: AddressStyle) -> Self {
        Self { style, cell: OnceCell::new() }
    }

    /// The one that a session's `geocode` asks.
    #[must_use]
    pub fn of(context: &SessionContext) -> Option<Arc<Self>> {
        use datafusion::execution::FunctionRegistry;
        let function = context.udf(FUNCTIONS[0]).ok()?;
        function.inner().downcast_ref::<Geocode>().map(|geocode| Arc::clone(&geocode.shared))
    }

    /// The geocoder, once it is loaded.
    #[must_use]
    pub fn get(&self) -> Option<&Arc<Geocoder>> {
        self.cell.get()
    }

    /// Loads `base.addresses` of `context`, once.
    ///
    /// # Errors
    /// A session without the table.
    pub async fn load(&self, context: &SessionContext) -> Result<&Arc<Geocoder>> {
        self.cell
            .get_or_try_init(|| async {
                load(context, "base.addresses", None, None, Some(self.style)).await.map(Arc::new)
            })
            .await
    }

    /// Loads it if any of `called` needs it.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub async fn prepare(context: &SessionContext, called: &Called) -> Result<()> {
        if called.any(&FUNCTIONS)
            && let Some(shared) = Self::of(context)
        {
            shared.load(context).await?;
        }
        Ok(())
    }
}

/// A geocoder over a table of a session.
///
/// # Errors
/// A table that is not there or has no addresses.
pub(super) async fn load(
    context: &SessionContext,
    table: &str,
    id: Option<&str>,
    text: Option<&str>,
    style: Option<AddressStyle>,
) -> Result<Geocoder> {
    let step = || EngineError::plan(format!("reading {table}"));
    let frame = context.table(table).await.map_err(step())?;
    let columns = StandardColumns::of(frame.schema().as_arrow(), id, text)?;
    let id = columns.id.clone();
    let selected: Vec<_> = columns.names().into_iter().map(datafusion::prelude::ident).collect();
    let mut stream = frame
        .select(selected)
        .and_then(|frame| frame.sort(vec![datafusion::prelude::ident(id).sort(true, false)]))
        .map_err(step())?
        .execute_stream()
        .await
        .map_err(step())?;
    let mut builder = GeocoderBuilder::new(columns, style);
    while let Some(batch) = stream.try_next().await.map_err(step())? {
        builder.add(&batch)?;
    }
    Ok(builder.finish())
}
