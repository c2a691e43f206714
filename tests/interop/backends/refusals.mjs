// The refusals that Logto's guide has people test, with its statuses; the backend hears of none.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, said } from './ask.mjs';
import { audience } from './stage.mjs';

const api = (more) => ({ resource: audience, ...more });

const cases = [
  ['no token', 401, 'token_missing', 'GET', '/items', null],
  ['an invalid token', 401, 'token_opaque', 'GET', '/items', 'invalid-token'],
  ['a missing scope', 403, 'scope_missing', 'POST', '/items', api({ scope: 'read:items' })],
  ['a token for another API', 403, 'audience_mismatch', 'GET', '/items',
    { resource: 'https://other.example', scope: 'read:items' }],
  ['a token of one organization on a route for all', 403, 'organization_not_accepted', 'GET', '/items',
    api({ organization: 'acme', scope: 'read:items' })],
  ['organization-level API resource: another organization', 403, 'organization_mismatch',
    'GET', '/orgs/globex/members', api({ organization: 'acme', scope: 'read:members' })],
  ['organization-level API resource: a missing scope', 403, 'scope_missing',
    'GET', '/orgs/acme/members', api({ organization: 'acme', scope: 'read:items' })],
  ['organization-level API resource: another API', 403, 'audience_mismatch',
    'GET', '/orgs/acme/members', { resource: 'https://other.example', organization: 'acme', scope: 'read:members' }],
  ['organization-level API resource: a global token', 403, 'organization_missing',
    'GET', '/orgs/acme/members', api({ scope: 'read:members' })],
  ['organization permissions: another organization', 403, 'organization_mismatch',
    'POST', '/orgs/globex/invitations', { organization: 'acme', scope: 'invite:member' }],
  ['organization permissions: a missing scope', 403, 'scope_missing',
    'POST', '/orgs/acme/invitations', { organization: 'acme', scope: 'read:members' }],
  ['organization permissions: a global token', 403, 'organization_missing',
    'POST', '/orgs/acme/invitations', api({ scope: 'invite:member' })],
];

export function describeRefusals(stage) {
  for (const [name, status, reason, method, target, grant] of cases) {
    it(`${name}: ${status}, and it never arrives`, async () => {
      const token = typeof grant === 'object' && grant ? await stage.issuer.token(grant) : grant;
      const before = stage.tap.bytes;
      const answer = await ask(stage.gateway.url, { method, target, token });
      assert.deepEqual({ status: answer.status, reason: said(answer).reason }, { status, reason });
      assert.equal(stage.tap.bytes, before, 'the backend heard of it');
    });
  }
  it('a forged token: 401, and it never arrives', async () => {
    const [header, payload, signature] = (await stage.issuer.token(api({ scope: 'read:items' }))).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    claims.scope = 'read:items write:items';
    const token = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    const before = stage.tap.bytes;
    const answer = await ask(stage.gateway.url, { method: 'POST', target: '/items', token });
    assert.deepEqual([answer.status, said(answer).reason], [401, 'signature_invalid']);
    assert.equal(stage.tap.bytes, before, 'the backend heard of it');
  });
}
