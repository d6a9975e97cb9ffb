//! Dead letters in KV: one key each, under a cap that is as exact as a list of keys is new.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hasher};

use edgesiem_model::{DeadLetter, Host, StoreError, StreamId, WhenFull};
use futures_util::future::try_join_all;

use super::keys::{self, Class};
use super::{KeyValue, KvRun, KvStore, MAX_NAMES, MAX_OPERATIONS};
use crate::DeadLetterCounts;
use crate::letter::{
    Deleted, LetterKey, LetterPage, LetterRecord, MAX_LISTED, Raw, Which, unknown_place,
};
use crate::record::printable_key;

/// Letters of optional sinks that one run writes; each is an operation of its own.
const MAX_OPTIONAL: u32 = 100;

/// What a run knows of the letters that are kept: hashes of their keys' ends, read once when the first is kept.
#[derive(Default)]
pub(super) struct Kept {
    required: Option<HashSet<u64>>,
    optional: Option<HashSet<u64>>,
    optional_by_sink: BTreeMap<String, u64>,
    /// Letters of optional sinks that this run wrote.
    optional_written: u32,
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// The part of a letter's name that is the sink.
fn sink_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(_, sink)| sink)
}

impl<K: KeyValue, H: Host> KvRun<'_, K, H> {
    pub(super) async fn keep(
        &self,
        letters: &[DeadLetter],
        when_full: WhenFull,
    ) -> Result<u64, StoreError> {
        match when_full {
            WhenFull::Refuse => self.keep_all(letters).await,
            WhenFull::Drop => self.keep_some(letters).await,
        }
    }

    async fn keep_all(&self, letters: &[DeadLetter]) -> Result<u64, StoreError> {
        if self.kept.borrow().required.is_none() {
            let names = self.hashes(Class::Required, |_| {}).await?;
            self.kept.borrow_mut().required = Some(names);
        }
        // A key may be written once a second: of the same letter twice in a call, the last one counts.
        let letters: BTreeMap<String, &DeadLetter> = letters
            .iter()
            .map(|letter| (keys::letter_name_of(letter), letter))
            .collect();
        if letters.len() as u64 > u64::from(self.store.operations_left()) {
            return Err(StoreError::Failed(format!(
                "more than {MAX_OPERATIONS} KV operations in one run; the next run goes on from the last committed page"
            )));
        }
        {
            let mut kept = self.kept.borrow_mut();
            let names = kept.required.get_or_insert_default();
            let new: HashSet<u64> = letters
                .keys()
                .map(|name| hash(name))
                .filter(|name| !names.contains(name))
                .collect();
            let before = names.len() as u64;
            let all = before.saturating_add(new.len() as u64);
            if !new.is_empty() && all > self.max_stored_dead_letters.min(MAX_NAMES) {
                return Err(StoreError::Full { kept: before });
            }
            names.extend(new);
        }
        try_join_all(
            letters
                .values()
                .map(|letter| self.put_letter(Class::Required, letter)),
        )
        .await?;
        Ok(0)
    }

    async fn keep_some(&self, letters: &[DeadLetter]) -> Result<u64, StoreError> {
        if self.kept.borrow().optional.is_none() {
            let mut by_sink: BTreeMap<String, u64> = BTreeMap::new();
            let count = |name: &str| {
                let kept = by_sink.entry(sink_of(name).to_owned()).or_default();
                *kept = kept.saturating_add(1);
            };
            let names = self.hashes(Class::Optional, count).await?;
            let mut kept = self.kept.borrow_mut();
            kept.optional = Some(names);
            kept.optional_by_sink = by_sink;
        }
        let (mut fit, mut dropped) = (BTreeMap::new(), 0_u64);
        {
            let mut kept = self.kept.borrow_mut();
            for letter in letters {
                let name = keys::letter_name_of(letter);
                let left = u64::from(self.store.operations_left());
                let again = fit.contains_key(&name);
                let fits = again || (fit.len() as u64) < left;
                if fits && (again || kept.takes(&name, self.max_stored_dead_letters)) {
                    fit.insert(name, letter);
                } else {
                    dropped = dropped.saturating_add(1);
                }
            }
        }
        try_join_all(
            fit.values()
                .map(|letter| self.put_letter(Class::Optional, letter)),
        )
        .await?;
        Ok(dropped)
    }

    async fn hashes(
        &self,
        class: Class,
        mut visit: impl FnMut(&str),
    ) -> Result<HashSet<u64>, StoreError> {
        let mut names = HashSet::new();
        self.store
            .names(&class.prefix(&self.stream), |name| {
                visit(name);
                names.insert(hash(name));
                true
            })
            .await?;
        Ok(names)
    }

    async fn put_letter(&self, class: Class, letter: &DeadLetter) -> Result<(), StoreError> {
        let mut record = LetterRecord::without_raw(letter, self.store.host.now());
        record.set_raw(Raw::Whole(&letter.raw));
        let key = format!(
            "{}{}",
            class.prefix(&self.stream),
            keys::letter_name_of(letter)
        );
        self.store.put(&key, &record, None).await
    }
}

impl Kept {
    /// Whether there is room for one more letter of an optional sink; if so it is taken.
    fn takes(&mut self, name: &str, most: u64) -> bool {
        if self.optional_written >= MAX_OPTIONAL {
            return false;
        }
        let names = self.optional.get_or_insert_default();
        if !names.contains(&hash(name)) {
            let kept = self
                .optional_by_sink
                .entry(sink_of(name).to_owned())
                .or_default();
            if *kept >= most || names.len() as u64 >= MAX_NAMES {
                return false;
            }
            *kept = kept.saturating_add(1);
            names.insert(hash(name));
        }
        self.optional_written = self.optional_written.saturating_add(1);
        true
    }
}

