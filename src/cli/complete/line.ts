/** A command line up to the cursor, read as a shell reads it. */
export interface ReadLine {
  /** Without quotes and backslashes; the last one is the word at the cursor, maybe empty. */
  readonly words: readonly string[];
  /** The part of the last word that bash takes for an earlier word: it must not be in what bash is told to put in. */
  readonly kept: string;
}

/**
 * Splits the line as POSIX shells do. Nothing is expanded. `breaks` are the characters at which readline begins a new
 * word (COMP_WORDBREAKS): it replaces only what stands behind the last one.
 */
export function readLine(line: string, breaks: string): ReadLine {
  const words: string[] = [];
  let word = '';
  let begun = false;
  let kept = '';
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (quote === '' && /\s/.test(c)) {
      if (begun) words.push(word);
      word = kept = '';
      begun = false;
      continue;
    }
    begun = true;
    if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) {
      quote = c;
      kept = word;
    } else if (c === '\\' && quote !== "'" && i + 1 < line.length) {
      const next = line[++i] as string;
      word += quote === '"' && !/["$`\\]/.test(next) ? c + next : next;
    } else {
      word += c;
      if (quote === '' && breaks.includes(c)) kept = word;
    }
  }
  return { words: [...words, word], kept };
}
