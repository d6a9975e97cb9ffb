//! Response bodies, read into one buffer of our own.
//!
//! The default reader hands out chunks of 4 KiB, each a new object and a crossing into WebAssembly; a BYOB
//! reader ("bring your own buffer") with `readAtLeast` fills 256 KiB at a time and is several times cheaper.

use edgesiem::{Body, FetchError};
use js_sys::{ArrayBuffer, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::ReadableStream;

use crate::js;

/// Size of the buffer that is passed back and forth.
const BUFFER_BYTES: u32 = 256 * 1024;
/// A read waits until this much has arrived or the body has ended.
const AT_LEAST_BYTES: u32 = 128 * 1024;

#[wasm_bindgen]
extern "C" {
    /// <https://developers.cloudflare.com/workers/runtime-apis/streams/readablestreambyobreader/>
    type ReadableStreamBYOBReader;

    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    async fn read_at_least(
        this: &ReadableStreamBYOBReader,
        bytes: u32,
        view: Uint8Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &ReadableStreamBYOBReader) -> Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &ByobSource, options: &Object)
    -> Result<ReadableStreamBYOBReader, JsValue>;

    #[wasm_bindgen(extends = ReadableStream)]
    type ByobSource;
}

/// A body and the buffer it is read through. Dropping it before its end cancels it, which frees the
/// connection.
#[derive(Default)]
pub(crate) struct StreamBody {
    reader: Option<ReadableStreamBYOBReader>,
    buffer: Option<ArrayBuffer>,
    /// A body that came from no stream.
    whole: Vec<u8>,
}

impl StreamBody {
    /// These bytes.
    pub(crate) fn of(whole: Vec<u8>) -> Self {
        let mut body = Self::default();
        body.whole = whole;
        body
    }

    /// Reads `stream`; `None` is an empty body.
    pub(crate) fn new(stream: Option<ReadableStream>) -> Result<Self, JsValue> {
        let Some(stream) = stream else {
            return Ok(Self::default());
        };
        let options = Object::new();
        Reflect::set(&options, &"mode".into(), &"byob".into())?;
        let reader = stream.unchecked_into::<ByobSource>().get_reader(&options)?;
        let mut body = Self::default();
        body.reader = Some(reader);
        Ok(body)
    }
}

impl Body for StreamBody {
    async fn read(&mut self, out: &mut Vec<u8>) -> Result<usize, FetchError> {
        let Some(reader) = &self.reader else {
            let read = self.whole.len();
            out.append(&mut self.whole);
            return Ok(read);
        };
        let buffer = self
            .buffer
            .take()
            .unwrap_or_else(|| ArrayBuffer::new(BUFFER_BYTES));
        let result = match reader
            .read_at_least(AT_LEAST_BYTES, Uint8Array::new(&buffer))
            .await
        {
            Ok(result) => result,
            Err(thrown) => {
                self.reader = None;
                return Err(FetchError {
                    reason: js::message(&thrown),
                    timed_out: js::is_timeout(&thrown),
                });
            }
        };
        let value = Reflect::get(&result, &"value".into())
            .ok()
            .and_then(|value| value.dyn_into::<Uint8Array>().ok());
        let read = value.as_ref().map_or(0, |view| view.length() as usize);
        if let Some(view) = value {
            let start = out.len();
            out.resize(start.saturating_add(read), 0);
            if let Some(free) = out.get_mut(start..) {
                view.copy_to(free);
            }
            self.buffer = Some(view.buffer().unchecked_into());
        }
        if read == 0 {
            self.reader = None;
        }
        Ok(read)
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            // Nobody waits for it, but a rejection that nobody takes would be reported as unhandled.
            if let Ok(cancelled) = reader.cancel() {
                spawn_local(async move { drop(JsFuture::from(cancelled).await) });
            }
        }
    }
}
