//! A linkage as one HTML file: what the model learned, how sure it is, what came out. No scripts, no requests: the
//! drawings are SVG in the page, so that the file can be mailed, archived and printed.

mod charts;
mod pairs;
mod svg;

use std::fmt::Write;

use crate::linker::Linkage;
use svg::escape;

/// What a page says beside the linkage itself.
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    /// What the model is about.
    pub title: Option<String>,
    /// Precision, recall and F1 against a truth, where one is known.
    pub quality: Option<[f64; 3]>,
}

impl Linkage {
    /// The linkage as a self-contained HTML page.
    #[must_use]
    pub fn html(&self, options: &ReportOptions) -> String {
        let mut page = String::with_capacity(1 << 17);
        let title = options.title.as_deref().unwrap_or("Linkage");
        let _ = write!(
            page,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<header><h1>{}</h1><p>Linkage report · 关联报告</p></header>\n<main>\n",
            escape(title),
            include_str!("style.css"),
            escape(title),
        );
        self.cards(&mut page, options);
        self.warnings(&mut page);
        section(
            &mut page,
            "Match weights",
            "匹配权重",
            "What each observation is worth: the logarithm (base 2) of how much likelier it is within one entity than \
             between two. Green speaks for one entity, red against. 每项观察的证据强度：绿色支持同一实体，红色反对。",
            &charts::weights(&self.weights),
        );
        let scores = self.pairs.iter().map(|pair| f64::from(pair.logit)).collect::<Vec<_>>();
        let join = f64::from(self.join) / std::f64::consts::LN_2;
        section(
            &mut page,
            "Pairs by weight",
            "候选对的权重分布",
            "How many of the pairs looked at have which weight; pairs without any chance are left out. The line is where \
             records are joined. 候选记录对的总权重分布，竖线为合并阈值。",
            &charts::histogram(&scores, join),
        );
        section(
            &mut page,
            "Threshold",
            "阈值曲线",
            "What joining from another weight on would mean, as the model's own probabilities have it: of the pairs joined, \
             the share that is right (precision); of the pairs looked at that are of one entity, the share that is joined \
             (recall). 按模型概率估计的准确率与召回率。",
            &charts::threshold(&scores, join),
        );
        section(
            &mut page,
            "Entities by size",
            "实体规模",
            "How many entities have how many records. 每个实体包含的记录数。",
            &charts::sizes(&self.entities.root),
        );
        let mut shown = String::new();
        for (title, title_zh, explanation) in pairs::typical(self) {
            let _ = write!(
                shown,
                "<h3>{} <span lang=\"zh\">{}</span></h3>\n<p class=\"pair\">{} — {} · probability {:.4} · {}</p>\n{}",
                title,
                title_zh,
                escape(&format!("{}/{}", explanation.left.table, explanation.left.id)),
                escape(&format!("{}/{}", explanation.right.table, explanation.right.id)),
                explanation.probability,
                escape(explanation.verdict),
                charts::waterfall(&explanation),
            );
        }
        if !shown.is_empty() {
            section(
                &mut page,
                "Pairs explained",
                "记录对解释",
                "From the odds of any two records to the score of a pair, observation by observation; the steps sum to the \
                 score. 逐项证据累加得到总分。",
                &shown,
            );
        }
        section(
            &mut page,
            "Blocking rules",
            "分块规则",
            "Which rules brought how many pairs together. 各规则产生的候选对。",
            &self.rules(),
        );
        section(&mut page, "Time", "耗时", "Seconds of each phase. 各阶段秒数。", &self.phases());
        page.push_str("</main>\n</body>\n</html>\n");
        page
    }

    fn cards(&self, page: &mut String, options: &ReportOptions) {
        let report = &self.report;
        let compared = report.pairs.iter().map(|rule| rule.pairs).sum::<u64>();
        let mut cards = vec![
            ("records", "记录", thousands(report.records)),
            ("entities", "实体", thousands(report.entities)),
            ("pairs compared", "比较对", thousands(compared)),
            ("pairs for review", "待人工复核", thousands(report.review)),
        ];
        if let Some([precision, recall, f1]) = options.quality {
            cards.push(("precision", "准确率", format!("{precision:.4}")));
            cards.push(("recall", "召回率", format!("{recall:.4}")));
            cards.push(("F1", "F1", format!("{f1:.4}")));
        }
        page.push_str("<div class=\"cards\">\n");
        for (name, name_zh, value) in cards {
            let _ = writeln!(page, "<div><b>{value}</b><span>{name} {name_zh}</span></div>");
        }
        page.push_str("</div>\n");
    }

    fn warnings(&self, page: &mut String) {
        for warning in &self.report.warnings {
            let _ = writeln!(page, "<p class=\"warning\">{}</p>", escape(warning));
        }
    }

    fn rules(&self) -> String {
        let mut table = String::from(
            "<table><thead><tr><th>rule 规则</th><th class=\"n\">new pairs 新增对</th><th class=\"n\">all pairs 全部对</th>\
             <th>left out 略去</th></tr></thead><tbody>\n",
        );
        for rule in &self.report.pairs {
            let left_out = rule
                .left_out
                .map(|(size, count)| {
                    format!("{} groups of up to {} records", thousands(count as u64), thousands(size as u64))
                })
                .unwrap_or_default();
            let _ = writeln!(
                table,
                "<tr><td><code>{}</code></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{left_out}</td></tr>",
                escape(&rule.rule),
                thousands(rule.pairs),
                thousands(rule.wanted),
            );
        }
        table.push_str("</tbody></table>\n");
        table
    }

    fn phases(&self) -> String {
        let mut table = String::from("<table><tbody>\n");
        for (phase, seconds) in &self.report.seconds {
            let _ = writeln!(table, "<tr><td>{}</td><td class=\"n\">{seconds:.2}</td></tr>", escape(phase));
        }
        table.push_str("</tbody></table>\n");
        table
    }
}

fn section(page: &mut String, title: &str, title_zh: &str, words: &str, body: &str) {
    let _ = write!(
        page,
        "<section>\n<h2>{title} <span lang=\"zh\">{title_zh}</span></h2>\n<p>{words}</p>\n{body}</section>\n"
    );
}

/// A whole number with its thousands apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (2_206_481, "2,206,481")] {
            assert_eq!(thousands(number), text);
        }
    }
}
