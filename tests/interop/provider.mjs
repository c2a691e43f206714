// A real OpenID Connect provider (oidc-provider, the engine that Logto is built on) that issues
// access tokens in Logto's three shapes: global API resources, organization permissions
// (audience urn:logto:organization:ID), organization-level API resources (organization_id claim).
import { generateKeyPair as generateKeyPairCallback } from 'node:crypto';
import http from 'node:http';
import { promisify } from 'node:util';
import Provider from 'oidc-provider';

const generateKeyPair = promisify(generateKeyPairCallback);

export const clientId = 'machine';
export const clientSecret = 'a-secret-of-this-test-only';
export const organizationPrefix = 'urn:logto:organization:';

async function newKey(alg, kid) {
  const { privateKey } = alg.startsWith('ES')
    ? await generateKeyPair('ec', { namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] })
    : await generateKeyPair('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

function configure(keys, alg) {
  return {
    jwks: { keys },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: alg,
      },
    ],
    cookies: { keys: ['a-key-of-this-test-only'] },
    enabledJWA: { idTokenSigningAlgValues: keys.map((key) => key.alg) },
    scopes: ['read:items', 'write:items', 'read:projects', 'invite:member'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          audience: resource,
          scope: 'read:items write:items read:projects invite:member',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg } },
        }),
      },
    },
    extraTokenClaims: (ctx) => {
      const organization = ctx.oidc.body?.organization_id;
      return organization ? { organization_id: organization } : undefined;
    },
  };
}

// Starts an issuer on a free loopback port. `algorithms[0]` signs.
export async function startProvider(algorithms) {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let generation = 0;
  let keys = [];
  let callback;
  const counts = { jwks: 0, discovery: 0 };

  // oidc-provider takes its keys once, so another generation is another provider in its place.
  async function use(alg) {
    const provider = new Provider(issuer, configure(keys, alg));
    callback = provider.callback();
  }
  async function addKey(alg) {
    generation += 1;
    keys = [await newKey(alg, `${alg}-${generation}`), ...keys];
  }
  for (const alg of [...algorithms].reverse()) await addKey(alg);
  await use(algorithms[0]);
  server.on('request', (request, response) => {
    if (request.url === '/jwks') counts.jwks += 1;
    if (request.url === '/.well-known/openid-configuration') counts.discovery += 1;
    callback(request, response);
  });

  return {
    issuer,
    counts,
    sign: use,
    // A new signing key beside the old one, as issuers do before they retire the old.
    async rotate(alg) {
      await addKey(alg);
      await use(alg);
    },
    // Only the newest key stays.
    async retire(alg) {
      keys = keys.slice(0, 1);
      await use(alg);
    },
    async token({ resource, scope, organization }) {
      const body = new URLSearchParams({ grant_type: 'client_credentials', resource });
      if (scope) body.set('scope', scope);
      if (organization) body.set('organization_id', organization);
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: 'Basic ' + Buffer.from(`${clientId}:${clientSecret}`).toString('base64') },
        body,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`token endpoint: ${answer.status} ${text}`);
      return JSON.parse(text).access_token;
    },
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
