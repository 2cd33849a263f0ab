//! What people decide about records: that two are the same, or that they differ. Kept beside the runs, obeyed from the
//! next integration on, above every rule and model, and never lost: a decision is taken back, not deleted.

mod file;
mod members;
mod review;
mod undo;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use chrono::Utc;
use datafusion::prelude::SessionContext;
use jingwei_link::Decision;
use jingwei_model::hash::{base32, hash128};
use jingwei_model::{Element, RecordKey};
use jingwei_store::{DecisionRecord, NewDecision, Ops, TableName};

pub use file::verdicts;
pub use review::{Review, ReviewPair, review};
pub use undo::{Undone, undo};

use crate::city::City;
use crate::error::{EngineError, Result};
use crate::explain::{not_linked, record_of};
use members::members_by_key;

/// One of the linkages of a city: the records of an element, or the reports of one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Linked {
    /// Which records are one entity.
    Element(Element),
    /// Which events tell of one incident.
    Incidents,
}

impl Linked {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Element::ALL.into_iter().map(Self::Element).chain([Self::Incidents])
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Element(element) => element.name(),
            Self::Incidents => "incidents",
        }
    }

    /// The element whose records are linked.
    #[must_use]
    pub const fn element(self) -> Element {
        match self {
            Self::Element(element) => element,
            Self::Incidents => Element::Events,
        }
    }

    /// `link.<element>_members`, or `link.events_incidents`.
    #[must_use]
    pub fn members(self) -> TableName {
        match self {
            Self::Element(element) => TableName::new("link", format!("{element}_members")),
            Self::Incidents => TableName::new("link", "events_incidents"),
        }
    }

    /// `link.<element>_edges`, or `link.events_incident_edges`.
    #[must_use]
    pub fn edges(self) -> TableName {
        match self {
            Self::Element(element) => TableName::new("link", format!("{element}_edges")),
            Self::Incidents => TableName::new("link", "events_incident_edges"),
        }
    }
}

impl fmt::Display for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Linked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|linked| linked.name() == text).ok_or_else(|| {
            let names = Self::all().map(Self::name).collect::<Vec<_>>().join(", ");
            format!("`{text}` is not linked; there are {names}")
        })
    }
}

/// What somebody says of two records, each written `source/record_id` or `source/record/record_id`.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// One record.
    pub left: String,
    /// The other.
    pub right: String,
    /// Whether they are the same.
    pub same: bool,
}

/// Who decides, and why.
#[derive(Debug, Clone, Copy, Default)]
pub struct Judge<'a> {
    /// A name.
    pub by: Option<&'a str>,
    /// A reason.
    pub note: Option<&'a str>,
}

