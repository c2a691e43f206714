// What must pass through unchanged: HEAD, 304, large bodies up, endless bodies down, WebSockets.
import assert from 'node:assert/strict';
import http from 'node:http';
import { it } from 'node:test';
import { ask, said } from './ask.mjs';
import { audience } from './stage.mjs';
import { openSocket } from './socket.mjs';

export function describePassage(stage, { socket }) {
  const token = () => stage.issuer.token({ resource: audience, scope: 'read:items write:items' });

  it('HEAD', async () => {
    const answer = await ask(stage.gateway.url, { method: 'HEAD', target: '/items', token: await token() });
    assert.deepEqual([answer.status, answer.text], [200, '']);
    const refused = await ask(stage.lax.url, { method: 'HEAD', target: '/items' });
    assert.deepEqual([refused.status, refused.text], [401, '']);
  });
  it('304', async () => {
    const first = await ask(stage.gateway.url, { target: '/about' });
    assert.equal(first.status, 200);
    assert.ok(first.headers.etag);
    const fields = [['If-None-Match', first.headers.etag]];
    const second = await ask(stage.gateway.url, { target: '/about', fields });
    assert.deepEqual([second.status, second.text, second.headers.etag], [304, '', first.headers.etag]);
  });
  it('an upload of 10 MiB', async () => {
    const body = Buffer.alloc(10 * 1024 * 1024, 'x');
    const answer = await ask(stage.gateway.url, {
      method: 'POST', target: '/items', token: await token(), body,
      fields: [['Content-Type', 'application/octet-stream']],
    });
    assert.deepEqual([said(answer).route, said(answer).bytes], ['POST /items', body.length], answer.text.slice(0, 400));
  });
  // The program writes for a minute: a gateway that waits for the end would miss the time limit.
  it('an answer that streams', { timeout: 30_000 }, async () => {
    const headers = { authorization: `Bearer ${await token()}` };
    const lines = await new Promise((resolve, reject) => {
      const request = http.get(`${stage.gateway.url}/ticks`, { headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (data) => {
          text += data;
          if (!text.includes('tick 3\n')) return;
          resolve(text);
          request.destroy();
        });
        response.on('end', () => reject(new Error(`it ended after ${text}`)));
        response.on('error', reject);
      });
      request.on('error', reject);
    });
    assert.match(lines, /^tick 1\ntick 2\ntick 3\n/);
  });
  if (!socket) return;
  it('a WebSocket', async () => {
    const { receive, send, close } = await openSocket(`${stage.gateway.url}/socket`, await token());
    const { route, subject } = JSON.parse(await receive());
    assert.deepEqual([route, subject], ['GET /socket', 'ada']);
    await send('hello through the gateway');
    assert.equal(await receive(), 'hello through the gateway');
    close();
    const before = stage.tap.bytes;
    await assert.rejects(openSocket(`${stage.gateway.url}/socket`, 'invalid-token'), /401/);
    assert.equal(stage.tap.bytes, before, 'the backend heard of it');
  });
}
