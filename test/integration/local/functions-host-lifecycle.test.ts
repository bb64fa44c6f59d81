import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QueueServiceClient } from '@azure/storage-queue';
import { startAzurite, type Azurite } from '../../../infra/local/azurite.js';
import {
  startFunctionsHost,
  type RunningFunctionsHost,
} from '../../../infra/local/functions-host/spawn.js';
import {
  buildFunctionsHost,
  bundleScript,
  eventually,
  removeSampleApps,
  writeSampleApp,
} from './sample-app.js';

const slowApp = `
  import { app } from '@azure/functions';

  const work = async (input, context) => {
    context.log('work begun');
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.WORK_MS)));
    context.log('work done');
    return { body: 'done' };
  };
  app.http('request', { methods: ['GET'], handler: work });
  app.storageQueue('message', { queueName: 'slow-work', connection: '', handler: work });
  app.timer('timer', { schedule: '0 0 0 1 1 *', handler: work });
  app.hook.appStart((hook) => { hook.hookData.since = 'the start'; });
  app.hook.appTerminate((hook) => console.log('terminated, running since', hook.hookData.since));
`;

let script: string;
let azurite: Azurite;

beforeAll(async () => {
  script = await buildFunctionsHost();
  azurite = await startAzurite({});
});

afterAll(async () => {
  await azurite.stop();
  await removeSampleApps();
});

async function startSlowApp(workMs: number): Promise<RunningFunctionsHost> {
  const env = { AzureWebJobsStorage: azurite.connectionString, WORK_MS: String(workMs) };
  return startFunctionsHost({ app: await writeSampleApp({ 'main.mjs': slowApp }), script, env });
}

/** Runs the host to its end. */
async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [script, ...args], { env, timeout: 20_000 });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

function line(host: RunningFunctionsHost, text: string): Promise<string> {
  return eventually(() => host.lines.find((candidate) => candidate.includes(text)));
}

