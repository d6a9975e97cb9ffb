//! `cargo +nightly fuzz run decode`: a line is refused, or becomes one line of valid JSON; decoding does not depend on what was
//! decoded before; and nothing that serde_json takes for an object is lost.
#![no_main]

use edgesiem_decode::{Decoder, parse_context};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|line: &[u8]| {
    let mut decoder = Decoder::new();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let result = decoder.decode(line, &mut first);
    assert_eq!(result, decoder.decode(line, &mut second));
    assert_eq!(first, second);
    assert_eq!(result.is_ok(), decoder.check(line).is_ok());
    let object = serde_json::from_slice::<Value>(line)
        .ok()
        .filter(Value::is_object);
    if result.is_ok() {
        let document = std::str::from_utf8(&first).expect("a document is UTF-8");
        assert!(!document.contains('\n'));
        // Half a surrogate pair or a huge number is all that serde_json may dislike, in the line as in the document.
        assert!(
            object.is_none() || serde_json::from_str::<Value>(document).is_ok(),
            "{document}"
        );
        assert!(decoder.check(&first).is_ok());
    } else {
        assert!(first.is_empty());
        assert!(object.is_none() || parse_context(line).is_some());
    }
});
