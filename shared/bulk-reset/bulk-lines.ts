import { ResetError } from '../password-reset/reset-error.js';
import { isSettled } from '../password-reset/reset-row.js';
import {
  bulkRowNumber,
  type BulkResetOrder,
  type BulkResetRow,
  type RowFault,
  type RowFields,
} from './bulk-reset.js';
import { readCsvRows } from './csv-rows.js';
import { createOpenContent } from './open-content.js';
import type { BulkOrders, BulkResetRows, BulkResetStore, Inbox } from './ports.js';
import { pagesOf } from './read-bulk-reset.js';
import { readOrder } from './read-order.js';

/** One row as it stands in the order, nothing of it checked. */
export interface UncheckedRow {
  readonly line?: number;
  readonly row: number;
  readonly fields: RowFields;
}

export type BulkLine = UncheckedRow | { readonly fault: RowFault };

/** The lines of an order, which can be read again and are the same each time. */
export interface BulkLines {
  read(): AsyncIterable<BulkLine>;
  /** Rejects with `InvalidRequest` when what was read is not what was ordered. */
  requireSameContent(): Promise<void>;
}

export interface OpenLinesDependencies {
  readonly inbox: Inbox;
  readonly orders: Pick<BulkOrders, 'read'>;
  readonly bulkResets: Pick<BulkResetStore, 'read'>;
  readonly rows: Pick<BulkResetRows, 'page'>;
}

export type OpenLines = ReturnType<typeof createOpenLines>;

/** Where the rows of a job come from. */
export function createOpenLines({ inbox, orders, bulkResets, rows }: OpenLinesDependencies) {
  return open;

  function open(order: BulkResetOrder, signal: AbortSignal): BulkLines {
    const { source } = order;
    switch (source.kind) {
      case 'rows':
        return unchanging(() => inOrder(source.rows));
      case 'csv':
        return unchanging(() => readCsvRows(bytesOf(source.csv)));
      case 'blob': {
        const content = createOpenContent(source, inbox, signal);
        return {
          read: () => readCsvRows(content.read()),
          requireSameContent: () => content.requireSameContent(),
        };
      }
      case 'failedRows':
        return openFailed(source.of, order.caller, signal);
    }
  }

  /** The lines of another job whose rows failed, under the numbers they had there. */
  function openFailed(bulkResetId: string, caller: string, signal: AbortSignal): BulkLines {
    let found: Awaited<ReturnType<typeof find>> | undefined;
    return {
      async *read() {
        found ??= await find();
        for await (const line of found.original.read()) {
          if ('fault' in line || !found.failed.has(line.row)) continue;
          yield { ...line, fields: withDefaults(line.fields, found.order) };
        }
      },
      requireSameContent: () => found?.original.requireSameContent() ?? Promise.resolve(),
    };

    async function find() {
      const job = await bulkResets.read(bulkResetId);
      if (job?.row.caller !== caller) throw notThere();
      const order = await readOrder(orders, job.row, signal);
      if (order === undefined) throw notThere();
      const failed = await failedRowsOf(job.row);
      return { order, failed, original: open(order, signal) };
    }
  }

  async function failedRowsOf(job: BulkResetRow): Promise<ReadonlySet<number>> {
    if (job.state !== 'split' && job.state !== 'stopped') throw notOver();
    const failed = new Set<number>();
    for await (const page of pagesOf(job, rows)) {
      for (const row of page) {
        if (!isSettled(row)) throw notOver();
        if (row.state !== 'applied') failed.add(bulkRowNumber(row));
      }
    }
    return failed;
  }
}

function unchanging(read: () => AsyncIterable<BulkLine>): BulkLines {
  return { read, requireSameContent: () => Promise.resolve() };
}

async function* inOrder(rows: readonly RowFields[]): AsyncGenerator<BulkLine> {
  for (const [index, fields] of rows.entries()) {
    yield await Promise.resolve({ row: index + 1, fields });
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

/** What the rows of that order meant when they said nothing. */
function withDefaults(
  fields: RowFields,
  { customer, forceChangePassword }: BulkResetOrder,
): RowFields {
  const customerText = customer?.kind === 'id' ? customer.customerTenantId : customer?.domain;
  return {
    ...fields,
    customer: fields.customer ?? customerText,
    forceChangePassword: fields.forceChangePassword ?? forceChangePassword,
  };
}

function notThere(): ResetError {
  return new ResetError(
    'BulkResetNotFound',
    'Cannot run failed rows again: there is no such bulk reset, or it is too long ago',
  );
}

function notOver(): ResetError {
  return new ResetError(
    'BulkResetConflict',
    'Cannot run failed rows again: the bulk reset is not over yet',
  );
}
