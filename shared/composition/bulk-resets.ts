import { createApproveBulkReset } from '../bulk-reset/approve-bulk-reset.js';
import { createOpenLines } from '../bulk-reset/bulk-lines.js';
import { createReadBulkRows } from '../bulk-reset/bulk-rows.js';
import {
  createAcknowledgeBulkReset,
  createCancelBulkReset,
} from '../bulk-reset/change-bulk-reset.js';
import { createProcessBulkReset } from '../bulk-reset/process-bulk-reset.js';
import { createProcessSlice } from '../bulk-reset/process-slice.js';
import { createPurgeBulkResets } from '../bulk-reset/purge-bulk-resets.js';
import { createReadBulkReset } from '../bulk-reset/read-bulk-reset.js';
import { createRefuseBulkReset } from '../bulk-reset/refuse-bulk-reset.js';
import { createSplitRows } from '../bulk-reset/split-rows.js';
import { createKeepBulkReset, createSubmitBulkReset } from '../bulk-reset/submit-bulk-reset.js';
import { createSweepBulkResets } from '../bulk-reset/sweep-bulk-resets.js';
import { createWakeSlices } from '../bulk-reset/wake-slices.js';
import { createApprovalProofs } from '../bulk-reset/approval-proofs.js';
import type { Auditing } from './audit.js';
import type { Outside } from './outside.js';
import type { PasswordResets } from './password-resets.js';
import { errorFields, report } from './report.js';

/** How long rows of a slice are started; what is under way then has time enough before the host's own limit. */
const sliceTimeoutMs = 200_000;

/** The use cases of a job. */
export function createBulkResets(
  outside: Outside,
  { audit, note }: Auditing,
  passwordResets: PasswordResets,
) {
  const { now, bulkResets, bulkOrders: orders, bulkWakeUps, sliceWakeUps } = outside;
  const { resets, rowFaults, inbox, control, customers, envelopes, readCallerList } = outside;
  const {
    authorize,
    reserveResets,
    seals,
    fingerprints,
    newPassword,
    processBulkRow,
    pace,
    limits,
  } = passwordResets;
  const rows = resets;
  const approvalProofs = createApprovalProofs({ envelopes });
  const wakeSlices = createWakeSlices({ bulkResets, wakeUps: sliceWakeUps });
  const keepBulkReset = createKeepBulkReset({ bulkResets, orders, fingerprints, audit, now });
  return {
    keepBulkReset,
    submitBulkReset: createSubmitBulkReset({
      keepBulkReset,
      wakeUps: bulkWakeUps,
      onNotWoken: (error) => report('warn', 'bulk reset not woken', errorFields(error)),
    }),
    refuseBulkReset: createRefuseBulkReset({ bulkResets, note, now }),
    processBulkReset: createProcessBulkReset({
      bulkResets,
      orders,
      rowFaults,
      openLines: createOpenLines({ inbox, orders, bulkResets, rows }),
      readBulkRows: createReadBulkRows({ customers, authorize }),
      splitRows: createSplitRows({ seals, resets, newPassword }),
      wakeSlices,
      reserveResets,
      requiresApproval: async ({ caller, rows }, signal) =>
        rows > ((await readCallerList(signal)).findByName(caller)?.approvalAboveRows ?? 0),
      approvalProofs,
      audit,
      note,
      now,
    }),
    approveBulkReset: createApproveBulkReset({
      bulkResets,
      orders,
      proofs: approvalProofs,
      wakeUps: bulkWakeUps,
      audit,
      now,
    }),
    processSlice: createProcessSlice({
      bulkResets,
      rows,
      resets,
      seals,
      processRow: processBulkRow,
      note,
      limit: pace,
      wakeUps: sliceWakeUps,
      wakeSlices,
      now,
      timeoutMs: sliceTimeoutMs,
      onRowFailed: (resetId, error) =>
        report('error', 'row failed', { resetId, ...errorFields(error) }),
    }),
    cancelBulkReset: createCancelBulkReset({
      bulkResets,
      rows,
      wakeUps: bulkWakeUps,
      note,
      now,
    }),
    acknowledgeBulkReset: createAcknowledgeBulkReset({ bulkResets, rows, note, now }),
    readBulkReset: createReadBulkReset({ bulkResets, rows, rowFaults }),
    sweepBulkResets: createSweepBulkResets({
      bulkResets,
      rows,
      control,
      wakeUps: bulkWakeUps,
      sliceWakeUps,
      limits,
      now,
    }),
    purgeBulkResets: createPurgeBulkResets({ bulkResets, rows, resets, orders, rowFaults, now }),
  };
}
