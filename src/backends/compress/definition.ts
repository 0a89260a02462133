import type { BackendDefinition } from '../../core/definition.ts';
import { checkTarget } from '../layer.ts';
import { createCompressBackend } from './backend.ts';
import { options, type CompressOptions } from './options.ts';

/** Compresses files on top of another remote, laid out as rclone's compress does. */
export const compress: BackendDefinition<CompressOptions> = {
  type: 'compress',
  summary: 'Compresses files on another remote',
  options,
  async open({ name, options: o, platform, emit, openRemote }) {
    // rclone's name for it in this complaint.
    checkTarget(name, 'press', o.remote);
    return createCompressBackend({ name, options: o, base: await openRemote(o.remote), platform, emit });
  },
};
