import type { Audit, AuditEvent, Note } from '../../shared/password-reset/audit.js';

/** Keeps every event in memory, in order. */
export class FakeAudit {
  readonly events: AuditEvent[] = [];
  /** Each time it was told of something, how much. */
  readonly calls: number[] = [];
  /** What it rejects with. */
  failure: Error | undefined;
  /** What happens while it is being told. */
  onCall: (() => void) | undefined;

  readonly audit: Audit = (events) => {
    if (this.failure) return Promise.reject(this.failure);
    this.calls.push(events.length);
    this.events.push(...events);
    this.onCall?.();
    return Promise.resolve();
  };

  readonly note: Note = async (events) => {
    await this.audit(events).catch(() => undefined);
  };

  get actions(): readonly string[] {
    return this.events.map(({ action }) => action);
  }
}

/** For what is not about the audit. */
export const noAudit: { readonly audit: Audit; readonly note: Note } = {
  audit: () => Promise.resolve(),
  note: () => Promise.resolve(),
};
