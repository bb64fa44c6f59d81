import { z } from 'zod';
import { parseJson } from './parse-json.js';

/** Documented as a string, sent as a number in nearly every reply. */
const errorReply = z.object({
  code: z.union([z.int().nonnegative().transform(String), z.string().regex(/^\d{1,9}$/)]),
});

/**
 * The `code` of an error reply, or undefined when it has none: a gateway's `statusCode` and `message`,
 * HTML, plain text, nothing.
 *
 * Nothing else of the reply is read. Its `description` and `data` are for people, change without notice
 * and may repeat what was sent; digits cannot.
 *
 * @see https://learn.microsoft.com/partner-center/developer/error-codes
 */
export function parseErrorCode(text: string): string | undefined {
  return errorReply.safeParse(parseJson(text)).data?.code;
}
