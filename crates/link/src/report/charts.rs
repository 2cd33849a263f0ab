//! The drawings of a report.

use super::svg::{Anchor, Svg, WIDTH, short, step};
use super::thousands;
use crate::explain::{Explanation, PartKind};
use crate::train::{Weights, probability};

const ROW: f64 = 22.0;

/// Match weights, level by level.
pub(super) fn weights(weights: &Weights) -> String {
    let rows = weights.outcomes.iter().map(|outcomes| outcomes.labels.len() + 1).sum::<usize>();
    let mut svg = Svg::new(ROW * rows as f64 + 46.0, "match weights of each level");
    let weight = |m: f64, u: f64| (m / u).log2();
    let all =
        weights.outcomes.iter().flat_map(|outcomes| outcomes.m.iter().zip(&outcomes.u).map(|(m, u)| weight(*m, *u)));
    let reach = all.filter(|bits| bits.is_finite()).fold(4.0_f64, |most, bits| most.max(bits.abs()));
    let (left, right) = (290.0, WIDTH - 200.0);
    let zero = f64::midpoint(left, right);
    let x = |bits: f64| zero + bits.clamp(-reach, reach) / reach * (right - left) / 2.0;
    let bottom = ROW * rows as f64 + 16.0;
    let every = step(2.0 * reach, 12.0).max(1.0);
    let mut tick = -(reach / every).floor() * every;
    while tick <= reach {
        svg.line(if tick == 0.0 { "axis" } else { "grid" }, (x(tick), 16.0), (x(tick), bottom));
        svg.text("soft", Anchor::Middle, x(tick), bottom + 16.0, &format!("{:+.0}", tick + 0.0));
        tick += every;
    }
    svg.text("soft", Anchor::End, WIDTH - 75.0, 12.0, "m 同一实体");
    svg.text("soft", Anchor::End, WIDTH, 12.0, "u 不同实体");
    let mut y = 16.0;
    for outcomes in &weights.outcomes {
        svg.text("strong", Anchor::Start, 0.0, y + 15.0, &short(&outcomes.comparison, 40));
        y += ROW;
        for (place, label) in outcomes.labels.iter().enumerate() {
            let (m, u) = (outcomes.m[place], outcomes.u[place]);
            let bits = weight(m, u);
            let class = if bits >= 0.0 { "for" } else { "against" };
            svg.text("", Anchor::Start, 14.0, y + 15.0, &short(label, 40));
            svg.rect(
                class,
                x(bits.min(0.0)),
                y + 4.0,
                x(bits.max(0.0)) - x(bits.min(0.0)),
                ROW - 8.0,
                &format!("{label}: {bits:+.2} bits"),
            );
            let (anchor, place) =
                if bits >= 0.0 { (Anchor::Start, x(bits) + 4.0) } else { (Anchor::End, x(bits) - 4.0) };
            svg.text("soft", anchor, place, y + 15.0, &format!("{bits:+.1}"));
            svg.text("soft", Anchor::End, WIDTH - 75.0, y + 15.0, &share(m));
            svg.text("soft", Anchor::End, WIDTH, y + 15.0, &share(u));
            y += ROW;
        }
    }
    svg.finish()
}

/// A probability for people: per cent where that says something.
fn share(p: f64) -> String {
    if p >= 0.001 { format!("{:.1} %", p * 100.0) } else { format!("{p:.1e}") }
}

/// A frame with axes: where a value of x and a share of the height lie.
struct Frame {
    low: f64,
    high: f64,
}

const LEFT: f64 = 60.0;
const RIGHT: f64 = WIDTH - 20.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 240.0;
const HEIGHT: f64 = 280.0;

impl Frame {
    fn x(&self, value: f64) -> f64 {
        LEFT + (value.clamp(self.low, self.high) - self.low) / (self.high - self.low) * (RIGHT - LEFT)
    }

    fn y(share: f64) -> f64 {
        BOTTOM - share.clamp(0.0, 1.0) * (BOTTOM - TOP)
    }

    fn axes(&self, svg: &mut Svg, name: &str) {
        svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
        let every = step(self.high - self.low, 12.0).max(1.0);
        let mut tick = (self.low / every).ceil() * every;
        while tick <= self.high {
            svg.line("axis", (self.x(tick), BOTTOM), (self.x(tick), BOTTOM + 4.0));
            svg.text("soft", Anchor::Middle, self.x(tick), BOTTOM + 18.0, &format!("{:.0}", tick + 0.0));
            tick += every;
        }
        svg.text("soft", Anchor::End, RIGHT, BOTTOM + 36.0, name);
    }

