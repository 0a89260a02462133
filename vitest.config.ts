import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout = 30_000) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: 60_000 },
});

export default defineConfig({
  test: {
    // Each test has folders and ports of its own, and most of them wait for servers and child processes.
    maxWorkers: '100%',
    projects: [
      project('unit'),
      project('conformance'),
      project('differential', 120_000),
      project('edge', 120_000),
      project('clients', 600_000),
    ],
  },
});
