import { useMutation } from '@apollo/client/react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Field, Form } from '../form';
import { graphql } from '../gql';
import { Screen } from '../screen';
import { useToken } from '../token';

const FORGOT = graphql(`
  mutation ForgotPassword($input: ForgotPasswordInput!) {
    forgotPassword(input: $input) {
      userErrors {
        message
        field
      }
    }
  }
`);

const RESET = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      userErrors {
        message
        field
      }
    }
  }
`);

/** First the address, then a new password with the code of the mail; the mail's link brings its token along. */
export function ResetPassword() {
  const [forgot] = useMutation(FORGOT);
  const [reset, { data }] = useMutation(RESET);
  const token = useToken();
  const [email, setEmail] = useState<string>();

  if (data?.resetPassword?.userErrors.length === 0) {
    return (
      <Screen title="Done" card>
        <p role="status" className="note good">Your new password is set, and you were signed out everywhere.</p>
        <p><Link className="button" to="/login">Log in</Link></p>
      </Screen>
    );
  }
  if (!token && email === undefined) {
    return (
      <Screen title="Set a new password" card>
        <p>Tell us the e-mail address of your account. We send you a link and a code for a new password.</p>
        <Form
          fields={['email']}
          submit={async (input) => {
            const errors = (await forgot({ variables: { input } })).data?.forgotPassword?.userErrors;
            if (!errors?.length) setEmail(input.email);
            return errors;
          }}
        >
          <Field name="email" label="E-mail address" type="email" autoComplete="email" />
          <button>Send me the mail</button>
        </Form>
        <p className="aside"><button className="link" onClick={() => setEmail('')}>I have a code</button></p>
      </Screen>
    );
  }
  return (
    <Screen title="Set a new password" card>
      {email && <p role="status" className="note">If an account has this address, a mail is on its way. Follow its link, or enter its code here.</p>}
      <Form
        fields={['email', 'code', 'newPassword']}
        submit={async ({ email, code, newPassword }) => {
          const proof = token ? { token } : { email, code };
          return (await reset({ variables: { input: { ...proof, newPassword } } })).data?.resetPassword?.userErrors;
        }}
      >
        {!token && <Field name="email" label="E-mail address" type="email" autoComplete="username" defaultValue={email} />}
        {!token && <Field name="code" label="Code from the mail" className="code" inputMode="numeric" autoComplete="one-time-code" />}
        <Field name="newPassword" label="New password" hint="8 characters or more, and hard to guess" type="password" autoComplete="new-password" />
        <button>Set the new password</button>
      </Form>
    </Screen>
  );
}
