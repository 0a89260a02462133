/** Breaks at spaces, and inside of words that are longer than a line. */
export function wrap(text: string, columns: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    const room = (): number => columns - (lines.length > 0 ? indent : 0);
    if (line !== '' && line.length + 1 + word.length > room()) {
      lines.push(line);
      line = '';
    }
    while (line === '' && word.length > room()) {
      const fits = room();
      lines.push(word.slice(0, fits));
      word = word.slice(fits);
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((l, i) => (i === 0 ? l : ' '.repeat(indent) + l));
}
