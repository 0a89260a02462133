import { edgeRegistry, type Registry } from '../backends/registry.ts';

export const nodeRegistry: Registry = {
  ...edgeRegistry,
  local: async () => (await import('../backends/local/definition.ts')).local,
};
