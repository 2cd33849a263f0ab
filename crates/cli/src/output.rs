//! Answers and messages on the terminal.

use std::fs::File;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;

use futures::StreamExt;
use jingwei_engine::{Answer, Encoder, EngineError, OutputFormat, Result, SqlError};
use serde::Serialize;

use crate::args::OutputArgs;

/// Writes text to standard output. A reader that has gone away is no error of ours.
pub fn say(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}

/// Writes text to standard error.
pub fn complain(text: &str) {
    let _ = writeln!(stderr(), "{text}");
}

/// Writes one JSON document to standard output.
///
/// # Errors
/// A value that is no JSON.
pub fn say_json<T: Serialize>(value: &T) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| EngineError::Internal(error.to_string()))?;
    say(&text);
    Ok(())
}

impl OutputArgs {
    /// The format to write in.
    pub fn chosen(&self) -> OutputFormat {
        self.format
            .or_else(|| self.output.as_deref().and_then(OutputFormat::of_extension))
            .unwrap_or(OutputFormat::Table)
    }

    /// Whether one JSON document is asked for.
    pub fn is_json(&self) -> bool {
        self.chosen() == OutputFormat::Json
    }
}

/// Writes a query's answer, batch by batch.
///
/// # Errors
/// A query that fails while it runs, or a file that cannot be written. A file is only left behind whole.
pub async fn write(answer: Answer, sql: &str, output: &OutputArgs) -> Result<()> {
    let format = output.chosen();
    let schema = answer.schema();
    let encoding = |error: arrow::error::ArrowError| {
        EngineError::usage(format!("the answer cannot be written as {format}: {error}"))
    };
    let mut encoder = Encoder::new(format, &schema).map_err(encoding)?;
    if output.output.is_none()
        && matches!(format, OutputFormat::Arrow | OutputFormat::Parquet)
        && stdout().is_terminal()
    {
        return Err(EngineError::usage_with_hint(
            format!("{format} is binary and belongs in a file"),
            "name one with -o FILE",
        ));
    }
    let mut sink = Sink::open(output.output.as_deref())?;
    let mut rows = answer.stream().await?;
    while let Some(batch) = rows.next().await {
        let batch = batch.map_err(|error| SqlError::new(sql, &error))?;
        sink.write(&encoder.batch(&batch).map_err(encoding)?)?;
    }
    sink.write(&encoder.finish().map_err(encoding)?)?;
    sink.close()
}

enum Sink {
    Terminal,
    File { path: std::path::PathBuf, partial: std::path::PathBuf, file: File },
}

impl Sink {
    fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::Terminal) };
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = std::path::PathBuf::from(partial);
        let file =
            File::create(&partial).map_err(|error| EngineError::Io { path: partial.display().to_string(), error })?;
        Ok(Self::File { path: path.to_owned(), partial, file })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Terminal => match stdout().write_all(bytes) {
                // `jingwei sql … | head` is a fine thing to do.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
                other => other.map_err(|error| EngineError::Io { path: "standard output".to_owned(), error }),
            },
            Self::File { partial, file, .. } => {
                file.write_all(bytes).map_err(|error| EngineError::Io { path: partial.display().to_string(), error })
            }
        }
    }

    fn close(self) -> Result<()> {
        match self {
            Self::Terminal => Ok(()),
            Self::File { path, partial, file } => file
                .sync_all()
                .and_then(|()| std::fs::rename(&partial, &path))
                .map_err(|error| EngineError::Io { path: path.display().to_string(), error }),
        }
    }
}
