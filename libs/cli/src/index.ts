/** The commands of `meshkeeper`. They write neither to a cluster nor to Redis. */
export { runCli } from './run-cli.ts';
