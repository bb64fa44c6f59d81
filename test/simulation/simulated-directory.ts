import type { CustomerUser, ResetRequest } from '../../shared/password-reset/ports.js';
import { ResetError, type ResetErrorCode } from '../../shared/password-reset/reset-error.js';
import type { ClaimedRow, ResetRow } from '../../shared/password-reset/reset-row.js';
import type { SendFate } from './fates.js';
import type { SendPointer } from './history.js';
import { type HostProcess, never, type Surroundings } from './host-process.js';

type Answer = ResetErrorCode | 'applied';

/** What storage says at a moment, for the record. */
export interface StorageView {
  rowNow(resetId: string): ResetRow | undefined;
  lockNow(user: Pick<ResetRequest, 'customerTenantId' | 'userId'>): string | undefined;
}

export interface DirectoryOptions {
  readonly sendTimeoutMs: number;
  /** Whether a request id is carried out only once. */
  readonly recognizesRequests: boolean;
}

/**
 * The directory on the other side. It does what a request says when the request arrives, whether anybody
 * still waits for the answer or not.
 */
export class SimulatedDirectory {
  readonly #surroundings: Surroundings;
  readonly #storage: StorageView;
  readonly #options: DirectoryOptions;
  readonly #answersBySend = new Map<number, Answer>();
  readonly #answersByRequestId = new Map<string, Answer>();
  #sends = 0;

  constructor(surroundings: Surroundings, storage: StorageView, options: DirectoryOptions) {
    this.#surroundings = surroundings;
    this.#storage = storage;
    this.#options = options;
  }

  user({ userId }: Pick<ResetRequest, 'userId'>): CustomerUser {
    return {
      userId,
      userPrincipalName: `${userId}@contoso.com` as CustomerUser['userPrincipalName'],
      isDeleted: false,
      isFederated: false,
      isSynchronized: false,
    };
  }

  /** One request from this process, which carries out this attempt. */
  async resetPassword(
    process: HostProcess,
    attempt: ClaimedRow,
    request: ResetRequest,
  ): Promise<void> {
    if (!process.isAlive) return never();
    const { scheduler, fates, history, numbered } = this.#surroundings;
    const { resetId } = attempt;
    this.#sends += 1;
    const pointer: SendPointer = {
      send: this.#sends,
      user: request.userId,
      resetId,
      password: request.passwordProfile.password.reveal(),
    };
    const name = numbered(`send ${resetId}`);
    const fate = fates.ofSend(name);
    const { departsMs, arrivesMs, crashesMs } = fate;
    const endsMs =
      scheduler.nowMs + Math.min(departsMs + fate.answersMs, this.#options.sendTimeoutMs);
    const stored = this.#storage.rowNow(resetId);
    const lockedBy = this.#storage.lockNow(request);
    history.note(process.name, { kind: 'sent', ...pointer, attempt, stored, lockedBy, endsMs });

    if (departsMs >= this.#options.sendTimeoutMs) {
      await process.pause(this.#options.sendTimeoutMs);
      this.#answer(process, pointer, 'PartnerCenterUnavailable');
      return;
    }
    if (crashesMs !== undefined) {
      process.after(crashesMs, () => process.die());
      if (crashesMs < departsMs) return never();
    }
    if (arrivesMs !== undefined) {
      scheduler.after(departsMs + arrivesMs, () =>
        this.#arrive(pointer, request, fate, scheduler.nowMs > endsMs),
      );
    }
    await process.pause(endsMs - scheduler.nowMs);
    const isInTime = departsMs + fate.answersMs <= this.#options.sendTimeoutMs;
    const isAnswered = isInTime && fate.isAnswerLost !== true;
    const answer = isAnswered ? this.#answersBySend.get(pointer.send) : undefined;
    this.#answer(process, pointer, answer ?? 'OutcomeUnknown', fate.refusal?.retryAfterMs);
  }

  #answer(process: HostProcess, pointer: SendPointer, answer: Answer, retryAfterMs?: number): void {
    const code = answer === 'applied' ? undefined : answer;
    this.#surroundings.history.note(process.name, { kind: 'answered', ...pointer, code });
    if (code !== undefined)
      throw new ResetError(code, `Cannot reset password: ${code}`, { retryAfterMs });
  }

  #arrive(
    pointer: SendPointer,
    request: ResetRequest,
    { refusal }: SendFate,
    isLate: boolean,
  ): void {
    const { history } = this.#surroundings;
    const known = this.#answersByRequestId.get(request.requestId);
    const isRecognized = known !== undefined && this.#options.recognizesRequests;
    const answer = isRecognized ? known : (refusal?.code ?? 'applied');
    this.#answersBySend.set(pointer.send, answer);
    this.#answersByRequestId.set(request.requestId, answer);
    if (isRecognized) history.note('directory', { kind: 'recognized', ...pointer });
    else if (answer === 'applied')
      history.note('directory', { kind: 'applied', ...pointer, isLate });
    else history.note('directory', { kind: 'refused', ...pointer, code: answer });
  }
}
