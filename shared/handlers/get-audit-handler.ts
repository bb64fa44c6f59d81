import type { HttpHandler } from '@azure/functions';
import type { AuditPage, AuditQuery, ReadAudit } from '../audit/read-audit.js';
import { requirePermission } from '../callers/authorize.js';
import { type Caller, maySee } from '../callers/caller.js';
import { customerNotFound } from '../password-reset/customer-not-found.js';
import type { CallerDoor } from './caller-door.js';
import { auditQuery, parseRequest } from './schemas.js';

export interface GetAuditDependencies {
  readonly door: CallerDoor;
  readonly readAudit: ReadAudit;
  readonly publicBaseUrl: string;
}

/**
 * `GET /audit?customer=&day=&after=&limit=`: what happened on a day (UTC) to the users of a customer, or with
 * `none` what is about no single customer, and whether all of it is as it was written.
 */
export function createGetAuditHandler({
  door,
  readAudit,
  publicBaseUrl,
}: GetAuditDependencies): HttpHandler {
  return door(async (caller, request, signal) => {
    requirePermission(caller, 'readAudit');
    const query = parseRequest(auditQuery, Object.fromEntries(request.query));
    requireScope(caller, query);
    const page = await readAudit(query, signal);
    const { records: items, nextAfterSeq } = page;
    const next = nextAfterSeq === undefined ? undefined : { ...query, afterSeq: nextAfterSeq };
    const nextLink = next && `${publicBaseUrl}/api/audit?${toQueryText(next)}`;
    return {
      status: 200,
      jsonBody: {
        chain: toChainView(query, page),
        items,
        ...(nextLink !== undefined && { nextLink }),
      },
    };
  });
}

/** What is about no single customer may be about any. */
function requireScope(caller: Caller, { customerTenantId }: AuditQuery): void {
  const isInScope =
    customerTenantId === undefined ? caller.customers === 'all' : maySee(caller, customerTenantId);
  if (!isInScope) throw customerNotFound();
}

function toChainView({ customerTenantId, day }: AuditQuery, { problem, count }: AuditPage) {
  return {
    ...(customerTenantId !== undefined && { customerTenantId }),
    day,
    records: count,
    verified: problem === undefined,
    ...(problem !== undefined && { problem }),
  };
}

function toQueryText({ customerTenantId, day, afterSeq, limit }: AuditQuery): string {
  const customer = customerTenantId ?? 'none';
  return `customer=${customer}&day=${day}&after=${afterSeq}&limit=${limit}`;
}
