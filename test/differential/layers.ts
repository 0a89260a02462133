import { obscured } from '../support/layered.ts';

type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A stack of remotes. */
export interface Layer {
  readonly name: string;
  /** `cryptcheck` applies. */
  readonly crypt?: boolean;
  /** Writing needs a Node with zstd. */
  readonly zstd?: boolean;
  /** Listings and changes are compared too. */
  readonly thorough?: boolean;
  /** Its sections: `remote` is opened, the last lies on `base`. */
  readonly remotes: (remote: string, base: string) => Sections;
}

const secrets = { type: 'crypt', password: obscured('correct horse'), password2: obscured('pepper & salt') };
const compress = (mode: string): Record<string, string> => ({
  type: 'compress',
  mode,
  level: mode === 'zstd' ? '2' : '-1',
});

const crypt = (name: string, options: Readonly<Record<string, string>> = {}, thorough = false): Layer => ({
  name: `crypt-${name}`,
  crypt: true,
  thorough,
  remotes: (remote, base) => ({ [remote]: { ...secrets, ...options, remote: base } }),
});

const stack = (top: Readonly<Record<string, string>>, below: Readonly<Record<string, string>>): Layer['remotes'] => {
  return (remote, base) => ({
    [remote]: { ...top, remote: `${remote}-below:inner` },
    [`${remote}-below`]: { ...below, remote: base },
  });
};

export const layers: readonly Layer[] = [
  crypt('standard', {}, true),
  crypt('base64', { filename_encoding: 'base64' }),
  crypt('base32768', { filename_encoding: 'base32768' }),
  crypt('obfuscate', { filename_encryption: 'obfuscate' }),
  crypt('plain-directories', { directory_name_encryption: 'false', password2: '' }),
  crypt('off', { filename_encryption: 'off', suffix: '.enc' }),
  crypt('names-only', { no_data_encryption: 'true' }),
  {
    name: 'compress-gzip',
    thorough: true,
    remotes: (remote, base) => ({ [remote]: { ...compress('gzip'), remote: base } }),
  },
  {
    name: 'compress-zstd',
    zstd: true,
    thorough: true,
    remotes: (remote, base) => ({ [remote]: { ...compress('zstd'), remote: base } }),
  },
  { name: 'crypt-over-compress', crypt: true, thorough: true, remotes: stack(secrets, compress('gzip')) },
  { name: 'compress-over-crypt', thorough: true, remotes: stack(compress('gzip'), secrets) },
];

/** Sections as a config file holds them. */
export const configText = (sections: Sections): string =>
  Object.entries(sections)
    .map(
      ([remote, options]) =>
        `[${remote}]\n${Object.entries(options)
          .map(([k, v]) => `${k} = ${v}\n`)
          .join('')}`,
    )
    .join('\n');
