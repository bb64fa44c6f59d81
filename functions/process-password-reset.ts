import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.storageQueue('process-password-reset', {
  queueName: 'password-resets',
  connection: 'STORAGE',
  handler: async (message, context) => (await loadProgram()).processPasswordReset(message, context),
});
