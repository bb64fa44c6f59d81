import { createHash } from 'node:crypto';
import { ResetError } from '../password-reset/reset-error.js';
import {
  type BulkResetFacts,
  type BulkResetOrder,
  type BulkResetRow,
  type BulkResetState,
  type RowCounts,
  type RowFault,
} from './bulk-reset.js';
import type { ReadBulkRows } from './bulk-rows.js';
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

/** The faults that are kept and shown; a file with more has one fault that repeats. */
const maxFaults = 1_000;

/**
 * Takes a job from its order to its rows: the whole of it is read and checked before the first row
 * is made. It can be repeated from anywhere: what was done is found done.
 *
 * Resolves with the job, which may be refused; rejects with a {@link ResetError} for what may pass
 * by itself, and with `BulkResetConflict` when another order was given the same id.
 */
export function createProcessBulkReset(dependencies: ProcessBulkDependencies) {
  const { bulkResets, inbox, rowFaults, readBulkRows, splitRows, now } = dependencies;

  return async (order: BulkResetOrder, signal: AbortSignal): Promise<BulkResetRow> => {
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
    if (job.row.state === 'split') return job.row;

    const readRows = readBulkRows(order);
    const open = createOpenContent(order, inbox, signal);
    if (job.row.state === 'validating') {
      job = await move(job, await validate(order, readRows(open(), signal), open));
    } else if (job.row.state === 'splitting') {
      // Another invocation checked the content and left off; the file may be another one by now.
      await readThrough(open());
      open.requireSameContent();
    }
    if (job.row.state !== 'splitting') return job.row;

    const { counts } = job.row;
    await splitRows(job.row, readRows(open(), signal), signal);
    return (await move(job, { state: 'split', counts })).row;
  };

  function move(job: StoredBulkReset, state: BulkResetState): Promise<StoredBulkReset> {
    return replace(job, { ...factsOf(job.row), ...state });
  }

  async function replace(job: StoredBulkReset, row: BulkResetRow): Promise<StoredBulkReset> {
    const stored = await bulkResets.replace(row, job.etag);
    if (stored !== 'conflict') return stored;
    // Somebody else works on the same job; the message comes again and finds what they did.
    throw new ResetError('StorageUnavailable', 'The bulk reset was changed by another worker');
  }

  async function validate(
    order: BulkResetOrder,
    rows: ReturnType<ReturnType<ReadBulkRows>>,
    open: OpenContent,
  ): Promise<BulkResetState> {
    const faults: RowFault[] = [];
    const counts = { valid: 0, invalid: 0, lastRow: 0 };
    let isFileFaulty = false;
    try {
      for await (const row of rows) {
        if ('fault' in row) {
          counts.invalid += 1;
          counts.lastRow = Math.max(counts.lastRow, row.fault.row ?? 0);
          isFileFaulty ||= row.fault.row === undefined;
          if (faults.length < maxFaults) faults.push(row.fault);
        } else {
          counts.valid += 1;
          counts.lastRow = row.row;
        }
      }
      open.requireSameContent();
    } catch (error) {
      if (error instanceof ResetError && error.code === 'InvalidRequest') return refused(error);
      throw error;
    }
    if (faults.length > 0) await rowFaults.write(order.bulkResetId, faults);
    const isRefused = isFileFaulty || (counts.invalid > 0 && order.onInvalidRows === 'refuse');
    if (isRefused || counts.valid === 0) return refusedFor(counts);
    return { state: 'splitting', counts, splitRows: 0 };
  }
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

function refused({ code, message }: ResetError): BulkResetState {
  return { state: 'refused', code, message };
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

interface OpenContent {
  (): AsyncIterable<Uint8Array>;
  /** @throws {@link ResetError} `InvalidRequest` when what was read last is not what was ordered */
  requireSameContent(): void;
}

/** Reads the ordered content, always the same version of it, and hashes it on the way. */
function createOpenContent(
  { source }: BulkResetOrder,
  inbox: Inbox,
  signal: AbortSignal,
): OpenContent {
  let file: Awaited<ReturnType<Inbox['find']>>;
  let hash = createHash('sha256');
  let sha256: string | undefined;

  async function* content(): AsyncGenerator<Uint8Array> {
    if (source.kind === 'rows') return;
    file ??= await inbox.find(source.name, signal);
    if (file === undefined) {
      throw new ResetError(
        'InvalidRequest',
        'There is no such file in the bulk inbox: upload it, then send the message again',
      );
    }
    hash = createHash('sha256');
    for await (const chunk of inbox.read(file, signal)) {
      hash.update(chunk);
      yield chunk;
    }
    sha256 = hash.digest('hex');
  }

  return Object.assign(content, {
    requireSameContent() {
      // A fault of the file ends the reading early; then the file is refused for that.
      if (source.kind === 'rows' || sha256 === undefined || sha256 === source.sha256) return;
      throw new ResetError(
        'InvalidRequest',
        'The file in the bulk inbox is not the one that was meant: its SHA-256 differs',
      );
    },
  });
}

/** For the sake of the hash. */
async function readThrough(content: AsyncIterable<Uint8Array>): Promise<void> {
  const chunks = content[Symbol.asyncIterator]();
  let isDone = false;
  while (!isDone) isDone = (await chunks.next()).done === true;
}
