// The status page as a person meets it, in a real browser before a real gateway.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { barriers, missing, openBrowser, picture } from './browser.mjs';
import { startHouse } from './house.mjs';

const what_is_missing = missing();
if (what_is_missing) {
  console.log(`PAGE SKIPPED: ${what_is_missing}; scripts/page installs what these tests need`);
  process.exit(0);
}

describe('the status page', () => {
  let house, browser, page, said, asked;
  before(async () => {
    house = await startHouse();
    browser = await openBrowser();
    ({ page, said, asked } = await browser.open(`${house.gateway.adminUrl}/`));
    await page.waitForFunction(() => document.querySelector('#link').textContent === 'live');
  });
  after(async () => {
    await browser?.close();
    await house?.stop();
  });

  const text = (id) => page.locator(`#${id}`).textContent();
  const when = (condition, argument) => page.waitForFunction(condition, argument);
  // A cell of the routes' table, by the route's pattern and the column's title.
  const counted = (pattern, title) => page.evaluate(([pattern, title]) => {
    const row = [...document.querySelectorAll('#routes-rows tr')]
      .find((one) => one.querySelector('code')?.textContent === pattern);
    return Number(row?.querySelector(`[data-title="${title}"]`)?.textContent.replaceAll(',', '') ?? NaN);
  }, [pattern, title]);
  async function until(what, attempt) {
    const end = Date.now() + 30_000;
    while (!(await attempt())) {
      assert.ok(Date.now() < end, `${what} did not happen`);
      await page.waitForTimeout(50);
    }
  }

  it('shows traffic as it flows, by route and by reason', async () => {
    const allowed = await counted('GET /items', 'Allowed');
    const refused = await counted('GET /items', 'Refused');
    for (let i = 0; i < 7; ++i) await house.ask('GET', '/items?page=2', 'reader');
    for (let i = 0; i < 3; ++i) await house.ask('GET', '/items', 'expired');
    await house.ask('GET', '/beta/search?q=s3cr3t', 'reader');
    await house.ask('GET', '/billing/invoices', 'reader');
    await until('counting', async () => (await counted('GET /items', 'Allowed')) === allowed + 7);
    await until('counting', async () => (await counted('GET /billing/**', 'Errors')) === 1);
    assert.equal(await counted('GET /items', 'Refused'), refused + 3);
    assert.equal(await counted('GET /beta/search', 'Would deny'), 1);
    assert.equal(await counted('GET /billing/**', 'Refused'), 0, 'a failure is no refusal');
    const row = page.locator('#routes-rows tr', { hasText: 'GET /items' }).first();
    assert.match(await row.textContent(), /line 12/);
    assert.match((await row.textContent()).replaceAll('\u200b', ''), /token_expired 3/);
    assert.notEqual(await text('requests'), '\u2013');
  });

  it('lists refusals with their reasons, and neither queries nor tokens', async () => {
    await until('listing', async () => (await page.locator('#refusals-rows tr').count()) >= 5);
    const all = (await text('refusals-rows')).replaceAll('\u200b', '');
    assert.match(all, /401token_expiredGET \/items/);
    assert.match(all, /502upstream_unreachable/);
    assert.match(all, /scope_missing shadow/);
    const everything = await page.content();
    assert.ok(!everything.includes('s3cr3t'), 'a query is shown');
    for (const token of Object.values(house.tokens)) assert.ok(!everything.includes(token.slice(-40)));
  });

  it('says which issuers have keys, and what needs attention', async () => {
    assert.match(await text('issuers-rows'), /logtohttps:\/\/acme\.logto\.app\/oidc1 good/);
    await when(() => document.querySelector('#issuers-rows').textContent.includes('none usable'));
    assert.equal(await text('state'), 'not ready');
    assert.match(await text('notices'), /no usable keys of partner/);
    assert.match(await text('notices'), /1 route is in shadow mode/);
  });

  it('tells of a reload that failed, and where', async () => {
    const version = await text('version');
    house.gateway.write('routes: { GET /: publik }\n');
    await when(() => document.querySelector('#notices').textContent.includes('The last reload failed'));
    await page.locator('#notices li', { hasText: 'reload failed' }).locator('summary').click();
    assert.match(await text('notices'), /line \d+, column \d+: .*publik/);
    assert.equal(await text('version'), version);
    house.gateway.write(house.configuration());
    await when(() => !document.querySelector('#notices').textContent.includes('The last reload failed'));
  });

  it('finds routes and refusals, sorts, and stands still when asked', async () => {
    await page.fill('#routes-filter', 'invitations');
    assert.equal(await page.locator('#routes-rows tr').count(), 1);
    await page.fill('#routes-filter', 'nothing is like that');
    assert.ok(await page.locator('#routes-empty').isVisible());
    await page.fill('#routes-filter', '');
    await page.click('#routes-head button:text("Refused")');
    assert.equal(await page.locator('#routes-head [aria-sort="descending"]').textContent(), 'Refused');
    assert.match(await page.locator('#routes-rows tr').first().textContent(), /GET \/items/);
    await page.click('#routes-head button:text("Route")');
    assert.match(await page.locator('#routes-rows tr').first().textContent(), /GET \/healthz/);
    await page.fill('#refusals-filter', 'billing');
    assert.equal(await page.locator('#refusals-rows tr').count(), 1);
    await page.fill('#refusals-filter', '');

    await page.click('#pause');
    const before = await counted('GET /healthz', 'Allowed');
    await house.ask('GET', '/healthz', null);
    await house.ask('GET', '/internal/x', null);
    const heard = asked.length;
    await page.waitForTimeout(2500);
    assert.equal(await counted('GET /healthz', 'Allowed'), before);
    assert.equal(await text('link'), 'paused');
    assert.equal(asked.length, heard);
    await page.click('#pause');
    await until('going on', async () => (await counted('GET /healthz', 'Allowed')) === before + 1);
    assert.match((await text('refusals-rows')).replaceAll('\u200b', ''), /route_closedGET \/internal\/x/, 'what was missed is there');
  });

  it('explains by keyboard alone', async () => {
    const focused = () => page.evaluate(() =>
      document.activeElement.getAttribute('name') ?? document.activeElement.textContent);
    await page.locator('#explain-form [name=method]').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('GET');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'url');
    await page.keyboard.type('/orgs/globex/projects');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'headers');
    await page.keyboard.type('X-Any: thing');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'token');
    await page.keyboard.insertText(`Bearer ${house.tokens.projects}\n`);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Explain');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, 'solid', 'focus is to be seen');
    await page.keyboard.press('Enter');
    await when(() => document.querySelector('#verdict').textContent !== '');
    assert.equal(await text('verdict'), 'Refused: organization_mismatch.');
    assert.match(await text('explain-rule'), /GET \/orgs\/\{orgId\}\/projects in .*bearergate\.yaml, line 17/);
    assert.equal(await page.locator('#checks > li').count(), 18);
    const failed = page.locator('#checks > li[data-tone=bad]');
    assert.equal(await failed.count(), 1);
    assert.match(await failed.textContent(), /\u2717.*15.*organization.*: failed.*the request names globex/s);
    assert.match(await text('answer'), /^HTTP\/1\.1 403 Forbidden/);
    assert.equal(await text('answer-title'), 'The client would get');
    const tail = house.tokens.projects.slice(-40);
    assert.ok(!(await text('explain-result')).includes(tail), 'the token is shown');
    assert.ok(asked.every((url) => !url.includes(tail) && !url.includes('globex')), 'the question is in a URL');
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, '']);
    assert.ok(!house.gateway.log().includes(tail), 'the token is logged');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.inputValue('#explain-form [name=token]'), '');
    assert.equal(await text('verdict'), '');
  });

  it('explains what was allowed, what cannot be asked, and a refusal out of the list', async () => {
    await page.fill('[name=url]', '/items');
    await page.fill('[name=token]', house.tokens.reader);
    await page.click('#explain-form button[type=submit]');
    await when(() => document.querySelector('#verdict').textContent === 'Allowed.');
    assert.equal(await text('answer-title'), 'The upstream would get');
    assert.match(await text('answer'), /X-Auth-Subject: ada/);
    await page.fill('[name=url]', 'items');
    await page.keyboard.press('Enter');
    await when(() => document.querySelector('#verdict').textContent.startsWith('Not explained: the URL must be a path'));
    // The browser notes down every answer that is no success.
    assert.match(said.splice(0).join(), /^error: Failed to load resource: .* status of 422 [^,]*$/);
    await page.click('#explain-form button[type=reset]');
    await page.fill('#refusals-filter', 'billing');
    await page.click('#refusals-rows button');
    assert.equal(await page.inputValue('[name=url]'), '/billing/invoices');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'token');
    await page.fill('#refusals-filter', '');
    await page.click('#explain-form button[type=reset]');
  });

  it('says to those who do not see it what matters, and no more', async () => {
    const changes = await page.evaluate(() => new Promise((resolve) => {
      let count = 0;
      const watch = new MutationObserver(() => ++count);
      for (const live of document.querySelectorAll('[role=status], [role=alert], [aria-live]')) {
        watch.observe(live, { childList: true, characterData: true, subtree: true });
      }
      setTimeout(() => resolve(count), 3500);
    }));
    assert.equal(changes, 0, 'a live region speaks at every event');
    assert.match(await text('announcement'), /^The gateway is not ready/);
    assert.match(await page.locator('#traffic-chart svg').getAttribute('aria-label'), /Now: .* allowed, .* refused/);
  });

  it('lets no markup in, by policy', async () => {
    const refused = await page.evaluate(() => {
      try {
        document.createElement('p').innerHTML = '<b>x</b>';
        return false;
      } catch (error) {
        return error instanceof TypeError;
      }
    });
    assert.ok(refused, 'require-trusted-types-for is not in force');
    said.splice(0, said.length, ...said.filter((line) => !/TrustedHTML|Trusted Type/.test(line)));
  });

  for (const scheme of ['dark', 'light']) {
    it(`is for everybody, in ${scheme}`, async () => {
      await page.fill('[name=url]', '/orgs/globex/projects');
      await page.fill('[name=token]', house.tokens.projects);
      await page.click('#explain-form button[type=submit]');
      await page.waitForSelector('#checks > li');
      for (let i = 0; i < 20; ++i) {
        await house.some(3 + (i % 7));
        await page.waitForTimeout(100);
      }
      await page.emulateMedia({ colorScheme: scheme });
      const [red] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
      assert.equal(red > 128, scheme === 'light');
      for (const [width, height, name] of [[1280, 900, scheme], [360, 780, `phone-${scheme}`], [320, 640, '']]) {
        await page.setViewportSize({ width, height });
        await page.evaluate(() => scrollTo(0, 0));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} pixels too wide at ${width}`);
        assert.deepEqual(await barriers(page), [], `at ${width}`);
        if (name) await picture(page, name);
      }
      await page.setViewportSize({ width: 1280, height: 900 });
    });
  }

  it('has asked nobody but its gateway, and had nothing to complain of', () => {
    assert.deepEqual(asked.filter((url) => !url.startsWith(`${house.gateway.adminUrl}/`)), []);
    assert.ok(asked.length >= 10);
    assert.deepEqual(said, []);
  });

  it('says so when nobody tells it anything any more, and begins anew when somebody does', async () => {
    await house.gateway.halt();
    await when(() => document.querySelector('#link').textContent.startsWith('nothing heard for'));
    assert.ok(await page.evaluate(() => document.body.classList.contains('stale')));
    await house.gateway.resume();
    await when(() => document.querySelector('#link').textContent === 'live');
    assert.ok(!(await page.evaluate(() => document.body.classList.contains('stale'))));
    assert.equal(await house.stop(), 0);
    house = null;
    await when(() => document.querySelector('#link').textContent === 'no connection');
    assert.match(await text('announcement'), /connection to the gateway is lost/);
    await picture(page, 'no-connection');
  });
});
