import { useMutation } from '@apollo/client/react';
import { Link, useNavigate } from 'react-router';
import { Field, Form } from '../form';
import { graphql } from '../gql';
import { Screen } from '../screen';

const SIGN_UP = graphql(`
  mutation SignUp($input: SignupInput!) {
    signup(input: $input) {
      email
      userErrors {
        message
        field
      }
    }
  }
`);

export function SignUp() {
  const [signup] = useMutation(SIGN_UP);
  const navigate = useNavigate();

  return (
    <Screen title="Create your account" card>
      <Form
        fields={['firstName', 'lastName', 'username', 'email', 'password']}
        submit={async (input) => {
          const { data } = await signup({ variables: { input } });
          if (data?.signup?.email) await navigate('/verify-email', { state: { email: input.email } });
          return data?.signup?.userErrors;
        }}
      >
        <div className="pair">
          <Field name="firstName" label="First name" autoComplete="given-name" />
          <Field name="lastName" label="Last name" autoComplete="family-name" />
        </div>
        <Field name="username" label="Username" hint="3 to 32 letters, digits and underscores" autoComplete="username" autoCapitalize="none" spellCheck={false} />
        <Field name="email" label="E-mail address" type="email" autoComplete="email" />
        <Field name="password" label="Password" hint="8 characters or more, and hard to guess" type="password" autoComplete="new-password" />
        <button>Sign up</button>
      </Form>
      <p className="aside">You have an account? <Link to="/login">Log in</Link></p>
    </Screen>
  );
}
