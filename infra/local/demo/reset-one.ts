import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiAnswer, createApiClient, passwordWorks } from '../api-client.js';
import type { Stack } from '../stack.js';

export interface SingleFacts {
  readonly userPrincipalName: string;
  /** Of the first answer: 202 means that the result was waited for. */
  readonly status: number;
  /** `Succeeded`, or the code of the error. */
  readonly outcome: string;
  readonly reason?: string;
  /** Until the end of the reset. */
  readonly milliseconds: number;
  readonly oldPasswordWorkedBefore: boolean;
  /** Absent when no password was handed out. */
  readonly newPasswordWorks?: boolean;
  readonly oldPasswordWorks: boolean;
}

interface ResetView {
  readonly status?: string;
  readonly password?: string;
  readonly passwordWithheld?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** One reset over HTTP, and what it did to the user's old and new password. */
export async function resetOne({
  facts,
  directory,
}: Pick<Stack, 'facts' | 'directory'>): Promise<SingleFacts> {
  const { customerTenantId: tenant, userId, userPrincipalName, customerDomain } = facts.samples;
  const oldPassword = directory.passwordHistory(tenant, userId).at(-1)?.password ?? '';
  const signInWith = (password: string) =>
    passwordWorks(facts, { tenant, userPrincipalName, password });
  const oldPasswordWorkedBefore = await signInWith(oldPassword);

  const api = createApiClient(facts, 'helpdesk');
  const startedAt = performance.now();
  const first = await api.post('/password-resets', {
    customer: customerDomain,
    user: userPrincipalName,
    delivery: 'response',
    reference: 'DEMO-1',
  });
  const { status, password, error } = await untilOver(api, first);
  const milliseconds = Math.round(performance.now() - startedAt);

  return {
    userPrincipalName,
    status: first.status,
    outcome: error?.code ?? status ?? 'no answer',
    ...(error !== undefined && { reason: error.message }),
    milliseconds,
    oldPasswordWorkedBefore,
    ...(password !== undefined && { newPasswordWorks: await signInWith(password) }),
    oldPasswordWorks: await signInWith(oldPassword),
  };
}

/** Asks where `Location` leads, as often as `Retry-After` says, until that is no 202 any more. */
async function untilOver(
  api: ReturnType<typeof createApiClient>,
  first: ApiAnswer,
): Promise<ResetView> {
  let answer = first;
  while (answer.status === 202) {
    const result = answer.headers.get('location') ?? '';
    await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1_000);
    answer = await api.get(result);
  }
  return answer.body as ResetView;
}
