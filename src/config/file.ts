import { TscloneError } from '../core/errors.ts';

interface Key {
  value: string;
  comments: string[];
}

interface Section {
  comments: string[];
  readonly keys: Map<string, Key>;
}

/** White space as Go sees it. JavaScript's trim takes U+FEFF too and leaves U+0085. */
const space = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const leading = new RegExp(`^${space}+`);
const trailing = new RegExp(`${space}+$`);
const trim = (text: string): string => text.replace(leading, '').replace(trailing, '');

/** Where keys before the first section live. */
const defaultSection = 'DEFAULT';

/**
 * An rclone.conf in memory: sections and keys in file order with the comments before them, read and written with
 * exactly rclone's meaning. Bytes that are not UTF-8 stay as lone surrogates (`bytesToName`).
 */
export class ConfigFile {
  readonly #sections = new Map<string, Section>();

  /** @throws bad_config with the reason only; the caller names the file. */
  static parse(text: string): ConfigFile {
    const file = new ConfigFile();
    let comments: string[] = [];
    let name: string | undefined;
    let dashes = 0;
    for (const raw of text.replace(/^\ufeff/, '').split('\n')) {
      const line = trim(raw);
      if (line === '') continue;
      if (line[0] === '#' || line[0] === ';') {
        comments.push(line);
        continue;
      }
      if (line[0] === '[' && line.endsWith(']')) {
        name = trim(line.slice(1, -1));
        dashes = 0;
        file.#add(name === '' ? defaultSection : name, comments);
        comments = [];
        continue;
      }
      if (name === '') throw broken('empty section name not allowed');
      const { key, value } = splitLine(line);
      const section = file.#add(name ?? defaultSection, []);
      if (key === '') continue;
      const shown = key === '-' ? `#${++dashes}` : key;
      const known = section.keys.get(shown);
      if (known) known.value = value;
      else section.keys.set(shown, { value, comments });
      comments = [];
    }
    return file;
  }

