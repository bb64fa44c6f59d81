/** A key of the chains and its version. */
export interface ChainKey {
  readonly version: string;
  readonly key: Uint8Array;
}

/** Old versions stay readable, so that keys rotate while old records are verified. */
export interface ChainKeys {
  newest(signal: AbortSignal): Promise<ChainKey>;
  /** Undefined when there is no such version. */
  byVersion(version: string, signal: AbortSignal): Promise<ChainKey | undefined>;
}

/** The record that a chain ends with. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** A place in a chain's log. What one part has no room for goes on in the next. */
export interface LogPosition {
  /** From 1. */
  readonly part: number;
  /** In bytes. */
  readonly offset: number;
}

export const logStart: LogPosition = { part: 1, offset: 0 };

/**
 * Where the chains are kept: lines of text that can only be added to. Everything rejects with a
 * {@link ResetError} `StorageUnavailable`.
 */
export interface AuditLog {
  /** Where the next line goes, and some of the lines before it, up to the last. */
  tail(chain: string): Promise<LogTail>;
  /**
   * Adds whole lines where the log ends, all of them or none. `conflict` when it does not end there (any
   * more), and nothing was written by this call's last try; the result of an earlier try may be what it met.
   */
  append(chain: string, text: string, at: LogPosition): Promise<LogPosition | 'conflict'>;
  /** The lines from there on, without their ends. */
  read(chain: string, from: LogPosition, signal: AbortSignal): AsyncIterable<string>;
  /** Keeps how far this writer has brought the chain. */
  writeHead(chain: string, writer: string, head: ChainEnd): Promise<void>;
  /** How far each writer has brought the chain. */
  heads(chain: string, signal: AbortSignal): Promise<readonly ChainEnd[]>;
}

export interface LogTail {
  readonly position: LogPosition;
  readonly lines: readonly string[];
}
