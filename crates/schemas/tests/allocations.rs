//! Once buffers are as large as the events need, a conversion asks the allocator for nothing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unsafe_code,
    reason = "a test that meets the unexpected must fail; an allocator can only be written so"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use edgesiem_schemas::{NAMES, by_name};
use serde_json::Value;

/// The system's allocator, and how often this thread asked it for memory.
struct Counting;

thread_local! {
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    REQUESTS.set(REQUESTS.get().wrapping_add(1));
}

// SAFETY: every method hands its arguments on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(memory, layout, bytes) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often converting `line` asks for memory, after `schema` has converted all of `lines`, and the line itself: the text of
/// a day is remembered until an event of another day comes.
fn requests(schema: &str, lines: &[&str], line: &str) -> u64 {
    let mut schema = by_name(schema).unwrap();
    let mut document = Vec::new();
    for line in lines.iter().chain([&line]) {
        document.clear();
        schema.convert(line.as_bytes(), &mut document).unwrap();
    }
    document.clear();
    let before = REQUESTS.get();
    schema.convert(line.as_bytes(), &mut document).unwrap();
    REQUESTS.get().wrapping_sub(before)
}

#[test]
fn converting_allocates_nothing_once_buffers_have_grown() {
    let before = REQUESTS.get();
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/schemas/ecs.json")).unwrap();
    assert!(REQUESTS.get() > before, "requests are counted");
    let line = |case: &Value| case["line"].as_str().unwrap().to_owned();
    let lines: Vec<String> = cases.iter().map(line).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    for schema in NAMES {
        for (case, line) in cases.iter().zip(&lines) {
            // Akamai escapes nothing in a host, a path, a query or an action. Where somebody does, the value is unescaped in memory
            // of its own, however long: the host for two members.
            let most = if line.contains('\\') { 4 } else { 0 };
            let found = requests(schema, &lines, line);
            assert!(found <= most, "{schema}, {}: {found}", case["name"]);
        }
    }
}
