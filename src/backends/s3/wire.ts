import { utf8 } from '../../core/bytes.ts';

/** A request as the SDK's transports take it. */
export interface HttpRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  /** Percent-encoded. */
  path: string;
  /** Decoded. */
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
  username?: string;
  password?: string;
  fragment?: string;
}

/** RFC 3986: what every signature of S3 encodes. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (ch) => `%${ch.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Sorted and encoded, as signatures want it. */
export function canonicalQuery(query: HttpRequest['query']): string {
  return Object.entries(query)
    .flatMap(([name, value]) => [value].flat().map((v) => [percentEncode(name), percentEncode(v ?? '')] as const))
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Headers as transports write them, one byte per character: signatures are made over UTF-8. */
export function onWire(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isWide(value) ? String.fromCharCode(...utf8(value)) : value]),
  );
}

const isWide = (value: string): boolean => [...value].some((ch) => ch > '\x7f');
