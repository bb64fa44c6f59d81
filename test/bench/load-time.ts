import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { median, rounded } from './statistics.js';

export interface LoadTimeFacts {
  /** Milliseconds at the median: an app with one function that does nothing. */
  readonly emptyAppMs: number;
  readonly entryMs: number;
  readonly everythingMs: number;
  readonly entryOverEmptyMs: number;
  readonly samples: number;
}

const emptyAppFolder = resolve('build/empty-app');

/** Each sample is a fresh process; the variants take turns, so that a noisy moment hits them alike. */
export async function measureLoadTime(samples: number): Promise<LoadTimeFacts> {
  await buildEmptyApp();
  const composition = (await readdir('dist/chunks')).find((name) => name.startsWith('composition'));
  if (composition === undefined) throw new Error('dist/ holds no composition: build it first');
  const empty = [resolve(emptyAppFolder, 'main.mjs')];
  const entry = [resolve('dist/main.mjs')];
  const everything = [...entry, resolve('dist/chunks', composition)];

  const timesMs = { empty: [] as number[], entry: [] as number[], everything: [] as number[] };
  for (let sample = 0; sample < samples; sample += 1) {
    timesMs.empty.push(await loadTimeMs(empty));
    timesMs.entry.push(await loadTimeMs(entry));
    timesMs.everything.push(await loadTimeMs(everything));
  }
  await rm(emptyAppFolder, { recursive: true, force: true });
  const emptyAppMs = median(timesMs.empty);
  const entryMs = median(timesMs.entry);
  return {
    emptyAppMs: rounded(emptyAppMs),
    entryMs: rounded(entryMs),
    everythingMs: rounded(median(timesMs.everything)),
    entryOverEmptyMs: rounded(entryMs - emptyAppMs),
    samples,
  };
}

/** Outside a host the library warns at each registration, so the module that a host provides is put there. */
const timeImports = `
  const Module = require('node:module');
  const load = Module.prototype.require;
  const core = { registerFunction() {}, registerHook() {}, setProgrammingModel() {}, log() {} };
  Module.prototype.require = function (name) {
    return name === '@azure/functions-core' ? core : load.call(this, name);
  };
  (async () => {
    const startedAt = performance.now();
    for (const file of process.argv.slice(1)) await import(file);
    console.log(performance.now() - startedAt);
    process.exit();
  })();
`;

async function loadTimeMs(files: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', timeImports, ...files]);
  return Number(stdout);
}

/** Bundled like ours, so that only what is in the bundle differs. */
async function buildEmptyApp(): Promise<void> {
  await mkdir(emptyAppFolder, { recursive: true });
  await cp('dist/host.json', resolve(emptyAppFolder, 'host.json'));
  await build({
    stdin: {
      contents: `
        import { app } from '@azure/functions';
        app.http('nothing', { handler: async () => ({ status: 204 }) });
      `,
      resolveDir: resolve('.'),
    },
    outfile: resolve(emptyAppFolder, 'main.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minify: true,
    external: ['@azure/functions-core'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}
