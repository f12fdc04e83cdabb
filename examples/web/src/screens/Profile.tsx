import { useMutation, useSuspenseQuery } from '@apollo/client/react';
import { Field, Form, TextArea } from '../form';
import { graphql } from '../gql';
import { Tabs } from '../layout';
import { Screen } from '../screen';

graphql(`
  fragment OwnProfile on User {
    ...Author
    firstName
    lastName
    profile {
      occupation
      country
      bio
      socialLinks {
        github
        linkedin
      }
    }
  }
`);

const PROFILE = graphql(`
  query Profile {
    me {
      ...OwnProfile
    }
  }
`);

const UPDATE_PROFILE = graphql(`
  mutation UpdateProfile($input: UpdateProfileInput!) {
    updateProfile(input: $input) {
      user {
        ...OwnProfile
      }
      userErrors {
        message
        field
      }
    }
  }
`);

export function Profile() {
  const { me } = useSuspenseQuery(PROFILE).data;
  const [update] = useMutation(UPDATE_PROFILE);

  return (
    <Screen title="Your profile">
      <Tabs />
      <div className="card">
        <Form
          fields={['firstName', 'lastName', 'occupation', 'country', 'bio', 'github', 'linkedin']}
          done="Your profile is saved."
          submit={async ({ firstName, lastName, occupation, country, bio, github, linkedin }) => {
            // Null clears a field; what is absent would stay.
            const socialLinks = { github: github || null, linkedin: linkedin || null };
            const input = { firstName, lastName, occupation: occupation || null, country: country || null, bio: bio || null, socialLinks };
            return (await update({ variables: { input } })).data?.updateProfile?.userErrors;
          }}
        >
          <div className="pair">
            <Field name="firstName" label="First name" autoComplete="given-name" defaultValue={me?.firstName} />
            <Field name="lastName" label="Last name" autoComplete="family-name" defaultValue={me?.lastName} />
            <Field name="occupation" label="Occupation" autoComplete="organization-title" defaultValue={me?.profile.occupation ?? ''} />
            <Field name="country" label="Country" autoComplete="country-name" defaultValue={me?.profile.country ?? ''} />
          </div>
          <TextArea name="bio" label="About you" rows={4} defaultValue={me?.profile.bio ?? ''} />
          <div className="pair">
            <Field name="github" label="GitHub" type="url" placeholder="https://" defaultValue={me?.profile.socialLinks.github ?? ''} />
            <Field name="linkedin" label="LinkedIn" type="url" placeholder="https://" defaultValue={me?.profile.socialLinks.linkedin ?? ''} />
          </div>
          <button>Save my profile</button>
        </Form>
      </div>
    </Screen>
  );
}
