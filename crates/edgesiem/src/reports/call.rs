//! One call: names become ids, and pages one report.

use std::rc::Rc;

use edgesiem_model::{Error, ErrorKind, Host, Timestamp, printable};
use edgesiem_sources::akamai_security_monitor::{
    Answer, DataStore, IdOrName, Operation, Query, ReportPack, Resolved, Rows, problems, resolve,
};
use serde_json::value::RawValue;

use super::pace::later;
use super::{Known, Report, ReportError, ReportRequest, Reported, Reports};

/// After so long names are asked for again.
const KNOWN_FOR_MS: u64 = 60 * 60_000;
/// Packs whose data stores are remembered.
const MAX_KNOWN: usize = 32;

pub(super) struct Call<'a, H> {
    pub(super) reports: &'a Reports,
    pub(super) host: &'a H,
    /// Nothing is sent after this.
    pub(super) deadline: Timestamp,
    /// Requests that were sent.
    pub(super) requests: u32,
}

impl<'a, H: Host> Call<'a, H> {
    pub(super) fn begin(reports: &'a Reports, host: &'a H) -> Self {
        Self {
            reports,
            host,
            deadline: later(host.now(), reports.bounds.max_wall_ms),
            requests: 0,
        }
    }

    pub(super) async fn perform(mut self, request: ReportRequest) -> Result<Reported, ReportError> {
        let operation = match &request {
            ReportRequest::ReportPacks => Operation::ReportPacks,
            ReportRequest::ReportPack { pack } => Operation::ReportPack {
                pack: self.pack("pack", pack).await?,
            },
            ReportRequest::DataStores { pack } => Operation::DataStores {
                pack: self.pack("pack", pack).await?,
            },
            ReportRequest::DataStore { pack, store } => {
                let pack = self.pack("pack", pack).await?;
                let store = self.store(pack, store).await?;
                Operation::DataStore { pack, store }
            }
            ReportRequest::DataSources { pack } => Operation::DataSources {
                pack: self.pack("pack", pack).await?,
            },
            ReportRequest::Report { query } => {
                let report = self.report(query).await?;
                return Ok(Reported::Report(Box::new(report)));
            }
            ReportRequest::Check { query } => {
                self.check(query)?;
                return Ok(Reported::Checked);
            }
        };
        match self.ask(&operation).await? {
            Answer::ReportPacks(packs) => Ok(Reported::Packs(packs)),
            Answer::ReportPack(pack) => Ok(Reported::Pack(pack)),
            Answer::DataStores(stores) => Ok(Reported::Stores(stores)),
            Answer::DataStore(store) => Ok(Reported::Store(store)),
            Answer::DataSources(sources) => Ok(Reported::Sources(sources)),
            Answer::Rows(_) => Err(unexpected()),
        }
    }

    /// The id of a pack, which may have been named. `key`: where.
    async fn pack(&mut self, key: &str, wanted: &IdOrName) -> Result<u64, ReportError> {
        if let Some(id) = wanted.id() {
            return Ok(id);
        }
        let packs = self.packs().await?;
        let ids = packs.iter().map(|pack| (pack.id, pack.name.as_deref()));
        one_of(key, "report pack", wanted, ids)
    }

    async fn store(&mut self, pack: u64, wanted: &IdOrName) -> Result<u64, ReportError> {
        if let Some(id) = wanted.id() {
            return Ok(id);
        }
        let stores = self.stores(pack).await?;
        let ids = stores.iter().map(|store| (store.id, store.name.as_deref()));
        one_of("store", "data store", wanted, ids)
    }

    async fn packs(&mut self) -> Result<Rc<Vec<ReportPack>>, ReportError> {
        if let Some(known) = &*self.reports.packs.borrow()
            && known.is_fresh(self.host.now())
        {
            return Ok(Rc::clone(&known.what));
        }
        let Answer::ReportPacks(packs) = self.ask(&Operation::ReportPacks).await? else {
            return Err(unexpected());
        };
        let packs = Rc::new(packs);
        self.reports.packs.replace(Some(Known {
            at: self.host.now(),
            what: Rc::clone(&packs),
        }));
        Ok(packs)
    }

    async fn stores(&mut self, pack: u64) -> Result<Rc<Vec<DataStore>>, ReportError> {
        if let Some(stores) = self.known_stores(pack) {
            return Ok(stores);
        }
        let Answer::DataStores(stores) = self.ask(&Operation::DataStores { pack }).await? else {
            return Err(unexpected());
        };
        let stores = Rc::new(stores);
        let mut known = self.reports.stores.borrow_mut();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        let at = self.host.now();
        let what = Rc::clone(&stores);
        known.insert(pack, Known { at, what });
        Ok(stores)
    }

    fn known_stores(&self, pack: u64) -> Option<Rc<Vec<DataStore>>> {
        let known = self.reports.stores.borrow();
        let fresh = known
            .get(&pack)
            .filter(|known| known.is_fresh(self.host.now()))?;
        Some(Rc::clone(&fresh.what))
    }

    /// What shows without a request: also what the data stores say, where they are known, so that all of it is named at once.
    fn check(&self, query: &Query) -> Result<(), ReportError> {
        let stores = query.pack.id().and_then(|pack| self.known_stores(pack));
        let broken = match stores {
            Some(stores) => resolve(query, &stores).err().unwrap_or_default(),
            None => problems(query),
        };
        if broken.is_empty() {
            Ok(())
        } else {
            Err(ReportError::Invalid(broken))
        }
    }

