import { createHash } from 'node:crypto';
import { ResetError } from '../password-reset/reset-error.js';
import {
  type BulkResetFacts,
  type BulkResetOrder,
  type BulkResetRow,
  type BulkResetState,
  type RowCounts,
} from './bulk-reset.js';
import type { ReadBulkRows } from './bulk-rows.js';
import { type CheckedRows, checkRows } from './check-rows.js';
import { createOpenContent } from './open-content.js';
import type { BulkResetStore, Inbox, RowFaults, StoredBulkReset } from './ports.js';
import type { SplitRows } from './split-rows.js';

export interface ProcessBulkDependencies {
  readonly bulkResets: BulkResetStore;
  readonly inbox: Inbox;
  readonly rowFaults: RowFaults;
  readonly readBulkRows: ReadBulkRows;
  readonly splitRows: SplitRows;
  readonly now: () => number;
}

/** What has not passed by then does not pass by itself. */
const maxAgeMs = 24 * 3_600_000;

/**
 * Takes a job from its order to its rows: the whole of it is read and checked before the first row
 * is made. It can be repeated from anywhere: what was done is found done.
 *
 * Resolves with the job: split; refused or stopped for good; or still splitting when the time is
 * over, to be continued. Rejects with a {@link ResetError} for what may pass by itself, and with
 * `BulkResetConflict` when another order was given the same id.
 */
export function createProcessBulkReset(dependencies: ProcessBulkDependencies) {
  const { bulkResets, inbox, rowFaults, readBulkRows, splitRows, now } = dependencies;

  return async (order: BulkResetOrder, signal: AbortSignal): Promise<BulkResetRow> => {
    let job = await takeUp(order);
    if (job.row.state !== 'validating' && job.row.state !== 'splitting') return job.row;
    try {
      const readRows = readBulkRows(order);
      const open = createOpenContent(order, inbox, signal);
      const checked = await checkRows(readRows(open(), signal));
      open.requireSameContent();
      if (job.row.state === 'validating') {
        job = await move(job, await decide(order, checked));
      } else {
        requireSameRows(job.row, checked);
      }
      if (job.row.state !== 'splitting') return job.row;

      const { counts, checkedSha256 } = job.row;
      for await (const done of splitRows(job.row, readRows(open(), signal), signal)) {
        job = await move(job, { state: 'splitting', counts, checkedSha256, splitRows: done });
        if (signal.aborted) return job.row;
      }
      return (await move(job, { state: 'split', counts })).row;
    } catch (error) {
      const failure = failureOf(error, signal);
      if (!(failure instanceof ResetError) || !isFinal(failure, job.row)) throw failure;
      return (await move(job, endOf(job.row, failure))).row;
    }
  };

  async function takeUp(order: BulkResetOrder): Promise<StoredBulkReset> {
    const accepted = acceptedRow(order, now());
    let job = await bulkResets.createOrRead(accepted);
    // Nothing of a refused job was started, so a mended order may take its place.
    if (job.row.state === 'refused' && job.row.caller === accepted.caller) {
      job = await replace(job, accepted);
    }
    if (job.row.fingerprint !== accepted.fingerprint || job.row.caller !== accepted.caller) {
      throw new ResetError(
        'BulkResetConflict',
        `Cannot take the bulk reset ${order.bulkResetId}: another one has that id`,
      );
    }
    return job;
  }

  function move(job: StoredBulkReset, state: BulkResetState): Promise<StoredBulkReset> {
    return replace(job, { ...factsOf(job.row), ...state });
  }

  async function replace(job: StoredBulkReset, row: BulkResetRow): Promise<StoredBulkReset> {
    const stored = await bulkResets.replace(row, job.etag);
    if (stored !== 'conflict') return stored;
    // Somebody else works on the same job; the message comes again and finds what they did.
    throw new ResetError('StorageUnavailable', 'The bulk reset was changed by another worker');
  }

  async function decide(
    { bulkResetId, onInvalidRows }: BulkResetOrder,
    { counts, sha256, faults, isFileFaulty }: CheckedRows,
  ): Promise<BulkResetState> {
    if (faults.length > 0) await rowFaults.write(bulkResetId, faults);
    const isRefused = isFileFaulty || (counts.invalid > 0 && onInvalidRows === 'refuse');
    if (isRefused || counts.valid === 0) return refusedFor(counts);
    return { state: 'splitting', counts, checkedSha256: sha256, splitRows: 0 };
  }

  function isFinal({ recovery }: ResetError, { acceptedAtMs }: BulkResetFacts): boolean {
    return recovery === 'never' || (recovery === 'later' && now() - acceptedAtMs >= maxAgeMs);
  }
}

/**
 * Another invocation checked the rows and left off. A customer may have gone out of reach since, or
 * come into it: then some rows would be lost, or run although they were left out. So a job is
 * continued only with exactly the rows that were checked.
 */
function requireSameRows(
  { checkedSha256 }: Extract<BulkResetState, { state: 'splitting' }>,
  { sha256 }: CheckedRows,
): void {
  if (sha256 === checkedSha256) return;
  throw new ResetError(
    'InvalidRows',
    'Since the rows were checked, others have become usable or unusable',
  );
}

/** Records an order that could not even be read, so that whoever gave it finds out why. */
export function createRefuseBulkReset({
  bulkResets,
  now,
}: Pick<ProcessBulkDependencies, 'bulkResets' | 'now'>) {
  return async (
    { bulkResetId, caller }: Pick<BulkResetOrder, 'bulkResetId' | 'caller'>,
    error: ResetError,
  ): Promise<void> => {
    await bulkResets.createOrRead({
      bulkResetId,
      caller,
      delivery: 'none',
      fingerprint: '',
      acceptedAtMs: now(),
      ...refused(error),
    });
  };
}

/** What is cut off by the end of the time rejects in words of its own. */
function failureOf(error: unknown, { aborted }: AbortSignal): unknown {
  if (!aborted || error instanceof ResetError) return error;
  return new ResetError('StorageUnavailable', 'The time was over too early', { cause: error });
}

/** Nobody knows whether rows were made that `splitRows` does not tell of yet. */
function endOf(row: BulkResetRow, error: ResetError): BulkResetState {
  if (row.state !== 'splitting') return refused(error);
  const { counts, splitRows } = row;
  const message = `${error.message}. Start a new job for the rows that were not started`;
  return { state: 'stopped', code: error.code, message, counts, splitRows };
}

function refused({ code, message, target }: ResetError): BulkResetState {
  const where = target === undefined ? '' : `${target}: `;
  return { state: 'refused', code, message: `${where}${message}` };
}

function refusedFor(counts: RowCounts): BulkResetState {
  const message = `Nothing was started: ${counts.invalid} of ${counts.invalid + counts.valid} rows cannot be used`;
  return { state: 'refused', code: 'InvalidRows', message, counts };
}

function acceptedRow(order: BulkResetOrder, acceptedAtMs: number): BulkResetRow {
  const { bulkResetId, caller, delivery, reference } = order;
  return {
    bulkResetId,
    caller,
    delivery,
    ...(reference !== undefined && { reference }),
    fingerprint: createHash('sha256').update(JSON.stringify(order)).digest('hex'),
    acceptedAtMs,
    state: 'validating',
  };
}

function factsOf({
  bulkResetId,
  caller,
  delivery,
  reference,
  fingerprint,
  acceptedAtMs,
}: BulkResetRow): BulkResetFacts {
  const facts = { bulkResetId, caller, delivery, fingerprint, acceptedAtMs };
  return { ...facts, ...(reference !== undefined && { reference }) };
}
