//! Writes a demo city: `cargo run --release -p jingwei-demo --example city -- DIR PEOPLE [SEED]`.

use std::io::Write;
use std::time::Instant;

use jingwei_demo::{DemoOptions, generate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut options = DemoOptions::new(arguments.next().ok_or("a folder to write to")?);
    if let Some(people) = arguments.next() {
        options.people = people.parse()?;
    }
    if let Some(seed) = arguments.next() {
        options.seed = seed.parse()?;
    }
    let started = Instant::now();
    let summary = generate(&options, &mut |_, _| {})?;
    let mut out = std::io::stdout().lock();
    for file in &summary.files {
        writeln!(out, "{:>10}  {}", file.rows, file.path.display())?;
    }
    writeln!(
        out,
        "{} people, {} households, {} dwellings, {} organizations, {} incidents in {:.2} s",
        summary.people,
        summary.households,
        summary.dwellings,
        summary.organizations,
        summary.incidents,
        started.elapsed().as_secs_f64()
    )?;
    Ok(())
}