/// Keeps what somebody says of pairs of records, each pair as a decision of its own, and gives their numbers. With
/// `incidents` the question is whether two events tell of one incident, else whether they are one entity. All are kept
/// or none.
///
/// # Errors
/// A record that is not there, two of different elements, and what contradicts other decisions.
pub async fn decide(
    city: &City,
    context: &SessionContext,
    verdicts: &[Verdict],
    incidents: bool,
    judge: Judge<'_>,
) -> Result<Vec<i64>> {
    let mut new: BTreeMap<Linked, Vec<(usize, RecordKey, RecordKey)>> = BTreeMap::new();
    for (place, verdict) in verdicts.iter().enumerate() {
        let ((left, element), (right, other)) =
            (record_of(&city.project, &verdict.left)?, record_of(&city.project, &verdict.right)?);
        if element != other {
            return Err(EngineError::usage(format!("one record speaks of {element}, the other of {other}")));
        }
        if left == right {
            return Err(EngineError::usage(format!("`{}` and `{}` are one record", verdict.left, verdict.right)));
        }
        let linked = match (incidents, element) {
            (false, element) => Linked::Element(element),
            (true, Element::Events) => Linked::Incidents,
            (true, _) => return Err(EngineError::usage(format!("records of {element} tell of no incident"))),
        };
        new.entry(linked).or_default().push((place, left, right));
    }
    let mut ops = city.store.ops()?;
    let mut kept = vec![None; verdicts.len()];
    for (linked, pairs) in &new {
        let keys = pairs.iter().flat_map(|(_, left, right)| [left, right]);
        let wanted = keys.clone().map(|key| key.hash().to_be_bytes()).collect();
        let members = members_by_key(context, *linked, &wanted).await?;
        if let Some(key) = keys.clone().find(|key| !members.contains_key(&key.hash().to_be_bytes())) {
            return Err(not_linked(key, *linked));
        }
        let mut all = records_in_force(&ops, *linked)?;
        all.extend(pairs.iter().map(|(place, left, right)| unnumbered(*linked, left, right, verdicts[*place].same)));
        if let Some(chain) = contradiction(&all) {
            return Err(contradicts(&chain));
        }
        for (place, left, right) in pairs {
            kept[*place] = Some((linked, [(left.clone(), right.clone(), verdicts[*place].same)]));
        }
    }
    let at = Utc::now().to_rfc3339();
    let kept = kept.iter().flatten().map(|(linked, pairs)| NewDecision {
        linkage: linked.name(),
        pairs,
        by: judge.by,
        note: judge.note,
        at: &at,
    });
    Ok(ops.decide(&kept.collect::<Vec<_>>())?)
}

/// The decisions, those of one linkage if it is told; those taken back only with `all`.
///
/// # Errors
/// A history that cannot be read.
pub fn decisions(city: &City, linked: Option<Linked>, all: bool) -> Result<Vec<DecisionRecord>> {
    let mut decisions = city.store.ops()?.decisions()?;
    decisions.retain(|decision| {
        linked.is_none_or(|linked| linked.name() == decision.linkage) && (all || decision.taken_back_at.is_none())
    });
    Ok(decisions)
}

fn records_in_force(ops: &Ops, linked: Linked) -> Result<Vec<DecisionRecord>> {
    let mut decisions = ops.decisions()?;
    decisions.retain(|decision| decision.linkage == linked.name() && decision.taken_back_at.is_none());
    Ok(decisions)
}

/// The decisions that a linkage obeys.
pub(crate) fn in_force(ops: &Ops, linked: Linked) -> Result<Vec<Decision>> {
    let records = records_in_force(ops, linked)?;
    Ok(records
        .iter()
        .map(|decision| Decision { left: decision.left.hash(), right: decision.right.hash(), same: decision.same })
        .collect())
}

/// Decisions as one word that changes with them.
pub(crate) fn fingerprint(decisions: &[Decision]) -> String {
    let mut all = decisions
        .iter()
        .map(|decision| (decision.left.min(decision.right), decision.left.max(decision.right), decision.same))
        .collect::<Vec<_>>();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { String::new() } else { base32(hash128(format!("{all:?}").as_bytes())) }
}

/// A decision that has no number yet.
fn unnumbered(linked: Linked, left: &RecordKey, right: &RecordKey, same: bool) -> DecisionRecord {
    DecisionRecord {
        decision: 0,
        linkage: linked.name().to_owned(),
        left: left.clone(),
        right: right.clone(),
        same,
        by: None,
        note: None,
        at: String::new(),
        taken_back_at: None,
        taken_back_by: None,
    }
}

