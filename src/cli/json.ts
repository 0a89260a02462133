import type { Entry } from '../core/entry.ts';
import { systemMetadata } from '../operations/metadata.ts';

/**
 * JSON as Go's encoder writes it: these three characters and two line separators are escaped, and halves of surrogate
 * pairs, which stand for bytes that are no UTF-8, become U+FFFD.
 */
export function goJson(text: string): string {
  const whole = text.replace(/(\\\\)|\\ud[89a-f][0-9a-f]{2}/g, (_half, backslash?: string) => backslash ?? '\\ufffd');
  return whole.replace(/[<>&\u2028\u2029]/g, (ch) => `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** All metadata of an entry, in the order of the keys. */
export function sortedMetadata(entry: Entry): Record<string, string> {
  const metadata = entry.kind === 'dir' ? (entry.metadata ?? {}) : systemMetadata(entry);
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}
