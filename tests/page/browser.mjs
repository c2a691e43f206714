// A real browser with nothing of anybody's in it, and a page in it that is watched: what it says on
// its console and whom it asks for anything.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);
const chromium = process.env.BEARERGATE_CHROMIUM ?? '/usr/bin/chromium';
const pictures = process.env.BEARERGATE_PICTURES ?? path.join(tmpdir(), 'bearergate-page');

// What is not there, or nothing.
export function missing() {
  if (!existsSync(chromium)) return `${chromium} is not installed`;
  for (const name of ['playwright-core', 'axe-core']) {
    try {
      require.resolve(name);
    } catch {
      return `${name} is not installed`;
    }
  }
  return '';
}

export async function openBrowser() {
  const { chromium: driver } = require('playwright-core');
  const profile = mkdtempSync(path.join(tmpdir(), 'bearergate-browser-'));
  const context = await driver.launchPersistentContext(profile, {
    executablePath: chromium,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    viewport: { width: 1280, height: 900 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(30_000);
  return {
    async open(url) {
      const page = await context.newPage();
      const said = [];
      const asked = [];
      page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => said.push(`exception: ${error.message}`));
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(url);
      return { page, said, asked };
    },
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

export async function picture(page, name) {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

// What axe finds against WCAG 2.2 AA and its own best practices. The page's policy lets no script in
// from elsewhere: it comes by the debugger.
export async function barriers(page) {
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}\n  ${nodes.slice(0, 3).map((node) => `${node.target}  ${node.failureSummary}`).join('\n  ')}`);
}
