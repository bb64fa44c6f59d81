import { bulkRowResetId, type BulkResetOrder } from '../../shared/bulk-reset/bulk-reset.js';
import { fakeRecipientKeyId } from '../fakes/fake-recipient.js';
import { type Callers, httpBudgetMs } from './callers.js';
import type { Hosts, LiveHost } from './hosts.js';
import { caller, customerIdOf, userIdOf } from './people.js';
import type { SubmitAction } from './scenario.js';
import type { World } from './world.js';

const pageSize = 100;

/** Who gives jobs, cancels them, and reads what became of their rows. */
export function createJobOwners(world: World, hosts: Hosts, callers: Callers) {
  const { scheduler, history, numbered } = world;

  return { submit, readRows };

  function submit(action: SubmitAction): void {
    const { job, cancelsMs, users, userChangesMs } = action;
    const bulkResetId = `job-${job}`;
    for (const row of users.keys()) {
      const resetId = bulkRowResetId(bulkResetId, row);
      callers.expectChange(resetId, userChangesMs);
      callers.expectOpening(resetId, action.opensMs);
    }
    for (const delayMs of [0, ...action.repeatsMs]) {
      scheduler.after(delayMs, () =>
        during(`submit ${bulkResetId}`, async ({ bulk }, signal) => {
          const { state } = await bulk.submitBulkReset(orderOf(action, bulkResetId), signal);
          history.note(caller, { kind: 'job told', bulkResetId, status: state });
        }),
      );
    }
    for (const delayMs of action.readsMs) scheduler.after(delayMs, () => readRows(bulkResetId));
    if (cancelsMs !== undefined) scheduler.after(cancelsMs, () => cancel(bulkResetId));
    if (action.acknowledgesMs !== undefined) {
      scheduler.after(action.acknowledgesMs, () => acknowledge(bulkResetId));
    }
  }

  function cancel(bulkResetId: string): void {
    history.note(caller, { kind: 'operated', what: `cancels ${bulkResetId}` });
    during(`cancel ${bulkResetId}`, ({ bulk }) => bulk.cancelBulkReset(bulkResetId, caller));
  }

  function acknowledge(bulkResetId: string): void {
    during(`acknowledge ${bulkResetId}`, async ({ bulk }) => {
      await bulk.acknowledgeBulkReset(bulkResetId, caller);
      history.note(caller, { kind: 'acknowledged', bulkResetId });
    });
  }

  function readRows(bulkResetId: string): void {
    const fromMs = scheduler.nowMs;
    during(`rows of ${bulkResetId}`, async (host, signal) => {
      const { readBulkReset } = host.bulk;
      for (let afterRow: number | undefined = 0; afterRow !== undefined;) {
        const from = { bulkResetId, afterRow, limit: pageSize };
        const { job, rows, nextAfterRow } = await readBulkReset.page(from, caller);
        if (job.acknowledgedAtMs !== undefined) return;
        for (const row of rows) {
          callers.show(row, await callers.readPassword(host, row, signal), fromMs);
        }
        afterRow = rows.length === 0 ? undefined : nextAfterRow;
      }
    });
  }

  function during(
    what: string,
    run: (host: LiveHost, signal: AbortSignal) => Promise<unknown>,
  ): void {
    const host = hosts.pick(numbered(what));
    if (host === undefined) return;
    host.process
      .withBudget(httpBudgetMs, (signal) => run(host, signal))
      .catch((error: unknown) => callers.fail(what, error));
  }
}

/** Rows that name nobody leave gaps, so that few resets are spread over several slices. */
function orderOf({ users, lastRow, delivery }: SubmitAction, bulkResetId: string): BulkResetOrder {
  return {
    bulkResetId,
    caller,
    delivery,
    ...(delivery === 'recipientKey' && { recipientKeyId: fakeRecipientKeyId }),
    forceChangePassword: true,
    onInvalidRows: 'skip',
    source: {
      kind: 'rows',
      rows: Array.from({ length: lastRow }, (_, index) => {
        const user = users.get(index + 1);
        if (user === undefined) return { user: 'nobody' };
        return { customer: customerIdOf(user), user: userIdOf(user) };
      }),
    },
  };
}
