//! What survives a run: where a stream stands, what its sinks have accepted of the page that follows, and the
//! events that could not be delivered.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{BatchKey, Checkpoint, Cursor, DeadLetter, Gap, Revision, printable};

/// The store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The checkpoint is not the one that was expected: another run moved it, or took over.
    Conflict {
        /// The revision that is stored.
        stored: Revision,
    },
    /// There is no room for more dead letters.
    Full {
        /// Dead letters that are kept.
        kept: u64,
    },
    /// Anything else, in the host's words.
    Failed(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { stored } => {
                write!(f, "another run saved revision {} meanwhile", stored.0)
            }
            Self::Full { kept } => write!(f, "{kept} dead letters are kept, and no more may be"),
            Self::Failed(reason) => f.write_str(&printable(reason, 500)),
        }
    }
}

/// One sink's acceptance of one batch, or of a part of it, of the page that is not committed yet.
///
/// It is a fact about content, not about a position: the key is a hash over the ids of the batch's events in
/// their order, and an id is a hash over the line. So it stays true whatever happens to the page, and however
/// old the copy of it that is read: so much of the batch with this key has been accepted by this sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The sink's name.
    pub sink: String,
    /// The batch.
    pub key: BatchKey,
    /// Line of its first event and the line after its last, from 0. A page that is read again is cut there too,
    /// so that the batch comes out the same although the page may now be longer.
    pub lines: Range<u64>,
    /// What became of its events.
    pub note: Note,
}

/// What became of a batch's events at a sink.
///
/// What is stored names events by the place of their line in the batch, from 0: that is where they are whenever the batch comes
/// again, while the page may have it elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// Events that the sink refused: they are dead letters.
    pub refused: Vec<RefusedLine>,
    /// Places of lines with events that it has neither accepted nor refused yet; none if the batch is done.
    pub left: Vec<u64>,
}

/// An event that a sink refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// The place of its line in the batch.
    pub place: u64,
    /// What the sink said, if there was no room for the dead letter: it must be kept before the page is done, and
    /// nothing has to be sent again for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<String>,
    /// Whether it does not count towards `limits.max_dead_letters`: it is larger than the sink takes one, and was not sent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub uncounted: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What is known of a page that was begun and not committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The page begins here; `None` if no page was begun.
    pub cursor: Option<Cursor>,
    /// Runs that began the page since the last acceptance and were not heard of again: killed ones.
    pub killed: u32,
    /// Batches that sinks have accepted.
    pub accepted: Vec<Accepted>,
}

impl Progress {
    /// Lines of the page, from its first one on, that the furthest of `sinks` has accepted. Lines that are no events
    /// lie between batches and count with the batch before them.
    pub fn longest_accepted<'a>(&self, sinks: impl Iterator<Item = &'a str>) -> u64 {
        sinks
            .map(|sink| {
                let mut ends: Vec<&Range<u64>> = self
                    .accepted
                    .iter()
                    .filter(|accepted| accepted.sink == sink && accepted.note.left.is_empty())
                    .map(|accepted| &accepted.lines)
                    .collect();
                ends.sort_unstable_by_key(|lines| lines.start);
                // A hole is a batch that is missing, or a line that was no event: only the former matters, and
                // to take one for the other merely understates.
                ends.iter()
                    .try_fold(0_u64, |end, lines| {
                        if lines.start <= end {
                            Ok(end.max(lines.end))
                        } else {
                            Err(end)
                        }
                    })
                    .unwrap_or_else(|end| end)
            })
            .max()
            .unwrap_or(0)
    }
}

/// A stream's state as a run finds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// `None` if the stream has never committed anything.
    pub checkpoint: Option<Checkpoint>,
    /// What the next save must replace.
    pub revision: Revision,
    /// The page after the checkpoint, if a run has begun it.
    pub progress: Progress,
}

/// What becomes of dead letters that find no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// [`StoreError::Full`]: the stream stands still rather than lose one.
    Refuse,
    /// They are dropped and counted: those of an optional sink may not hold the stream back.
    Drop,
}

/// What a saved checkpoint says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Save<'a> {
    /// A page is done: what was accepted of it is no longer needed.
    Page {
        /// Recorded together with the checkpoint.
        gap: Option<&'a Gap>,
    },
    /// The same page will be asked for in another way: what was accepted of it stays.
    Settings,
}

/// The memory of one stream (or of one replay beside it).
///
/// **A run calls [`Store::load`] once, then for each page [`Store::begin_page`], [`Store::accept`] for each batch
/// and sink, and [`Store::save`]; or [`Store::abandon_page`] if it gives the page up by itself.** A run that is
/// killed calls nothing more. Whatever a store promises about old reads and overlapping runs, it must keep this
/// order: what returned is what a later run reads, or something older.
#[expect(
    async_fn_in_trait,
    reason = "every host is single-threaded; no future is sent anywhere"
)]
pub trait Store {
    /// Where the stream stands.
    async fn load(&self) -> Result<Loaded, StoreError>;

    /// A run is about to read the page at `cursor`. Progress of another page is forgotten; if this page was
    /// begun before and neither accepted from nor abandoned since, [`Progress::killed`] grows by one.
    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError>;

    /// A sink has accepted a batch of the page that was begun, or a part of it. A later note on the same batch and
    /// sink replaces an earlier one.
    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError>;

    /// The run ends before the page does, by itself: the next one need not suspect the page.
    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError>;

    /// Replaces the checkpoint that has revision `expected`. Ends the page in the sense of
    /// [`Store::abandon_page`].
    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError>;

    /// Keeps dead letters and says how many were dropped (always 0 with [`WhenFull::Refuse`]). Their ids are the
    /// same when their page is fetched again, so storing them again replaces them. When this returns, they are
    /// safe.
    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError>;

    /// The run is alive: called before every request. Stores that hold a stream by a lease renew it here.
    async fn still_running(&self) {}
}
