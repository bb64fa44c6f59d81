import type { CustomerTenantId, UserId } from '../../shared/password-reset/ids.js';
import type { PasswordResetOrder } from '../../shared/password-reset/password-reset-order.js';
import { toResultResponse } from '../../shared/handlers/password-reset-view.js';
import type { ReadablePassword } from '../../shared/password-reset/read-password-reset.js';
import { ResetError } from '../../shared/password-reset/reset-error.js';
import { isSettled, type ResetRow } from '../../shared/password-reset/reset-row.js';
import { Secret } from '../../shared/platform/secret.js';
import type { Hosts, LiveHost } from './hosts.js';
import type { Action, AskAction, Scenario } from './scenario.js';
import type { World } from './use-cases.js';

const httpBudgetMs = 25_000;
const processBudgetMs = 75_000;
const sweepEveryMs = 60_000;
const sweepBudgetMs = 280_000;
const caller = 'helpdesk';
const links = { monitor: () => '', result: () => '' };

/** Everybody who has to do with the service, in one run. */
export function createActors(world: World, hosts: Hosts, { actions }: Scenario) {
  const { scheduler, history, storage, control, queue, numbered } = world;
  const startMs = scheduler.nowMs;
  const asks = new Map<string, AskAction>();
  const peopleWhoRead = new Set<number>();
  let isStopped = false;

  queue.consumer = {
    process: () => hosts.pick(numbered('message'))?.process,
    consume: (process, resetId) =>
      process.withBudget(processBudgetMs, async (signal) => {
        await hosts.hostOf(process)?.useCases.processPasswordReset(resetId, signal);
      }),
    consumePoison: async (process, resetId) => {
      await hosts.hostOf(process)?.useCases.countPoisoned(resetId);
    },
  };

  return {
    start({ isSwept }: { readonly isSwept: boolean }): void {
      for (const action of actions) scheduler.at(startMs + action.atMs, () => act(action));
      if (isSwept) sweepSometimes();
    },

    /** Each reset by whoever asked for it. */
    readEverything(): void {
      for (const row of storage.rowsNow) read(row.resetId, 0);
    },

    stop(): void {
      isStopped = true;
    },
  };

  function act(action: Action): void {
    switch (action.kind) {
      case 'ask':
        for (const delayMs of [0, ...action.repeatsMs]) scheduler.after(delayMs, () => ask(action));
        return;
      case 'change': {
        changePassword(userIdOf(action.user));
        return;
      }
      case 'halt':
        control.shared.isHalted = true;
        scheduler.after(action.forMs, () => {
          control.shared.isHalted = false;
        });
        {
          history.note('operator', { kind: 'operated', what: 'stops the service' });
          return;
        }
      case 'brake': {
        const scope = action.scope === 'partner' ? 'partner' : customerIdOf(action.scope);
        void control.shared.brake(scope, scheduler.nowMs + action.forMs);
        history.note('operator', { kind: 'operated', what: `brakes ${scope}` });
        return;
      }
    }
  }

  function ask(action: AskAction): void {
    const host = hosts.pick(numbered(`ask ${action.ask}`));
    if (host === undefined) return;
    const order = orderOf(action);
    history.note(caller, { kind: 'asked', ask: action.ask, order });
    const fromMs = scheduler.nowMs;
    host.process
      .withBudget(httpBudgetMs, async (signal) => {
        const accept = host.useCases.acceptPasswordReset(String(action.ask));
        const { row, password } = await accept(order, signal).catch((error: unknown) => {
          turnAway(action, error);
          throw error;
        });
        asks.set(row.resetId, action);
        for (const delayMs of action.readsMs) scheduler.after(delayMs, () => read(row.resetId, 0));
        const readable: ReadablePassword =
          password !== undefined && row.delivery === 'response'
            ? { kind: 'password', password }
            : await readPassword(host, row, signal);
        tell(action, row, readable, fromMs);
      })
      .catch((error: unknown) => {
        if (codeOf(error) === undefined) fail(`ask ${action.ask}`, error);
      });
  }

  function tell(
    { ask: number }: AskAction,
    row: ResetRow,
    readable: ReadablePassword,
    fromMs: number,
  ): void {
    history.note(caller, { kind: 'told', ask: number, resetId: row.resetId, status: row.state });
    show(row, readable, fromMs);
  }

  function turnAway({ ask: number }: AskAction, error: unknown): void {
    const code = codeOf(error);
    if (code !== undefined) history.note(caller, { kind: 'turned away', ask: number, code });
  }

  /** Once more when storage does not answer. */
  function read(resetId: string, failures: number): void {
    const host = hosts.pick(numbered(`read of ${resetId}`));
    if (host === undefined) return;
    const fromMs = scheduler.nowMs;
    host.process
      .withBudget(httpBudgetMs, async (signal) => {
        const row = await host.useCases.readPasswordReset(resetId, caller);
        show(row, await readPassword(host, row, signal), fromMs);
      })
      .catch((error: unknown) => {
        if (codeOf(error) === undefined) fail(`read of ${resetId}`, error);
        else if (failures < 3) scheduler.after(1_000, () => read(resetId, failures + 1));
      });
  }

  function readPassword({ useCases }: LiveHost, row: ResetRow, signal: AbortSignal) {
    return useCases.readPassword(row, { name: caller, maySee: () => true }, signal);
  }

  /** What the answer over HTTP says is what somebody gets to know. */
  function show(row: ResetRow, readable: ReadablePassword, fromMs: number): void {
    const { resetId } = row;
    const { jsonBody } = toResultResponse(row, readable, { links, nowMs: scheduler.nowMs });
    const { password } = jsonBody as { readonly password?: string };
    if (password !== undefined) {
      history.note(caller, { kind: 'disclosed', resetId, password, fromMs });
      const action = asks.get(resetId);
      if (action?.userChangesMs === undefined || peopleWhoRead.has(action.ask)) return;
      peopleWhoRead.add(action.ask);
      scheduler.after(action.userChangesMs, () => changePassword(userIdOf(action.user)));
    } else if (isSettled(row)) {
      history.note(caller, { kind: 'withheld', resetId, why: readable.kind });
    }
  }

  function changePassword(user: UserId): void {
    const password = numbered('own password');
    history.note(`user ${user}`, { kind: 'changed', user, password });
  }

  function sweepSometimes(): void {
    scheduler.after(sweepEveryMs, () => {
      if (isStopped) return;
      sweepSometimes();
      // It would find nothing.
      if (storage.openRows === 0) return;
      const host = hosts.pick(numbered('sweep'));
      if (host === undefined) return;
      host.process
        .withBudget(sweepBudgetMs, (signal) => host.useCases.sweepPasswordResets(2, signal))
        .catch((error: unknown) => {
          if (codeOf(error) === undefined) fail('sweep', error);
        });
    });
  }

  function fail(what: string, error: unknown): void {
    history.note('test', { kind: 'failed', what, error: String(error) });
  }
}

function orderOf({ ask, user, isChosen, delivery, key }: AskAction): PasswordResetOrder {
  return {
    caller,
    customer: { kind: 'id', customerTenantId: customerIdOf(user) },
    user: { kind: 'id', userId: userIdOf(user) },
    ...(isChosen && { password: new Secret(`Chosen-${ask}`) }),
    forceChangePassword: true,
    delivery,
    ...(key !== undefined && { idempotencyKey: key }),
  };
}

function userIdOf(user: number): UserId {
  return `user-${user}` as UserId;
}

/** Every other user belongs to the same customer. */
function customerIdOf(user: number): CustomerTenantId {
  return `customer-${user % 2}` as CustomerTenantId;
}

/** The code of a foreseen failure. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof ResetError) return error.code;
  return (error as { readonly name?: unknown }).name === 'TimeoutError' ? 'TimedOut' : undefined;
}
