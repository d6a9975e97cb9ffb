//! Splits multi-JSON pages into events and decodes Akamai's events: bytes in, bytes out, one walk over each line.
//!
//! It never builds a value tree, performs I/O, or knows about HTTP.
//!
//! ```
//! use edgesiem_decode::{Decoder, Item, MultiJsonReader};
//!
//! let body = b"{\"attackData\":{\"rules\":\"OTUwMDAy\"}}\n{\"offset\":\"318d8\"}\n";
//! let mut decoder = Decoder::new();
//! let mut documents = Vec::new();
//! let mut reader = MultiJsonReader::new(6 << 20);
//! let mut take = |item: Item<'_>| {
//!     if let Item::Event(line) = item {
//!         decoder.decode(line, &mut documents).unwrap();
//!     }
//! };
//! for chunk in body.chunks(10) {
//!     reader.push(chunk, &mut take);
//! }
//! let context = reader.finish(&mut take).unwrap();
//! assert_eq!(documents, br#"{"attackData":{"rules":[{"rule":"950002"}]}}"#);
//! assert_eq!(context.offset, "318d8");
//! ```

mod block;
mod custom;
mod decoder;
mod frame;
mod headers;
mod multi_json;
mod percent;
mod rules;
mod scan;
mod view;
mod walk;
mod writer;

pub use decoder::{Decoder, Facts, MAX_ITEMS};
pub use frame::{LineFramer, RawLine};
pub use headers::decode_headers;
pub use multi_json::{Context, Item, MultiJsonReader, Truncated, parse_context};
pub use percent::decode_into as percent_decode;
pub use rules::{Facet, decode_rules};
pub use scan::Malformed;
pub use view::{
    Decoded, EventReader, EventView, Header, Headers, Kind, Leftover, Member, Members, Rule, Rules,
    Section, Value,
};
pub use writer::{Literal, LongLiteral, WideLiteral, Writer, literal, long_literal, wide_literal};

use decoder::Scratch;
