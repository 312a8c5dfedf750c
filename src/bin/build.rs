//! What the linker must be told of the engine's wasm file.
//!
//! Crates below Burn register what they know in constructors. Unless the constructors' function is exported, the
//! linker calls it at the start of every exported function, so that each string handed to JavaScript would
//! register everything once more. `www/engine-loader.js` calls it instead, once.

fn main() {
    println!("cargo::rerun-if-changed=src/bin/build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_ARCH").is_some_and(|arch| arch == "wasm32") {
        println!("cargo::rustc-link-arg-bin=engine=--export=__wasm_call_ctors");
    }
}
