import { useMutation, useSuspenseQuery } from '@apollo/client/react';
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
  const { data, refetch, client } = useSuspenseQuery(SESSIONS, { fetchPolicy: 'cache-and-network' });
  const [revoke] = useMutation(REVOKE);
  const [logout] = useMutation(LOG_OUT_OF);

  async function end(id: string) {
    await revoke({ variables: { id } });
    await refetch();
  }

  async function endAll(scope: LogoutScope) {
    await logout({ variables: { scope } });
    await (scope === 'ALL' ? client.resetStore() : refetch());
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
            {!session.current && <button className="quiet" onClick={() => end(session.id)}>Sign out</button>}
          </li>
        ))}
      </ul>
      <div className="buttons">
        <button onClick={() => endAll('OTHERS')}>Sign out everywhere else</button>
        <button className="quiet danger" onClick={() => endAll('ALL')}>Sign out everywhere</button>
      </div>
    </Screen>
  );
}

/** What most people call it. */
function browserOf(userAgent: string | null) {
  const browser = ['Firefox', 'Edg', 'OPR', 'Chrome', 'Safari'].find((name) => userAgent?.includes(`${name}/`));
  return { Edg: 'Edge', OPR: 'Opera' }[browser ?? ''] ?? browser ?? userAgent ?? 'A program';
}
