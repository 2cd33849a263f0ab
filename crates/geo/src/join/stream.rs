//! Running the join: one task for each partition of the probe side, over a build side collected once.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, JoinType, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext, TryEmitter, async_try_stream};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::future::{BoxFuture, FutureExt, Shared as SharedFuture};
use futures::{StreamExt, TryStreamExt};

use super::block::{Bits, Block};
use super::build::{Built, Collector, Disk, Reach, Side};
use super::chunk::Chunk;
use super::column::batch_bytes;
use super::emit::{Alone, Output, keep};
use super::kept::KeptIndexes;
use super::neighbours::Neighbours;
use super::predicate::{Question, SpatialOn};
use super::search::{Cursor, Pairs, ROUND, Search};

/// Rows searched at once at first; each time twice as many, so that a small answer comes soon and a large one fast.
const FIRST_CHUNK: usize = 1 << 13;
/// Rows searched at once at most.
const LARGEST_CHUNK: usize = 1 << 19;
/// A row searched at once for so many bytes of the build side, at most: a small one gains nothing by large chunks.
const BYTES_A_ROW: usize = 4;
/// Rows searched at once at least, when there are so many.
const SMALLEST_CHUNK: usize = 1 << 14;
/// A build side of so few bytes stays in the cache in whatever order it is asked.
const IN_CACHE: usize = 1 << 18;
/// Bytes of rows searched at once at most.
const LARGEST_CHUNK_BYTES: usize = 64 << 20;

type Emitter = TryEmitter<RecordBatch, DataFusionError>;

/// The build side, being collected or collected, as all partitions share it.
#[derive(Clone)]
pub struct Shared {
    built: SharedFuture<Collecting>,
}

type Collecting = BoxFuture<'static, Result<Arc<Built>, Arc<DataFusionError>>>;

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// Begins collecting when the first partition asks.
    pub fn new(
        input: SendableRecordBatchStream,
        on: SpatialOn,
        output: Output,
        partitions: usize,
        (reach, kept): (Reach, Option<Arc<KeptIndexes>>),
        metrics: &ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Self {
        let (metrics, context) = (metrics.clone(), Arc::clone(context));
        let collector = Collector { on, output, partitions, reach, kept, metrics, context };
        let built = async move { collector.collect(input).await.map(Arc::new).map_err(Arc::new) };
        Self { built: built.boxed().shared() }
    }
}

/// One partition.
pub struct Task {
    shared: Shared,
    probe: SendableRecordBatchStream,
    work: Work,
    partition: usize,
    metrics: ExecutionPlanMetricsSet,
    context: Arc<TaskContext>,
}

/// What is joined and what comes out.
pub struct What {
    /// The spatial condition.
    pub on: SpatialOn,
    /// The other conditions.
    pub filter: Option<JoinFilter>,
    /// The shape of the output.
    pub output: Output,
}

/// What does not change while it runs.
struct Work {
    what: What,
    baseline: BaselineMetrics,
}

impl std::ops::Deref for Work {
    type Target = What;

    fn deref(&self) -> &What {
        &self.what
    }
}

