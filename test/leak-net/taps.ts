import { textOf } from '../../infra/local/functions-host/whole-error.js';
import { Secret } from '../../shared/platform/secret.js';

/** Takes away again what listens where this process writes or reveals something. */
export type Tap = () => void;

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Puts something before a method. */
function tap(target: object, name: string, before: (args: readonly unknown[]) => void): Tap {
  const method = Reflect.get(target, name) as Method;
  return replace(target, name, function tapped(...args) {
    before(args);
    return method.apply(this, args);
  });
}

/** Puts something in the place of a method. */
export function replace(target: object, name: string, by: Method): Tap {
  const method: unknown = Reflect.get(target, name);
  Reflect.set(target, name, by);
  return () => Reflect.set(target, name, method);
}

export function tapOutput(onText: (sink: string, text: string) => void): Tap {
  const taps = (['stdout', 'stderr'] as const).map((name) =>
    tap(process[name], 'write', ([chunk]) => {
      onText(name, typeof chunk === 'string' ? chunk : toLatin1(chunk as Uint8Array));
    }),
  );
  return () => taps.forEach((untap) => untap());
}

function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

const consoleMethods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'];

/** What is printed is taken with all that hangs on it, whatever the console would make of it. */
export function tapConsole(onText: (sink: string, text: string) => void): Tap {
  const taps = consoleMethods.map((method) =>
    tap(globalThis.console, method, (args) => {
      onText('console', args.map((arg) => (typeof arg === 'string' ? arg : textOf(arg))).join(' '));
    }),
  );
  return () => taps.forEach((untap) => untap());
}

/** What the product reveals in this process is worth guarding, whoever made it up. */
export function tapSecrets(onSecret: (value: string) => void): Tap {
  const reveal: unknown = Reflect.get(Secret.prototype, 'reveal');
  return replace(Secret.prototype, 'reveal', function revealAndTell() {
    const value = (reveal as (this: unknown) => string).call(this);
    onSecret(value);
    return value;
  });
}
