import { toResultResponse } from '../../shared/handlers/password-reset-view.js';
import type { UserId } from '../../shared/password-reset/ids.js';
import type { PasswordResetOrder } from '../../shared/password-reset/password-reset-order.js';
import type { ReadablePassword } from '../../shared/password-reset/read-password-reset.js';
import { isSettled, type ResetRow } from '../../shared/password-reset/reset-row.js';
import { Secret } from '../../shared/platform/secret.js';
import { decryptAsRecipient, fakeRecipientKeyId } from '../fakes/fake-recipient.js';
import { foreseenCodeOf } from './foreseen.js';
import type { Hosts, LiveHost } from './hosts.js';
import { caller, customerIdOf, userIdOf } from './people.js';
import type { AskAction } from './scenario.js';
import type { World } from './world.js';

export const httpBudgetMs = 25_000;
const links = { monitor: () => '', result: () => '' };
const readFailuresBorne = 3;
const always = () => true;

/** What the answer over HTTP may hold. */
interface ShownReset {
  readonly password?: string;
  readonly encryptedPassword?: string;
  readonly link?: string;
}

export type Callers = ReturnType<typeof createCallers>;

/** Who asks for resets and reads their passwords, and the users who then change them. */
export function createCallers(world: World, hosts: Hosts) {
  const { scheduler, history, numbered } = world;
  const userChangesMs = new Map<string, number | undefined>();
  const opensMs = new Map<string, readonly number[]>();

  return { ask, read, readPassword, show, changePassword, expectChange, expectOpening, fail };

  function ask(action: AskAction): void {
    for (const delayMs of [0, ...action.repeatsMs]) {
      scheduler.after(delayMs, () => askOnce(action));
    }
  }

  function askOnce(action: AskAction): void {
    const host = hosts.pick(numbered(`ask ${action.ask}`));
    if (host === undefined) return;
    const order = orderOf(action);
    history.note(caller, { kind: 'asked', ask: action.ask, order });
    const fromMs = scheduler.nowMs;
    host.process
      .withBudget(httpBudgetMs, async (signal) => {
        const accept = host.useCases.acceptPasswordReset(String(action.ask));
        const { row, password } = await accept(order, signal).catch((error: unknown) => {
          const code = foreseenCodeOf(error);
          if (code) history.note(caller, { kind: 'turned away', ask: action.ask, code });
          throw error;
        });
        const { resetId } = row;
        expectChange(resetId, action.userChangesMs);
        expectOpening(resetId, action.opensMs);
        for (const delayMs of action.readsMs) scheduler.after(delayMs, () => read(resetId));
        const readable: ReadablePassword =
          password !== undefined && row.delivery === 'response'
            ? { kind: 'password', password }
            : await readPassword(host, row, signal);
        const status = row.state;
        history.note(caller, { kind: 'told', ask: action.ask, resetId, status });
        show(row, readable, fromMs);
      })
      .catch((error: unknown) => fail(`ask ${action.ask}`, error));
  }

  /** Again when storage does not answer. */
  function read(resetId: string, failures = 0): void {
    const host = hosts.pick(numbered(`read of ${resetId}`));
    if (host === undefined) return;
    const fromMs = scheduler.nowMs;
    host.process
      .withBudget(httpBudgetMs, async (signal) => {
        const row = await host.useCases.readPasswordReset(resetId, caller);
        show(row, await readPassword(host, row, signal), fromMs);
      })
      .catch((error: unknown) => {
        fail(`read of ${resetId}`, error);
        if (failures < readFailuresBorne) scheduler.after(1_000, () => read(resetId, failures + 1));
      });
  }

  function readPassword(
    { useCases }: LiveHost,
    row: ResetRow,
    signal: AbortSignal,
  ): Promise<ReadablePassword> {
    return useCases.readPassword(
      row,
      { name: caller, mayReceive: always, hasRecipientKey: always, maySee: always },
      signal,
    );
  }

  /** What the answer over HTTP says is what somebody gets to know. */
  function show(row: ResetRow, readable: ReadablePassword, fromMs: number): void {
    const { resetId, userId } = row;
    const { jsonBody } = toResultResponse(row, readable, { links, nowMs: scheduler.nowMs });
    const { password, encryptedPassword, link } = jsonBody as ShownReset;
    if (password !== undefined) {
      disclose({ resetId, userId }, password, fromMs);
    } else if (encryptedPassword !== undefined) {
      disclose({ resetId, userId }, decryptAsRecipient(encryptedPassword), fromMs);
    } else if (link !== undefined) {
      const opens = opensMs.get(resetId) ?? [];
      opensMs.delete(resetId);
      for (const delayMs of opens) scheduler.after(delayMs, () => open(link, row));
    } else if (isSettled(row)) {
      const why = row.state === 'applied' ? readable.kind : row.state;
      history.note(caller, { kind: 'withheld', resetId, why });
    }
  }

  /** Whoever has the link, as often as a browser or a scanner does. */
  function open(link: string, row: ResetRow): void {
    const host = hosts.pick(numbered(`opening of ${row.resetId}`));
    if (host === undefined) return;
    const fromMs = scheduler.nowMs;
    host.process
      .withBudget(httpBudgetMs, async (signal) => {
        const token = link.slice(link.lastIndexOf('/') + 1);
        const opened = await host.useCases.revealPassword.open({ token, requestId: token }, signal);
        if (opened.kind === 'password') disclose(row, opened.password.reveal(), fromMs);
        else history.note(caller, { kind: 'withheld', resetId: row.resetId, why: opened.kind });
      })
      .catch((error: unknown) => fail(`opening of ${row.resetId}`, error));
  }

  function disclose(
    { resetId, userId }: { readonly resetId: string; readonly userId?: UserId | undefined },
    password: string,
    fromMs: number,
  ): void {
    history.note(caller, { kind: 'disclosed', resetId, password, fromMs });
    const changesMs = userChangesMs.get(resetId);
    userChangesMs.delete(resetId);
    if (changesMs === undefined || userId === undefined) return;
    scheduler.after(changesMs, () => changePassword(userId));
  }

  /** Once somebody has the link of that reset, it is opened after each of these times. */
  function expectOpening(resetId: string, delaysMs: readonly number[] | undefined): void {
    if (delaysMs !== undefined && !opensMs.has(resetId)) opensMs.set(resetId, delaysMs);
  }

  /** Once somebody has read the password of that reset, the user chooses another one. */
  function expectChange(resetId: string, changesMs: number | undefined): void {
    if (!userChangesMs.has(resetId)) userChangesMs.set(resetId, changesMs);
  }

  function changePassword(user: UserId): void {
    const password = numbered('own password');
    history.note(user, { kind: 'changed', user, password });
  }

  function fail(what: string, error: unknown): void {
    if (foreseenCodeOf(error) !== undefined) return;
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
    ...(delivery === 'recipientKey' && { recipientKeyId: fakeRecipientKeyId }),
    ...(key !== undefined && { idempotencyKey: key }),
  };
}