  #add(name: string, comments: string[]): Section {
    let section = this.#sections.get(name);
    if (!section) this.#sections.set(name, (section = { comments: [], keys: new Map() }));
    if (comments.length > 0) section.comments = comments;
    return section;
  }

  /** A copy that changes do not reach. */
  clone(): ConfigFile {
    const copy = new ConfigFile();
    for (const [name, { comments, keys }] of this.#sections) {
      const copied = new Map<string, Key>();
      for (const [key, entry] of keys) copied.set(key, { value: entry.value, comments: [...entry.comments] });
      copy.#sections.set(name, { comments: [...comments], keys: copied });
    }
    return copy;
  }

  sections(): string[] {
    return [...this.#sections.keys()];
  }

  has(section: string): boolean {
    return this.#sections.has(section);
  }

  /** Own keys of a section in file order. */
  keys(section: string): string[] {
    return [...(this.#sections.get(section)?.keys.keys() ?? [])];
  }

  /** The stored text of an own key. */
  raw(section: string, key: string): string | undefined {
    return this.#sections.get(section)?.keys.get(key)?.value;
  }

  /** The value as rclone sees it: `[a.b]` inherits from `[a]`, then `%(name)s` is replaced. */
  get(section: string, key: string): string | undefined {
    if (!this.has(section)) return undefined;
    const value = this.#inherited(section, key);
    return value === undefined ? undefined : this.#expand(section, value);
  }

  #inherited(section: string, key: string): string | undefined {
    for (let name = section; ;) {
      const value = this.raw(name, key);
      if (value !== undefined) return value;
      const dot = name.lastIndexOf('.');
      if (dot < 0) return undefined;
      name = name.slice(0, dot);
    }
  }

  #expand(section: string, text: string): string {
    let value = text;
    for (let i = 0; i < 200; i++) {
      const m = /%\(([^)]+)\)s/.exec(value);
      if (!m) return value;
      const name = m[0].replace(/^[%(]+/, '').replace(/[)s]+$/, '');
      const replacement =
        (section === defaultSection ? undefined : this.get(defaultSection, name)) ??
        this.#inherited(section, name) ??
        '';
      value = value.split(m[0]).join(replacement);
    }
    return value;
  }

  set(section: string, key: string, value: string): void {
    const { keys } = this.#add(section, []);
    const known = keys.get(key);
    if (known) known.value = value;
    else keys.set(key, { value, comments: [] });
  }

  /** Removes a key and its comments; false when it was not there. */
  unset(section: string, key: string): boolean {
    return this.#sections.get(section)?.keys.delete(key) ?? false;
  }

  remove(section: string): boolean {
    return this.#sections.delete(section);
  }

  /**
   * Empties a section as `config create` does: it moves to the end, its comment goes, comments of keys come back with the
   * same key names.
   */
  replace(section: string, pairs: Iterable<readonly [string, string]>): void {
    const old = this.#sections.get(section);
    this.#sections.delete(section);
    const fresh: Section = { comments: [], keys: new Map() };
    for (const [key, value] of pairs) {
      fresh.keys.set(key, { value, comments: old?.keys.get(key)?.comments ?? [] });
    }
    this.#sections.set(section, fresh);
  }

  /** The text of the file, with rclone's spacing. */
  toString(): string {
    let out = '';
    for (const [name, section] of this.#sections) {
      out += section.comments.map((c) => `${c}\n`).join('');
      if (name !== defaultSection) out += `[${name}]\n`;
      for (const [key, { value, comments }] of section.keys) {
        out += comments.map((c) => `${c}\n`).join('');
        out += `${writeKey(key)} = ${writeValue(value)}\n`;
      }
      out += '\n';
    }
    return out;
  }

  /** One section's lines, as `config show NAME` prints them. */
  show(section: string): string {
    return this.keys(section)
      .map((key) => `${key} = ${this.get(section, key) ?? ''}\n`)
      .join('');
  }
}

function broken(reason: string): TscloneError {
  return new TscloneError('bad_config', reason, { retry: 'no' });
}

function splitLine(line: string): { key: string; value: string } {
  const couldNot = (): TscloneError => broken(`could not parse line: ${line}`);
  const quote = line.startsWith('"""') && line.length >= 6 ? '"""' : /^["`]/.exec(line)?.[0];
  let key: string;
  let rest: string;
  if (quote !== undefined) {
    const end = line.indexOf(quote, quote.length);
    if (end < 0) throw broken(`missing closing key quote: ${line}`);
    key = line.slice(quote.length, end);
    const after = line.slice(end + quote.length);
    const separator = after.search(/[=:]/);
    if (separator < 0) throw broken(`key-value delimiter not found: ${line}`);
    rest = after.slice(separator + 1);
  } else {
    const separator = line.search(/[=:]/);
    if (separator <= 0) throw couldNot();
    key = trim(line.slice(0, separator));
    rest = line.slice(separator + 1);
  }
  const value = readValue(trim(rest));
  if (value === undefined) throw couldNot();
  return { key, value };
}

/** Undefined when the quote that opens the value is never closed. */
function readValue(text: string): string | undefined {
  const quote =
    text.startsWith('"""') && text.length >= 6 ? '"""' : text.startsWith('`') && text.length >= 2 ? '`' : '';
  if (quote === '') return text;
  const end = text.lastIndexOf(quote);
  return end < quote.length ? undefined : text.slice(quote.length, end);
}

function writeKey(key: string): string {
  if (key.startsWith('#')) return '-';
  if (!/[=:]|^["`]/.test(key)) return key;
  if (!key.includes('`')) return `\`${key}\``;
  return key.includes('"') ? `"""${key}"""` : `"${key}"`;
}

function writeValue(value: string): string {
  if (!value.includes('`')) return value;
  return value.includes('"') ? `"""${value}"""` : `"${value}"`;
}
