import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { promisify } from 'node:util';
import type { StackFacts } from '../../infra/local/stack.js';
import { eventually } from './eventually.js';
import { waitForBulkReset } from './wait-for-bulk-reset.js';

const run = promisify(execFile);

/** The code blocks of the README in this language. */
async function examples(language: string): Promise<string[]> {
  const readme = await readFile('README.md', 'utf8');
  const blocks = readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...blocks].map(([, code = '']) => code);
}

/** Runs the JavaScript in which this is mentioned; resolves with what it prints. */
async function runProgram(about: string): Promise<string> {
  const program = (await examples('js')).find((code) => code.includes(about)) ?? '';
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  return stdout;
}

async function readFacts(): Promise<StackFacts | undefined> {
  const text = await readFile('.local/stack.json', 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as StackFacts);
}

function isOpen(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What the first example sets, and the later ones use. */
async function caller(): Promise<string> {
  const first = (await examples('sh')).find((code) => code.includes('curl')) ?? '';
  return first.slice(0, first.indexOf('curl'));
}

describe('README', () => {
  let stack: ChildProcess;
  let facts: StackFacts;

  beforeAll(async () => {
    await rm('.local/stack.json', { force: true });
    // As npm does: a shell that waits for the stack. The test run has made the build already.
    const command = `"${process.execPath}" build/start.mjs --port 0; exit $?`;
    stack = spawn('sh', ['-c', command], { stdio: 'ignore' });
    facts = await eventually(readFacts);
  });

  afterAll(() => {
    stack.kill('SIGKILL');
  });

  it('resets a user with the curl it shows', async () => {
    const script = (await examples('sh')).find((code) => code.includes('curl')) ?? '';

    const { stdout } = await run('bash', ['-euc', script]);

    expect(JSON.parse(stdout)).toMatchObject({
      status: 'Succeeded',
      password: expect.any(String),
    });
  });

  it('gets a token for an application with the curl it shows', async () => {
    const script = (await examples('sh')).find((code) => code.includes('Bearer')) ?? '';

    const { stdout } = await run('bash', ['-euc', script]);

    expect(JSON.parse(stdout)).toMatchObject({ name: 'helpdesk' });
  });

  it('starts a job that waits, and has the supervisor approve it, with the curl it shows', async () => {
    const script = (await examples('sh')).find((code) => code.includes('/approval')) ?? '';

    const { stdout } = await run('bash', ['-euc', `${await caller()}\n${script}`]);

    expect(JSON.parse(stdout)).toMatchObject({
      rows: 201,
      requestedBy: 'helpdesk',
      awaitsApproval: false,
      approvedBy: 'supervisor',
    });
  });

  it('reads the audit trail with the curl it shows', async () => {
    const script = (await examples('sh')).find((code) => code.includes('/audit?')) ?? '';

    const { stdout } = await run('bash', ['-euc', `${await caller()}\n${script}`]);

    expect(JSON.parse(stdout)).toMatchObject({
      chain: { verified: true },
      items: expect.arrayContaining([expect.objectContaining({ action: 'reset.applied' })]),
    });
  });

  it('runs a job with the program it shows', async () => {
    const stdout = await runProgram('bulk-reset-jobs');
    const job = await waitForBulkReset(facts, stdout.trim().toLowerCase());

    expect(job).toMatchObject({ status: 'Succeeded', progress: { succeeded: 1 } });
  });

  it('sends a webhook with the program it shows', async () => {
    const [, status = '', body = ''] = /^(\d+) (.*)$/s.exec(await runProgram('/webhooks/')) ?? [];

    expect(status).toBe('202');
    expect(JSON.parse(body)).toMatchObject({ delivery: 'none', id: expect.any(String) });
  });

  it('ends the stack when npm is told to end: nothing listening, no facts left', async () => {
    stack.kill('SIGTERM');
    await eventually(async () => ((await readFacts()) === undefined ? true : undefined));

    const urls = [
      facts.apiUrl,
      facts.partnerCenterUrl,
      facts.entraAuthorityUrl,
      facts.keyVaultUrl,
      ...[...facts.storageConnectionString.matchAll(/Endpoint=([^;]+)/g)].map(
        ([, url = '']) => url,
      ),
    ];
    expect(await Promise.all(urls.map(isOpen))).toEqual(urls.map(() => false));
  });
});

describe('start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with exit code 0 on %s', async (signal) => {
    const stack = spawn(process.execPath, ['build/start.mjs', '--port', '0'], { stdio: 'ignore' });
    const exited = once(stack, 'exit');
    await eventually(readFacts);

    stack.kill(signal);

    expect(await exited).toEqual([0, null]);
  });

  it('says in one line what to do when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const failed = run(process.execPath, ['build/start.mjs', '--port', String(port)]);

    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: `Port ${port} is taken: end what listens there, or run npm start -- --port 0\n`,
    });
    server.close();
  });
});

describe.each(['start', 'simulate', 'demo'])('%s', (program) => {
  it('shows its usage for --help, and for an option that it does not know', async () => {
    const script = `build/${program}.mjs`;

    const { stdout } = await run(process.execPath, [script, '--help']);
    const failed = run(process.execPath, [script, '--nonsense']);

    expect(stdout).toMatch(/^Usage: npm /);
    await expect(failed).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Unknown option '--nonsense'.*\n\nUsage: npm /),
    });
  });
});
