/** Options whose values tsclone does not show. */
const hidden = 'secret_access_key|session_token|sse_customer_key\\w*|sse_kms_key';

/**
 * What two wizards must have in common: headings, kinds of questions, prompts, remarks, and what stands under which number.
 * Help texts are each program's own and are left out.
 */
export function questionsOf(screen: string): string[] {
  const lines = screen
    .replaceAll('\r', '')
    // eslint-disable-next-line no-control-regex
    .replace(/\x1b\[[0-9;]*m/g, '')
    .split('\n');
  const out: string[] = [];
  let help = false;
  let number = '';
  for (const line of lines) {
    if (/^\d{4}\/\d\d\/\d\d /.test(line)) continue;
    if (line.startsWith('k) Quick set-up')) continue;
    if (/^(If you add a password|A password keeps)/.test(line)) continue;
    if (line.startsWith('Your password is: ')) {
      out.push('Your password is: …');
      help = true;
      continue;
    }
    // The parts of a list entry: ` 1 / text`, `   | text`, `   \ (value)`.
    const entry = /^( ?\d+|  ) [/|\\>] ?(.*)$/.exec(line);
    if (entry) {
      const [, at = '', text = ''] = entry;
      if (at.trim() !== '') number = at.trim();
      if (line[3] === '>') out.push(`${number}: ${text}`);
      if (line[3] === '\\') out.push(`${number}: ${text}`);
      continue;
    }
    if (/^(Option \S+\.$|Enter a |Choose an? |Press Enter |Edit advanced|y\) |Failed to parse)/.test(line))
      help = false;
    if (help) continue;
    out.push(
      line
        .replace(new RegExp(`^(- (?:${hidden}): ).+`), '$1***')
        .replace(new RegExp(`^((?:${hidden})> ).+`), '$1')
        // A prompt that comes before the echo is off: what is typed at once is shown by chance.
        .replace(/^(password:).+/, '$1')
        .replace(/^(Failed to parse ".*?": ).*/, '$1…')
        .replace(/(Press Enter for the default \().*(\)\.)$/, (all, a: string, b: string) =>
          new RegExp(`^Option (?:${hidden})\\.$`).test(lastOption(out)) ? `${a}***${b}` : all,
        ),
    );
    if (/^Option \S+\.$/.test(line)) help = true;
  }
  return out.filter((line) => line.trim() !== '');
}

const lastOption = (lines: readonly string[]): string => lines.findLast((line) => line.startsWith('Option ')) ?? '';

/** Sections in the order of the file, keys sorted: rclone and tsclone write new keys in different orders. */
export function sortedConfig(text: string): string {
  return text
    .split('\n\n')
    .map((section) => {
      const [name, ...keys] = section.split('\n');
      return [name, ...keys.sort()].join('\n');
    })
    .join('\n\n');
}
