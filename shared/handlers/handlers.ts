import type { HttpHandler, StorageQueueHandler, TimerHandler } from '@azure/functions';

/** What is behind the functions: one handler for each that is registered. */
export interface Handlers {
  readonly resetPassword: HttpHandler;
  readonly receiveWebhook: HttpHandler;
  readonly getPasswordReset: HttpHandler;
  readonly getPasswordResetResult: HttpHandler;
  readonly revokePassword: HttpHandler;
  readonly revealPassword: HttpHandler;
  readonly submitBulkReset: HttpHandler;
  readonly getBulkReset: HttpHandler;
  readonly getBulkResetResult: HttpHandler;
  readonly getBulkResetRows: HttpHandler;
  readonly cancelBulkReset: HttpHandler;
  readonly acknowledgeBulkReset: HttpHandler;
  readonly approveBulkReset: HttpHandler;
  readonly getAudit: HttpHandler;
  readonly whoami: HttpHandler;
  readonly health: HttpHandler;

  readonly processPasswordReset: StorageQueueHandler;
  readonly processBulkReset: StorageQueueHandler;
  readonly processBulkSlice: StorageQueueHandler;
  readonly countPoisonedReset: StorageQueueHandler;
  readonly countPoisonedSlice: StorageQueueHandler;

  readonly sweep: TimerHandler;
  readonly purge: TimerHandler;
}
