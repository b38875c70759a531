#!/bin/sh
# Runs the program that the first argument names: kube-watcher, mesh-watcher, reconciler, console, webhook, mesh, puller, adapter,
# rest-proxy, onnx-runtime. Pods name none for the mesh and the REST proxy: each is known by a variable that it always has.
set -eu
program=$1
shift
[ -z "${MM_SERVICE_NAME:-}" ] || program=mesh
[ -z "${REST_PROXY_LISTEN_PORT:-}" ] || program=rest-proxy
exec node "/opt/meshkeeper/apps/$program/src/main.ts" "$@"
