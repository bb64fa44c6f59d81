import { parseJson, toProperties } from './json.js';
import { Refusal } from './refusal.js';

export interface Filter {
  readonly field: string;
  readonly value: string;
  readonly operator: string;
}

/**
 * The simple filter of a query, `{"Field":…,"Value":…,"Operator":…}`, or undefined without one. Field
 * and operator are given back in lower case.
 *
 * @throws {@link Refusal} when it is none of those that the operation supports
 */
export function readFilter(
  query: URLSearchParams,
  supported: readonly { readonly field: string; readonly operator: string }[],
): Filter | undefined {
  const text = query.get('filter');
  if (text === null) return undefined;
  const properties = toProperties(parseJson(text));
  const [field, value, operator] = ['field', 'value', 'operator'].map((name) =>
    properties?.get(name),
  );
  if (typeof field === 'string' && typeof value === 'string' && typeof operator === 'string') {
    const filter = { field: field.toLowerCase(), value, operator: operator.toLowerCase() };
    const isSupported = supported.some(
      (one) => one.field === filter.field && one.operator === filter.operator,
    );
    if (isSupported) return filter;
  }
  throw new Refusal('queryInvalid', { data: ['filter'] });
}
