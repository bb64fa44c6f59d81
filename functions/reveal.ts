import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('reveal', {
  methods: ['GET', 'HEAD', 'POST'],
  authLevel: 'anonymous',
  route: 'reveal/{token}',
  handler: async (request, context) => (await loadProgram()).revealPassword(request, context),
});
