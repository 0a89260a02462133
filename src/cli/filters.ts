import { readFile } from 'node:fs/promises';
import { hasCode, messageOf } from '../core/errors.ts';
import { collect } from '../core/bytes.ts';
import type { Platform } from '../core/platform.ts';
import { createFilter, type Filter, type FilterOptions } from '../operations/filter/filter.ts';
import { ruleLines } from '../operations/filter/rules.ts';
import type { FlagValues } from '../options/flags.ts';
import { StartError } from './errors.ts';
import type { Logger } from './render/log.ts';

/** Names of the flags that make a filter. */
const kinds = ['include', 'exclude', 'filter', 'metadata-include', 'metadata-exclude', 'metadata-filter'] as const;
const fileLists = ['files-from', 'files-from-raw', 'files-from0'] as const;
const others = ['min-size', 'max-size', 'min-age', 'max-age', 'exclude-if-present', 'hash-filter'] as const;

/** The filter that the flags describe; undefined without any. Reads rule files, `-` is standard input. @throws StartError */
export async function filterOf(
  flags: FlagValues,
  platform: Platform,
  stdin: AsyncIterable<Uint8Array>,
  logger: Logger,
): Promise<Filter | undefined> {
  const names = [...kinds, ...kinds.map((kind) => `${kind}-from`), ...fileLists, ...others];
  if (!names.some((name) => flags.isSet(name))) return undefined;
  try {
    const options = await readOptions(flags, stdin);
    for (const prefix of ['', 'metadata-'])
      if (['include', 'exclude'].every((kind) => given(flags, `${prefix}${kind}`)))
        logger.log(
          'error',
          'Using --filter is recommended instead of both --include and --exclude as the order they are parsed in is indeterminate',
        );
    return createFilter(options, platform);
  } catch (e) {
    if (!hasCode(e, 'usage') && !(e instanceof StartError)) throw e;
    throw new StartError(`Failed to initialise global options: failed to reload "filter" options: ${messageOf(e)}`);
  }
}

const given = (flags: FlagValues, kind: string): boolean =>
  flags.list(kind).some((text) => text !== '') || flags.list(`${kind}-from`).length > 0;

async function readOptions(flags: FlagValues, stdin: AsyncIterable<Uint8Array>): Promise<FilterOptions> {
  const fileTexts = async (flag: string): Promise<string[]> => {
    const texts: string[] = [];
    for (const name of flags.list(flag)) texts.push(await readText(name, stdin));
    return texts;
  };
  const rules = async (kind: string): Promise<string[]> => {
    const lines = (await fileTexts(`${kind}-from`)).flatMap(ruleLines);
    return [...withoutLastBlanks(flags.list(kind)).filter((text) => text !== ''), ...lines];
  };
  // A file of includes without any line still means that nothing else is wanted.
  const filter = async (prefix: string): Promise<string[]> => [
    ...(await rules(`${prefix}filter`)),
    ...(flags.list(`${prefix}include-from`).length > 0 ? ['- /**'] : []),
  ];
  const text = (name: string): string | undefined => (flags.isSet(name) ? flags.text(name) : undefined);
  const exact = fileLists.some((name) => flags.list(name).length > 0);
  return {
    include: await rules('include'),
    exclude: await rules('exclude'),
    filter: await filter(''),
    ...(exact ? { files: await exactPaths(fileTexts) } : {}),
    ignoreCase: flags.bool('ignore-case'),
    minSize: text('min-size'),
    maxSize: text('max-size'),
    minAge: text('min-age'),
    maxAge: text('max-age'),
    excludeIfPresent: flags.list('exclude-if-present').filter((name) => name !== ''),
    hashFilter: flags.string('hash-filter'),
    metadataInclude: await rules('metadata-include'),
    metadataExclude: await rules('metadata-exclude'),
    metadataFilter: await filter('metadata-'),
  };
}

/** rclone reads the values of a flag as one line of CSV without the blanks at its end; what is quoted there keeps them. */
function withoutLastBlanks(values: readonly string[]): string[] {
  const last = values.at(-1);
  return last === undefined || /^\s|[",\r\n]/.test(last) ? [...values] : [...values.slice(0, -1), last.trimEnd()];
}

async function exactPaths(fileTexts: (flag: string) => Promise<string[]>): Promise<string[]> {
  const raw = (text: string): string[] => text.split('\n').map((line) => line.replace(/\r$/, ''));
  return [
    ...(await fileTexts('files-from')).flatMap(ruleLines),
    ...(await fileTexts('files-from-raw')).flatMap(raw),
    ...(await fileTexts('files-from0')).flatMap((text) => text.split('\0')),
  ].filter((path) => path !== '');
}

async function readText(name: string, stdin: AsyncIterable<Uint8Array>): Promise<string> {
  if (name === '-') return decoder.decode(await collect(stdin));
  try {
    return decoder.decode(await readFile(name));
  } catch (e) {
    const missing = (e as NodeJS.ErrnoException).code === 'ENOENT';
    throw new StartError(missing ? `open ${name}: no such file or directory` : messageOf(e));
  }
}

/** A byte order mark is part of the first rule, as in rclone: it shows that the rule does not work. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What `--dump filters` prints. */
export function filterDump(filter: Filter | undefined): string {
  const rules = filter?.dump() ?? ['--- File filter rules ---', '--- Directory filter rules ---'];
  return ['--- start filters ---', ...rules, '--- end filters ---', ''].join('\n');
}
