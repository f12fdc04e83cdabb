// The one-time token in the link of a mail.

import { useState } from 'react';
import { useSearchParams } from 'react-router';

/** Takes the token out of the address bar at once, so that neither the history nor a screenshot has it. */
export function useToken() {
  const [params] = useSearchParams();
  const [token] = useState(() => params.get('token'));
  if (params.has('token')) history.replaceState(history.state, '', location.pathname);
  return token;
}
