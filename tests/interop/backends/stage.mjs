// What a backend is tested between: the development issuer, gateways in front of it, and a tap on
// the wire, so that "it never arrives" is seen on the wire and not asked of the backend.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort, startGateway, until } from '../gateway.mjs';
import { ask } from './ask.mjs';

const source = new URL('../../../docker/backends/', import.meta.url);

export const audience = 'https://api.acme.example';
export const sourceFolder = fileURLToPath(source);

// A process with children of its own (gunicorn, puma, php) is ended with them.
async function startProcess(what, [program, ...args], { folder, variables = {}, isUp }) {
  const child = spawn(program, args, {
    cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...variables },
  });
  let log = '';
  child.stdout.on('data', (data) => (log = (log + data).slice(-8192)));
  child.stderr.on('data', (data) => (log = (log + data).slice(-8192)));
  let failure;
  child.on('error', (error) => (failure = error));
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => {});
  const stop = async () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch { /* it is gone already */ }
    await ended;
  };
  try {
    await until(`start of ${what}`, async () => {
      if (failure || child.exitCode !== null) return true;
      return isUp();
    }, 60_000);
    if (failure || child.exitCode !== null) throw new Error(`${what} ended: ${failure ?? child.exitCode}`);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${log}`);
  }
  return { stop, log: () => log };
}

export async function startIssuer() {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}/oidc`;
  const { stop } = await startProcess(
    'the issuer', [process.env.BEARERGATE_BINARY, 'issuer', '--listen', `127.0.0.1:${port}`],
    { isUp: async () => (await fetch(`${issuer}/jwks`)).ok });
  return {
    issuer,
    stop,
    // As Logto's: with `resource` an API's, without an organization's own, with both one API's in it.
    async token({ resource, organization, scope }) {
      const form = new URLSearchParams({ grant_type: 'client_credentials', scope: scope ?? '' });
      if (resource) form.set('resource', resource);
      if (organization) form.set('organization_id', organization);
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: 'Basic ' + Buffer.from('ada:secret').toString('base64') },
        body: form,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`token endpoint: ${answer.status} ${text}`);
      return JSON.parse(text).access_token;
    },
  };
}

// Passes bytes on to `port` and remembers the beginning of what came through.
async function startTap(port) {
  const tap = { bytes: 0, text: '' };
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    near.on('data', (data) => {
      tap.bytes += data.length;
      if (tap.text.length < 64 * 1024) tap.text += data.toString('latin1');
    });
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(tap, {
    url: `http://127.0.0.1:${server.address().port}`,
    clear() { tap.text = ''; },
    stop: () => new Promise((resolve) => server.close(resolve)),
  });
}

// A backend behind the policy of docker/backends, and behind the same one with a rule for everything
// else that lets everybody in: what gets past the policy by a spelling gets in there.
export async function startStage({ command, folder, variables }) {
  const port = await freePort();
  const isUp = async () => (await ask(`http://127.0.0.1:${port}`, { target: '/about' })).status === 200;
  const backend = await startProcess(command.join(' '), command, {
    folder, isUp, variables: { PORT: String(port), ...variables },
  });
  const [issuer, tap] = await Promise.all([startIssuer(), startTap(port)]);
  const policy = readFileSync(new URL('policy.yaml', source), 'utf8');
  const places = { ISSUER: issuer.issuer, UPSTREAM: tap.url };
  const [gateway, lax] = await Promise.all([
    startGateway(policy, places), startGateway(`${policy}\n  /**: public\n`, places)]);
  return {
    issuer, tap, gateway, lax, backend,
    async stop() {
      const statuses = await Promise.all([gateway.stop(), lax.stop()]);
      await Promise.all([issuer.stop(), backend.stop()]);
      await tap.stop();
      return statuses;
    },
  };
}
