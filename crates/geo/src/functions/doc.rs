//! What a function's reference page says.

use datafusion::logical_expr::{DocSection, Documentation};

/// The section of the reference that holds the spatial functions.
const SECTION: DocSection = DocSection {
    include: true,
    label: "Spatial functions",
    description: Some("Spatial functions under PostGIS's names, over WKB in any binary type."),
};

/// The documentation of a function with PostGIS's name.
pub fn documentation(
    name: &str,
    signature: &str,
    about: &str,
    example: Option<(&str, &str)>,
    differs: &str,
) -> Documentation {
    let mut about = about.to_owned();
    if !differs.is_empty() {
        about.push_str("\n\nUnlike in PostGIS: ");
        about.push_str(differs);
    }
    let mut builder = Documentation::builder(SECTION, about, format!("{name}({signature})"));
    if let Some((call, answer)) = example {
        builder = builder.with_sql_example(format!("{call}\n-- {answer}"));
    }
    builder.build()
}
