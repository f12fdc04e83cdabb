// Starts the real binary on a free port, with a folder and a database of its own, and stops it again.
// Knows the command line, the settings and the mail folder; nothing of what a test asserts.

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import PostalMime from 'postal-mime';

export const BINARY = resolve(process.env.LYCEUM_BIN ?? join(import.meta.dirname, '../../target/debug/lyceum'));
const STARTS_WITHIN = 30_000;
const STOPS_WITHIN = 15_000;
const MAILS_WITHIN = 15_000;

/** Starts `lyceum serve` and answers once `/health/ready` does. `settings` come on top of the ones below. */
export async function start(settings = {}) {
  if (!existsSync(BINARY)) {
    throw new Error(`there is no ${BINARY}: run \`cargo build\`, or set LYCEUM_BIN`);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'lyceum-clients-'));
  const cwd = dataDir; // no `.env` of a checkout is read
  const env = {
    PATH: process.env.PATH,
    HOME: dataDir,
    APP_ENV: 'development',
    LISTEN: '127.0.0.1:0',
    DATA_DIR: dataDir,
    DATABASE_URL: `sqlite://${join(dataDir, 'lyceum.db')}?mode=rwc`,
    RATE_LIMITS: 'off',
    BCRYPT_COST: '4',
    ...settings,
  };
  const child = spawn(BINARY, ['serve'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (bytes) => (printed += bytes));
  child.stderr.on('data', (bytes) => (printed += bytes));
  const ended = new Promise((done) => {
    child.on('error', (error) => done(error.message));
    child.on('exit', (code, signal) => done(signal ?? code));
  });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);

  const server = {
    url: undefined,
    dataDir,
    output: () => printed,
    mails: () => mails(join(dataDir, 'mail')),
    mailTo: (address, path) => mailTo(join(dataDir, 'mail'), address, path),
    command: (...words) => promisify(execFile)(BINARY, words, { cwd, env }),
    graphql: (query, variables, token) => graphql(server.url, query, variables, token),
    stop,
  };

  async function stop() {
    child.kill('SIGTERM');
    const how = await Promise.race([ended, sleep(STOPS_WITHIN, 'no end', { ref: false })]);
    killed();
    process.off('exit', killed);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    if (how !== 0) throw new Error(`the server ended with ${how} after SIGTERM:\n${printed}`);
    if (printed.includes('panicked at')) throw new Error(`the server panicked:\n${printed}`);
  }

  let over;
  void ended.then((how) => (over = how));
  const address = async () => {
    if (over !== undefined) throw new Error(`the server ended with ${over} while starting`);
    const [url] = printed.match(/http:\/\/127\.0\.0\.1:[1-9]\d*/) ?? [];
    if (!url) return undefined;
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    return answer?.ok ? url : undefined;
  };
  try {
    server.url = await until(address, STARTS_WITHIN, 'a printed address that answers /health/ready');
    return server;
  } catch (error) {
    await stop().catch(() => {});
    throw new Error(`${error.message}\n${printed}`, { cause: error });
  }
}

/** Asks until the answer is neither undefined nor false. */
export async function until(ask, within, what) {
  const end = Date.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`waited ${within / 1000} s in vain for ${what}`);
    await sleep(50);
  }
}

async function graphql(url, query, variables, token) {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json',
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return answer.json();
}

async function mails(folder) {
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.eml')).sort();
  return Promise.all(files.map(async (file) => parsed(file, await readFile(join(folder, file)))));
}

async function parsed(file, bytes) {
  const { from, to, subject, text = '', html = '' } = await PostalMime.parse(bytes);
  const link = /https?:\/\/[^\s"'<>()]+/g;
  return {
    file,
    from: from?.address,
    to: to?.map(({ address }) => address) ?? [],
    subject,
    text,
    html,
    links: (text.match(link) ?? []).map((found) => new URL(found)),
    code: text.replace(link, '').match(/\b\d{8}\b/)?.[0],
  };
}

/** Waits for the one mail to `address` that has a link with a token to `path`; `link` and `token` are that link's. */
async function mailTo(folder, address, path) {
  const leads = ({ pathname, searchParams }) => pathname === path && searchParams.has('token');
  const found = async () => {
    const all = await mails(folder);
    const fitting = all.filter(({ to, links }) => to.includes(address) && links.some(leads));
    if (fitting.length > 1) throw new Error(`${fitting.length} mails to ${address} lead to ${path}`);
    return fitting[0];
  };
  const mail = await until(found, MAILS_WITHIN, `a mail to ${address} with a link to ${path}`);
  const link = mail.links.find(leads);
  return { ...mail, link, token: link.searchParams.get('token') };
}
