// The two places of a part of a page that tell what came of something: its status for good news and for what there is
// to know, its alert for bad. And a word that is taken along to another page of this server.

const CARRIED = 'carried';

export function say(part, { good, word, bad }) {
  placeIn(part, 'status').classList.toggle('good', word === undefined);
  fill(placeIn(part, 'status'), word ?? good);
  fill(placeIn(part, 'alert'), bad);
  told(part)?.scrollIntoView({ block: 'nearest' });
}

/** The place that tells something now. */
export function told(part) {
  return ['status', 'alert'].map((role) => placeIn(part, role)).find((place) => place.textContent !== '');
}

/** Goes to another page and says there what it is to say. The page that is left is not to be found by going back. */
export function leave(path, message) {
  if (message) sessionStorage.setItem(CARRIED, JSON.stringify(message));
  location.replace(path);
}

/** Says what another page left word of, once. */
export function arrive(part) {
  const message = sessionStorage.getItem(CARRIED);
  sessionStorage.removeItem(CARRIED);
  if (message) say(part, JSON.parse(message));
}

function placeIn(part, role) {
  return part.querySelector(`.note[role=${role}]`);
}

function fill(place, message = '') {
  place.textContent = message;
}
