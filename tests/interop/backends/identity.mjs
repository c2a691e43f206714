// What is permitted arrives, and the program is told who asks, for all three permission models.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, said } from './ask.mjs';
import { audience } from './stage.mjs';

export function describeIdentity(stage) {
  const permitted = async (method, target, grant) => {
    const answer = await ask(stage.gateway.url, { method, target, token: await stage.issuer.token(grant) });
    assert.ok([200, 201].includes(answer.status), answer.text);
    const { bytes, ...identity } = said(answer);
    return identity;
  };

  it('global API resource: the program is told who asks', async () => {
    assert.deepEqual(await permitted('GET', '/items', { resource: audience, scope: 'read:items write:items' }), {
      route: 'GET /items', subject: 'ada', client: 'ada', organization: null,
      scopes: ['read:items', 'write:items'], audience: [audience],
    });
  });
  it('organization-level API resource: and in which organization', async () => {
    const grant = { resource: audience, organization: 'acme', scope: 'read:members' };
    assert.deepEqual(await permitted('GET', '/orgs/acme/members', grant), {
      route: 'GET /orgs/{id}/members', id: 'acme', subject: 'ada', client: 'ada', organization: 'acme',
      scopes: ['read:members'], audience: [audience],
    });
  });
  it('organization permissions: also where only the audience names the organization', async () => {
    const grant = { organization: 'acme', scope: 'invite:member' };
    assert.deepEqual(await permitted('POST', '/orgs/acme/invitations', grant), {
      route: 'POST /orgs/{id}/invitations', id: 'acme', subject: 'ada', client: 'ada', organization: 'acme',
      scopes: ['invite:member'], audience: ['urn:logto:organization:acme'],
    });
  });
  it('a public route tells of nobody, whoever asks', async () => {
    const token = await stage.issuer.token({ resource: audience, scope: 'read:items' });
    const { subject, client, organization, scopes, audience: audiences } =
      said(await ask(stage.gateway.url, { target: '/about', token }));
    assert.deepEqual([subject, client, organization, scopes, audiences], [null, null, null, [], []]);
  });
}
