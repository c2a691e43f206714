// Identity headers that a client made up, in the spellings that CGI, WSGI, Rack and the rest fold
// into ours, survive nowhere: neither in what a program is told nor in all that it could look at.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, said } from './ask.mjs';
import { audience } from './stage.mjs';

const names = ['Subject', 'Client-Id', 'Organization-Id', 'Scopes', 'Audience', 'Issuer', 'Anything'];
const spellings = [
  (name) => `X-Auth-${name}`,
  (name) => `x-auth-${name}`.toLowerCase(),
  (name) => `X_Auth_${name}`,
  (name) => `X-Auth_${name}`,
  (name) => `x_auth-${name}`.replaceAll('-', '_').toUpperCase(),
  (name) => `X.Auth.${name}`,
  (name) => `X-Auth~${name}`,
  (name) => `X!Auth|${name}`,
];

export function describeSpoofing(stage) {
  const reader = () => stage.issuer.token({ resource: audience, scope: 'read:items write:items' });

  it('no spelling of an identity header survives', async () => {
    const token = await reader();
    for (const spell of spellings) {
      const fields = names.map((name) => [spell(name), 'mallory']);
      const known = said(await ask(stage.gateway.url, { target: '/items', token, fields }));
      assert.deepEqual([known.route, known.subject, known.client, known.organization],
        ['GET /items', 'ada', 'ada', null], fields[0][0]);
      for (const target of ['/about', '/headers']) {
        const answer = await ask(stage.gateway.url, { target, fields });
        assert.equal(answer.status, 200);
        assert.doesNotMatch(answer.text, /mallory/, `${fields[0][0]} on ${target}`);
      }
    }
  });
  it('nor two at once, in one spelling or in two', async () => {
    const token = await reader();
    for (const second of ['x-auth-subject', 'X_Auth_Subject']) {
      const fields = [['x-auth-subject', 'mallory'], [second, 'mallory']];
      assert.equal(said(await ask(stage.gateway.url, { target: '/items', token, fields })).subject, 'ada');
      assert.doesNotMatch((await ask(stage.gateway.url, { target: '/headers', fields })).text, /mallory/);
    }
  });
  it('nor one in a trailer', async () => {
    stage.tap.clear();
    const answer = said(await ask(stage.gateway.url, {
      method: 'POST', target: '/items', token: await reader(), body: 'hello', trailers: { 'X-Auth-Subject': 'mallory' },
    }));
    assert.deepEqual([answer.route, answer.subject], ['POST /items', 'ada']);
    assert.match(stage.tap.text, /POST \/items/);
    assert.doesNotMatch(stage.tap.text, /mallory/);
  });
  it('and Connection cannot take ours away', async () => {
    const fields = [['Connection', 'X-Auth-Subject, X-Auth-Scopes, close'], ['X-Auth-Subject', 'mallory']];
    const answer = said(await ask(stage.gateway.url, { target: '/items', token: await reader(), fields }));
    assert.deepEqual([answer.subject, answer.scopes], ['ada', ['read:items', 'write:items']]);
  });
}
