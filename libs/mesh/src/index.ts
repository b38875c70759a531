/**
 * The process beside every model server: it holds models, routes requests to the instance that has them, and keeps the registry in etcd.
 * The folders are layers, in the order that README.md lists; `rules/` is pure.
 */
export { runMesh } from './start/run-mesh.ts';
