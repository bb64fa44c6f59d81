import { createApiClient } from '../../infra/local/api-client.js';
import type { StackFacts } from '../../infra/local/stack.js';
import { eventually } from './eventually.js';

export interface BulkResetView {
  readonly id: string;
  readonly status: string;
  readonly rows?: { readonly total: number; readonly invalid: number };
  readonly progress: { readonly succeeded: number; readonly failed: number; readonly open: number };
  readonly failures: Readonly<Record<string, number>>;
  readonly invalidRows?: readonly { readonly line?: number; readonly code: string }[];
  readonly error?: { readonly code: string; readonly message: string };
}

export interface BulkRowView {
  readonly row: number;
  readonly status: string;
  readonly userId?: string;
  readonly password?: string;
  readonly encryptedPassword?: string;
  readonly link?: string;
  readonly error?: { readonly code: string };
}

/** The job when it has come to an end. */
export function waitForBulkReset(
  facts: StackFacts,
  id: string,
  caller = 'bulk-queue',
): Promise<BulkResetView> {
  const api = createApiClient(facts, caller);
  return eventually(
    async () => {
      const { status, body } = await api.get(`/bulk-resets/${id}`);
      if (status !== 200) return undefined;
      const view = body as BulkResetView;
      return view.status === 'NotStarted' || view.status === 'Running' ? undefined : view;
    },
    { withinMs: 60_000 },
  );
}

export async function readBulkRows(
  facts: StackFacts,
  id: string,
  caller = 'bulk-queue',
): Promise<BulkRowView[]> {
  const api = createApiClient(facts, caller);
  const rows: BulkRowView[] = [];
  let next: string | undefined = `/bulk-resets/${id}/rows`;
  while (next !== undefined) {
    const page = (await api.get(next)).body as { items: BulkRowView[]; nextLink?: string };
    rows.push(...page.items);
    next = page.nextLink;
  }
  return rows;
}
