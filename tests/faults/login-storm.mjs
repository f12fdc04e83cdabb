// Bar 99: 64 clients log in at bcrypt cost 12 as fast as they are let, while others read: reads go on, logins are
// answered in two seconds or sent away with TOO_BUSY, and memory stays. Reads are an open loop: each starts when it
// is due.
//
//   node tests/faults/login-storm.mjs [seconds]

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD, check, counted, folder, percentile, person, start } from './lyceum.mjs';

const SECONDS = Number(process.argv[2] ?? 60);
const CLIENTS = 64;
const READS_PER_SECOND = 60;
const LOGIN = `mutation ($password: String!) {
  login(input: {identifier: "grace", password: $password}) { accessToken userErrors { code } }
}`;

const data = folder('storm');
let server;
const resident = () => Number(readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

async function reads(seconds, token) {
  const waits = [];
  const faults = [];
  const began = performance.now();
  const all = [];
  for (let n = 0; n < seconds * READS_PER_SECOND; n += 1) {
    const due = began + (n * 1000) / READS_PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    const one = server.graphql('{ me { id username email role } }', {}, token).then(({ code }) => {
      waits.push(performance.now() - due);
      if (code !== 'ok') faults.push(code);
    });
    all.push(one);
  }
  await Promise.all(all);
  return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99), faults };
}

try {
  server = await start(data.path, { BCRYPT_COST: '12', CONNECTIONS_PER_IP: '1000' });
  await person(server, 'grace');
  const token = await person(server, 'reader'); // whose session no login of another ends
  const idle = await reads(Math.min(SECONDS, 10), token);
  const before = resident();
  const logins = [];
  let over = false;
  const client = async () => {
    while (!over) {
      const { code, took } = await server.graphql(LOGIN, { password: PASSWORD }, undefined);
      logins.push({ code, took });
    }
  };
  const storm = Array.from({ length: CLIENTS }, client);
  const during = await reads(SECONDS, token);
  over = true;
  await Promise.all(storm);
  const after = resident();

  const took = logins.map((login) => login.took);
  const ms = (value) => `${value.toFixed(0)} ms`;
  console.log(`reads idle:     p50 ${ms(idle.p50)}, p99 ${ms(idle.p99)}`);
  console.log(`reads in storm: p50 ${ms(during.p50)}, p99 ${ms(during.p99)}, faults ${during.faults.length}`);
  console.log(`logins: ${counted(logins.map((login) => login.code))}; p99 ${ms(percentile(took, 0.99))}`);
  console.log(`resident: ${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB after`);
  check('no read failed', during.faults.length === 0);
  check('p99 of reads is at most 100 ms, or three times that of an idle server', during.p99 <= Math.max(100, 3 * idle.p99));
  check('logins are answered or told TOO_BUSY', logins.every(({ code }) => code === 'ok' || code === 'TOO_BUSY'));
  check('memory stays', after < before * 1.5 + 32);
} finally {
  if (server?.running()) await server.stop();
  data.remove();
}
