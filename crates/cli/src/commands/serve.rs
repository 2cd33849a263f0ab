//! `jingwei serve`.

use std::path::Path;

use clap::Args;
use jingwei_engine::{City, Result};

use crate::output::complain;

/// Arguments of `jingwei serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Port; the configuration's when absent.
    #[arg(long)]
    port: Option<u16>,
    /// Address to listen on; the configuration's when absent.
    #[arg(long)]
    bind: Option<String>,
}

/// Serves the HTTP API until it is told to stop.
///
/// # Errors
/// A project that cannot be opened or a port that is taken.
pub async fn run(project: &Path, args: Serve) -> Result<()> {
    let city = City::open(project)?;
    let settings = city.project.city.server.clone();
    serve(city, &args.bind.unwrap_or(settings.bind), args.port.unwrap_or(settings.port)).await
}

/// Serves a city on an address.
///
/// # Errors
/// A port that is taken.
pub async fn serve(city: City, bind: &str, port: u16) -> Result<()> {
    let (listener, address) = jingwei_serve::listen(bind, port).await?;
    complain(&format!("serving http://{address}, stop with Ctrl-C"));
    complain(&format!(
        "  curl -s http://{address}/v1/sql -H 'content-type: application/json' -d '{{\"sql\": \"select count(*) from people\"}}'"
    ));
    jingwei_serve::serve(city, listener, stop()).await
}

/// Ctrl-C, or a service manager's request to end.
async fn stop() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await;
}
