//! Which standard address each spelling means.
//!
//! The registers of land and housing own the addresses (以房管人): what they write, once for each way of writing it, is
//! the standard; everybody else's spelling is found among it. The parser learns the registers' roads and compounds
//! first, with the community each lies in, so that a text that names a compound alone is completed; then the index
//! finds what is misspelt, shortened or cut otherwise. A spelling of no standard address is an address of its own, under
//! the compound it names where that is known.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use jingwei_link::address::{AddressIndex, Outcome, Search, Verdict};
use jingwei_model::hash::{base32, hash128};
use jingwei_model::{Address, Level, Levels};
use jingwei_standardize::address::{AddressParser, Grain, KnownCompound, KnownRoad, Parsed};
use jingwei_standardize::codes::Divisions;

use crate::error::{EngineError, Result};
use crate::geocode::Read;

/// A spelling is taken for a compound's that is at least this likely.
const SURE: f64 = 0.9;

/// `link.address_spellings`: every spelling of the sources, the standard address it means with the building and compound
/// that is part of (or itself is), and how sure that is.
pub fn spellings_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        text("address"),
        text("address_id"),
        text("building_id"),
        text("compound_id"),
        text("canonical"),
        text("verdict"),
        Field::new("probability", DataType::Float64, true),
    ]))
}

/// Spellings of the sources, in columns `address`, `owned` (a register of land or housing writes it), `rows` and
/// `area_code`.
pub struct Texts<'a> {
    addresses: Vec<&'a StringArray>,
    owned: Vec<&'a arrow::array::BooleanArray>,
    rows: Vec<&'a arrow::array::Int64Array>,
    areas: Vec<&'a StringArray>,
}

impl<'a> Texts<'a> {
    /// The columns of `batches`.
    ///
    /// # Errors
    /// Batches without them.
    pub fn new(batches: &'a [RecordBatch]) -> Result<Self> {
        let missing = || EngineError::Internal("the spellings lack a column".to_owned());
        let mut texts = Self { addresses: Vec::new(), owned: Vec::new(), rows: Vec::new(), areas: Vec::new() };
        for batch in batches {
            let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
            texts.addresses.push(column("address")?.as_string_opt().ok_or_else(missing)?);
            texts.owned.push(column("owned")?.as_boolean_opt().ok_or_else(missing)?);
            texts.rows.push(column("rows")?.as_primitive_opt().ok_or_else(missing)?);
            texts.areas.push(column("area_code")?.as_string_opt().ok_or_else(missing)?);
        }
        Ok(texts)
    }

    /// The texts that registers write, with how many rows do and where they lie.
    fn owned(&self) -> impl Iterator<Item = (&'a str, i64, Option<&'a str>)> {
        (0..self.addresses.len()).flat_map(move |batch| {
            let (addresses, owned, areas) = (self.addresses[batch], self.owned[batch], self.areas[batch]);
            (0..addresses.len())
                .filter(move |row| owned.is_valid(*row) && owned.value(*row) && addresses.is_valid(*row))
                .map(move |row| {
                    let area = areas.is_valid(row).then(|| areas.value(row));
                    (addresses.value(row), self.rows[batch].value(row), area)
                })
        })
    }
}

/// An address down to the compound; the tail is somebody else's.
struct Upper<'a, A>(&'a A);

impl<A: Levels> Levels for Upper<'_, A> {
    fn level(&self, level: Level) -> Option<&str> {
        if level < Level::Houseno { self.0.level(level) } else { None }
    }

    fn is_inferred(&self, level: Level) -> bool {
        self.0.is_inferred(level)
    }

    fn written_before(&self, level: Level, out: &mut String) -> bool {
        self.0.written_before(level, out)
    }
}

/// A compound of the registers.
#[derive(Debug, Default)]
struct Compound {
    levels: Address,
    rows: i64,
    /// Codes of divisions it is said or seen to lie in, and how often.
    codes: BTreeMap<String, i64>,
}

impl Compound {
    fn of(parsed: &Parsed) -> Self {
        let mut levels = Address::default();
        for level in Level::ALL.into_iter().filter(|level| *level < Level::Houseno) {
            levels.set(level, parsed.completed(level).map(str::to_owned));
        }
        Self { levels, ..Self::default() }
    }

    fn key(&self) -> String {
        let part = |level| self.levels.get(level).unwrap_or_default();
        [Level::District, Level::Road, Level::Roadno, Level::Subroad, Level::Subroadno, Level::Poi, Level::Subpoi]
            .map(part)
            .join("|")
    }

