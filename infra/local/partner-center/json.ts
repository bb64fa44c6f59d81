/** Property names of a JSON object in lower case: Partner Center reads them without regard to case. */
export type Properties = ReadonlyMap<string, unknown>;

/** The properties of a JSON object, or undefined for any other value. */
export function toProperties(value: unknown): Properties | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return new Map(Object.entries(value).map(([name, own]) => [name.toLowerCase(), own]));
}

/** The value, or undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
