import { type BulkUseCases, createBulkUseCases } from './bulk-use-cases.js';
import { HostProcess } from './host-process.js';
import { randomFor } from './random.js';
import { createUseCases, type UseCases } from './use-cases.js';
import type { Variation, World } from './world.js';

/** A host in one of its lives, with the object graph that it built at its start. */
export interface LiveHost {
  readonly process: HostProcess;
  readonly useCases: UseCases;
  readonly bulk: BulkUseCases;
}

export type Hosts = ReturnType<typeof createHosts>;

/** Hosts that come back after they died, remembering nothing. */
export function createHosts(world: World, skewsMs: readonly number[], variation: Variation) {
  const hosts = new Map<number, LiveHost>();
  const byProcess = new WeakMap<HostProcess, LiveHost>();
  skewsMs.forEach((_, index) => start(index));

  return {
    /** One that is alive: for the same purpose the same one in every run. */
    pick(purpose: string): LiveHost | undefined {
      if (hosts.size === 0) return undefined;
      return randomFor(world.seed, `host for ${purpose}`).pick([...hosts.values()]);
    },

    hostOf(process: HostProcess): LiveHost {
      const host = byProcess.get(process);
      if (host === undefined) throw new RangeError(`There is no host of ${process.name}`);
      return host;
    },
  };

  function start(index: number): void {
    const process = new HostProcess(`host ${index + 1}`, world, skewsMs[index]);
    const useCases = createUseCases(process, world, variation);
    const host = { process, useCases, bulk: createBulkUseCases(process, world, useCases) };
    hosts.set(index, host);
    byProcess.set(process, host);
    process.onDeath.push(() => {
      hosts.delete(index);
      const life = world.numbered(`life of host ${index + 1}`);
      world.scheduler.after(randomFor(world.seed, life).spread(500, 120_000), () => start(index));
    });
  }
}
