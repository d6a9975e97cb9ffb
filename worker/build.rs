//! Caps the linear memory of the Worker's instance.

fn main() {
    // An isolate has 128 MB for everything. A pull needs far less (crates/ARCHITECTURE.md, "Memory"); the cap
    // turns any mistake about that into a failed run instead of a killed isolate.
    println!("cargo::rustc-link-arg-cdylib=--max-memory=33554432");
    println!("cargo::rerun-if-changed=build.rs");
}
