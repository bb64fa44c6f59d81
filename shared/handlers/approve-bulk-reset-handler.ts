import type { HttpHandler } from '@azure/functions';
import { toApprover } from '../callers/approver.js';
import { type ReadCallerList, requirePermission } from '../callers/authorize.js';
import type { createApproveBulkReset, JobToApprove } from '../bulk-reset/approve-bulk-reset.js';
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

/** What a job is about, without its users: no less than what is agreed to. */
function toApprovalView({ subject, acceptedAtMs, awaitsApproval, approval }: JobToApprove) {
  const { bulkResetId: id, caller: requestedBy, checkedSha256: rowsSha256, ...about } = subject;
  return {
    id,
    requestedBy,
    ...about,
    rowsSha256,
    createdAt: new Date(acceptedAtMs).toISOString(),
    awaitsApproval,
    ...(approval !== undefined && {
      approvedBy: approval.by,
      approvedAt: new Date(approval.atMs).toISOString(),
    }),
  };
}
