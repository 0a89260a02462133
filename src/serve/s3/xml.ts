import { S3Fault } from './protocol.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document: nested records become elements, arrays repeat theirs, undefined ones are left out. */
export function xmlDocument(name: string, content: XmlContent): string {
  return `${declaration}<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(content)}</${name}>`;
}

/** The document of an error has no namespace. */
export function xmlError(content: XmlContent): string {
  return `${declaration}<Error>${inner(content)}</Error>`;
}

export const withoutDeclaration = (document: string): string => document.replace(declaration, '');
export const xmlDeclaration = declaration;

export interface XmlContent {
  readonly [name: string]: XmlValue | readonly XmlValue[];
}
export type XmlValue = string | number | boolean | XmlContent | undefined;

function inner(content: XmlContent): string {
  let out = '';
  for (const [name, value] of Object.entries(content)) {
    for (const one of Array.isArray(value) ? (value as readonly XmlValue[]) : [value as XmlValue]) {
      if (one === undefined) continue;
      out += `<${name}>${typeof one === 'object' ? inner(one) : escape(String(one))}</${name}>`;
    }
  }
  return out;
}

/**
 * Control characters have no place in XML 1.0; S3 writes them as references all the same, and a listing with
 * `encoding-type=url` avoids them.
 */
function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[&<>"\x00-\x1f\x7f]/g, (ch) => named[ch] ?? `&#x${ch.charCodeAt(0).toString(16)};`);
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** More elements than 10 000 parts with every checksum have. */
const maxElements = 100_000;
const maxDepth = 8;

/** A small reader for the bodies that S3 clients send: elements and text, no entities of their own. @throws S3Fault */
export function parseXml(text: string): XmlElement {
  const token =
    /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;
  interface Open {
    name: string;
    text: string;
    children: XmlElement[];
  }
  const root: Open = { name: '', text: '', children: [] };
  const stack: Open[] = [root];
  let at = 0;
  let elements = 0;
  for (let m = token.exec(text); m !== null; m = token.exec(text)) {
    at = token.lastIndex;
    const top = stack.at(-1) as Open;
    const [, closing, name, , single, chars] = m;
    if (chars !== undefined) top.text += chars;
    else if (name === undefined) continue;
    else if (closing) {
      if (stack.length === 1 || top.name !== localName(name)) throw malformed();
      stack.pop();
      (stack.at(-1) as Open).children.push({ ...top, text: unescape(top.text) });
    } else if (++elements > maxElements || stack.length > maxDepth) throw malformed();
    else if (single) top.children.push({ name: localName(name), text: '', children: [] });
    else stack.push({ name: localName(name), text: '', children: [] });
  }
  const element = root.children[0];
  if (at !== text.length || stack.length !== 1 || root.children.length !== 1 || !element) throw malformed();
  if (root.text.replace(/^\ufeff/, '').trim() !== '') throw malformed();
  return element;
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

export function malformed(): S3Fault {
  return new S3Fault(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate.');
}

function unescape(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+))?;?/gi, (all, hex?: string, dec?: string, name?: string) => {
    if (!all.endsWith(';')) throw malformed();
    if (hex !== undefined || dec !== undefined) {
      const code = hex === undefined ? Number(dec) : Number.parseInt(hex, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw malformed();
      return String.fromCodePoint(code);
    }
    const known = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }[name ?? ''];
    if (known === undefined) throw malformed();
    return known;
  });
}

export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((c) => c.name === name)?.text;
}
