import type { SliceWakeUp } from '../../shared/bulk-reset/ports.js';
import type { ResetStore, Seals } from '../../shared/password-reset/ports.js';
import type { ResetLimits } from '../../shared/password-reset/reset-row.js';
import type { Secret } from '../../shared/platform/secret.js';
import type { Surroundings } from './host-process.js';
import type { SimulatedControl } from './simulated-control.js';
import type { SimulatedDirectory } from './simulated-directory.js';
import type { SimulatedJobs } from './simulated-jobs.js';
import type { SimulatedQueue } from './simulated-queue.js';
import type { SimulatedStorage } from './simulated-storage.js';

/** All that lies outside of a process. */
export interface World extends Surroundings {
  readonly seed: number;
  readonly storage: SimulatedStorage;
  readonly jobs: SimulatedJobs;
  readonly control: SimulatedControl;
  readonly directory: SimulatedDirectory;
  /** Messages about a single reset, by its id. */
  readonly resetQueue: SimulatedQueue<string>;
  /** Messages about a job, by its id. */
  readonly jobQueue: SimulatedQueue<string>;
  readonly sliceQueue: SimulatedQueue<SliceWakeUp>;
}

/** A rule of the protocol that is not kept, made by giving a use case something else to work with. */
export interface Variation {
  readonly attemptLimits?: Partial<ResetLimits>;
  readonly processLimits?: Partial<ResetLimits>;
  readonly readSettleMs?: number;
  readonly takeUserSettleMs?: number;
  readonly sendTimeoutMs?: number;
  readonly resets?: (resets: ResetStore) => ResetStore;
  readonly seals?: (seals: Seals, newPassword: () => Secret) => Seals;
  readonly isSwept?: boolean;
}
