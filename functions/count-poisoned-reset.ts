import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.storageQueue('count-poisoned-reset', {
  queueName: 'password-resets-poison',
  connection: 'STORAGE',
  handler: async (message, context) => (await loadProgram()).countPoisonedReset(message, context),
});
