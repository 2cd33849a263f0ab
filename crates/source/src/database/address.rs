//! The URL of a database, and the part of it that may be shown.

use url::Url;

use crate::error::{Result, SourceError};

/// Which database speaks at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `PostgreSQL`.
    Postgres,
    /// `MySQL` or `MariaDB`.
    Mysql,
}

/// A database's URL. Not `Debug`: it may hold a password.
#[derive(Clone)]
pub struct Address {
    /// Which database it is.
    pub kind: Kind,
    /// The whole URL.
    pub url: Url,
    /// Scheme, host, port and database.
    pub display: String,
}

impl Address {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let (kind, scheme) = match scheme.as_deref() {
            Some("postgres" | "postgresql") => (Kind::Postgres, "postgres"),
            Some("mysql" | "mariadb") => (Kind::Mysql, "mysql"),
            _ => {
                let error = SourceError::data("from.url", "the address is of no database that is read");
                return Err(error.with_hint(
                    "write postgres://HOST/DATABASE or mysql://HOST/DATABASE; an SQLite file goes into from.path",
                ));
            }
        };
        // The text itself is not shown: it may hold a password.
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|error| {
            let error = SourceError::data(format!("{scheme}://…"), format!("from.url is no URL: {error}"));
            error.with_hint("in a password write @ as %40, : as %3A, / as %2F and # as %23")
        })?;
        let host = url.host_str().unwrap_or("localhost");
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let display = format!("{scheme}://{host}{port}{}", url.path());
        Ok(Self { kind, url, display })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_shown_has_neither_user_nor_password() {
        let address =
            Address::parse("postgresql://reader:geheim@db.gov:5433/city?password=geheim&sslmode=require").unwrap();
        assert_eq!(address.display, "postgres://db.gov:5433/city");
        assert_eq!(Address::parse("mariadb://u:geheim@h/d").unwrap().display, "mysql://h/d");
    }

    #[test]
    fn an_address_that_is_none_does_not_show_its_password() {
        for text in ["postgres://u:geh#eim@h:x/d", "oracle://u:geheim@h/d", "geheim", "postgres://u:geh eim@[/d"] {
            if let Err(error) = Address::parse(text) {
                assert!(!error.to_string().contains("eim"), "{error}");
            }
        }
    }
}
