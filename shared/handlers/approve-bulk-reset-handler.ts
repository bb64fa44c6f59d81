import type { HttpHandler } from '@azure/functions';
import { toApprover } from '../callers/approver.js';
import { type ReadCallerList, requirePermission } from '../callers/authorize.js';
import type { createApproveBulkReset } from '../bulk-reset/approve-bulk-reset.js';
import type { BulkResetRow } from '../bulk-reset/bulk-reset.js';
import { log } from '../platform/log.js';
import type { CallerDoor } from './caller-door.js';
import { bulkResetIdOf } from './request-parameters.js';

export interface ApproveBulkResetDependencies {
  readonly door: CallerDoor;
  readonly readCallerList: ReadCallerList;
  readonly approveBulkReset: ReturnType<typeof createApproveBulkReset>;
}

/**
 * `bulk-resets/{id}/approval`: GET shows a second person what it is asked to agree to, POST agrees. Both
 * need the permission `approveBulkReset`.
 */
export function createApproveBulkResetHandler({
  door,
  readCallerList,
  approveBulkReset,
}: ApproveBulkResetDependencies): HttpHandler {
  return door(async (caller, request, signal, context) => {
    requirePermission(caller, 'approveBulkReset');
    const bulkResetId = bulkResetIdOf(request);
    const approver = toApprover(caller, readCallerList);
    if (request.method !== 'POST') {
      const job = await approveBulkReset.read(bulkResetId, approver, signal);
      return { status: 200, jsonBody: toApprovalView(job) };
    }
    const job = await approveBulkReset.approve(bulkResetId, approver, signal);
    log(context, 'info', 'bulk reset approved', { bulkResetId, caller: caller.name });
    return { status: 200, jsonBody: toApprovalView(job) };
  });
}

/** What a job is about, without its users. */
function toApprovalView(job: BulkResetRow) {
  const { bulkResetId: id, caller: requestedBy, delivery, reference, approval } = job;
  return {
    id,
    requestedBy,
    delivery,
    ...(reference !== undefined && { reference }),
    createdAt: new Date(job.acceptedAtMs).toISOString(),
    ...('counts' in job && { rows: job.counts.valid }),
    awaitsApproval: job.state === 'awaitingApproval' && job.cancelledAtMs === undefined,
    ...(approval !== undefined && {
      approvedBy: approval.by,
      approvedAt: new Date(approval.atMs).toISOString(),
    }),
  };
}
