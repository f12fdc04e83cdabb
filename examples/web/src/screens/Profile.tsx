import { useMutation, useSuspenseQuery } from '@apollo/client/react';
import { Action, Field, Form, TextArea } from '../form';
import { graphql } from '../gql';
import { Tabs } from '../layout';
import { Avatar, Screen } from '../screen';

graphql(`
  fragment OwnProfile on User {
    ...Author
    picture: avatarUrl(size: MEDIUM)
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

const UPLOAD_AVATAR = graphql(`
  mutation UploadAvatar($file: Upload!) {
    uploadAvatar(input: { file: $file }) {
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

const REMOVE_AVATAR = graphql(`
  mutation RemoveAvatar {
    removeAvatar {
      user {
        ...OwnProfile
      }
    }
  }
`);

export function Profile() {
  const { me } = useSuspenseQuery(PROFILE).data;
  const [update] = useMutation(UPDATE_PROFILE);
  const [upload] = useMutation(UPLOAD_AVATAR);
  const [remove] = useMutation(REMOVE_AVATAR);

  return (
    <Screen title="Your profile">
      <Tabs />
      <div className="card who">
        {me && <Avatar of={{ ...me, avatarUrl: me.picture }} large />}
        <Form
          fields={['file']}
          clear
          submit={async (_, data) => (await upload({ variables: { file: data.get('file') as File } })).data?.uploadAvatar?.userErrors}
        >
          {/* A chosen file is sent at once. */}
          <Field name="file" label="Picture" type="file" accept="image/*" onChange={({ target }) => target.form?.requestSubmit()} />
          {me?.picture && <Action className="link" act={() => remove()}>Take it away</Action>}
        </Form>
      </div>
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
