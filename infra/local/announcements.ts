import { channel, hasSubscribers } from 'node:diagnostics_channel';

/** What the stack made up, took or handed out, and what must not show where it does not belong. */
export interface AnnouncedSecret {
  /** What it is good for; may be printed. */
  readonly kind: string;
  readonly value: string;
}

/** A storage account that runs; whoever watches it may look before it ends and after. */
export interface AnnouncedStorage {
  readonly connectionString: string;
  /** Where the data is kept, unless in memory. */
  readonly directory: string | undefined;
  readonly beforeStop: (() => Promise<void>)[];
  readonly afterStop: (() => Promise<void>)[];
}

export const secretChannel = 'local-stack:secret';
export const storageChannel = 'local-stack:storage';

/** Tells whoever watches this process; nobody does outside of tests. */
export function announceSecret(kind: string, value: string): void {
  if (!hasSubscribers(secretChannel)) return;
  const secret: AnnouncedSecret = { kind, value };
  channel(secretChannel).publish(secret);
}

export function announceStorage(
  storage: Pick<AnnouncedStorage, 'connectionString' | 'directory'>,
): AnnouncedStorage {
  const announced: AnnouncedStorage = { ...storage, beforeStop: [], afterStop: [] };
  channel(storageChannel).publish(announced);
  return announced;
}
