/** Characters in a line of help where nothing says how wide the terminal is. */
export const pipeWidth = 100;

/**
 * Breaks the paragraphs of a text anew; a paragraph with a line that begins with a blank is a table and stays as it is.
 * `hanging` goes in front of all lines but the first.
 */
export function wrap(text: string, width: number, hanging = ''): string {
  return text
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => (/^\s/m.test(paragraph) ? paragraph : wrapWords(paragraph.split(/\s+/), width, hanging)))
    .join('\n\n');
}

function wrapWords(words: readonly string[], width: number, hanging: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hanging + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Two columns; the left one gets a line of its own where it is too long. */
export function table(rows: readonly (readonly [left: string, right: string])[], width: number, most = 34): string {
  const lengths = rows.map(([left]) => left.length).filter((n) => n <= most);
  const left = Math.max(0, ...lengths) + 2;
  const margin = ' '.repeat(left);
  return rows
    .map(([name, text]) => {
      const body = wrap(text, Math.max(20, width - left)).replaceAll('\n', `\n${margin}`);
      return name.length <= most ? `${name.padEnd(left)}${body}` : `${name}\n${margin}${body}`;
    })
    .join('\n');
}
