import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('submit-bulk-reset', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'bulk-resets',
  handler: async (request, context) => (await loadProgram()).submitBulkReset(request, context),
});
