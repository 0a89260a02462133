import type { ByteSource } from '../core/backend.ts';
import { TscloneError } from '../core/errors.ts';
import type { OperationContext } from './context.ts';

/**
 * May a transfer of this size begin? What passes --max-transfer in mode `hard` is cut off while it runs.
 * @throws transfer_limit
 */
export function admit({ accounting, settings }: OperationContext, size: number | undefined): void {
  const { maxTransfer, cutoffMode } = settings;
  if (maxTransfer < 0) return;
  const cautious = cutoffMode === 'cautious';
  const soFar = cautious ? accounting.finishedBytes + accounting.runningBytes + (size ?? 0) : accounting.bytes;
  if (soFar < maxTransfer) return;
  if (cutoffMode === 'hard') throw overLimit(true);
  // rclone counts this one twice.
  throw accounting.error(overLimit(false));
}

/** The body until --max-transfer is reached in mode `hard`. `onRead` is told of each chunk. @throws transfer_limit */
export async function* withinLimit(
  { accounting, settings }: OperationContext,
  body: ByteSource,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, void> {
  const limit = settings.cutoffMode === 'hard' && settings.maxTransfer >= 0 ? settings.maxTransfer : undefined;
  for await (const chunk of body) {
    accounting.readBytes += chunk.length;
    onRead(chunk.length);
    if (limit !== undefined && accounting.readBytes >= limit) throw overLimit(true);
    yield chunk;
  }
}

function overLimit(fatal: boolean): TscloneError {
  return new TscloneError('transfer_limit', 'max transfer limit reached as set by --max-transfer', {
    retry: 'no',
    fatal,
  });
}
