// The three permission models, discovery, and key rotation against a real provider: what Logto's
// engine issues is what bearergate accepts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startBackend, startGateway } from './gateway.mjs';
import { organizationPrefix, startProvider } from './provider.mjs';

const audience = 'https://api.acme.example';
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function configuration(issuer, backend, more = '') {
  return `
issuer: ${issuer}
audience: ${audience}
upstream: ${backend.url}
${more}
routes:
  GET /healthz: public
  GET /items: { scopes: [read:items] }
  POST /items: { scopes: [write:items] }
  GET /orgs/{orgId}/projects: { organization: "{orgId}", scopes: [read:projects] }
  POST /orgs/{orgId}/invitations: { token: organization, organization: "{orgId}", scopes: [invite:member] }
`;
}

describe('ES384, as Logto signs', () => {
  let provider, backend, gateway;
  before(async () => {
    provider = await startProvider(['ES384']);
    backend = await startBackend();
    gateway = await startGateway(configuration(provider.issuer, backend));
  });
  after(async () => {
    assert.equal(await gateway.stop(), 0);
    await Promise.all([provider.stop(), backend.stop()]);
  });

  async function refused(status, reason, answer) {
    const before = backend.seen.length;
    const { status: got, body } = await answer();
    assert.deepEqual({ status: got, reason: body.reason }, { status, reason });
    assert.equal(backend.seen.length, before, 'the backend heard of it');
  }

  it('global API resource: a granted scope passes and the backend learns who asks', async () => {
    const token = await provider.token({ resource: audience, scope: 'read:items' });
    const { status, body } = await gateway.get('/items', token);
    assert.equal(status, 200);
    assert.equal(body.headers['x-auth-subject'], 'machine');
    assert.equal(body.headers['x-auth-client-id'], 'machine');
    assert.equal(body.headers['x-auth-scopes'], 'read:items');
    assert.equal(body.headers['x-auth-audience'], audience);
    assert.equal(body.headers['x-auth-issuer'], provider.issuer);
    assert.equal(body.headers.authorization, undefined);
  });
  it('global API resource: a missing scope is 403', async () => {
    const token = await provider.token({ resource: audience, scope: 'read:items' });
    await refused(403, 'scope_missing', () => gateway.post('/items', token));
  });
  it('global API resource: a token for another resource is 403', async () => {
    const token = await provider.token({ resource: 'https://other.example', scope: 'read:items' });
    await refused(403, 'audience_mismatch', () => gateway.get('/items', token));
  });
  it('no token is 401', () => refused(401, 'token_missing', () => gateway.get('/items')));
  it('an opaque token is 401', async () => {
    await refused(401, 'token_opaque', () => gateway.get('/items', 'Zm9vYmFyYmF6'));
  });
  it('organization-level API resource: the organization in the path must be the token\'s', async () => {
    const token = await provider.token({ resource: audience, scope: 'read:projects', organization: 'acme' });
    const { status, body } = await gateway.get('/orgs/acme/projects', token);
    assert.equal(status, 200);
    assert.equal(body.headers['x-auth-organization-id'], 'acme');
    await refused(403, 'organization_mismatch', () => gateway.get('/orgs/globex/projects', token));
    await refused(403, 'organization_not_accepted', () => gateway.get('/items', token));
  });
  it('organization-level API resource: a global token has no organization', async () => {
    const token = await provider.token({ resource: audience, scope: 'read:projects' });
    await refused(403, 'organization_missing', () => gateway.get('/orgs/acme/projects', token));
  });
  it('organization permissions: the audience names the organization', async () => {
    const token = await provider.token({ resource: `${organizationPrefix}acme`, scope: 'invite:member' });
    const { status, body } = await gateway.post('/orgs/acme/invitations', token);
    assert.equal(status, 200);
    assert.equal(body.headers['x-auth-organization-id'], 'acme');
    await refused(403, 'organization_mismatch', () => gateway.post('/orgs/globex/invitations', token));
  });

  it('rotation: not one valid token is refused', { timeout: 60_000 }, async () => {
    const old = await provider.token({ resource: audience, scope: 'read:items' });
    await pause(10_500);  // refetches are at least 10 s apart
    const fetches = provider.counts.jwks;
    let rotating = true;
    let asked = 0;
    const steady = (async () => {
      while (rotating) {
        assert.equal((await gateway.get('/items', old)).status, 200);
        asked += 1;
      }
    })();
    await provider.rotate('ES384');
    const fresh = await Promise.all(
      Array.from({ length: 20 }, () => provider.token({ resource: audience, scope: 'read:items' })));
    const answers = await Promise.all(fresh.map((token) => gateway.get('/items', token)));
    assert.deepEqual(answers.map((answer) => answer.status), Array(20).fill(200));
    rotating = false;
    await steady;
    assert.ok(asked > 0);
    assert.equal(provider.counts.jwks, fetches + 1, 'one refetch serves all');
  });

  it('rotation: a retired key is refused once the set without it has been fetched', { timeout: 60_000 }, async () => {
    const before = await provider.token({ resource: audience, scope: 'read:items' });
    assert.equal((await gateway.get('/items', before)).status, 200);
    await pause(10_500);
    await provider.rotate('ES384');
    await provider.retire('ES384');
    const fresh = await provider.token({ resource: audience, scope: 'read:items' });
    assert.equal((await gateway.get('/items', fresh)).status, 200);
    await refused(401, 'key_unknown', () => gateway.get('/items', before));
  });

  it('never writes a token into the log', async () => {
    const token = await provider.token({ resource: audience, scope: 'read:items' });
    await gateway.get('/items?secret=in-the-query', token);
    assert.ok(!gateway.log().includes(token.split('.')[1]));
    assert.ok(!gateway.log().includes('in-the-query'));
  });
});

describe('a second issuer with RSA', () => {
  it('RS256 and PS256 verify beside ES384, and no issuer speaks for another', async () => {
    const [logto, other, backend] = await Promise.all(
      [startProvider(['ES384']), startProvider(['RS256', 'PS256']), startBackend()]);
    const gateway = await startGateway(`
audience: ${audience}
upstream: ${backend.url}
issuers:
  logto: { issuer: ${logto.issuer} }
  other: { issuer: ${other.issuer}, algorithms: [RS256, PS256] }
routes:
  GET /items: { scopes: [read:items], issuer: [logto, other] }
  GET /ours: { scopes: [read:items], issuer: logto }
`);
    try {
      for (const alg of ['RS256', 'PS256']) {
        await other.sign(alg);
        const token = await other.token({ resource: audience, scope: 'read:items' });
        const answer = await gateway.get('/items', token);
        assert.equal(answer.status, 200, alg);
        assert.equal(answer.body.headers['x-auth-issuer'], other.issuer);
        const denied = await gateway.get('/ours', token);
        assert.deepEqual([denied.status, denied.body.reason], [403, 'issuer_not_accepted']);
      }
      const token = await logto.token({ resource: audience, scope: 'read:items' });
      assert.equal((await gateway.get('/ours', token)).status, 200);
    } finally {
      assert.equal(await gateway.stop(), 0);
      await Promise.all([logto.stop(), other.stop(), backend.stop()]);
    }
  });
});
