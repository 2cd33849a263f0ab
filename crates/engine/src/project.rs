//! A city project: the folder with `config/`, `queries/` and the store, read and checked as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jingwei_model::config::{CityConfig, ConfigError, EntityConfig, SourceConfig, parse};
use jingwei_model::{Element, Table};

use crate::error::{EngineError, Result};
use crate::library::Library;

/// A city project.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder.
    pub dir: PathBuf,
    /// `config/jingwei.toml`.
    pub city: CityConfig,
    /// `config/sources/*.toml` by name.
    pub sources: BTreeMap<String, SourceConfig>,
    /// `config/entities/*.toml` by element.
    pub entities: BTreeMap<Element, EntityConfig>,
    /// `queries/**.sql`.
    pub library: Library,
}

impl Project {
    /// Reads the project in `dir`.
    ///
    /// # Errors
    /// A missing or wrong file, with its place.
    pub fn open(dir: &Path) -> Result<Self> {
        let main = dir.join("config").join("jingwei.toml");
        if !main.is_file() {
            return Err(EngineError::usage_with_hint(
                format!("{} is no project: it has no config/jingwei.toml", dir.display()),
                "name the project with --project DIR, or make one with `jingwei init DIR`",
            ));
        }
        let city: CityConfig = load(dir, &main)?;
        let mut sources = BTreeMap::new();
        for path in toml_files(&dir.join("config").join("sources"))? {
            let config: SourceConfig = load(dir, &path)?;
            let name = stem(&path);
            check_source(&shown(dir, &path), &name, &config)?;
            sources.insert(name, config);
        }
        let mut entities = BTreeMap::new();
        for path in toml_files(&dir.join("config").join("entities"))? {
            let config: EntityConfig = load(dir, &path)?;
            check_entity(&shown(dir, &path), &config)?;
            let element = config.element;
            if entities.insert(element, config).is_some() {
                return Err(ConfigError::new(shown(dir, &path), format!("a second file configures `{element}`")).into());
            }
        }
        let library = Library::load(&dir.join("queries"))?;
        Ok(Self { dir: dir.to_owned(), city, sources, entities, library })
    }

    /// The store's URL or folder.
    #[must_use]
    pub fn store_url(&self) -> String {
        let url = &self.city.storage.url;
        if url.contains("://") { url.clone() } else { self.dir.join(url).to_string_lossy().into_owned() }
    }

    /// The sources that say something about an element.
    pub fn sources_of(&self, element: Element) -> impl Iterator<Item = (&String, &SourceConfig)> {
        self.sources.iter().filter(move |(_, config)| config.records.iter().any(|record| record.element == element))
    }
}

fn load<T: serde::de::DeserializeOwned>(dir: &Path, path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(|error| EngineError::Io { path: shown(dir, path), error })?;
    Ok(parse(&shown(dir, path), &text, |name| std::env::var(name).ok())?)
}

fn shown(dir: &Path, path: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).display().to_string()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn toml_files(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(dir).map_err(|error| EngineError::Io { path: dir.display().to_string(), error })?;
    let mut files = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect::<Vec<_>>();
    files.sort();
    Ok(files)
}

