import type { BrakeScope, Control, ControlState } from '../../shared/password-reset/ports.js';
import { FakeControl } from '../fakes/fake-control.js';
import type { HostProcess } from './host-process.js';

const cachedMs = 2_000;

/** The stop switch and the brakes, as each process knows them: as of two seconds ago. */
export class SimulatedControl {
  readonly shared = new FakeControl();

  control(process: HostProcess): Control {
    const own = new Map<BrakeScope, number>();
    let known: { readonly state: ControlState; readonly atMs: number } | undefined;
    return {
      read: async (signal) => {
        if (known === undefined || process.now() >= known.atMs + cachedMs) {
          const atMs = process.now();
          const read = () => this.shared.read(signal);
          known = { state: await process.effect('read control', read, { signal }), atMs };
        }
        const { isHalted, brakedUntilMs } = known.state;
        const merged = new Map(brakedUntilMs);
        for (const [scope, untilMs] of own) {
          merged.set(scope, Math.max(merged.get(scope) ?? 0, untilMs));
        }
        return { isHalted, brakedUntilMs: merged };
      },
      brake: (scope, untilMs) => {
        own.set(scope, Math.max(own.get(scope) ?? 0, untilMs));
        const brake = () => this.shared.brake(scope, untilMs);
        return process.effect(`brake ${scope}`, brake, { isWrite: true });
      },
    };
  }
}
