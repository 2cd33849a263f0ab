//! HTTP doors over a city: health, SQL, tables and the query library.
//!
//! Input: requests. Output: streamed answers that name the snapshot they were read from. Invariants: a door
//! changes nothing; memory, time and rows of a query are bounded; errors are `application/problem+json` with a
//! stable `code` and, where it helps, a `hint`.

mod answer;
mod app;
mod negotiate;
mod problem;
mod routes;
mod workers;

use std::net::SocketAddr;

use jingwei_engine::{City, EngineError, Result};
use tokio::net::TcpListener;

pub use app::App;
pub use problem::Problem;

/// Listens on `bind:port` (port 0: any that is free).
///
/// # Errors
/// An address that cannot be listened on.
pub async fn listen(bind: &str, port: u16) -> Result<(TcpListener, SocketAddr)> {
    let failed = |error: std::io::Error| {
        EngineError::usage_with_hint(
            format!("cannot listen on {bind}:{port}: {error}"),
            "choose another port with --port, or end the program that holds this one",
        )
    };
    let listener = TcpListener::bind((bind, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves a city until `shutdown`.
///
/// # Errors
/// A store that cannot be read, or a listener that fails.
pub async fn serve(
    city: City,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let app = App::open(city).await?;
    axum::serve(listener, routes::router(app))
        .with_graceful_shutdown(shutdown)
        .await
        .map_err(|error| EngineError::Internal(format!("the server ended: {error}")))
}
