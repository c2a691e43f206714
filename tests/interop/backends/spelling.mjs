// A request that a framework reads in another way than the gateway does must not reach a stronger
// route through a weaker rule: by its path, by its method, or by the organization in it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, said } from './ask.mjs';
import { audience } from './stage.mjs';

const pathSpellings = [
  '/items', '/items/', '/items//', '//items', '/./items', '/items/.', '/about/../items', '/about/%2e%2e/items',
  '/about/..%2Fitems', '/about/..%5citems', '/about/..;/items', '/ITEMS', '/Items/', '/%69tems', '/%49tems', '/%2569tems',
  '/%252e/items', '/items%2F', '/%2Fitems', '/items%5C', '/items;', '/items;a=b', '/;/items', '/items%3B', '/items.json',
  '/items.', '/items%20', '/items+', '/items%09', '/items%0A', '/items%00', '/items%00.txt', '/items?', '/items?x=/about',
  '/items%3F', '/items%23', '/items&', '/items:', '/items/%20', '/items/index.php', '/index.php/items', '/index.php/items/',
  '/INDEX.PHP/items', '/about/index.php/items', '/index%2Ephp/items', '/items~', '/item%73%2E', '/%EF%BC%8Fitems',
  '/item%C5%BF', '/\u0069tems', '/orgs/../items', '/orgs/acme/../../items', '/items/*', '/*/items',
];
const memberSpellings = [
  '/orgs/acme/members', '/orgs/acme/members/', '/ORGS/acme/Members', '/orgs/acme/./members', '/orgs/acme//members',
  '/orgs/ac%6De/members', '/orgs/acme;a/members', '/orgs/acme/members.json', '/orgs/acme%2Fmembers',
  '/orgs/a/../acme/members', '/orgs/acme%20/members', '/index.php/orgs/acme/members',
];
const overrideHeaders = [
  'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_METHOD_OVERRIDE', 'x-http-method_override',
  'X.HTTP.Method.Override', 'HTTP_X_HTTP_METHOD_OVERRIDE',
];
const overrideQueries = ['_method=DELETE', '_METHOD=DELETE', '%5Fmethod=DELETE', 'a=b&_method=delete', '_method[]=DELETE'];
const part = '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n';
const overrideBodies = [
  ['application/x-www-form-urlencoded', '_method=DELETE'],
  ['application/x-www-form-urlencoded', '_METHOD=DELETE'],
  ['multipart/form-data; boundary=b', part],
  ['multipart/form-data; boundary=b', part.replace('_method', '_METHOD')],
  ['application/json', '{"_method":"DELETE","_METHOD":"DELETE"}'],
];

export function describeSpelling(stage) {
  it('no spelling of a path reaches a stronger route through a weaker rule', async () => {
    stage.tap.clear();
    await ask(stage.lax.url, { target: '/whatever' });
    assert.match(stage.tap.text, /GET \/whatever /, 'the weaker rule lets everything through');
    for (const target of [...pathSpellings, ...memberSpellings]) {
      for (const method of ['GET', 'POST']) {
        const { route } = said(await ask(stage.lax.url, { method, target }));
        assert.equal(route, undefined, `${method} ${target} was answered without a token`);
      }
    }
  });
  it('no override of the method is obeyed', async () => {
    const token = await stage.issuer.token({ resource: audience, scope: 'write:items' });
    const post = (more) => ask(stage.gateway.url, { method: 'POST', target: '/items', token, ...more });
    for (const name of overrideHeaders) {
      assert.equal(said(await post({ fields: [[name, 'DELETE']] })).route, 'POST /items', name);
    }
    for (const query of overrideQueries) {
      const before = stage.tap.bytes;
      const answer = await post({ target: `/items?${query}` });
      assert.deepEqual([answer.status, said(answer).reason], [400, 'bad_target'], query);
      assert.equal(stage.tap.bytes, before, `${query} arrived`);
    }
    for (const [type, body] of overrideBodies) {
      const answer = said(await post({ body, fields: [['Content-Type', type]] }));
      assert.equal(answer.route, 'POST /items', `${type}: ${body}`);
    }
  });
  it('the organization that was checked is the one that the program reads', async () => {
    let arrived = 0;
    for (const organization of ['acme', 'ACME', 'a b', 'a+b', 'a.b', 'a:b', 'a,b', 'a%b', 'a%2Bb', 'a~b', "a'b"]) {
      const token = await stage.issuer.token({ resource: audience, organization, scope: 'read:members' });
      const encoded = encodeURIComponent(organization);
      const others = ['acme', 'ACME', '%61cme', 'a+b', 'a%20b', 'a%2Bb', 'a%252Bb', 'a:b', 'a%3ab', 'a%25b', 'a%7eb'];
      for (const spelling of [encoded, ...others]) {
        const answer = await ask(stage.gateway.url, { target: `/orgs/${spelling}/members`, token });
        if (answer.status !== 200) continue;
        arrived += 1;
        const { id, organization: told } = said(answer);
        assert.deepEqual([id, told], [organization, organization], `${spelling} for ${organization}`);
      }
    }
    assert.ok(arrived >= 11, `only ${arrived} arrived`);
  });
}
