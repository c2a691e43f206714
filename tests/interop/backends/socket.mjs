// A WebSocket client for short text messages (RFC 6455), since Node.js 18 has none.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

function frame(text) {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  for (let i = 0; i < payload.length; ++i) payload[i] ^= mask[i % 4];
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, payload]);
}

// The first text frame of `bytes` and what follows it, or nothing while it is not whole.
function take(bytes) {
  if (bytes.length < 2) return undefined;
  const isLong = bytes[1] === 126;
  const start = isLong ? 4 : 2;
  if (bytes.length < start) return undefined;
  const end = start + (isLong ? bytes.readUInt16BE(2) : bytes[1]);
  if (bytes.length < end) return undefined;
  return { text: bytes.subarray(start, end).toString(), rest: bytes.subarray(end) };
}

export async function openSocket(url, token) {
  const request = http.get(url, {
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    },
  });
  const [socket, head] = await new Promise((resolve, reject) => {
    request.on('upgrade', (response, socket, head) => resolve([socket, head]));
    request.on('response', (response) => {
      response.resume();
      reject(new Error(`answered with ${response.statusCode}`));
    });
    request.on('error', reject);
  });
  let bytes = head;
  socket.on('data', (more) => (bytes = Buffer.concat([bytes, more])));
  return {
    send: (text) => new Promise((resolve) => socket.write(frame(text), resolve)),
    async receive() {
      for (;;) {
        const message = take(bytes);
        if (message) {
          bytes = message.rest;
          return message.text;
        }
        await once(socket, 'data', { signal: AbortSignal.timeout(20_000) });
      }
    },
    close: () => socket.destroy(),
  };
}