    fn name(&self) -> String {
        let part = |level| self.levels.get(level).unwrap_or_default();
        format!("{}{}", part(Level::Poi), part(Level::Subpoi))
    }

    /// The finest division most rows agree on; where points fall beside a border, the one that most do.
    fn code(&self) -> &str {
        let best = self.codes.iter().max_by(|left, right| {
            let (left_fine, right_fine) = (left.0.len() >= 12, right.0.len() >= 12);
            left_fine.cmp(&right_fine).then(left.1.cmp(right.1)).then(right.0.cmp(left.0))
        });
        best.map_or("", |code| code.0)
    }

    fn take_in(&mut self, other: &Self) {
        self.rows += other.rows;
        for (code, rows) in &other.codes {
            *self.codes.entry(code.clone()).or_default() += rows;
        }
        for level in Level::ALL {
            if self.levels.get(level).is_none() {
                self.levels.set(level, other.levels.get(level).map(str::to_owned));
            }
        }
    }
}

/// The standard addresses of the registers, ready to be asked.
pub struct Standard {
    parser: Arc<AddressParser>,
    index: AddressIndex,
    canonical: Vec<String>,
    by_canonical: HashMap<String, u32>,
    compounds: AddressIndex,
    compound_names: Vec<String>,
}

/// What a spelling means.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelling {
    /// The standard spelling.
    pub canonical: String,
    /// The building's, where the address is as fine.
    pub building: Option<String>,
    /// The compound's.
    pub compound: Option<String>,
    /// `register`, `found`, `tied`, `no_such_address` or `unknown`.
    pub verdict: &'static str,
    /// How likely the standard address is the one meant; one for what registers write themselves.
    pub probability: Option<f64>,
}

/// The parser at home in the division with code `home`.
fn at_home(home: &str) -> Arc<AddressParser> {
    let builtin = AddressParser::builtin();
    if home.is_empty() || home.starts_with(builtin.home()) {
        Arc::clone(builtin)
    } else {
        Arc::new(AddressParser::with_home(Divisions::builtin(), home))
    }
}

impl Standard {
    /// Learns from what registers write.
    pub fn learn(texts: &Texts<'_>, home: &str) -> Self {
        let parser = at_home(home);
        let (compounds, stood_for) = compounds(texts, &parser);
        let mut learned = (*parser).clone();
        learned.learn(
            compounds.iter().filter_map(|compound| {
                let name = compound.levels.get(Level::Road)?;
                Some(KnownRoad { name, division: compound.code().get(..6).unwrap_or_default() })
            }),
            compounds.iter().zip(&stood_for).map(|(compound, name)| KnownCompound {
                name,
                division: compound.code(),
                road: compound.levels.get(Level::Road),
                roadno: compound.levels.get(Level::Roadno),
            }),
        );
        let mut standard = Self {
            parser: Arc::new(learned),
            index: AddressIndex::new(),
            canonical: Vec::new(),
            by_canonical: HashMap::new(),
            compounds: AddressIndex::new(),
            compound_names: Vec::new(),
        };
        standard.fill_compounds(&compounds);
        standard.fill(texts);
        standard
    }

    /// The parser that knows the registers' roads and compounds.
    pub const fn parser(&self) -> &Arc<AddressParser> {
        &self.parser
    }

    fn fill_compounds(&mut self, compounds: &[Compound]) {
        let mut parsed = Parsed::default();
        for compound in compounds {
            let text: String = Level::ALL.iter().filter_map(|level| compound.levels.get(*level)).collect();
            self.parser.parse(&text, &mut parsed);
            let name = parsed.key(Grain::Compound).unwrap_or_default().to_owned();
            if !name.is_empty() {
                self.compounds.add(&Compound::of(&parsed).levels);
                self.compound_names.push(name);
            }
        }
    }

    fn fill(&mut self, texts: &Texts<'_>) {
        let mut reader = Reader::default();
        for (text, ..) in texts.owned() {
            let spelling = self.own(text, &mut reader);
            let keys = [Some(spelling.canonical), spelling.building, spelling.compound];
            for key in keys.into_iter().flatten().filter(|key| !key.is_empty()) {
                if !self.by_canonical.contains_key(&key) {
                    self.parser.parse(&key, &mut reader.parsed);
                    let row = self.index.add(&Read::new(&reader.parsed, &key));
                    self.by_canonical.insert(key.clone(), row);
                    self.canonical.push(key);
                }
            }
        }
    }

