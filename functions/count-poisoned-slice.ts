import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.storageQueue('count-poisoned-slice', {
  queueName: 'bulk-reset-slices-poison',
  connection: 'STORAGE',
  handler: async (message, context) => (await loadProgram()).countPoisonedSlice(message, context),
});
