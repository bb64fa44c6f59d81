import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * Some dependencies are CommonJS inside and ask for `require`, which an ES module does not have. The
 * alias is a name that no bundled module imports as well.
 */
const requireBanner = {
  js: "import { createRequire as createRequireOfBanner } from 'node:module'; const require = createRequireOfBanner(import.meta.url);",
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
};

/** `dist/`: the complete function app folder, which needs no `node_modules`. */
async function buildFunctionApp() {
  const functionFiles = (await readdir(`${root}functions`)).filter((name) => name.endsWith('.ts'));
  await rm(`${root}dist`, { recursive: true, force: true });
  await esbuild({
    ...shared,
    stdin: {
      contents: functionFiles.map((name) => `import './functions/${name}';`).join('\n'),
      resolveDir: root,
      sourcefile: 'main.ts',
    },
    outdir: `${root}dist`,
    entryNames: 'main',
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    banner: requireBanner,
    splitting: true,
    minify: true,
    legalComments: 'none',
    // The host supplies this module; it is on no registry.
    external: ['@azure/functions-core'],
  });
  const { name, version, engines } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const manifest = { name, version, private: true, type: 'module', engines, main: 'main.mjs' };
  await writeFile(`${root}dist/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(`${root}dist/host.json`, await readFile(`${root}host.json`));
}

/** `build/`: the programs of the embedded stack, the benchmarks and the simulation, run from this checkout. */
async function buildLocalPrograms() {
  await rm(`${root}build`, { recursive: true, force: true });
  await mkdir(`${root}build`);
  await esbuild({
    ...shared,
    entryPoints: {
      'functions-host': 'infra/local/functions-host/main.ts',
      start: 'infra/local/start.ts',
      demo: 'infra/local/demo.ts',
      bench: 'test/bench/main.ts',
      'bench-client': 'test/bench/client-process.ts',
      'bench-in-memory': 'test/bench/in-memory.ts',
      'bench-split': 'test/bench/split.ts',
      simulate: 'test/simulation/main.ts',
    },
    outdir: `${root}build`,
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    splitting: true,
    sourcemap: 'inline',
  });
}

export async function build() {
  await Promise.all([buildFunctionApp(), buildLocalPrograms()]);
}

if (argv[1] === fileURLToPath(import.meta.url)) await build();