    async fn report(&mut self, query: &Query) -> Result<Report, ReportError> {
        self.check(query)?;
        let pack = self.pack("query.pack", &query.pack).await?;
        let stores = self.stores(pack).await?;
        let resolved = resolve(query, &stores).map_err(ReportError::Invalid)?;
        let rows = self.pages(pack, query, &resolved).await;
        if let Err(ReportError::Failed(error)) = &rows
            && error.kind() == ErrorKind::SourceRefused
        {
            // It may be what we believed of the stores that was wrong.
            self.reports.stores.borrow_mut().remove(&pack);
        }
        let rows = rows?;
        let more = rows.has_more == Some(true);
        Ok(Report {
            pack,
            store: resolved.store,
            columns: rows.columns,
            rows: RawValue::from_string(rows.json).map_err(|_| unexpected())?,
            metadata: rows.metadata,
            offset: query.offset,
            more,
            requests: self.requests,
        })
    }

    /// The rows of one page, or of all; their `json` is a whole list.
    async fn pages(
        &mut self,
        pack: u64,
        query: &Query,
        resolved: &Resolved,
    ) -> Result<Rows, ReportError> {
        let bounds = self.reports.bounds;
        let limit = query.limit();
        let mut all = Rows {
            json: "[".to_owned(),
            ..Rows::default()
        };
        loop {
            let offset = query.offset.saturating_add(all.count);
            let operation = Operation::Rows {
                pack,
                query: resolved,
                limit,
                offset,
            };
            let Answer::Rows(page) = self.ask(&operation).await? else {
                return Err(unexpected());
            };
            if all.count == 0 {
                all.columns = page.columns;
                all.metadata = page.metadata;
            } else if page.count > 0 && !is_same(&all, &page) {
                return Err(odd(
                    "the columns changed from one page of the report to the next",
                ));
            }
            if all.json.len().saturating_add(page.json.len()) > bounds.max_bytes {
                return Err(too_large(&format!("{} bytes of rows", bounds.max_bytes)));
            }
            if all.count > 0 && page.count > 0 {
                all.json.push(',');
            }
            all.json.push_str(&page.json);
            all.count = all.count.saturating_add(page.count);
            let has_more = page.has_more.unwrap_or(page.count >= limit);
            all.has_more = Some(has_more);
            if !has_more || !query.all {
                all.json.push(']');
                return Ok(all);
            }
            if page.count == 0 {
                return Err(odd("it says that there are more rows, and gives none"));
            }
            if all.count >= bounds.max_rows {
                return Err(too_large(&format!("{} rows", bounds.max_rows)));
            }
        }
    }
}

impl<T> Known<T> {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.since_ms(self.at) < KNOWN_FOR_MS
    }
}

/// The one thing that a name means.
fn one_of<'n>(
    key: &str,
    what: &str,
    wanted: &IdOrName,
    all: impl Iterator<Item = (u64, Option<&'n str>)> + Clone,
) -> Result<u64, ReportError> {
    const MAX_LISTED: usize = 40;

    let list = |items: &[(u64, Option<&str>)]| -> String {
        let shown = items.iter().take(MAX_LISTED);
        let shown: Vec<String> = shown
            .map(|(id, name)| format!("{id} ({})", printable(name.unwrap_or_default(), 80)))
            .collect();
        shown.join(", ")
    };
    let meant: Vec<_> = all
        .clone()
        .filter(|(id, name)| wanted.means(*id, *name))
        .collect();
    if let [(id, _)] = meant.as_slice() {
        return Ok(*id);
    }
    let name = match wanted {
        IdOrName::Id(id) => id.to_string(),
        IdOrName::Text(name) => printable(name, 80),
    };
    if meant.is_empty() {
        let known: Vec<_> = all.collect();
        return Err(ReportError::invalid(
            key,
            format!("there is no {what} `{name}`"),
            format!("use one of: {}", list(&known)),
        ));
    }
    Err(ReportError::invalid(
        key,
        format!("`{name}` is the name of several"),
        format!("use the id of one of: {}", list(&meant)),
    ))
}

fn is_same(all: &Rows, page: &Rows) -> bool {
    let names = |rows: &'_ Rows| -> Vec<(Option<String>, Option<String>)> {
        let columns = rows.columns.iter();
        columns
            .map(|column| (column.kind.clone(), column.name.clone()))
            .collect()
    };
    names(all) == names(page)
}

pub(super) fn too_large(most: &str) -> ReportError {
    ReportError::TooLarge {
        message: format!("the report has more than {most}"),
    }
}

fn odd(reason: &str) -> ReportError {
    ReportError::Failed(
        Error::new(
            ErrorKind::PageIncomplete,
            "the pages of the report do not fit together",
            "ask again; if it lasts, ask for the pages one by one, with limit and offset",
        )
        .with("reason", reason),
    )
}

pub(super) fn unexpected() -> ReportError {
    ReportError::Failed(Error::new(
        ErrorKind::PageIncomplete,
        "the answer is of another kind than what was asked for",
        "report this as a bug",
    ))
}
