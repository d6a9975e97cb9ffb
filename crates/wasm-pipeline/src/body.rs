//! Response bodies, read as they come.

use edgesiem::{Body, FetchError};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ReadableStream, ReadableStreamDefaultReader};

use crate::error::{is_timeout, message};

/// A body. Dropping it before its end cancels it, which frees the connection.
#[derive(Default)]
pub(crate) struct ResponseBody {
    reader: Option<ReadableStreamDefaultReader>,
    /// A body that came from no stream.
    whole: Vec<u8>,
}

impl ResponseBody {
    /// This text.
    pub(crate) fn of(whole: String) -> Self {
        Self {
            reader: None,
            whole: whole.into_bytes(),
        }
    }

    /// Reads `stream`; `None` is an empty body.
    pub(crate) fn new(stream: Option<ReadableStream>) -> Self {
        Self {
            reader: stream.map(|stream| stream.get_reader().unchecked_into()),
            whole: Vec::new(),
        }
    }
}

impl Body for ResponseBody {
    async fn read(&mut self, out: &mut Vec<u8>) -> Result<usize, FetchError> {
        let Some(reader) = &self.reader else {
            let read = self.whole.len();
            out.append(&mut self.whole);
            return Ok(read);
        };
        // A chunk without bytes is not the end.
        loop {
            let result = match JsFuture::from(reader.read()).await {
                Ok(result) => result,
                Err(thrown) => {
                    self.reader = None;
                    return Err(FetchError {
                        reason: message(&thrown),
                        timed_out: is_timeout(&thrown),
                    });
                }
            };
            let chunk = Reflect::get(&result, &"value".into())
                .ok()
                .and_then(|value| value.dyn_into::<Uint8Array>().ok());
            let Some(chunk) = chunk else {
                self.reader = None;
                return Ok(0);
            };
            let read = chunk.length() as usize;
            let start = out.len();
            out.resize(start.saturating_add(read), 0);
            if let Some(free) = out.get_mut(start..) {
                chunk.copy_to(free);
            }
            if read > 0 {
                return Ok(read);
            }
        }
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            // Nobody waits for it, but a rejection that nobody takes would be reported as unhandled.
            let cancelled = reader.cancel();
            spawn_local(async move { drop(JsFuture::from(cancelled).await) });
        }
    }
}
