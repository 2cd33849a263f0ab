//! Collecting the build side: into one block where memory allows, else to disk in pieces that each make a block.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, SpillMetrics};
use futures::TryStreamExt;

use super::block::{Bits, Block};
use super::column::batch_bytes;
use super::emit::{Alone, Output};
use super::extent::Extent;
use super::kept::{KeptIndexes, Key};
use super::predicate::SpatialOn;

/// A piece on disk is no smaller, however little memory there is.
const LEAST_PIECE: usize = 64 << 10;

/// Columns of one block are put together with 32-bit offsets.
const LARGEST_BLOCK: usize = 1 << 30;

/// The build side, collected.
pub struct Built {
    /// Its rows.
    pub side: Side,
    /// Probe partitions that are still running; the last one puts out the build side's rows without partner.
    running: AtomicUsize,
    reservation: MemoryReservation,
    accounted: AtomicUsize,
}

/// Where the rows are.
pub enum Side {
    /// In memory.
    Memory(Arc<Block>),
    /// On disk.
    Disk(Disk),
}

/// A build side on disk.
pub struct Disk {
    pieces: Vec<Piece>,
    manager: SpillManager,
}

struct Piece {
    file: Arc<dyn SpillFile>,
    bytes: usize,
    matched: Arc<Bits>,
}

impl Built {
    /// Tells that a probe partition is done; gives whether it was the last.
    pub fn finish(&self) -> bool {
        self.running.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Accounts for grids that were made since the last time.
    pub fn account(&self, block: &Block) {
        let size = block.index_size();
        let before = self.accounted.fetch_max(size, Ordering::AcqRel);
        // The grids are there already; what they take must be known, even beyond the limit.
        self.reservation.grow(size.saturating_sub(before));
    }
}

/// Where partners of the build side can lie, once that is known: the probe side's scan skips what is elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Reach(Arc<OnceLock<Extent>>);

impl Reach {
    /// The extent; `None` while it is not known.
    #[must_use]
    pub fn extent(&self) -> Option<Extent> {
        self.0.get().copied()
    }

    fn tell(&self, extent: Extent) {
        // A plan that runs twice finds the same rows again.
        let _ = self.0.set(extent);
    }
}

/// What collecting needs.
pub struct Collector {
    /// The condition.
    pub on: SpatialOn,
    /// The output, which tells what must be kept of the build side.
    pub output: Output,
    /// Probe partitions.
    pub partitions: usize,
    /// To be told where partners can lie.
    pub reach: Reach,
    /// Where indexes over these rows are kept.
    pub kept: Option<Arc<KeptIndexes>>,
    /// Metrics of the operator.
    pub metrics: ExecutionPlanMetricsSet,
    /// Memory and disk.
    pub context: Arc<TaskContext>,
}

impl Collector {
    /// Collects the build side.
    ///
    /// # Errors
    /// What the input fails with, geometries that cannot be read, a disk that is full.
    pub async fn collect(self, mut input: SendableRecordBatchStream) -> Result<Built> {
        let time = MetricBuilder::new(&self.metrics).subset_time("build_time", 0);
        let rows = MetricBuilder::new(&self.metrics).counter("build_rows", 0);
        let memory = MetricBuilder::new(&self.metrics).gauge("build_mem_used", 0);
        let reservation =
            MemoryConsumer::new("SpatialJoinBuild").with_can_spill(true).register(self.context.memory_pool());
        let schema = input.schema();
        let mut batches = Vec::new();
        while let Some(batch) = input.try_next().await? {
            rows.add(batch.num_rows());
            let size = batch_bytes(&batch);
            if reservation.size() + size > LARGEST_BLOCK || reservation.try_grow(size).is_err() {
                batches.push(batch);
                return self.spill(batches, input, reservation).await;
            }
            batches.push(batch);
        }
        let timer = time.timer();
        let block = self.block(&schema, batches)?;
        if let Err(error) = reservation.try_grow(block.size()) {
            if !self.context.runtime_env().disk_manager.tmp_files_enabled() {
                return Err(error);
            }
            return self.spill(vec![block.batch.clone()], input, reservation).await;
        }
        self.reach.tell(block.extent());
        timer.done();
        memory.add(reservation.size());
        Ok(Built {
            side: Side::Memory(block),
            running: AtomicUsize::new(self.partitions),
            reservation,
            accounted: AtomicUsize::new(0),
        })
    }

