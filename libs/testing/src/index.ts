export { onTestEnd, runTest } from './on-test-end.ts';
