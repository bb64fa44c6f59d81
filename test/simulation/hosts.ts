import { HostProcess } from './host-process.js';
import { randomFor } from './random.js';
import { createUseCases, type UseCases, type Variation, type World } from './use-cases.js';

/** A host in one of its lives, with the object graph that it built at its start. */
export interface LiveHost {
  readonly process: HostProcess;
  readonly useCases: UseCases;
}

export type Hosts = ReturnType<typeof createHosts>;

/** Hosts that come back after they died, remembering nothing. */
export function createHosts(world: World, skewsMs: readonly number[], variation: Variation) {
  const hosts = new Map<number, LiveHost>();
  skewsMs.forEach((_, index) => start(index));

  return {
    /** One that is alive: for the same purpose the same one in every run. */
    pick(purpose: string): LiveHost | undefined {
      if (hosts.size === 0) return undefined;
      return randomFor(world.seed, `host for ${purpose}`).pick([...hosts.values()]);
    },

    hostOf(process: HostProcess): LiveHost | undefined {
      return [...hosts.values()].find((host) => host.process === process);
    },
  };

  function start(index: number): void {
    const process = new HostProcess(`host ${index + 1}`, world, skewsMs[index]);
    hosts.set(index, { process, useCases: createUseCases(process, world, variation) });
    process.onDeath.push(() => {
      hosts.delete(index);
      const life = world.numbered(`life of host ${index + 1}`);
      world.scheduler.after(randomFor(world.seed, life).spread(500, 120_000), () => start(index));
    });
  }
}
