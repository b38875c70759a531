/** REST in front of a pod's mesh: the V2 inference protocol as JSON. */
export { runRestProxy } from './run-rest-proxy.ts';
