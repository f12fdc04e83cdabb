// Forms. A screen names its fields and sends their values; the form waits for the answer and shows each of its
// `userErrors` at the field that it is about.

import { type ComponentProps, createContext, type InputEvent, type ReactNode, type SubmitEvent, use, useEffect, useId, useRef, useState, useTransition } from 'react';
import { told } from './errors';

interface Fault {
  message: string;
  field: readonly string[] | null;
}

interface FormProps<Name extends string> {
  fields: readonly Name[];
  /** Answers what the person has to mend. Whatever else goes wrong is thrown. A file is in the data. */
  submit: (values: Record<Name, string>, data: FormData) => Promise<readonly Fault[] | undefined>;
  /** What to tell when it worked. */
  done?: string;
  /** Whether the fields are empty again when it worked. */
  clear?: boolean;
  children: ReactNode;
}

/** The message for a field of the form around it. */
const FaultAt = createContext<(name: string) => string | undefined>(() => undefined);

export function Form<const Name extends string>({ fields, submit, done, clear, children }: FormProps<Name>) {
  const [faults, setFaults] = useState<readonly Fault[]>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  async function send(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget, event.nativeEvent.submitter);
    const values = Object.fromEntries(fields.map((name) => [name, String(data.get(name) ?? '')]));
    setFaults(undefined);
    setBusy(true);
    const found = await submit(values as Record<Name, string>, data).catch((error) => [{ message: told(error), field: null }]);
    setBusy(false);
    setFaults(found ?? []);
    if (clear && !found?.length) form.current?.reset();
  }

  useEffect(() => {
    if (faults?.length) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [faults]);

  /** What is being mended is no longer marked. */
  const mending = ({ target }: InputEvent<HTMLFormElement>) =>
    setFaults(faults?.filter(({ field }) => field?.at(-1) !== (target as HTMLInputElement).name));

  const faultAt = (name: string) => faults?.find(({ field }) => field?.at(-1) === name)?.message;
  const others = faults?.filter(({ field }) => !fields.some((name) => name === field?.at(-1)));
  return (
    <form ref={form} onSubmit={send} onInput={mending} noValidate aria-busy={busy}>
      <FaultAt value={faultAt}>{children}</FaultAt>
      <div role="alert">{others?.map(({ message }) => <p className="note bad" key={message}>{message}</p>)}</div>
      <div role="status">{done && faults?.length === 0 && <p className="note good">{done}</p>}</div>
    </form>
  );
}

/** A button that acts at once. What goes wrong is told in place of the screen. */
export function Action({ act, ...button }: { act: () => Promise<unknown> } & ComponentProps<'button'>) {
  const [busy, start] = useTransition();
  return <button type="button" {...button} aria-busy={busy} onClick={() => start(async () => void (await act()))} />;
}

interface Labels {
  name: string;
  label: string;
  hint?: string;
}

export function Field({ label, hint, ...input }: Labels & ComponentProps<'input'>) {
  return <Labelled name={input.name} label={label} hint={hint}>{(told) => <input {...told} {...input} />}</Labelled>;
}

export function TextArea({ label, hint, ...area }: Labels & ComponentProps<'textarea'>) {
  return <Labelled name={area.name} label={label} hint={hint}>{(told) => <textarea {...told} {...area} />}</Labelled>;
}

/** A label, and under the control what is wrong, or a hint; screen readers hear all of it. */
function Labelled({ name, label, hint, children }: Labels & { children: (told: object) => ReactNode }) {
  const id = useId();
  const fault = use(FaultAt)(name);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-told`, 'aria-invalid': fault ? true : undefined })}
      <p id={`${id}-told`} className={fault ? 'fault' : 'hint'}>{fault ?? hint}</p>
    </div>
  );
}
