import type { Faults } from './faults.js';
import type { FaultRule } from './fault-rule.js';
import { parseJson } from './json.js';
import type { RecordedRequest } from './recorded-request.js';

/** The part of the stand-in that the real service does not have: below `/_stand-in/`. */
export interface Control {
  readonly faults: Faults;
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

export const controlPrefix = '/_stand-in/';

/** `faults`: GET, PUT, DELETE. `requests`: GET, DELETE. */
export function answerControl(
  control: Control,
  request: { readonly method: string; readonly path: string; readonly body: string },
): ControlAnswer {
  const { faults } = control;
  switch (`${request.method} ${request.path.slice(controlPrefix.length)}`) {
    case 'GET faults':
      return { status: 200, body: faults.rules };
    case 'PUT faults':
      return setFaults(faults, request.body);
    case 'DELETE faults':
      faults.clear();
      return { status: 200, body: faults.rules };
    case 'GET requests':
      return { status: 200, body: control.requests };
    case 'DELETE requests':
      control.clearRequests();
      return { status: 200, body: control.requests };
    default:
      return refuse(404, 'NotFound', 'there are only faults and requests here');
  }
}

function setFaults(faults: Faults, body: string): ControlAnswer {
  const rules = parseJson(body);
  if (rules === undefined) return refuse(400, 'InvalidFaults', 'the body must be JSON');
  try {
    // What is claimed here is checked there.
    faults.set(rules as FaultRule[]);
    return { status: 200, body: faults.rules };
  } catch (error) {
    return refuse(400, 'InvalidFaults', (error as TypeError).message);
  }
}

function refuse(status: number, code: string, message: string): ControlAnswer {
  return { status, body: { error: { code, message } } };
}
