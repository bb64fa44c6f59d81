import { setTimeout as sleep } from 'node:timers/promises';
import { createApiClient, passwordWorks, sendBulkJob, uploadCsv } from '../api-client.js';
import type { Stack } from '../stack.js';
import { pickRows, toCsv } from './bulk-rows.js';

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

interface Monitor {
  readonly status: string;
  readonly progress: { readonly succeeded: number; readonly failed: number; readonly open: number };
}

interface RowView {
  readonly row: number;
  readonly status: string;
  readonly password?: string;
  readonly passwordWithheld?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const pollMs = 250;

/** A job from a CSV in the inbox to its last row, with every delivered password tried. */
export async function resetMany(
  { facts, directory }: Pick<Stack, 'facts' | 'directory'>,
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
    await sleep(pollMs);
  }
  const seconds = (performance.now() - startedAt) / 1000;

  const views = await readSettledRows(api, jobId);
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
    unexpected: rows.flatMap((row, index) => {
      const outcome = outcomeOf(views[index]);
      return outcome === row.expected
        ? []
        : [`row ${index + 1}: ${outcome} instead of ${row.expected}`];
    }),
    deliveredPasswords: delivered.length,
    workingPasswords: tried.filter(Boolean).length,
  };
}

/** The rows when every password may be read: after a lost answer a row that has succeeded keeps it back. */
async function readSettledRows(
  api: ReturnType<typeof createApiClient>,
  jobId: string,
): Promise<RowView[]> {
  for (;;) {
    const views = await readRows(api, jobId);
    if (!views.some(({ passwordWithheld }) => passwordWithheld === 'Settling')) return views;
    await sleep(pollMs);
  }
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
  if (view?.status === 'Succeeded' && view.password === undefined) return 'no password';
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
