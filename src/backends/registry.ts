import type { BackendDefinition } from '../core/definition.ts';

/** Backend types with their lazy loaders. No backend is imported before its first use. */
export type Registry = Readonly<Record<string, () => Promise<BackendDefinition<unknown>>>>;

/** The backends that run everywhere. `node/registry.ts` adds those that need a file system. */
export const edgeRegistry: Registry = {
  s3: async () => (await import('./s3/definition.ts')).s3,
  memory: async () => (await import('./memory/definition.ts')).memory,
  crypt: async () => (await import('./crypt/definition.ts')).crypt,
  compress: async () => (await import('./compress/definition.ts')).compress,
  chunker: async () => (await import('./chunker/definition.ts')).chunker,
  hasher: async () => (await import('./hasher/definition.ts')).hasher,
  alias: async () => (await import('./alias/definition.ts')).alias,
  combine: async () => (await import('./combine/definition.ts')).combine,
  union: async () => (await import('./union/definition.ts')).union,
};
