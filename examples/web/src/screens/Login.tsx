import { useMutation } from '@apollo/client/react';
import { Link, Navigate, useLocation, useSearchParams } from 'react-router';
import { Field, Form } from '../form';
import { graphql } from '../gql';
import { useMe } from '../me';
import { Screen } from '../screen';

const LOG_IN = graphql(`
  mutation LogIn($identifier: String!, $password: String!) {
    login(input: { identifier: $identifier, password: $password, transport: COOKIE }) {
      user {
        id
      }
      userErrors {
        message
        field
      }
    }
  }
`);

export function Login() {
  const me = useMe();
  const from: string = useLocation().state?.from ?? '/';
  const [search] = useSearchParams();
  const [login, { client }] = useMutation(LOG_IN);

  if (me) return <Navigate to={from} replace />;
  return (
    <Screen title="Log in" card>
      {search.has('ended') && <p role="status" className="note">Your session has ended. Log in again.</p>}
      <Form
        fields={['identifier', 'password']}
        submit={async (variables) => {
          const { data } = await login({ variables });
          // Everything is asked anew, as the one who is signed in now.
          if (data?.login?.user) await client.resetStore();
          return data?.login?.userErrors;
        }}
      >
        <Field name="identifier" label="Username or e-mail address" autoComplete="username" autoCapitalize="none" spellCheck={false} />
        <Field name="password" label="Password" type="password" autoComplete="current-password" />
        <button>Log in</button>
      </Form>
      <p className="aside"><Link to="/reset-password">I forgot my password</Link> · <Link to="/verify-email">I have a code</Link></p>
      <p className="aside">New here? <Link to="/signup">Sign up</Link></p>
    </Screen>
  );
}