/// The checks that need several keys at once.
fn check_source(file: &str, name: &str, config: &SourceConfig) -> Result<()> {
    let fail = |message: String, hint: Option<String>| -> Result<()> {
        Err(ConfigError { hint, ..ConfigError::new(file, message) }.into())
    };
    if !is_identifier(name) {
        return fail(
            format!("the file's name `{name}` becomes a table's name: a-z, 0-9 and _, beginning with a letter"),
            Some(format!("rename the file, e.g. `{}.toml`", identifier(name))),
        );
    }
    if config.from.path.is_none() && config.from.url.is_none() {
        return fail(
            "`from` says neither `path` nor `url`".to_owned(),
            Some("add e.g. `path = \"data/register.csv\"`".to_owned()),
        );
    }
    if !(0.0..=1.0).contains(&config.trust) {
        return fail(format!("`trust` is {}, outside 0 to 1", config.trust), None);
    }
    for key in &config.key {
        if !config.columns.contains_key(key) {
            return fail(
                format!("`key` names `{key}`, which is no column of this source"),
                nearest(key, config.columns.keys()),
            );
        }
    }
    for column in config.columns.keys() {
        if !is_identifier(column) {
            return fail(
                format!("column `{column}` must be named with a-z, 0-9 and _, beginning with a letter"),
                Some("the department's own name belongs in `from`".to_owned()),
            );
        }
    }
    let mut labels = Vec::new();
    for record in &config.records {
        if labels.contains(&record.label()) {
            return fail(
                format!("two records are called `{}`", record.label()),
                Some("give one of them another `name`".to_owned()),
            );
        }
        labels.push(record.label());
    }
    for record in &config.records {
        let table = Table::of(record.element);
        for column in record.set.keys() {
            if table.column(column).is_none() {
                let known = table.all_columns().map(|column| column.name).collect::<Vec<_>>();
                return fail(
                    format!("record `{}` sets `{column}`, which is no column of {}", record.label(), record.element),
                    nearest(column, known.iter()),
                );
            }
        }
        for column in &record.attributes {
            if !config.columns.contains_key(column) {
                return fail(
                    format!(
                        "record `{}` keeps `{column}` in attributes, which is no column of this source",
                        record.label()
                    ),
                    nearest(column, config.columns.keys()),
                );
            }
        }
        for link in &record.links {
            let by_row = link.to.is_some();
            let by_value = link.element.is_some() && link.key.is_some() && link.value.is_some();
            if by_row == by_value {
                return fail(
                    format!(
                        "a link of record `{}` must say either `to` or all of `element`, `key` and `value`",
                        record.label()
                    ),
                    None,
                );
            }
            if let Some(to) = &link.to
                && !labels.contains(&to.as_str())
            {
                return fail(
                    format!("a link of record `{}` goes to `{to}`, which is no record of this source", record.label()),
                    nearest(to, labels.iter()),
                );
            }
            if let (Some(element), Some(key)) = (link.element, &link.key)
                && Table::of(element).column(key).is_none()
            {
                let known = Table::of(element).all_columns().map(|column| column.name).collect::<Vec<_>>();
                return fail(
                    format!("a link of record `{}` looks by `{key}`, which is no column of {element}", record.label()),
                    nearest(key, known.iter()),
                );
            }
            if link.level.is_some() && link.key.as_deref() != Some("address") {
                return fail(
                    format!("a link of record `{}` has a `level`, which is for `key = \"address\"`", record.label()),
                    None,
                );
            }
            if let Some(column) = &link.column
                && table.column(column).is_none()
            {
                let known = table.all_columns().map(|column| column.name).collect::<Vec<_>>();
                return fail(
                    format!(
                        "a link of record `{}` fills `{column}`, which is no column of {}",
                        record.label(),
                        record.element
                    ),
                    nearest(column, known.iter()),
                );
            }
            if link.relation.is_none() && link.column.is_none() {
                return fail(
                    format!("a link of record `{}` says neither `relation` nor `column`", record.label()),
                    None,
                );
            }
        }
    }
    Ok(())
}

fn check_entity(file: &str, config: &EntityConfig) -> Result<()> {
    let table = Table::of(config.element);
    let named = config.conflict.iter().chain(config.survivorship.columns.keys());
    for column in named {
        if table.column(column).is_none() {
            let known = table.all_columns().map(|column| column.name).collect::<Vec<_>>();
            return Err(ConfigError {
                hint: nearest(column, known.iter()),
                ..ConfigError::new(file, format!("`{column}` is no column of {}", config.element))
            }
            .into());
        }
    }
    for rule in &config.rules {
        if rule.on.is_empty() {
            return Err(ConfigError::new(file, format!("rule `{}` has nothing in `on`", rule.rule)).into());
        }
        if !(0.0..=1.0).contains(&rule.probability) {
            return Err(ConfigError::new(
                file,
                format!("rule `{}` has probability {}, outside 0 to 1", rule.rule, rule.probability),
            )
            .into());
        }
    }
    Ok(())
}

/// A table's name that is near a file's.
fn identifier(name: &str) -> String {
    let plain: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
        .collect();
    match plain.trim_matches('_') {
        "" => "household_register".to_owned(),
        plain if plain.starts_with(|first: char| first.is_ascii_digit()) => format!("source_{plain}"),
        plain => plain.to_owned(),
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_')
}

/// `did you mean …?` for the known name that is close enough.
pub(crate) fn nearest<S: AsRef<str>>(unknown: &str, known: impl Iterator<Item = S>) -> Option<String> {
    let best = known
        .map(|name| (strsim::damerau_levenshtein(unknown, name.as_ref()), name))
        .min_by_key(|(distance, _)| *distance)?;
    (best.0 <= unknown.chars().count().max(3) / 2 + 1).then(|| format!("did you mean `{}`?", best.1.as_ref()))
}
