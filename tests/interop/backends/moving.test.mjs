// What docs/moving-from-middleware.md promises, whatever the backend is written in.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startBackend, startGateway, until } from '../gateway.mjs';
import { audience, startIssuer } from './stage.mjs';

const routes = (mode) => `
  GET /items: { scopes: [read:items], mode: ${mode} }
  GET /orgs/{orgId}/members: { organization: "{orgId}", scopes: [read:members], mode: ${mode} }
`;

describe('moving from middleware', () => {
  let issuer, backend, shadow, enforcing;
  before(async () => {
    [issuer, backend] = await Promise.all([startIssuer(), startBackend()]);
    const head = `issuer: ${issuer.issuer}\naudience: ${audience}\nupstream: ${backend.url}\nroutes:`;
    [shadow, enforcing] = await Promise.all(
      ['shadow', 'enforce'].map((mode) => startGateway(head + routes(mode))));
  });
  after(async () => {
    assert.deepEqual(await Promise.all([shadow.stop(), enforcing.stop()]), [0, 0]);
    await Promise.all([issuer.stop(), backend.stop()]);
  });

  const alg = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).alg;

  it('a shadow route forwards what it would refuse, with the token and without an identity', async () => {
    const token = await issuer.token({ resource: audience, scope: 'other' });
    const { status, body } = await shadow.get('/items', token);
    assert.equal(status, 200);
    assert.equal(body.headers.authorization, `Bearer ${token}`);
    assert.equal(body.headers['x-auth-subject'], undefined);
    await until('its line in the log', async () => /"would_deny":"scope_missing"/.test(shadow.log()));
    assert.equal((await enforcing.get('/items', token)).status, 403);
  });
  it('a shadow route passes on the identity, and the token still, where it would permit', async () => {
    const token = await issuer.token({ resource: audience, scope: 'read:items' });
    const { body } = await shadow.get('/items', token);
    assert.deepEqual([body.headers['x-auth-subject'], body.headers.authorization], ['ada', `Bearer ${token}`]);
  });
  it('an enforced route keeps the token to itself', async () => {
    const token = await issuer.token({ resource: audience, scope: 'read:items' });
    const { body } = await enforcing.get('/items', token);
    assert.deepEqual([body.headers['x-auth-subject'], body.headers.authorization], ['ada', undefined]);
  });
  // Keys are asked for again once in 10 s at most; the first token after that is the one that asks.
  it('ES384 keys verify, and new ones within seconds, beside the old', async () => {
    const token = await issuer.token({ resource: audience, scope: 'read:items' });
    assert.equal(alg(token), 'ES384');
    assert.equal((await enforcing.get('/items', token)).status, 200);
    await fetch(new URL('/rotate', issuer.issuer), { method: 'POST' });
    const rotated = await issuer.token({ resource: audience, scope: 'read:items' });
    assert.notEqual(rotated.split('.')[0], token.split('.')[0]);
    await until('acceptance of the new key', async () => (await enforcing.get('/items', rotated)).status === 200, 30_000);
    assert.equal((await enforcing.get('/items', token)).status, 200);
  });
  it('the organization is the one in the path, for every organization', async () => {
    for (const [organization, other] of [['acme', 'globex'], ['globex', 'acme']]) {
      const token = await issuer.token({ resource: audience, organization, scope: 'read:members' });
      assert.equal((await enforcing.get(`/orgs/${organization}/members`, token)).status, 200);
      assert.equal((await enforcing.get(`/orgs/${other}/members`, token)).body.reason, 'organization_mismatch');
    }
    const global = await issuer.token({ resource: audience, scope: 'read:members' });
    assert.equal((await enforcing.get('/orgs/acme/members', global)).body.reason, 'organization_missing');
  });
});
