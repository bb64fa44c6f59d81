import type { HttpHandler } from '@azure/functions';
import { toApprover } from '../callers/approver.js';
import { type ReadCallerList, requirePermission } from '../callers/authorize.js';
import { digestOf } from '../bulk-reset/approval-subject.js';
import type { createApproveBulkReset, JobToApprove } from '../bulk-reset/approve-bulk-reset.js';
import { log } from '../platform/log.js';
import type { CallerDoor } from './caller-door.js';
import { readJsonBody } from './read-json-body.js';
import { bulkResetIdOf } from './request-parameters.js';
import { approvalBody, parseRequest } from './schemas.js';

export interface ApproveBulkResetDependencies {
  readonly door: CallerDoor;
  readonly readCallerList: ReadCallerList;
  readonly approveBulkReset: ReturnType<typeof createApproveBulkReset>;
}

/**
 * `bulk-resets/{id}/approval`: GET shows a second person what it is asked to agree to, POST agrees to what
 * was shown, by its digest. Both need the permission `approveBulkReset`.
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
    const { digest } = parseRequest(approvalBody, await readJsonBody(request));
    const job = await approveBulkReset.approve({ bulkResetId, digest }, approver, signal);
    log(context, 'info', 'bulk reset approved', { bulkResetId, caller: caller.name });
    return { status: 200, jsonBody: toApprovalView(job) };
  });
}

/** What a job is about, without its users: no less than what is agreed to. */
function toApprovalView({ subject, awaitsApproval, approval }: JobToApprove) {
  const { bulkResetId: id, caller: requestedBy, acceptedAtMs, checkedSha256, ...about } = subject;
  return {
    id,
    requestedBy,
    ...about,
    rowsSha256: checkedSha256,
    createdAt: new Date(acceptedAtMs).toISOString(),
    digest: digestOf(subject),
    awaitsApproval,
    ...(approval !== undefined && {
      approvedBy: approval.by,
      approvedAt: new Date(approval.atMs).toISOString(),
    }),
  };
}
