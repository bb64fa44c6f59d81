import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { build } from 'esbuild';

// Inside the checkout, so that the apps and the host find node_modules.
const folder = resolve('.local', `test-functions-host-${randomUUID()}`);

/** Bundles the host as the build does, for this test file alone. */
export async function buildFunctionsHost(): Promise<string> {
  return bundleScript(`import './infra/local/functions-host/main.ts';`);
}

/** A script that node can run, from a module that stands at the top of the checkout. */
export async function bundleScript(contents: string): Promise<string> {
  const script = `${folder}/${randomUUID()}.mjs`;
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile: script,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  return script;
}

/** A function app folder with these entry files, by name; `main` matches every `.mjs` and `.cjs`. */
export async function writeSampleApp(
  files: Readonly<Record<string, string>>,
  hostSettings: object = {},
): Promise<string> {
  const app = `${folder}/${randomUUID()}`;
  await mkdir(app, { recursive: true });
  const manifest = { type: 'module', main: '{*.mjs,*.cjs}' };
  await Promise.all([
    ...Object.entries(files).map(([name, source]) => writeFile(`${app}/${name}`, source)),
    writeFile(`${app}/package.json`, JSON.stringify(manifest)),
    writeFile(`${app}/host.json`, JSON.stringify({ version: '2.0', ...hostSettings })),
  ]);
  return app;
}

export async function removeSampleApps(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Waits for what another process does; the test's own time limit is the only one. */
export async function eventually<T>(
  read: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolveSleep) => setTimeout(resolveSleep, 20));
  }
}