    /// The index over `batches`: the one that is kept, or a new one.
    fn block(&self, schema: &SchemaRef, batches: Vec<RecordBatch>) -> Result<Arc<Block>> {
        // Which rows have found partners is for one join alone.
        let kept = self.kept.as_ref().filter(|_| self.output.build() == Alone::No);
        let kept = kept.map(|kept| (kept, Key::new(&self.on, &batches)));
        if let Some(block) = kept.as_ref().and_then(|(kept, key)| kept.find(key)) {
            return Ok(block);
        }
        let batch = concat_batches(schema, &batches)?;
        let bits = self.bits(batch.num_rows());
        // The probe side's partitions wait for it.
        let threads = self.context.session_config().target_partitions();
        match kept {
            None => {
                drop(batches);
                Ok(Arc::new(Block::new(batch, 0, &self.on, bits, threads)?))
            }
            Some((kept, key)) => {
                let block = Arc::new(Block::new(batch, 0, &self.on, bits, threads)?);
                kept.keep(key, batches, &block);
                Ok(block)
            }
        }
    }

    fn bits(&self, rows: usize) -> Arc<Bits> {
        Arc::new(Bits::new(if self.output.build() == Alone::No { 0 } else { rows }))
    }

    async fn spill(
        self,
        batches: Vec<RecordBatch>,
        mut input: SendableRecordBatchStream,
        reservation: MemoryReservation,
    ) -> Result<Built> {
        // Every probe partition holds a block of its own, and its index, and a chunk of rows.
        let most = (reservation.size() / (4 * self.partitions)).clamp(LEAST_PIECE, LARGEST_BLOCK / 2);
        let schema = input.schema();
        let metrics = SpillMetrics::new(&self.metrics, 0);
        let manager = SpillManager::new(self.context.runtime_env(), metrics, schema);
        let mut pieces = Vec::new();
        let (mut slices, mut bytes) = (Vec::new(), 0);
        let mut extent = Extent::EMPTY;
        let mut rows = 0;
        let mut waiting = batches.into_iter();
        loop {
            let batch = match waiting.next() {
                Some(batch) => batch,
                None => {
                    reservation.free();
                    match input.try_next().await? {
                        Some(batch) => batch,
                        None => break,
                    }
                }
            };
            let size = batch_bytes(&batch);
            let step = (batch.num_rows() * most / size.max(1)).clamp(1, batch.num_rows().max(1));
            for start in (0..batch.num_rows()).step_by(step) {
                let slice = batch.slice(start, step.min(batch.num_rows() - start));
                extent.join(&Block::new(slice.clone(), rows + start, &self.on, Arc::default(), 1)?.extent());
                let part = size * slice.num_rows() / batch.num_rows();
                if bytes + part > most && !slices.is_empty() {
                    pieces.push(self.write(&manager, &slices, bytes)?);
                    (slices, bytes) = (Vec::new(), 0);
                }
                slices.push(slice);
                bytes += part;
            }
            rows += batch.num_rows();
        }
        if !slices.is_empty() {
            pieces.push(self.write(&manager, &slices, bytes)?);
        }
        self.reach.tell(extent);
        Ok(Built {
            side: Side::Disk(Disk { pieces, manager }),
            running: AtomicUsize::new(self.partitions),
            reservation,
            accounted: AtomicUsize::new(0),
        })
    }

    fn write(&self, manager: &SpillManager, slices: &[RecordBatch], bytes: usize) -> Result<Piece> {
        let file = manager.spill_record_batch_and_finish(slices, "spatial join, build side")?;
        let file =
            file.ok_or_else(|| exec_datafusion_err!("a piece of a spatial join's build side was not written"))?;
        Ok(Piece { file, bytes, matched: self.bits(slices.iter().map(RecordBatch::num_rows).sum()) })
    }
}

impl Disk {
    /// How many blocks it makes.
    pub const fn blocks(&self) -> usize {
        self.pieces.len()
    }

    /// Reads one block back.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn load(&self, number: usize, on: &SpatialOn, reservation: &MemoryReservation) -> Result<Block> {
        let piece = &self.pieces[number];
        let stream = self.manager.read_spill_as_stream(Arc::clone(&piece.file), None)?;
        // A block is the least the join can work with: it is taken even where the pool has no more.
        reservation.free();
        reservation.grow(piece.bytes * 2);
        let batches = stream.try_collect::<Vec<_>>().await?;
        let batch = concat_batches(self.manager.schema(), &batches)?;
        drop(batches);
        // Errors of its rows were told when they were written.
        Block::new(batch, 0, on, Arc::clone(&piece.matched), 1)
    }
}