describe('the Functions host, from start to end', () => {
  it('says in one short line where it serves', async () => {
    const host = await startSlowApp(0);

    await host.stop();

    expect(host.functions).toStrictEqual(['request', 'message', 'timer']);
    expect(host.lines[0]).toMatch(
      new RegExp(`^\\S+Z information \\[host\\] ready on ${host.url} with 3 functions$`),
    );
  });

  it('gives what the app says to the console a time and a level, as it does to all else', async () => {
    const app = await writeSampleApp({
      'main.mjs': `
        import { app } from '@azure/functions';

        console.warn('brought up', JSON.stringify({ attempt: 2 }));
        app.timer('timer', { schedule: '0 0 0 1 1 *', handler: () => undefined });
      `,
    });
    const env = { AzureWebJobsStorage: azurite.connectionString };

    const host = await startFunctionsHost({ app, script, env });
    await host.stop();

    expect(host.lines[0]).toMatch(/^\S+Z warning \[console\] brought up \{"attempt":2\}$/);
  });

  it('lets a running request finish and runs the appTerminate hooks when it is stopped', async () => {
    const host = await startSlowApp(500);
    const answer = fetch(`${host.url}/api/request`).then((response) => response.text());
    await line(host, 'work begun');

    await host.stop();

    expect(await answer).toBe('done');
    expect(await host.exited).toBe(0);
    expect(host.lines.at(-1)).toMatch(
      /information \[console\] terminated, running since the start$/,
    );
    expect(host.lines.join('\n')).not.toContain('abandoned');
    await expect(fetch(host.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it.each(['message', 'timer'])('lets a running %s finish when it is stopped', async (name) => {
    const host = await startSlowApp(500);
    await fetch(`${host.url}/admin/functions/${name}`, { method: 'POST', body: '{"input":""}' });
    await line(host, 'work begun');

    await host.stop();

    expect(host.lines.join('\n')).toContain('work done');
    expect(await host.exited).toBe(0);
  });

  it('deletes the message that was being worked on, and takes no other, when it is stopped', async () => {
    const host = await startSlowApp(500);
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(
      'slow-work',
    );
    await queue.sendMessage(Buffer.from('first').toString('base64'));
    await line(host, 'work begun');

    const stopped = host.stop();
    await line(host, 'stopping');
    await queue.sendMessage(Buffer.from('second').toString('base64'));
    await stopped;

    // A message that is merely hidden is counted too.
    const { approximateMessagesCount } = await queue.getProperties();
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
    const left = receivedMessageItems.map(({ messageText }) =>
      Buffer.from(messageText, 'base64').toString(),
    );
    expect(left).toStrictEqual(['second']);
    expect(approximateMessagesCount).toBe(1);
  });

  it('abandons after 5 s what does not finish', async () => {
    const host = await startSlowApp(60_000);
    const answer = fetch(`${host.url}/api/request`).then(
      () => 'answered',
      () => 'cut off',
    );
    await line(host, 'work begun');

    await host.stop();

    expect(await answer).toBe('cut off');
    expect(await host.exited).toBe(0);
    expect(host.lines.join('\n')).toContain('terminated');
  });

  it('stops when the signal it was started with aborts', async () => {
    const stopping = new AbortController();
    const app = await writeSampleApp({ 'main.mjs': slowApp });
    const env = { AzureWebJobsStorage: azurite.connectionString, WORK_MS: '0' };
    const host = await startFunctionsHost({ app, script, env, signal: stopping.signal });

    stopping.abort();

    expect(await host.exited).toBe(0);
  });

  it('loads every entry file that main matches, CommonJS ones too', async () => {
    const app = await writeSampleApp({
      'a.mjs': `import { app } from '@azure/functions';
        app.http('esm', { handler: () => ({}) });`,
      'b.cjs': `const { app } = require('@azure/functions');
        app.http('cjs', { handler: () => ({}) });`,
    });

    const host = await startFunctionsHost({ app, script, env: {} });

    expect(host.functions).toStrictEqual(['esm', 'cjs']);
    await host.stop();
  });

  it('passes on every line as it comes', async () => {
    const seen: string[] = [];
    const app = await writeSampleApp({
      'main.mjs': `import { app } from '@azure/functions';
        console.error('loading');
        app.http('one', { handler: () => ({}) });`,
    });

    const host = await startFunctionsHost({
      app,
      script,
      env: {},
      onLine: (text) => seen.push(text),
    });

    await host.stop();
    expect(seen).toStrictEqual(host.lines);
    expect(seen[0]).toMatch(/\[console\] loading$/);
  });
});

describe('the Functions host, refusing to start', () => {
  const timer = (settings: string) => `
    import { app } from '@azure/functions';
    app.timer('broken', { handler() {}, ${settings} });`;
  const queue = `
    import { app } from '@azure/functions';
    app.storageQueue('broken', { queueName: 'any', connection: 'STORAGE', handler() {} });`;

  it.each([
    ['registers nothing', 'export {};', {}, 'The app has registered no functions'],
    ['throws', 'throw new Error("broken at load");', {}, /Error: broken at load\n {8}at /],
    [
      'registers a name twice',
      timer(`schedule: '0 0 0 1 1 *'`) + `app.http('broken', { handler() {} });`,
      {},
      'Cannot register "broken": the name is taken',
    ],
    ['has a wrong schedule', timer(`schedule: '* * *'`), {}, 'must have six fields'],
    ['misses a setting', timer(`schedule: '%WHEN%'`), {}, 'app setting WHEN is missing'],
    ['misses a connection', queue, {}, 'App setting STORAGE is missing'],
    [
      'has an identity-based connection',
      queue,
      { STORAGE__queueServiceUri: 'https://example.invalid' },
      'App setting STORAGE__queueServiceUri: the local host supports connection strings only',
    ],
    [
      'has a binding unknown here',
      `import { app } from '@azure/functions';
       app.storageBlob('broken', { path: 'a/{name}', connection: '', handler() {} });`,
      {},
      'the local host does not support blobTrigger bindings',
    ],
    [
      'streams',
      `import { app } from '@azure/functions';
       app.setup({ enableHttpStream: true });
       app.http('broken', { handler() {} });`,
      {},
      'does not support HTTP streaming',
    ],
  ])('exits with 1 and the reason when the app %s', async (_, source, env, reason) => {
    const app = await writeSampleApp({ 'main.mjs': source });

    const { code, output } = await run(['--app', app, '--port', '0'], env);

    expect(output).toMatch(reason);
    expect(output).toMatch(/^\S+Z error \[host\] cannot start /m);
    expect(code).toBe(1);
  });

  it('exits with 1 when the port is taken', async () => {
    const host = await startSlowApp(0);
    const app = await writeSampleApp({ 'main.mjs': timer(`schedule: '0 0 0 1 1 *'`) });

    const { code, output } = await run(['--app', app, '--port', new URL(host.url).port]);

    expect([code, output]).toStrictEqual([1, expect.stringContaining('EADDRINUSE')]);
    await host.stop();
  });

  it('exits with 1 when there is no such folder', async () => {
    const { code, output } = await run(['--app', '/no/such/app']);

    expect([code, output]).toStrictEqual([1, expect.stringContaining('ENOENT')]);
  });

  it.each([
    [[], '--app must name the function app folder'],
    [['--app', '.', '--port', '65536'], '--port must be a number from 0 to 65535, not "65536"'],
    [['--app', '.', '--port', 'x'], '--port must be a number'],
    [['--app', '.', '--colour'], "Unknown option '--colour'"],
  ])('exits with 2 and says how it is used when called with %j', async (args, reason) => {
    const { code, output } = await run(args);

    expect([code, output]).toStrictEqual([2, expect.stringContaining(reason)]);
    expect(output).toContain('usage: functions-host --app <folder>');
  });
});

describe('startFunctionsHost()', () => {
  it('rejects with what the host printed when it ends before it is ready', async () => {
    const app = await writeSampleApp({ 'main.mjs': 'export {};' });

    await expect(startFunctionsHost({ app, script, env: {} })).rejects.toThrow(
      /ended before it was ready:\n.*The app has registered no functions/,
    );
  });

  it('rejects when there is no such script', async () => {
    await expect(
      startFunctionsHost({ app: '.', script: '/no/such/script.mjs', env: {} }),
    ).rejects.toThrow('Cannot find module');
  });
});

describe('the processes of the stack', () => {
  it('end when the process that started them is killed', async () => {
    const parent = spawn(process.execPath, [
      await bundleScript(`
        import { startAzurite } from './infra/local/azurite.ts';
        import { startFunctionsHost } from './infra/local/functions-host/spawn.ts';
        const [app, script] = process.argv.slice(2);
        const azurite = await startAzurite();
        const env = { AzureWebJobsStorage: azurite.connectionString, WORK_MS: '0' };
        const host = await startFunctionsHost({ app, script, env });
        console.log(JSON.stringify([azurite.pid, host.pid]));
      `),
      await writeSampleApp({ 'main.mjs': slowApp }),
      script,
    ]);
    const printed = await new Promise<string>((resolve) =>
      parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    const pids = JSON.parse(printed) as number[];

    parent.kill('SIGKILL');

    expect(pids).toHaveLength(2);
    for (const pid of pids) await eventually(async () => (await isGone(pid)) || undefined);
  });
});

/** Also true for one that has ended and that nobody has asked about: its entry may stay. */
async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status.includes(') Z ');
}
