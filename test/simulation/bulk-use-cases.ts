import { createOpenLines } from '../../shared/bulk-reset/bulk-lines.js';
import { allowEverything, withoutApproval } from '../fakes/allow-everything.js';
import { createReadBulkRows } from '../../shared/bulk-reset/bulk-rows.js';
import {
  createAcknowledgeBulkReset,
  createCancelBulkReset,
} from '../../shared/bulk-reset/change-bulk-reset.js';
import { createProcessBulkReset } from '../../shared/bulk-reset/process-bulk-reset.js';
import { createProcessSlice } from '../../shared/bulk-reset/process-slice.js';
import { createReadBulkReset } from '../../shared/bulk-reset/read-bulk-reset.js';
import { createSplitRows } from '../../shared/bulk-reset/split-rows.js';
import {
  createKeepBulkReset,
  createSubmitBulkReset,
} from '../../shared/bulk-reset/submit-bulk-reset.js';
import { createSweepBulkResets } from '../../shared/bulk-reset/sweep-bulk-resets.js';
import { createWakeSlices } from '../../shared/bulk-reset/wake-slices.js';
import { defaultLimits } from '../../shared/password-reset/reset-row.js';
import { FakeInbox } from '../fakes/fake-inbox.js';
import type { HostProcess } from './host-process.js';
import { bulkRowsOf } from './simulated-jobs.js';
import type { UseCases } from './use-cases.js';
import type { World } from './world.js';
import { plainFingerprints } from '../fakes/plain-fingerprints.js';
import { noAudit } from '../fakes/fake-audit.js';

const sliceTimeoutMs = 200_000;

export type BulkUseCases = ReturnType<typeof createBulkUseCases>;

/** The use cases of a job as they are in production, put together for one process. */
export function createBulkUseCases(process: HostProcess, world: World, singles: UseCases) {
  const { storage, jobs, control, history } = world;
  const { seals, resets, newPassword, processRow, pace } = singles;
  const { now } = process;
  const bulkResets = jobs.store(process);
  const orders = jobs.orders(process);
  const rowFaults = jobs.rowFaults(process);
  const rows = bulkRowsOf(process, storage.bulkRows);
  const bulkWakeUps = world.jobQueue.sender(process);
  const sliceWakeUps = world.sliceQueue.sender(process);
  const wakeSlices = createWakeSlices({ bulkResets, wakeUps: sliceWakeUps });
  return {
    submitBulkReset: createSubmitBulkReset({
      keepBulkReset: createKeepBulkReset({
        ...noAudit,
        bulkResets,
        orders,
        fingerprints: plainFingerprints,
        now,
      }),
      wakeUps: bulkWakeUps,
      onNotWoken: () => undefined,
    }),
    processBulkReset: createProcessBulkReset({
      ...noAudit,
      ...withoutApproval,
      bulkResets,
      orders,
      rowFaults,
      openLines: createOpenLines({ inbox: new FakeInbox(), orders, bulkResets, rows }),
      readBulkRows: createReadBulkRows({
        customers: { findByDomain: () => Promise.resolve(undefined) },
        authorize: allowEverything,
      }),
      splitRows: createSplitRows({ seals, resets, newPassword }),
      wakeSlices,
      now,
    }),
    processSlice: createProcessSlice({
      ...noAudit,
      bulkResets,
      rows,
      resets,
      seals,
      processRow,
      limit: pace,
      wakeUps: sliceWakeUps,
      wakeSlices,
      now,
      timeoutMs: sliceTimeoutMs,
      onRowFailed: (resetId, error) =>
        history.note(process.name, { kind: 'failed', what: resetId, error: String(error) }),
    }),
    cancelBulkReset: createCancelBulkReset({
      ...noAudit,
      bulkResets,
      rows,
      wakeUps: bulkWakeUps,
      now,
    }),
    acknowledgeBulkReset: createAcknowledgeBulkReset({ ...noAudit, bulkResets, rows, now }),
    readBulkReset: createReadBulkReset({ bulkResets, rows, rowFaults }),
    sweepBulkResets: createSweepBulkResets({
      bulkResets,
      rows,
      control: control.control(process),
      wakeUps: bulkWakeUps,
      sliceWakeUps,
      limits: defaultLimits,
      now,
    }),
  };
}
