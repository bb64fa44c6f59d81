import { createApiClient, passwordWorks, sendBulkJob, uploadCsv } from '../api-client.js';
import type { Stack } from '../stack.js';
import { type DemoRow, pickRows, toCsv } from './bulk-rows.js';

export interface SingleFacts {
  readonly userPrincipalName: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly oldPasswordWorkedBefore: boolean;
  readonly newPasswordWorks: boolean;
  readonly oldPasswordWorks: boolean;
}

export interface BulkFacts {
  readonly rows: number;
  readonly seconds: number;
  readonly resetsPerSecond: number;
  readonly outcomes: readonly OutcomeFacts[];
  /** Rows that came to something else than the directory makes one expect. */
  readonly unexpected: readonly string[];
  readonly deliveredPasswords: number;
  readonly workingPasswords: number;
}

export interface OutcomeFacts {
  readonly outcome: string;
  readonly rows: number;
  readonly reason?: string;
}

/** One reset over HTTP, and what it did to the user's old and new password. */
export async function resetOne(stack: Stack): Promise<SingleFacts> {
  const { facts, directory } = stack;
  const { customerTenantId: tenant, userId, userPrincipalName, customerDomain } = facts.samples;
  const oldPassword = directory.passwordHistory(tenant, userId).at(-1)?.password ?? '';
  const signInWith = (password: string) =>
    passwordWorks(facts, { tenant, userPrincipalName, password });
  const oldPasswordWorkedBefore = await signInWith(oldPassword);

  const startedAt = performance.now();
  const { status, body } = await createApiClient(facts, 'helpdesk').post('/password-resets', {
    customer: customerDomain,
    user: userPrincipalName,
    delivery: 'response',
    reference: 'DEMO-1',
  });
  const milliseconds = Math.round(performance.now() - startedAt);
  const { password = '' } = body as { password?: string };
  return {
    userPrincipalName,
    status,
    milliseconds,
    oldPasswordWorkedBefore,
    newPasswordWorks: await signInWith(password),
    oldPasswordWorks: await signInWith(oldPassword),
  };
}

interface Monitor {
  readonly status: string;
  readonly progress: { readonly succeeded: number; readonly failed: number; readonly open: number };
}

interface RowView {
  readonly row: number;
  readonly status: string;
  readonly password?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const pollMs = 250;

/** A job from a CSV in the inbox to its last row, with every delivered password tried. */
export async function resetMany(
  { facts, directory }: Stack,
  count: number,
  onProgress: (settled: number, total: number) => void,
): Promise<BulkFacts> {
  const api = createApiClient(facts, 'bulk-queue');
  const rows = pickRows(directory, count);
  const startedAt = performance.now();
  const blob = await uploadCsv(facts, 'demo.csv', toCsv(rows));
  const jobId = await sendBulkJob(facts, { delivery: 'response', blob });
  for (;;) {
    const { status, body } = await api.get(`/bulk-resets/${jobId}`);
    if (status === 200) {
      const { status: state, progress } = body as Monitor;
      onProgress(progress.succeeded + progress.failed, rows.length);
      if (state !== 'NotStarted' && state !== 'Running') break;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const seconds = (performance.now() - startedAt) / 1000;

  const views = await readRows(api, jobId);
  const isExpected = (row: DemoRow, index: number) => outcomeOf(views[index]) === row.expected;
  const delivered = views.flatMap(({ row, password }) =>
    password === undefined ? [] : [{ row: rows[row - 1], password }],
  );
  const tried = await Promise.all(
    delivered.map(({ row, password }) =>
      passwordWorks(facts, {
        tenant: row?.customerTenantId ?? '',
        userPrincipalName: row?.userPrincipalName ?? '',
        password,
      }),
    ),
  );
  return {
    rows: rows.length,
    seconds: Number(seconds.toFixed(2)),
    resetsPerSecond: Math.round(rows.length / seconds),
    outcomes: countOutcomes(views),
    unexpected: rows.flatMap((row, index) =>
      isExpected(row, index)
        ? []
        : [`row ${index + 1}: ${outcomeOf(views[index])} instead of ${row.expected}`],
    ),
    deliveredPasswords: delivered.length,
    workingPasswords: tried.filter(Boolean).length,
  };
}

async function readRows(
  api: ReturnType<typeof createApiClient>,
  jobId: string,
): Promise<RowView[]> {
  const views: RowView[] = [];
  let next: string | undefined = `/bulk-resets/${jobId}/rows?limit=1000`;
  while (next !== undefined) {
    const page = (await api.get(next)).body as { items: RowView[]; nextLink?: string };
    views.push(...page.items);
    next = page.nextLink;
  }
  return views;
}

function outcomeOf(view: RowView | undefined): string {
  return view?.error?.code ?? view?.status ?? 'no row';
}

function countOutcomes(views: readonly RowView[]): OutcomeFacts[] {
  const counted = new Map<string, OutcomeFacts>();
  for (const view of views) {
    const outcome = outcomeOf(view);
    const reason = view.error?.message;
    const rows = (counted.get(outcome)?.rows ?? 0) + 1;
    counted.set(outcome, { outcome, rows, ...(reason !== undefined && { reason }) });
  }
  return [...counted.values()].sort((left, right) => right.rows - left.rows);
}
