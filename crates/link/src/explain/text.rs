//! Explanations as text for a terminal.

use std::fmt;

use super::{Explanation, PartKind};

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}/{}  and  {}/{}", self.left.table, self.left.id, self.right.table, self.right.id)?;
        let name = |part: &super::Part| match part.kind {
            PartKind::Rarity => format!("{}, rarity", part.name),
            _ => part.name.clone(),
        };
        let width = self.parts.iter().map(|part| columns(&name(part))).max().unwrap_or_default();
        let level = self.parts.iter().map(|part| columns(&part.level)).max().unwrap_or_default();
        for part in &self.parts {
            let shown = name(part);
            write!(
                f,
                "  {shown}{}  {}{}  {:+8.2}",
                " ".repeat(width - columns(&shown)),
                part.level,
                " ".repeat(level - columns(&part.level)),
                part.weight
            )?;
            if part.kind == PartKind::Level {
                let values = |values: &[String]| if values.is_empty() { "-".to_owned() } else { values.join(" ") };
                write!(f, "   {} | {}", values(&part.left), values(&part.right))?;
            }
            writeln!(f)?;
        }
        writeln!(
            f,
            "  {}  {:+8.2} bits, from {:+.2} on joined",
            "-".repeat(width + level + 2),
            self.weight,
            self.threshold
        )?;
        write!(f, "probability {:.6}: {}", self.probability, self.verdict)
    }
}

/// Columns of a terminal that a text takes: two for a character of East Asia.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if ('\u{2e80}'..='\u{ffef}').contains(&character) { 2 } else { 1 }).sum()
}
