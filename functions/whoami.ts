import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('whoami', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'whoami',
  handler: async (request, context) => (await loadProgram()).whoami(request, context),
});
