//! Addresses in SQL.

mod address;
mod address_key;
mod canonical_address;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{DocSection, ScalarFunctionArgs, ScalarUDF};

use super::AddressParser;

const SECTION: DocSection = DocSection { include: true, label: "Addresses", description: None };

/// The SQL functions over addresses, with the built-in table of divisions.
#[must_use]
pub fn functions() -> Vec<ScalarUDF> {
    all(&Parser::Builtin)
}

/// The same with a parser of the caller's, such as one that learned the city's registers.
#[must_use]
pub fn functions_with(parser: &Arc<AddressParser>) -> Vec<ScalarUDF> {
    all(&Parser::Own(Arc::clone(parser)))
}

fn all(parser: &Parser) -> Vec<ScalarUDF> {
    vec![address::udf(parser), address_key::udf(parser), canonical_address::udf(parser)]
}

/// The parser a function reads with. The built-in one takes a tenth of a second and much memory to make, so that a
/// session that reads no address does without.
#[derive(Debug, Clone)]
enum Parser {
    Builtin,
    Own(Arc<AddressParser>),
}

impl Parser {
    fn get(&self) -> &AddressParser {
        match self {
            Self::Builtin => AddressParser::builtin(),
            Self::Own(parser) => parser,
        }
    }
}

impl PartialEq for Parser {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Builtin, Self::Builtin) => true,
            (Self::Own(ours), Self::Own(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }
}

/// An argument as text of whatever string type.
fn text_argument(args: &ScalarFunctionArgs, place: usize) -> Result<ArrayRef> {
    match args.args.get(place) {
        Some(argument) => Ok(cast(&argument.to_array(args.number_rows)?, &DataType::Utf8)?),
        None => exec_err!("argument {} is missing", place + 1),
    }
}

/// Calls `each` with every row's text, null where it is null. Texts that repeat one after the other are the common
/// case of registers sorted by address, so `each` is told whether this one does.
fn for_each(texts: &StringArray, mut each: impl FnMut(Option<&str>, bool)) {
    let mut last: Option<&str> = None;
    for text in texts {
        each(text, text.is_some() && text == last);
        last = text;
    }
}

fn strings(array: &ArrayRef) -> &StringArray {
    array.as_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::address::KnownCompound;
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    use datafusion::prelude::SessionContext;

    async fn ask_with(functions: Vec<ScalarUDF>, sql: &str) -> Result<Vec<String>> {
        let context = SessionContext::new();
        for function in functions {
            context.register_udf(function);
        }
        let batches = context.sql(sql).await?.collect().await?;
        let mut cells = Vec::new();
        for batch in &batches {
            let options = FormatOptions::default().with_null("null");
            let formatter = ArrayFormatter::try_new(batch.column(0), &options)?;
            cells.extend((0..batch.num_rows()).map(|row| formatter.value(row).to_string()));
        }
        Ok(cells)
    }

    async fn ask(sql: &str) -> Vec<String> {
        ask_with(functions(), sql).await.unwrap()
    }

    #[tokio::test]
    async fn an_address_gives_its_levels_in_sql() {
        let levels = ask(
            "SELECT concat_ws('|', a['district'], a['road'], a['roadno'], a['houseno'], a['completed']['prov'], a['completed']['houseno'], \
             a['canonical'], a['level'], a['code'], a['rest']) \
             FROM (SELECT address('朝阳区望京街道阜通东大街6号院5幢(电联)') AS a)",
        )
        .await;
        assert_eq!(
            levels,
            [
                "朝阳区|阜通东大街|6号院|5幢|北京市|5号楼|北京市朝阳区望京街道阜通东大街6号5号楼|building|110105026|(电联)"
            ]
        );
    }

    #[tokio::test]
    async fn keys_are_null_where_an_address_is_not_that_fine() {
        let sql = "SELECT address_key(text, level) FROM (VALUES \
                   (1, '海淀区学院路30号5栋301', 'building'), (2, '海淀区学院路30号', 'building'), (3, '海淀区学院路30号5栋301', 'compound'), \
                   (4, NULL, 'building'), (5, '海淀区', NULL)) t(n, text, level) ORDER BY n";
        assert_eq!(ask(sql).await, ["北京市海淀区学院路30号5号楼", "null", "北京市海淀区学院路30号", "null", "null"]);
        let error = ask_with(functions(), "SELECT address_key('海淀区', 'house')").await.unwrap_err().to_string();
        assert!(error.contains("`house` is no level") && error.contains("building"), "{error}");
    }

    #[tokio::test]
    async fn every_text_type_and_null_is_taken() {
        for kind in ["Utf8", "LargeUtf8", "Utf8View"] {
            let sql = format!(
                "SELECT canonical_address(arrow_cast(t, '{kind}')) FROM (VALUES (1, '北京朝阳'), (2, NULL), (3, '附近')) v(n, t) ORDER BY n"
            );
            assert_eq!(ask(&sql).await, ["北京市朝阳区", "null", "null"], "{kind}");
        }
        assert_eq!(ask("SELECT address(NULL) IS NULL").await, ["true"]);
        assert_eq!(ask("SELECT address('')['canonical'] IS NULL").await, ["true"]);
    }

    #[tokio::test]
    async fn a_parser_of_the_city_s_own_is_asked_where_it_is_given() {
        let mut parser = (**AddressParser::builtin()).clone();
        parser.learn(
            [],
            [KnownCompound {
                name: "方恒国际", division: "110105026", road: Some("阜通东大街"), roadno: Some("6号")
            }],
        );
        let cells =
            ask_with(functions_with(&Arc::new(parser)), "SELECT canonical_address('方恒国际5栋')").await.unwrap();
        assert_eq!(cells, ["北京市朝阳区望京街道阜通东大街6号方恒国际5号楼"]);
    }

    #[test]
    fn every_function_is_documented() {
        for function in functions() {
            assert!(function.documentation().is_some(), "{}", function.name());
        }
    }
}
