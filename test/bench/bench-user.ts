export interface BenchUser {
  readonly customerTenantId: string;
  readonly userId: string;
}
