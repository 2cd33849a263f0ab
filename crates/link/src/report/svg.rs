//! A drawing, shape by shape.

use std::fmt::Write;

/// A drawing of a width of [`WIDTH`].
pub(super) struct Svg {
    height: f64,
    label: String,
    body: String,
}

/// Units across, whatever the page's width is.
pub(super) const WIDTH: f64 = 900.0;

/// Where a text stands to its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// An empty drawing; `label` says what is to be seen, for readers that do not see.
    pub fn new(height: f64, label: &str) -> Self {
        Self { height, label: label.to_owned(), body: String::new() }
    }

    pub fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, title: &str) {
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
            width.max(0.0),
            height.max(0.0),
            escape(title)
        );
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let _ = writeln!(
            self.body,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    pub fn text(&mut self, class: &str, anchor: Anchor, x: f64, y: f64, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escape(text)
        );
    }

    pub fn curve(&mut self, class: &str, points: &[(f64, f64)]) {
        let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
        let _ = writeln!(self.body, "<polyline class=\"{class}\" points=\"{points}\"/>");
    }

    pub fn finish(self) -> String {
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
            self.height,
            escape(&self.label),
            self.body
        )
    }
}

/// Text that is safe in a page and in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have no place in a page.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// A text of at most `most` columns, characters of East Asia taking two.
pub(super) fn short(text: &str, most: usize) -> String {
    let mut used = 0;
    let mut out = String::new();
    for character in text.chars() {
        used += if ('\u{2e80}'..='\u{ffef}').contains(&character) { 2 } else { 1 };
        if used > most {
            out.push('…');
            break;
        }
        out.push(character);
    }
    out
}

/// Steps of one, two or five times a power of ten, at most `most` of them over a span.
pub(super) fn step(span: f64, most: f64) -> f64 {
    let rough = (span / most).max(1e-9);
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough).unwrap_or(rough)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use super::*;

    #[test]
    fn what_users_wrote_cannot_become_markup() {
        assert_eq!(escape("<b a=\"x\" b='y'>&\u{0}"), "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp; ");
    }

    #[test]
    fn long_texts_are_cut_by_columns() {
        assert_eq!(short("abcdef", 4), "abcd…");
        assert_eq!(short("张三李四", 4), "张三…");
        assert_eq!(short("ab", 4), "ab");
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(step(100.0, 10.0), 10.0);
        assert_eq!(step(37.0, 10.0), 5.0);
        assert_eq!(step(0.3, 4.0), 0.1);
    }
}