    /// A text as the registers would write it: its own tail under the compound it names.
    fn own(&self, text: &str, reader: &mut Reader) -> Spelling {
        let Reader { parsed, search, composed } = reader;
        self.parser.parse(text, parsed);
        let read = Read::new(parsed, text);
        let compound = match self.compounds.find(&Upper(&read), search) {
            Verdict::Found(found) if found.probability >= SURE => self.compound_names.get(found.row as usize),
            _ => None,
        };
        if let Some(compound) = compound.filter(|name| parsed.key(Grain::Compound) != Some(name.as_str())) {
            composed.clear();
            composed.push_str(compound);
            for level in [Level::Houseno, Level::Cellno, Level::Floorno, Level::Roomno] {
                composed.push_str(parsed.completed(level).unwrap_or_default());
            }
            self.parser.parse(composed, parsed);
        }
        spelling(parsed, "register", Some(1.0))
    }

    /// The standard address that a text means; its own where there is none.
    pub fn find(&self, text: &str, owned: bool, reader: &mut Reader) -> Spelling {
        let own = self.own(text, reader);
        if owned {
            return own;
        }
        if self.by_canonical.contains_key(&own.canonical) {
            return Spelling { verdict: "found", ..own };
        }
        self.parser.parse(text, &mut reader.parsed);
        let verdict = self.index.find(&Read::new(&reader.parsed, text), &mut reader.search);
        match verdict {
            Verdict::Found(found) => {
                let canonical = self.canonical.get(found.row as usize).map_or("", String::as_str);
                self.parser.parse(canonical, &mut reader.parsed);
                spelling(&reader.parsed, verdict.name(), Some(found.probability))
            }
            _ => Spelling { verdict: verdict.name(), probability: None, ..own },
        }
    }
}

/// Buffers for one text after another.
#[derive(Debug, Default)]
pub struct Reader {
    parsed: Parsed,
    search: Search,
    composed: String,
}

fn spelling(parsed: &Parsed, verdict: &'static str, probability: Option<f64>) -> Spelling {
    let key = |grain| parsed.key(grain).map(str::to_owned);
    Spelling {
        canonical: parsed.canonical().to_owned(),
        building: key(Grain::Building),
        compound: key(Grain::Compound),
        verdict,
        probability,
    }
}

/// The compounds that registers write, each once, and their names; those that few rows write and that are one slip from
/// one that many write are that one.
fn compounds(texts: &Texts<'_>, parser: &AddressParser) -> (Vec<Compound>, Vec<String>) {
    let mut written: BTreeMap<String, Compound> = BTreeMap::new();
    let mut parsed = Parsed::default();
    for (text, rows, area) in texts.owned() {
        parser.parse(text, &mut parsed);
        if parsed.grain().is_none_or(|grain| grain < Grain::Compound) {
            continue;
        }
        let compound = Compound::of(&parsed);
        let compound = written.entry(compound.key()).or_insert(compound);
        compound.rows += rows;
        // A point says where it lies more surely than a text.
        let code = area.filter(|area| area.len() >= parsed.code().len()).unwrap_or_else(|| parsed.code());
        if !code.is_empty() {
            *compound.codes.entry(code.to_owned()).or_default() += rows;
        }
    }
    let mut written: Vec<Compound> = written.into_values().collect();
    written.sort_by(|left, right| right.rows.cmp(&left.rows).then_with(|| left.key().cmp(&right.key())));
    let mut index = AddressIndex::new();
    let mut compounds: Vec<Compound> = Vec::new();
    let mut search = Search::default();
    for compound in written {
        match index.find(&compound.levels, &mut search) {
            Verdict::Found(found)
                if found.probability >= SURE
                    && is_one(&index, found.row, &compounds[found.row as usize], &compound) =>
            {
                compounds[found.row as usize].take_in(&compound);
            }
            _ => {
                index.add(&compound.levels);
                compounds.push(compound);
            }
        }
    }
    let names = compounds.iter().map(Compound::name).collect();
    (compounds, names)
}

/// How many times more rows write a spelling that is right than one that is wrong.
const WRONG_SPELLINGS: i64 = 5;

