// Koa with @koa/router. It takes /ITEMS and /items/ for /items, as Express does.
import Router from '@koa/router';
import Koa from 'koa';
import { Readable } from 'node:stream';
import { sizeOf, ticks } from './bodies.mjs';
import { identityOf } from './identity.mjs';

const app = new Koa();
const router = new Router();

app.use((context, next) => {
  context.state.identity = identityOf(context.headers);
  return next();
});

router.get('/about', (context) => {
  context.status = 200;
  context.etag = 'about-1';
  if (context.fresh) context.status = 304;
  else context.body = { route: 'GET /about', ...context.state.identity };
});
router.get('/headers', (context) => { context.body = context.headers; });

router.get('/items', (context) => { context.body = { route: 'GET /items', ...context.state.identity }; });
router.post('/items', async (context) => {
  context.body = { route: 'POST /items', bytes: await sizeOf(context.req), ...context.state.identity };
});
router.delete('/items', (context) => { context.body = { route: 'DELETE /items', ...context.state.identity }; });
router.get('/ticks', (context) => {
  context.type = 'text/plain';
  context.body = Readable.from(ticks());
});

router.get('/orgs/:id/members', (context) => {
  context.body = { route: 'GET /orgs/{id}/members', id: context.params.id, ...context.state.identity };
});
router.post('/orgs/:id/invitations', (context) => {
  context.body = { route: 'POST /orgs/{id}/invitations', id: context.params.id, ...context.state.identity };
});

app.use(router.routes()).use(router.allowedMethods());
app.listen(process.env.PORT ?? 3000, '127.0.0.1');
