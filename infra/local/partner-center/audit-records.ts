import type { AuditRecord } from './audit-log.js';
import type { Handle } from './call.js';
import { toCollectionPage } from './collection.js';
import { readFilter, type Filter } from './filter.js';
import { Refusal } from './refusal.js';

const dayMs = 24 * 60 * 60 * 1000;

/** @see https://learn.microsoft.com/partner-center/developer/get-a-record-of-partner-center-activity-by-user */
export const listAuditRecords: Handle = (call, _caller, { auditLog, now }) => {
  const todayMs = Math.floor(now() / dayMs) * dayMs;
  const startMs = readDateMs(call.query, 'startDate') ?? todayMs - 30 * dayMs;
  if (startMs < todayMs - 90 * dayMs) throw new Refusal('dateOutOfRange');
  const endMs = (readDateMs(call.query, 'endDate') ?? todayMs) + dayMs;
  const filter = readFilter(call.query, [
    { field: 'companyname', operator: 'substring' },
    { field: 'customerid', operator: 'equals' },
    { field: 'resourcetype', operator: 'equals' },
  ]);
  const records = auditLog.records.filter((record) => {
    const atMs = Date.parse(record.operationDate);
    return atMs >= startMs && atMs < endMs && matches(record, filter);
  });
  return { status: 200, body: toCollectionPage(records, (record) => record, call) };
};

/** A date in `yyyy-mm-dd`; the documented example also has one as .NET prints it. */
function readDateMs(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw new Refusal('queryInvalid', { data: [name] });
  return atMs;
}

function matches(record: AuditRecord, filter: Filter | undefined): boolean {
  if (filter === undefined) return true;
  const value = filter.value.toLowerCase();
  if (filter.field === 'companyname') return record.customerName.toLowerCase().includes(value);
  if (filter.field === 'customerid') return record.customerId === value;
  // `CustomerUser` in the SDK's filter is `customer_user` in the record.
  return record.resourceType.replaceAll('_', '') === value.replaceAll('_', '');
}
