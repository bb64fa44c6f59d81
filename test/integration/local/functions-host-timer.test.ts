import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseNcrontab } from '../../../infra/local/functions-host/ncrontab.js';
import {
  startFunctionsHost,
  type RunningFunctionsHost,
} from '../../../infra/local/functions-host/spawn.js';
import { buildFunctionsHost, eventually, removeSampleApps, writeSampleApp } from './sample-app.js';

const source = `
  import { app } from '@azure/functions';

  const print = (timer, context) => context.log(JSON.stringify(timer));
  app.timer('yearly', { schedule: '%YEARLY%', handler: print });
  app.timer('at-start', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: print });
  app.timer('each-second', { schedule: '* * * * * *', handler: print });
  app.timer('failing', { schedule: '* * * * * *', handler: () => { throw new Error('no luck'); } });
  app.http('request', { handler: () => ({}) });
`;

let host: RunningFunctionsHost;

beforeAll(async () => {
  host = await startFunctionsHost({
    app: await writeSampleApp({ 'main.mjs': source }),
    script: await buildFunctionsHost(),
    env: { YEARLY: '0 0 0 1 1 *' },
  });
});

afterAll(async () => {
  await host.stop();
  await removeSampleApps();
});

/** What the runs of a function have logged, once there are that many. */
function runs(name: string, count: number): Promise<string[]> {
  return eventually(() => {
    const lines = host.lines.filter((line) => line.includes(`[${name}]`));
    return lines.length >= count ? lines : undefined;
  });
}

function runNow(name: string): Promise<Response> {
  return fetch(`${host.url}/admin/functions/${name}`, { method: 'POST', body: '{"input":""}' });
}

describe('the Functions host, for timers', () => {
  it('runs a timer at once when the admin route asks for it', async () => {
    const { status } = await runNow('yearly');

    const [line = ''] = await runs('yearly', 1);
    const timer: unknown = JSON.parse(line.slice(line.indexOf('{')));
    expect(status).toBe(202);
    expect(timer).toStrictEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: expect.stringMatching(/^20\d\d-01-01T00:00:00.000\+00:00$/),
        lastUpdated: '0001-01-01T00:00:00+00:00',
      },
      isPastDue: false,
    });
  });

  it('runs a timer at the start when it asks for it', async () => {
    expect(await runs('at-start', 1)).toHaveLength(1);
  });

  it('runs a timer when its schedule says so, again and again', async () => {
    const [first = '', second = ''] = (await runs('each-second', 2)).map((line) =>
      line.slice(0, 19),
    );

    expect(Date.parse(second) - Date.parse(first)).toBe(1000);
  });

  it('keeps to the schedule when a run fails', async () => {
    expect((await runs('failing', 2))[1]).toContain('no luck');
  });

  it.each(['unknown', 'request'])('answers 404 when asked to run "%s"', async (name) => {
    expect((await runNow(name)).status).toBe(404);
  });
});

describe('parseNcrontab()', () => {
  it.each([
    ['* * * * * *', '2026-11-21T01:02:03.400Z', '2026-11-21T01:02:04Z'],
    ['* * * * * *', '2026-11-21T01:02:03.000Z', '2026-11-21T01:02:04Z'],
    ['0 * * * * *', '2026-12-31T23:59:00.000Z', '2027-01-01T00:00:00Z'],
    ['0 */5 * * * *', '2026-11-21T01:02:03Z', '2026-11-21T01:05:00Z'],
    ['*/40 * * * * *', '2026-11-21T01:02:40Z', '2026-11-21T01:03:00Z'],
    ['30 10/20 * * * *', '2026-11-21T01:10:30Z', '2026-11-21T01:30:30Z'],
    ['0 0 6,18 * * *', '2026-11-21T07:00:00Z', '2026-11-21T18:00:00Z'],
    ['0 0 9-17 * * 1-5', '2026-11-20T17:00:00Z', '2026-11-23T09:00:00Z'],
    ['0 0 9-17/4 * * *', '2026-11-20T09:00:00Z', '2026-11-20T13:00:00Z'],
    ['0 30 9 * 1 1', '2026-11-21T00:00:00Z', '2027-01-04T09:30:00Z'],
    ['0 0 0 13 * 5', '2026-11-21T00:00:00Z', '2027-08-13T00:00:00Z'],
    ['0 0 0 29 2 *', '2026-11-21T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
    ['  0  0 0 31 * * ', '2026-11-21T00:00:00Z', '2026-12-31T00:00:00Z'],
  ])('finds for "%s" after %s the time %s', (expression, after, next) => {
    expect(parseNcrontab(expression).next(new Date(after))).toStrictEqual(new Date(next));
  });

  it('finds nothing for a day that no month has', () => {
    expect(parseNcrontab('0 0 0 30 2 *').next(new Date('2026-11-21'))).toBeUndefined();
  });

  it.each([
    ['* * * * *', 'must have six fields'],
    ['', 'must have six fields'],
    ['60 * * * * *', 'second "60" must lie in 0-59'],
    ['* * 24 * * *', 'hour "24" must lie in 0-23'],
    ['* * * 0 * *', 'day "0" must lie in 1-31'],
    ['* * * * 13 *', 'month "13" must lie in 1-12'],
    ['* * * * * 7', 'day of week "7" must lie in 0-6'],
    ['* * * * * MON', 'day of week "MON"'],
    ['5-1 * * * * *', 'second "5-1"'],
    ['*/0 * * * * *', 'second "*/0"'],
    ['1, * * * * *', 'second ""'],
    ['-1 * * * * *', 'second "-1"'],
  ])('refuses "%s"', (expression, reason) => {
    expect(() => parseNcrontab(expression)).toThrow(reason);
  });
});
