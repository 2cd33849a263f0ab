//! The similarity kernels as SQL functions: `<kind>_similarity(a, b)`, a number from 0 to 1, and
//! `<kind>_agreement(a, b)`, the name of what was seen; null where one of the two says nothing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Float64Builder, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::similarity::{
    self, AddressTokens, Agreement, ChineseName, OrganizationName, PersonName, PhoneNumber, Point, Prepare,
    PreparedDate, RegistrationCode, ResidentNumber, Tokens,
};

/// Similarity functions, to be registered in a session.
pub fn udfs() -> Vec<ScalarUDF> {
    let mut all = vec![
        number(
            "jaro_winkler",
            "Jaro-Winkler similarity of two texts by characters (Winkler 1990): 1 the same, 0 nothing in common.",
            "SELECT jaro_winkler('MARTHA', 'MARHTA'); -- 0.961",
            |a, b| Some(similarity::jaro_winkler(a, b)),
        ),
        number(
            "damerau_levenshtein",
            "Edit distance of two texts in characters: changes, insertions, deletions, and swaps of neighbours (optimal string alignment).",
            "SELECT damerau_levenshtein('王小明', '王明小'); -- 1",
            |a, b| Some(similarity::damerau(a, b) as f64),
        ),
        number(
            "edit_similarity",
            "1 less the edit distance, swaps of neighbours included, over the longer length.",
            "SELECT edit_similarity('kitten', 'sitting'); -- 0.571",
            |a, b| Some(similarity::edit_similarity(a, b)),
        ),
        number(
            "token_jaccard",
            "Words common to two texts over all their words; a Chinese character is a word.",
            "SELECT token_jaccard('12 New Road', 'new road 12'); -- 1.0",
            |a, b| Some(Tokens::words(a).jaccard(&Tokens::words(b))),
        ),
        number(
            "token_overlap",
            "Words common to two texts over the words of the shorter one: 1 when one contains the other.",
            "SELECT token_overlap('New Road', '12 New Road'); -- 1.0",
            |a, b| Some(Tokens::words(a).containment(&Tokens::words(b))),
        ),
        number(
            "address_similarity",
            "How alike two unparsed addresses are in any language: half for their numbers from the finest on, half for their words.",
            "SELECT address_similarity('阜通东大街6号院十二号楼', '朝阳区阜通东大街6号院12号楼');",
            compared::<AddressTokens, _>(|outcome| outcome),
        ),
        number(
            "name_similarity",
            "How alike two names of persons are: chinese_name_similarity where one is in Chinese, person_name_similarity elsewhere.",
            "SELECT name_similarity('张伟', '張偉'); -- 0.99",
            name_similarity,
        ),
        ScalarUDF::from(Metres { signature: Signature::any(4, Volatility::Immutable), documentation: metres() }),
    ];
    all.extend(agreements::<ChineseName, _>(
        ["chinese_name_similarity", "chinese_name_agreement"],
        "two Chinese names: exact, variant, homophone, swapped, lookalike, near_homophone, romanised, missing, masked_given, given, one_character, masked_surname, surname, different",
        ["'王小明'", "'王晓明'"],
    ));
    all.extend(agreements::<PersonName, _>(
        ["person_name_similarity", "person_name_agreement"],
        "two names in an alphabet: exact, reordered, initials, slip, contained, part, different",
        ["'Smith, John'", "'J. Smith'"],
    ));
    all.extend(agreements::<OrganizationName, _>(
        ["organization_name_similarity", "organization_name_agreement"],
        "two names of organizations: exact, core (without legal form and place), acronym, similar, contained, related, different",
        ["'北京百川科技有限公司'", "'百川科技'"],
    ));
    all.extend(agreements::<ResidentNumber, _>(
        ["resident_id_similarity", "resident_id_agreement"],
        "two resident ids, of 15 or 18 digits, whole, masked or mistyped: same, slip, partial_10, partial_7, partial_4, partial_slip, same_birth, same_date, same_region, unknown, different",
        ["'11010519491231002X'", "'110105********002X'"],
    ));
    all.extend(agreements::<PhoneNumber, _>(
        ["phone_similarity", "phone_agreement"],
        "two telephone numbers: same, without_area, masked, slip, masked_few, same_prefix, different",
        ["'13800138000'", "'138****8000'"],
    ));
    all.extend(agreements::<RegistrationCode, _>(
        ["credit_code_similarity", "credit_code_agreement"],
        "two registration numbers of organizations, old or new: same, same_organization, slip, same_division, other_division, different",
        ["'91310110666007217T'", "'66600721-7'"],
    ));
    all.extend(agreements::<PreparedDate, _>(
        ["date_similarity", "date_agreement"],
        "two dates: same, swapped (day and month), slip, year (the rest unknown), one_field, same_year, different",
        ["'1985-03-07'", "'1985-07-03'"],
    ));
    all
}

