//! From what a column holds to its cleaning, its comparison and the keys it can give to blocking rules.

use jingwei_model::config::{BlockingRule, ComparisonConfig, ComparisonKind, LevelConfig, LinkModel};

use super::align::Field;
use super::column::Meaning;
use super::quoted;

/// A key that a field can give to a blocking rule.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    /// The field it comes from, by number.
    pub field: usize,
    /// SQL.
    pub sql: String,
    /// Probability that two records have it and agree, were they of one entity.
    pub recall: f64,
    /// Probability that two records have it and agree, were they not.
    pub chance: f64,
    /// How many records share its commonest value, about.
    pub largest: usize,
}

/// How often a value is written the same way twice, where nothing more is known.
const WRITTEN_ALIKE: f64 = 0.75;
/// How often its coarse part is.
const COARSELY_ALIKE: f64 = 0.88;

/// Fills the model's fields and comparisons; gives the keys.
pub(super) fn compare(fields: &[Field], model: &mut LinkModel, notes: &mut Vec<String>) -> Vec<Atom> {
    let mut atoms = Vec::new();
    let persons = fields.iter().any(|field| {
        matches!(field.meaning, Meaning::ChineseName | Meaning::Word | Meaning::ResidentId | Meaning::Date)
    });
    for (number, field) in fields.iter().enumerate() {
        let name = &field.column.name;
        notes.push(format!(
            "{name}: {}, filled {:.0} %, {} values",
            field.meaning.name(),
            field.column.filled_share() * 100.0,
            field.column.distinct()
        ));
        if field.meaning == Meaning::Nothing {
            continue;
        }
        // Given and family names share values, and change places.
        let partner = fields
            .iter()
            .filter(|other| {
                other.column.name != *name && other.meaning == Meaning::Word && field.meaning == Meaning::Word
            })
            .map(|other| (field.column.overlap(&other.column), other.column.name.as_str()))
            .filter(|(overlap, _)| *overlap >= 0.15)
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
            .map(|(_, other)| other);
        let mut draft = Draft { model: &mut *model, atoms: &mut atoms, field, number, persons, partner };
        match field.meaning {
            Meaning::Nothing => {}
            Meaning::ResidentId => draft.resident_id(),
            Meaning::CreditCode => draft.credit_code(),
            Meaning::Phone => draft.phone(),
            Meaning::Email => draft.email(),
            Meaning::Date => draft.date(),
            Meaning::Number => draft.number(),
            Meaning::ChineseName => draft.chinese_name(),
            Meaning::ChineseText if field.column.is_address() => draft.chinese_address(),
            Meaning::ChineseText => draft.chinese_text(),
            Meaning::Word => draft.word(),
            Meaning::Words => draft.words(),
            Meaning::Code => draft.code(),
            Meaning::Category => draft.category(),
        }
    }
    atoms
}

struct Draft<'a> {
    model: &'a mut LinkModel,
    atoms: &'a mut Vec<Atom>,
    field: &'a Field,
    number: usize,
    persons: bool,
    partner: Option<&'a str>,
}

