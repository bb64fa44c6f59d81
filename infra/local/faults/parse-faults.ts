export interface FieldRule {
  /** Completes "must be". */
  readonly mustBe: string;
  readonly holds: (value: unknown) => boolean;
  /** The field, or the field and its value, without which this one has no meaning. */
  readonly goesWith?: string;
  /** By value: the field that must stand beside it. */
  readonly needs?: Readonly<Record<string, string>>;
}

export type FieldRules = Readonly<Record<string, FieldRule>>;

export interface FaultGrammar {
  /** What goes wrong: a fault has exactly one of these. */
  readonly what: FieldRules;
  /** What may stand beside it: how often, for which requests, with which details. */
  readonly beside: FieldRules;
}

/** @throws {RangeError} with a sentence that names the fault and the field */
export function parseFaults(
  value: unknown,
  { what, beside }: FaultGrammar,
): Record<string, unknown>[] {
  if (!Array.isArray(value)) throw new RangeError('faults must be an array');
  const rules = new Map(Object.entries({ ...what, ...beside }));

  return value.map((fault: unknown, index) => {
    const name = `fault ${index}`;
    if (typeof fault !== 'object' || fault === null) {
      throw new RangeError(`${name} must be an object`);
    }
    const fields: Record<string, unknown> = { ...fault };
    for (const [field, fieldValue] of Object.entries(fields)) {
      const rule = rules.get(field);
      if (rule === undefined) throw new RangeError(`${name} has an unknown field: ${field}`);
      if (!rule.holds(fieldValue)) {
        throw new RangeError(`${name}: ${field} must be ${rule.mustBe}`);
      }
      if (rule.goesWith !== undefined && !hasField(fields, rule.goesWith)) {
        throw new RangeError(`${name}: ${field} goes with ${rule.goesWith}`);
      }
      const needed = rule.needs?.[String(fieldValue)];
      if (needed !== undefined && !(needed in fields)) {
        throw new RangeError(`${name}: ${field} ${String(fieldValue)} needs ${needed}`);
      }
    }
    if (Object.keys(fields).filter((field) => field in what).length !== 1) {
      throw new RangeError(`${name} must have exactly one of ${Object.keys(what).join(', ')}`);
    }
    return fields;
  });
}

export function integerRule(from: number, to: number): FieldRule {
  return {
    mustBe: `an integer from ${from} to ${to}`,
    holds: (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
  };
}

export function oneOfRule(values: readonly unknown[]): FieldRule {
  return { mustBe: `one of ${values.join(', ')}`, holds: (value) => values.includes(value) };
}

export const textRule: FieldRule = { mustBe: 'text', holds: (value) => typeof value === 'string' };

function hasField(fields: Readonly<Record<string, unknown>>, goesWith: string): boolean {
  const [field = '', value] = goesWith.split(' ');
  return field in fields && (value === undefined || fields[field] === value);
}
