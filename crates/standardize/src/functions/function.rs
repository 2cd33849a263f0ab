//! The frame every function is built in: name, arguments, result type, words about it, and a kernel over a
//! batch.

use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// What a function is, beside what it does.
pub(crate) struct About {
    pub name: &'static str,
    /// Name and meaning of each argument.
    pub arguments: &'static [(&'static str, &'static str)],
    /// How many of them can be left out.
    pub optional: usize,
    pub gives: DataType,
    pub volatility: Volatility,
    pub description: &'static str,
    pub example: &'static str,
}

/// A batch's arguments to its result.
pub(crate) type Kernel = fn(&ScalarFunctionArgs) -> Result<ArrayRef>;

const SECTION: DocSection = DocSection { include: true, label: "Standardization Functions", description: None };

/// Builds the function.
pub(crate) fn function(about: About, kernel: Kernel) -> ScalarUDF {
    let names = about.arguments.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let mut documentation = Documentation::builder(SECTION, about.description, format!("{}({names})", about.name))
        .with_sql_example(format!("```sql\n{}\n```", about.example));
    for (name, meaning) in about.arguments {
        documentation = documentation.with_argument(*name, *meaning);
    }
    ScalarUDF::from(Function {
        name: about.name,
        least: about.arguments.len() - about.optional,
        most: about.arguments.len(),
        gives: about.gives,
        signature: Signature::variadic_any(about.volatility),
        documentation: documentation.build(),
        kernel,
    })
}

#[derive(Debug)]
struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    gives: DataType,
    signature: Signature,
    documentation: Documentation,
    kernel: Kernel,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        if types.len() < self.least || types.len() > self.most {
            let wanted = if self.least == self.most {
                self.least.to_string()
            } else {
                format!("{} to {}", self.least, self.most)
            };
            return plan_err!(
                "{} takes {wanted} arguments, not {}; write {}",
                self.name,
                types.len(),
                self.documentation.syntax_example
            );
        }
        Ok(self.gives.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.kernel)(&args).map(ColumnarValue::Array)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}
