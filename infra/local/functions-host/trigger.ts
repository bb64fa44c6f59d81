import type { Binding, FunctionMetadata } from './core-module.js';

/** What makes one function run. */
export interface Trigger {
  /** For people: `POST /api/orders`, `queue orders`. */
  readonly description: string;
  start(): Promise<void>;
  /** Takes nothing new; resolves when everything taken is finished. */
  stop(): Promise<void>;
  /** Runs the function once, now, with that input. */
  runNow(input: string): Promise<void>;
}

/** The trigger binding of a function and its name, which is the name of its input. */
export function triggerBinding({ name, bindings }: FunctionMetadata): {
  readonly inputName: string;
  readonly binding: Binding;
} {
  for (const [inputName, binding] of Object.entries(bindings)) {
    if (/trigger$/i.test(binding.type)) return { inputName, binding };
  }
  throw new TypeError(`Function "${name}" has no trigger`);
}

/**
 * A text setting of a binding, where `%NAME%` stands for that app setting.
 *
 * @throws TypeError that names what is missing
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
 */
export function bindingText(
  binding: Binding,
  setting: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const text = binding[setting];
  if (typeof text !== 'string') throw new TypeError(`${binding.type}: ${setting} must be a text`);
  return text.replaceAll(/%([^%]+)%/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw new TypeError(`${binding.type}: app setting ${name} is missing`);
    return value;
  });
}
