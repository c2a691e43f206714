// A gateway with everything that the status page has to show: routes of every kind, an upstream
// that is slow or broken at times, and traffic.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort, startGateway } from '../interop/gateway.mjs';

const binary = process.env.BEARERGATE_BINARY;
const issuer = 'https://acme.logto.app/oidc';
export const audience = 'https://api.acme.example';

async function startUpstream() {
  const server = http.createServer((request, response) => {
    request.resume();
    const wait = request.url.startsWith('/reports') ? 120 + Math.random() * 200 : Math.random() * 4;
    const status = request.url.startsWith('/flaky') && Math.random() < 0.5 ? 500 : 200;
    setTimeout(() => {
      response.statusCode = status;
      response.end('{}');
    }, wait);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}

export async function startHouse() {
  const folder = mkdtempSync(path.join(tmpdir(), 'bearergate-page-'));
  const key = path.join(folder, 'key.jwk');
  const keys = path.join(folder, 'keys.json');
  writeFileSync(keys, execFileSync(binary, ['token', '--generate', key]));
  const upstream = await startUpstream();
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const configuration = (more = '') => `
issuers:
  logto: { issuer: ${issuer}, jwks_file: ${keys} }
  partner: { issuer: "https://login.partner.example", jwks_uri: "${nobody}/jwks" }
audience: ${audience}
upstreams: { api: { url: "${upstream.url}" }, billing: { url: "${nobody}" } }
defaults: { upstream: api }
routes:
  GET /healthz: public
  GET /items: { issuer: logto, scopes: [read:items] }
  POST /items: { issuer: logto, scopes: [write:items] }
  GET,PUT /items/{itemId}: { issuer: logto, any_scope: [read:items, write:items] }
  GET /flaky: { issuer: logto, scopes: [read:items] }
  GET /reports/{year}: { issuer: logto, scopes: [read:reports] }
  GET /orgs/{orgId}/projects: { issuer: logto, organization: "{orgId}", scopes: [read:projects] }
  POST /orgs/{orgId}/invitations: { issuer: logto, token: organization, organization: "{orgId}", scopes: [invite:member] }
  GET /billing/**: { issuer: logto, upstream: billing, scopes: [read:items] }
  GET /feed: { access: optional, issuer: logto }
  GET /partner/**: { issuer: partner, scopes: [read:partner] }
  /internal/**: deny
  GET /beta/search: { issuer: logto, scopes: [read:search], mode: shadow }
${more}`;
  const gateway = await startGateway(configuration(), {}, '/healthz');
  const token = (...options) => execFileSync(binary,
    ['token', '--key', key, '--issuer', issuer, '--subject', 'ada', ...options], { encoding: 'utf8' }).trim();
  const tokens = {
    reader: token('--audience', audience, '--scope', 'read:items read:reports'),
    projects: token('--audience', audience, '--organization', 'acme', '--scope', 'read:projects'),
    organization: token('--organization', 'acme', '--scope', 'invite:member'),
    expired: token('--audience', audience, '--scope', 'read:items', '--lifetime', '1s',
      '--claim', 'exp=1700000000', '--claim', 'iat=1690000000'),
  };

  // Method, target, whose token, and how often among the others.
  const mix = [
    ['GET', '/items?page=2', 'reader', 10], ['GET', '/items/42', 'reader', 8], ['GET', '/healthz', null, 4],
    ['GET', '/orgs/acme/projects', 'projects', 6], ['POST', '/orgs/acme/invitations', 'organization', 2],
    ['GET', '/reports/2026', 'reader', 3], ['GET', '/flaky', 'reader', 2], ['GET', '/feed', null, 3],
    ['GET', '/beta/search?q=x', 'reader', 2], ['POST', '/items', 'reader', 2], ['GET', '/items', 'expired', 2],
    ['GET', '/items', null, 1], ['GET', '/orgs/globex/projects', 'projects', 1], ['GET', '/billing/invoices', 'reader', 1],
    ['GET', '/internal/metrics', 'reader', 1], ['GET', '/wp-login.php', null, 1], ['DELETE', '/items', 'reader', 1],
    ['GET', '/items//1', null, 1], ['GET', '/partner/orders', 'reader', 1],
  ].flatMap(([method, target, whose, times]) => Array(times).fill([method, target, whose]));

  const agent = new http.Agent({ keepAlive: true, maxSockets: 12 });
  function ask(method, target, whose) {
    return new Promise((resolve) => {
      const headers = whose ? { authorization: `Bearer ${tokens[whose]}` } : {};
      const request = http.request(gateway.url + target, { method, headers, agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      request.on('error', () => resolve(0)).end();
    });
  }
  return {
    gateway, tokens, configuration, ask,
    some: (count) => Promise.all(Array.from({ length: count }, () => ask(...mix[Math.floor(Math.random() * mix.length)]))),
    async stop() {
      agent.destroy();
      const status = await gateway.stop();
      await upstream.stop();
      rmSync(folder, { recursive: true });
      return status;
    },
  };
}
