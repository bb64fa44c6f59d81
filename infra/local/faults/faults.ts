import { jsonReply, type LoopbackReply, type LoopbackRequest } from '../loopback-server.js';
import { integerRule, parseFaults, type FaultGrammar } from './parse-faults.js';
import { isLatency, transportBeside, transportWhat } from './transport-fault.js';

export interface FaultSwitch<Fault> {
  /**
   * Replaces all faults. Of those that decide the answer the first that fits applies, until its `times`
   * are used up (without `times`: always); the others, such as latency, apply alongside.
   *
   * @throws {RangeError} when one is not a fault that this stand-in knows
   */
  set(faults: readonly Fault[]): void;
  clear(): void;
}

export interface Faults<Fault> extends FaultSwitch<Fault> {
  /** The faults that hit this request, one of their `times` used up each. */
  take(hits?: (fault: Fault) => boolean): readonly Fault[];
  /** `GET`, `PUT` (a JSON array) or `DELETE` of {@link faultsPath}. */
  answer(request: LoopbackRequest): LoopbackReply;
}

/** Where every stand-in with faults lets them be set over HTTP. */
export const faultsPath = '/_stand-in/faults';

/**
 * The transport's faults, and those of the grammar.
 *
 * @param grammar.alongside fields of `what` that change an answer rather than decide it
 */
export function createFaults<Fault extends object>(
  grammar: Partial<FaultGrammar> & { readonly alongside?: readonly string[] } = {},
): Faults<Fault> {
  const what = { ...transportWhat, ...grammar.what };
  const times = integerRule(1, Number.MAX_SAFE_INTEGER);
  const beside = { times, ...transportBeside, ...grammar.beside };
  const alongside = new Set(grammar.alongside);
  let active: { readonly fault: Fault; left: number }[] = [];

  const decidesAnswer = (fault: Fault) =>
    !isLatency(fault) && !Object.keys(fault).some((field) => alongside.has(field));

  const set = (faults: unknown) => {
    active = parseFaults(faults, { what, beside }).map((fault) => ({
      fault: fault as Fault,
      left: (fault['times'] as number | undefined) ?? Infinity,
    }));
  };
  const clear = () => {
    active = [];
  };
  const list = () =>
    active.map(({ fault, left }) => (left === Infinity ? fault : { ...fault, times: left }));

  return {
    set,
    clear,

    take(hits = () => true) {
      const taken: Fault[] = [];
      let decided = false;
      for (const entry of active) {
        const decides = decidesAnswer(entry.fault);
        if (!hits(entry.fault) || (decides && decided)) continue;
        decided ||= decides;
        entry.left -= 1;
        taken.push(entry.fault);
      }
      if (taken.length > 0) active = active.filter(({ left }) => left > 0);
      return taken;
    },

    answer({ method, body }) {
      switch (method) {
        case 'GET':
          break;
        case 'DELETE':
          clear();
          break;
        case 'PUT':
          try {
            set(JSON.parse(body));
          } catch (error) {
            const { message } = error as { message: string };
            return jsonReply(400, { error: { code: 'InvalidFaults', message } });
          }
          break;
        default:
          return { status: 405, body: '' };
      }
      return jsonReply(200, list());
    },
  };
}
