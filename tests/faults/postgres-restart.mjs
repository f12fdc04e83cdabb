// Bar 94: PostgreSQL is restarted under traffic (`pg_ctl restart -m fast`): answers are SERVICE_UNAVAILABLE for as
// long as it is away and for no other reason, readiness says so, and within five seconds all is as before, without a
// restart of Lyceum.
//
//   PG_BIN=/usr/lib/postgresql/15/bin node tests/faults/postgres-restart.mjs     (as root, or as a user who may run it)

import { setTimeout as sleep } from 'node:timers/promises';
import { check, counted, folder, person, run, start } from './lyceum.mjs';

const BIN = process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin';
const PORT = process.env.PG_PORT ?? '54329';
const ME = `mutation { updateProfile(input: {occupation: "Admiral"}) { userErrors { code } } }`;

const cluster = folder('postgres');
const data = folder('data');
const asOwner = (...words) =>
  process.getuid() === 0 ? run('su', 'postgres', '-s', '/bin/sh', '-c', words.join(' ')) : run('sh', '-c', words.join(' '));
const ctl = (what, more = '') =>
  asOwner(`${BIN}/pg_ctl -D ${cluster.path}/data -l ${cluster.path}/log -w -m fast ${more} ${what}`);
const options = `-o "-p ${PORT} -k ${cluster.path} -h 127.0.0.1"`;

let server;
try {
  if (process.getuid() === 0) run('chown', 'postgres', cluster.path);
  asOwner(`${BIN}/initdb -A trust -U postgres -D ${cluster.path}/data`);
  ctl('start', options);
  server = await start(data.path, { DATABASE_URL: `postgres://postgres@127.0.0.1:${PORT}/postgres`, BCRYPT_COST: '4' });
  const token = await person(server, 'grace');

  const answers = [];
  const ready = [];
  const live = [];
  let over = false;
  const client = async () => {
    while (!over) {
      const at = performance.now();
      const { code } = await server.graphql(ME, {}, token).catch(() => ({ code: 'no answer' }));
      answers.push({ at, code });
      await sleep(10);
    }
  };
  const watch = async () => {
    while (!over) {
      ready.push(await server.health('/health/ready'));
      live.push(await server.health('/health/live'));
      await sleep(20);
    }
  };
  const traffic = [...Array.from({ length: 8 }, client), watch()];
  await sleep(2000);
  const stopped = performance.now();
  ctl('stop');
  await sleep(3000);
  ctl('start', options);
  const started = performance.now();
  await sleep(8000);
  over = true;
  await Promise.all(traffic);

  const recovered = answers.find(({ at, code }) => at >= started && code === 'ok')?.at;
  const later = answers.filter(({ at }) => at >= started + 5000);
  const faults = answers.filter(({ code }) => code !== 'ok');
  console.log(`answers: ${counted(answers.map(({ code }) => code))}`);
  console.log(`away for ${((started - stopped) / 1000).toFixed(1)} s; back ${((recovered - started) / 1000).toFixed(2)} s after PostgreSQL`);
  check('there was an outage, and nothing but SERVICE_UNAVAILABLE in it', faults.length > 0 && faults.every(({ code }) => code === 'SERVICE_UNAVAILABLE'));
  check('no fault before it, and none from 5 s after it on', faults.every(({ at }) => at > stopped - 100) && later.length > 0 && later.every(({ code }) => code === 'ok'));
  check('/health/ready said 503 meanwhile, and 200 again', ready.includes(503) && ready.at(-1) === 200);
  check('/health/live said 200 all the time', live.every((status) => status === 200));
  check('the process is the same', server.running());
  check('it ends with 0', (await server.stop()) === 0);
} finally {
  if (server?.running()) await server.stop();
  try {
    ctl('stop');
  } catch {}
  cluster.remove();
  data.remove();
}
