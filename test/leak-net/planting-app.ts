/** A function app that puts a text wherever it is told to. */
export const plantingApp = `
  import { app } from '@azure/functions';

  const plant = async (request, context) => {
    const { place, text, status = 200 } = await request.json();
    switch (place) {
      case 'log':
        context.info(text);
        return { status };
      case 'message':
        throw new Error(text);
      case 'cause': {
        const cause = new Error('cannot say why');
        Object.defineProperty(cause, 'hidden', { value: { text }, enumerable: false });
        throw new Error('failed', { cause: new Error('and before that', { cause }) });
      }
      case 'header':
        return { status, headers: { 'x-planted': text } };
      default:
        return { status, body: text };
    }
  };

  app.http('plant', { methods: ['POST'], handler: plant });
  app.http('reset', { route: 'password-resets', methods: ['POST'], handler: plant });
  app.http('page', {
    route: 'reveal/{token}',
    methods: ['GET', 'POST'],
    handler: () => ({ body: process.env.REVEALED }),
  });
`;
