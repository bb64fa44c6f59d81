import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueClient } from '@azure/storage-queue';
// @ts-expect-error -- a tool's own file, which has no types
import config from '../../jest.config.mjs';
import { startAzurite } from '../../infra/local/azurite.js';
import { generateDirectory } from '../../infra/local/directory/generate-directory.js';
import { type EntraStandIn, startEntra } from '../../infra/local/entra/entra.js';
import { startFunctionsHost } from '../../infra/local/functions-host/spawn.js';
import { startKeyVault } from '../../infra/local/key-vault/key-vault.js';
import { startManagedIdentity } from '../../infra/local/managed-identity.js';
import { Secret } from '../../shared/platform/secret.js';
import { type Leak, startLeakNet } from '../leak-net/leak-net.js';
import { type Grounds, type Holds, placesOn, preparePlaces } from '../leak-net/places.js';
import { plantingApp } from '../leak-net/planting-app.js';
import { replace } from '../leak-net/taps.js';
import { writings } from '../leak-net/writings.js';
import { removeSampleApps, writeSampleApp } from './local/sample-app.js';
import { startLosingProxy } from './losing-proxy.js';

const execute = promisify(execFile);

const random = () => randomBytes(4).toString('base64url');

/** With everything that some way of writing changes, and no eight characters in common with another. */
function aSecret(): string {
  return ['Z', '<"', "&'", '> ', '?~', '+/', '='].map((part) => part + random()).join('');
}

const secretFor: Readonly<Record<Holds, () => string>> = {
  anything: () => `${aSecret()}\\${random()}`,
  noZeros: () => `${aSecret()}\\${random()}`,
  noBackslashes: aSecret,
  identifiers: () => randomBytes(12).toString('hex').toUpperCase(),
};

const canHold: Readonly<Record<Holds, RegExp>> = {
  anything: /^/,
  noZeros: /^[^\0]*$/,
  noBackslashes: /^[^\0\\]*$/,
  // The service's rule; the emulator does not check it, and then answers with damaged JSON.
  identifiers: /^\w+$/,
};

const nowhere = 'UseDevelopmentStorage=true';
const places = placesOn({
  connectionString: nowhere,
  proxiedConnectionString: nowhere,
  dataDirectory: '',
  apiUrl: '',
});

/** Nobody is to read on a terminal what is planted there. */
function mute(): () => void {
  const { stdout, stderr } = process;
  const { console } = globalThis;
  const undo = [
    ...[stdout, stderr].map((stream) => replace(stream, 'write', () => true)),
    ...['log', 'error'].map((method) => replace(console, method, () => undefined)),
  ];
  return () => undo.forEach((putBack) => putBack());
}

/** Runs with a net of its own; what it finds is not found by that of the file. */
async function withNet(
  run: (net: ReturnType<typeof startLeakNet>) => unknown,
): Promise<readonly Leak[]> {
  const unmute = mute();
  const net = startLeakNet();
  try {
    await run(net);
    return await net.stop();
  } finally {
    unmute();
  }
}

