import { describe, expect, it } from '@jest/globals';
import { createReserveResets, type DailyCounts } from '../../../shared/callers/daily-cap.js';
import { aCaller } from '../../builders/a-caller.js';
import { aCallerList } from '../../builders/a-caller-list.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const { signal } = new AbortController();
const oneHourBeforeMidnight = Date.UTC(2026, 0, 1, 23);

describe('createReserveResets()', () => {
  it('counts for the caller as listed, whichever person asks, against its limit', async () => {
    const { reserve, added } = aCap();

    await reserve({ caller: 'helpdesk/5d2f7c10', resets: 3 }, signal);

    expect(added).toEqual([{ caller: 'helpdesk', day: '2026-01-01', resets: 3, most: 5 }]);
  });

  it('counts a job under its id', async () => {
    const { reserve, added } = aCap();

    await reserve({ caller: 'helpdesk', resets: 3, bulkResetId: 'job-7' }, signal);

    expect(added).toMatchObject([{ caller: 'helpdesk', resets: 3, bulkResetId: 'job-7' }]);
  });

  it('refuses what exceeds the limit, and says when the next day begins', async () => {
    const { reserve } = aCap({ isFree: false });

    await expect(reserve({ caller: 'helpdesk', resets: 6 }, signal)).rejects.toMatchObject({
      code: 'DailyCapReached',
      retryAfterMs: 3_600_000,
      message: 'Cannot reset 6 more: the daily cap of helpdesk (UTC) is 5',
    });
  });

  it('leaves nothing to a caller who is not listed any more', async () => {
    const { reserve, added } = aCap();

    await reserve({ caller: 'gone', resets: 1 }, signal);

    expect(added).toMatchObject([{ caller: 'gone', most: 0 }]);
  });
});

function aCap({ isFree = true } = {}) {
  const added: Parameters<DailyCounts['add']>[0][] = [];
  const people = ['helpdesk', 'helpdesk/5d2f7c10'];
  const list = aCallerList(people.map((name) => aCaller({ name, maxResetsPerDay: 5 })));
  const reserve = createReserveResets({
    readCallerList: () => Promise.resolve(list),
    counts: {
      add: (count) => {
        added.push(count);
        return Promise.resolve(isFree);
      },
    },
    now: new FakeClock(oneHourBeforeMidnight).now,
  });
  return { reserve, added };
}
