import { metadataOfBelow, type BackendCatalog } from '../options/catalog.ts';

/**
 * Backend types with suggestions for their options. A list of its own: a definition that named its catalog would carry
 * it into bundles for the edge.
 */
const catalogs: Readonly<Record<string, () => Promise<BackendCatalog>>> = {
  s3: async () => (await import('../backends/s3/catalog.ts')).catalog,
  local: async () => (await import('../backends/local/catalog.ts')).catalog,
  chunker: async () => (await import('../backends/chunker/catalog.ts')).catalog,
  compress: async () => (await import('../backends/compress/catalog.ts')).catalog,
  crypt: async () => (await import('../backends/crypt/catalog.ts')).catalog,
  combine: async () => onlyMetadata,
  hasher: async () => onlyMetadata,
  union: async () => onlyMetadata,
};

const onlyMetadata: BackendCatalog = { options: {}, metadata: metadataOfBelow };
const empty: BackendCatalog = { options: {} };

export async function loadCatalog(type: string): Promise<BackendCatalog> {
  return (Object.hasOwn(catalogs, type) && (await catalogs[type]?.())) || empty;
}
