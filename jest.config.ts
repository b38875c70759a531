import type { Config } from 'jest';

const MINUTE = 60_000;
const times = process.env['MESHKEEPER_SIZE'] === 'large' ? 10 : 1;

/** Node runs each file as it is, so that nothing is transformed. */
const shared = {
  roots: ['apps', 'examples', 'libs', 'tools'].map((folder) => `<rootDir>/${folder}`),
  setupFilesAfterEnv: ['<rootDir>/tools/jest/setup.ts'],
  transform: {},
};
const unit = {
  ...shared,
  displayName: 'unit',
  runner: ['<rootDir>/tools/jest/runner.ts', { processEach: false, fileMs: 5 * MINUTE * times }],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', String.raw`\.(int|e2e)\.test\.ts$`],
};
/** The name of a file shows that it starts servers, or a whole cluster. */
const withServers = (displayName: string, suffix: string) => ({
  ...shared,
  displayName,
  globalSetup: '<rootDir>/tools/jest/servers.ts',
  runner: ['<rootDir>/tools/jest/runner.ts', { processEach: true, fileMs: 20 * MINUTE * times }],
  testMatch: [`**/*.${suffix}.test.ts`],
});

const config: Config = {
  maxWorkers: 2,
  reporters: ['default'],
  watchman: false,
  projects: [unit, withServers('integration', 'int'), withServers('e2e', 'e2e')],
};
export default config;
