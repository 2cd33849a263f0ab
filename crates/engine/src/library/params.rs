//! Typed parameters: from what a person or a client gives to values bound into a plan, never pasted.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use datafusion::common::ParamValues;
use datafusion::common::ScalarValue;
use datafusion::common::metadata::ScalarAndMetadata;
use indexmap::IndexMap;

use super::header::{ParamConfig, ParamType};
use crate::error::{EngineError, Result};
use crate::project::nearest;

/// Values for a query's declared parameters: the given ones by name, the defaults for the rest.
///
/// # Errors
/// A given name that is not declared (the nearest is named), or a value that is not of its type.
pub fn bind(declared: &IndexMap<String, ParamConfig>, given: &[(String, String)]) -> Result<ParamValues> {
    for (name, _) in given {
        if !declared.contains_key(name) {
            return Err(EngineError::Usage {
                message: format!("the query has no parameter `{name}`"),
                hint: nearest(name, declared.keys()).or_else(|| {
                    Some(match declared.len() {
                        0 => "it has none".to_owned(),
                        _ => format!("it has {}", declared.keys().cloned().collect::<Vec<_>>().join(", ")),
                    })
                }),
            });
        }
    }
    let mut values = HashMap::new();
    for (name, config) in declared {
        let text = given.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
        let text = text.or_else(|| config.default.as_ref().map(plain));
        values.insert(name.clone(), ScalarAndMetadata::from(value(name, config.kind, text.as_deref())?));
    }
    Ok(ParamValues::Map(values))
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn value(name: &str, kind: ParamType, text: Option<&str>) -> Result<ScalarValue> {
    let wrong = |expected: &str| {
        EngineError::usage(format!("parameter `{name}` is `{}`, which is not {expected}", text.unwrap_or_default()))
    };
    Ok(match kind {
        ParamType::Text => ScalarValue::Utf8(text.map(str::to_owned)),
        ParamType::Integer => {
            ScalarValue::Int64(text.map(str::parse).transpose().map_err(|_| wrong("a whole number"))?)
        }
        ParamType::Number => ScalarValue::Float64(text.map(str::parse).transpose().map_err(|_| wrong("a number"))?),
        ParamType::Boolean => {
            ScalarValue::Boolean(text.map(str::parse).transpose().map_err(|_| wrong("true or false"))?)
        }
        ParamType::Date => {
            let date = text.map(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d")).transpose();
            let date = date.map_err(|_| wrong("a date like 2026-06-30"))?;
            ScalarValue::Date32(date.map(arrow::datatypes::Date32Type::from_naive_date))
        }
        ParamType::Datetime => {
            let time = text
                .map(|text| {
                    NaiveDateTime::parse_from_str(&text.replace(' ', "T"), "%Y-%m-%dT%H:%M:%S%.f")
                        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(NaiveDateTime::from))
                })
                .transpose()
                .map_err(|_| wrong("a time like 2026-06-30T12:00:00"))?;
            ScalarValue::TimestampMicrosecond(time.map(|time| time.and_utc().timestamp_micros()), None)
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn declared() -> IndexMap<String, ParamConfig> {
        toml::from_str("from = { type = \"date\", default = \"2026-06-01\" }\nk = { type = \"integer\" }").unwrap()
    }

    fn bound(given: &[(&str, &str)]) -> Result<HashMap<String, ScalarValue>> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        let ParamValues::Map(values) = bind(&declared(), &given)? else { panic!("named values") };
        Ok(values.into_iter().map(|(name, value)| (name, value.value)).collect())
    }

    #[test]
    fn a_default_is_used_where_nothing_is_given_and_null_where_there_is_none() {
        let values = bound(&[]).unwrap();
        assert_eq!(values["from"], ScalarValue::Date32(Some(20605)));
        assert_eq!(values["k"], ScalarValue::Int64(None));
    }

    #[test]
    fn a_given_value_wins_over_the_default() {
        assert_eq!(bound(&[("from", "1970-01-02"), ("k", "7")]).unwrap()["from"], ScalarValue::Date32(Some(1)));
    }

    #[test]
    fn a_value_of_the_wrong_type_and_an_unknown_name_are_the_users_mistakes() {
        assert!(bound(&[("k", "seven")]).unwrap_err().is_user_error());
        assert!(bound(&[("form", "x")]).unwrap_err().to_string().contains("did you mean `from`?"));
    }
}
