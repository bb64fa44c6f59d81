import { z } from 'zod';
import { maxReferenceLength } from '../bulk-reset/bulk-rows.js';
import {
  isGuid,
  parseCustomerReference,
  parseCustomerTenantId,
  parseUserReference,
} from '../password-reset/ids.js';
import { ResetError, type ResetErrorDetail } from '../password-reset/reset-error.js';
import { type Delivery, deliveries } from '../password-reset/reset-row.js';
import { Secret } from '../platform/secret.js';
import { mayBeChosen } from './bulk-reset-id.js';
import { inWords } from './in-words.js';

const delivery = z.enum(deliveries).default('link');
const recipientKeyId = z.string().min(1).max(64).exactOptional();
const reference = z.string().max(maxReferenceLength);
const guid = z
  .string()
  .refine(isGuid, 'must be a GUID')
  .transform((text) => text.toLowerCase());

const chosenId = z
  .string()
  .refine(isGuid, { error: 'must be a GUID', abort: true })
  .refine(mayBeChosen, 'must not be a GUID of version 5: those come from idempotency keys')
  .transform((text) => text.toLowerCase());

const passwordResetFields = z.strictObject({
  customer: parsedText(parseCustomerReference),
  user: parsedText(parseUserReference),
  password: z
    .string()
    .transform((text) => new Secret(text))
    .exactOptional(),
  forceChangePassword: z.boolean().default(true),
  delivery,
  recipientKeyId,
  reference: reference.exactOptional(),
});

/** Body of `POST /password-resets`. */
export const passwordResetBody = passwordResetFields.superRefine(requireKeyOfRecipient);

/** Those who send webhooks keep them and their answers, and show both: no password is in either. */
const webhookDelivery = z
  .enum(deliveries)
  .exclude(['response'], {
    error: 'must be link, recipientKey or none: who sends webhooks keeps their answers',
  })
  .default('link');

/** Body of `POST /webhooks/{source}`. */
export const webhookBody = z.strictObject({
  type: z.literal('password-reset.requested'),
  /** When the reset was asked for, however often that is told since. */
  timestamp: z.iso.datetime({ offset: true }).transform(Date.parse),
  data: passwordResetFields
    .omit({ password: true })
    .extend({ delivery: webhookDelivery })
    .superRefine(requireKeyOfRecipient),
});

/** Of a row only its shape is read here; what it says is checked row by row. */
const rowFields = z.strictObject({
  customer: z.string().exactOptional(),
  user: z.string(),
  forceChangePassword: z.boolean().exactOptional(),
  reference: z.string().exactOptional(),
});

const blob = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(1024)
    .refine(staysInContainer, 'must not have a segment that is . or ..'),
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 in hex')
    .transform((text) => text.toLowerCase()),
});

const onInvalidRows = z.enum(['refuse', 'skip']).default('refuse');

/** A job: the JSON body of `POST /bulk-resets`, or a message on the queue `bulk-reset-jobs`. */
export const bulkResetBody = z
  .strictObject({
    bulkResetId: chosenId.exactOptional(),
    delivery,
    recipientKeyId,
    customer: parsedText(parseCustomerReference).exactOptional(),
    forceChangePassword: z.boolean().default(true),
    onInvalidRows,
    reference: reference.exactOptional(),
    rows: z.array(rowFields).min(1).exactOptional(),
    blob: blob.exactOptional(),
    retryOf: guid.exactOptional(),
  })
  .superRefine(requireKeyOfRecipient)
  .transform(({ rows, blob: file, retryOf, ...options }, context) => {
    const sources = [
      ...(rows === undefined ? [] : [{ kind: 'rows', rows } as const]),
      ...(file === undefined ? [] : [{ kind: 'blob', ...file } as const]),
      ...(retryOf === undefined ? [] : [{ kind: 'failedRows', of: retryOf } as const]),
    ];
    const [source] = sources;
    if (source !== undefined && sources.length === 1) return { ...options, source };
    context.addIssue({ code: 'custom', message: 'Give one of rows, blob and retryOf' });
    return z.NEVER;
  });

