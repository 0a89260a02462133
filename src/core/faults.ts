/** What doctor tells apart, with what each means. Names never change their meaning. */
export interface FaultFacts {
  /** The cause in general, as `explain` prints it. */
  readonly meaning: string;
  readonly remedy: string;
}

const facts = {
  host_not_found: {
    meaning: 'The host name of the endpoint does not exist.',
    remedy: 'Copy the endpoint from the page of the provider; on R2 it begins with the account id.',
  },
  lookup_failed: {
    meaning: 'The name of the host could not be looked up: this machine has no working name server at the moment.',
    remedy: 'Check the network and the name servers of this machine.',
  },
  connection_refused: {
    meaning: 'The host is there, but nothing listens on the port.',
    remedy: 'Check the port in the endpoint, and that the service runs.',
  },
  no_answer: {
    meaning: 'No answer came in time: a firewall drops the packets, or the address is wrong.',
    remedy: 'Check host and port of the endpoint, and what firewalls and proxies let through.',
  },
  connection_broken: {
    meaning: 'The connection broke before an answer came.',
    remedy: 'Try again; if it stays, look for a proxy in between, or for the wrong port.',
  },
  proxy_unreachable: {
    meaning: 'Requests go through a proxy, and it does not answer.',
    remedy: 'Check --http-proxy or the variables HTTPS_PROXY and HTTP_PROXY; NO_PROXY exempts hosts.',
  },
  bad_endpoint: {
    meaning: 'The endpoint is no address.',
    remedy: 'Give it as https://host, with a port where needed.',
  },
  endpoint_missing: {
    meaning: 'The provider has no address of its own in the config, and requests would go to AWS.',
    remedy: 'Set the endpoint that the provider names.',
  },
  endpoint_names_bucket: {
    meaning: 'The endpoint has the bucket in its path, which is then counted twice.',
    remedy: 'Leave the bucket out of the endpoint; it stands in remote:bucket/path.',
  },
  wrong_account_endpoint: {
    meaning: 'The host is not the S3 address of an R2 account.',
    remedy: 'Use https://ACCOUNT_ID.r2.cloudflarestorage.com, where ACCOUNT_ID has 32 hexadecimal digits.',
  },
  https_needed: {
    meaning: 'The endpoint says http, and the server wants TLS.',
    remedy: 'Write https:// in the endpoint.',
  },
  http_needed: {
    meaning: 'The endpoint says https, and the server speaks plain HTTP.',
    remedy: 'Write http:// in the endpoint, or let the server use TLS.',
  },
  certificate_unknown: {
    meaning: "The server's certificate was not issued by an authority that this machine trusts.",
    remedy: 'Give the certificate of that authority: --ca-cert FILE.pem, or the variable RCLONE_CA_CERT.',
  },
  certificate_expired: {
    meaning: "The server's certificate has run out, or is not valid yet by the clock of this machine.",
    remedy: 'Renew it on the server; check the clock here.',
  },
  certificate_of_other_host: {
    meaning: "The server's certificate is for another host name.",
    remedy: 'Use the name that the certificate is for as the endpoint.',
  },
  not_s3: {
    meaning: 'What answers is no S3 service: a web page, the login of a network, a console, a proxy.',
    remedy:
      'Check the endpoint (many services have another port or host for S3 than for their console) and the network.',
  },
  clock_skew: {
    meaning: 'The clock of this machine is off; services refuse signatures that are more than 15 minutes old or new.',
    remedy: 'Set the clock, best by a time service (timedatectl set-ntp true).',
  },
  keys_missing: {
    meaning: 'The remote has no keys: its requests are anonymous, and the service does not allow that.',
    remedy: 'Set access_key_id and secret_access_key, or env_auth = true to take them from the environment.',
  },
  half_key_pair: {
    meaning: 'The remote has one half of its key pair.',
    remedy: 'Set access_key_id and secret_access_key both.',
  },
  no_environment_keys: {
    meaning: 'env_auth = true, and neither the environment nor a profile nor the machine has keys.',
    remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile, or put keys into the config.',
  },
  swapped_keys: {
    meaning: 'The secret stands where the key id should be.',
    remedy: 'Exchange access_key_id and secret_access_key.',
  },
  unknown_key: {
    meaning: 'The service does not know the access key: mistyped, deleted, or of another account or service.',
    remedy: 'Set access_key_id and secret_access_key to those of a key that exists at this endpoint.',
  },
  wrong_secret: {
    meaning: 'The service knows the key and gets another signature than was sent: the secret is wrong.',
    remedy: 'Set secret_access_key anew; shells cut secrets at special characters, so put it in single quotes.',
  },
  stray_characters: {
    meaning: 'A key has blanks, a line break or quotation marks at an end, and they count as part of it.',
    remedy: 'Set it without: echo ends a value with a line break (printf %s does not), and nobody takes quotes away.',
  },
  expired_token: {
    meaning: 'The temporary keys have run out.',
    remedy: 'Fetch new ones and set all three: access_key_id, secret_access_key, session_token.',
  },
  wrong_session_token: {
    meaning: 'The session token does not belong to the keys; keys that last need none.',
    remedy: 'Set the session_token of these keys, or remove the line.',
  },
  signature_version: {
    meaning: 'The remote signs with version 2, which the service does not take.',
    remedy: 'Set v2_auth = false.',
  },
  signed_header_changed: {
    meaning: 'A proxy on the way changes a header that is part of the signature.',
    remedy: 'Set sign_accept_encoding = false.',
  },
  wrong_region: {
    meaning: 'Requests are signed for another region than the service or the bucket is in.',
    remedy: 'Set the region that the service names; on R2: auto.',
  },
  other_endpoint: {
    meaning: 'The bucket is served at another address, to which the service redirects.',
    remedy: 'Set the endpoint of the bucket.',
  },
  path_style_needed: {
    meaning: 'The bucket is put into the host name, where the service does not look for it.',
    remedy: 'Set force_path_style = true, and a provider that has it.',
  },
  virtual_host_needed: {
    meaning: 'The bucket is put into the path, and the service wants it in the host name.',
    remedy: 'Set force_path_style = false.',
  },
  bucket_missing: {
    meaning: 'There is no bucket of this name.',
    remedy: 'Check the name, or make the bucket: tsclone mkdir remote:bucket.',
  },
  bad_bucket_name: {
    meaning: 'No bucket can have this name.',
    remedy: 'Check the name: 3 to 63 small letters, digits, dots and dashes.',
  },
  bucket_not_covered: {
    meaning:
      'The keys are right, but not for this bucket: the token is limited to others, or there is no such bucket in the account.',
    remedy: 'Check the name of the bucket, or give the token the bucket.',
  },
  cannot_list_buckets: {
    meaning: 'The token may not list buckets, so nothing is known of any.',
    remedy: 'Name the bucket: remote:bucket. On R2 only Admin tokens list buckets.',
  },
  no_bucket_rights: {
    meaning:
      'The token works on objects only. rclone asks for the bucket before it writes, and is refused, unless no_check_bucket = true.',
    remedy: 'Set no_check_bucket = true.',
  },
  no_list: {
    meaning: 'The token covers the bucket, but may not list objects.',
    remedy:
      'Give it the right to list (AWS: s3:ListBucket on the bucket). Without it, what is missing looks forbidden.',
  },
  no_get: {
    meaning: 'The token may list objects, but not read them.',
    remedy: 'Give it the right to read (AWS: s3:GetObject on the objects).',
  },
  read_only: {
    meaning: 'The token may read, but not write.',
    remedy: 'Use a token with the right to write (R2: Object Read & Write; AWS: s3:PutObject).',
  },
  no_delete: {
    meaning: 'The token may write, but not delete: sync, move and retention fail.',
    remedy: 'Give it the right to delete (AWS: s3:DeleteObject), or use only commands that delete nothing.',
  },
  no_multipart: {
    meaning: 'Objects in one piece can be stored, but uploads in parts are refused: large files and streams fail.',
    remedy: 'Give the token the right, or set use_multipart_uploads = false where the service has no such uploads.',
  },
  no_copy: {
    meaning: 'The service does not copy objects for this token: renames and changes of times fail or move all bytes.',
    remedy: 'Give the token the right to read and write the objects.',
  },
  no_abort: {
    meaning: 'The token may not abort an upload: parts of broken uploads stay and are paid for.',
    remedy: 'Give it the right (AWS: s3:AbortMultipartUpload), or let the bucket end unfinished uploads by a rule.',
  },
  checksums_refused: {
    meaning: 'The service does not take the checksum headers or trailers that newer SDKs send.',
    remedy: 'Set use_data_integrity_protections = false; Content-MD5 protects the data all the same.',
  },
  acl_refused: {
    meaning: 'The service or the bucket takes no such ACL.',
    remedy: 'Remove acl from the remote, or set it to private.',
  },
  storage_class_refused: {
    meaning: 'The service has no such storage class.',
    remedy: 'Remove storage_class from the remote.',
  },
  encryption_refused: {
    meaning: 'The service does not take the encryption that the remote asks for.',
    remedy: 'Remove the encryption options from the remote; most services encrypt by themselves.',
  },
  customer_key_needed: {
    meaning: 'The object was stored with a key of its owner, which the remote does not have or has wrong.',
    remedy: 'Set sse_customer_algorithm and sse_customer_key to those that it was written with.',
  },
  unequal_parts: {
    meaning: 'The service wants all parts of an upload but the last to have one size.',
    remedy: 'tsclone sends such parts: look for a proxy that changes them. Other programs: set their part size.',
  },
  part_too_small: {
    meaning: 'The service wants larger parts.',
    remedy: 'Set a larger chunk_size.',
  },
  multipart_etag_differs: {
    meaning: 'The ETag of uploads in parts looks like that of AWS, but is computed otherwise.',
    remedy: 'Set use_multipart_etag = false.',
  },
  metadata_lost: {
    meaning: 'The service does not keep the metadata of objects, in which the times of files are.',
    remedy: 'Compare by --size-only, --checksum or --use-server-modtime.',
  },
  list_version_1_needed: {
    meaning: 'The service does not know the second version of listings.',
    remedy: 'Set list_version = 1.',
  },
  list_encoding_refused: {
    meaning: 'The service does not encode names in listings when it is asked to.',
    remedy: 'Set list_url_encode = false.',
  },
  corrupted: {
    meaning: 'What was read back is not what was stored.',
    remedy: 'Do not use this storage before the cause is known; look for a proxy or gateway that changes content.',
  },
  throttled: {
    meaning: 'The service asks for fewer requests.',
    remedy: 'Wait; lower --transfers and --checkers.',
  },
  service_trouble: {
    meaning: 'The service has a failure of its own (5xx).',
    remedy: "Try again later; look at the provider's status page.",
  },
  refused: {
    meaning: 'The service refused, for a reason that doctor does not know.',
    remedy: 'Read its words; tsclone explain CODE tells what is known of the code.',
  },
  unknown_remote: {
    meaning: 'The config has no remote of this name.',
    remedy: 'Check the name (tsclone listremotes), and which config is read (tsclone config file).',
  },
  unknown_provider: {
    meaning: 'The provider is not known, so that general settings are used.',
    remedy: 'Set the provider as it is spelt in config providers, or Other.',
  },
  bad_config: {
    meaning: 'The remote cannot be opened as it is configured.',
    remedy: 'Mend the option that the message names.',
  },
  other_program: {
    meaning: 'The remote is of a type that is not built into tsclone; rclone does its work.',
    remedy: 'Ask rclone itself: rclone lsd remote:.',
  },
  wrong_password: {
    meaning: 'What lies below was not encrypted with this password: names or content cannot be decrypted.',
    remedy: 'Set password and password2 to those that it was written with; both are stored obscured.',
  },
  foreign_names: {
    meaning: 'Beside files of the layer there are others, which it cannot show.',
    remedy: 'Point the layer at a directory of its own.',
  },
  unreadable: {
    meaning: 'A file cannot be read through the layer.',
    remedy: 'Check that it was written with the same settings of the layer.',
  },
  directory_missing: {
    meaning: 'The directory does not exist.',
    remedy: 'Check the path; a write makes it.',
  },
  not_permitted: {
    meaning: 'This user may not do that there.',
    remedy: 'Change owner or mode, or run as another user.',
  },
} as const satisfies Record<string, FaultFacts>;

export type FaultName = keyof typeof facts;

export const faults: Readonly<Record<FaultName, FaultFacts>> = facts;
