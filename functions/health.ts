import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('health', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'health',
  handler: async (request, context) => (await loadProgram()).health(request, context),
});
