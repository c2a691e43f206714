// A gateway in Node.js: fastify in front, @fastify/http-proxy behind, and between them a check of
// the token. node gateway.mjs VERIFIER PORT UPSTREAM_PORT FOLDER ISSUER AUDIENCE ALGORITHM CACHE
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [verifier, port, upstreamPort, folder, issuer, audience, algorithm, cache] =
  process.argv.slice(2);
const { makeVerifier } = await import(`./verify_${verifier}.mjs`);
const verify = makeVerifier({
  folder, issuer, audience, algorithm, scope: 'read:items',
  cache: cache === '0' ? false : Number(cache),
});

function bearerToken({ authorization }) {
  if (!authorization?.startsWith('Bearer ')) throw new Error('Authorization header is missing');
  return authorization.slice('Bearer '.length);
}

const app = Fastify({ logger: false });
app.decorateRequest('auth', null);
app.register(proxy, {
  upstream: `http://127.0.0.1:${upstreamPort}`,
  preHandler: async (request, reply) => {
    try {
      request.auth = await verify(bearerToken(request.headers));
    } catch (error) {
      return reply.code(401).send({ error: error.message });
    }
  },
  replyOptions: {
    rewriteRequestHeaders: (request, { authorization, ...headers }) => ({
      ...headers,
      'x-auth-subject': request.auth.sub,
    }),
  },
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
