// A worker of the engine's pool starts here, from the same build as the engine that started it.
const build = new URL(import.meta.url).search;
const { default: start } = await import(`./stats.js${build}`);
await start({ module_or_path: new URL(`./stats_bg.wasm${build}`, import.meta.url) });
