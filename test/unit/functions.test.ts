import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const readRegistrations = fileURLToPath(new URL('./read-registrations.mjs', import.meta.url));

interface Registration {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

describe('functions/', () => {
  let folder: string;
  let registrations: readonly Registration[];

  beforeAll(async () => {
    // Without the program and without settings: whatever needs either while it registers will fail.
    folder = await mkdtemp(join(tmpdir(), 'functions-test-'));
    await cp(dist, folder, { recursive: true });
    for (const chunk of await compositionChunks(folder)) await rm(chunk);
    const main = pathToFileURL(join(folder, 'main.mjs')).href;
    const { stdout } = await promisify(execFile)(execPath, [readRegistrations, main], { env: {} });
    registrations = JSON.parse(stdout) as Registration[];
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['reset-password', 'POST', 'password-resets'],
    ['receive-webhook', 'POST', 'webhooks/{source}'],
    ['get-password-reset', 'GET', 'password-resets/{id}'],
    ['get-password-reset-result', 'GET', 'password-resets/{id}/result'],
    ['revoke-password', 'POST', 'password-resets/{id}/revoke'],
    ['submit-bulk-reset', 'POST', 'bulk-resets'],
    ['get-bulk-reset', 'GET', 'bulk-resets/{id}'],
    ['get-bulk-reset-result', 'GET', 'bulk-resets/{id}/result'],
    ['get-bulk-reset-rows', 'GET', 'bulk-resets/{id}/rows'],
    ['cancel-bulk-reset', 'POST', 'bulk-resets/{id}/cancel'],
    ['acknowledge-bulk-reset', 'POST', 'bulk-resets/{id}/acknowledge'],
    ['approve-bulk-reset', 'GET,POST', 'bulk-resets/{id}/approval'],
    ['get-audit', 'GET', 'audit'],
    ['whoami', 'GET', 'whoami'],
    ['health', 'GET', 'health'],
  ])('register %s as %s /%s, which authenticates by itself', (name, method, route) => {
    expect(triggersOf(name)).toEqual([
      expect.objectContaining({
        type: 'httpTrigger',
        methods: method.split(','),
        route,
        authLevel: 'anonymous',
      }),
    ]);
  });

  it('register reveal for whoever has a link, be it to look or to open', () => {
    expect(triggersOf('reveal')).toEqual([
      expect.objectContaining({
        type: 'httpTrigger',
        methods: ['GET', 'HEAD', 'POST'],
        route: 'reveal/{token}',
        authLevel: 'anonymous',
      }),
    ]);
  });

  it.each([
    ['process-password-reset', 'password-resets'],
    ['process-bulk-reset', 'bulk-reset-jobs'],
    ['process-bulk-slice', 'bulk-reset-slices'],
    ['count-poisoned-reset', 'password-resets-poison'],
    ['count-poisoned-slice', 'bulk-reset-slices-poison'],
  ])('register %s for the queue %s', (name, queueName) => {
    expect(triggersOf(name)).toEqual([
      expect.objectContaining({ type: 'queueTrigger', queueName, connection: 'STORAGE' }),
    ]);
  });

  it.each([
    ['sweep', '0 * * * * *'],
    ['purge', '0 17 * * * *'],
  ])('register %s for the times %s', (name, schedule) => {
    expect(triggersOf(name)).toEqual([expect.objectContaining({ type: 'timerTrigger', schedule })]);
  });

  it('register one function a file, under its name', async () => {
    const files = await readdir(new URL('../../functions', import.meta.url));

    expect(registrations.map(({ name }) => `${name}.ts`).sort()).toEqual(files.sort());
  });

  it('leave the program for the first invocation', async () => {
    expect(await compositionChunks(dist)).toHaveLength(1);
    expect(await compositionChunks(folder)).toEqual([]);
    expect(registrations).not.toEqual([]);
  });

  function triggersOf(functionName: string) {
    const found = registrations.filter(({ name }) => name === functionName);
    return found
      .flatMap(({ bindings }) => Object.values(bindings))
      .filter(({ direction }) => direction === 'in');
  }
});

async function compositionChunks(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'chunks'));
  return names
    .filter((name) => name.startsWith('composition-'))
    .map((name) => join(folder, 'chunks', name));
}
