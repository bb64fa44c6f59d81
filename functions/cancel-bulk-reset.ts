import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('cancel-bulk-reset', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'bulk-resets/{id}/cancel',
  handler: async (request, context) => (await loadProgram()).cancelBulkReset(request, context),
});