impl Draft<'_> {
    fn name(&self) -> &str {
        &self.field.column.name
    }

    /// A field of the model made of this column; gives its name as SQL.
    fn define(&mut self, suffix: &str, sql: String) -> String {
        let name = format!("{}{suffix}", self.name());
        let quoted = quoted(&name);
        self.model.fields.insert(name, sql);
        quoted
    }

    /// The column itself as lower-case text without outer space, null where nothing is left.
    fn text(&mut self) -> String {
        let column = quoted(self.name());
        self.define("", format!("nullif(lower(trim(cast({column} as varchar))), '')"))
    }

    fn atom(&mut self, sql: String, coarse: bool, filled: f64, chance: f64) {
        let alike = if coarse { COARSELY_ALIKE } else { WRITTEN_ALIKE };
        let both = filled * filled;
        let column = &self.field.column;
        let largest = if coarse { column.coarse_largest() } else { column.largest() };
        self.atoms.push(Atom { field: self.number, sql, recall: alike * both, chance: chance * both, largest });
    }

    fn whole(&mut self, sql: &str) {
        let (filled, chance) = (self.field.column.filled_share(), self.field.column.collision());
        self.atom(sql.to_owned(), false, filled, chance);
    }

    fn part(&mut self, sql: String) {
        let (filled, chance) = (self.field.column.filled_share(), self.field.column.coarse_collision());
        self.atom(sql, true, filled, chance);
    }

    fn levels(&mut self, household: bool, levels: Vec<LevelConfig>) {
        let name = self.name().to_owned();
        self.model.comparisons.push(ComparisonConfig { household, levels, ..comparison(&name) });
    }

    fn kind(&mut self, kind: ComparisonKind, at: &[f64]) {
        let name = self.name().to_owned();
        self.model.comparisons.push(ComparisonConfig { kind: Some(kind), at: at.to_vec(), ..comparison(&name) });
    }

    fn resident_id(&mut self) {
        let column = quoted(self.name());
        let number = self.define("_number", format!("resident_id({column})"));
        let whole = self.define("_whole", format!("{number}['value']"));
        let shown = self.define("_shown", format!("mask_key(coalesce({number}['value'], {number}['partial']), 6, 4)"));
        // A number that fails its check is compared as it is written.
        let text =
            self.define("", format!("coalesce({number}['value'], {number}['partial'], cast({column} as varchar))"));
        let score =
            |least: f64, label: &str| level(format!("resident_id_similarity(l.{text}, r.{text}) >= {least:?}"), label);
        self.levels(
            false,
            vec![
                level(format!("l.{whole} = r.{whole}"), "same number"),
                score(0.95, "one digit wrong or two swapped"),
                score(0.9, "ten or more visible digits agree"),
                score(0.6, "four or more visible digits agree"),
                score(0.5, "masked, one visible digit differs"),
                score(0.3, "same region and date of birth"),
                score(0.1, "same date of birth or region"),
            ],
        );
        self.model.never.push(format!("l.{whole} <> r.{whole}"));
        let column = &self.field.column;
        let (filled, chance) = (column.filled_share(), column.collision());
        let whole_share = filled * column.whole_share();
        self.atom(whole, false, whole_share, chance);
        self.atom(shown, true, filled, column.coarse_collision());
    }

    fn credit_code(&mut self) {
        let column = quoted(self.name());
        let text = self.define("", format!("nullif(upper(trim(cast({column} as varchar))), '')"));
        let score =
            |least: f64, label: &str| level(format!("credit_code_similarity(l.{text}, r.{text}) >= {least:?}"), label);
        self.levels(
            false,
            vec![
                level(format!("l.{text} = r.{text}"), "same number"),
                score(0.95, "same organization code inside"),
                score(0.9, "one character wrong or two swapped"),
                score(0.2, "licence of the same division"),
            ],
        );
        self.whole(&text);
    }

    fn phone(&mut self) {
        let column = quoted(self.name());
        let number = self.define("_number", format!("phone(cast({column} as varchar))"));
        let text =
            self.define("", format!("coalesce({number}['value'], {number}['partial'], cast({column} as varchar))"));
        let score =
            |least: f64, label: &str| level(format!("phone_similarity(l.{text}, r.{text}) >= {least:?}"), label);
        let name = self.name().to_owned();
        self.levels(
            self.persons,
            vec![
                rare(format!("l.{text} = r.{text}"), "same number", &name),
                score(0.8, "same as far as it shows"),
                score(0.7, "one digit wrong or two swapped"),
                score(0.4, "four to six visible digits agree"),
            ],
        );
        self.whole(&text);
    }

    fn email(&mut self) {
        let text = self.text();
        self.kind(ComparisonKind::Email, &[]);
        self.whole(&text);
        self.part(format!("split_part({text}, '@', 1)"));
    }

    fn date(&mut self) {
        let column = quoted(self.name());
        let text = format!("nullif(trim(cast({column} as varchar)), '')");
        // A day that a valid number repeats is right; what is no day of the calendar is compared as it is written.
        let birth =
            self.field.id.as_ref().map(|id| format!("cast(resident_id({})['birth_date'] as varchar), ", quoted(id)));
        let text = self
            .define("", format!("coalesce({}cast(parse_date({text}) as varchar), {text})", birth.unwrap_or_default()));
        self.kind(ComparisonKind::Date, &[]);
        self.whole(&text);
        self.part(format!("substr({text}, 1, 4)"));
    }

    fn number(&mut self) {
        let column = quoted(self.name());
        self.define("", format!("try_cast({column} as double)"));
        let span = self.field.column.span();
        self.kind(ComparisonKind::Number, &[span * 0.001, span * 0.01, span * 0.05]);
    }

    fn chinese_name(&mut self) {
        let column = quoted(self.name());
        let key = self.define("_key", format!("name_key({column})"));
        let surname = self.define("_surname", format!("substr({key}, 1, 1)"));
        let score = |least: f64, label: &str| {
            level(format!("chinese_name_similarity(l.{column}, r.{column}) >= {least:?}"), label)
        };
        let (key_name, surname_name) = (format!("{}_key", self.name()), format!("{}_surname", self.name()));
        self.levels(
            false,
            vec![
                rare(format!("l.{key} = r.{key}"), "same name", &key_name),
                score(0.95, "read the same"),
                score(0.92, "swapped or one character looks alike"),
                score(0.9, "read nearly the same"),
                score(0.8, "one character missing, or in pinyin"),
                score(0.75, "masked, a given character agrees"),
                score(0.6, "given name agrees"),
                score(0.5, "one given character differs"),
                LevelConfig { term_frequency: Some(surname_name), ..score(0.2, "surname agrees") },
            ],
        );
        self.whole(&key);
        self.part(surname);
    }

    fn chinese_address(&mut self) {
        let column = quoted(self.name());
        let parsed = self.define("_levels", format!("address({column})['completed']"));
        let mut part = |suffix: &str, level: &str| self.define(suffix, format!("{parsed}['{level}']"));
        let (road, number) = (part("_road", "road"), part("_roadno", "roadno"));
        let (community, poi) = (part("_community", "community"), part("_poi", "poi"));
        let (house, cell, room) = (part("_house", "houseno"), part("_cell", "cellno"), part("_room", "roomno"));
        let flat = self.define("_flat", format!("{house} || '/' || coalesce({cell}, '') || '/' || {room}"));
        let flat_name = format!("{}_flat", self.name());
        let same = |fields: &[&str]| {
            fields.iter().map(|field| format!("l.{field} = r.{field}")).collect::<Vec<_>>().join(" and ")
        };
        let household = self.persons;
        self.levels(
            household,
            vec![
                rare(same(&[&road, &number, &flat]), "room", &flat_name),
                rare(same(&[&poi, &flat]), "compound and room", &flat_name),
                rare(same(&[&community, &flat]), "community and room", &flat_name),
                level(same(&[&number, &flat]), "road number and room"),
                level(same(&[&road, &number, &house]), "building"),
                level(same(&[&flat]), "room of some building"),
                level(same(&[&road, &number]), "compound"),
                level(format!("address_similarity(l.{column}, r.{column}) >= 0.8"), "nearly the same text"),
            ],
        );
        let (filled, chance) = (self.field.column.filled_share(), self.field.column.collision());
        self.atom(flat, true, filled, self.field.column.coarse_collision());
        self.atom(
            format!("{road} || '/' || {number} || '/' || {house}"),
            true,
            filled * 0.9,
            (chance * 20.0).min(0.01),
        );
    }

    fn chinese_text(&mut self) {
        let column = quoted(self.name());
        let key = self.define("_key", format!("name_key({column})"));
        let score = |least: f64, label: &str| {
            level(format!("organization_name_similarity(l.{column}, r.{column}) >= {least:?}"), label)
        };
        let key_name = format!("{}_key", self.name());
        self.levels(
            false,
            vec![
                rare(format!("l.{key} = r.{key}"), "same", &key_name),
                score(0.9, "same without legal form and place"),
                score(0.7, "nearly the same"),
                score(0.6, "one contains the other"),
                score(0.3, "half in common"),
            ],
        );
        self.whole(&key);
        self.part(format!("substr({key}, 1, 3)"));
    }

    fn word(&mut self) {
        let text = self.text();
        match self.partner.map(quoted) {
            None => self.kind(ComparisonKind::JaroWinkler, &[]),
            Some(other) => {
                let name = self.name().to_owned();
                let like = |a: &str, b: &str, least: f64| format!("jaro_winkler(l.{a}, r.{b}) >= {least:?}");
                let mut levels = vec![
                    rare(format!("l.{text} = r.{text}"), "equal", &name),
                    level(like(&text, &text, 0.92), "nearly equal"),
                ];
                // That the two have changed places is one thing, and told once: by the first of them.
                let changed = |a: &str, b: &str| format!("l.{a} = r.{b} and l.{b} = r.{a}");
                let mut told = self.model.comparisons.iter().flat_map(|comparison| &comparison.levels);
                if !told.any(|level| level.condition == changed(&other, &text)) {
                    levels.push(level(changed(&text, &other), "changed places"));
                }
                levels.extend([
                    level(
                        format!("{} or {}", like(&text, &other, 0.88), like(&other, &text, 0.88)),
                        "like the other name",
                    ),
                    level(like(&text, &text, 0.7), "similar"),
                ]);
                self.levels(false, levels);
                // Found from one side: the other record has the two the other way round.
                if self.number == 0 || !self.model.blocks.iter().any(|rule| rule.condition.is_some()) {
                    self.model.blocks.push(BlockingRule {
                        on: Vec::new(),
                        condition: Some(format!("l.{text} = r.{other}")),
                        max_group: Some(100),
                    });
                }
            }
        }
        self.whole(&text);
        self.part(format!("substr({text}, 1, 3)"));
    }

    fn words(&mut self) {
        let text = self.text();
        let name = self.name().to_owned();
        let score = |function: &str, least: f64, label: &str| {
            level(format!("{function}(l.{text}, r.{text}) >= {least:?}"), label)
        };
        self.levels(
            false,
            vec![
                rare(format!("l.{text} = r.{text}"), "same", &name),
                score("jaro_winkler", 0.92, "nearly the same"),
                score("jaro_winkler", 0.85, "similar"),
                score("token_overlap", 0.99, "one has all words of the other"),
                score("token_overlap", 0.5, "half of the words"),
            ],
        );
        self.whole(&text);
        self.part(format!("substr({text}, 1, 3)"));
    }

    fn code(&mut self) {
        let text = self.text();
        let length = self.field.column.length();
        if length >= 5.0 {
            self.kind(ComparisonKind::DamerauLevenshtein, &[1.0, 2.0]);
        } else if length >= 2.0 {
            self.kind(ComparisonKind::DamerauLevenshtein, &[1.0]);
        } else {
            self.kind(ComparisonKind::Exact, &[]);
        }
        self.whole(&text);
    }

    fn category(&mut self) {
        let text = self.text();
        self.kind(ComparisonKind::Exact, &[]);
        self.whole(&text);
    }
}

fn comparison(name: &str) -> ComparisonConfig {
    ComparisonConfig {
        name: name.to_owned(),
        field: None,
        kind: None,
        at: Vec::new(),
        fields: Vec::new(),
        levels: Vec::new(),
        null: None,
        term_frequency: None,
        household: false,
    }
}

fn level(condition: String, label: &str) -> LevelConfig {
    LevelConfig { condition, label: Some(label.to_owned()), term_frequency: None }
}

fn rare(condition: String, label: &str, field: &str) -> LevelConfig {
    LevelConfig { term_frequency: Some(field.to_owned()), ..level(condition, label) }
}