fn name_similarity(a: &str, b: &str) -> Option<f64> {
    let chinese = |text: &str| text.chars().any(jingwei_model::han::is_han);
    if chinese(a) || chinese(b) {
        Some(ChineseName::prepare(a)?.compare(&ChineseName::prepare(b)?).score())
    } else {
        Some(PersonName::prepare(a)?.compare(&PersonName::prepare(b)?).score())
    }
}

fn compared<P: Prepare, O>(turn: impl Fn(P::Outcome) -> O) -> impl Fn(&str, &str) -> Option<O> {
    move |a, b| Some(turn(P::prepare(a)?.compare(&P::prepare(b)?)))
}

type Score = Box<dyn Fn(&str, &str) -> Option<f64> + Send + Sync>;
type Name = Box<dyn Fn(&str, &str) -> Option<&'static str> + Send + Sync>;

enum Kernel {
    Score(Score),
    Name(Name),
}

fn number(
    name: &'static str,
    about: &str,
    example: &str,
    kernel: impl Fn(&str, &str) -> Option<f64> + Send + Sync + 'static,
) -> ScalarUDF {
    function(name, about, example, Kernel::Score(Box::new(kernel)))
}

fn agreements<P, A>(names: [&'static str; 2], about: &str, example: [&str; 2]) -> [ScalarUDF; 2]
where
    P: Prepare<Outcome = A> + 'static,
    A: Agreement,
{
    let [similarity, agreement] = names;
    let call = |name: &str| format!("SELECT {name}({}, {});", example[0], example[1]);
    [
        function(
            similarity,
            &format!("A number from 1 to 0 that falls along the ways to agree of {about}."),
            &call(similarity),
            Kernel::Score(Box::new(compared::<P, _>(A::score))),
        ),
        function(
            agreement,
            &format!("The way to agree of {about}."),
            &call(agreement),
            Kernel::Name(Box::new(compared::<P, _>(A::name))),
        ),
    ]
}

const SECTION: DocSection = DocSection { include: true, label: "Linkage Functions", description: None };

fn function(name: &'static str, about: &str, example: &str, kernel: Kernel) -> ScalarUDF {
    let documentation = Documentation::builder(SECTION, about, format!("{name}(a, b)"))
        .with_sql_example(format!("```sql\n{example}\n```"))
        .with_argument("a", "One text.")
        .with_argument("b", "The other; the order does not matter.")
        .build();
    let signature = Signature::any(2, Volatility::Immutable);
    ScalarUDF::from(Similarity { name, signature, documentation, kernel })
}

struct Similarity {
    name: &'static str,
    signature: Signature,
    documentation: Documentation,
    kernel: Kernel,
}

impl std::fmt::Debug for Similarity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Similarity {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Similarity {}

impl Hash for Similarity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn is_text_like(kind: &DataType) -> bool {
    matches!(kind, DataType::Null) || kind.is_string() || kind.is_numeric() || kind.is_temporal()
}

impl ScalarUDFImpl for Similarity {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if let Some(other) = types.iter().find(|kind| !is_text_like(kind)) {
            return plan_err!("{} compares texts, not {other}", self.name);
        }
        Ok(match self.kernel {
            Kernel::Score(_) => DataType::Float64,
            Kernel::Name(_) => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let columns = args
            .args
            .iter()
            .map(|arg| Ok(cast(&arg.to_array(rows)?, &DataType::Utf8)?.as_string::<i32>().clone()))
            .collect::<Result<Vec<_>>>()?;
        let [a, b] = columns.as_slice() else { return plan_err!("{} takes two arguments", self.name) };
        let array: ArrayRef = match &self.kernel {
            Kernel::Score(kernel) => {
                let mut out = Float64Builder::with_capacity(rows);
                each(a, b, |a, b| kernel(a, b), |value| out.append_option(value));
                Arc::new(out.finish())
            }
            Kernel::Name(kernel) => {
                let mut out = StringBuilder::with_capacity(rows, rows * 8);
                each(a, b, |a, b| kernel(a, b), |value| out.append_option(value));
                Arc::new(out.finish())
            }
        };
        Ok(ColumnarValue::Array(array))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

fn each<T>(
    a: &StringArray,
    b: &StringArray,
    kernel: impl Fn(&str, &str) -> Option<T>,
    mut give: impl FnMut(Option<T>),
) {
    for (a, b) in a.iter().zip(b) {
        give(a.zip(b).and_then(|(a, b)| kernel(a, b)));
    }
}

/// `metres_between(lon_a, lat_a, lon_b, lat_b)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Metres {
    signature: Signature,
    documentation: Documentation,
}

fn metres() -> Documentation {
    Documentation::builder(
        SECTION,
        "Great-circle distance of two places in metres, by the haversine formula on the mean radius of the earth.",
        "metres_between(lon_a, lat_a, lon_b, lat_b)",
    )
    .with_sql_example("```sql\nSELECT metres_between(116.3913, 39.9075, 116.4, 39.9075); -- 742\n```")
    .with_argument("lon_a", "Longitude in degrees.")
    .with_argument("lat_a", "Latitude in degrees.")
    .with_argument("lon_b", "Longitude of the other place.")
    .with_argument("lat_b", "Latitude of the other place.")
    .build()
}

impl ScalarUDFImpl for Metres {
    fn name(&self) -> &'static str {
        "metres_between"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let columns = args
            .args
            .iter()
            .map(|arg| Ok(cast(&arg.to_array(rows)?, &DataType::Float64)?.as_primitive::<Float64Type>().clone()))
            .collect::<Result<Vec<Float64Array>>>()?;
        let mut out = Float64Builder::with_capacity(rows);
        for row in 0..rows {
            let degrees = |place: usize| columns[place].is_valid(row).then(|| columns[place].value(row));
            let point = |place| Point::new(degrees(place)?, degrees(place + 1)?);
            out.append_option(point(0).zip(point(2)).map(|(a, b)| a.metres(&b)));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
    use datafusion::prelude::SessionContext;

    async fn ask(sql: &str) -> String {
        let context = SessionContext::new();
        for function in super::udfs() {
            context.register_udf(function);
        }
        let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
        let batch = batches.iter().find(|batch| batch.num_rows() > 0).unwrap();
        let formatter = ArrayFormatter::try_new(batch.column(0), &FormatOptions::default()).unwrap();
        formatter.value(0).to_string()
    }

    #[tokio::test]
    async fn each_function_answers() {
        for (sql, answer) in [
            ("round(jaro_winkler('MARTHA', 'MARHTA'), 3)", "0.961"),
            ("damerau_levenshtein('王小明', '王明小')", "1.0"),
            ("round(edit_similarity('kitten', 'sitting'), 3)", "0.571"),
            ("token_jaccard('12 New Road', 'new road 12')", "1.0"),
            ("token_overlap('New Road', '12 New Road')", "1.0"),
            ("round(metres_between(116.3913, 39.9075, 116.4, 39.9075), 0)", "742.0"),
            ("name_similarity('张伟', '張偉')", "0.99"),
            ("name_similarity('Smith, John', 'John Smith')", "0.97"),
            ("chinese_name_agreement('王小明', '王晓明')", "homophone"),
            ("person_name_agreement('Smith, John', 'J. Smith')", "initials"),
            ("organization_name_agreement('北京百川科技有限公司', '百川科技')", "core"),
            ("resident_id_agreement('11010519491231002X', '110105********002X')", "partial_10"),
            ("phone_agreement(13800138000, '138****8000')", "masked"),
            ("credit_code_agreement('91310110666007217T', '66600721-7')", "same_organization"),
            ("date_agreement(DATE '1985-03-07', '1985-07-03')", "swapped"),
            ("address_similarity('1 New Road', '1 new road')", "1.0"),
            ("phone_agreement('none', '138****8000') IS NULL", "true"),
            ("jaro_winkler(NULL, 'a') IS NULL", "true"),
        ] {
            assert_eq!(ask(&format!("SELECT {sql}")).await, answer, "{sql}");
        }
    }

    #[tokio::test]
    async fn columns_of_any_text_type_are_taken() {
        for kind in ["Utf8", "LargeUtf8", "Utf8View"] {
            let sql =
                format!("SELECT min(jaro_winkler(arrow_cast(x, '{kind}'), 'ab')) FROM (VALUES ('ab'), (NULL)) t(x)");
            assert_eq!(ask(&sql).await, "1.0", "{kind}");
        }
    }
}
