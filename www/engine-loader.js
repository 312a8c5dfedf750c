// The engine's worker starts here: it loads the wasm of the same build as the page, whose id is in this file's own query.
const build = new URL(import.meta.url).search;
const { default: start } = await import(`./engine.js${build}`);
const engine = await start({ module_or_path: new URL(`./engine_bg.wasm${build}`, import.meta.url) });
// Nothing has been asked of the engine yet: messages wait for the end of this turn. See src/bin/build.rs.
engine.__wasm_call_ctors();
