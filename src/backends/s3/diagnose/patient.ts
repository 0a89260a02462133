import type { TransportLimits } from '../../../core/backend.ts';
import { toHex } from '../../../core/bytes.ts';
import type { Findings } from '../../../core/diagnosis.ts';
import { ignoreEvents, type Emit } from '../../../core/events.ts';
import type { Platform } from '../../../core/platform.ts';
import { connect, type S3Connection } from '../client.ts';
import { s3Options, type S3Options } from '../options.ts';
import { answerOf, type Failure } from './attempt.ts';
import type { Verdict } from './classify.ts';

/** An S3 remote as it is configured. */
export interface S3Patient {
  readonly name: string;
  readonly options: S3Options;
  /** Bucket and path behind the colon. */
  readonly path: string;
  readonly platform: Platform;
  readonly limits: TransportLimits;
  readonly emit: Emit;
}

/** A connection with changes of the options in place; its log goes nowhere. Sends nothing. */
export function openWith(
  { name, options, platform, limits }: S3Patient,
  changes: Partial<S3Options>,
): Promise<S3Connection> {
  return connect({
    name,
    options: { ...options, ...changes },
    platform,
    emit: ignoreEvents,
    limits,
    openRemote: () => Promise.reject(new Error('an S3 remote stands on no other')),
  });
}

/** A name that tells whose it is, and that nobody else uses. */
export function probeName({ now, randomBytes }: Platform): string {
  const time = new Date(Number(now() / 1_000_000n)).toISOString().replace(/[-:]|\.\d+/g, '');
  return `.tsclone-doctor-${time}-${toHex(randomBytes(6))}`;
}

export function report(f: Findings, v: Verdict, failure: Failure, proved = false): void {
  f.found({
    fault: v.fault,
    check: v.check,
    ...(v.severity ? { severity: v.severity } : {}),
    cause: v.cause,
    remedy: v.remedy,
    answer: answerOf(failure),
    ...(v.mend ? { mend: v.mend } : {}),
    ...(proved ? { proved: true as const } : {}),
    ...(!proved && v.mend?.value !== undefined && v.trials !== undefined ? { guess: true as const } : {}),
  });
}

/** Takes the values of sensitive options out of texts, also in the form that URLs have. */
export function scrubber(o: S3Options): (text: string) => string {
  const secrets = [...s3Options.meta]
    .filter(([, m]) => m.sensitive === true || m.isPassword === true)
    .map(([name]) => [name, o[name as keyof S3Options]] as const)
    // Key ids of own servers are often words that stand in other places too.
    .filter(([name, v]) => typeof v === 'string' && v.length >= (name === 'access_key_id' ? 16 : 4))
    .flatMap(([, v]) => [v as string, encodeURIComponent(v as string)])
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((t, secret) => t.replaceAll(secret, '***'), text);
}
