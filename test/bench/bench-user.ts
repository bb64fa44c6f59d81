import type { Directory } from '../../infra/local/directory/directory.js';
import { isPlain } from '../../infra/local/directory/plain-user.js';

export interface BenchUser {
  readonly customerTenantId: string;
  readonly userId: string;
}

/** So many users whose password may be reset. */
export function benchUsers({ customers }: Directory, count: number): BenchUser[] {
  return [...customers.values()]
    .flatMap(({ tenantId, users }) =>
      [...users.values()]
        .filter(isPlain)
        .map(({ id }) => ({ customerTenantId: tenantId, userId: id })),
    )
    .slice(0, count);
}
