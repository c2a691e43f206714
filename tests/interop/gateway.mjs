// The real binary in front of a backend that remembers what reached it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const binary = process.env.BEARERGATE_BINARY;

export async function startBackend() {
  const seen = [];
  const server = http.createServer((request, response) => {
    seen.push({ method: request.method, url: request.url, headers: request.headers });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    seen,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

export async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

export async function until(what, attempt, patience = 10_000) {
  const end = Date.now() + patience;
  for (;;) {
    if (await attempt().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${patience / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// `yaml`: the configuration without its `server:` and `admin:` blocks. `variables`: what `${NAME}`
// in it stands for. `sign`: what its admin listener answers with 200 once it is up.
export async function startGateway(yaml, variables = {}, sign = '/readyz') {
  const folder = mkdtempSync(path.join(tmpdir(), 'bearergate-interop-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const file = path.join(folder, 'bearergate.yaml');
  const write = (text) => writeFileSync(file,
    `server: { listen: "127.0.0.1:${port}", workers: 2 }\nadmin: { listen: "127.0.0.1:${adminPort}" }\n${text}`);
  write(yaml);
  const child = spawn(binary, ['run', '-c', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  });
  let log = '';
  child.stdout.on('data', (data) => (log += data));
  child.stderr.on('data', (data) => (log += data));
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await until(`start of the gateway\n${log}`, async () => {
    if (child.exitCode !== null) throw new Error(`exit status ${child.exitCode}\n${log}`);
    return (await fetch(`http://127.0.0.1:${adminPort}${sign}`)).ok;
  }).catch((error) => { child.kill(); throw new Error(`${error.message}\n${log}`); });

  return {
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    log: () => log,
    write,  // another configuration, which it reloads by itself
    async get(target, token, headers = {}) {
      const answer = await fetch(url + target, {
        headers: token ? { ...headers, authorization: `Bearer ${token}` } : headers,
      });
      return { status: answer.status, headers: answer.headers, body: await answer.json() };
    },
    async post(target, token) {
      const answer = await fetch(url + target, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
      return { status: answer.status, body: await answer.json() };
    },
    // Holds it, and lets it go on.
    halt: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    // Ends it as an orchestrator would; the exit status must be 0.
    async stop() {
      child.kill('SIGTERM');
      const [status] = await ended;
      rmSync(folder, { recursive: true });
      return status;
    },
  };
}
