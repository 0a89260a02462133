import type { S3Connection } from '../client.ts';
import type { S3Options } from '../options.ts';
import type { Trial, Verdict } from './classify.ts';

const keys = ['access_key_id', 'secret_access_key', 'session_token'] as const;

/** Blanks, line breaks and quotes come along when a value is pasted, or read from a file or a mounted secret. */
export const withoutStray = (value: string): string => value.replace(/^[\s"'`]+|[\s"'`]+$/g, '');

/** What a value has at its ends, in words; undefined = nothing that does not belong there. */
export function strayText(value: string): string | undefined {
  const tidy = withoutStray(value);
  if (tidy === value) return undefined;
  const at = value.indexOf(tidy);
  const stray = value.slice(0, at) + value.slice(at + tidy.length);
  if (/[\r\n]/.test(stray)) return 'a line break';
  return /["'`]/.test(stray) ? 'quotation marks' : 'blanks';
}

/** Keys with something at their ends that no key has. Other stores may have such keys, so the proof is in the trial. */
export function strayInKeys(c: S3Connection): Verdict | undefined {
  const found = keys.filter((key) => strayText(c.options[key]) !== undefined);
  const [first, ...others] = found;
  if (first === undefined) return undefined;
  const what = strayText(c.options[first]) as string;
  const mend = { option: first, ...(others.length > 0 ? { others } : {}) };
  const options: Partial<S3Options> = Object.fromEntries(found.map((key) => [key, withoutStray(c.options[key])]));
  const trial: Trial = { options, mend };
  return {
    fault: 'stray_characters',
    check: 'credentials',
    cause: `${found.join(' and ')} of remote "${c.remote}" ${found.length > 1 ? 'have' : 'has'} ${what} at an end, which count${what.endsWith('s') ? '' : 's'} as part of the key.`,
    remedy: remedies[what] as string,
    mend,
    trials: [trial],
  };
}

const remedies: Readonly<Record<string, string>> = {
  'a line break': 'Set it without: echo ends a value with a line break, printf %s does not.',
  'quotation marks': 'Set it without: in rclone.conf and in container variables nobody takes quotes away.',
  blanks: 'Set it without.',
};