impl Task {
    /// A task over one partition of the probe side.
    pub fn new(
        shared: Shared,
        probe: SendableRecordBatchStream,
        what: What,
        partition: usize,
        metrics: &ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Self {
        let work = Work { what, baseline: BaselineMetrics::new(metrics, partition) };
        Self { shared, probe, work, partition, metrics: metrics.clone(), context: Arc::clone(context) }
    }

    /// The partition's output.
    pub fn run(self) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.work.output.schema);
        let stream = async_try_stream(|emitter| self.go(emitter));
        Box::pin(RecordBatchStreamAdapter::new(schema, stream))
    }

    async fn go(self, mut emitter: Emitter) -> Result<()> {
        let Self { shared, probe, work, partition, metrics, context } = self;
        let built = shared.built.clone().await.map_err(DataFusionError::Shared)?;
        // The future keeps the build side alive; the task needs it no longer than this.
        drop(shared);
        let reservation = MemoryConsumer::new(format!("SpatialJoinProbe[{partition}]")).register(context.memory_pool());
        match &built.side {
            Side::Memory(block) => {
                let mut chunks = Chunks::new(probe);
                while let Some(chunk) = chunks.next(&work, Some(block), &reservation).await? {
                    if work.one_partner() {
                        work.beside(block, &chunk, &mut emitter).await?;
                        built.account(block);
                        continue;
                    }
                    let mut matched = work.matched(&chunk);
                    work.join(block, &chunk, &mut matched, &mut emitter).await?;
                    built.account(block);
                    for batch in work.output.probe_alone(&chunk, &matched)? {
                        work.put(batch, &mut emitter).await;
                    }
                }
                if built.finish() {
                    for batch in work.output.build_alone(block)? {
                        work.put(batch, &mut emitter).await;
                    }
                }
            }
            Side::Disk(disk) => {
                let spill = SpillMetrics::new(&metrics, partition);
                let manager = SpillManager::new(context.runtime_env(), spill, probe.schema());
                work.join_from_disk(disk, probe, &manager, &reservation, &mut emitter).await?;
                if built.finish() && work.output.build() != Alone::No {
                    for number in 0..disk.blocks() {
                        let block = disk.load(number, &work.on, &reservation).await?;
                        for batch in work.output.build_alone(&block)? {
                            work.put(batch, &mut emitter).await;
                        }
                    }
                }
            }
        }
        work.baseline.done();
        Ok(())
    }
}

impl Work {
    async fn put(&self, batch: RecordBatch, emitter: &mut Emitter) {
        self.baseline.record_output(batch.num_rows());
        emitter.emit(batch).await;
    }

    fn matched(&self, chunk: &Chunk) -> Vec<bool> {
        vec![false; if self.output.probe() == Alone::No { 0 } else { chunk.rows() }]
    }

    /// Whether all geometries are in one coordinate system, as far as they say it themselves.
    fn agree(&self, block: &Block, chunk: &Chunk) -> Result<()> {
        block.srids.check(&chunk.srids, self.on.function())
    }

    /// Puts out the pairs of a block and a chunk, and marks the rows that have a partner.
    async fn join(&self, block: &Block, chunk: &Chunk, matched: &mut [bool], emitter: &mut Emitter) -> Result<()> {
        self.agree(block, chunk)?;
        let mut rounds = Rounds::new(self, block, chunk);
        while let Some(pairs) = rounds.next()? {
            if !matched.is_empty() {
                pairs.probe.iter().for_each(|row| matched[*row as usize] = true);
            }
            if self.output.build() != Alone::No {
                pairs.build.iter().for_each(|row| block.matched.set(*row));
            }
            if !self.output.pairs() {
                continue;
            }
            let size = self.output.batch_size;
            for (build, probe) in pairs.build.chunks(size).zip(pairs.probe.chunks(size)) {
                let batch = {
                    let _timer = self.baseline.elapsed_compute().timer();
                    self.output.batch(block, chunk, build, probe)?
                };
                self.put(batch, emitter).await;
            }
        }
        Ok(())
    }

    /// Whether every row of the probe side comes out once, with a partner or without: then its columns need no copy.
    fn one_partner(&self) -> bool {
        self.on.question == Question::Nearest { k: 1 } && self.output.join_type == JoinType::Right
    }

    /// Puts out the rows of a chunk beside their partners.
    async fn beside(&self, block: &Block, chunk: &Chunk, emitter: &mut Emitter) -> Result<()> {
        self.agree(block, chunk)?;
        let batches = {
            let _timer = self.baseline.elapsed_compute().timer();
            let mut neighbours = Neighbours::new(&self.on, self.filter.as_ref(), chunk, false);
            neighbours.look(0, block, self.output.batch_size)?;
            self.output.beside(block, chunk, &neighbours.pairs(0))?
        };
        for batch in batches {
            self.put(batch, emitter).await;
        }
        Ok(())
    }

