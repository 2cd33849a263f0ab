//! The `jingwei` binary: one file per command under `commands/`.
//!
//! Exit codes: 0 fine, 1 a check or job failed, 2 wrong use or configuration, 3 an error of our own.

mod allocator;
mod args;
mod commands;
mod output;
mod progress;
mod template;

use std::process::ExitCode;

use clap::Parser;
use jingwei_engine::EngineError;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("JINGWEI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,jingwei=info,deltalake=error,delta_kernel=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(8 << 20).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&EngineError::Internal(format!("the runtime did not start: {error}"))),
    };
    match runtime.block_on(run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(args: Args) -> Result<(), EngineError> {
    let project = args.project;
    match args.command {
        Command::Demo(command) => commands::demo::run(command).await,
        Command::Init(command) => commands::init::run(&command),
        Command::Profile(command) => commands::profile::run(command).await,
        Command::Plan(command) => commands::plan::run(&project, command).await,
        Command::Integrate(command) => commands::integrate::run(&project, command).await,
        Command::Sql(command) => commands::sql::run(&project, command).await,
        Command::Query(command) => commands::query::run(&project, command).await,
        Command::Geocode(command) => commands::geocode::run(&project, command).await,
        Command::Explain(command) => commands::explain::run(&project, command).await,
        Command::Review(command) => commands::review::run(&project, &command).await,
        Command::Decide(command) => commands::decide::run(&project, &command).await,
        Command::Decisions(command) => commands::decisions::run(&project, &command),
        Command::Undo(command) => commands::undo::run(&project, &command).await,
        Command::Quality(command) => commands::quality::run(&project, command).await,
        Command::Link(command) => commands::link::run(command).await,
        Command::Serve(command) => commands::serve::run(&project, command).await,
        Command::History(command) => commands::history::run(&project, &command),
        Command::Config(command) => commands::config::run(&project, &command).await,
    }
}

fn fail(error: &EngineError) -> ExitCode {
    output::complain(&format!("error: {error}"));
    if error.is_user_error() { ExitCode::from(2) } else { ExitCode::from(3) }
}
