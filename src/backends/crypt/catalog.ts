import { metadataOfBelow, suggest, type BackendCatalog } from '../../options/catalog.ts';
import type { CryptOptions } from './options.ts';

/** Questions and suggestions of the crypt backend. */
export const catalog: BackendCatalog<keyof CryptOptions> = {
  metadata: metadataOfBelow,
  options: {
    filename_encryption: {
      examples: suggest([
        undefined,
        {
          standard: 'names are encrypted',
          obfuscate: 'names are only scrambled',
          off: 'names stay readable, with a suffix behind them',
        },
      ]),
    },
    directory_name_encryption: {
      examples: suggest([
        undefined,
        { true: 'names of directories are encrypted too', false: 'names of directories stay readable' },
      ]),
    },
    show_mapping: { hide: 'questions' },
    no_data_encryption: {
      examples: suggest([undefined, { true: 'only names are encrypted', false: 'content is encrypted' }]),
    },
    filename_encoding: {
      examples: suggest([
        undefined,
        {
          base32: 'safe everywhere',
          base64: 'shorter; only where case counts',
          base32768: 'shortest; only where lengths are counted in UTF-16 units',
        },
      ]),
    },
  },
};
