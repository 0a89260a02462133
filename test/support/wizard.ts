/** The advanced options that are asked for R2, in rclone's order. */
export const advancedOfR2: readonly string[] =
  `upload_cutoff chunk_size max_upload_parts copy_cutoff disable_checksum shared_credentials_file profile session_token
  role_arn role_session_name role_session_duration role_external_id upload_concurrency force_path_style v2_auth
  use_dual_stack use_arn_region list_chunk list_version list_url_encode no_check_bucket no_head no_head_object encoding
  disable_http2 download_url directory_markers use_multipart_etag use_unsigned_payload use_presigned_request
  use_data_integrity_protections versions version_at version_deleted decompress might_gzip use_accept_encoding_gzip
  no_system_metadata use_already_exists use_multipart_uploads list_versions_oldest_first use_x_id sign_accept_encoding
  sdk_log_mode object_lock_mode object_lock_retain_until_date object_lock_legal_hold_status bypass_governance_retention
  object_lock_set_after_upload object_lock_supported description`.split(/\s+/);
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
