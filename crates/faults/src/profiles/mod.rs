//! What survives a run, and how a tick becomes a run, as the Worker has it.

pub mod durable_object;
pub mod kv;

use std::rc::Rc;

use edgesiem_model::{
    Accepted, Checkpoint, Cursor, DeadLetter, Loaded, Progress, Revision, Save, Store, StoreError,
    Timestamp, WhenFull,
};
use edgesiem_stores::StreamStatus;

use crate::executor::{Executor, Task};

/// How a tick ended.
#[derive(Clone, Debug)]
pub enum TickEnd {
    /// A run came to its end.
    Ran {
        /// Why it did not do all it should.
        error: Option<String>,
        /// Whether the source had no more.
        caught_up: bool,
    },
    /// Another run is under way; none was begun.
    Busy {
        /// Until when it may take, if that is known.
        until: Option<Timestamp>,
    },
}

/// What survives.
pub trait Platform {
    /// A trigger fires.
    fn tick(&self) -> Task<TickEnd>;

    /// The object is started anew: nothing in its memory is left, and what it was doing goes on for a while.
    fn begin_anew(&self);

    /// Every dead letter that is kept.
    fn dead_letters(&self) -> Vec<DeadLetter>;

    /// The operator takes them all out.
    fn delete_dead_letters(&self);

    /// What an operator sees.
    fn status(&self) -> StreamStatus;
}

/// A store that can be interrupted before and after each thing it does.
pub struct Points<S> {
    /// The store, whose methods never wait by themselves.
    pub store: S,
    /// Where to wait.
    pub executor: Rc<Executor>,
}

impl<S> Points<S> {
    async fn around<T>(
        &self,
        what: &'static str,
        effect: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.executor.point(what, 0).await;
        let result = effect.await;
        self.executor.note(|| match &result {
            Ok(_) => what.to_owned(),
            Err(error) => format!("{what}: {error}"),
        });
        self.executor.point(what, 0).await;
        result
    }
}

impl<S: Store> Store for Points<S> {
    async fn load(&self) -> Result<Loaded, StoreError> {
        self.around("load", self.store.load()).await
    }

    async fn begin_page(&self, at: Revision, cursor: &Cursor) -> Result<Progress, StoreError> {
        let begun = self.store.begin_page(at, cursor);
        self.around("begin_page", begun).await
    }

    async fn accept(&self, at: Revision, accepted: &Accepted) -> Result<(), StoreError> {
        self.around("accept", self.store.accept(at, accepted)).await
    }

    async fn abandon_page(&self, at: Revision) -> Result<(), StoreError> {
        let abandoned = self.store.abandon_page(at);
        self.around("abandon_page", abandoned).await
    }

    async fn save(
        &self,
        expected: Revision,
        next: &Checkpoint,
        what: Save<'_>,
    ) -> Result<Revision, StoreError> {
        let saved = self.store.save(expected, next, what);
        self.around("save", saved).await
    }

    async fn keep_dead_letters(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        let kept = self.store.keep_dead_letters(letters, when_full);
        self.around("keep_dead_letters", kept).await
    }

    async fn still_running(&self) {
        self.store.still_running().await;
    }
}
