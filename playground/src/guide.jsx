// The line under the answer: what the open operation still waits for, what to do with what it brought, and what
// comes next in the story.

import { Button, useGraphiQLActions } from '@graphiql/react';
import { useState } from 'react';
import { parsed, useFilling, useOpenStep, useOpenTab, useSight, useWriting } from './editors.js';
import { succeeded } from './fetcher.js';
import { remember, useMemory } from './memory.js';
import { mailed } from './mailed.js';
import { bringerOf, fill, missing, stepOf, steps } from './story.js';

const MAILBOX = <a href="/dev/mail" target="lyceum-mail">Open the development mailbox</a>;

export function Guide() {
  useFilling();
  useSight();
  const tab = useOpenTab();
  const { token } = useMemory();
  const step = stepOf(tab.operationName);
  const answer = parsed(tab.response);
  const waitsFor = missing(`${tab.variables}${tab.headers}`);
  const brought = tokenIn(answer?.data);
  return (
    <div className="guide" role="status">
      {waitsFor.length > 0 ? <Waiting key={tab.id} names={waitsFor} />
        : isUnauthenticated(answer) ? <SignIn reason={answer.errors[0].extensions.reason} />
        : brought && brought !== token ? <NewToken token={brought} />
        : succeeded(answer) ? <Onward step={step} signed={brought} />
        : <Hint step={step} refused={Boolean(answer?.data)} />}
    </div>
  );
}

/** The first access token in an answer, whatever the operation called its fields. */
function tokenIn(data) {
  if (typeof data?.accessToken === 'string') return data.accessToken;
  const nested = Object.values(data ?? {}).filter((value) => typeof value === 'object');
  return nested.map(tokenIn).find(Boolean);
}

const isUnauthenticated = (answer) => answer?.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED';

function Waiting({ names }) {
  const open = useOpenStep();
  const inMail = names.map(mailed).find(Boolean);
  if (inMail) return <FromMail {...inMail} />;
  const bringers = [...new Set(names.map(bringerOf))].filter(Boolean);
  const what = names.map((name) => `{{${name}}}`).join(', ');
  return (
    <>
      <p>This waits for <code>{what}</code>, which an earlier answer brings.</p>
      {bringers.map((step) => <Button key={step.name} onClick={() => open(step)}>{step.title}</Button>)}
    </>
  );
}

function FromMail({ name, label, valueIn, ...field }) {
  const { variables } = useOpenTab();
  const write = useWriting();
  const [text, setText] = useState('');
  const putIn = (event) => {
    event.preventDefault();
    write({ variables: fill(variables, { [name]: valueIn(text) }) });
  };
  return (
    <form onSubmit={putIn}>
      <label htmlFor="mailed">{label}</label>
      <input id="mailed" value={text} onChange={({ target }) => setText(target.value)} {...field}
        required autoComplete="off" spellCheck="false" />
      <Button type="submit">Put it in</Button>
      {MAILBOX}
    </form>
  );
}

function SignIn({ reason }) {
  const open = useOpenStep();
  const words = { MISSING: 'This is for who is signed in.', EXPIRED: 'The token has expired.' };
  return (
    <>
      <p>{words[reason] ?? 'The token is no good, or not any more.'} Log in, then use the new token.</p>
      <Button onClick={() => open(stepOf('LogIn'))}>{stepOf('LogIn').title}</Button>
    </>
  );
}

function NewToken({ token }) {
  return (
    <>
      <Button className="main" onClick={() => remember({ token })}>Use this token</Button>
      <p>It goes into the headers of all tabs that want a login.</p>
    </>
  );
}

function Onward({ step, signed }) {
  const open = useOpenStep();
  const next = step && steps[steps.indexOf(step) + 1];
  return (
    <>
      {signed && <p>The tabs that want a login send this token now.</p>}
      {next && <Button className="main" onClick={() => open(next)}>Next: {next.title}</Button>}
      {step && !next && <p>That was the whole story.</p>}
      {step && missing(next?.variables).some(mailed) && <p>What it needs comes by mail. {MAILBOX}</p>}
    </>
  );
}

function Hint({ step, refused }) {
  const { run } = useGraphiQLActions();
  return (
    <>
      <Button className="main" onClick={run}>{refused ? 'Run it again' : 'Run it'}</Button>
      {refused ? <p>Mend first what the errors say.</p>
        : step && <p>Step {steps.indexOf(step) + 1} of {steps.length}: {step.title.toLowerCase()}.</p>}
    </>
  );
}