/// Decisions of which not all can be obeyed: that two records differ, and those by which they are the same.
fn contradiction(decisions: &[DecisionRecord]) -> Option<Vec<&DecisionRecord>> {
    let mut next: HashMap<&RecordKey, Vec<(&RecordKey, &DecisionRecord)>> = HashMap::new();
    for decision in decisions.iter().filter(|decision| decision.same) {
        next.entry(&decision.left).or_default().push((&decision.right, decision));
        next.entry(&decision.right).or_default().push((&decision.left, decision));
    }
    decisions.iter().filter(|decision| !decision.same).find_map(|different| {
        let mut from: HashMap<&RecordKey, Option<(&RecordKey, &DecisionRecord)>> =
            HashMap::from([(&different.left, None)]);
        let mut queue = VecDeque::from([&different.left]);
        while let Some(record) = queue.pop_front() {
            for (other, decision) in next.get(record).into_iter().flatten() {
                if !from.contains_key(other) {
                    from.insert(other, Some((record, decision)));
                    queue.push_back(other);
                }
            }
        }
        let mut chain = vec![different];
        let mut record = &different.right;
        while let Some((before, decision)) = *from.get(record)? {
            chain.push(decision);
            record = before;
        }
        Some(chain)
    })
}

/// An error that tells what cannot be kept, and what it contradicts.
fn contradicts(chain: &[&DecisionRecord]) -> EngineError {
    let told = |decision: &DecisionRecord| {
        format!("{} {} {}", decision.left, if decision.same { "=" } else { "≠" }, decision.right)
    };
    let (known, new): (Vec<&DecisionRecord>, Vec<&DecisionRecord>) =
        chain.iter().copied().partition(|decision| decision.decision > 0);
    let new = new.iter().map(|decision| told(decision)).collect::<Vec<_>>().join(", ");
    let known = known.iter().map(|decision| format!("{} ({})", decision.decision, told(decision))).collect::<Vec<_>>();
    match known.as_slice() {
        [] => EngineError::usage_with_hint(format!("{new} contradict each other"), "decide one thing"),
        [one] => EngineError::usage_with_hint(
            format!("{new} contradicts decision {one}"),
            "take that back first, with `jingwei undo NUMBER`",
        ),
        several => EngineError::usage_with_hint(
            format!("{new} contradicts decisions {}", several.join(", ")),
            "take one of them back first, with `jingwei undo NUMBER`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(pairs: &[(u8, u8, bool)]) -> Vec<DecisionRecord> {
        let key = |id: u8| RecordKey { source: "s".into(), record: "r".into(), record_id: id.to_string() };
        let one = |(number, (left, right, same)): (usize, &(u8, u8, bool))| DecisionRecord {
            decision: number as i64 + 1,
            ..unnumbered(Linked::Incidents, &key(*left), &key(*right), *same)
        };
        pairs.iter().enumerate().map(one).collect()
    }

    #[test]
    fn decisions_that_cannot_all_be_obeyed_are_found_with_those_they_contradict() {
        let numbers = |pairs: &[(u8, u8, bool)]| {
            let decisions = decided(pairs);
            contradiction(&decisions).map(|chain| chain.iter().map(|decision| decision.decision).collect::<Vec<_>>())
        };
        assert_eq!(numbers(&[(1, 2, true), (2, 3, false), (3, 4, true), (5, 5, true)]), None);
        assert_eq!(numbers(&[(1, 2, true), (9, 2, true), (2, 3, true), (3, 1, false)]), Some(vec![4, 1, 3]));
        assert_eq!(numbers(&[(1, 2, true), (2, 1, false)]), Some(vec![2, 1]));
    }

    #[test]
    fn the_word_of_decisions_changes_with_them_and_not_with_their_order() {
        let decision = |left, right, same| Decision { left, right, same };
        let one = fingerprint(&[decision(1, 2, true), decision(3, 4, false)]);
        assert_eq!(one, fingerprint(&[decision(4, 3, false), decision(1, 2, true), decision(2, 1, true)]));
        assert_ne!(one, fingerprint(&[decision(1, 2, true), decision(3, 4, true)]));
        assert_eq!(fingerprint(&[]), "");
    }

    #[test]
    fn linkages_are_known_by_their_names() {
        assert!(Linked::all().all(|linked| linked.name().parse() == Ok(linked)));
        assert!("persons".parse::<Linked>().is_err_and(|message| message.contains("people")));
    }
}
