// The audits of the GraphQL-over-HTTP specification, from its reference implementation. What they only recommend
// is demanded here too.

import assert from 'node:assert/strict';
import test from 'node:test';
import { serverAudits } from 'graphql-http';
import { start } from './server.mjs';

test('every audit of the GraphQL-over-HTTP specification passes', async (t) => {
  const server = await start();
  t.after(() => server.stop());

  const audits = serverAudits({ url: `${server.url}/graphql` });
  let passed = 0;
  for (const { id, name, fn } of audits) {
    await t.test(`${id} ${name}`, async () => {
      const { status, reason, response } = await fn();
      assert.equal(status, 'ok', response && `${reason}; it answered ${await shown(response)}`);
      passed += 1;
    });
  }
  t.diagnostic(`${passed}/${audits.length} audits`);
  assert.equal(audits.length, 61);
  assert.equal(passed, audits.length);
});

async function shown(response) {
  const body = response.bodyUsed ? '(a body that was read)' : (await response.text()).slice(0, 500);
  return `${response.status} ${response.headers.get('content-type')} ${body}`;
}
