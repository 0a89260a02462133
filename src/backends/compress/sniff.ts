/*
 * The content type that goes into the metadata: rclone finds it in the first 3072 bytes. It is information only, so the
 * table holds what people store; the words are those that rclone 1.75.2 wrote for such files.
 */
const sniffed = 3072;

/** `.` in a pattern stands for any byte. */
const magics: readonly (readonly [type: string, pattern: string, offset?: number])[] = [
  ['application/pdf', '%PDF-'],
  ['application/postscript', '%!PS-Adobe-'],
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF87a'],
  ['image/gif', 'GIF89a'],
  ['image/webp', 'RIFF....WEBP'],
  ['image/tiff', 'II*\0'],
  ['image/tiff', 'MM\0*'],
  ['image/x-icon', '\0\0\x01\0'],
  ['image/vnd.adobe.photoshop', '8BPS'],
  ['application/gzip', '\x1f\x8b\x08'],
  ['application/x-bzip2', 'BZh'],
  ['application/x-xz', '\xfd7zXZ\0'],
  ['application/zstd', '\x28\xb5\x2f\xfd'],
  ['application/x-7z-compressed', "7z\xbc\xaf'\x1c"],
  ['application/x-rar-compressed', 'Rar!\x1a\x07'],
  ['application/lzip', 'LZIP'],
  ['application/vnd.ms-cab-compressed', 'MSCF\0\0\0\0'],
  ['application/vnd.debian.binary-package', '!<arch>\ndebian-binary'],
  ['application/x-archive', '!<arch>\n'],
  ['application/x-tar', 'ustar', 257],
  ['application/vnd.sqlite3', 'SQLite format 3\0'],
  ['application/vnd.apache.parquet', 'PAR1'],
  ['application/x-ole-storage', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  ['application/wasm', '\0asm'],
  ['application/vnd.microsoft.portable-executable', 'MZ'],
  ['font/woff', 'wOFF'],
  ['font/woff2', 'wOF2'],
  ['audio/mpeg', 'ID3'],
  ['audio/mpeg', '\xff\xfb'],
  ['audio/flac', 'fLaC\0\0\0\x22'],
  ['audio/wav', 'RIFF....WAVE'],
  ['audio/midi', 'MThd'],
  ['audio/aiff', 'FORM....AIFF'],
  ['application/ogg', 'OggS'],
  ['video/x-msvideo', 'RIFF....AVI LIST'],
  ['video/x-flv', 'FLV\x01'],
  ['video/mpeg', '\0\0\x01\xba'],
  ['image/avif', 'ftypavif', 4],
  ['image/heic', 'ftypheic', 4],
  ['audio/x-m4a', 'ftypM4A ', 4],
  ['video/x-m4v', 'ftypM4V ', 4],
  ['video/quicktime', 'ftypqt  ', 4],
  ['video/3gpp', 'ftyp3gp', 4],
  ['video/mp4', 'ftyp', 4],
];

const elfTypes = ['application/x-elf', 'application/x-object', 'application/x-executable', 'application/x-sharedlib'];

const interpreters: readonly (readonly [type: string, names: RegExp])[] = [
  ['text/x-shellscript', /^(?:ba|da|z|k|c|tc)?sh$/],
  ['text/x-python', /^python/],
  ['text/x-perl', /^perl/],
  ['text/x-ruby', /^ruby/],
  ['text/javascript', /^node/],
  ['text/x-lua', /^lua/],
  ['text/x-tcl', /^(?:tclsh|wish)/],
  ['text/x-php', /^php/],
];

const officeParts: readonly (readonly [type: string, prefix: string])[] = [
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'word/'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xl/'],
  ['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'ppt/'],
];

/** The content type by the first bytes of a file. */
export function sniffType(start: Uint8Array): string {
  if (start.length === 0) return 'text/plain';
  const bytes = start.subarray(0, sniffed);
  const binary = Array.from(bytes, (b) => String.fromCharCode(b)).join('');
  const magic = magics.find(([, pattern, offset = 0]) => fits(binary, pattern, offset));
  if (magic) return magic[0];
  if (binary.startsWith('PK\x03\x04')) return zipType(binary);
  if (binary.startsWith('\x7fELF')) return elfTypes[bytes[16] ?? 0] ?? (elfTypes[0] as string);
  if (binary.startsWith('\x1a\x45\xdf\xa3')) return binary.includes('webm') ? 'video/webm' : 'video/x-matroska';
  return textType(bytes, binary, start.length > sniffed);
}

function fits(binary: string, pattern: string, offset: number): boolean {
  for (let i = 0; i < pattern.length; i++) if (pattern[i] !== '.' && binary[offset + i] !== pattern[i]) return false;
  return true;
}

function zipType(binary: string): string {
  const named = /^PK.{28}mimetype(application\/[\w.+-]+)/s.exec(binary);
  if (named) return named[1]?.replace(/PK$/, '') as string;
  const names = binary.split('PK\x03\x04').map((entry) => entry.slice(26));
  if (names.some((name) => name.startsWith('META-INF/MANIFEST.MF'))) return 'application/java-archive';
  return officeParts.find(([, prefix]) => names.some((n) => n.startsWith(prefix)))?.[0] ?? 'application/zip';
}

function textType(bytes: Uint8Array, binary: string, cut: boolean): string {
  if (binary.startsWith('\xff\xfe')) return 'text/plain; charset=utf-16le';
  if (binary.startsWith('\xfe\xff')) return 'text/plain; charset=utf-16be';
  // The bytes that no text has (WHATWG MIME sniffing, "binary data byte").
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(binary)) return 'application/octet-stream';
  const text = binary.replace(/^\xef\xbb\xbf/, '').trimStart();

  const interpreter = /^#!\s*(?:\S*\/)?(\S+)(?:[ \t]+(\S+))?/.exec(text);
  if (interpreter) {
    const name = (interpreter[1] === 'env' ? interpreter[2] : interpreter[1]) ?? '';
    const found = interpreters.find(([, names]) => names.test(name));
    if (found) return found[0];
  }
  if (/^<\?php/i.test(text)) return 'text/x-php';
  if (/^<\?xml/i.test(text)) return xmlType(text);
  if (/^<svg[\s>]/.test(text)) return 'image/svg+xml';
  if (/^<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[\s>]/i.test(text)) {
    const charset = /<meta[^>]+charset=["']?([\w-]+)/i.exec(text)?.[1] ?? 'utf-8';
    return `text/html; charset=${charset}`;
  }
  if (text.startsWith('{\\rtf')) return 'text/rtf';
  if (text.startsWith('BEGIN:VCARD')) return 'text/vcard';
  if (text.startsWith('BEGIN:VCALENDAR')) return 'text/calendar';
  if (text.startsWith('WEBVTT')) return 'text/vtt';
  if (/^[{[]/.test(text)) {
    const json = jsonType(text, cut);
    if (json) return json;
  }
  const lines = binary.split(/\r?\n/).slice(0, cut ? -1 : undefined);
  if (isTable(lines, ',')) return 'text/csv';
  if (isTable(lines, '\t')) return 'text/tab-separated-values';
  return `text/plain; charset=${isUtf8(bytes, cut) ? 'utf-8' : 'iso-8859-1'}`;
}

function xmlType(text: string): string {
  if (/<svg[\s>]/.test(text)) return 'image/svg+xml';
  if (/<rss[\s>]/.test(text)) return 'application/rss+xml';
  return `text/xml; charset=${/^<\?xml[^>]*encoding=["']([\w.-]+)/i.exec(text)?.[1] ?? 'utf-8'}`;
}

/** Of a file that was cut only the words are looked at. */
function jsonType(text: string, cut: boolean): string | undefined {
  const isJson = (part: string): boolean => {
    try {
      JSON.parse(part);
      return true;
    } catch {
      return false;
    }
  };
  const words = /^(?:[\s{}[\],:]|"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)*(?:"[^"]*|[\w.+-]*)$/s;
  const lines = text
    .split('\n')
    .slice(0, cut ? -1 : undefined)
    .filter((line) => line.trim() !== '');
  if (lines.length > 1 && lines.every((line) => /^\s*[{[]/.test(line) && isJson(line))) return 'application/x-ndjson';
  if (cut ? !words.test(text) : !isJson(text)) return undefined;
  return /^\{\s*"type"\s*:\s*"Feature/.test(text) ? 'application/geo+json' : 'application/json';
}

function isTable(lines: readonly string[], separator: string): boolean {
  const filled = lines.filter((line) => line !== '');
  const fields = filled.map((line) => line.replaceAll(/"[^"]*"/g, '').split(separator).length);
  return filled.length > 1 && (fields[0] as number) > 1 && fields.every((n) => n === fields[0]);
}

function isUtf8(bytes: Uint8Array, cut: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut });
    return true;
  } catch {
    return false;
  }
}
