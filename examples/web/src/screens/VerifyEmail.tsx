import { useMutation } from '@apollo/client/react';
import { useState } from 'react';
import { Link, useLocation } from 'react-router';
import { Field, Form } from '../form';
import { graphql } from '../gql';
import { Screen } from '../screen';
import { useToken } from '../token';

const VERIFY = graphql(`
  mutation VerifyEmail($input: VerifyEmailInput!) {
    verifyEmail(input: $input) {
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

const SEND_AGAIN = graphql(`
  mutation SendAgain($input: ResendVerificationEmailInput!) {
    resendVerificationEmail(input: $input) {
      userErrors {
        message
        field
      }
    }
  }
`);

/** Where a sign-up goes on: by the link of the mail, or by the code in it, on whichever device it is read. */
export function VerifyEmail() {
  const [verify, { data }] = useMutation(VERIFY);
  const [sendAgain] = useMutation(SEND_AGAIN);
  const [again, setAgain] = useState(false);
  const token = useToken();
  const email: string | undefined = useLocation().state?.email;

  if (data?.verifyEmail?.user) {
    return (
      <Screen title="Welcome" card>
        <p role="status" className="note good">Your e-mail address is verified.</p>
        <p><Link className="button" to="/login">Log in</Link></p>
      </Screen>
    );
  }
  if (token) {
    return (
      <Screen title="Verify your e-mail address" card>
        {/* A press, because programs that look for viruses follow links too. */}
        <Form fields={[]} submit={async () => (await verify({ variables: { input: { token } } })).data?.verifyEmail?.userErrors}>
          <button>Verify my e-mail address</button>
        </Form>
        <p className="aside"><Link to="/verify-email" reloadDocument>I have a code</Link></p>
      </Screen>
    );
  }
  if (again) {
    return (
      <Screen title="Another mail" card>
        <Form
          fields={['email']}
          done="If there is something to verify, a mail is on its way."
          submit={async (input) => (await sendAgain({ variables: { input } })).data?.resendVerificationEmail?.userErrors}
        >
          <Field name="email" label="E-mail address" type="email" autoComplete="email" defaultValue={email} />
          <button>Send it again</button>
        </Form>
        <p className="aside"><button className="link" onClick={() => setAgain(false)}>I have the code</button></p>
      </Screen>
    );
  }
  return (
    <Screen title="Look at your mail" card>
      <p>We sent you a link and a code of eight digits. Follow the link, or enter the code here.</p>
      <Form
        fields={['email', 'code']}
        submit={async (input) => (await verify({ variables: { input } })).data?.verifyEmail?.userErrors}
      >
        <Field name="email" label="E-mail address" type="email" autoComplete="email" defaultValue={email} />
        <Field name="code" label="Code from the mail" className="code" inputMode="numeric" autoComplete="one-time-code" />
        <button>Verify my e-mail address</button>
      </Form>
      <p className="aside">No mail? <button className="link" onClick={() => setAgain(true)}>Send it again</button></p>
    </Screen>
  );
}