    fn mark(&self, svg: &mut Svg, value: f64, name: &str) {
        svg.line("mark", (self.x(value), TOP), (self.x(value), BOTTOM));
        let middle = f64::midpoint(self.low, self.high);
        let (anchor, shift) = if value > middle { (Anchor::End, -5.0) } else { (Anchor::Start, 5.0) };
        svg.text("soft", anchor, self.x(value) + shift, TOP - 6.0, name);
    }
}

/// Weights in bits of natural log odds, and their bounds in whole bits.
fn in_bits(scores: &[f64]) -> (Vec<f64>, Frame) {
    let bits = scores.iter().map(|logit| (logit / std::f64::consts::LN_2).clamp(-40.0, 60.0)).collect::<Vec<_>>();
    let low = bits.iter().copied().fold(f64::INFINITY, f64::min).min(0.0).floor();
    let high = bits.iter().copied().fold(f64::NEG_INFINITY, f64::max).max(10.0).ceil();
    (bits, Frame { low: if low.is_finite() { low } else { 0.0 }, high })
}

/// How many pairs have which weight.
pub(super) fn histogram(scores: &[f64], join: f64) -> String {
    let (bits, frame) = in_bits(scores);
    let mut svg = Svg::new(HEIGHT, "number of pairs by weight");
    let bins = (frame.high - frame.low) as usize;
    let mut counts = vec![0_u64; bins.max(1)];
    for weight in &bits {
        let bin = (weight - frame.low) as usize;
        counts[bin.min(bins.saturating_sub(1))] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let scale = |count: u64| (count as f64 + 1.0).log10() / (most as f64 + 1.0).log10();
    let mut decade = 1;
    while decade <= most {
        let y = Frame::y(scale(decade));
        svg.line("grid", (LEFT, y), (RIGHT, y));
        svg.text("soft", Anchor::End, LEFT - 6.0, y + 4.0, &thousands(decade));
        decade *= 10;
    }
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (from, to) = (frame.low + bin as f64, frame.low + bin as f64 + 1.0);
        let y = Frame::y(scale(*count));
        let class = if from >= join { "for" } else { "faint" };
        let title = format!("{from:.0} to {to:.0} bits: {} pairs", thousands(*count));
        svg.rect(class, frame.x(from) + 0.5, y, frame.x(to) - frame.x(from) - 1.0, BOTTOM - y, &title);
    }
    frame.axes(&mut svg, "weight in bits 权重（比特）");
    frame.mark(&mut svg, join, "joined from here 合并阈值");
    svg.finish()
}

/// Precision and recall from each weight on, as the probabilities have it.
pub(super) fn threshold(scores: &[f64], join: f64) -> String {
    let (mut bits, frame) = in_bits(scores);
    let mut svg = Svg::new(HEIGHT, "expected precision and recall by threshold");
    bits.sort_unstable_by(|a, b| b.total_cmp(a));
    let chance = |weight: f64| probability(weight * std::f64::consts::LN_2);
    let all = bits.iter().map(|weight| chance(*weight)).sum::<f64>().max(1e-12);
    let (mut precision, mut recall) = (Vec::new(), Vec::new());
    let (mut right, mut taken) = (0.0, 0);
    let mut at = frame.high;
    while at >= frame.low {
        while taken < bits.len() && bits[taken] >= at {
            right += chance(bits[taken]);
            taken += 1;
        }
        if taken > 0 {
            precision.push((frame.x(at), Frame::y(right / taken as f64)));
            recall.push((frame.x(at), Frame::y(right / all)));
        }
        at -= 0.25;
    }
    for tenth in 0..=5 {
        let share = f64::from(tenth) / 5.0;
        svg.line("grid", (LEFT, Frame::y(share)), (RIGHT, Frame::y(share)));
        svg.text("soft", Anchor::End, LEFT - 6.0, Frame::y(share) + 4.0, &format!("{share:.1}"));
    }
    svg.curve("precision", &precision);
    svg.curve("recall", &recall);
    frame.axes(&mut svg, "threshold in bits 阈值（比特）");
    frame.mark(&mut svg, join, "joined from here 合并阈值");
    svg.line("precision", (LEFT, BOTTOM + 32.0), (LEFT + 24.0, BOTTOM + 32.0));
    svg.text("", Anchor::Start, LEFT + 30.0, BOTTOM + 36.0, "expected precision 准确率");
    svg.line("recall", (LEFT + 200.0, BOTTOM + 32.0), (LEFT + 224.0, BOTTOM + 32.0));
    svg.text("", Anchor::Start, LEFT + 230.0, BOTTOM + 36.0, "expected recall 召回率");
    svg.finish()
}

