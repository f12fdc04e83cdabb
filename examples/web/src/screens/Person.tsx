import { useSuspenseQuery } from '@apollo/client/react';
import { useParams } from 'react-router';
import { graphql } from '../gql';
import { Nowhere } from '../layout';
import { Avatar, Screen } from '../screen';
import { PostCard } from './Posts';

const PERSON = graphql(`
  query Person($username: String!) {
    userByUsername(username: $username) {
      ...Author
      picture: avatarUrl(size: MEDIUM)
      profile {
        occupation
        country
        bio
        socialLinks {
          github
          linkedin
        }
      }
      posts(first: 10) {
        nodes {
          ...PostCard
        }
      }
    }
  }
`);

/** What everybody sees of somebody. */
export function Person() {
  const { username = '' } = useParams();
  const person = useSuspenseQuery(PERSON, { variables: { username } }).data.userByUsername;

  if (!person) return <Nowhere />;
  const { occupation, country, bio, socialLinks } = person.profile;
  return (
    <Screen title={person.displayName}>
      <div className="who">
        <Avatar of={{ ...person, avatarUrl: person.picture }} large />
        <div>
          <p>@{person.username}</p>
          <p>{[occupation, country].filter(Boolean).join(', ')}</p>
          <p>
            {socialLinks.github && <a href={socialLinks.github} rel="noreferrer">GitHub</a>}{' '}
            {socialLinks.linkedin && <a href={socialLinks.linkedin} rel="noreferrer">LinkedIn</a>}
          </p>
        </div>
      </div>
      {bio && <p className="text" dir="auto">{bio}</p>}
      {person.posts?.nodes.map((post) => <PostCard key={post.id} post={post} />)}
    </Screen>
  );
}