    /// Reads the probe side once for each block of the build side.
    async fn join_from_disk(
        &self,
        disk: &Disk,
        mut probe: SendableRecordBatchStream,
        manager: &SpillManager,
        reservation: &MemoryReservation,
        emitter: &mut Emitter,
    ) -> Result<()> {
        let mut file = manager.create_in_progress_file("spatial join, probe side")?;
        let mut rows = 0;
        while let Some(batch) = probe.try_next().await? {
            rows += batch.num_rows();
            file.append_batch(&batch)?;
        }
        drop(probe);
        let Some(file) = file.finish()? else { return Ok(()) };
        let again = || manager.read_spill_as_stream(Arc::clone(&file), None).map(Chunks::new);
        let matched = Bits::new(if self.output.probe() == Alone::No { 0 } else { rows });
        let (block_memory, chunk_memory) = (reservation.new_empty(), reservation.new_empty());
        if let Question::Nearest { .. } = self.on.question {
            let mut chunks = again()?;
            while let Some(chunk) = chunks.next(self, None, &chunk_memory).await? {
                let mut found = vec![false; chunk.rows()];
                let mut neighbours = Neighbours::new(&self.on, self.filter.as_ref(), &chunk, true);
                for number in 0..disk.blocks() {
                    let block = disk.load(number, &self.on, &block_memory).await?;
                    self.agree(&block, &chunk)?;
                    neighbours.look(number, &block, self.output.batch_size)?;
                }
                for number in 0..disk.blocks() {
                    let pairs = neighbours.pairs(number);
                    if pairs.is_empty() {
                        continue;
                    }
                    let block = disk.load(number, &self.on, &block_memory).await?;
                    self.settle(&block, &chunk, &pairs, &mut found, emitter).await?;
                }
                for batch in self.output.probe_alone(&chunk, &found)? {
                    self.put(batch, emitter).await;
                }
            }
            return Ok(());
        }
        for number in 0..disk.blocks() {
            let block = disk.load(number, &self.on, &block_memory).await?;
            let mut chunks = again()?;
            let mut start = 0;
            while let Some(chunk) = chunks.next(self, Some(&block), &chunk_memory).await? {
                let mut found = self.matched(&chunk);
                self.join(&block, &chunk, &mut found, emitter).await?;
                found
                    .iter()
                    .enumerate()
                    .filter(|(_, found)| **found)
                    .for_each(|(row, _)| matched.set(start + row as u32));
                start += chunk.rows() as u32;
            }
        }
        block_memory.free();
        if self.output.probe() != Alone::No {
            let mut chunks = again()?;
            let mut start = 0;
            while let Some(chunk) = chunks.next(self, None, &chunk_memory).await? {
                let found = (0..chunk.rows()).map(|row| matched.get(start + row)).collect::<Vec<_>>();
                for batch in self.output.probe_alone(&chunk, &found)? {
                    self.put(batch, emitter).await;
                }
                start += chunk.rows();
            }
        }
        Ok(())
    }

    /// Puts out pairs that are settled.
    async fn settle(
        &self,
        block: &Block,
        chunk: &Chunk,
        pairs: &Pairs,
        matched: &mut [bool],
        emitter: &mut Emitter,
    ) -> Result<()> {
        pairs.probe.iter().for_each(|row| matched[*row as usize] = true);
        pairs.build.iter().for_each(|row| block.matched.set(*row));
        if self.output.pairs() {
            let size = self.output.batch_size;
            for (build, probe) in pairs.build.chunks(size).zip(pairs.probe.chunks(size)) {
                self.put(self.output.batch(block, chunk, build, probe)?, emitter).await;
            }
        }
        Ok(())
    }
}