impl<K: KeyValue, H: Host> KvStore<'_, K, H> {
    /// Dead letters in the order of their ids, those of optional sinks last; at most `limit` and 50 of them, with at
    /// most 64 KiB of each. `after` is what the page before said. It may take a minute until one is seen.
    pub async fn dead_letters(
        &self,
        stream: &StreamId,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<LetterPage<LetterRecord>, StoreError> {
        let (found, after) = self
            .find(stream, which, after, limit.min(MAX_LISTED))
            .await?;
        let mut letters = Vec::new();
        for key in found {
            let record: Option<LetterRecord> = self.get(&key).await?;
            letters.extend(record.map(LetterRecord::shortened));
        }
        Ok(LetterPage { letters, after })
    }

    /// One dead letter, whole.
    pub async fn dead_letter(
        &self,
        stream: &StreamId,
        key: &LetterKey,
    ) -> Result<Option<LetterRecord>, StoreError> {
        for class in Class::BOTH {
            let name = format!("{}{}", class.prefix(stream), keys::letter_name(key));
            if let Some(record) = self.get(&name).await? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Dead letters to be sent again, whole: at most `limit`, and no more after the one that makes them `max_bytes`
    /// or longer. They stay until they are deleted.
    pub async fn letters_to_redeliver(
        &self,
        stream: &StreamId,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<LetterPage<DeadLetter>, StoreError> {
        let most = usize::try_from(self.operations_left()).unwrap_or(usize::MAX);
        let (found, rest) = self.find(stream, which, after, limit.min(most)).await?;
        let mut page = LetterPage {
            letters: Vec::new(),
            after: rest,
        };
        let (count, mut bytes) = (found.len(), 0_usize);
        for (place, key) in (1_usize..).zip(found) {
            let record: Option<LetterRecord> = self.get(&key).await?;
            let Some(record) = record else {
                continue;
            };
            let letter = record.into_letter(&printable_key(&key))?;
            bytes = bytes.saturating_add(letter.raw.len());
            page.letters.push(letter);
            if bytes >= max_bytes && place < count {
                page.after = Some(key);
                break;
            }
        }
        Ok(page)
    }

    /// Deletes dead letters, as many as one invocation may. It may take a minute until they are no more seen; of
    /// those that are named it is not known whether they were there.
    pub async fn delete_dead_letters(
        &self,
        stream: &StreamId,
        which: Which<'_>,
    ) -> Result<Deleted, StoreError> {
        let most = usize::try_from(self.operations_left()).unwrap_or(usize::MAX);
        let (found, after) = self.find(stream, which, None, most).await?;
        let left = usize::try_from(self.operations_left()).unwrap_or(usize::MAX);
        let now = found.get(..left.min(found.len())).unwrap_or_default();
        try_join_all(now.iter().map(|key| self.delete(key))).await?;
        let deleted = match which {
            Which::All | Which::Sink(_) => now.len(),
            // One of each class.
            Which::These(_) => now.len() / 2,
        };
        Ok(Deleted {
            deleted: deleted as u64,
            more: after.is_some() || now.len() < found.len(),
        })
    }

    /// Counts of what can be seen. When the oldest was kept is not known without reading them all.
    pub(super) async fn dead_letter_counts(
        &self,
        stream: &StreamId,
    ) -> Result<DeadLetterCounts, StoreError> {
        let mut counts = DeadLetterCounts::default();
        for class in Class::BOTH {
            self.names(&class.prefix(stream), |name| {
                counts.kept = counts.kept.saturating_add(1);
                let sink = sink_of(name).to_owned();
                let by_sink = counts.by_sink.entry(sink).or_default();
                *by_sink = by_sink.saturating_add(1);
                true
            })
            .await?;
        }
        Ok(counts)
    }

    /// Keys of letters after the key `after`, and the last one if there are more.
    async fn find(
        &self,
        stream: &StreamId,
        which: Which<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<String>, Option<String>), StoreError> {
        // A place among the optional ones lies behind all others.
        let place = match after {
            None => None,
            Some(after) => Some((Self::class_of(after, stream)?, after)),
        };
        let limit = limit.max(1);
        let mut found: Vec<String> = Vec::new();
        let one_more = limit.saturating_add(1);
        match which {
            Which::These(named) => {
                let all = named.iter().flat_map(|key| {
                    Class::BOTH
                        .map(|class| format!("{}{}", class.prefix(stream), keys::letter_name(key)))
                });
                let mut past = after.is_none();
                for key in all {
                    if past && found.len() < one_more {
                        found.push(key);
                    } else if after == Some(key.as_str()) {
                        past = true;
                    }
                }
            }
            Which::All | Which::Sink(_) => {
                let sink = match which {
                    Which::Sink(sink) => Some(keys::sink(sink)),
                    Which::All | Which::These(_) => None,
                };
                for class in Class::BOTH {
                    let prefix = class.prefix(stream);
                    if place.is_some_and(|(place, _)| place > class) {
                        continue;
                    }
                    self.names(&prefix, |name| {
                        let key = format!("{prefix}{name}");
                        let behind = place
                            .is_none_or(|(place, after)| place != class || key.as_str() > after);
                        let meant = sink.as_ref().is_none_or(|sink| sink_of(name) == sink);
                        if behind && meant {
                            found.push(key);
                        }
                        found.len() < one_more
                    })
                    .await?;
                    if found.len() >= one_more {
                        break;
                    }
                }
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let after = found.last().filter(|_| more).cloned();
        Ok((found, after))
    }

    fn class_of(key: &str, stream: &StreamId) -> Result<Class, StoreError> {
        Class::BOTH
            .into_iter()
            .find(|class| key.starts_with(&class.prefix(stream)))
            .ok_or_else(unknown_place)
    }
}
