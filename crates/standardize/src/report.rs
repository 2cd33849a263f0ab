//! What is found out about a batch on the way: which rows are refused, and what the kept ones carry.

use std::borrow::Cow;

use arrow::array::{BooleanArray, StringArray, StringBuilder};
use jingwei_model::Reason;
use serde::Serialize;

/// Why a row is refused.
pub(crate) struct Rejection {
    pub row: usize,
    /// Place of the column in the configuration; `None` when the row itself could not be read.
    pub column: Option<usize>,
    pub reason: Cow<'static, str>,
    pub original: Option<String>,
}

struct Issue {
    row: usize,
    column: usize,
    reason: Reason,
    text: Option<String>,
}

/// The findings of one batch.
pub(crate) struct Report {
    refused: Vec<bool>,
    rejections: Vec<Rejection>,
    issues: Vec<Issue>,
}

#[derive(Serialize)]
struct Written<'a> {
    column: &'a str,
    reason: &'a str,
    text: Option<&'a str>,
}

impl Report {
    pub fn new(rows: usize) -> Self {
        Self { refused: vec![false; rows], rejections: Vec::new(), issues: Vec::new() }
    }

    /// Refuses a row; the first reason given is the one that stands.
    pub fn reject(
        &mut self,
        row: usize,
        column: Option<usize>,
        reason: impl Into<Cow<'static, str>>,
        original: Option<String>,
    ) {
        if !self.refused[row] {
            self.refused[row] = true;
            self.rejections.push(Rejection { row, column, reason: reason.into(), original });
        }
    }

    /// Notes what became of a value in a row that stays.
    pub fn note(&mut self, row: usize, column: usize, reason: Reason, text: Option<String>) {
        if !self.refused[row] {
            self.issues.push(Issue { row, column, reason, text });
        }
    }

    /// The refused rows, in their order.
    pub fn rejections(&mut self) -> &[Rejection] {
        self.rejections.sort_by_key(|rejection| rejection.row);
        &self.rejections
    }

    /// Which rows stay; `None` when all do.
    pub fn kept(&self) -> Option<BooleanArray> {
        (!self.rejections.is_empty()).then(|| self.refused.iter().map(|refused| Some(!refused)).collect())
    }

    /// The issues of each row as JSON; `name` gives a column's name by its place.
    pub fn issues<'a>(&mut self, name: impl Fn(usize) -> &'a str) -> Result<StringArray, serde_json::Error> {
        self.issues.sort_by_key(|issue| (issue.row, issue.column));
        let mut out = StringBuilder::new();
        let mut rest = self.issues.as_slice();
        for row in 0..self.refused.len() {
            let here = rest.iter().take_while(|issue| issue.row == row).count();
            let (issues, after) = rest.split_at(here);
            rest = after;
            if issues.is_empty() {
                out.append_null();
                continue;
            }
            let written = issues
                .iter()
                .map(|issue| Written {
                    column: name(issue.column),
                    reason: issue.reason.code(),
                    text: issue.text.as_deref(),
                })
                .collect::<Vec<_>>();
            out.append_value(serde_json::to_string(&written)?);
        }
        Ok(out.finish())
    }
}
