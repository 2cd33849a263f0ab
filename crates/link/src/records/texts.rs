//! Texts by number, in chunks: one that grows moves nothing that is there, and one that is full may lie in a file.

use std::sync::Arc;

use super::shelf::{Mapped, Spill};
use crate::Result;

/// Texts of a chunk, as a power of two.
const SHIFT: u32 = 16;
/// Texts of a chunk.
const CHUNK: usize = 1 << SHIFT;

/// Texts one after the other, numbered from 0.
#[derive(Debug, Default)]
pub struct Texts {
    chunks: Vec<Chunk>,
    len: usize,
    /// Chunks that lie in files.
    shelved: usize,
}

#[derive(Debug)]
enum Chunk {
    Memory {
        text: String,
        /// Where each text begins, and where the last ends.
        bounds: Vec<usize>,
    },
    /// The bounds, as in memory, and behind them the text.
    File(Mapped),
}

impl Chunk {
    fn like(other: Option<&Self>) -> Self {
        let expected = match other {
            Some(Self::Memory { text, .. }) => text.len() + text.len() / 16,
            _ => 0,
        };
        let mut bounds = Vec::with_capacity(if other.is_some() { CHUNK + 1 } else { 0 });
        bounds.push(0);
        Self::Memory { text: String::with_capacity(expected), bounds }
    }
}

impl Texts {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Adds a text and gives its number.
    pub fn push(&mut self, value: &str) -> u32 {
        if self.len.is_multiple_of(CHUNK) {
            let next = Chunk::like(self.chunks.last());
            self.chunks.push(next);
        }
        if let Some(Chunk::Memory { text, bounds }) = self.chunks.last_mut() {
            text.push_str(value);
            bounds.push(text.len());
        }
        self.len += 1;
        (self.len - 1) as u32
    }

    /// The bytes of a text.
    #[inline]
    pub fn bytes(&self, number: u32) -> &[u8] {
        let place = number as usize & (CHUNK - 1);
        match &self.chunks[(number >> SHIFT) as usize] {
            Chunk::Memory { text, bounds } => &text.as_bytes()[bounds[place]..bounds[place + 1]],
            Chunk::File(file) => {
                let bytes = file.bytes();
                let (bounds, text) = bytes.split_at((CHUNK + 1) * size_of::<usize>());
                let bounds: &[usize] = bytemuck::cast_slice(bounds);
                &text[bounds[place]..bounds[place + 1]]
            }
        }
    }

    /// A text.
    #[inline]
    pub fn get(&self, number: u32) -> &str {
        if let Chunk::Memory { text, bounds } = &self.chunks[(number >> SHIFT) as usize] {
            let place = number as usize & (CHUNK - 1);
            return &text[bounds[place]..bounds[place + 1]];
        }
        // What was written was text.
        std::str::from_utf8(self.bytes(number)).unwrap_or_default()
    }

    /// Makes room for more texts of the usual length.
    pub fn reserve(&mut self, more: usize) {
        let more = more.min(CHUNK);
        if let Some(Chunk::Memory { text, bounds }) = self.chunks.last_mut() {
            let bytes = text.len() / bounds.len() * more;
            text.reserve(bytes);
            bounds.reserve(more);
        }
    }

    /// Whether a text lies in a file.
    #[cfg(test)]
    pub fn is_shelved(&self, number: u32) -> bool {
        ((number >> SHIFT) as usize) < self.shelved
    }

    /// Bytes that those take which lie in files.
    pub fn in_files(&self) -> u64 {
        let bytes = |chunk: &Chunk| match chunk {
            Chunk::Memory { .. } => 0,
            Chunk::File(file) => file.len(),
        };
        self.chunks[..self.shelved].iter().map(|chunk| bytes(chunk) as u64).sum()
    }

    /// Brings into memory what lies in files.
    pub fn unshelve(&mut self) {
        for chunk in &mut self.chunks[..self.shelved] {
            if let Chunk::File(file) = chunk {
                let (bounds, text) = file.bytes().split_at((CHUNK + 1) * size_of::<usize>());
                // What was written was text.
                let text = std::str::from_utf8(text).unwrap_or_default().to_owned();
                let bounds = bytemuck::cast_slice(bounds).to_vec();
                *chunk = Chunk::Memory { text, bounds };
            }
        }
        self.shelved = 0;
    }

    /// Bytes of memory that they take.
    pub fn memory(&self) -> u64 {
        let bytes = |chunk: &Chunk| match chunk {
            Chunk::Memory { text, bounds } => text.capacity() + bounds.capacity() * size_of::<usize>(),
            Chunk::File(_) => 0,
        };
        self.chunks[self.shelved..].iter().map(|chunk| bytes(chunk) as u64).sum()
    }

    /// Puts the full chunks into files.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn shelve(&mut self, spill: &Arc<Spill>) -> Result<()> {
        for chunk in &mut self.chunks[self.shelved..self.len / CHUNK] {
            if let Chunk::Memory { text, bounds } = chunk {
                let mut file = spill.file()?;
                spill.write(&mut file, bytemuck::cast_slice(bounds))?;
                spill.write(&mut file, text.as_bytes())?;
                *chunk = Chunk::File(spill.map(file)?);
            }
            self.shelved += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts_are_the_same_in_memory_and_in_files() {
        let spill = Spill::new(std::env::temp_dir(), 1 << 16);
        let mut texts = Texts::default();
        for number in 0..2 * CHUNK + 100 {
            assert_eq!(texts.push(&text(number)), number as u32);
            if number.is_multiple_of(CHUNK - 1) {
                texts.shelve(&spill).unwrap();
            }
        }
        let before = texts.memory();
        texts.shelve(&spill).unwrap();
        assert!(texts.memory() < before && texts.is_shelved(0) && !texts.is_shelved(2 * CHUNK as u32));
        same(&texts);
        let in_files = texts.in_files();
        texts.unshelve();
        assert!(texts.memory() >= in_files && !texts.is_shelved(0) && texts.in_files() == 0);
        same(&texts);
    }

    fn text(n: usize) -> String {
        if n.is_multiple_of(5) { String::new() } else { format!("王{}", n * 7) }
    }

    fn same(texts: &Texts) {
        for number in (0..texts.len()).step_by(97).chain([CHUNK - 1, CHUNK, 2 * CHUNK + 99]) {
            assert_eq!(texts.get(number as u32), text(number));
            assert_eq!(texts.bytes(number as u32), text(number).as_bytes());
        }
    }
}
