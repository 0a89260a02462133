import { defineOptions, option } from '../../options/define.ts';
import { bool, string } from '../../options/values.ts';

/** Options of rclone's crypt, in its order. */
export const options = defineOptions({
  remote: option(string(), {
    type: 'string',
    default: '',
    help: 'Remote or path that holds the encrypted files: `myremote:bucket/dir`.',
    required: true,
  }),
  filename_encryption: option(string(), {
    type: 'string',
    default: 'standard',
    help: 'What happens to names: encrypted (standard), made unreadable at a glance (obfuscate), or only a suffix added (off).',
    examples: ['standard', 'obfuscate', 'off'],
  }),
  directory_name_encryption: option(bool(), {
    type: 'bool',
    default: 'true',
    help: 'Treats names of directories like names of files; false leaves them readable.',
    examples: ['true', 'false'],
  }),
  password: option(string(), {
    type: 'string',
    default: '',
    help: 'Password of content and names, obscured.',
    isPassword: true,
    required: true,
  }),
  password2: option(string(), {
    type: 'string',
    default: '',
    help: 'Salt of the password, obscured. Without one the salt is the same for everybody.',
    isPassword: true,
  }),
  server_side_across_configs: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'Lets the service copy and move between different crypt remotes. Right only when their passwords are equal.',
    advanced: true,
  }),
  show_mapping: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'Logs for every listed name what it is encrypted to.',
    advanced: true,
  }),
  no_data_encryption: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'Encrypts names only; content is stored as it is.',
    advanced: true,
    examples: ['true', 'false'],
  }),
  pass_bad_blocks: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'Reads blocks that fail authentication as zeros instead of failing: to rescue what is left of a damaged file.',
    advanced: true,
  }),
  strict_names: option(bool(), {
    type: 'bool',
    default: 'false',
    help: 'Makes a name that cannot be decrypted an error of the listing instead of a notice.',
    advanced: true,
  }),
  filename_encoding: option(string(), {
    type: 'string',
    default: 'base32',
    help: 'Text form of encrypted names: base32 everywhere, base64 for stores that tell upper from lower case, base32768 for stores that count UTF-16 units.',
    advanced: true,
    examples: ['base32', 'base64', 'base32768'],
  }),
  suffix: option(string(), {
    type: 'string',
    default: '.bin',
    help: 'What names of files end in when their encryption is off; `none` for nothing.',
    advanced: true,
  }),
  description: option(string(), { type: 'string', default: '', help: 'A remark for people.', advanced: true }),
});

export type CryptOptions = NonNullable<typeof options.output>;