/// Whether two compounds of registers are one: what is misspelt has to stand at the same door. A door has one compound, so
/// that a name few rows write there is the one many write, however it is misspelt; and so is a road that few rows write
/// with the name and number of one that many write.
fn is_one(index: &AddressIndex, row: u32, standard: &Compound, compound: &Compound) -> bool {
    let evidence = index.explain(&compound.levels, row);
    let has = |outcome: Outcome| evidence.iter().any(|one| one.outcome == outcome);
    let agrees = |level: Level| evidence.iter().any(|one| one.level == level && one.outcome == Outcome::Agrees);
    if !has(Outcome::Differs) && (agrees(Level::Roadno) || !(has(Outcome::Misspelt) || has(Outcome::Partly))) {
        return true;
    }
    let number = |one: &Compound| one.levels.get(Level::Roadno).map(str::to_owned);
    let same_number = number(standard).is_some() && number(standard) == number(compound);
    let same_area = [Level::District, Level::Town].into_iter().all(|level| {
        let (one, other) = (standard.levels.get(level), compound.levels.get(level));
        one.is_none() || other.is_none() || one == other
    });
    compound.rows * WRONG_SPELLINGS <= standard.rows
        && same_number
        && same_area
        && (agrees(Level::Road) || agrees(Level::Poi))
}

/// The batches with `canonical`, `building` and `compound`, and the rows of `link.address_spellings`. The work is shared
/// out among threads by batch; the outcome is the same for any number of them.
///
/// # Errors
/// Batches without the columns of [`Texts`].
pub fn spell(
    batches: &[RecordBatch],
    standard: &Standard,
    threads: usize,
) -> Result<(Vec<RecordBatch>, Vec<RecordBatch>)> {
    let texts = Texts::new(batches)?;
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut done: Vec<(usize, Vec<Spelling>)> = std::thread::scope(|scope| {
        let work = || {
            let mut reader = Reader::default();
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let (Some(addresses), Some(owned)) = (texts.addresses.get(at), texts.owned.get(at)) else {
                    return done;
                };
                let spelled = (0..addresses.len())
                    .map(|row| standard.find(addresses.value(row), owned.value(row), &mut reader))
                    .collect();
                done.push((at, spelled));
            }
        };
        let workers: Vec<_> = (0..threads.clamp(1, batches.len().max(1))).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_unstable_by_key(|batch| batch.0);
    let mut spelled = Vec::with_capacity(batches.len());
    let mut spellings = Vec::with_capacity(batches.len());
    for (batch, (_, outcome)) in batches.iter().zip(&done) {
        let (with, rows) = columns(batch, outcome).map_err(|error| EngineError::Internal(error.to_string()))?;
        spelled.push(with);
        spellings.push(rows);
    }
    Ok((spelled, spellings))
}

fn columns(batch: &RecordBatch, outcome: &[Spelling]) -> Result<(RecordBatch, RecordBatch), arrow::error::ArrowError> {
    let filled = |text: &str| !text.is_empty();
    let mut verdicts = StringBuilder::new();
    let mut probabilities = Float64Builder::new();
    let text = |value: fn(&Spelling) -> Option<&str>| -> ArrayRef {
        Arc::new(outcome.iter().map(value).collect::<StringArray>())
    };
    let id = |key: fn(&Spelling) -> Option<&str>| -> ArrayRef {
        let ids = outcome.iter().map(|one| {
            let key = key(one).filter(|key| !key.is_empty() && !one.canonical.is_empty())?;
            Some(format!("d{}", base32(hash128(key.as_bytes()))))
        });
        Arc::new(ids.collect::<StringArray>())
    };
    let canonical = text(|one| Some(one.canonical.as_str()).filter(|text| !text.is_empty()));
    for one in outcome {
        let known = filled(&one.canonical);
        verdicts.append_value(if known { one.verdict } else { "unknown" });
        probabilities.append_option(one.probability.filter(|_| known));
    }
    let fields = ["canonical", "building", "compound"].map(|name| Arc::new(Field::new(name, DataType::Utf8, true)));
    let schema = Schema::new(batch.schema().fields().iter().cloned().chain(fields).collect::<Vec<_>>());
    let added = [Arc::clone(&canonical), text(|one| one.building.as_deref()), text(|one| one.compound.as_deref())];
    let with = RecordBatch::try_new(Arc::new(schema), batch.columns().iter().cloned().chain(added).collect())?;
    let address = batch.column_by_name("address").cloned().unwrap_or_else(|| Arc::clone(&canonical));
    let rows = RecordBatch::try_new(
        spellings_schema(),
        vec![
            address,
            id(|one| Some(one.canonical.as_str())),
            id(|one| one.building.as_deref()),
            id(|one| one.compound.as_deref()),
            canonical,
            Arc::new(verdicts.finish()),
            Arc::new(probabilities.finish()),
        ],
    )?;
    Ok((with, rows))
}