/// The pairs of a block and a chunk, found, decided and filtered round by round.
struct Rounds<'a> {
    work: &'a Work,
    block: &'a Block,
    chunk: &'a Chunk,
    cursor: Cursor,
    done: bool,
    sure: Pairs,
    unsure: Pairs,
    kept: Pairs,
}

impl<'a> Rounds<'a> {
    fn new(work: &'a Work, block: &'a Block, chunk: &'a Chunk) -> Self {
        Self {
            work,
            block,
            chunk,
            cursor: Cursor::default(),
            done: false,
            sure: Pairs::default(),
            unsure: Pairs::default(),
            kept: Pairs::default(),
        }
    }

    fn next(&mut self) -> Result<Option<&Pairs>> {
        let Self { work, block, chunk, .. } = *self;
        let size = work.output.batch_size;
        let _timer = work.baseline.elapsed_compute().timer();
        if self.done {
            return Ok(None);
        }
        self.sure.clear();
        self.unsure.clear();
        if let Question::Nearest { .. } = work.on.question {
            self.done = true;
            let mut neighbours = Neighbours::new(&work.on, work.filter.as_ref(), chunk, false);
            neighbours.look(0, block, size)?;
            self.sure = neighbours.pairs(0);
            return Ok(Some(&self.sure));
        }
        let search = Search { on: &work.on, block, chunk };
        self.done = search.advance(&mut self.cursor, ROUND, &mut self.sure, &mut self.unsure);
        keep(&work.on.condition, block, chunk, &self.unsure, size, &mut self.sure)?;
        let Some(filter) = &work.filter else { return Ok(Some(&self.sure)) };
        self.kept.clear();
        keep(filter, block, chunk, &self.sure, size, &mut self.kept)?;
        Ok(Some(&self.kept))
    }
}

/// The probe side in chunks.
struct Chunks {
    input: SendableRecordBatchStream,
    target: usize,
}

impl Chunks {
    const fn new(input: SendableRecordBatchStream) -> Self {
        Self { input, target: FIRST_CHUNK }
    }

    /// The next rows, as many as memory allows, in the order `block` is best asked in.
    async fn next(
        &mut self,
        work: &Work,
        block: Option<&Block>,
        reservation: &MemoryReservation,
    ) -> Result<Option<Chunk>> {
        reservation.free();
        let mut chunk = Chunk::default();
        while let Some(batch) = self.input.next().await {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            let _timer = work.baseline.elapsed_compute().timer();
            // A point takes its place and its turn in the sorting beside the batch.
            let bytes = batch_bytes(&batch) + batch.num_rows() * 40;
            let tight = reservation.try_grow(bytes).is_err();
            if tight {
                // One batch is the least there is to work with.
                reservation.grow(bytes);
            }
            chunk.push(batch, &work.on)?;
            if tight || chunk.rows() >= self.target || chunk.bytes() >= LARGEST_CHUNK_BYTES {
                break;
            }
        }
        if chunk.rows() == 0 {
            return Ok(None);
        }
        let most = match (work.on.question, block) {
            // All neighbours of a chunk are found in one round.
            (Question::Nearest { k }, _) => (ROUND / k.max(1)).max(1),
            (_, Some(block)) => (block.size() / BYTES_A_ROW).clamp(SMALLEST_CHUNK, LARGEST_CHUNK),
            (_, None) => LARGEST_CHUNK,
        };
        let nearest = matches!(work.on.question, Question::Nearest { .. });
        self.target = (self.target * 2).min(most);
        if let Some(block) = block {
            let _timer = work.baseline.elapsed_compute().timer();
            if nearest && work.on.among.is_none() || block.size() < IN_CACHE {
                return Ok(Some(chunk));
            }
            if !chunk.dots.is_empty() {
                let by_point = nearest || matches!(work.on.question, Question::Relation(_));
                chunk.sort(if by_point { block.by_point() } else { block.by_extent() });
            }
            if !chunk.shapes.is_empty() {
                chunk.sort_shapes(block.by_extent());
            }
        }
        Ok(Some(chunk))
    }
}
