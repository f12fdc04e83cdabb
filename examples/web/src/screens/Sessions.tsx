import { useMutation, useSuspenseQuery } from '@apollo/client/react';
import { Action } from '../form';
import { graphql } from '../gql';
import type { LogoutScope } from '../gql/graphql';
import { Tabs } from '../layout';
import { Screen, When } from '../screen';

const SESSIONS = graphql(`
  query Sessions {
    me {
      id
      sessions(first: 50) {
        nodes {
          id
          deviceName
          userAgent
          ipAddress
          lastUsedAt
          current
        }
      }
    }
  }
`);

const REVOKE = graphql(`
  mutation RevokeSession($id: ID!) {
    revokeSession(input: { id: $id }) {
      endedSessionId
    }
  }
`);

const LOG_OUT_OF = graphql(`
  mutation LogOutOf($scope: LogoutScope!) {
    logout(scope: $scope) {
      endedSessionIds
    }
  }
`);

export function Sessions() {
  const { data, client } = useSuspenseQuery(SESSIONS, { fetchPolicy: 'cache-and-network' });
  const [revoke] = useMutation(REVOKE);
  const [logout] = useMutation(LOG_OUT_OF);

  /** What has ended leaves the cache, and with it the list. */
  const forget = (id: string) => client.cache.evict({ id: client.cache.identify({ __typename: 'Session', id }) });

  async function end(id: string) {
    const { data } = await revoke({ variables: { id } });
    if (data?.revokeSession?.endedSessionId) forget(data.revokeSession.endedSessionId);
  }

  async function endAll(scope: LogoutScope) {
    const { data } = await logout({ variables: { scope } });
    if (scope === 'ALL') location.assign('/');
    else data?.logout?.endedSessionIds?.forEach(forget);
  }

  return (
    <Screen title="Where you are signed in">
      <Tabs />
      <ul className="card rows">
        {data.me?.sessions?.nodes.map((session) => (
          <li key={session.id}>
            <div>
              <p><strong>{session.deviceName ?? browserOf(session.userAgent)}</strong> {session.current && <span className="badge">This device</span>}</p>
              <p className="hint">Last used <When at={session.lastUsedAt} /> from {session.ipAddress}</p>
            </div>
            {!session.current && <Action className="quiet" act={() => end(session.id)}>Sign out</Action>}
          </li>
        ))}
      </ul>
      <div className="buttons">
        <Action act={() => endAll('OTHERS')}>Sign out everywhere else</Action>
        <Action className="quiet danger" act={() => endAll('ALL')}>Sign out everywhere</Action>
      </div>
    </Screen>
  );
}

/** What most people call it. */
function browserOf(userAgent: string | null) {
  const browser = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari'].find((name) => userAgent?.includes(`${name}/`));
  return { Edg: 'Edge', OPR: 'Opera' }[browser ?? ''] ?? browser ?? userAgent ?? 'A program';
}
