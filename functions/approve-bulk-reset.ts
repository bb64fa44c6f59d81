import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('approve-bulk-reset', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'bulk-resets/{id}/approval',
  handler: async (request, context) => (await loadProgram()).approveBulkReset(request, context),
});
