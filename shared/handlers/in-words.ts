import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'must be a text',
  boolean: 'must be true or false',
  int: 'must be a whole number',
  number: 'must be a number',
  array: 'must be a list',
  object: 'must be a JSON object',
};

const formats: Readonly<Record<string, string>> = {
  date: 'must be a day such as 2026-01-31',
  datetime: 'must be a time with its offset, such as 2026-01-31T12:00:00Z',
};

/** What a caller is told of a fault, in the place of words that are about schemas: what to do, and no value. */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  const isMissing = issue.input === undefined && (issue.path?.length ?? 0) > 0;
  if (isMissing && issue.code.startsWith('invalid')) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected];
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.join(', ')}`;
    case 'invalid_format':
      return formats[issue.format];
    case 'too_small':
      return `must ${extentOf(issue)} at least ${issue.minimum}`;
    case 'too_big':
      return `must ${extentOf(issue)} at most ${issue.maximum}`;
    // The schemas have words of their own for these, or cannot come to them.
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return undefined;
  }
}

function extentOf({ origin }: { readonly origin: string }): string {
  if (origin === 'string') return 'have a length of';
  return origin === 'array' ? 'have a number of entries of' : 'be';
}
