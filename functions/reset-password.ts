import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('reset-password', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'password-resets',
  handler: async (request, context) => (await loadProgram()).resetPassword(request, context),
});