async function onGrounds(run: (grounds: Grounds) => Promise<void>): Promise<void> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'leak-net-'));
  const azurite = await startAzurite({ directory: dataDirectory });
  const { connectionString } = azurite;
  const [endpoint = ''] = /(?<=QueueEndpoint=)http:\/\/[^/;]+/.exec(connectionString) ?? [];
  const proxy = await startLosingProxy(endpoint);
  const app = await writeSampleApp({ 'main.mjs': plantingApp });
  const host = await startFunctionsHost({ app, env: { LOCAL_HOST_ERRORS: 'whole' } });
  try {
    await run({
      connectionString,
      proxiedConnectionString: connectionString.replace(endpoint, proxy.url),
      dataDirectory,
      apiUrl: `${host.url}/api`,
    });
  } finally {
    await host.stop();
    await proxy.close();
    await azurite.stop();
    await removeSampleApps();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

describe('startLeakNet()', () => {
  /** One secret for each place and writing; its kind says which. */
  const plantings = places.flatMap(({ name, sink, holds }) =>
    writings.flatMap((writing) => {
      const secret = secretFor[holds]();
      const text = writing.write(secret);
      const kind = `${name}: ${writing.name}`;
      const { encoding } = writing;
      return canHold[holds].test(text) ? [{ place: name, kind, sink, encoding, secret, text }] : [];
    }),
  );
  let leaks: readonly Leak[];

  beforeAll(async () => {
    leaks = await withNet((net) =>
      onGrounds(async (grounds) => {
        await preparePlaces(grounds);
        for (const { kind, secret } of plantings) net.guard(kind, secret);
        for (const { name, put } of placesOn(grounds)) {
          for (const { text } of plantings.filter(({ place }) => place === name)) await put(text);
        }
      }),
    );
  }, 120_000);

  it.each(plantings.map(({ kind, ...planting }) => [kind, planting] as const))(
    'finds a secret in %s',
    (kind, { sink, encoding }) => {
      expect(leaks).toContainEqual({ sink, kind, encoding });
    },
  );

  it('finds nothing where nothing was planted', async () => {
    const found = await withNet((net) => {
      for (const { kind } of plantings) net.guard(kind, aSecret());
      net.watch({ sink: 'text', text: plantings.map(({ text }) => text).join('\n') });
    });

    expect(found).toEqual([]);
  });
});

describe('a password', () => {
  const password = 'Kd5~lone~canary~42';
  const clientSecret = 'Wb3~other~canary~77';

  it('belongs in the answer that is for it alone, and nothing else does', async () => {
    const found = await withNet(async (net) => {
      const app = await writeSampleApp({ 'main.mjs': plantingApp });
      const host = await startFunctionsHost({ app, env: { REVEALED: password } });
      const post = (path: string, body: object) =>
        fetch(`${host.url}/api/${path}`, { method: 'POST', body: JSON.stringify(body) });
      net.guard('password', password);
      net.guard('client secret', clientSecret);

      await post('password-resets', { place: 'body', text: password });
      await post('reveal/token', {});
      await post('plant', { place: 'body', text: password });
      await fetch(`${host.url}/api/reveal/token`);
      await post('password-resets', { place: 'body', text: password, status: 422 });
      await post('password-resets', { place: 'body', text: clientSecret });
      await host.stop();
      await removeSampleApps();
    });

    const raw = found.filter(({ encoding }) => encoding === 'raw');
    expect(raw.map(({ sink, kind }) => `${kind} in ${sink}`)).toEqual([
      'password in answer to POST /api/plant',
      'password in answer to GET /api/reveal/token',
      'password in answer to POST /api/password-resets',
      'client secret in answer to POST /api/password-resets',
    ]);
  });
});

describe('a sign-in name', () => {
  it("belongs in the customer's own files and messages alone", async () => {
    const name = 'zoe.canary@contoso.invalid';
    const message = Buffer.from(JSON.stringify({ rows: [{ user: name }] })).toString('base64');

    const found = await withNet(async (net) => {
      net.guard('sign-in name', name);
      const azurite = await startAzurite();
      const { connectionString } = azurite;
      const blobs = BlobServiceClient.fromConnectionString(connectionString);
      for (const container of ['bulk-inbox', 'bulk-orders']) {
        const client = blobs.getContainerClient(container);
        await client.create();
        await client.getBlockBlobClient('job.csv').upload(name, name.length);
      }
      for (const queue of ['bulk-reset-jobs', 'bulk-reset-jobs-poison', 'password-resets']) {
        const client = new QueueClient(connectionString, queue);
        await client.create();
        await client.sendMessage(message);
      }
      await azurite.stop();
    });

    const raw = found.filter(({ encoding }) => encoding === 'raw');
    expect(raw.map(({ sink }) => sink)).toEqual(['queue password-resets', 'blob in bulk-orders']);
  });
});

describe('a secret that nobody guards by hand', () => {
  // eslint-disable-next-line no-console -- it is watched
  const say = (text: string) => console.log(text);

  it.each<[kind: string, handOut: () => unknown]>([
    [
      'sign-in name',
      () => {
        const directory = generateDirectory({ seed: 7, customers: 1, nowMs: 0 });
        const [customer] = directory.customers.values();
        const [user] = customer?.users.values() ?? [];
        say(user?.userPrincipalName ?? '');
      },
    ],
    [
      'password',
      () => {
        const directory = generateDirectory({ seed: 7, customers: 1, nowMs: 0 });
        const [customer] = directory.customers.values();
        const [user] = customer?.users.values() ?? [];
        const password = 'Zq7-CANARY-f4Lk';
        const change = { password, atMs: 0, by: 'partner-center' } as const;
        directory.setPassword(customer?.tenantId ?? '', user?.id ?? '', change, false);
        say(password);
      },
    ],
    ['client secret', () => withEntra(({ clientSecret }) => say(clientSecret))],
    ['refresh token', () => withEntra(({ entra }) => say(entra.refreshToken))],
    [
      'access token',
      () =>
        withEntra(async ({ entra }) =>
          say(
            await entra.issueAppToken({
              audience: randomUUID(),
              tenantId: randomUUID(),
              clientId: randomUUID(),
              objectId: randomUUID(),
            }),
          ),
        ),
    ],
    [
      'identity header',
      async () => {
        const identity = await startManagedIdentity();
        say(identity.header);
        await identity.close();
      },
    ],
    [
      'secret sealing-key of the vault',
      async () => {
        const secrets = { 'sealing-key': randomBytes(32).toString('base64') };
        const vault = await startKeyVault({ secrets, accepts: () => true });
        say(secrets['sealing-key']);
        await vault.close();
      },
    ],
    ['revealed secret', () => say(new Secret('Zq7-CANARY-f4Lk').reveal())],
  ])('is found all the same: %s', async (kind, handOut) => {
    const found = await withNet(handOut);

    expect(found).toContainEqual({ sink: 'console', kind, encoding: 'raw' });
  });

  interface Issuer {
    readonly entra: EntraStandIn;
    readonly clientSecret: string;
  }

  async function withEntra(use: (issuer: Issuer) => unknown): Promise<void> {
    const clientSecret = randomBytes(30).toString('base64');
    const app = { tenantId: randomUUID(), clientId: randomUUID(), clientSecret };
    const entra = await startEntra({ directory: { signIn: () => 'unknownUser' }, app });
    await use({ entra, clientSecret });
    await entra.close();
  }
});

describe('a test file', () => {
  it('fails when it leaks, without knowing of the net', async () => {
    const file = resolve('test/integration/leaking.fixture.ts');
    // Without the build, which other tests are using.
    const { globalSetup: build, ...others } = config as Record<string, unknown>;
    const own = { ...others, rootDir: process.cwd(), testMatch: [file] };
    expect(build).toBeDefined();
    const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];

    const run = execute(process.execPath, [...args, '--config', JSON.stringify(own)]);

    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/do not belong:\s+stdout: revealed secret, raw/),
    });
  });
});