/** The one thing that is said of a job whose other fields cannot be read. */
export const bulkResetDelivery = z.object({ delivery });

/** Body of `POST /bulk-resets/{id}/approval`. */
export const approvalBody = z.strictObject({
  digest: z.string().regex(/^[0-9a-f]{64}$/, 'must be the digest that GET shows'),
});

/** Query of `POST /bulk-resets` whose body is a CSV. */
export const bulkResetQuery = z
  .strictObject({
    delivery,
    recipientKeyId,
    customer: parsedText(parseCustomerReference).exactOptional(),
    forceChangePassword: z
      .enum(['true', 'false'])
      .default('true')
      .transform((text) => text === 'true'),
    onInvalidRows,
    reference: reference.exactOptional(),
  })
  .superRefine(requireKeyOfRecipient);

const wholeNumberText = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

/** Query of `GET /audit`. */
export const auditQuery = z
  .strictObject({
    customer: z.union([z.literal('none'), parsedText(parseCustomerTenantId)], {
      error: ({ input }) =>
        input === undefined ? 'is required' : 'must be the GUID of a tenant, or none',
    }),
    day: z.iso.date(),
    after: wholeNumberText.default(0),
    limit: wholeNumberText.pipe(z.int().min(1).max(1_000)).default(100),
  })
  .transform(({ customer, after, ...query }) => ({
    ...query,
    afterSeq: after,
    ...(customer !== 'none' && { customerTenantId: customer }),
  }));

/** The id of a single reset: its day and a GUID. Rows of jobs have others, and doors of their own. */
export const singleResetId = /^\d{8}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What may be written where the id of a reset belongs, of a single one or of a row of a job. */
export const resetIdText = /^[0-9a-z-]{1,64}$/;

/** A message on the queue `password-resets`. Rows of jobs are woken by their slices, which heed the job. */
export const wakeUpMessage = z.object({ resetId: z.string().regex(singleResetId) });

/** A message on the queue `bulk-reset-jobs` that says no more than: go on with this job. */
export const bulkWakeUpMessage = z.strictObject({ bulkResetId: guid });

/** A message on the queue `bulk-reset-slices`. */
export const sliceMessage = z.object({
  bulkResetId: guid,
  slice: z.int().min(0),
  wakesNext: z.boolean().default(false),
});

/** @throws {@link ResetError} `InvalidRequest`, with details when there are several faults; no value is quoted */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value, { error: inWords });
  if (result.success) return result.data;
  const details = result.error.issues.flatMap(toDetails);
  const [first] = details;
  throw new ResetError('InvalidRequest', first?.message ?? 'The request cannot be read', {
    target: first?.target,
    ...(details.length > 1 && { details }),
  });
}

const longestShownName = 64;

function toDetails(issue: z.core.$ZodIssue): ResetErrorDetail[] {
  const { path, message } = issue;
  if (issue.code !== 'unrecognized_keys') return [toDetail(path, message)];
  return issue.keys.map((key) =>
    toDetail([...path, key.slice(0, longestShownName)], 'There is no such field'),
  );
}

function toDetail(path: readonly PropertyKey[], message: string): ResetErrorDetail {
  const target = path.map(String).join('.');
  return { code: 'InvalidRequest', message, ...(target !== '' && { target }) };
}

/** A key is named for the one delivery that needs it, and for no other. */
function requireKeyOfRecipient(
  order: { readonly delivery: Delivery; readonly recipientKeyId?: string },
  context: z.RefinementCtx,
): void {
  const isNeeded = order.delivery === 'recipientKey';
  if (isNeeded === (order.recipientKeyId !== undefined)) return;
  const message = isNeeded
    ? 'is required for the delivery recipientKey'
    : 'is allowed for the delivery recipientKey only';
  context.addIssue({ code: 'custom', message, path: ['recipientKeyId'] });
}

/** The storage SDK resolves such segments, so that the name would lead to another container. */
function staysInContainer(name: string): boolean {
  return !name.split('/').some((segment) => segment === '.' || segment === '..');
}

function parsedText<T>(parse: (text: string) => T) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}
