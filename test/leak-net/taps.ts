import { textOf } from '../../infra/local/functions-host/whole-error.js';
import { Secret } from '../../shared/platform/secret.js';

/** Listens where this process writes or reveals something; each gives how to take it away again. */
export type Tap = () => void;

type Write = typeof process.stdout.write;

export function tapOutput(onText: (sink: string, text: string) => void): Tap {
  const taps = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = Reflect.get(stream, 'write') as Write;
    stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
      onText(name, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1'));
      return write.call(stream, chunk, ...rest);
    }) as Write;
    return () => void (stream.write = write);
  });
  return () => taps.forEach((untap) => untap());
}

const consoleMethods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const;

/** What is printed is taken with all that hangs on it, whatever the console would make of it. */
export function tapConsole(onText: (sink: string, text: string) => void): Tap {
  const { console } = globalThis;
  const taps = consoleMethods.map((method) => {
    const print = console[method] as (...args: unknown[]) => void;
    console[method] = (...args: unknown[]) => {
      onText('console', args.map((arg) => (typeof arg === 'string' ? arg : textOf(arg))).join(' '));
      print.apply(console, args);
    };
    return () => void (console[method] = print);
  });
  return () => taps.forEach((untap) => untap());
}

/** What the product reveals in this process is worth guarding, whoever made it up. */
export function tapSecrets(onSecret: (value: string) => void): Tap {
  const reveal = Reflect.get(Secret.prototype, 'reveal') as (this: Secret) => string;
  Secret.prototype.reveal = function revealAndTell() {
    const value = reveal.call(this);
    onSecret(value);
    return value;
  };
  return () => void (Secret.prototype.reveal = reveal);
}
