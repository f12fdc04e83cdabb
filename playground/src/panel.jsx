// The whole story as a list beside the editors: what each step is for, which are done, and a way to each.

import { Button } from '@graphiql/react';
import { useEffect, useRef } from 'react';
import { inSight, useOpenStep, useOpenTab } from './editors.js';
import { startOver, useMemory } from './memory.js';
import { steps } from './story.js';

const Icon = (props) => (
  <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
    <path d="M4 6h1m-1 6h1m-1 6h1M9 6h11M9 12h11M9 18h11" strokeLinecap="round" />
  </svg>
);

function Panel() {
  const open = useOpenStep();
  const { operationName } = useOpenTab();
  const { done } = useMemory();
  const list = useRef(null);
  useEffect(() => inSight(list.current.querySelector('[aria-current]')), [operationName]);
  return (
    <section className="story" aria-label="Story">
      <h2>The story</h2>
      <p>What a newcomer does, in its order. Each step opens its tab.</p>
      <ol ref={list}>
        {steps.map((step) => (
          <li key={step.name} className={done.includes(step.name) ? 'done' : undefined}>
            <button type="button" aria-current={step.name === operationName || undefined} onClick={() => open(step)}>
              <b>{step.title}</b>
              {step.name === operationName && <span>{step.about}</span>}
            </button>
          </li>
        ))}
      </ol>
      <footer>
        <Button onClick={startOver}>Start over</Button>
        <a href="/dev/mail" target="lyceum-mail">Development mailbox</a>
        <a href="/schema.graphql" target="_blank">Schema</a>
        <a href="/playground/THIRD-PARTY.txt" target="_blank">Licences</a>
      </footer>
    </section>
  );
}

export const storyPlugin = { title: 'Story', icon: Icon, content: Panel };
