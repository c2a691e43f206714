// hapi. It splits off the query and decodes parameters once; paths match in one spelling only.
import Hapi from '@hapi/hapi';
import { Readable } from 'node:stream';
import { sizeOf, ticks } from './bodies.mjs';
import { identityOf } from './identity.mjs';

const server = Hapi.server({ host: '127.0.0.1', port: process.env.PORT ?? 3000 });

server.ext('onRequest', (request, h) => {
  request.app.identity = identityOf(request.headers);
  return h.continue;
});

// The body stays a stream: nothing here reads what a form says.
const streamed = { payload: { output: 'stream', parse: false, maxBytes: 64 * 1024 * 1024 } };

server.route([
  {
    method: 'GET', path: '/about',
    handler: (request, h) => h.response({ route: 'GET /about', ...request.app.identity }).etag('about-1'),
  },
  { method: 'GET', path: '/headers', handler: (request) => request.headers },
  { method: 'GET', path: '/items', handler: (request) => ({ route: 'GET /items', ...request.app.identity }) },
  {
    method: 'POST', path: '/items', options: streamed,
    handler: async (request) =>
      ({ route: 'POST /items', bytes: await sizeOf(request.payload), ...request.app.identity }),
  },
  { method: 'DELETE', path: '/items', handler: (request) => ({ route: 'DELETE /items', ...request.app.identity }) },
  {
    method: 'GET', path: '/ticks',
    handler: (request, h) => h.response(Readable.from(ticks(), { objectMode: false })).type('text/plain'),
  },
  {
    method: 'GET', path: '/orgs/{id}/members',
    handler: (request) => ({ route: 'GET /orgs/{id}/members', id: request.params.id, ...request.app.identity }),
  },
  {
    method: 'POST', path: '/orgs/{id}/invitations', options: streamed,
    handler: (request) =>
      ({ route: 'POST /orgs/{id}/invitations', id: request.params.id, ...request.app.identity }),
  },
]);

await server.start();
