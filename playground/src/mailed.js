// Values that no answer brings and a person takes out of a mail: a code, or the token in a link.

const CODE = 'code in the mail';
const TOKEN = 'token in the mail to ';

/** How to ask for the value of this name; nothing for one that an answer brings. */
export function mailed(name) {
  if (name === CODE) return { ...code, name };
  if (name.startsWith(TOKEN)) return { ...link, name, label: `The link in the newest mail to ${name.slice(TOKEN.length)}:` };
  return undefined;
}

const code = {
  label: 'The eight digits of the newest mail:',
  valueIn: (text) => text.trim(),
  inputMode: 'numeric',
  size: 10,
  pattern: ' *[0-9]{8} *',
  title: 'eight digits',
};

const link = {
  valueIn: (text) => text.trim().replace(/^.*token=/, ''),
  size: 30,
  pattern: ' *(.*token=)?[A-Za-z0-9_\\-]+ *',
  title: 'the address of the link, or the token in it',
};
