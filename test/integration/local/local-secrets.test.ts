import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLocalSecrets } from '../../../infra/local/local-secrets.js';

describe('loadLocalSecrets()', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'local-secrets-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('gives a folder the callers that it is too old to have, and leaves the others their keys', async () => {
    const file = join(folder, 'local-secrets.json');
    const first = await loadLocalSecrets(folder);
    const older = first.callers.filter(({ name }) => name !== 'supervisor');
    await writeFile(file, JSON.stringify({ ...first, callers: older }));

    const second = await loadLocalSecrets(folder);

    expect(second).toEqual({ ...first, callers: second.callers });
    expect(second.callers).toEqual(expect.arrayContaining(older));
    expect(second.callers.map(({ name }) => name)).toContain('supervisor');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(second);
  });
});
