import { defaultLimits } from '../../../shared/password-reset/reset-row.js';
import { type Effect, type Fate, type Fates, kindFates, type SendFate } from '../fates.js';
import { clockMarginMs } from '../scenario.js';
import { sendTimeoutMs } from '../use-cases.js';

/** Something that goes wrong at one place. */
export interface PlannedFault {
  /** Where: the name of a call on a port, of a request to the directory, or of a message. */
  readonly at: string;
  readonly fault: string;
}

/** What can go wrong at one place: the same places, in the same order, in every run with the same plan. */
export interface Place {
  readonly at: string;
  readonly faults: readonly string[];
}

/** Nothing goes wrong but what is planned; all else takes the same time always. */
export class ScriptedFates implements Fates {
  isOver = false;
  readonly happened: string[] = [];
  /** Every place that the run came to while something could still go wrong. */
  readonly places: Place[] = [];
  readonly #planned: ReadonlyMap<string, string>;

  constructor(plan: readonly PlannedFault[] = []) {
    this.#planned = new Map(plan.map(({ at, fault }) => [at, fault]));
  }

  of(effect: Effect): Fate {
    return this.#at(effect.name, faultsOf(effect), kindFates.of(effect));
  }

  ofSend(name: string): SendFate {
    return this.#at(name, sendFaults, kindFates.ofSend(name));
  }

  ofMessage(name: string): readonly number[] {
    return this.#at(name, messageFaults, kindFates.ofMessage(name));
  }

  #at<Kind>(at: string, faults: Readonly<Record<string, Kind>>, usual: Kind): Kind {
    if (this.isOver) return usual;
    this.places.push({ at, faults: Object.keys(faults) });
    const fault = this.#planned.get(at);
    const fate = fault === undefined ? undefined : faults[fault];
    if (fate === undefined) return usual;
    this.happened.push(`${at}: ${fault}`);
    return fate;
  }
}

const { leaseMs, settleMs } = defaultLimits;
const travelsMs = settleMs - clockMarginMs;
const usual = kindFates.of({ name: '', isWrite: false });
const usualSend = kindFates.ofSend('');

const readFaults: Readonly<Record<string, Fate>> = {
  'the host dies before': { ...usual, fault: 'crash before' },
  'the host dies after': { ...usual, fault: 'crash after' },
  'it fails': { ...usual, fault: 'error' },
  'it is done as the lease ends': { ...usual, thereMs: leaseMs - 1_000 },
  'it is done after the lease': { ...usual, thereMs: leaseMs + 1_000 },
  'it is done when another may claim': { ...usual, thereMs: leaseMs + settleMs + 100_000 },
  'it answers after the lease': { ...usual, backMs: leaseMs + 1_000 },
  'it answers when another may claim': { ...usual, backMs: leaseMs + settleMs + 100_000 },
};

const writeFaults: Readonly<Record<string, Fate>> = {
  ...readFaults,
  'it is done, and its answer lost': { ...usual, fault: 'answer lost' },
};

const conditionalWriteFaults: Readonly<Record<string, Fate>> = {
  ...writeFaults,
  'somebody writes first': { ...usual, fault: 'overtaken' },
};

function faultsOf({ name, isWrite }: Effect): Readonly<Record<string, Fate>> {
  if (!isWrite) return readFaults;
  return name.startsWith('replace ') ? conditionalWriteFaults : writeFaults;
}

const lost: SendFate = { ...usualSend, isAnswerLost: true };

const sendFaults: Readonly<Record<string, SendFate>> = {
  'the host dies before it goes out': { ...usualSend, crashesMs: 10 },
  'the host dies, and it is carried out': { ...usualSend, crashesMs: 150 },
  'the host dies, and it never arrives': { ...usualSend, arrivesMs: undefined, crashesMs: 150 },
  'the host dies, and it arrives late': {
    ...usualSend,
    arrivesMs: travelsMs - 1_000,
    crashesMs: 150,
  },
  'carried out, and its answer lost': lost,
  'it never arrives': { ...lost, arrivesMs: undefined },
  'it arrives a second after': { ...lost, arrivesMs: 1_200 },
  'it arrives as late as can be': { ...lost, arrivesMs: 200 + travelsMs - 1 },
  'no answer in time, and it arrives late': {
    ...usualSend,
    answersMs: sendTimeoutMs * 2,
    arrivesMs: sendTimeoutMs + travelsMs - 1_000,
  },
  'it never goes out': { ...usualSend, departsMs: sendTimeoutMs },
  'it goes out at the last moment': {
    departsMs: sendTimeoutMs - 1,
    arrivesMs: travelsMs - 1_000,
    answersMs: 1_000,
  },
  'its password is refused': { ...usualSend, refusal: { code: 'PasswordRejected' } },
  'its password is refused, and its answer lost': {
    ...lost,
    refusal: { code: 'PasswordRejected' },
  },
  'it is refused for good': { ...usualSend, refusal: { code: 'PartnerPermissionDenied' } },
  'it is throttled': { ...usualSend, refusal: { code: 'Throttled' } },
  'it is to wait': { ...usualSend, refusal: { code: 'Throttled', retryAfterMs: 20_000 } },
  'it is refused for now': { ...usualSend, refusal: { code: 'PartnerCenterUnavailable' } },
  'its token is refused': { ...usualSend, refusal: { code: 'AccessTokenRejected' } },
  'somebody must act first': { ...usualSend, refusal: { code: 'MfaRequired' } },
};

/** A copy that comes while the first one is handled meets it at each of its calls. */
const copiesAfterMs = Array.from({ length: 31 }, (_, index) => index * 10);

const messageFaults: Readonly<Record<string, readonly number[]>> = {
  'it is lost': [],
  'it is late': [900_000],
  'it comes five times': [0, 0, 0, 0, 0],
  ...Object.fromEntries(copiesAfterMs.map((ms) => [`it comes again ${ms} ms later`, [0, ms]])),
  'it comes again after the lease': [0, leaseMs + 1_000],
  'it comes again when another may claim': [0, leaseMs + settleMs + 1_000],
};
