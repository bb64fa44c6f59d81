/** All that a record of the log can say beside its phrase: ids, codes, states, counts, durations. */
const fieldKinds = {
  resetId: 'text',
  bulkResetId: 'text',
  customerTenantId: 'text',
  userId: 'text',
  requestId: 'text',
  correlationId: 'text',
  functionName: 'text',
  caller: 'text',
  source: 'text',
  chain: 'text',
  check: 'text',
  action: 'text',
  delivery: 'text',
  kind: 'text',
  severity: 'text',
  state: 'text',
  result: 'text',
  reason: 'text',
  code: 'text',
  error: 'text',
  slice: 'number',
  attempt: 'number',
  rows: 'number',
  valid: 'number',
  invalid: 'number',
  lastRow: 'number',
  open: 'number',
  left: 'number',
  cancelled: 'number',
  finished: 'number',
  woken: 'number',
  wokenSlices: 'number',
  purged: 'number',
  lifetimeMs: 'number',
  storedAtMs: 'number',
  // Our own words, which name settings and fields, and quote no value.
  message: 'explanation',
  problems: 'explanations',
} as const;

interface ValueOf {
  readonly text: string;
  readonly number: number;
  readonly explanation: string;
  readonly explanations: readonly string[];
}

type FieldKinds = typeof fieldKinds;
export type LogFields = {
  readonly [Field in keyof FieldKinds]?: ValueOf[FieldKinds[Field]] | undefined;
};

export type Severity = 'info' | 'warn' | 'error';

/** The context of an invocation, as far as it is used. */
type LogWriter<Level extends Severity> = Readonly<Record<Level, (...args: unknown[]) => void>>;

/** Everything that a handler logs passes here: a fixed phrase, and fields that may be known. */
export function log<Level extends Severity>(
  writer: LogWriter<NoInfer<Level>>,
  severity: Level,
  phrase: string,
  fields?: LogFields,
): void {
  if (fields === undefined) writer[severity](phrase);
  else writer[severity](phrase, toLogFields(fields));
}

/**
 * What the types do not keep out: of an object with more in it only the known fields are taken, and a
 * value that is not what its field holds is not shown.
 */
export function toLogFields(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name, value]) => Object.hasOwn(fieldKinds, name) && value !== undefined)
      .map(([name, value]) => [
        name,
        isValue[fieldKinds[name as keyof FieldKinds]](value) ? value : dropped,
      ]),
  );
}

const dropped = '[dropped]';
const longestText = 128;
const longestExplanation = 2_000;

const isText = (value: unknown, maxLength: number) =>
  typeof value === 'string' && value.length <= maxLength;

const isValue: Readonly<Record<keyof ValueOf, (value: unknown) => boolean>> = {
  text: (value) => isText(value, longestText),
  number: Number.isFinite,
  explanation: (value) => isText(value, longestExplanation),
  explanations: (value) =>
    Array.isArray(value) && value.every((each) => isText(each, longestExplanation)),
};

/** An error as far as a log may know it: its code or name, never its text. */
export function errorName(error: unknown): string | undefined {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((text) => typeof text === 'string');
}
