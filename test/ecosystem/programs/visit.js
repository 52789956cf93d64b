'use strict';

// A headless Chromium that loads the pages of pages.js: node visit.js PORT SECURE_PORT

const { chromium } = require('playwright-core');

const GUARD_MS = 60_000;

async function visit([port, securePort]) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(GUARD_MS);
    const problems = [];
    const open = async (url) => {
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('requestfailed', (request) =>
        problems.push(`${request.url()} ${request.failure()?.errorText}`),
      );
      await page.goto(url, { waitUntil: 'load' });
      return page;
    };
    const first = await open(`http://127.0.0.1:${port}/`);
    const loaded = await first.evaluate('({ loaded, failed })');
    const echo = await first.evaluate('echo');
    const second = await open(`https://127.0.0.1:${securePort}/`);
    const lengths = await second.evaluate('all');
    return { loaded, echo, lengths, problems };
  } finally {
    await browser.close();
  }
}

visit(process.argv.slice(2)).then((result) => process.send(result, () => process.disconnect()));
