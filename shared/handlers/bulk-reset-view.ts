import type { BulkResetProgress } from '../bulk-reset/read-bulk-reset.js';
import { explanationByCode } from '../password-reset/explanations.js';
import { isResetErrorCode, ResetError } from '../password-reset/reset-error.js';
import { type JsonResponse, toErrorResponse, toFinalErrorResponse } from './error-response.js';
import { type Status, toPollSeconds } from './password-reset-view.js';

export type BulkStatus = Status | 'PartiallySucceeded';

/** A job as callers see it. */
export function toBulkResetView(progress: BulkResetProgress) {
  const { job, succeeded, cancelled, failures, open, settled, faults } = progress;
  const counts = 'counts' in job ? job.counts : undefined;
  return {
    id: job.bulkResetId,
    status: toStatus(progress),
    delivery: job.delivery,
    ...(job.reference !== undefined && { reference: job.reference }),
    createdAt: new Date(job.acceptedAtMs).toISOString(),
    ...(job.state === 'awaitingApproval' && { awaitsApproval: true }),
    ...(job.approval !== undefined && {
      approvedBy: job.approval.by,
      approvedAt: toTime(job.approval.atMs),
    }),
    ...(job.cancelledAtMs !== undefined && { canceledAt: toTime(job.cancelledAtMs) }),
    ...(job.acknowledgedAtMs !== undefined && { acknowledgedAt: toTime(job.acknowledgedAtMs) }),
    ...(counts !== undefined && {
      rows: { total: counts.valid + counts.invalid, invalid: counts.invalid },
    }),
    progress: { succeeded, failed: settled - succeeded - cancelled, cancelled, open },
    failures,
    ...(faults.length > 0 && { invalidRows: faults }),
    ...('code' in job && { error: { code: job.code, message: job.message } }),
  };
}

/** The addresses of one job. */
export interface BulkResetLinks {
  monitor(bulkResetId: string): string;
  result(bulkResetId: string): string;
  rows(bulkResetId: string): string;
}

export function createBulkResetLinks(publicBaseUrl: string): BulkResetLinks {
  const monitor = (bulkResetId: string) => `${publicBaseUrl}/api/bulk-resets/${bulkResetId}`;
  return {
    monitor,
    result: (bulkResetId) => `${monitor(bulkResetId)}/result`,
    rows: (bulkResetId) => `${monitor(bulkResetId)}/rows`,
  };
}

/** The answer that says: the job goes on, and there you find what it comes to. */
export function toBulkPollingResponse(
  progress: BulkResetProgress,
  links: BulkResetLinks,
): JsonResponse {
  const { bulkResetId } = progress.job;
  const headers = {
    Location: links.result(bulkResetId),
    'Operation-Location': links.monitor(bulkResetId),
    'Retry-After': bulkPollSeconds(progress),
  };
  return { status: 202, headers, jsonBody: toBulkResetView(progress) };
}

/**
 * The answer to whoever waits for the end of a job: 202 until then, and after it the job or, if not one of
 * its rows succeeded, the error.
 */
export function toBulkResultResponse(
  progress: BulkResetProgress,
  links: BulkResetLinks,
): JsonResponse {
  const status = toStatus(progress);
  if (isRunning(status)) return toBulkPollingResponse(progress, links);
  const response = toFinalResponse(status, progress);
  const { bulkResetId } = progress.job;
  const headers = { ...response.headers, 'Operation-Location': links.monitor(bulkResetId) };
  return { ...response, headers };
}

export function isRunning(status: BulkStatus): status is 'NotStarted' | 'Running' {
  return status === 'NotStarted' || status === 'Running';
}

/** What one instance works off in about this time, so that a caller asks some ten times a job. */
const msPerOpenRow = 5;

/** Sooner for a small job than for a large one. */
export function bulkPollSeconds({ open }: Pick<BulkResetProgress, 'open'>): string {
  return toPollSeconds(open * msPerOpenRow);
}

function toStatus({ job, settled, open, succeeded, cancelled }: BulkResetProgress): BulkStatus {
  if (job.state === 'validating' || job.state === 'awaitingApproval') return 'NotStarted';
  if (job.state === 'splitting' || open > 0) return 'Running';
  // A job that was cancelled too late is what it was.
  const isCancelled = cancelled > 0 || ('code' in job && job.code === 'Cancelled');
  if (isCancelled) return 'Canceled';
  if (job.state === 'refused') return 'Failed';
  if (succeeded === settled && job.state === 'split') return 'Succeeded';
  return succeeded === 0 ? 'Failed' : 'PartiallySucceeded';
}

function toFinalResponse(status: BulkStatus, progress: BulkResetProgress): JsonResponse {
  if (status === 'Canceled') {
    return toErrorResponse(new ResetError('Cancelled', explanationByCode.Cancelled));
  }
  if (status === 'Failed') return toFinalErrorResponse(toFailure(progress));
  return { status: 200, jsonBody: toBulkResetView(progress) };
}

/** Why the job failed or, if only its rows did, what most of them ended with. */
function toFailure({ job, faults, failures, settled }: BulkResetProgress): ResetError {
  if ('code' in job) return new ResetError(job.code, job.message, { details: faults });
  const details = Object.entries(failures)
    .sort(([, left], [, right]) => right - left)
    .flatMap(([code, rows]) => {
      if (!isResetErrorCode(code)) return [];
      return [{ code, message: `${rows} rows: ${explanationByCode[code]}` }];
    });
  const code = details[0]?.code ?? 'OutcomeUnknown';
  const message = `Not one of ${settled} rows succeeded. Most of all: ${explanationByCode[code]}`;
  return new ResetError(code, message, { details });
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
