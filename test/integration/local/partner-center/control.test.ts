import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startHarness, startTokenIssuer, type Harness, type TokenIssuer } from './harness.js';

let tokens: TokenIssuer;
let harness: Harness;

beforeAll(async () => {
  tokens = await startTokenIssuer();
});
afterAll(() => tokens.close());
beforeEach(async () => {
  harness = await startHarness(tokens);
});
afterEach(() => harness.standIn.close());

describe('/_stand-in/faults', () => {
  const rules = [{ operation: 'getUser', times: 1, effect: { kind: 'html', status: 502 } }];
  const put = (body: unknown) => harness.send('/_stand-in/faults', { method: 'PUT', body });

  it('sets, shows and clears the rules', async () => {
    expect(await put(rules)).toMatchObject({ status: 200, json: rules });
    expect((await harness.send('/_stand-in/faults')).json).toEqual(rules);
    expect((await harness.send(harness.userPath())).status).toBe(502);

    await put(rules);
    await harness.send('/_stand-in/faults', { method: 'DELETE' });

    expect((await harness.send('/_stand-in/faults')).json).toEqual([]);
    expect((await harness.send(harness.userPath())).status).toBe(200);
  });

  const hang = { kind: 'hang' };
  it.each<[unknown, string]>([
    ['[{', 'the body must be JSON'],
    [{}, 'fault rules must be an array'],
    [[1], 'rules[0] must be an object'],
    [[{}], 'rules[0].effect must be an object with a kind'],
    [
      [{ effect: hang }, { effect: hang, operatoin: 'getUser' }],
      'rules[1].operatoin is not a known field',
    ],
    [[{ effect: hang, operation: 'get' }], 'rules[0].operation must be one of getCustomer, '],
    [[{ effect: hang, times: -1 }], 'rules[0].times must be a whole number of 0 or more'],
    [[{ effect: hang, after: 1.5 }], 'rules[0].after must be a whole number of 0 or more'],
    [[{ effect: hang, probability: 1.1 }], 'rules[0].probability must be a number from 0 to 1'],
    [[{ effect: {} }], 'rules[0].effect.kind must be one of latency, answer, '],
    [[{ effect: { kind: 'toString' } }], 'rules[0].effect.kind must be one of '],
    [[{ effect: { kind: 'latency' } }], 'rules[0].effect.ms must be a number of milliseconds'],
    [[{ effect: { kind: 'hang', ms: 1 } }], 'rules[0].effect.ms is not a known field'],
    [
      [{ effect: { kind: 'answer', status: 700 } }],
      'rules[0].effect.status must be an HTTP status',
    ],
    [
      [{ effect: { kind: 'answer', status: 200, headers: { 'a b': '1' } } }],
      'rules[0].effect.headers must be an object of strings',
    ],
    [[{ effect: { kind: 'cut' } }], 'rules[0].effect.applied must be true or false'],
    [
      [{ effect: { kind: 'late', applyAfterMs: 1, answer: 'soon' } }],
      'rules[0].effect.answer must be "cut", "never" or an object with a status',
    ],
    [
      [{ effect: { kind: 'empty', status: 401, statusText: 'no\nway' } }],
      'rules[0].effect.statusText must be printable ASCII',
    ],
  ])('refuses %j', async (body, message) => {
    await put(rules);

    expect(await put(body)).toMatchObject({
      status: 400,
      json: { error: { code: 'InvalidFaults', message: expect.stringContaining(message) } },
    });
    expect((await harness.send('/_stand-in/faults')).json).toEqual(rules);
  });
});

describe('/_stand-in/requests', () => {
  it('shows and forgets the recorded requests, and is not one of them', async () => {
    await harness.send(harness.userPath());

    const shown = await harness.send('/_stand-in/requests');
    await harness.send('/_stand-in/requests', { method: 'DELETE' });

    expect(shown.json).toMatchObject([{ operation: 'getUser', status: 200 }]);
    expect(harness.standIn.requests).toEqual([]);
  });

  it('has nothing beside it', async () => {
    expect((await harness.send('/_stand-in/passwords')).status).toBe(404);
  });
});
