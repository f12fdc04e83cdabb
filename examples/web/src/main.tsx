import { ApolloProvider } from '@apollo/client/react';
import { StrictMode, Suspense } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { client } from './apollo';
import { Layout, Nowhere, Trouble } from './layout';
import { SignedIn } from './me';
import { Account } from './screens/Account';
import { CancelEmail } from './screens/CancelEmail';
import { ConfirmEmail } from './screens/ConfirmEmail';
import { Login } from './screens/Login';
import { Person } from './screens/Person';
import { Post } from './screens/Post';
import { Posts } from './screens/Posts';
import { Profile } from './screens/Profile';
import { ResetPassword } from './screens/ResetPassword';
import { Sessions } from './screens/Sessions';
import { SignUp } from './screens/SignUp';
import { Users } from './screens/Users';
import { VerifyEmail } from './screens/VerifyEmail';
import { Write } from './screens/Write';
import './style.css';

const everybody = [
  { index: true, element: <Posts /> },
  { path: 'posts/:id', element: <Post /> },
  { path: 'people/:username', element: <Person /> },
  { path: 'signup', element: <SignUp /> },
  { path: 'login', element: <Login /> },
  // Where the links of mails lead, when the server's FRONTEND_URL is this app.
  { path: 'verify-email', element: <VerifyEmail /> },
  { path: 'reset-password', element: <ResetPassword /> },
  { path: 'confirm-email', element: <ConfirmEmail /> },
  { path: 'cancel-email', element: <CancelEmail /> },
  { path: '*', element: <Nowhere /> },
];

const signedIn = [
  { path: 'write', element: <Write /> },
  { path: 'posts/:id/edit', element: <Write /> },
  { path: 'profile', element: <Profile /> },
  { path: 'account', element: <Account /> },
  { path: 'sessions', element: <Sessions /> },
];

const administrators = [{ path: 'users', element: <Users /> }];

const router = createBrowserRouter([
  {
    element: <Layout />,
    errorElement: <Trouble />,
    children: [
      {
        errorElement: <Trouble />,
        children: [
          ...everybody,
          { element: <SignedIn />, children: signedIn },
          { element: <SignedIn as="ADMIN" />, children: administrators },
        ],
      },
    ],
  },
]);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ApolloProvider client={client}>
      <Suspense>
        <RouterProvider router={router} />
      </Suspense>
    </ApolloProvider>
  </StrictMode>,
);
