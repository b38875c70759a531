import type { Config } from 'jest';

/** The name of a test file says what it needs: `*.int.test.ts` starts servers, `*.e2e.test.ts` a whole cluster. */
const NEEDS_SERVERS = String.raw`\.(int|e2e)\.test\.ts$`;

/** Node runs each file as it is, so that nothing is transformed. */
const shared = {
  roots: ['apps', 'examples', 'libs', 'tools'].map((folder) => `<rootDir>/${folder}`),
  setupFilesAfterEnv: ['<rootDir>/tools/jest/setup.ts'],
  transform: {},
};
const withServers = {
  ...shared,
  globalSetup: '<rootDir>/tools/jest/servers.ts',
  runner: '<rootDir>/tools/jest/own-process.ts',
};

const config: Config = {
  maxWorkers: 2,
  reporters: ['default'],
  watchman: false,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      runner: 'jest-light-runner',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', NEEDS_SERVERS],
    },
    { ...withServers, displayName: 'integration', testMatch: ['**/*.int.test.ts'] },
    { ...withServers, displayName: 'e2e', testMatch: ['**/*.e2e.test.ts'] },
  ],
};
export default config;
