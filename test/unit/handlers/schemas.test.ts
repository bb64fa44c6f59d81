import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import {
  auditQuery,
  bulkResetBody,
  parseRequest,
  passwordResetBody,
  webhookBody,
} from '../../../shared/handlers/schemas.js';
import type { ResetError } from '../../../shared/password-reset/reset-error.js';
import { bulkResetId } from '../../builders/a-bulk-reset.js';
import { customerTenantId, userId } from '../../builders/a-reset-row.js';

const reset = { customer: customerTenantId, user: userId };
const job = { rows: [{ user: userId }] };
const audit = { customer: 'none', day: '2026-01-31' };
const isGuidOfTenant = 'must be the GUID of a tenant, or none';
const computed = bulkResetId.replace('-4d7a', '-5d7a');

describe('parseRequest()', () => {
  it.each<[string, z.ZodType, unknown, string, string | undefined]>([
    ['what is missing', passwordResetBody, { user: userId }, 'is required', 'customer'],
    ['no text', passwordResetBody, { ...reset, user: 7 }, 'must be a text', 'user'],
    [
      'no such choice',
      passwordResetBody,
      { ...reset, delivery: 'mail' },
      'must be one of link, recipientKey, response, none',
      'delivery',
    ],
    [
      'no flag',
      passwordResetBody,
      { ...reset, forceChangePassword: 'yes' },
      'must be true or false',
      'forceChangePassword',
    ],
    [
      'what is too long',
      passwordResetBody,
      { ...reset, reference: 'x'.repeat(101) },
      'must have a length of at most 100',
      'reference',
    ],
    [
      'what is too short',
      passwordResetBody,
      { ...reset, delivery: 'recipientKey', recipientKeyId: '' },
      'must have a length of at least 1',
      'recipientKeyId',
    ],
    ['no object', passwordResetBody, [], 'must be a JSON object', undefined],
    ['nothing', passwordResetBody, undefined, 'must be a JSON object', undefined],
    [
      'a field too many',
      passwordResetBody,
      { ...reset, more: 1 },
      'There is no such field',
      'more',
    ],
    ['no list', bulkResetBody, { rows: {} }, 'must be a list', 'rows'],
    [
      'an empty list',
      bulkResetBody,
      { rows: [] },
      'must have a number of entries of at least 1',
      'rows',
    ],
    [
      'an id that is no GUID',
      bulkResetBody,
      { ...job, bulkResetId: 'x' },
      'must be a GUID',
      'bulkResetId',
    ],
    [
      'an id that comes from a key',
      bulkResetBody,
      { ...job, bulkResetId: computed },
      'must not be a GUID of version 5: those come from idempotency keys',
      'bulkResetId',
    ],
    [
      'a domain for a GUID',
      auditQuery,
      { ...audit, customer: 'contoso.com' },
      isGuidOfTenant,
      'customer',
    ],
    ['no customer', auditQuery, { day: audit.day }, 'is required', 'customer'],
    ['no day', auditQuery, { customer: 'none' }, 'is required', 'day'],
    [
      'another day',
      auditQuery,
      { ...audit, day: 'monday' },
      'must be a day such as 2026-01-31',
      'day',
    ],
    [
      'a number that is too large',
      auditQuery,
      { ...audit, limit: '1001' },
      'must be at most 1000',
      'limit',
    ],
    [
      'a number that is too small',
      auditQuery,
      { ...audit, limit: '0' },
      'must be at least 1',
      'limit',
    ],
    [
      'another type of webhook',
      webhookBody,
      { type: 'ping', timestamp: '2026-01-31T12:00:00Z', data: reset },
      'must be password-reset.requested',
      'type',
    ],
    [
      'no time',
      webhookBody,
      { type: 'password-reset.requested', timestamp: 'now', data: reset },
      'must be a time with its offset, such as 2026-01-31T12:00:00Z',
      'timestamp',
    ],
    [
      'a password in the answer to a webhook',
      webhookBody,
      {
        type: 'password-reset.requested',
        timestamp: '2026-01-31T12:00:00Z',
        data: { ...reset, delivery: 'response' },
      },
      'must be link, recipientKey or none: who sends webhooks keeps their answers',
      'data.delivery',
    ],
  ])('says of %s what to do, once', (_what, schema, value, message, target) => {
    const { details, ...fault } = faultOf(schema, value);

    expect(fault).toEqual({ code: 'InvalidRequest', message, target });
    expect(details).toBeUndefined();
  });

  it('lists the faults when there are several', () => {
    const { message, target, details } = faultOf(passwordResetBody, { delivery: 'mail' });

    expect([message, target]).toEqual(['is required', 'customer']);
    expect(details?.map(({ target: field }) => field)).toEqual(['customer', 'user', 'delivery']);
  });
});

function faultOf(schema: z.ZodType, value: unknown) {
  try {
    parseRequest(schema, value);
  } catch (error) {
    const { code, message, target, details } = error as ResetError;
    return { code, message, target, details };
  }
  throw new Error('There is no fault');
}
