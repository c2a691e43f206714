// Express. It takes /ITEMS and /items/ for /items, hence `case_sensitive: false` in the policy.
import express from 'express';
import { Readable } from 'node:stream';
import { sizeOf, ticks } from './bodies.mjs';
import { identityOf } from './identity.mjs';

const app = express();

app.use((request, response, next) => {
  request.identity = identityOf(request.headers);
  next();
});

// Express makes an ETag of each JSON answer and turns it into 304 where it is known.
app.get('/about', (request, response) => response.json({ route: 'GET /about', ...request.identity }));
app.get('/headers', (request, response) => response.json(request.headers));

app.get('/items', (request, response) => response.json({ route: 'GET /items', ...request.identity }));
app.post('/items', async (request, response) =>
  response.json({ route: 'POST /items', bytes: await sizeOf(request), ...request.identity }));
app.delete('/items', (request, response) => response.json({ route: 'DELETE /items', ...request.identity }));
app.get('/ticks', (request, response) => Readable.from(ticks()).pipe(response.type('text')));

app.get('/orgs/:id/members', (request, response) =>
  response.json({ route: 'GET /orgs/{id}/members', id: request.params.id, ...request.identity }));
app.post('/orgs/:id/invitations', (request, response) =>
  response.json({ route: 'POST /orgs/{id}/invitations', id: request.params.id, ...request.identity }));

app.listen(process.env.PORT ?? 3000, '127.0.0.1');
