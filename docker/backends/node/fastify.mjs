// Fastify, with its WebSocket plugin.
import websocket from '@fastify/websocket';
import fastify from 'fastify';
import { Readable } from 'node:stream';
import { sizeOf, ticks } from './bodies.mjs';
import { identityOf } from './identity.mjs';

const app = fastify();

app.decorateRequest('identity', null);
app.addHook('onRequest', async (request) => { request.identity = identityOf(request.headers); });

// Bodies are left as streams: nothing here reads what a form says.
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', (request, body, done) => done(null, body));

app.get('/about', async (request, reply) => {
  reply.header('etag', '"about-1"');
  if (request.headers['if-none-match'] === '"about-1"') return reply.code(304).send();
  return { route: 'GET /about', ...request.identity };
});
app.get('/headers', async (request) => request.headers);

app.get('/items', async (request) => ({ route: 'GET /items', ...request.identity }));
app.post('/items', async (request) =>
  ({ route: 'POST /items', bytes: await sizeOf(request.body ?? []), ...request.identity }));
app.delete('/items', async (request) => ({ route: 'DELETE /items', ...request.identity }));
app.get('/ticks', async (request, reply) => reply.type('text/plain').send(Readable.from(ticks())));

app.get('/orgs/:id/members', async (request) =>
  ({ route: 'GET /orgs/{id}/members', id: request.params.id, ...request.identity }));
app.post('/orgs/:id/invitations', async (request) =>
  ({ route: 'POST /orgs/{id}/invitations', id: request.params.id, ...request.identity }));

await app.register(websocket);
app.get('/socket', { websocket: true }, (socket, request) => {
  socket.send(JSON.stringify({ route: 'GET /socket', ...request.identity }));
  socket.on('message', (message) => socket.send(message.toString()));
});

await app.listen({ host: '127.0.0.1', port: process.env.PORT ?? 3000 });