/// How many entities have how many records.
pub(super) fn sizes(root: &[u32]) -> String {
    let mut of_root = vec![0_u32; root.len()];
    for entity in root {
        of_root[*entity as usize] += 1;
    }
    let bounds: [(u32, u32, &str); 10] = [
        (1, 1, "1"),
        (2, 2, "2"),
        (3, 3, "3"),
        (4, 4, "4"),
        (5, 5, "5"),
        (6, 7, "6-7"),
        (8, 10, "8-10"),
        (11, 20, "11-20"),
        (21, 50, "21-50"),
        (51, u32::MAX, "51+"),
    ];
    let counts = bounds.map(|(low, high, _)| of_root.iter().filter(|size| (low..=high).contains(*size)).count() as u64);
    let last = counts.iter().rposition(|count| *count > 0).unwrap_or_default();
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let mut svg = Svg::new(ROW * (last + 1) as f64 + 8.0, "number of entities by their number of records");
    for (place, count) in counts.iter().enumerate().take(last + 1) {
        let y = ROW * place as f64;
        let width = (*count as f64 + 1.0).log10() / (most as f64 + 1.0).log10() * (WIDTH - 250.0);
        svg.text("", Anchor::End, 90.0, y + 15.0, &format!("{} records", bounds[place].2));
        svg.rect("plain", 100.0, y + 3.0, if *count == 0 { 0.0 } else { width }, ROW - 6.0, &thousands(*count));
        svg.text("soft", Anchor::Start, 106.0 + if *count == 0 { 0.0 } else { width }, y + 15.0, &thousands(*count));
    }
    svg.finish()
}

/// The parts of a pair's score, each from where the one before it ended.
pub(super) fn waterfall(explanation: &Explanation) -> String {
    let parts = &explanation.parts;
    let mut svg = Svg::new(ROW * (parts.len() + 1) as f64 + 30.0, "parts of the score of a pair");
    let mut level = 0.0;
    let (mut low, mut high) = (0.0_f64, explanation.threshold.max(1.0));
    for part in parts {
        level += part.weight;
        (low, high) = (low.min(level), high.max(level));
    }
    let (left, right) = (250.0, WIDTH - 290.0);
    let x = |bits: f64| left + (bits - low) / (high - low) * (right - left);
    let bottom = ROW * (parts.len() + 1) as f64;
    svg.line("axis", (x(0.0), 0.0), (x(0.0), bottom));
    svg.line("mark", (x(explanation.threshold), 0.0), (x(explanation.threshold), bottom));
    svg.text("soft", Anchor::Middle, x(explanation.threshold), bottom + 16.0, "joined from here 合并阈值");
    let mut from = 0.0;
    for (row, part) in parts.iter().enumerate() {
        let y = ROW * row as f64;
        let to = from + part.weight;
        let name = match part.kind {
            PartKind::Start => "start 起点".to_owned(),
            PartKind::Level | PartKind::Household | PartKind::Rarity => format!("{}: {}", part.name, part.level),
        };
        svg.text("", Anchor::Start, 0.0, y + 15.0, &short(&name, 36));
        let class = if part.weight >= 0.0 { "for" } else { "against" };
        let width = (x(to) - x(from)).abs().max(1.0);
        svg.rect(class, x(from.min(to)), y + 4.0, width, ROW - 8.0, &format!("{name}: {:+.2} bits", part.weight));
        svg.text("soft", Anchor::Start, x(from.max(to)) + 4.0, y + 15.0, &format!("{:+.1}", part.weight));
        if part.kind == PartKind::Level {
            let values =
                |values: &[String]| if values.is_empty() { "–".to_owned() } else { short(&values.join(" "), 18) };
            svg.text(
                "soft",
                Anchor::Start,
                WIDTH - 245.0,
                y + 15.0,
                &format!("{} | {}", values(&part.left), values(&part.right)),
            );
        }
        from = to;
    }
    let y = ROW * parts.len() as f64;
    svg.text("strong", Anchor::Start, 0.0, y + 15.0, "score 总分");
    svg.rect(
        "plain",
        x(0.0_f64.min(from)),
        y + 4.0,
        (x(from) - x(0.0)).abs().max(1.0),
        ROW - 8.0,
        &format!("{from:+.2} bits"),
    );
    svg.text("strong", Anchor::Start, x(from.max(0.0)) + 4.0, y + 15.0, &format!("{from:+.1}"));
    svg.finish()
}
