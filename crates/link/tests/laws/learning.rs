//! Training finds the probabilities that records were made up with, without labels.

use jingwei_model::hash::hash64;

use crate::support::{Data, linker, run};

const MODEL: &str = r#"
id = "id"
mode = "link_only"
[[block]]
on = ["name"]
[[block]]
on = ["born"]
[[block]]
on = ["phone"]
[[compare]]
name = "name"
kind = "exact"
[[compare]]
name = "born"
kind = "exact"
[[compare]]
name = "phone"
kind = "exact"
[[compare]]
name = "home"
kind = "exact"
"#;

/// How many values a column has, and how often its second record has another one.
const COLUMNS: [(u64, f64); 4] = [(400, 0.10), (3000, 0.05), (6000, 0.20), (50, 0.30)];
const PERSONS: u64 = 3000;

/// A number below `below` that depends on what it is drawn for.
fn draw(what: &str, person: u64, column: usize, below: u64) -> u64 {
    hash64(format!("{what} {person} {column}").as_bytes()) % below
}

/// Persons with a record in each of two tables; values are independent of each other, and so are errors.
fn simulated() -> Data {
    let mut data = Data::new();
    for person in 0..PERSONS {
        for table in ["a", "b"] {
            let value = |column: usize| {
                let (values, error) = COLUMNS[column];
                let wrong = table == "b" && (draw("error", person, column, 10_000) as f64) < error * 10_000.0;
                let what = if wrong { "another" } else { "value" };
                Some(format!("v{}", draw(what, person, column, values)))
            };
            let row = [value(0), value(1), value(2), value(3), None];
            data.insert((table.to_owned(), person.to_string()), row);
        }
    }
    data
}

#[test]
fn m_u_and_the_number_of_matches_come_out_as_they_went_in() {
    let linkage = run(&linker(MODEL), &simulated());
    for (outcomes, (values, error)) in linkage.weights.outcomes.iter().zip(COLUMNS) {
        let (name, chance) = (&outcomes.comparison, 1.0 / values as f64);
        // An error that by chance is no error.
        let equal = 1.0 - error * (1.0 - chance);
        assert!((outcomes.m[0] - equal).abs() < 0.02, "m of {name} is {}, not {equal}", outcomes.m[0]);
        assert!((outcomes.u[0] / chance - 1.0).abs() < 0.15, "u of {name} is {}, not {chance}", outcomes.u[0]);
    }
    let found = linkage.weights.matches / PERSONS as f64;
    assert!((found - 1.0).abs() < 0.08, "{} matches of {PERSONS}", linkage.weights.matches);
    assert_eq!(linkage.weights.pairs, (PERSONS * PERSONS) as f64);
}
