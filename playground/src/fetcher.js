// How operations leave: over HTTP, subscriptions over graphql-transport-ws, both to the server that served the page.
// What an answer brings is remembered; an operation that still waits for a value does not leave at all.

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { parse } from 'graphql';
import { recall, remember } from './memory.js';
import { at, missing, stepOf } from './story.js';

const url = new URL('/graphql', location.href);
const socket = new URL(url);
socket.protocol = url.protocol.replace('http', 'ws');

const send = createGraphiQLFetcher({
  url: url.href,
  subscriptionUrl: socket.href,
  enableIncrementalDelivery: false,
});

export async function fetcher(request, { headers = {} } = {}) {
  if (request.operationName === 'IntrospectionQuery') return introspect(request);
  const waitsFor = missing(JSON.stringify([request.variables, headers]));
  if (waitsFor.length > 0) return { notSent: `This still waits for: ${waitsFor.join(', ')}.` };
  const documentAST = understood(request.query);
  const operationName = nameIn(documentAST, request.operationName);
  const answer = await send({ ...request, operationName }, { documentAST, headers: inLowerCase(headers) });
  if (Symbol.asyncIterator in answer) return overheard(answer, (event) => learn(operationName, event));
  learn(operationName, answer);
  return answer;
}

/** The same events; a generator would do, but it cannot be ended while it waits for the next one. */
const overheard = (events, hear) => ({
  [Symbol.asyncIterator]() {
    const iterator = events[Symbol.asyncIterator]();
    const next = async () => {
      const event = await iterator.next();
      hear(event.value);
      return event;
    };
    return { next, return: () => iterator.return() };
  },
});

/** A document with a mistake is sent too: what is wrong, the server says. */
function understood(query) {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}

/** GraphiQL learns a moment late which operation a tab holds; who runs it at once would ask for the last tab's. */
function nameIn(document, asked) {
  const operations = document?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
  const names = operations.map(({ name }) => name?.value);
  return names.length === 1 && !names.includes(asked) ? names[0] : asked;
}

/** Anonymous: the schema is the same for everybody, and an old token in the open tab must not hide it. */
async function introspect(request) {
  const answer = await send(request);
  remember({ schemaHidden: Boolean(answer.errors) });
  return answer;
}

/** On a socket they are the payload of `connection_init`, and its names have a case. */
const inLowerCase = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function learn(operation, answer) {
  const step = stepOf(operation);
  if (!step || !succeeded(answer)) return;
  const brought = Object.entries(step.keep).map(([name, path]) => [name, at(answer.data, path)]);
  const { values, done } = recall();
  remember({
    values: { ...values, ...Object.fromEntries(brought.filter(([, value]) => typeof value === 'string')) },
    done: [...new Set([...done, operation])],
  });
}

export const succeeded = (answer) =>
  Boolean(answer?.data) && !answer.errors && Object.values(answer.data).every((it) => !it?.userErrors?.length);
