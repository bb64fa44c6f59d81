import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { findProblems } from '../../infra/local/demo/find-problems.js';
import { resetMany } from '../../infra/local/demo/reset-many.js';
import { resetOne, type SingleFacts } from '../../infra/local/demo/reset-one.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

const run = promisify(execFile);

describe('demo', () => {
  it('holds when Partner Center throttles, fails and loses answers', async () => {
    const options = ['--users', '10', '--latency', '0', '--faults', '--seed', '1'];

    // It names the user it resets, to the person who runs it.
    const demo = spawn(process.execPath, ['build/demo.mjs', ...options], { stdio: 'ignore' });

    expect(await once(demo, 'exit')).toEqual([0, null]);
  });

  it.each([
    ['--users', '5', '--users must be a whole number from 10 to 100000, not "5"'],
    ['--latency', '1e3', '--latency must be a whole number from 0 to 10000, not "1e3"'],
    ['--seed', '', '--seed must be a whole number from 1 to 1000000, not ""'],
  ])('names %s when it cannot be %s, and shows the usage', async (option, value, message) => {
    const failed = run(process.execPath, ['build/demo.mjs', option, value]);

    await expect(failed).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(new RegExp(`^${message}\n\nUsage: npm run demo`)),
    });
  });
});

describe('what the demo looks at', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack();
  });

  afterAll(async () => {
    await stack.stop();
  });

  beforeEach(() => {
    stack.partnerCenter.faults.clear();
  });

  it('follows a reset that takes longer until its password works', async () => {
    const lost = { kind: 'cut', applied: true } as const;
    stack.partnerCenter.faults.set([{ operation: 'resetPassword', times: 1, effect: lost }]);

    const single = await resetOne(stack);

    expect(single).toMatchObject({ status: 202, outcome: 'Succeeded', newPasswordWorks: true });
  });

  it('says that no password was handed out when the reset is refused', async () => {
    const busy = { kind: 'throttle', retryAfter: 1 } as const;
    stack.partnerCenter.faults.set([{ times: 1, effect: busy }]);

    const single = await resetOne(stack);

    expect(single).toMatchObject({ status: 429, outcome: 'Throttled', oldPasswordWorks: true });
    expect(single).not.toHaveProperty('newPasswordWorks');
  });

  it('finds out when passwords were handed out that do not work', async () => {
    const { userId } = stack.facts.samples;
    const pretend = { kind: 'answer', status: 200, body: { id: userId }, applied: false } as const;
    stack.partnerCenter.faults.set([{ operation: 'resetPassword', userId, effect: pretend }]);

    const single = await resetOne(stack);
    const bulk = await resetMany(stack, 10, () => undefined);

    expect(single).toMatchObject({ outcome: 'Succeeded', newPasswordWorks: false });
    expect(findProblems({ single, bulk, faults: true })).toEqual([
      'a password was handed out and does not work',
      'the old password works after the reset',
      expect.stringMatching(/^\d passwords of the job were handed out and do not work$/),
    ]);
  });
});

describe('findProblems()', () => {
  const refused: SingleFacts = {
    userPrincipalName: 'ada@contoso.com',
    status: 200,
    outcome: 'Succeeded',
    milliseconds: 1,
    oldPasswordWorkedBefore: true,
    oldPasswordWorks: true,
  };
  const single: SingleFacts = { ...refused, newPasswordWorks: true, oldPasswordWorks: false };
  const bulk = {
    rows: 10,
    seconds: 1,
    resetsPerSecond: 10,
    outcomes: [],
    unexpected: [],
    deliveredPasswords: 9,
    workingPasswords: 9,
  };

  it.each<[string, SingleFacts, boolean, string[]]>([
    ['nothing when every password works', single, false, []],
    ['nothing when faults refuse the reset', { ...refused, outcome: 'Throttled' }, true, []],
    [
      'a refusal that no fault explains',
      { ...refused, outcome: 'Throttled' },
      false,
      ['no password was handed out: Throttled'],
    ],
    ['a success without a password', refused, true, ['no password was handed out: Succeeded']],
    [
      'a refusal that changed the password',
      { ...refused, outcome: 'Throttled', oldPasswordWorks: false },
      true,
      ['Throttled, and yet the old password does not work'],
    ],
    [
      'nothing when the outcome is unknown',
      { ...refused, outcome: 'OutcomeUnknown', oldPasswordWorks: false },
      true,
      [],
    ],
    [
      'an old password that works on',
      { ...single, oldPasswordWorks: true },
      false,
      ['the old password works after the reset'],
    ],
    [
      'an old password that never worked',
      { ...single, oldPasswordWorkedBefore: false },
      false,
      ['the old password did not work before the reset'],
    ],
  ])('finds %s', (_name, found, faults, problems) => {
    expect(findProblems({ single: found, bulk, faults })).toEqual(problems);
  });

  it('finds rows that came to something unexpected, and passwords that do not work', () => {
    const bad = {
      ...bulk,
      unexpected: ['row 3: Failed instead of Succeeded'],
      workingPasswords: 7,
    };

    expect(findProblems({ single, bulk: bad, faults: true })).toEqual([
      'row 3: Failed instead of Succeeded',
      '2 passwords of the job were handed out and do not work',
    ]);
  });
});
