// What screens have in common: a title, people, and moments.

import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { graphql } from './gql';
import type { AuthorFragment } from './gql/graphql';

/** The name of the page, in the tab and above what it shows. A card for forms, wide for the rest. */
export function Screen({ title, card = false, children }: { title: string; card?: boolean; children: ReactNode }) {
  return (
    <main className={card ? 'card' : undefined}>
      <title>{`${title} · Lyceum`}</title>
      <h1 dir="auto">{title}</h1>
      {children}
    </main>
  );
}

graphql(`
  fragment Author on User {
    id
    username
    displayName
    avatarUrl(size: SMALL)
  }
`);

/** Beside what somebody wrote. Who deletes an account may leave posts and comments behind. */
export function Byline({ author, at }: { author: AuthorFragment | null; at: string }) {
  return (
    <p className="byline">
      {author ? <Link to={`/people/${author.username}`}><Avatar of={author} /> {author.displayName}</Link> : 'Somebody who left'}
      <When at={at} />
    </p>
  );
}

/** The picture, or the initials of who has none. The name always stands beside it. */
export function Avatar({ of, large = false }: { of: Pick<AuthorFragment, 'displayName' | 'avatarUrl'>; large?: boolean }) {
  const size = large ? 'avatar large' : 'avatar';
  if (of.avatarUrl) return <img className={size} src={of.avatarUrl} alt="" />;
  const initials = of.displayName.split(' ').map(([letter]) => letter).slice(0, 2).join('');
  return <span className={size} aria-hidden>{initials}</span>;
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export const When = ({ at }: { at: string }) => <time dateTime={at}>{moment.format(new Date(at))}</time>;
