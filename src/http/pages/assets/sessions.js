// One session of the account page, in words that tell a person which of their devices it is.

const BROWSERS = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];
const UNITS = [['day', 86_400], ['hour', 3600], ['minute', 60]];

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const distance = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const template = document.getElementById('session');

/** A row of the list; `revoke` is given its button, unless it is the session of this very page. */
export function rowOf(session, revoke) {
  const row = template.content.cloneNode(true);
  const place = (name) => row.querySelector(`[data-${name}]`);
  const device = session.deviceName ?? deviceOf(session.userAgent ?? '');
  place('device').textContent = device;
  place('address').textContent = session.ipAddress ?? 'unknown address';
  time(place('created'), session.createdAt, (at) => moment.format(at));
  time(place('used'), session.lastUsedAt, ago);
  if (session.current) {
    place('revoke').remove();
  } else {
    place('current').remove();
    place('revoke').ariaLabel = `Sign out ${device}, signed in ${moment.format(new Date(session.createdAt))}`;
    revoke(place('revoke'), session.id);
  }
  return row;
}

function deviceOf(userAgent) {
  const found = (names) => names.find(([pattern]) => pattern.test(userAgent))?.[1];
  const [browser, system] = [found(BROWSERS), found(SYSTEMS)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? (userAgent || 'Unknown device');
}

function time(place, at, inWords) {
  const date = new Date(at);
  place.dateTime = at;
  place.title = moment.format(date);
  place.textContent = inWords(date);
}

function ago(date) {
  const seconds = Math.round((Date.now() - date) / 1000);
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? [];
  return unit ? distance.format(-Math.floor(seconds / length), unit) : 'just now';
}
