import type { AuditLog, ChainEnd, LogPosition, LogTail } from '../../shared/audit/ports.js';

/** Lines in memory, and whatever a test does to them behind the back of those who write. */
export class FakeAuditLog implements AuditLog {
  readonly #blocksPerPart: number;
  readonly #parts = new Map<string, Part[]>();
  readonly #heads = new Map<string, Map<string, ChainEnd>>();
  /** How many lines came with each append that was made. */
  readonly appended: number[] = [];
  /** What the next append rejects with, after it was made or without. */
  nextFailure: { readonly error: Error; readonly isMade: boolean } | undefined;
  /** What every write of a head rejects with. */
  headFailure: Error | undefined;
  /** Before an append is made. */
  onAppend: (() => Promise<void>) | undefined;

  constructor({ blocksPerPart = 40_000 }: { readonly blocksPerPart?: number } = {}) {
    this.#blocksPerPart = blocksPerPart;
  }

  /** All lines of a chain, across its parts. */
  lines(chain: string): readonly string[] {
    return this.#partsOf(chain).flatMap(({ text }) => text.split('\n').slice(0, -1));
  }

  /** Puts other lines into the place of a chain's, in one part. */
  tamper(chain: string, lines: readonly string[]): void {
    this.#parts.set(chain, [{ text: lines.map((line) => `${line}\n`).join(''), blocks: 1 }]);
  }

  tail(chain: string): Promise<LogTail> {
    const { part, offset } = this.#end(chain);
    return Promise.resolve({ position: { part, offset }, lines: this.lines(chain).slice(-3) });
  }

  async append(chain: string, text: string, at: LogPosition): Promise<LogPosition | 'conflict'> {
    const act = this.onAppend;
    this.onAppend = undefined;
    await act?.();
    const failure = this.nextFailure;
    this.nextFailure = undefined;
    if (failure?.isMade === false) throw failure.error;
    const end = this.#end(chain);
    if (end.part !== at.part || end.offset !== at.offset) return 'conflict';
    const parts = this.#partsOf(chain);
    const part = parts[at.part - 1] ?? { text: '', blocks: 0 };
    parts[at.part - 1] = { text: part.text + text, blocks: part.blocks + 1 };
    this.#parts.set(chain, parts);
    this.appended.push(text.split('\n').length - 1);
    if (failure !== undefined) throw failure.error;
    return this.#end(chain);
  }

  async *read(chain: string, from: LogPosition, signal: AbortSignal): AsyncGenerator<string> {
    signal.throwIfAborted();
    for (const [index, { text }] of this.#partsOf(chain).entries()) {
      const number = index + 1;
      if (number < from.part) continue;
      await Promise.resolve();
      const bytes = Buffer.from(text).subarray(number === from.part ? from.offset : 0);
      yield* bytes.toString().split('\n').slice(0, -1);
    }
  }

  writeHead(chain: string, writer: string, head: ChainEnd): Promise<void> {
    if (this.headFailure) return Promise.reject(this.headFailure);
    const heads = this.#heads.get(chain) ?? new Map<string, ChainEnd>();
    this.#heads.set(chain, heads.set(writer, head));
    return Promise.resolve();
  }

  heads(chain: string): Promise<readonly ChainEnd[]> {
    return Promise.resolve([...(this.#heads.get(chain)?.values() ?? [])]);
  }

  #partsOf(chain: string): Part[] {
    return this.#parts.get(chain) ?? [];
  }

  #end(chain: string): LogPosition {
    const parts = this.#partsOf(chain);
    const last = parts.at(-1);
    if (last === undefined) return { part: 1, offset: 0 };
    return last.blocks < this.#blocksPerPart
      ? { part: parts.length, offset: Buffer.byteLength(last.text) }
      : { part: parts.length + 1, offset: 0 };
  }
}

interface Part {
  readonly text: string;
  readonly blocks: number;
}
