import { hash } from 'node:crypto';
import {
  type CustomerReference,
  type CustomerTenantId,
  parseCustomerReference,
  parseUserReference,
  type UserReference,
} from '../password-reset/ids.js';
import type { Authorize, Customers } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import { customerNotFound } from '../password-reset/customer-not-found.js';
import type { BulkResetOrder, RowFault, RowFields } from './bulk-reset.js';
import type { BulkLine, UncheckedRow } from './bulk-lines.js';

/** One row of a job that may be carried out. */
export interface BulkRow {
  readonly row: number;
  readonly customerTenantId: CustomerTenantId;
  readonly user: UserReference;
  readonly forceChangePassword: boolean;
  readonly reference?: string;
}

export type CheckedRow = BulkRow | { readonly fault: RowFault };

export const maxReferenceLength = 100;

/**
 * Reads the rows of a job and checks each by itself and against those before it. Customers are
 * looked up once a job, so that reading the job again gives the same rows.
 */
export function createReadBulkRows({
  customers,
  authorize,
}: {
  readonly customers: Customers;
  readonly authorize: Authorize;
}) {
  return (order: BulkResetOrder) => {
    const lookUps = new Map<string, Promise<CustomerTenantId | ResetError>>();
    /** The first row of each user. */
    const firstRows = new Map<string, number>();

    return async function* readRows(
      lines: AsyncIterable<BulkLine>,
      signal: AbortSignal,
    ): AsyncGenerator<CheckedRow> {
      for await (const line of lines) {
        if ('fault' in line) yield line;
        else yield await check(line, signal);
      }
    };

    async function check(
      { line, row, fields }: UncheckedRow,
      signal: AbortSignal,
    ): Promise<CheckedRow> {
      const fault = (
        code: RowFault['code'],
        message: string,
        target: keyof RowFields,
      ): CheckedRow => ({
        fault: { ...(line !== undefined && { line }), row, code, message, target },
      });

      const user = parsed(() => parseUserReference(fields.user));
      if (user instanceof RangeError) return fault('InvalidRows', `user ${user.message}`, 'user');
      const forceChangePassword =
        parseFlag(fields.forceChangePassword) ?? order.forceChangePassword;
      if (forceChangePassword === 'neither') {
        const message = 'forceChangePassword must be true, false or empty';
        return fault('InvalidRows', message, 'forceChangePassword');
      }
      const { reference } = fields;
      if (reference !== undefined && reference.length > maxReferenceLength) {
        const message = `reference must have at most ${maxReferenceLength} characters`;
        return fault('InvalidRows', message, 'reference');
      }
      const customer =
        fields.customer === undefined
          ? order.customer
          : parsed(() => parseCustomerReference(fields.customer ?? ''));
      if (customer === undefined) {
        return fault('InvalidRows', 'customer is given neither here nor for the job', 'customer');
      }
      if (customer instanceof RangeError) {
        return fault('InvalidRows', `customer ${customer.message}`, 'customer');
      }
      const customerTenantId = await lookUp(customer, signal);
      if (customerTenantId instanceof ResetError) {
        return fault(customerTenantId.code, customerTenantId.message, 'customer');
      }

      const key = fingerprintOf(customerTenantId, user);
      const firstRow = firstRows.get(key) ?? row;
      if (firstRow !== row) {
        return fault('InvalidRows', `The user is in row ${firstRow} already`, 'user');
      }
      firstRows.set(key, row);
      return {
        row,
        customerTenantId,
        user,
        forceChangePassword,
        ...(reference !== undefined && { reference }),
      };
    }

    function lookUp(
      customer: CustomerReference,
      signal: AbortSignal,
    ): Promise<CustomerTenantId | ResetError> {
      const key = customer.kind === 'id' ? customer.customerTenantId : customer.domain;
      let known = lookUps.get(key);
      if (known === undefined) {
        known = findCustomer(customer, signal);
        lookUps.set(key, known);
      }
      return known;
    }

    /** A refusal is a fault of the row; a failure that may pass ends the reading. */
    async function findCustomer(
      customer: CustomerReference,
      signal: AbortSignal,
    ): Promise<CustomerTenantId | ResetError> {
      try {
        const customerTenantId =
          customer.kind === 'id'
            ? customer.customerTenantId
            : await customers.findByDomain(customer.domain, signal);
        if (customerTenantId === undefined) return customerNotFound();
        const { caller, delivery, recipientKeyId } = order;
        const asked = {
          caller,
          permission: 'bulkReset',
          isChosen: false,
          delivery,
          ...(recipientKeyId !== undefined && { recipientKeyId }),
          customerTenantId,
        } as const;
        await authorize(asked, signal);
        return customerTenantId;
      } catch (error) {
        if (error instanceof ResetError && error.code === 'CustomerNotFound') return error;
        throw error;
      }
    }
  };
}

export type ReadBulkRows = ReturnType<typeof createReadBulkRows>;

function parsed<T>(parse: () => T): T | RangeError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}

function parseFlag(value: string | boolean | undefined): boolean | 'neither' | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  if (value === 'true') return true;
  return value === 'false' ? false : 'neither';
}

/** A short hash keeps a million users in little memory. */
function fingerprintOf(customerTenantId: CustomerTenantId, user: UserReference): string {
  const name = user.kind === 'id' ? user.userId : user.userPrincipalName.toLowerCase();
  return hash('sha256', `${customerTenantId}|${name}`, 'binary').slice(0, 12);
}
