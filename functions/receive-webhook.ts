import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('receive-webhook', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'webhooks/{source}',
  handler: async (request, context) => (await loadProgram()).receiveWebhook(request, context),
});
