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
