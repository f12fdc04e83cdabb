// Brings new mails into the list without a reload. The page works without.

const EVERY = 4000;
const LIVE = ['count', 'mails'];

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.pathname);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const focused = document.activeElement?.getAttribute('href');
  for (const id of LIVE) replace(document.getElementById(id), fresh.getElementById(id));
  if (focused && document.activeElement === document.body) {
    document.querySelector(`main a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function replace(shown, fresh) {
  if (fresh && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
}

// A server that is being restarted is no event: the next round finds it again.
setInterval(() => refresh().catch(() => {}), EVERY);
